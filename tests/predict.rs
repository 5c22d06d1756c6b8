//! `isotherm scale --predict` from the outside: measured on two ranks, predicted from what was kept.
#![cfg(feature = "mpi")]

#[path = "common/process.rs"]
mod process;

use std::fs;

use process::{Case, ISOTHERM, Outcome, mpirun};

const CONFIG: &str = r#"
[domain]
size = [1.0, 1.0]
cells = [160, 128]

[material]
conductivity = 1.0
heat_capacity = "1 + x"

[initial]
temperature = 300.0

[time]
end = 0.1
"#;

const PREDICT: [&str; 4] = ["scale", "case.toml", "--predict", "4..64"];

fn measured() -> Case {
    let case = Case::new(CONFIG);
    let files = [
        "--machine",
        "machine.json",
        "--predicted",
        "there",
        "--trace",
        "traces",
    ];
    let network = [
        "--latency",
        "2us",
        "--bandwidth",
        "100Gbit",
        "--threads",
        "1",
        "--rounds",
        "2",
    ];
    let arguments = [&PREDICT[..], &files, &network].concat();
    let outcome = Outcome::of(&mut mpirun(&case, 2, ISOTHERM, &arguments));
    outcome.succeeds();
    assert!(outcome.stdout.contains("largest error"), "{outcome:?}");
    case
}

fn json(case: &Case, name: &str) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(case.path(name)).unwrap()).unwrap()
}

#[test]
fn a_machine_is_measured_once_and_then_known() {
    let case = measured();
    let machine = json(&case, "machine.json");
    let first = json(&case, "there/prediction.json");
    assert_eq!(first["machine"], machine);
    // Depths 1, 4 and 16 without and with overlap, on 4, 16 and 64 ranks.
    assert_eq!(first["predictions"].as_array().unwrap().len(), 18);
    assert_eq!(first["network"]["latency"], 2e-6);
    assert_eq!(first["network"]["gap"], 8e-11);
    // On one rank alone, and on two in weak and in strong scaling.
    assert_eq!(first["points"].as_array().unwrap().len(), 3 + 6 + 6);
    assert!(case.path("there/prediction.png").exists());
    assert_eq!(
        fs::read_to_string(case.path("there/prediction.csv"))
            .unwrap()
            .lines()
            .count(),
        19
    );
    let trace = fs::read_to_string(case.path("traces/64-16-true.trace")).unwrap();
    assert_eq!(trace.matches("finalize").count(), 64);

    // Without mpirun, over another network.
    let again = |extra: &[&str]| {
        let known = ["--machine", "machine.json", "--predicted", "again"];
        Outcome::of(&mut case.isotherm(&[&PREDICT[..], &known, extra].concat()))
    };
    again(&["--latency", "1ms"]).succeeds();
    let second = json(&case, "again/prediction.json");
    assert_eq!(second["points"], first["points"]);
    let step = |of: &serde_json::Value| of["predictions"][0]["step_seconds"].as_f64().unwrap();
    assert!(step(&second) > step(&first) + 9e-4);

    again(&["--set", "domain.cells=[200,128]"]).fails(
        2,
        &["machine.json was measured for", "160 x 128", "200 x 128"],
    );
    again(&["--set", "parallel.precision=\"f32\""])
        .fails(2, &["machine.json was measured for", "f64"]);
    again(&["--depths", "4096"]).fails(2, &["no grid is large enough for 4 ranks"]);

    // A run's own report is one more point.
    let run = [
        "--threads",
        "1",
        "--set",
        "parallel.halo_depth=4",
        "--set",
        "time.end=0.001",
    ];
    case.run(&run).succeeds();
    again(&["--reports", "output/case/report.json"]).succeeds();
    let points = json(&case, "again/prediction.json")["points"].clone();
    let last = points.as_array().unwrap().last().unwrap();
    assert_eq!(points.as_array().unwrap().len(), 16);
    assert_eq!(
        (&last["process_grid"], &last["plan"]["halo_depth"]),
        (&serde_json::json!([1, 1]), &4.into())
    );
    assert!(last["seconds"].as_f64().unwrap() > 0.0);

    let stages = [
        "--overwrite",
        "--set",
        "time.scheme=rkl2",
        "--set",
        "time.step=5e-4",
    ];
    case.run(&[&run[..], &stages].concat()).succeeds();
    again(&["--reports", "output/case/report.json"])
        .fails(2, &["is of a run without explicit steps"]);
}

#[test]
fn what_cannot_be_predicted_is_refused() {
    let case = Case::new(CONFIG);
    let refused = |extra: &[&str], parts: &[&str]| {
        Outcome::of(&mut case.isotherm(&[&PREDICT[..], extra].concat())).fails(2, parts);
    };
    refused(
        &[],
        &[
            "messages can only be measured between ranks",
            "mpirun -n 2",
            "--machine",
        ],
    );
    let implicit = [
        "--set",
        "time.scheme=\"backward-euler\"",
        "--set",
        "time.step=0.01",
    ];
    refused(&implicit, &["time.scheme", "only explicit steps"]);
    refused(
        &["--set", "parallel.ranks=[2,2]"],
        &["parallel.ranks", "does nothing with --predict"],
    );
    refused(&["--latency", "2"], &["expected a time"]);
    refused(&["--bandwidth", "fast"], &["expected a bandwidth"]);
    refused(&["--congestion", "0.5"], &["at least 1"]);
    let none = ["scale", "case.toml", "--predict", "0..4"];
    Outcome::of(&mut case.isotherm(&none)).fails(2, &["expected numbers of ranks above 0"]);
}
