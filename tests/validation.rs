//! `isotherm validate`: the short cases under `validation` are met, and what is not met shows.

#[path = "common/process.rs"]
mod process;

use std::fs;

use process::{Case, Outcome};
use serde_json::Value;

const CONFIG: &str = r#"
[domain]
size  = [1.0, 1.0]
cells = [8, 6]

[material]
conductivity  = 1.0
heat_capacity = 1.0

[initial]
temperature = "300 + x"

[boundary]
left  = { temperature = 300.0 }
right = { temperature = 301.0 }

[time]
scheme = "backward-euler"
step = 0.01
end  = 0.05
"#;

const CASES: &str = r#"
[[case]]
name   = "slope"
what   = "a straight slope between two walls"
source = "exact"
config = "case.toml"
exact  = "300 + x"
expect = [
    { quantity = "mean", at = "start", value = "300 + 1/2", absolute = 1e-12 },
    { quantity = "heat_left", at = "rate", value = -1, relative = 1e-9 },
    { quantity = "run.steps", value = 5, absolute = 0 },
    { quantity = "error", value = 0, absolute = 1e-9 },
]

[[case]]
name   = "decay"
what   = "a mode along x"
source = "first order in time"
config = "case.toml"
set    = ['initial.temperature="300 + x + sin(pi*x)"', "solver.relative_tolerance=1e-12"]
exact  = "300 + x + sin(pi*x)*exp(-t*4*8^2*sin(pi/16)^2)"
refine = [
    { h = 1.0, set = ["time.step=0.0025"] },
    { h = 0.5, set = ["time.step=0.00125"] },
]
expect = [{ quantity = "order", value = 1, absolute = 0.1 }]
"#;

