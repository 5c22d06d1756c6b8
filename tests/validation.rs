//! The cases under `validation`, run by the program itself; `validation/README.md` says where their
//! numbers come from.

use std::{collections::HashMap, f64::consts::PI, fs, path::Path, process::Command};

use tempfile::TempDir;

/// Rows of `diagnostics.csv` by the names of their columns.
struct Outcome {
    text: String,
    rows: Vec<HashMap<String, f64>>,
}

impl Outcome {
    fn first(&self, column: &str) -> f64 {
        self.rows[0][column]
    }

    fn last(&self, column: &str) -> f64 {
        self.rows[self.rows.len() - 1][column]
    }

    /// The change of a column over the last two rows, per unit of time.
    fn rate(&self, column: &str) -> f64 {
        let [.., before, last] = &self.rows[..] else {
            panic!("fewer than two rows: {}", self.text)
        };
        (last[column] - before[column]) / (last["time"] - before["time"])
    }
}

/// Runs a case by a command that starts the program.
fn run_by(mut program: Command, case: &str) -> Outcome {
    let directory = TempDir::new().unwrap();
    let program = program
        .arg("run")
        .arg(format!("validation/{case}.toml"))
        .args(["--quiet", "--overwrite", "--output"])
        .arg(directory.path());
    let ended = program.output().expect("the program starts");
    let messages = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{}: {messages}", ended.status);
    read(&directory.path().join("diagnostics.csv"))
}

fn run(case: &str) -> Outcome {
    run_by(Command::new(env!("CARGO_BIN_EXE_isotherm")), case)
}

fn read(file: &Path) -> Outcome {
    let text = fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let names: Vec<_> = lines.next().expect("a header").split(',').collect();
    let rows = lines
        .map(|line| {
            let values = line.split(',').map(|value| value.parse().expect(line));
            names.iter().map(ToString::to_string).zip(values).collect()
        })
        .collect();
    Outcome { text, rows }
}

#[track_caller]
fn close(measured: f64, expected: f64, tolerance: f64) {
    let error = (measured - expected).abs();
    assert!(
        error <= tolerance,
        "{measured} instead of {expected}: off by {error:e}, above {tolerance:e}"
    );
}

/// The mean at the start and after 500 steps, to all digits that are published.
fn has_the_published_means(outcome: &Outcome) {
    const HALF_OF_THE_LAST_DIGIT: f64 = 5e-7;
    assert_eq!(outcome.last("step"), 500.0);
    close(outcome.first("mean"), 59.763_305, HALF_OF_THE_LAST_DIGIT);
    close(outcome.last("mean"), 59.281_239, HALF_OF_THE_LAST_DIGIT);
}

#[test]
fn csc_heat() {
    has_the_published_means(&run("csc-heat"));
}

#[cfg(feature = "mpi")]
#[test]
fn csc_heat_on_two_ranks() {
    let mut mpirun = Command::new("mpirun");
    // Open MPI asks for these in a container, and where a machine has fewer than two cores.
    mpirun
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
        .args(["-n", "2", env!("CARGO_BIN_EXE_isotherm")]);
    let outcome = run_by(mpirun, "csc-heat");
    has_the_published_means(&outcome);
    assert_eq!(outcome.text, run("csc-heat").text, "two ranks and one");
}

#[test]
fn two_material_slab() {
    let outcome = run("two-material-slab");
    let (flux, height) = (32.0, 0.25);
    close(outcome.rate("heat_left"), flux * height, 1e-10);
    close(outcome.rate("heat_right"), -flux * height, 1e-10);
    close(outcome.last("mean"), 330.25, 1e-10);
    close(outcome.last("max"), 349.75, 1e-10);
    close(outcome.last("min"), 302.0, 1e-10);
}

#[test]
fn convective_slab() {
    let outcome = run("convective-slab");
    close(outcome.rate("heat_left"), 400.0, 1e-9);
    close(outcome.rate("heat_right"), -400.0, 1e-9);
    close(outcome.last("mean"), 390.0, 1e-10);
    close(outcome.last("max"), 437.5, 1e-10);
    close(outcome.last("min"), 342.5, 1e-10);
}

#[test]
fn mode() {
    let outcome = run("mode");
    let [nx, ny] = [64.0_f64, 48.0];
    let rate = |n: f64| (2.0 * n * (PI / (2.0 * n)).sin()).powi(2);
    let factor = (1.0 - 5e-5 * (rate(nx) + rate(ny))).powi(1000);
    // The mean of sin over the cell centres, and its value at a centre next to the middle.
    let mean = |n: f64| 1.0 / (n * (PI / (2.0 * n)).sin());
    let peak = |n: f64| (PI / (2.0 * n)).cos();
    assert_eq!(outcome.last("step"), 1000.0);
    close(outcome.last("mean"), factor * mean(nx) * mean(ny), 1e-12);
    close(outcome.last("max"), factor * peak(nx) * peak(ny), 1e-12);
}
