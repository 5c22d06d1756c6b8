//! The program from the outside, on one rank: what it refuses and how, and what it leaves behind.

#[path = "common/process.rs"]
mod process;

use std::{fs, io, path::Path};

use process::{Case, Outcome, Running, bench_is_whole, files};
use rustix::process::Signal;

const CONFIG: &str = r#"
title = "Warm corner"

[domain]
size = [1.0, 1.0]
cells = [12, 8]

[material]
conductivity = 1.0
heat_capacity = 1.0

[initial]
temperature = "300 + 10*x*y"

[boundary]
left = { temperature = 300.0 }
right = { flux = 50.0 }
bottom = { convection = { coefficient = 2.0, ambient = 290.0 } }

[time]
end = 0.02

[output]
diagnostics = { every_steps = 5 }
"#;

/// The centre of the seventh of twelve columns and of the third of eight rows; the whole.
const PROBES: &str = "[output]
probes = [
    { name = \"spot\", at = [0.5416666666666666, 0.3125] },
    { name = \"whole\", mean = { min = [0, 0], max = [1, 1] } },
]
";

/// A run that only a signal ends.
const ENDLESS: [&str; 4] = [
    "--set",
    "time.end=1e9",
    "--set",
    "output.diagnostics.every_steps=1000000",
];

fn edited(edits: &[(&str, &str)]) -> Case {
    let mut config = CONFIG.to_owned();
    for (old, new) in edits {
        assert!(config.contains(old), "{old}");
        config = config.replacen(old, new, 1);
    }
    Case::new(&config)
}

/// A run of the edited config ends with the status and one message, and leaves nothing behind.
#[track_caller]
fn refused(edits: &[(&str, &str)], arguments: &[&str], status: i32, parts: &[&str]) {
    let case = edited(edits);
    let before = case.files();
    case.run(arguments).fails(status, parts);
    assert_eq!(case.files(), before);
}

#[test]
fn configs_with_mistakes_are_refused_with_line_and_fix() {
    let wrong = |old, new, parts| refused(&[(old, new)], &[], 2, parts);
    wrong(
        "cells = [12, 8]",
        "cels = [12, 8]",
        &[
            "domain.cels: unknown key",
            "did you mean `cells`?",
            "case.toml:6:1",
        ],
    );
    wrong(
        "end = 0.02",
        "end = \"soon\"",
        &["time.end: expected a number", "case.toml:21:7"],
    );
    wrong(
        "size = [1.0, 1.0]",
        "size = [1.0, -1.0]",
        &["domain.size[1]: must be positive, is -1", "case.toml:5:14"],
    );
    wrong(
        "cells = [12, 8]",
        "cells = [0, 8]",
        &[
            "domain.cells[0]: must be at least 1, is 0",
            "case.toml:6:10",
        ],
    );
    wrong(
        "left = { temperature = 300.0 }",
        "left = \"periodic\"",
        &[
            "boundary.left: is periodic, but right is not",
            "set right = \"periodic\"",
        ],
    );
    wrong(
        "10*x*y",
        "10*sinn(x)",
        &[
            "initial.temperature: ",
            "`sinn`",
            "did you mean `sin`",
            "case.toml:13:15",
        ],
    );
    wrong("[time]", "[time", &["case.toml:20:"]);
    wrong(
        "[output]",
        "[parallel]\nranks = [1, 9]\n\n[output]",
        &[
            "parallel.ranks[1]: more ranks than rows: 9 for 8",
            "case.toml:24:13",
        ],
    );
    wrong(
        "[initial]",
        "[[region]]\nname = \"far\"\nshape = { circle = { center = [5, 5], radius = 1 } }\n\
         source = 1\n\n[initial]",
        &["region[0].shape", "outside", "case.toml:14:"],
    );
    wrong(
        "[initial]",
        "[[region]]\nname = \"mask\"\nshape = { image = { file = \"no.png\", min = [0, 0], \
         max = [1, 1] } }\nsource = 1\n\n[initial]",
        &[
            "region[0].shape.image.file: there is no file",
            "no.png",
            "relative to the config",
        ],
    );
    wrong(
        "\"300 + 10*x*y\"",
        "{ file = \"no.vtkhdf\", dataset = \"/temperature\" }",
        &[
            "initial.temperature.file: there is no file",
            "no.vtkhdf",
            "case.toml:13:",
        ],
    );
}

#[test]
fn what_only_shows_on_the_grid_is_refused_too() {
    let wrong = |old, new, parts| refused(&[(old, new)], &[], 2, parts);
    wrong(
        "end = 0.02",
        "end = 0.02\nstep = 0.01",
        &[
            "time.step: 1e-2 s is above the stability limit of",
            "case.toml:22:8",
            "below the limit",
        ],
    );
    wrong(
        "conductivity = 1.0",
        "conductivity = \"0.5 - x\"",
        &[
            "conductivity along x of the background is -0.0",
            "cell (6, 0)",
            "must be positive",
        ],
    );
    wrong(
        "10*x*y",
        "1/(x - 0.125)",
        &[
            "initial temperature",
            "is inf at cell (1, 0)",
            "must be finite",
        ],
    );
    wrong(
        "[output]",
        "[parallel]\nranks = [2, 2]\n\n[output]",
        &[
            "parallel.ranks: asks for 2 x 2 ranks, but 1",
            "start 4 ranks",
            "case.toml:24:9",
        ],
    );
}

#[test]
fn bad_arguments_are_refused() {
    let wrong = |arguments: &[&str], parts: &[&str]| refused(&[], arguments, 2, parts);
    wrong(
        &["--set", "time.ende=1"],
        &["time.ende: unknown key", "from --set time.ende=1"],
    );
    wrong(&["--set", "time.end"], &["needs a key and a value"]);
    wrong(
        &["--set", "time.end=-1"],
        &["time.end: must be positive", "--set time.end=-1"],
    );
    wrong(&["--threads", "0"], &["--threads", "above 0"]);
    wrong(&["--frobnicate"], &["--frobnicate"]);
    wrong(&["--output", ""], &["--output"]);
    let case = edited(&[]);
    for (arguments, part) in [
        (
            &["run", "none.toml"][..],
            "cannot read none.toml: No such file",
        ),
        (&["run", "."], ". is a directory"),
        (&["run"], "<CONFIG>"),
        (
            &["check", "case.toml", "--ranks", "1000"],
            "cannot be divided among 1000 ranks",
        ),
        (&["init", "none"], "no template `none`"),
        (&["completions", "tcsh"], "tcsh"),
        (&["frobnicate"], "frobnicate"),
    ] {
        Outcome::of(&mut case.isotherm(arguments)).fails(2, &[part]);
    }
}

#[test]
fn an_output_that_cannot_be_written_is_a_storage_failure() {
    let below_a_file = ["--output", "case.toml/run"];
    let parts = [
        "cannot create the directory case.toml/run",
        "Not a directory",
    ];
    refused(&[], &below_a_file, 74, &parts);
}

#[test]
fn a_directory_of_other_files_is_left_as_it_is() {
    let case = edited(&[]);
    fs::create_dir(case.path("mine")).unwrap();
    fs::write(case.path("mine/notes.txt"), "mine").unwrap();
    let before = case.files();
    case.run(&["--output", "mine"]).fails(
        73,
        &["mine is not empty: it holds notes.txt", "--overwrite"],
    );
    assert_eq!(case.files(), before);
}

#[test]
fn the_results_of_a_run_are_replaced_only_where_asked() {
    let case = edited(&[]);
    case.run(&[]).succeeds();
    let results = case.results("output/case");
    let first = results.bytes("fields.vtkhdf");
    fs::write(case.path("output/case/notes.txt"), "mine").unwrap();
    let other = ["--set", "time.end=0.01"];
    case.run(&other).fails(
        73,
        &["output/case is not empty", "--overwrite", "--output DIR"],
    );
    assert_eq!(results.bytes("fields.vtkhdf"), first);
    case.run(&[&other[..], &["--overwrite"]].concat())
        .succeeds();
    assert_eq!(results.times(), [0.0, 0.01]);
    assert_eq!(results.bytes("notes.txt"), b"mine");
}

#[test]
fn a_directory_holds_one_run_at_a_time() {
    let case = edited(&[]);
    let first = Running::start(case.isotherm(&["run", "case.toml"]).args(ENDLESS));
    let holder = format!("in use by another run (process {} on ", first.id());
    case.run(&["--overwrite"])
        .fails(73, &[&holder, "choose another directory"]);
    first.signal(Signal::TERM);
    assert_eq!(first.end().status.code(), Some(75));
    case.results("output/case").are_whole();
}

#[test]
fn a_field_that_leaves_the_numbers_is_an_error() {
    let parts = [
        "the temperature is NaN in cell (0, 0) at x = ",
        "after step ",
        "help: look for",
    ];
    for source in ["sqrt(0.005 - t)", "1/(t - 0.001) - 1/(t - 0.001)"] {
        let probing = &format!("{PROBES}probing = {{ every_steps = 1 }}");
        let case = edited(&[
            ("end = 0.02", "end = 0.02\nstep = 0.001"),
            ("[output]", probing),
        ]);
        let source = format!("material.source={source}");
        case.run(&["--set", &source]).fails(76, &parts);
        let results = case.results("output/case");
        assert_eq!(results.times(), [0.0]);
        // Not one row or frame holds what is no number.
        let means = results.column("mean");
        assert!(means.iter().all(|mean| mean.is_finite()), "{means:?}");
        let probed = results.column_of("probes.csv", "whole");
        assert!(probed.len() > 1);
        assert!(probed.iter().all(|mean| mean.is_finite()), "{probed:?}");
        assert!(!case.path("output/case/report.json").exists());
    }
}

#[test]
fn an_implicit_run_tells_of_its_solves() {
    let case = edited(&[(
        "end = 0.02",
        "end = 0.02\nstep = 0.002\nscheme = \"crank-nicolson\"\n\n\
         [solver]\npreconditioner = \"jacobi\"\nrelative_tolerance = 1e-12",
    )]);
    let outcome = case.run(&[]);
    outcome.succeeds();
    assert!(outcome.stderr.contains("cg with jacobi: "), "{outcome:?}");
    let results = case.results("output/case");
    results.are_whole();
    let report = results.report();
    let solver = &report["solver"];
    assert_eq!(
        (&solver["method"], &solver["solves"]),
        (&"cg with jacobi".into(), &10.into())
    );
    assert_eq!(report["plan"], serde_json::Value::Null);
    let iterations = results.column("iterations");
    assert_eq!(iterations.last().copied(), solver["iterations"].as_f64());
    assert!(
        iterations[0] == 0.0 && iterations[1] >= 10.0,
        "{iterations:?}"
    );
    let residual = results.column("residual");
    assert!(
        residual.iter().all(|&residual| residual <= 1e-12),
        "{residual:?}"
    );
    let balance = results.column("balance_relative");
    assert!(
        balance.iter().all(|balance| balance.abs() < 1e-11),
        "{balance:?}"
    );
    for phase in ["solver", "interior", "walls_and_sources"] {
        assert!(
            report["phases"][phase]["max"].as_f64().unwrap() > 0.0,
            "{phase}"
        );
    }
    let plan = Outcome::of(&mut case.isotherm(&["check", "case.toml"])).stdout;
    assert!(
        plan.contains("2.000000e-3 s; the explicit scheme is stable"),
        "{plan}"
    );
    assert!(plan.contains("about 10 to t = 0.02 s"), "{plan}");
    let solver =
        "cg, preconditioned by the diagonal, to 1e-12 of the first residual in at most 10000";
    assert!(plan.contains(solver), "{plan}");
}

#[test]
fn a_run_in_stages_tells_of_them() {
    let case = edited(&[("end = 0.02", "end = 0.02\nstep = 0.005\nscheme = \"rkl2\"")]);
    let outcome = case.run(&[]);
    outcome.succeeds();
    let results = case.results("output/case");
    results.are_whole();
    let report = results.report();
    assert_eq!(report["run"]["steps"], 4);
    let stages = report["run"]["stages"].as_u64().unwrap();
    assert!(stages >= 4 * 3 && stages.is_multiple_of(4), "{stages}");
    for words in [&format!("rkl2: {stages} stages"), "plan: halo_depth = "] {
        assert!(outcome.stderr.contains(words), "{outcome:?}");
    }
    let balance = results.column("balance_relative");
    assert!(
        balance.iter().all(|balance| balance.abs() < 1e-12),
        "{balance:?}"
    );
    let plan = Outcome::of(&mut case.isotherm(&["check", "case.toml"])).stdout;
    let words = format!("5.000000e-3 s in {} stages; the explicit", stages / 4);
    for words in [&words, "cell updates a second"] {
        assert!(plan.contains(words), "{plan}");
    }

    let far = ["time.end=1e9", "time.step=1e9"].map(|set| ["--set", set]);
    let parts = [
        "stages, of which round-off allows 9999",
        "help: take shorter steps",
    ];
    case.run(&[&far.concat()[..], &["--overwrite"]].concat())
        .fails(2, &parts);
}

#[test]
fn a_steady_run_has_one_step() {
    let case = edited(&[("end = 0.02", "scheme = \"steady\"")]);
    case.run(&[]).succeeds();
    let results = case.results("output/case");
    results.are_whole();
    assert_eq!(results.times(), [0.0, 1.0]);
    // What comes in on the right leaves on the left and at the bottom, every second.
    let [left, right, bottom, top] =
        ["left", "right", "bottom", "top"].map(|side| results.column(&format!("heat_{side}"))[1]);
    assert!((right - 50.0).abs() < 1e-12 && top == 0.0 && left < 0.0 && bottom < 0.0);
    let balance = results.column("balance_relative");
    assert!(balance[1].abs() < 1e-7, "{balance:?}");
    let plan = Outcome::of(&mut case.isotherm(&["check", "case.toml"])).stdout;
    assert!(plan.contains("one, to the steady state"), "{plan}");
}

#[test]
fn a_solver_that_does_not_converge_is_an_error_of_its_own() {
    let case = edited(&[(
        "end = 0.02",
        "end = 0.02\nstep = 0.01\nscheme = \"backward-euler\"",
    )]);
    for (method, name) in [
        ("jacobi", "jacobi"),
        ("cg", "cg"),
        ("chebyshev", "chebyshev"),
        ("ppcg", "ppcg with 10 inner steps"),
    ] {
        let words =
            format!("in the step to t = 0.01 s: {name} has not converged after 2 iterations");
        let parts = [
            words.as_str(),
            "; the residual was",
            "is wanted",
            "help: raise solver.max_iterations",
        ];
        let set = format!("solver.method={method}");
        let sets = ["--set", "solver.max_iterations=2", "--set", &set];
        case.run(&[&sets[..], &["--overwrite"]].concat())
            .fails(1, &parts);
        assert_eq!(case.results("output/case").times(), [0.0]);
    }
}

#[test]
fn heat_with_nowhere_to_go_is_refused_in_a_steady_state() {
    let case = edited(&[
        ("end = 0.02", "scheme = \"steady\""),
        ("left = { temperature = 300.0 }", ""),
        (
            "bottom = { convection = { coefficient = 2.0, ambient = 290.0 } }",
            "",
        ),
    ]);
    let parts = [
        "there is no steady state: sources and sides bring 5.000000e1 W per metre of depth",
        "help: balance",
    ];
    case.run(&[]).fails(2, &parts);
}

#[test]
fn signals_end_a_run_with_its_results() {
    for (signal, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM")] {
        let case = edited(&[]);
        let run = Running::start(case.isotherm(&["run", "case.toml"]).args(ENDLESS));
        run.signal(signal);
        run.end()
            .fails(75, &[&format!("stopped by {name} after step ")]);
        let results = case.results("output/case");
        results.are_whole();
        assert!(results.times().len() == 2 && results.times()[1] < 1e9);
    }
}

#[test]
fn a_quiet_run_says_nothing_and_leaves_whole_files() {
    let case = edited(&[("[output]", "[output]\nsnapshots = { every_time = 0.005 }")]);
    let outcome = case.run(&["--quiet", "--threads", "1"]);
    outcome.succeeds();
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    let results = case.results("output/case");
    results.are_whole();
    assert_eq!(results.times(), [0.0, 0.005, 0.01, 0.015, 0.02]);
    assert_eq!(results.temperature::<f64>().len(), 5 * 12 * 8);
    let balance = results.column("balance_relative");
    assert!(
        balance.iter().all(|balance| balance.abs() < 1e-11),
        "{balance:?}"
    );
    assert_eq!(
        results.report()["communication"]["hidden_fraction"],
        serde_json::Value::Null
    );
}

#[test]
fn probes_tell_what_the_field_holds() {
    let text = format!("{PROBES}snapshots = {{ every_time = 0.005 }}");
    let case = edited(&[("[output]", &text)]);
    case.run(&["--set", "output.probing.every_time=0.005"])
        .succeeds();
    let results = case.results("output/case");
    results.are_whole();
    let probed = |name| results.column_of("probes.csv", name);
    assert_eq!(probed("time"), results.times());
    let frames = results.temperature::<f64>();
    let exact = frames.chunks(12 * 8).map(|frame| frame[2 * 12 + 6]);
    for (found, exact) in probed("spot").into_iter().zip(exact) {
        assert!((found - exact).abs() < 1e-12 * exact, "{found} {exact}");
    }
    let often = ["--set", "output.probing.every_steps=5", "--overwrite"];
    case.run(&often).succeeds();
    assert_eq!(
        results.column_of("probes.csv", "whole"),
        results.column("mean")
    );
}

#[test]
fn the_written_config_makes_the_same_run() {
    let case = edited(&[("[output]", PROBES)]);
    case.run(&["--set", "domain.cells=[9, 7]"]).succeeds();
    let again = ["run", "output/case/config.toml", "--output", "again"];
    Outcome::of(&mut case.isotherm(&again)).succeeds();
    let [first, again] = ["output/case", "again"].map(|name| case.results(name));
    assert_eq!(first.times(), again.times());
    assert_eq!(first.temperature::<f64>(), again.temperature::<f64>());
    for name in ["diagnostics.csv", "probes.csv", "final.png"] {
        assert!(first.bytes(name) == again.bytes(name), "{name} differs");
    }
}

#[test]
fn a_run_goes_on_from_the_file_of_another() {
    let case = edited(&[("end = 0.02", "end = 0.02\nstep = 0.001")]);
    let file = "initial.temperature={ file = 'half/fields.vtkhdf', dataset = '/temperature' }";
    let half = ["--set", "time.end=0.01"];
    case.run(&[]).succeeds();
    case.run(&[&half[..], &["--output", "half"]].concat())
        .succeeds();
    case.run(&[&half[..], &["--set", file, "--output", "rest"]].concat())
        .succeeds();
    let last = |name| case.results(name).temperature::<f64>().split_off(12 * 8);
    assert_eq!(last("rest"), last("output/case"));

    case.run(&[
        "--set",
        file,
        "--set",
        "domain.cells=[8, 8]",
        "--output",
        "bad",
    ])
    .fails(2, &["has the shape [2, 8, 12]", "domain.cells must agree"]);
    assert!(!case.path("bad").exists());
}

#[test]
fn single_precision_is_stored_as_such_and_close_to_double() {
    let case = edited(&[]);
    case.run(&[]).succeeds();
    case.run(&["--set", "parallel.precision=f32", "--output", "single"])
        .succeeds();
    let double = case.results("output/case").temperature::<f64>();
    let single = case.results("single").temperature::<f32>();
    assert_eq!(single.len(), double.len());
    for (single, double) in single.into_iter().zip(double) {
        assert!((f64::from(single) - double).abs() < 1e-3);
    }
}

#[test]
fn the_dark_pixels_of_an_image_are_a_region() {
    let case = edited(&[(
        "[initial]",
        "[[region]]\nname = \"mask\"\nshape = { image = { file = \"mask.png\", min = [0, 0], \
         max = [1, 1] } }\ntemperature = 400\n\n[initial]",
    )]);
    // Dark on the left, bright on the right.
    let mut encoder = png::Encoder::new(fs::File::create(case.path("mask.png")).unwrap(), 2, 1);
    encoder.set_color(png::ColorType::Grayscale);
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&[0, 255])
        .unwrap();
    case.run(&["--set", "initial.temperature=300"]).succeeds();
    let start = &case.results("output/case").temperature::<f64>()[..12 * 8];
    for row in start.chunks(12) {
        assert_eq!(row, [[400.0; 6], [300.0; 6]].concat());
    }
}

#[test]
fn grids_of_single_cells_and_single_steps_run() {
    let periodic = "boundary={ left = 'periodic', right = 'periodic', bottom = 'periodic', \
                    top = 'periodic' }";
    for cells in ["[1, 1]", "[1, 7]", "[7, 1]", "[2, 1]"] {
        let case = edited(&[("[12, 8]", cells)]);
        let args = [
            "--set",
            "time.end=1e-6",
            "--set",
            "output.snapshots.times=[0]",
        ];
        case.run(&args).succeeds();
        case.results("output/case").are_whole();
        case.run(&[&args[..], &["--set", periodic, "--overwrite"]].concat())
            .succeeds();
        let results = case.results("output/case");
        results.are_whole();
        let energy = results.column("energy");
        assert!((energy[1] - energy[0]).abs() < 1e-12 * energy[0]);
    }
}

#[test]
fn nobody_listening_is_no_failure() {
    let deaf = || {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        writer
    };
    let case = edited(&[]);
    Outcome::of(case.isotherm(&["schema"]).stdout(deaf())).succeeds();
    let status = case.isotherm(&["run", "case.toml"]).stderr(deaf()).status();
    assert!(status.unwrap().success());
    case.results("output/case").are_whole();
}

#[cfg(target_os = "linux")]
#[test]
fn paths_that_are_not_utf_8_work_or_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"\xff"));
    let case = edited(&[]);
    let folder = case.path("").join(odd);
    fs::create_dir(&folder).unwrap();
    fs::copy(case.path("case.toml"), folder.join("case.toml")).unwrap();
    let run = || {
        let mut run = case.isotherm(&["run", "--output"]);
        run.current_dir(&folder);
        run
    };
    Outcome::of(run().arg("plain").arg(folder.join("case.toml"))).succeeds();
    Outcome::of(run().arg(odd).arg("case.toml")).fails(2, &["--output is not UTF-8"]);
    assert!(
        files(&folder)
            .iter()
            .all(|path| path.ends_with("case.toml") || path.starts_with(folder.join("plain")))
    );
}

