//! A run of a case in a directory of its own, and the numbers that it gave.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    cli,
    commands::run,
    config::{self, At, Measured},
    error::Error,
    field::signed,
    grid::Grid,
    output::{CONFIG, DIAGNOSTICS, FIELDS, REPORT, Window, read_block},
    physics::Expression,
};

const TEMPERATURE: &str = "/temperature";

/// Where the time of the last state stands in the report.
const TIME: &str = "run.simulated_time";

/// What a run left behind; gone with this.
pub struct Results {
    directory: TempDir,
}

impl Results {
    /// Runs a config with overrides, as `isotherm run` does.
    ///
    /// # Errors
    /// Whatever ends the run before its end.
    pub fn of_run(config: &Path, set: &[String], threads: Option<usize>) -> Result<Self, Error> {
        let directory = tempfile::tempdir().map_err(|error| {
            Error::storage(format!("cannot make a temporary directory: {error}"))
        })?;
        let results = Self { directory };
        let set = [set, &["output.checkpoint.keep=0".to_owned()]].concat();
        let options = cli::Run {
            config: cli::Config {
                config: config.to_path_buf(),
                set,
                threads,
            },
            output: Some(results.path("")),
            overwrite: false,
            resume: false,
            manner: cli::Manner {
                quiet: true,
                wall_limit: None,
            },
        };
        run(&options, None)?;
        Ok(results)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("results").join(name)
    }

    fn text(&self, name: &str) -> Result<String, Error> {
        let path = self.path(name);
        fs::read_to_string(&path)
            .map_err(|error| Error::storage(format!("cannot read {}: {error}", path.display())))
    }

    /// A number of the run; orders are not of one run.
    ///
    /// # Errors
    /// If the run gives no such number.
    pub fn measure(&self, what: &Measured, exact: Option<&Expression>) -> Result<f64, Error> {
        match what {
            Measured::Diagnostic { column, at } => self.diagnostic(column, *at),
            Measured::Report(path) => self.reported(path),
            Measured::Error | Measured::Order => {
                self.error(exact.expect("cases with errors have an exact solution"))
            }
        }
    }

    fn diagnostic(&self, column: &str, at: At) -> Result<f64, Error> {
        let text = self.text(DIAGNOSTICS)?;
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let names = lines.next().unwrap_or_default();
        let place = |name: &str| {
            names
                .iter()
                .position(|known| *known == name)
                .ok_or_else(|| {
                    Error::input(format!("there is no quantity `{name}`"))
                        .with_help(format!("{DIAGNOSTICS} has {}", names.join(", ")))
                })
        };
        let columns = [place("time")?, place(column)?];
        // What this program wrote are numbers.
        let number = |text: &str| text.parse().unwrap_or(f64::NAN);
        let rows: Vec<[f64; 2]> = lines
            .map(|row| columns.map(|column| number(row[column])))
            .collect();
        // A run has one row at its start and one at its end.
        let [start, .., end] = rows[..] else {
            return Err(Error::storage(format!("{DIAGNOSTICS} is cut short")));
        };
        Ok(match at {
            At::Start => start[1],
            At::End => end[1],
            At::Rate => {
                let before = rows[rows.len() - 2];
                (end[1] - before[1]) / (end[0] - before[0])
            }
        })
    }

    /// A number in the report, by the names on the way to it.
    fn reported(&self, path: &str) -> Result<f64, Error> {
        let report = self.text(REPORT)?;
        let report: serde_json::Value =
            serde_json::from_str(&report).expect("this program wrote JSON");
        let found = path
            .split('.')
            .try_fold(&report, |value, name| value.get(name));
        found.and_then(serde_json::Value::as_f64).ok_or_else(|| {
            Error::input(format!("there is no number `{path}` in {REPORT}"))
                .with_help("`isotherm run` writes one to see what there is")
        })
    }

    /// The largest difference from an exact temperature over all cells at the end.
    fn error(&self, exact: &Expression) -> Result<f64, Error> {
        let time = self.reported(TIME)?;
        let source = config::load(&self.path(CONFIG))?;
        let grid = config::parse(&source, &[], Path::new(""))?.grid;
        let whole = Window {
            grid: grid.cells,
            start: [0, 0],
            cells: grid.cells,
        };
        let u = read_block(&self.path(FIELDS), TEMPERATURE, whole)?;
        Ok(largest_error(&u, &grid, |[x, y]| exact.eval(x, y, time)))
    }
}

/// The largest difference of cells, x varying fastest, from a function of their centres; NaN if one is.
fn largest_error(u: &[f64], grid: &Grid, exact: impl Fn([f64; 2]) -> f64) -> f64 {
    let mut largest: f64 = 0.0;
    for (j, row) in u.chunks(grid.cells[0]).enumerate() {
        for (i, u) in row.iter().enumerate() {
            let error = (u - exact(grid.center(signed(i), signed(j)))).abs();
            if error > largest || error.is_nan() {
                largest = error;
            }
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_error_is_that_of_any_cell_or_nan() {
        let grid = Grid {
            cells: [3, 2],
            size: [3.0, 2.0],
            origin: [10.0, 20.0],
        };
        let exact = |[x, y]: [f64; 2]| x + 100.0 * y;
        let mut u: Vec<f64> = (0..6)
            .map(|k| exact([10.5 + f64::from(k % 3), 20.5 + f64::from(k / 3)]))
            .collect();
        assert_eq!(largest_error(&u, &grid, exact), 0.0);
        u[5] -= 0.5;
        u[1] += 0.25;
        assert_eq!(largest_error(&u, &grid, exact), 0.5);
        u[2] = f64::NAN;
        assert!(largest_error(&u, &grid, exact).is_nan());
    }
}
