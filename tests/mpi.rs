//! The program under mpirun: the same bits as alone, the same errors once, and no rank left behind.
#![cfg(feature = "mpi")]

#[path = "common/process.rs"]
mod process;

use std::{env, fs, path::PathBuf, process::Command, thread, time::Duration};

use hdf5_metno::{File, H5Type};
use isotherm::{
    comm::{Communicator, World},
    field::Team,
    launch,
};
use process::{
    Case, ISOTHERM, MPI_SETTINGS, Outcome, Running, are_the_same, bench_is_whole, mpirun,
};
use rustix::process::{Pid, Signal, kill_process};

const SIDES: [&str; 4] = ["left", "right", "bottom", "top"];

/// A size that divides by none of the numbers of ranks, with cells that are not square.
const DOMAIN: &str = r#"
[domain]
size = [2.0, 1.5]
cells = [203, 157]
origin = [-0.5, 0.25]

[material]
conductivity = [1.3, 0.7]
heat_capacity = 2.0

[initial]
temperature = "300 + 20*sin(7*x + 3*y) + 5*cos(31*x*y)"

[time]
end = 0.002

[output]
snapshots = { every_time = 0.001 }
diagnostics = { every_steps = 7 }
probes = [
    { name = "centre", at = [0.5, 1.0] },
    { name = "low corner", at = [-0.5, 0.25] },
    { name = "on the right", at = [1.5, 0.9] },
    { name = "off centre", at = [0.171, 0.77] },
    { name = "cut", from = [-0.5, 0.3], to = [1.4, 1.7], points = 7 },
    { name = "block", mean = { min = [-0.1, 0.4], max = [1.2, 1.3] } },
]
probing = { every_steps = 7 }
"#;

const REGIONS: &str = r#"
[[region]]
name = "disc"
shape = { circle = { center = [0.4, 0.9], radius = 0.5 } }
conductivity = [0.03, "0.5 + 0.4*sin(9*x)"]
heat_capacity = 2.5
source = "1e4*step(sin(4000*t) - x)"

[[region]]
name = "bar"
shape = { rectangle = { min = [0.0, 0.3], max = [1.4, 0.7] } }
source = "1e3*x"
temperature = "310 + y"
"#;

const MIXED_WALLS: [&str; 4] = [
    "{ temperature = '300 + 10*sin(5000*t)' }",
    "{ flux = '200*y' }",
    "{ convection = { coefficient = '5 + 2*x', ambient = 280 } }",
    "{ temperature = 310 }",
];

/// `DOMAIN` with more sections and walls, in the order of `SIDES`.
fn config(sections: &str, walls: [&str; 4]) -> String {
    let walls = SIDES.iter().zip(walls);
    let walls: Vec<_> = walls
        .map(|(side, wall)| format!("{side} = {wall}\n"))
        .collect();
    format!("{DOMAIN}{sections}\n[boundary]\n{}", walls.concat())
}

/// `isotherm run case.toml` with arguments.
fn run(case: &Case, ranks: usize, arguments: &[&str]) -> Command {
    let mut command = mpirun(case, ranks, ISOTHERM, &["run", "case.toml"]);
    command.args(arguments);
    command
}

/// No process is left in the folder of the case, once those that mpirun ended have ended.
#[track_caller]
fn all_ranks_are_gone(case: &Case) {
    let folder = fs::canonicalize(case.path("")).unwrap();
    let left = || -> Vec<_> {
        fs::read_dir("/proc")
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|process| fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder))
            .collect()
    };
    for _ in 0..1000 {
        if left().is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("still there: {:?}", left());
}

/// Ranks, process grid (chosen by the program where empty) and threads.
type Layout = (usize, &'static str, &'static str);

