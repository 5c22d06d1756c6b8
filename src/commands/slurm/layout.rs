//! Ranks over nodes, threads over cores, and the memory they take.

use super::Given;
use crate::{
    config::Precision,
    error::{Error, count},
    launch::machine::Machine,
};

/// MiB of a rank besides its fields: the program, MPI and HDF5.
const PROGRAM: u64 = 256;

/// More nodes than a config asks for by itself.
const MOST_NODES: usize = 10_000;

/// The shape of a job.
pub struct Layout {
    pub nodes: usize,
    pub ranks_per_node: usize,
    pub threads: usize,
    /// MiB of a node.
    pub memory: u64,
    /// Whether the nodes are those that were asked for.
    pub nodes_are_given: bool,
    pub ranks_from: &'static str,
    pub threads_from: &'static str,
}

impl Layout {
    /// The layout on the fewest nodes, or on `nodes`, whose memory is enough: a rank for each NUMA domain and a thread
    /// for each of its cores, unless ranks or threads are given.
    ///
    /// # Errors
    /// If there is none.
    pub fn choose(
        given: &Given,
        machine: &Machine,
        nodes: Option<usize>,
        threads: Option<usize>,
    ) -> Result<Self, Error> {
        let parallel = given.case.parallel;
        let asked_threads = threads.or(parallel.threads);
        let all_ranks = parallel.ranks.map(|[px, py]| px * py);
        let cores = machine.cores;
        if let Some(threads) = asked_threads.filter(|threads| *threads > cores) {
            let message =
                format!("{threads} threads of a rank are more than the {cores} cores of a node");
            return Err(Error::input(message).with_help(format!("use --threads {cores}, or fewer")));
        }
        let range = nodes.map_or(1..=MOST_NODES.min(all_ranks.unwrap_or(MOST_NODES)), |n| {
            n..=n
        });
        let mut too_much = None;
        for nodes_now in range {
            let ranks_per_node = match (all_ranks, asked_threads) {
                (Some(all), _) if all % nodes_now != 0 => continue,
                (Some(all), _) => all / nodes_now,
                (None, Some(threads)) => cores / threads,
                (None, None) => machine.numa_domains,
            };
            if ranks_per_node * asked_threads.unwrap_or(1) > cores {
                continue;
            }
            let memory =
                ranks_per_node as u64 * (PROGRAM + memory(given, nodes_now * ranks_per_node)?);
            if machine.memory.is_some_and(|available| memory > available) {
                too_much = Some(memory);
                continue;
            }
            return Ok(Self {
                nodes: nodes_now,
                ranks_per_node,
                threads: asked_threads.unwrap_or(cores / ranks_per_node),
                memory,
                nodes_are_given: nodes.is_some(),
                ranks_from: match (all_ranks, asked_threads) {
                    (Some(_), _) => "as many as parallel.ranks says",
                    (None, Some(_)) => "as many as there are cores for",
                    (None, None) => "one for each NUMA domain",
                },
                threads_from: match asked_threads {
                    Some(_) => "as asked for",
                    None => "one for each core",
                },
            });
        }
        // Where no layout was too large, none had as many ranks as are given.
        let (message, help) = match (too_much, all_ranks) {
            (Some(memory), _) => (
                format!(
                    "the ranks of a node need {memory} MiB, and it has {} MiB",
                    machine.memory.unwrap_or_default()
                ),
                "use more nodes, or fewer cells",
            ),
            (None, ranks) => (
                format!(
                    "{} cannot be divided among {} of {}",
                    count(ranks.unwrap_or_default(), "rank"),
                    nodes.map_or("nodes".to_owned(), |nodes| count(nodes, "node")),
                    count(cores, "core"),
                ),
                "set parallel.ranks to \"auto\", or give another --nodes or --threads",
            ),
        };
        Err(Error::input(message).with_help(help))
    }

    pub fn ranks(&self) -> usize {
        self.nodes * self.ranks_per_node
    }

    pub fn cores(&self) -> usize {
        self.ranks() * self.threads
    }
}

/// MiB of the fields of the largest of `ranks` ranks, and a quarter more.
fn memory(given: &Given, ranks: usize) -> Result<u64, Error> {
    let process_grid = given.process_grid(ranks)?;
    let cells = [0, 1].map(|axis| given.case.grid.cells[axis].div_ceil(process_grid[axis]) as u64);
    let bytes = match given.case.parallel.precision {
        Precision::F64 | Precision::Mixed => given.memory::<f64>(cells[0] * cells[1])?,
        Precision::F32 => given.memory::<f32>(cells[0] * cells[1])?,
    };
    Ok((bytes + bytes / 4).div_ceil(1 << 20))
}
