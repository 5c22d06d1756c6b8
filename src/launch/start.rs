//! How runs on several ranks are started from here.

use std::{env, thread};

/// In a Slurm job. A step does not inherit `--cpus-per-task` from every version of sbatch.
const SRUN: &str = "srun --mpi=pmix --ntasks={ranks} --cpus-per-task={threads} --cpu-bind=cores";

/// Elsewhere: Open MPI's, with as many cores for each rank as it has threads.
const MPIRUN: &str = "mpirun -n {ranks} --map-by slot:PE={threads} --bind-to core";

/// What stands before a program to start it on several ranks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// With `{ranks}` and `{threads}` in it.
    template: String,
    /// Whether one rank is started without it.
    spares_one: bool,
}

impl Start {
    /// The launcher that is given; else srun inside of a Slurm job, and mpirun for several ranks elsewhere.
    #[must_use]
    pub fn new(given: Option<&str>) -> Self {
        let in_job = env::var_os("SLURM_JOB_ID").is_some();
        let (template, spares_one) = match given {
            Some(template) => (template, false),
            None if in_job => (SRUN, false),
            None => (MPIRUN, true),
        };
        Self {
            template: template.to_owned(),
            spares_one,
        }
    }

    /// The words before the program; none where it starts by itself.
    #[must_use]
    pub fn words(&self, ranks: usize, threads: usize) -> Vec<String> {
        if self.spares_one && ranks == 1 {
            return Vec::new();
        }
        let fill = |word: &str| {
            let word = word.replace("{ranks}", &ranks.to_string());
            word.replace("{threads}", &threads.to_string())
        };
        self.template.split_whitespace().map(fill).collect()
    }
}

/// The cores that runs may be spread over: those of this machine that the program may use, or inside of a
/// Slurm job those of all its nodes, if they are alike.
#[must_use]
pub fn cores() -> usize {
    let variable = |name| env::var(name).ok()?.parse::<usize>().ok();
    let of_job = || Some(variable("SLURM_JOB_NUM_NODES")? * variable("SLURM_CPUS_ON_NODE")?);
    of_job()
        .filter(|cores| *cores > 0)
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_is_told_ranks_and_threads() {
        let own = Start {
            template: MPIRUN.to_owned(),
            spares_one: true,
        };
        assert_eq!(
            own.words(3, 2).join(" "),
            "mpirun -n 3 --map-by slot:PE=2 --bind-to core"
        );
        assert!(own.words(1, 2).is_empty());
        let given = Start::new(Some("mpiexec  -n {ranks}"));
        assert_eq!(given.words(1, 2), ["mpiexec", "-n", "1"]);
    }
}