/// The files of a run under mpirun are those of one without, bit for bit.
fn same_bits<T: H5Type + bytemuck::Pod>(config: &str, precision: &str, layouts: &[Layout]) {
    let case = Case::new(config);
    let precision = format!("parallel.precision={precision}");
    let common = ["--set", &precision, "--threads"];
    case.run(&[&common[..], &["1", "--output", "alone"]].concat())
        .succeeds();
    let alone = case.results("alone");
    assert_eq!(alone.temperature::<T>().len(), 3 * 203 * 157);
    for layout @ (ranks, grid, threads) in layouts {
        let grid = format!("parallel.ranks={grid}");
        let mut arguments = [&common[..], &[threads, "--overwrite"]].concat();
        if !layout.1.is_empty() {
            arguments.extend(["--set", &grid]);
        }
        Outcome::of(&mut run(&case, *ranks, &arguments)).succeeds();
        let results = case.results("output/case");
        assert_eq!(results.report()["layout"]["ranks"], *ranks);
        are_the_same::<T>(&results, &alone, &format!("{layout:?}"));
    }
}

#[test]
fn everything_at_once_has_the_same_bits_from_every_layout() {
    let layouts = [
        (1, "", "2"),
        (2, "", "1"),
        (3, "", "2"),
        (4, "", "1"),
        (6, "", "1"),
        (6, "[1, 6]", "1"),
        (6, "[6, 1]", "2"),
        (6, "[2, 3]", "1"),
    ];
    same_bits::<f64>(&config(REGIONS, MIXED_WALLS), "f64", &layouts);
}

#[test]
fn single_precision_has_the_same_bits() {
    let layouts = [(2, "[1, 2]", "2"), (3, "[3, 1]", "1"), (6, "[2, 3]", "1")];
    let config = config(REGIONS, MIXED_WALLS);
    let config = format!("{config}\n[output.fields]\ncompression = 5\nmedium = true\n");
    same_bits::<f32>(&config, "f32", &layouts);
}

#[test]
fn fields_of_several_ranks_hold_the_medium_and_are_identical_to_those_of_one() {
    let fields = "\n[output.fields]\nprecision = \"f32\"\ncompression = 5\nmedium = true\n";
    let case = Case::new(&(config(REGIONS, MIXED_WALLS) + fields));
    case.run(&["--output", "alone"]).succeeds();
    Outcome::of(&mut run(&case, 3, &[])).succeeds();
    let compared = Outcome::of(&mut case.isotherm(&["compare", "alone", "output/case"]));
    compared.succeeds();
    assert!(compared.stdout.ends_with("\nidentical\n"), "{compared:?}");
    for name in [
        "conductivity_x",
        "conductivity_y",
        "heat_capacity",
        "source",
    ] {
        let values = |results: &str| {
            let file = File::open(case.path(results).join("fields.vtkhdf")).unwrap();
            let dataset = file.dataset(name).unwrap();
            assert_eq!(dataset.shape(), [1, 157, 203]);
            dataset.read_raw::<f32>().unwrap()
        };
        let (found, expected) = (values("output/case"), values("alone"));
        assert!(found == expected, "{name} differs");
        let varies = expected.iter().any(|value| *value != expected[0]);
        assert!(varies, "{name} is the same everywhere");
    }
}

#[test]
fn periodic_walls_have_the_same_bits() {
    let both = ["'periodic'"; 4];
    let layouts = [
        (1, "", "1"),
        (2, "[2, 1]", "1"),
        (2, "[1, 2]", "2"),
        (4, "[2, 2]", "1"),
        (6, "[1, 6]", "1"),
        (6, "[6, 1]", "1"),
    ];
    same_bits::<f64>(&config(REGIONS, both), "f64", &layouts);
    let [.., bottom, top] = MIXED_WALLS;
    let along_x = ["'periodic'", "'periodic'", bottom, top];
    same_bits::<f32>(
        &config("", along_x),
        "f32",
        &[(3, "[3, 1]", "1"), (4, "[2, 2]", "2")],
    );
}