#[test]
fn check_tells_what_a_run_would_take() {
    let case = edited(&[]);
    let before = case.files();
    let outcome = Outcome::of(&mut case.isotherm(&["check", "case.toml", "--ranks", "4"]));
    outcome.succeeds();
    let names: Vec<_> = outcome
        .stdout
        .lines()
        .map(|line| line[..12].trim_end())
        .collect();
    let expected = [
        "config",
        "grid",
        "ranks",
        "memory",
        "stable step",
        "steps",
        "time",
    ];
    assert_eq!(names, expected);
    for part in [
        "case.toml is valid",
        "12 x 8 cells of 8.3333e-2 m x 1.2500e-1 m, f64",
        "4 as 2 x 2, at most 6 x 4 cells each, 20 of 172 faces cut",
        "to t = 0.02 s",
        "cell updates a second",
    ] {
        assert!(
            outcome.stdout.contains(part),
            "no `{part}` in:\n{}",
            outcome.stdout
        );
    }
    assert_eq!(case.files(), before);
}

#[test]
fn starter_configs_pass_the_check() {
    for template in [&["init"][..], &["init", "minimal"], &["init", "full"]] {
        let case = edited(&[]);
        let text = Outcome::of(&mut case.isotherm(template));
        text.succeeds();
        fs::write(case.path("case.toml"), text.stdout).unwrap();
        Outcome::of(&mut case.isotherm(&["check", "case.toml"])).succeeds();
    }
}

