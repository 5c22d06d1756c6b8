//! The arguments of `isotherm scale`.

use std::path::PathBuf;

use clap::Args;

use super::{Config, Predict, positive};
use crate::error::Error;

pub const EXAMPLES: &str = "\
Examples:
  isotherm scale configs/scaling-strong.toml
  isotherm scale configs/scaling-weak.toml --ranks 1,2,4 --threads 1 --repetitions 9
  isotherm scale chip.toml --output studies/chip --launcher 'mpirun -n {ranks} --bind-to none'
  isotherm scale chip.toml --ranks 16,32,64 --threads 8 --array chip.sbatch
  isotherm scale --compare studies/before studies/after
  mpirun -n 2 isotherm scale chip.toml --predict 16..65536 --latency 2us --bandwidth 100Gbit
  mpirun -n 2 isotherm scale chip.toml --predict 4..4096 --strong --machine node.json
  isotherm scale chip.toml --predict 4..4096 --machine node.json --reports output/chip/report.json";

#[derive(Debug, Args)]
pub struct Scale {
    /// The config file, or a deck of the benchmark `TeaLeaf`; its section `[scale]` says what is run.
    #[arg(required_unless_present = "compare")]
    pub config: Option<PathBuf>,
    /// Override a key of the config, as in `scale.bandwidth=false` or `domain.cells=[4096,4096]`; repeatable.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// `strong` or `weak`, for the config's `scale.kind`.
    #[arg(long)]
    pub kind: Option<String>,
    /// Numbers of ranks, for `scale.ranks`.
    #[arg(long, value_name = "R,...", value_delimiter = ',', value_parser = positive)]
    pub ranks: Option<Vec<usize>>,
    /// Threads of each rank, for `scale.threads`; of a prediction, one number.
    #[arg(long, value_name = "T,...", value_delimiter = ',', value_parser = positive)]
    pub threads: Option<Vec<usize>>,
    /// How often each mixture counts, for `scale.repetitions`.
    #[arg(long, value_name = "N", value_parser = positive)]
    pub repetitions: Option<usize>,
    /// What starts a run, for `scale.launcher`, as in `mpirun -n {ranks}`.
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true)]
    pub launcher: Option<String>,
    /// Write to this directory instead of the config's.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replace the study in the output directory.
    #[arg(long)]
    pub overwrite: bool,
    /// Run nothing, but write a script for sbatch: an array of jobs, one for each run that is missing. When they
    /// have ended, the same command without this option collects the results.
    #[arg(long, value_name = "FILE")]
    pub array: Option<PathBuf>,
    /// Make this run only, and collect nothing: `4x2-1` is the first repetition on 4 ranks of 2 threads.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["array", "overwrite"])]
    pub only: Option<String>,
    /// Say which points of the second study, by its directory, are slower than in the first beyond noise; with
    /// status 1 if one is.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], exclusive = true)]
    pub compare: Option<Vec<PathBuf>>,
    #[command(flatten, next_help_heading = "Predictions")]
    pub predict: Predict,
}

impl Scale {
    /// The config of a prediction, if that is asked for.
    ///
    /// # Errors
    /// If it has several numbers of threads.
    pub fn prediction(&self) -> Result<Option<Config>, Error> {
        let (Some(_), Some(config)) = (self.predict.predict, &self.config) else {
            return Ok(None);
        };
        let threads = self.threads.as_deref().unwrap_or_default();
        if threads.len() > 1 {
            return Err(Error::input("--predict takes one number of --threads"));
        }
        Ok(Some(Config {
            config: config.clone(),
            set: self.set.clone(),
            threads: threads.first().copied(),
        }))
    }

    /// All options that stand for keys of the config, as arguments of `--set`.
    #[must_use]
    pub fn overrides(&self) -> Vec<String> {
        let list = |key: &str, numbers: &Option<Vec<usize>>| {
            let numbers = numbers.as_ref();
            numbers.map(|numbers| format!("scale.{key}={numbers:?}"))
        };
        let text = |key: &str, text: &Option<String>| {
            let text = text.as_ref();
            text.map(|text| crate::config::assignment(&format!("scale.{key}"), text))
        };
        let repetitions = self
            .repetitions
            .map(|number| format!("scale.repetitions={number}"));
        let own = [
            text("kind", &self.kind),
            list("ranks", &self.ranks),
            list("threads", &self.threads),
            repetitions,
            text("launcher", &self.launcher),
        ];
        self.set
            .iter()
            .cloned()
            .chain(own.into_iter().flatten())
            .collect()
    }
}
