//! How the program was started: by which launcher, on which cores, with how many threads.

pub mod machine;
pub mod memory;
mod placement;
mod start;
mod watchdog;

use std::{
    env, panic,
    time::{Duration, SystemTime},
};

pub use placement::{Placement, available_memory};
pub use start::{Start, cores};
pub use watchdog::Watchdog;

use crate::{
    comm,
    error::{Error, Kind},
};

/// From here on, a panic on any thread ends the whole job: the other ranks would wait for this one
/// for ever.
pub fn abort_on_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        report(panic);
        comm::abort(Kind::Internal.exit_status());
    }));
}

/// How much time Slurm leaves the job, where it says so.
#[must_use]
pub fn time_left() -> Option<Duration> {
    let end: u64 = env::var("SLURM_JOB_END_TIME").ok()?.parse().ok()?;
    let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(end))?;
    Some(end.duration_since(SystemTime::now()).unwrap_or_default())
}

/// What the environment says about the launcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launcher {
    pub name: &'static str,
    pub rank: usize,
    pub size: usize,
    /// How to give every rank `T` cores.
    binding: &'static str,
}

const MPIRUN: &str = "mpirun --map-by slot:PE={T} --bind-to core";
const SRUN: &str = "srun --cpus-per-task={T} --cpu-bind=cores";
const HYDRA: &str = "mpiexec -bind-to core:{T}";

impl Launcher {
    /// The launcher of this process, if one started it.
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        Self::from_variables(|name| env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let known = [
            (
                "Open MPI's mpirun",
                "OMPI_COMM_WORLD_RANK",
                "OMPI_COMM_WORLD_SIZE",
                MPIRUN,
            ),
            ("srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", SRUN),
            ("MPICH's mpiexec", "PMI_RANK", "PMI_SIZE", HYDRA),
        ];
        // MPICH's launcher inside a Slurm job starts its ranks under a step of its own, of which
        // they see the variables too.
        let differs = variable("PMI_SIZE").is_some_and(|size| {
            variable("SLURM_STEP_NUM_TASKS").is_some_and(|tasks| tasks != size)
        });
        let known = if differs {
            [known[0], known[2], known[1]]
        } else {
            known
        };
        known.into_iter().find_map(|(name, rank, size, binding)| {
            let number = |name| variable(name)?.parse().ok();
            // A batch script itself runs in a step too, without tasks of its own.
            let is_batch_script = name == "srun" && variable("SLURM_STEP_ID").is_none();
            (!is_batch_script).then_some(())?;
            Some(Self {
                name,
                rank: number(rank)?,
                size: number(size)?,
                binding,
            })
        })
    }

    /// How long it leaves the ranks after Ctrl-C or SIGTERM, where that is short.
    #[must_use]
    pub fn grace(&self) -> Option<Duration> {
        (self.binding == MPIRUN).then_some(Duration::from_secs(1))
    }

    /// Whether the launched processes need MPI. A single task of Slurm's may be a shell in which the
    /// program is typed, where MPI would refuse to start.
    #[must_use]
    pub fn needs_mpi(&self) -> bool {
        self.size > 1 || self.name != "srun"
    }

    /// Refuses a launcher that does not belong to the program's MPI library: it has started
    /// several processes, each of which believes to be alone.
    ///
    /// # Errors
    /// An input error that names the launcher.
    pub fn check(launcher: Option<Self>, size: usize) -> Result<(), Error> {
        let Some(launcher) = launcher.filter(|launcher| launcher.size > 1 && size == 1) else {
            return Ok(());
        };
        let (count, name) = (launcher.size, launcher.name);
        let help = if cfg!(feature = "mpi") {
            "start it with the mpirun of the MPI library it was built with; under Slurm with \
             `srun --mpi=pmix`"
        } else {
            "this program was built without MPI: start it alone, or build it with the feature `mpi`"
        };
        let message =
            format!("{name} started {count} processes, but each of them is a rank of its own");
        Err(Error::input(message).with_help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn mpirun(size: usize) -> Option<Launcher> {
        Launcher::from_variables(|name| match name {
            "OMPI_COMM_WORLD_RANK" => Some("0".into()),
            "OMPI_COMM_WORLD_SIZE" => Some(size.to_string()),
            _ => None,
        })
    }

    #[test]
    fn launchers_are_told_by_their_variables() {
        assert_eq!(mpirun(3).map(|launcher| launcher.size), Some(3));
        let grace = mpirun(3).and_then(|launcher| launcher.grace());
        assert_eq!(grace, Some(Duration::from_secs(1)));
        assert_eq!(Launcher::from_variables(|_| None), None);
        let batch = |name: &str| match name {
            "SLURM_PROCID" => Some("0".to_string()),
            "SLURM_NTASKS" => Some("4".to_string()),
            _ => None,
        };
        assert_eq!(Launcher::from_variables(batch), None);
        let step = |pmi: &'static str| {
            let launcher = Launcher::from_variables(move |name| match name {
                "SLURM_PROCID" | "SLURM_STEP_ID" | "PMI_RANK" => Some("0".to_string()),
                "SLURM_STEP_NUM_TASKS" => Some("2".to_string()),
                "PMI_SIZE" => Some(pmi.to_string()),
                _ => None,
            });
            launcher.map(|launcher| (launcher.name, launcher.size))
        };
        assert_eq!(step("2"), Some(("srun", 2)));
        assert_eq!(step("16"), Some(("MPICH's mpiexec", 16)));
    }

    #[test]
    fn several_processes_that_are_each_alone_are_refused() {
        assert!(Launcher::check(mpirun(3), 3).is_ok());
        assert!(Launcher::check(mpirun(1), 1).is_ok());
        assert!(Launcher::check(None, 1).is_ok());
        let error = Launcher::check(mpirun(3), 1).unwrap_err();
        assert_eq!(error.kind.exit_status(), 2);
        assert!(
            error.message.contains("mpirun started 3 processes"),
            "{error}"
        );
    }
}