/// A folder with cases of which some words are replaced.
fn cases(edits: &[(&str, &str)]) -> Case {
    let mut text = CASES.to_owned();
    for (old, new) in edits {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    let case = Case::new(CONFIG);
    fs::write(case.path("cases.toml"), text).unwrap();
    fs::create_dir(case.path("tmp")).unwrap();
    case
}

/// Validates, with room for temporary files in the case's folder, where nothing must remain.
#[track_caller]
fn validate(case: &Case, arguments: &[&str]) -> Outcome {
    let mut command = case.isotherm(&["validate"]);
    command.args(arguments).env("TMPDIR", case.path("tmp"));
    let outcome = Outcome::of(&mut command);
    let left = fs::read_dir(case.path("tmp")).unwrap().count();
    assert_eq!(left, 0, "temporary files are left");
    outcome
}

const FILE: [&str; 2] = ["--cases", "cases.toml"];

#[test]
fn the_short_cases_are_met() {
    let scratch = cases(&[]);
    let root = env!("CARGO_MANIFEST_DIR");
    let file = |name: &str| scratch.path(name).to_str().unwrap().to_owned();
    let (json, png) = (file("validation.json"), file("orders.png"));
    let mut command = scratch.isotherm(&["validate", "--json", &json, "--plot", &png]);
    let outcome = Outcome::of(command.current_dir(root).env("TMPDIR", scratch.path("tmp")));
    outcome.succeeds();
    let verdicts: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let verdicts = verdicts["verdicts"].as_array().unwrap();
    assert!(verdicts.iter().all(|verdict| verdict["passed"] == true));
    for name in ["csc-heat", "mode", "tea-bm-2, cg + multigrid", "walls"] {
        assert!(
            verdicts.iter().any(|verdict| verdict["case"] == name),
            "{name}"
        );
    }
    assert_eq!(outcome.stdout.lines().count(), verdicts.len() + 1);
    assert!(!outcome.stdout.contains("tea-bm-5"), "it is long");
    assert!(fs::metadata(png).unwrap().len() > 0);
}

#[test]
fn each_kind_of_quantity_is_met_or_missed() {
    let case = cases(&[]);
    let outcome = validate(&case, &FILE);
    outcome.succeeds();
    assert_eq!(
        outcome.stdout.matches(" ok\n").count(),
        5,
        "{}",
        outcome.stdout
    );
    let wrong = [
        ("\"300 + 1/2\"", "300.6", "slope (mean at the start)"),
        (
            "value = -1",
            "value = -1.001",
            "slope (heat_left per second)",
        ),
        ("value = 5", "value = 6", "slope (run.steps)"),
        (
            "exact  = \"300 + x\"",
            "exact  = \"300.1 + x\"",
            "slope (largest error)",
        ),
        (
            "value = 1, absolute = 0.1",
            "value = 2, absolute = 0.1",
            "decay (order from 1 to 0.5)",
        ),
    ];
    for (right, wrong, name) in wrong {
        let case = cases(&[(right, wrong)]);
        let outcome = validate(&case, &FILE);
        outcome.fails(1, &[&format!("1 of 5 expectations missed: {name}")]);
        assert_eq!(
            outcome.stdout.matches(" MISS\n").count(),
            1,
            "{}",
            outcome.stdout
        );
    }
}

#[test]
fn cases_are_chosen_by_name_and_length() {
    let case = cases(&[("exact  = \"300 + x\"", "long = true\nexact  = \"300 + x\"")]);
    let rows = |arguments: &[&str]| {
        let outcome = validate(&case, &[&FILE, arguments].concat());
        outcome.succeeds();
        outcome.stdout.lines().count() - 1
    };
    assert_eq!(rows(&[]), 1);
    assert_eq!(rows(&["--long"]), 5);
    assert_eq!(rows(&["slope"]), 4);
    let parts = [
        "there is no validation case `slop`",
        "did you mean `slope`?",
    ];
    validate(&case, &["slop", "--cases", "cases.toml"]).fails(2, &parts);
    let plot = ["--cases", "cases.toml", "slope", "--plot", "orders.png"];
    validate(&case, &plot).fails(2, &["--plot: there is no order to draw"]);
    validate(&case, &[]).fails(2, &["there is no file validation/cases.toml", "--cases"]);
}

#[test]
fn variants_are_runs_of_their_own_and_one_that_does_not_converge_is_a_miss() {
    let variants = "\n[case.variants]\ncg = []\nhasty = [\"solver.max_iterations=1\", \
                    'initial.temperature=\"300 + x^2\"']\n\n[[case]]\nname   = \"decay\"";
    let case = cases(&[("[[case]]\nname   = \"decay\"", variants)]);
    let outcome = validate(
        &case,
        &["slope", "--cases", "cases.toml", "--json", "out.json"],
    );
    outcome.fails(
        1,
        &["4 of 8 expectations missed: slope, hasty (mean at the start)"],
    );
    assert!(
        outcome.stderr.contains("slope, cg: 4 of 4 met"),
        "{}",
        outcome.stderr
    );
    let json: Value = serde_json::from_slice(&fs::read(case.path("out.json")).unwrap()).unwrap();
    assert!(json["verdicts"][4]["measured"].is_null());
    assert_eq!(json["verdicts"][0]["passed"], true);
}

#[test]
fn markdown_tells_sources_and_verdicts() {
    let outcome = validate(&cases(&[]), &[&FILE[..], &["--markdown"]].concat());
    outcome.succeeds();
    let lines: Vec<_> = outcome.stdout.lines().collect();
    assert_eq!(
        lines[2],
        "| slope | a straight slope between two walls | exact |"
    );
    assert!(
        lines[7].starts_with("| slope | mean at the start | 300.5 | 300.5"),
        "{lines:?}"
    );
}

#[test]
fn mistakes_in_the_file_are_refused_with_line_and_fix() {
    let refused = |old: &str, new: &str, parts: &[&str]| {
        validate(&cases(&[(old, new)]), &FILE).fails(2, parts);
    };
    refused(
        "source",
        "sauce",
        &["unknown field `sauce`, expected one of", "cases.toml:5:9"],
    );
    refused(
        "case.toml",
        "none.toml",
        &["case[0].config: there is no file", "cases.toml:6:10"],
    );
    refused(
        "\"decay\"",
        "\"slope\"",
        &["case[1].name: `slope` is the name of another case too"],
    );
    refused(
        "absolute = 1e-12",
        "",
        &["needs one of `absolute` and `relative`"],
    );
    refused("1/2", "y/2", &["case[0].expect[0].value", "cases.toml:9"]);
    refused("exact  = \"300 + x\"\n", "", &["case[0].exact: is missing"]);
    refused("\"error\"", "\"order\"", &["needs `refine`"]);
    refused("\"order\"", "\"error\"", &["means nothing with `refine`"]);
    refused("h = 0.5", "h = 2", &["case[1].refine: does not refine"]);
    refused(
        "value = 0,",
        "value = 0, at = \"end\",",
        &["does nothing with quantity = \"error\""],
    );
    refused(
        "value = 0, absolute",
        "value = 0, relative",
        &["means nothing beside a value of 0"],
    );
    refused(
        "\"mean\"",
        "\"men\"",
        &["there is no quantity `men`", "mean, min, max"],
    );
    refused(
        "\"run.steps\"",
        "\"run.leaps\"",
        &["there is no number `run.leaps`"],
    );
}

#[cfg(feature = "mpi")]
fn mpirun(case: &Case, ranks: &str) -> std::process::Command {
    let mut mpirun = case.command("mpirun");
    // Open MPI asks for these in a container, and where a machine has fewer than two cores.
    mpirun
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
        .args(["-n", ranks, process::ISOTHERM]);
    mpirun
}

#[cfg(feature = "mpi")]
#[test]
fn several_ranks_are_refused() {
    let case = cases(&[]);
    let mut command = mpirun(&case, "2");
    let outcome = Outcome::of(command.arg("validate").args(FILE));
    outcome.fails(
        2,
        &["`isotherm validate` runs on one rank, but Open MPI's mpirun started 2"],
    );
}

#[cfg(feature = "mpi")]
#[test]
fn csc_heat_on_two_ranks_has_the_bits_of_one() {
    let case = cases(&[]);
    let run = [
        "run",
        concat!(env!("CARGO_MANIFEST_DIR"), "/validation/csc-heat.toml"),
        "--quiet",
    ];
    Outcome::of(mpirun(&case, "2").args(run).args(["--output", "two"])).succeeds();
    Outcome::of(case.isotherm(&run).args(["--output", "one"])).succeeds();
    let [one, two] = ["one", "two"].map(|name| case.results(name).bytes("diagnostics.csv"));
    assert!(one == two);
}