#[test]
fn long_steps_have_the_same_bits() {
    let implicit = |scheme: &str, preconditioner: &str| {
        let config = config(REGIONS, MIXED_WALLS).replace(
            "end = 0.002",
            &format!("end = 0.002\nstep = 3e-4\nscheme = \"{scheme}\""),
        );
        format!("{config}\n[solver]\npreconditioner = \"{preconditioner}\"\n")
    };
    let layouts = [
        (1, "", "2"),
        (2, "", "1"),
        (3, "", "2"),
        (4, "[2, 2]", "1"),
        (6, "[3, 2]", "1"),
    ];
    let stages = config(REGIONS, MIXED_WALLS)
        .replace("end = 0.002", "end = 0.002\nstep = 3e-4\nscheme = \"rkl2\"");
    same_bits::<f64>(&stages, "f64", &layouts);
    same_bits::<f64>(&implicit("backward-euler", "none"), "f64", &layouts);
    same_bits::<f64>(&implicit("crank-nicolson", "jacobi"), "f64", &layouts[2..4]);
    same_bits::<f32>(&implicit("backward-euler", "none"), "f32", &layouts[4..]);
}

#[test]
fn steps_of_any_length_and_direct_solutions_have_the_same_bits() {
    let within = |sections: &str, walls, solver: &str| {
        let config = config(sections, walls).replace(
            "end = 0.002",
            "end = 0.002\nstep = { tolerance = 1e-2 }\nscheme = \"tr-bdf2\"",
        );
        format!("{config}\n[solver]\n{solver}\n")
    };
    let layouts = [(2, "", "1"), (3, "[3, 1]", "2"), (4, "[2, 2]", "1")];
    let varying = within(REGIONS, MIXED_WALLS, "preconditioner = \"jacobi\"");
    same_bits::<f64>(&varying, "f64", &layouts);
    // Lines along x, and along y.
    let [left, right, _, top] = MIXED_WALLS;
    for walls in [
        [
            left,
            right,
            "{ convection = { coefficient = 5, ambient = 280 } }",
            top,
        ],
        [
            "{ convection = { coefficient = 5, ambient = 280 } }",
            right,
            "'periodic'",
            "'periodic'",
        ],
    ] {
        let constant = within("", walls, "method = \"direct\"");
        same_bits::<f64>(&constant, "f64", &layouts);
    }
}

#[test]
fn a_deck_has_the_same_bits_and_sums() {
    let deck = fs::read_to_string("validation/tealeaf/tea_bm_2.in").unwrap();
    let deck = deck
        .replace("_cells=250", "_cells=101")
        .replace("end_step=10", "end_step=3");
    let case = Case::named("case.in", &deck);
    for (method, preconditioner) in [
        ("cg", "none"),
        ("cg", "multigrid"),
        ("multigrid", "none"),
        ("chebyshev", "none"),
        ("pipelined-cg", "jacobi"),
        ("ppcg", "jacobi"),
    ] {
        let by = [
            format!("solver.method={method}"),
            format!("solver.preconditioner={preconditioner}"),
        ];
        let set = ["--set", &by[0], "--set", &by[1]];
        let run = |threads| {
            [
                &["run", "case.in", "--overwrite", "--threads", threads][..],
                &set,
            ]
            .concat()
        };
        let mut alone = case.isotherm(&run("1"));
        Outcome::of(alone.args(["--output", "alone"])).succeeds();
        let alone = case.results("alone");
        let sums = alone.report()["tealeaf"].clone();
        assert!(sums["u"].as_f64().unwrap() > 0.0);
        for (ranks, threads) in [(1, "2"), (2, "1"), (3, "1"), (4, "1"), (6, "1")] {
            let outcome = Outcome::of(&mut mpirun(&case, ranks, ISOTHERM, &run(threads)));
            outcome.succeeds();
            // Told once, at the start and at the end.
            assert_eq!(outcome.stderr.matches("Volume").count(), 2, "{outcome:#?}");
            let results = case.results("output/case");
            assert_eq!(results.report()["layout"]["ranks"], ranks);
            assert_eq!(results.report()["tealeaf"], sums);
            let what = format!("{by:?}, {ranks} ranks, {threads} threads");
            are_the_same::<f64>(&results, &alone, &what);
        }
    }
    let convert = Outcome::of(&mut mpirun(&case, 2, ISOTHERM, &["convert", "case.in"]));
    convert.succeeds();
    assert_eq!(convert.stdout.matches("[domain]").count(), 1);
}