#[test]
fn schema_and_completions_are_what_tools_read() {
    let case = edited(&[]);
    let schema = Outcome::of(&mut case.isotherm(&["schema"]));
    schema.succeeds();
    let schema: serde_json::Value = serde_json::from_str(&schema.stdout).unwrap();
    assert_eq!(schema["properties"]["domain"]["type"], "object");
    let script = Outcome::of(&mut case.isotherm(&["completions", "bash"]));
    script.succeeds();
    fs::write(case.path("completions"), script.stdout).unwrap();
    let mut bash = case.command("bash");
    bash.args([
        "--norc",
        "-c",
        "source ./completions && complete -p isotherm",
    ]);
    let loaded = Outcome::of(&mut bash);
    loaded.succeeds();
    assert!(loaded.stdout.contains("-F _isotherm"), "{}", loaded.stdout);
}

#[test]
fn what_only_shows_on_the_grid_is_refused() {
    let speck = "[[region]]\nname = \"speck\"\nsource = 1.0\n\
                 shape = { circle = { center = [0.5, 0.5], radius = 1e-3 } }\n\n[initial]";
    refused(
        &[("[initial]", speck)],
        &[],
        2,
        &["region[0].shape: `speck` covers the centre of no cell"],
    );
    refused(
        &[("coefficient = 2.0", "coefficient = \"x - 0.5\"")],
        &[],
        2,
        &[
            "convection coefficient of the bottom side is -0.4583",
            "must be finite and not negative",
        ],
    );
    let heavy = [("heat_capacity = 1.0", "heat_capacity = 1e46")];
    let single = "parallel.precision=f32";
    refused(
        &heavy,
        &["--set", single],
        2,
        &["heat capacity 1e46", "out of the range of f32"],
    );
}

