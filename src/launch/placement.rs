//! Ranks over nodes, threads over cores.

use std::{collections::BTreeSet, env, fmt};

use serde::{Deserialize, Serialize};

use super::Launcher;
use crate::{
    comm::{self, Communicator, all_gather},
    error::count,
};

/// Where one rank may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seat {
    host: String,
    cores: BTreeSet<usize>,
    /// Cores of the whole node.
    node_cores: usize,
}

/// Where the number of threads came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadsFrom {
    CommandLine,
    Config,
    Variable(&'static str),
    Affinity,
}

impl fmt::Display for ThreadsFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("--threads"),
            Self::Config => f.write_str("parallel.threads"),
            Self::Variable(name) => f.write_str(name),
            Self::Affinity => f.write_str("the cores each rank may use"),
        }
    }
}

/// Ranks over nodes and threads in ranks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Host name of every rank.
    pub hosts: Vec<String>,
    /// Of this rank.
    pub threads: usize,
    pub threads_from: ThreadsFrom,
    /// Cores that this rank may use, as the kernel lists them: `0-15,32`.
    pub cores: String,
    /// What keeps cores idle or threads waiting, with the flag that mends it.
    pub warnings: Vec<String>,
}

impl Placement {
    /// Decides on the threads of each rank: those asked for on the command line, else in the config, else by
    /// `SLURM_CPUS_PER_TASK`, else by `RAYON_NUM_THREADS`, else the cores that the rank may use, shared
    /// with the ranks that may use the same ones. Collective.
    #[must_use]
    pub fn find(
        comm: &dyn Communicator,
        launcher: Option<Launcher>,
        command_line: Option<usize>,
        config: Option<usize>,
    ) -> Self {
        let seats = all_gather(comm, &Seat::mine());
        let (threads, threads_from) = asked(command_line, config, |name| env::var(name).ok())
            .unwrap_or_else(|| (fair_share(&seats, comm.rank()), ThreadsFrom::Affinity));
        Self {
            warnings: warnings(&seats, &all_gather(comm, &threads), launcher),
            cores: in_ranges(&seats[comm.rank()].cores),
            hosts: seats.into_iter().map(|seat| seat.host).collect(),
            threads,
            threads_from,
        }
    }

    /// Other ranks on the node of a rank.
    #[must_use]
    pub fn ranks_beside(&self, rank: usize) -> usize {
        self.hosts
            .iter()
            .filter(|host| **host == self.hosts[rank])
            .count()
            - 1
    }

    /// Number of different hosts.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.hosts.iter().collect::<BTreeSet<_>>().len()
    }
}

/// The threads that somebody asked for, first of all on the command line.
fn asked(
    command_line: Option<usize>,
    config: Option<usize>,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<(usize, ThreadsFrom)> {
    let by_variable = |name: &'static str| {
        let threads = variable(name)?.parse().ok();
        let threads = threads.filter(|&threads| threads > 0)?;
        Some((threads, ThreadsFrom::Variable(name)))
    };
    command_line
        .map(|threads| (threads, ThreadsFrom::CommandLine))
        .or(config.map(|threads| (threads, ThreadsFrom::Config)))
        .or_else(|| by_variable("SLURM_CPUS_PER_TASK"))
        .or_else(|| by_variable("RAYON_NUM_THREADS"))
}

impl Seat {
    fn mine() -> Self {
        let node_cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            host: comm::host_name(),
            cores: allowed_cores().unwrap_or_else(|| (0..node_cores).collect()),
            node_cores: online_cores().unwrap_or(node_cores),
        }
    }
}

#[cfg(target_os = "linux")]
fn allowed_cores() -> Option<BTreeSet<usize>> {
    let set = rustix::thread::sched_getaffinity(None).ok()?;
    Some(
        (0..rustix::thread::CpuSet::MAX_CPU)
            .filter(|&core| set.is_set(core))
            .collect(),
    )
}

#[cfg(not(target_os = "linux"))]
fn allowed_cores() -> Option<BTreeSet<usize>> {
    None
}

