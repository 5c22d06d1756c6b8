//! Scaling studies from the outside: they go on where they were interrupted, tell what failed, and compare.

#[path = "common/process.rs"]
mod process;

use std::{fs, path::PathBuf, process::Command};

use process::{Case, MPI_SETTINGS, Outcome};
use serde_json::Value;

const CONFIG: &str = r#"
title = "A small study"

[domain]
size = [1.0, 0.5]
cells = [32, 16]

[material]
conductivity = 1.0
heat_capacity = 1.0

[initial]
temperature = "300 + 10*x*y"

[boundary]
left = { temperature = 300.0 }

[time]
end = 0.01

[scale]
ranks = [1]
threads = [1]
repetitions = 2
bandwidth = false
"#;

/// Starts programs on one rank only.
const LAUNCHER: &str = "#!/bin/sh
test $1 = 1 || exit 3
shift
exec \"$@\"
";

fn study(edits: &[(&str, &str)]) -> Case {
    let mut config = CONFIG.to_owned();
    for (old, new) in edits {
        assert!(config.contains(old), "{old}");
        config = config.replacen(old, new, 1);
    }
    Case::new(&config)
}

/// `isotherm scale case.toml` with arguments.
fn scale(case: &Case, arguments: &[&str]) -> Outcome {
    let arguments = [&["scale", "case.toml"], arguments].concat();
    Outcome::of(case.isotherm(&arguments).envs(MPI_SETTINGS))
}