#[test]
fn an_input_of_the_run_is_not_replaced() {
    let case = edited(&[]);
    let mine = fs::read(case.path("case.toml")).unwrap();
    fs::rename(case.path("case.toml"), case.path("config.toml")).unwrap();
    let arguments = ["run", "config.toml", "--output", ".", "--overwrite"];
    Outcome::of(&mut case.isotherm(&arguments)).fails(2, &["config.toml is an input of this run"]);
    assert_eq!(fs::read(case.path("config.toml")).unwrap(), mine);
}

#[test]
fn heat_lost_to_single_precision_is_said() {
    let case = edited(&[
        ("conductivity = 1.0", "conductivity = 1e6\nsource = 100.0"),
        ("left = { temperature = 300.0 }\n", ""),
        ("right = { flux = 50.0 }\n", ""),
        (
            "bottom = { convection = { coefficient = 2.0, ambient = 290.0 } }\n",
            "",
        ),
        ("end = 0.02", "end = 1e-5"),
    ]);
    let outcome = case.run(&["--set", "parallel.precision=f32"]);
    outcome.succeeds();
    assert!(
        outcome.stderr.contains("are not accounted for"),
        "{}",
        outcome.stderr
    );
    let outcome = case.run(&["--overwrite"]);
    outcome.succeeds();
    assert!(!outcome.stderr.contains("accounted"), "{}", outcome.stderr);
}

#[test]
fn steps_follow_what_changes_with_time() {
    let case = edited(&[(
        "conductivity = 1.0",
        "conductivity = 1e-6\nsource = \"1000*(t < 0.002)\"",
    )]);
    case.run(&[]).succeeds();
    let heat = *case
        .results("output/case")
        .column("heat_sources")
        .last()
        .unwrap();
    assert!((heat / 2.0 - 1.0).abs() < 0.02, "{heat} J instead of 2 J");
}

#[test]
fn a_bench_leaves_a_table_json_and_a_plot() {
    let case = edited(&[]);
    let arguments = [
        &[
            "bench",
            "--cells",
            "20",
            "16",
            "--threads",
            "2",
            "--rounds",
            "1",
        ][..],
        &["--json", "rates.json", "--plot", "roofline.png"],
    ];
    let outcome = Outcome::of(&mut case.isotherm(&arguments.concat()));
    outcome.succeeds();
    bench_is_whole(&case, &outcome.stdout, 1);

    let beyond = ["--cells", "1000000000", "1000000000"];
    Outcome::of(case.isotherm(&["bench"]).args(beyond)).fails(2, &["a node needs", "fewer cells"]);
}
