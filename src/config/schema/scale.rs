//! What a config file may hold about scaling studies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{config::quantity::Auto, study::scaling::Kind};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scale {
    /// `"strong"`: the same grid on all cores; or `"weak"`: as many cells for each core, of the same size. The
    /// domain of the config is then that of one core, and grows along both axes.
    pub kind: Kind,
    /// Numbers of ranks, as in `[1, 2, 4]`, or `"auto"`: 1, 2, 4, ... up to the cores.
    pub ranks: Auto<Vec<usize>>,
    /// Threads of each rank, in the same forms. Every mixture of ranks and threads is run.
    pub threads: Auto<Vec<usize>>,
    /// Mixtures of more ranks times threads are left out. If absent, lists that are given are run whole, and
    /// `"auto"` goes up to the cores of this machine or, inside of a Slurm job, of its nodes.
    pub cores: Option<usize>,
    /// How often each mixture is run, besides once before that does not count.
    pub repetitions: usize,
    /// Whether the bandwidth of the memory is measured beside each run.
    pub bandwidth: bool,
    /// What starts a run: a command line with `{ranks}` and, where it is of use, `{threads}` in it; the program
    /// and its arguments are put behind. If absent, `srun` inside of a Slurm job, and elsewhere Open MPI's
    /// `mpirun`, or nothing for one rank.
    pub launcher: Option<String>,
}

impl Default for Scale {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            ranks: Auto::default(),
            threads: Auto::default(),
            cores: None,
            repetitions: 5,
            bandwidth: true,
            launcher: None,
        }
    }
}