/// What is in the study's directory of runs, but logs.
fn runs(case: &Case) -> Vec<String> {
    let entries = fs::read_dir(case.path("output/case/runs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.contains(".log")).collect();
    names.sort();
    names
}

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
#[cfg(feature = "mpi")]
fn an_interrupted_study_goes_on_without_what_is_there() {
    let case = study(&[(
        "ranks = [1]",
        "ranks = [1, 2]\nlauncher = \"mpirun -n {ranks}\"",
    )]);
    let file = |name: &str| case.path("output/case").join(name);
    let first = scale(&case, &[]);
    first.succeeds();
    let all =
        ["1x1-0", "1x1-1", "1x1-2", "2x1-0", "2x1-1", "2x1-2"].map(|run| format!("{run}.json"));
    assert_eq!(runs(&case), all);
    let contents = |names: &[String]| -> Vec<_> {
        let path = |name: &String| file("runs").join(name);
        let read = |name| {
            (
                fs::read(path(name)).unwrap(),
                path(name).metadata().unwrap().modified().unwrap(),
            )
        };
        names.iter().map(read).collect()
    };
    let (kept, redone) = all.split_at(5);
    let before = contents(kept);

    // As if it had been killed in the last run.
    fs::remove_file(file("runs").join(&redone[0])).unwrap();
    fs::create_dir(file("runs/2x1-2.partial")).unwrap();
    fs::write(file("runs/2x1-2.partial/report.json"), "{ \"half").unwrap();
    let second = scale(&case, &[]);
    second.succeeds();
    assert!(
        second.stderr.contains("5 of 6 runs are there already"),
        "{}",
        second.stderr
    );
    assert_eq!(runs(&case), all);
    assert_eq!(contents(kept), before);

    let study = json(file("scale.json"));
    let points = study["points"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    for (point, ranks) in points.iter().zip([1, 2]) {
        assert_eq!(
            point["layout"],
            serde_json::json!({"ranks": ranks, "threads": 1})
        );
        assert_eq!(point["cells"], serde_json::json!([32, 16]));
        assert_eq!(point["seconds"].as_array().unwrap().len(), 2);
        let report = json(file(&format!("runs/{ranks}x1-1.json")));
        assert_eq!(report["layout"]["ranks"], ranks);
        assert_eq!(report["run"]["steps"], point["steps"]);
        let seconds = point["seconds"][0].as_f64().unwrap();
        assert!(seconds > 0.0 && seconds <= report["run"]["wall_seconds"].as_f64().unwrap());
    }
    let lines = second
        .stdout
        .lines()
        .filter(|line| line.starts_with("RESULT kind=strong "));
    assert_eq!(lines.count(), 2);
    for name in ["results.csv", "extra-p.jsonl"] {
        assert!(file(name).metadata().unwrap().len() > 0);
    }
    for name in ["speedup.png", "efficiency.png", "rate.png", "phases.png"] {
        let decoder = png::Decoder::new(std::io::Cursor::new(fs::read(file(name)).unwrap()));
        decoder.read_info().unwrap().finish().unwrap();
    }
}

#[test]
fn a_weak_study_grows_the_grid_with_the_cores() {
    let case = study(&[]);
    let options = ["--kind", "weak", "--threads", "1,2", "--repetitions", "1"];
    scale(&case, &options).succeeds();
    let study = json(case.path("output/case/scale.json"));
    assert_eq!(study["kind"], "weak");
    let points = study["points"].as_array().unwrap();
    let of = |key: &str| -> Vec<_> { points.iter().map(|point| point[key].clone()).collect() };
    assert_eq!(
        of("cells"),
        [serde_json::json!([32, 16]), serde_json::json!([64, 16])]
    );
    assert_eq!(of("steps")[0], of("steps")[1]);
    assert_eq!(study["fits"][0]["law"], "gustafson");
}

#[test]
fn the_bandwidth_is_measured_beside_each_run() {
    let case = study(&[("bandwidth = false", "bandwidth = true")]);
    scale(&case, &["--repetitions", "1"]).succeeds();
    assert_eq!(
        runs(&case),
        ["1x1-0.json", "1x1-1-bandwidth.json", "1x1-1.json"]
    );
    let study = json(case.path("output/case/scale.json"));
    assert!(study["points"][0]["bandwidth"].as_f64().unwrap() > 1e6);
    assert_eq!(study["points"][0]["bandwidth_speedup"], 1.0);
}

#[test]
fn a_run_that_fails_is_named_and_the_others_are_made() {
    let launcher = "ranks = [1, 2]\nlauncher = \"sh start.sh {ranks}\"";
    let case = study(&[("ranks = [1]", launcher)]);
    fs::write(case.path("start.sh"), LAUNCHER).unwrap();
    let log = case.path("output/case/runs/2x1-0.log");
    let log = fs::canonicalize(case.path("")).unwrap().join(log);
    let parts = [
        "run 2x1-0 ended with status 3 command: sh start.sh 2 ",
        "isotherm run ",
        &format!("log: {}", log.display()),
        "the other runs on 2 x 1 were left out",
    ];
    scale(&case, &[]).fails(1, &parts);
    assert!(log.exists());
    assert_eq!(runs(&case), ["1x1-0.json", "1x1-1.json", "1x1-2.json"]);
    let study = json(case.path("output/case/scale.json"));
    assert_eq!(study["points"].as_array().unwrap().len(), 1);

    let none = ["--launcher", "no-such-launcher -n {ranks}"];
    scale(&case, &none).fails(2, &["cannot start no-such-launcher", "scale.launcher"]);
}

#[test]
fn what_got_slower_ends_a_comparison_with_status_1() {
    let case = study(&[]);
    scale(&case, &["--repetitions", "5"]).succeeds();
    let compare =
        |new: &str| Outcome::of(&mut case.isotherm(&["scale", "--compare", "output/case", new]));
    let same = compare("output/case");
    same.succeeds();
    assert!(
        same.stdout.contains("1 x 1") && same.stdout.contains("no change beyond noise"),
        "{same:?}"
    );
    let mut slower = json(case.path("output/case/scale.json"));
    for seconds in slower["points"][0]["seconds"].as_array_mut().unwrap() {
        *seconds = (1.0 + seconds.as_f64().unwrap()).into();
    }
    fs::write(case.path("slower.json"), slower.to_string()).unwrap();
    let slower = compare("slower.json");
    slower.fails(1, &["1 of 1 points got slower"]);
    assert!(slower.stdout.contains("SLOWER"), "{slower:?}");
    compare("nothing").fails(2, &["cannot read nothing"]);
}

#[test]
fn an_array_of_jobs_makes_the_runs_that_are_missing() {
    let case = study(&[]);
    scale(&case, &["--array", "study.sbatch"]).succeeds();
    let script = fs::read_to_string(case.path("study.sbatch")).unwrap();
    assert!(script.contains("\n#SBATCH --array=1-3%1\n"), "{script}");
    assert!(runs(&case).is_empty());
    let mut job = case.command("bash");
    let index = |job: &mut Command, index: &str| {
        job.arg("study.sbatch")
            .env("SLURM_ARRAY_TASK_ID", index)
            .envs(MPI_SETTINGS);
        Outcome::of(job)
    };
    index(&mut job, "2").succeeds();
    assert_eq!(runs(&case), ["1x1-1.json"]);
    assert!(!case.path("output/case/scale.json").exists());
    let collected = scale(&case, &[]);
    collected.succeeds();
    assert!(
        collected.stderr.contains("1 of 3 runs are there already"),
        "{}",
        collected.stderr
    );
    scale(&case, &["--array", "study.sbatch"]).fails(2, &["all runs have been made"]);
    let plain = Outcome::of(case.command("bash").arg("study.sbatch"));
    assert!(
        plain.stderr.contains("start this script with sbatch"),
        "{plain:?}"
    );
}

#[test]
fn what_is_no_study_is_refused() {
    let case = study(&[]);
    scale(&case, &["--repetitions", "1"]).succeeds();
    scale(&case, &["--set", "time.end=0.02"])
        .fails(73, &["study of something else: time.end (0.02, was 0.01)"]);
    scale(&case, &["--only", "1x1-7"]).fails(2, &["no such run", "did you mean 1x1-0?"]);
    scale(
        &case,
        &[
            "--overwrite",
            "--repetitions",
            "1",
            "--set",
            "time.end=0.02",
        ],
    )
    .succeeds();
    case.run(&["--output", "run"]).succeeds();
    scale(&case, &["--output", "run"]).fails(73, &["holds something that is no study"]);
    let threads = ["--set", "parallel.threads=2"];
    scale(&case, &threads).fails(2, &["parallel.threads: does nothing in a scaling study"]);
    scale(
        &case,
        &[
            "--ranks",
            "2",
            "--set",
            "parallel.ranks=[3,1]",
            "--overwrite",
        ],
    )
    .fails(
        2,
        &["parallel.ranks: asks for 3 x 1 ranks, but 2 are running"],
    );
    scale(&case, &["--set", "scale.cores=2", "--ranks", "3"])
        .fails(2, &["scale.cores: leaves no mixture"]);
    let launched = [("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "2")];
    Outcome::of(case.isotherm(&["scale", "case.toml"]).envs(launched))
        .fails(2, &["a scaling study starts its runs itself"]);
}