#[test]
fn each_kind_of_wall_has_the_same_bits() {
    for wall in [
        "{ temperature = '290 + 30*x*y' }",
        "{ flux = '100*x - 50*y' }",
        "{ convection = { coefficient = 12, ambient = '280 + 40*sin(3000*t)' } }",
    ] {
        same_bits::<f64>(
            &config("", [wall; 4]),
            "f64",
            &[(4, "[2, 2]", "1"), (6, "[3, 2]", "1")],
        );
    }
}

/// `DOMAIN` for some 120 steps, with sources and walls that change in each, a look at odd times and
/// one at diagnostics and probes every so many steps.
fn in_motion(every_steps: u32) -> Case {
    let case = config(REGIONS, MIXED_WALLS);
    Case::new(
        &case
            .replace("end = 0.002", "end = 0.002\nstep = 1.7e-5")
            .replace("every_time = 0.001", "times = [0, 1.7e-5, 0.00031, 0.0013]")
            .replace("every_steps = 7", &format!("every_steps = {every_steps}")),
    )
}

#[test]
fn any_number_of_steps_between_two_exchanges_has_the_same_bits() {
    let set = |depth| format!("parallel.halo_depth={depth}");
    // Where somebody looks at every step, none are fused.
    let layouts = [
        (1, 1, "[1, 1]", "64"),
        (1, 2, "[2, 1]", "3"),
        (1, 3, "[1, 3]", "52"),
        (1, 4, "[2, 2]", "8"),
        (1, 6, "[3, 2]", "\"auto\""),
        (23, 1, "[1, 1]", "64"),
        (23, 2, "[2, 1]", "64"),
        (23, 3, "[3, 1]", "64"),
        (23, 3, "[1, 3]", "\"auto\""),
        (23, 4, "[2, 2]", "1"),
        (23, 4, "[2, 2]", "3"),
        (23, 4, "[1, 4]", "8"),
        (23, 4, "[4, 1]", "\"auto\""),
        (23, 6, "[3, 2]", "1"),
        (23, 6, "[1, 6]", "3"),
        (23, 6, "[6, 1]", "8"),
        (23, 6, "[2, 3]", "\"auto\""),
    ];
    let cases = [1, 23].map(|every_steps| (every_steps, in_motion(every_steps)));
    for (_, case) in &cases {
        let arguments = ["--set", &set("1"), "--threads", "1", "--output", "alone"];
        case.run(&arguments).succeeds();
    }
    for layout @ (every_steps, ranks, grid, depth) in layouts {
        let (_, case) = cases.iter().find(|case| case.0 == every_steps).unwrap();
        let (grid, depth) = (format!("parallel.ranks={grid}"), set(depth));
        let arguments = [
            "--set",
            &grid,
            "--set",
            &depth,
            "--threads",
            "1",
            "--overwrite",
        ];
        Outcome::of(&mut run(case, ranks, &arguments)).succeeds();
        let alone = case.results("alone");
        assert_eq!(alone.times(), [0.0, 1.7e-5, 0.000_31, 0.0013, 0.002]);
        let probed = alone.column_of("probes.csv", "step");
        assert_eq!(probed[1], f64::from(every_steps));
        are_the_same::<f64>(&case.results("output/case"), &alone, &format!("{layout:?}"));
    }
}

#[test]
fn the_report_tells_what_share_of_the_messages_was_hidden() {
    let case = Case::new(&config("", MIXED_WALLS));
    Outcome::of(&mut run(&case, 2, &[])).succeeds();
    let report = case.results("output/case").report();
    assert_eq!(report["layout"]["process_grid"], serde_json::json!([2, 1]));
    let places = report["layout"]["places"].as_array().unwrap();
    let threads: Vec<_> = places.iter().map(|place| &place["threads"]).collect();
    assert_eq!(threads, [&report["layout"]["threads_per_rank"]; 2]);
    for place in places {
        let cores = place["cores"].as_str().unwrap();
        assert!(cores.starts_with(|c: char| c.is_ascii_digit()), "{place}");
    }
    assert!(report["program"]["mpi"].is_string());
    let hidden = report["communication"]["hidden_fraction"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&hidden), "{hidden}");
}