/// Cores of the node as the kernel lists them, such as `0-15,32`.
fn online_cores() -> Option<usize> {
    let list = std::fs::read_to_string("/sys/devices/system/cpu/online").ok()?;
    list.trim()
        .split(',')
        .map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            Some((last + 1).saturating_sub(first))
        })
        .sum()
}

/// Memory in bytes that processes on this node may still take, where the system says so.
#[must_use]
pub fn available_memory() -> Option<u64> {
    let read = |path| std::fs::read_to_string(path).ok();
    let info = read("/proc/meminfo")?;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let free = 1024 * line.trim().trim_end_matches(" kB").parse::<u64>().ok()?;
    // A container's own limit, where there is one (cgroup 2).
    let limit = read("/sys/fs/cgroup/memory.max").and_then(|limit| limit.trim().parse().ok());
    Some(limit.map_or(free, |limit: u64| limit.min(free)))
}

/// Numbers in the way of the kernel, `0-15,32`.
fn in_ranges(numbers: &BTreeSet<usize>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let words: Vec<_> = ranges
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            _ => format!("{first}-{last}"),
        })
        .collect();
    words.join(",")
}

/// Cores of a rank over the ranks of its node that may use some of them.
fn fair_share(seats: &[Seat], rank: usize) -> usize {
    let mine = &seats[rank];
    let sharers = seats
        .iter()
        .filter(|seat| seat.host == mine.host && !seat.cores.is_disjoint(&mine.cores))
        .count();
    (mine.cores.len() / sharers.max(1)).max(1)
}

