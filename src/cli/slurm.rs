//! Arguments of `isotherm slurm`.

use std::path::PathBuf;

use clap::Args;

use super::{Config, positive};
use crate::config::WallTime;

pub(super) const EXAMPLES: &str = "\
Examples:
  isotherm slurm chip.toml --machine slurm/machines/generic.sh > chip.sbatch
  isotherm slurm chip.toml --machine my-cluster.sh --nodes 4 --time 8h --output chip.sbatch";

#[derive(Debug, Args)]
pub struct Slurm {
    #[command(flatten)]
    pub config: Config,
    /// What the cluster is like; slurm/machines/generic.sh says how such a file is written.
    #[arg(long, value_name = "FILE")]
    pub machine: PathBuf,
    /// Nodes of the job [default: as few as have the memory].
    #[arg(long, value_name = "N", value_parser = positive)]
    pub nodes: Option<usize>,
    /// Time of the job, as in `90m` or `1d12h` [default: one and a half times what the run should take, and five
    /// minutes; at most the machine's `time_limit`].
    #[arg(long, value_name = "DURATION")]
    pub time: Option<WallTime>,
    /// Write the script to this file instead of standard output, and say there why it is as it is.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