#[test]
fn a_bench_of_two_ranks_measures_the_exchange_too() {
    let case = Case::new("");
    let arguments = [
        &[
            "bench",
            "--cells",
            "20",
            "64",
            "--threads",
            "2",
            "--rounds",
            "1",
        ][..],
        &["--json", "rates.json", "--plot", "roofline.png"],
    ];
    let outcome = Outcome::of(&mut mpirun(&case, 2, ISOTHERM, &arguments.concat()));
    outcome.succeeds();
    bench_is_whole(&case, &outcome.stdout, 2);
    assert!(outcome.stdout.contains("halo time hidden"));
}

#[test]
fn an_error_is_said_once_whichever_rank_meets_it() {
    let case = Case::new(&config("", MIXED_WALLS));
    let fails = |ranks, arguments: &[&str], status, parts: &[&str]| {
        let before = case.files();
        Outcome::of(&mut run(&case, ranks, arguments)).fails(status, parts);
        assert_eq!(case.files(), before);
        all_ranks_are_gone(&case);
    };
    fails(
        3,
        &["--set", "domain.cels=3"],
        2,
        &["domain.cels: unknown key"],
    );
    fails(
        2,
        &["--set", "time.step=0.001"],
        2,
        &["time.step: 1e-3 s is above the stability limit"],
    );
    fails(
        3,
        &["--set", "domain.cells=[1, 2]"],
        2,
        &["cannot be divided among 3 ranks"],
    );
    fails(
        2,
        &["--set", "parallel.ranks=[2, 2]"],
        2,
        &["start 4 ranks"],
    );
    // 157 rows on 6 ranks: 26 on one of them.
    fails(
        6,
        &[
            "--set",
            "parallel.ranks=[1, 6]",
            "--set",
            "parallel.halo_depth=27",
        ],
        2,
        &["parallel.halo_depth: is 27, but the thinnest subdomain is 26 cells across"],
    );
    // Where x is above 1: on the last rank only.
    fails(
        2,
        &["--set", "material.conductivity=1 - x"],
        2,
        &["conductivity", "is -0.0"],
    );
    fails(
        2,
        &["--set", "initial.temperature=sqrt(1 - x)"],
        2,
        &["initial temperature", "is NaN"],
    );
    fails(2, &["--frobnicate"], 2, &["--frobnicate"]);
    fs::create_dir_all(case.path("output/case")).unwrap();
    fs::write(case.path("output/case/notes.txt"), "mine").unwrap();
    fails(2, &[], 73, &["output/case is not empty"]);
}

#[test]
fn a_nan_on_one_rank_ends_all_of_them() {
    let case = Case::new(&config("", MIXED_WALLS));
    let arguments = ["--set", "material.source=sqrt(1.4965 - x - t)"];
    // In the last columns first; the middle rank ends at column 134.
    let found = ["the temperature is NaN in cell (1", "found after step "];
    Outcome::of(&mut run(&case, 3, &arguments)).fails(76, &found);
    all_ranks_are_gone(&case);
    assert_eq!(case.results("output/case").times(), [0.0, 0.001]);
}

#[test]
fn a_foreign_launcher_is_refused() {
    let case = Case::new(&config("", MIXED_WALLS));
    let before = case.files();
    let start = |rank: &str| {
        let mut command = case.isotherm(&["run", "case.toml"]);
        command
            .envs([("PMI_RANK", rank), ("PMI_SIZE", "3")])
            .envs(MPI_SETTINGS);
        Outcome::of(&mut command)
    };
    start("0").fails(
        2,
        &[
            "mpiexec started 3 processes",
            "help: start it with the mpirun of",
        ],
    );
    // The launcher sees the first one fail; the others leave the message to it.
    let other = start("1");
    assert_eq!((other.status.code(), other.stderr.as_str()), (Some(0), ""));
    assert_eq!(case.files(), before);
}

const ENDLESS: [&str; 8] = [
    "--set",
    "time.end=1e9",
    "--set",
    "output.snapshots.every_time=1e9",
    "--set",
    "output.diagnostics.every_steps=1000000",
    "--set",
    "output.probing.every_steps=1000000",
];