fn warnings(seats: &[Seat], threads: &[usize], launcher: Option<Launcher>) -> Vec<String> {
    let fix = |threads: usize| match launcher {
        Some(launcher) => {
            let flags = launcher.binding.replace("{T}", &threads.to_string());
            format!("`{flags}` gives every rank {threads} cores")
        }
        None => format!("use --threads {threads}"),
    };
    let mut warnings = Vec::new();
    let starved = seats
        .iter()
        .zip(threads)
        .find(|(seat, threads)| seat.cores.len() < **threads);
    if let Some((seat, &threads)) = starved {
        let cores = seat.cores.len();
        let fix = if launcher.is_some() {
            fix(threads)
        } else {
            fix(cores)
        };
        warnings.push(format!(
            "{threads} threads of a rank share {}: {fix}",
            count(cores, "core")
        ));
        return warnings;
    }
    let hosts: BTreeSet<_> = seats.iter().map(|seat| &seat.host).collect();
    for host in hosts {
        let seats_here = seats.iter().zip(threads);
        let here: Vec<_> = seats_here.filter(|(seat, _)| &seat.host == host).collect();
        let ranks = here.len();
        let node_cores = here.iter().map(|(seat, _)| seat.node_cores).max();
        let node_cores = node_cores.unwrap_or(1);
        let cores: BTreeSet<_> = (here.iter().flat_map(|(seat, _)| &seat.cores).copied()).collect();
        // The ranks that may use nothing but some cores, and their threads.
        let crowd = |cores: &BTreeSet<usize>| {
            let within = here.iter().filter(|(seat, _)| seat.cores.is_subset(cores));
            within.fold((0, 0), |(ranks, all), (_, threads)| {
                (ranks + 1, all + **threads)
            })
        };
        let shares: BTreeSet<_> = (here.iter().map(|(seat, _)| &seat.cores))
            .chain([&cores])
            .collect();
        let crowded = shares
            .into_iter()
            .map(|cores| (cores.len(), crowd(cores)))
            .find(|(cores, (_, threads))| threads > cores);
        if let Some((few, (sharers, wanted))) = crowded {
            let most = here.iter().map(|(_, threads)| **threads).max().unwrap_or(1);
            let fix = match launcher {
                Some(_) if most * ranks <= node_cores => fix(most),
                _ if ranks > node_cores => "start fewer ranks".to_owned(),
                _ => format!("use --threads {}", node_cores / ranks),
            };
            warnings.push(format!(
                "{} of {} on {host} share {}: {fix}",
                count(wanted, "thread"),
                count(sharers, "rank"),
                count(few, "core"),
            ));
        } else if launcher.is_some() && cores.len() < node_cores && node_cores / ranks > 1 {
            warnings.push(format!(
                "the ranks on {host} may use {} of its {node_cores} cores: {}",
                cores.len(),
                fix(node_cores / ranks)
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::mpirun;

    fn seat(host: &str, cores: impl IntoIterator<Item = usize>) -> Seat {
        Seat {
            host: host.into(),
            cores: cores.into_iter().collect(),
            node_cores: 8,
        }
    }

    #[test]
    fn ranks_that_share_cores_share_threads() {
        let seats = [seat("a", 0..4), seat("a", 0..4), seat("b", 0..4)];
        assert_eq!(fair_share(&seats, 0), 2);
        assert_eq!(fair_share(&seats, 2), 4);
        assert_eq!(fair_share(&[seat("a", [0]), seat("a", [1])], 1), 1);
        assert_eq!(fair_share(&[seat("a", [0]), seat("a", [0])], 1), 1);
    }

    #[test]
    fn starved_threads_get_the_launchers_flag() {
        let warnings = warnings(&[seat("a", [0]), seat("a", [1])], &[4, 4], mpirun(2));
        assert_eq!(
            warnings,
            [
                "4 threads of a rank share 1 core: `mpirun --map-by slot:PE=4 --bind-to core` gives \
              every rank 4 cores"
            ]
        );
    }

    #[test]
    fn ranks_on_one_core_are_seen_beside_an_idle_one() {
        let seats = [seat("a", [0]), seat("a", [0]), seat("a", 1..8)];
        let found = warnings(&seats, &[1, 1, 5], mpirun(3));
        assert!(
            found[0].starts_with("2 threads of 2 ranks on a share 1 core: "),
            "{found:?}"
        );
        assert!(found[0].contains("use --threads 2"), "{found:?}");
        let many: Vec<_> = (0..9).map(|_| seat("a", 0..8)).collect();
        let found = warnings(&many, &[1; 9], mpirun(9));
        assert!(found[0].ends_with("start fewer ranks"), "{found:?}");
    }

    #[test]
    fn threads_are_those_of_the_first_who_says() {
        let slurm = |name: &str| (name == "SLURM_CPUS_PER_TASK").then(|| "3".to_owned());
        let rayon = |name: &str| (name == "RAYON_NUM_THREADS").then(|| "4".to_owned());
        let both = |name: &str| slurm(name).or_else(|| rayon(name));
        let zero = |_: &str| Some("0".to_owned());
        let threads = |found: Option<(usize, ThreadsFrom)>| found.map(|(threads, _)| threads);
        assert_eq!(threads(asked(Some(1), Some(2), both)), Some(1));
        assert_eq!(threads(asked(None, Some(2), both)), Some(2));
        assert_eq!(threads(asked(None, None, both)), Some(3));
        assert_eq!(threads(asked(None, None, rayon)), Some(4));
        assert_eq!(asked(None, None, zero), None);
    }

    #[test]
    fn cores_are_listed_as_the_kernel_does() {
        let list = |cores: &[usize]| in_ranges(&cores.iter().copied().collect());
        assert_eq!(list(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
        assert_eq!(list(&[3]), "3");
        assert_eq!(list(&[]), "");
    }

    #[test]
    fn oversubscribed_and_idle_cores_are_named() {
        let both = [seat("a", 0..2), seat("a", 0..2)];
        let found = warnings(&both, &[2, 2], mpirun(2));
        let flags = "`mpirun --map-by slot:PE=2 --bind-to core` gives every rank 2 cores";
        assert_eq!(
            found,
            [format!("4 threads of 2 ranks on a share 2 cores: {flags}")]
        );
        let whole = [seat("a", 0..8), seat("a", 0..8)];
        let found = warnings(&whole, &[8, 8], mpirun(2));
        let fix = "use --threads 4";
        assert_eq!(
            found,
            [format!("16 threads of 2 ranks on a share 8 cores: {fix}")]
        );
        let bound = [seat("a", [0]), seat("a", [1])];
        let found = warnings(&bound, &[1, 1], mpirun(2));
        assert!(found[0].contains("use 2 of its 8 cores"), "{found:?}");
        assert!(found[0].contains("PE=4"), "{found:?}");
        assert!(warnings(&[seat("a", 0..8)], &[8], mpirun(1)).is_empty());
    }
}