#[test]
fn a_signal_to_mpirun_ends_a_run_with_its_results() {
    let case = Case::new(&config(REGIONS, MIXED_WALLS));
    let running = Running::start(&mut run(&case, 3, &ENDLESS));
    // Other than SIGTERM, mpirun hands it on at once and sets the ranks no deadline.
    running.signal(Signal::USR1);
    assert_eq!(running.end().status.code(), Some(75));
    all_ranks_are_gone(&case);
    let results = case.results("output/case");
    results.are_whole();
    assert!(results.times()[1] < 1e9);
}

#[test]
fn a_killed_rank_ends_the_job() {
    let case = Case::new(&config(REGIONS, MIXED_WALLS));
    let running = Running::start(&mut run(&case, 3, &ENDLESS));
    let holder = fs::read_to_string(case.path("output/case/.lock")).unwrap();
    let first = holder
        .split(' ')
        .nth(1)
        .and_then(|id| Pid::from_raw(id.parse().ok()?));
    kill_process(first.unwrap(), Signal::KILL).unwrap();
    assert!(!running.end().status.success());
    all_ranks_are_gone(&case);
}

#[test]
fn a_panic_on_one_rank_ends_the_job() {
    let case = Case::new("");
    let tests = env::current_exe().unwrap();
    let arguments = [
        "--exact",
        "rank_of_a_job_with_a_panic",
        "--ignored",
        "--nocapture",
    ];
    let job = Outcome::of(&mut mpirun(&case, 2, tests.to_str().unwrap(), &arguments));
    assert_eq!(job.status.code(), Some(70), "{job:#?}");
    assert_eq!(job.stderr.matches("row 7 on rank 1").count(), 1, "{job:#?}");
    all_ranks_are_gone(&case);
}

#[test]
fn an_extract_is_the_same_whoever_writes_it() {
    let fields = "\n[output.fields]\nmedium = true\nstride = 3\n\
                  region = { min = [0.1, 0.4], max = [1.5, 1.2] }\n";
    let case = Case::new(&(config(REGIONS, MIXED_WALLS) + fields));
    case.run(&["--output", "alone"]).succeeds();
    let read = |results: &str, name: &str| {
        let file = File::open(case.path(results).join("fields.vtkhdf")).unwrap();
        file.dataset(name).unwrap().read_raw::<f64>().unwrap()
    };
    for ranks in [2, 3, 4, 6] {
        for io in ["gather", "collective"] {
            let set = format!("output.io={io}");
            let outcome = Outcome::of(&mut run(&case, ranks, &["--overwrite", "--set", &set]));
            outcome.succeeds();
            let waits = outcome.stderr.matches("steps wait for that").count();
            assert_eq!(waits, usize::from(io == "collective"), "{outcome:?}");
            let compared = Outcome::of(&mut case.isotherm(&["compare", "alone", "output/case"]));
            compared.succeeds();
            assert!(compared.stdout.ends_with("\nidentical\n"), "{compared:?}");
            for name in ["x", "y", "time", "source", "conductivity_y"] {
                assert!(read("alone", name) == read("output/case", name), "{name}");
            }
            let frames = &case.results("output/case").report()["frames"];
            assert_eq!(frames["count"], 3);
            let hidden = frames["hidden_fraction"].as_f64().unwrap();
            assert!(io == "gather" || hidden == 0.0, "{frames}");
        }
    }
}

/// The program has no known way to panic, so this one stands in for it.
#[test]
#[ignore = "waits for ever without a_panic_on_one_rank_ends_the_job"]
fn rank_of_a_job_with_a_panic() {
    launch::abort_on_panic();
    let comm = World::new().unwrap();
    let rank = comm.rank();
    let panicking = |(): &mut (), row| assert!(rank == 0 || row < 7, "row {row} on rank {rank}");
    Team::new(2)
        .unwrap()
        .fold_rows(8, || (), panicking, |(), ()| ());
    comm.barrier();
}

const PYTHON: &str = r#"
import sys, h5py, xarray

with h5py.File(sys.argv[1]) as file:
    field = file["/VTKHDF/CellData/temperature"]
    assert file["/temperature"] == field
    assert file["/VTKHDF/Steps"].attrs["NSteps"] == len(file["/time"])
    assert list(file["/VTKHDF/Steps/CellDataOffsets/heat_capacity"]) == [0, 0, 0]
    print(list(field.shape), repr(float(file["/time"][-1])), repr(float(field[-1, 150, 200])))
with xarray.open_dataset(sys.argv[1], engine="h5netcdf") as data:
    assert data.temperature.dims == ("time", "y", "x")
    assert data.heat_capacity.dims == ("static", "y", "x")
    assert data.heat_capacity.max() == 2.5
    last = data.temperature[-1, 150, 200]
    print(list(data.temperature.shape), repr(float(last.time)), repr(float(last)))
"#;

/// A Python with what reads results, if there is one.
fn python() -> Option<PathBuf> {
    let Some(python) = env::var_os("ISOTHERM_PYTHON") else {
        println!("skipped: ISOTHERM_PYTHON names no Python with h5py, xarray and VTK");
        return None;
    };
    // The tests run in the directory of the package, to which the path may be relative.
    Some(env::current_dir().unwrap().join(python))
}

#[test]
fn python_reads_what_the_ranks_wrote_together() {
    let Some(python) = python() else { return };
    let case = Case::new(&config(REGIONS, MIXED_WALLS));
    let medium = ["--set", "output.fields.medium=true"];
    Outcome::of(&mut run(&case, 3, &medium)).succeeds();
    let outcome =
        Outcome::of(
            case.command(python)
                .args(["-c", PYTHON, "output/case/fields.vtkhdf"]),
        );
    outcome.succeeds();
    let value = case.results("output/case").temperature::<f64>()[(2 * 157 + 150) * 203 + 200];
    let line = format!("[3, 157, 203] 0.002 {value:?}\n");
    assert_eq!(outcome.stdout, line.repeat(2));
}

/// Each file holds the same frames, at the times and in the places that h5py finds.
const VTK: &str = r#"
import sys, h5py, numpy
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline
from vtkmodules.vtkIOHDF import vtkHDFReader

first = None
for path in sys.argv[1:]:
    reader = vtkHDFReader()
    reader.SetFileName(path)
    reader.UpdateInformation()
    information = reader.GetOutputInformation(0)
    times = information.Get(vtkStreamingDemandDrivenPipeline.TIME_STEPS())
    with h5py.File(path) as file:
        assert list(times) == list(file["time"]) and len(times) == 3, times
        for frame, time in enumerate(times):
            reader.UpdateTimeStep(time)
            image = reader.GetOutputDataObject(0)
            values = vtk_to_numpy(image.GetCellData().GetArray("temperature"))
            assert values.tobytes() == file["temperature"][frame].tobytes(), frame
            for axis, name in enumerate("xy"):
                count = image.GetDimensions()[axis] - 1
                centers = image.GetOrigin()[axis] + (numpy.arange(count) + 0.5) * image.GetSpacing()[axis]
                assert numpy.allclose(centers, file[name], rtol=0, atol=1e-14), name
        content = [file[name][()].tobytes() for name in ("time", "temperature", "x", "y")]
    first = first or content
    assert content == first, path
print(len(times), values.size)
"#;

#[test]
fn vtk_reads_the_same_from_any_number_of_ranks() {
    let Some(python) = python() else { return };
    let case = Case::new(&config(REGIONS, MIXED_WALLS));
    let extract = "output.fields={ stride = 4, region = { min = [0, 0], max = [1, 0.9] } }";
    for (more, values) in [(&[][..], "3 31871\n"), (&["--set", extract], "3 442\n")] {
        let mut files = Vec::new();
        for ranks in [1, 2, 3, 4, 6] {
            let name = format!("{}-{ranks}", more.len());
            let arguments = [&["--output", &name][..], more].concat();
            Outcome::of(&mut run(&case, ranks, &arguments)).succeeds();
            files.push(format!("{name}/fields.vtkhdf"));
        }
        let mut read = case.command(&python);
        let outcome = Outcome::of(read.args(["-c", VTK]).args(&files));
        outcome.succeeds();
        assert_eq!(outcome.stdout, values);
    }
}
