//! `report.json`: what the run was, and where its time went.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize, Serializer};

use super::{FrameTimes, Summary, hdf5, run_directory::write_whole};
use crate::{
    comm::{Communicator, agree, all_gather, host_name},
    domain::Domain,
    error::{Error, Kind},
    simulation::Clock,
    stepper::{Choice, Solves, StepTimes},
};

/// What the caller knows of a run that has ended; times are those of this rank.
pub struct Facts<'a> {
    pub domain: &'a Domain,
    pub clock: &'a Clock,
    /// Steps that a run took from which this one went on; 0 for none.
    pub first_step: u64,
    pub threads: usize,
    /// Cores that this rank may use, such as `0-15,32`.
    pub cores: &'a str,
    /// `f64` or `f32`.
    pub precision: &'static str,
    /// Name and version of the MPI library; `None` without one.
    pub mpi: Option<String>,
    /// Seconds of wall clock in the loop.
    pub wall: f64,
    pub times: StepTimes,
    /// How steps were taken in the end, where there was a choice.
    pub plan: Option<Choice>,
    /// Stages of all steps, where a step has several.
    pub stages: Option<u64>,
    /// What linear solves took, where there were any.
    pub solves: Option<&'a Solves>,
    /// Of the last state, in cases that come from decks of `TeaLeaf`.
    pub tealeaf: Option<Summary>,
    pub frames: FrameTimes,
    /// Names of the observers and seconds in each of them.
    pub observers: Vec<(&'static str, f64)>,
}

/// The content of `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub program: Program,
    pub layout: Layout,
    pub run: Run,
    /// How steps were taken in the end: as prescribed, remembered or found by trying. Absent where
    /// there is no choice.
    pub plan: Option<Choice>,
    /// What linear solves took. Absent for schemes without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solver: Option<Solves>,
    /// Of the last state. Absent but for cases that come from decks of `TeaLeaf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tealeaf: Option<Summary>,
    /// Seconds of wall clock by phase, over the ranks: those of a step, then the observers.
    #[serde(serialize_with = "as_map")]
    pub phases: Vec<(&'static str, Spread)>,
    /// Largest over mean time to compute cells; 1 is even. Absent if nothing was computed.
    pub imbalance: Option<f64>,
    pub communication: Communication,
    pub frames: Written,
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Program {
    pub version: &'static str,
    /// As `git describe` names it; absent if it was not built from a checkout.
    pub commit: Option<&'static str>,
    pub mpi: Option<String>,
    pub hdf5: String,
}

/// Where it was run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    pub ranks: usize,
    /// Ranks along x and along y.
    pub process_grid: [usize; 2],
    pub threads_per_rank: usize,
    /// Ranks on each host.
    pub hosts: BTreeMap<String, usize>,
    /// Where each rank ran, in their order.
    pub places: Vec<Place>,
}

/// Where a rank ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub host: String,
    /// Cores that it was allowed to use, as the kernel lists them.
    pub cores: String,
    pub threads: usize,
}

/// How much was done, and how fast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    pub precision: &'static str,
    /// Cells along x and along y.
    pub cells: [usize; 2],
    pub steps: u64,
    /// The step of the checkpoint that the run went on from: times and rates are of the steps after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed_after_step: Option<u64>,
    /// Of all steps; each applies the operator once. Absent for schemes whose steps have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages: Option<u64>,
    /// Simulated seconds.
    pub simulated_time: f64,
    /// Seconds of the slowest rank's wall clock in the loop.
    pub wall_seconds: f64,
    /// Cell updates per second of wall clock.
    pub cell_updates_per_second: f64,
}

/// Seconds over the ranks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub min: f64,
    pub mean: f64,
    pub max: f64,
}

/// How much of the time of messages was hidden behind computation; means over the ranks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Communication {
    /// Seconds from the posting of messages to their arrival.
    pub in_flight: f64,
    /// Seconds of waiting with nothing else to do.
    pub wait: f64,
    /// `(in_flight - wait) / in_flight`, an upper bound: an arrival is noticed at the next look for
    /// it. Absent if there were no messages.
    pub hidden_fraction: Option<f64>,
}

/// What writing `fields.vtkhdf` took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Written {
    /// Frames that this run wrote.
    pub count: usize,
    /// Seconds from when a frame was due until it was whole, of all frames.
    pub seconds: f64,
    /// Seconds of these for which steps waited.
    pub wait: f64,
    /// `(seconds - wait) / seconds`. Absent if there were no frames.
    pub hidden_fraction: Option<f64>,
}

impl From<FrameTimes> for Written {
    fn from(times: FrameTimes) -> Self {
        let FrameTimes {
            frames,
            writing,
            waiting,
        } = times;
        Self {
            count: frames,
            seconds: writing,
            wait: waiting,
            hidden_fraction: (writing > 0.0).then(|| (1.0 - waiting / writing).max(0.0)),
        }
    }
}

/// What each rank contributes.
#[derive(Serialize, Deserialize)]
struct Part {
    place: Place,
    wall: f64,
    compute: f64,
    wait: f64,
    in_flight: f64,
    phases: Vec<f64>,
}

impl Report {
    /// The report of all ranks. Collective.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub fn gather(facts: &Facts<'_>, comm: &dyn Communicator) -> Self {
        let (names, seconds): (Vec<_>, Vec<_>) = phases(facts).into_iter().unzip();
        let part = Part {
            place: Place {
                host: host_name(),
                cores: facts.cores.to_owned(),
                threads: facts.threads,
            },
            wall: facts.wall,
            compute: facts.times.interior + facts.times.rim,
            wait: facts.times.wait,
            in_flight: facts.times.in_flight,
            phases: seconds,
        };
        let parts = all_gather(comm, &part);
        let spread = |of: &dyn Fn(&Part) -> f64| Spread::of(parts.iter().map(of));
        let spreads = names
            .iter()
            .enumerate()
            .map(|(k, name)| (*name, spread(&|part| part.phases[k])))
            .collect();
        let compute = spread(&|part| part.compute);
        let in_flight = spread(&|part| part.in_flight).mean;
        let wait = spread(&|part| part.wait).mean;
        let wall_seconds = spread(&|part| part.wall).max;
        let mut hosts = BTreeMap::new();
        for part in &parts {
            *hosts.entry(part.place.host.clone()).or_default() += 1;
        }
        let (grid, steps) = (&facts.domain.grid, facts.clock.step());
        Self {
            program: Program {
                version: env!("CARGO_PKG_VERSION"),
                commit: option_env!("ISOTHERM_COMMIT"),
                mpi: facts.mpi.clone(),
                hdf5: hdf5::version(),
            },
            layout: Layout {
                ranks: comm.size(),
                process_grid: facts.domain.ranks,
                threads_per_rank: facts.threads,
                hosts,
                places: parts.into_iter().map(|part| part.place).collect(),
            },
            run: Run {
                precision: facts.precision,
                cells: grid.cells,
                steps,
                resumed_after_step: Some(facts.first_step).filter(|step| *step > 0),
                stages: facts.stages,
                simulated_time: facts.clock.time(),
                wall_seconds,
                cell_updates_per_second: (steps - facts.first_step) as f64
                    * grid.cell_count() as f64
                    / wall_seconds,
            },
            plan: facts.plan,
            solver: facts.solves.cloned(),
            tealeaf: facts.tealeaf,
            phases: spreads,
            imbalance: (compute.mean > 0.0).then(|| compute.max / compute.mean),
            communication: Communication {
                in_flight,
                wait,
                hidden_fraction: (in_flight > 0.0).then(|| (in_flight - wait) / in_flight),
            },
            frames: facts.frames.into(),
        }
    }

    /// Writes the report as `path`, whole or not at all. Collective; rank 0 writes.
    ///
    /// # Errors
    /// [`Kind::Storage`] if it cannot be written.
    pub fn write(&self, path: &Path, comm: &dyn Communicator) -> Result<(), Error> {
        let written = if comm.rank() == 0 {
            serde_json::to_string_pretty(self)
                .map_err(|error| Error::new(Kind::Internal, error.to_string()))
                .and_then(|text| write_whole(path, (text + "\n").as_bytes()))
        } else {
            Ok(())
        };
        agree(comm, written)
    }
}

/// Names and seconds of this rank's phases.
fn phases(facts: &Facts<'_>) -> Vec<(&'static str, f64)> {
    let StepTimes {
        walls_and_sources,
        pack,
        interior,
        wait,
        unpack,
        rim,
        solver,
        in_flight: _,
    } = facts.times;
    let step = [
        ("walls_and_sources", walls_and_sources),
        ("pack", pack),
        ("interior", interior),
        ("wait", wait),
        ("unpack", unpack),
        ("rim", rim),
    ];
    step.into_iter()
        .chain(facts.solves.map(|_| ("solver", solver)))
        .chain(facts.observers.iter().copied())
        .collect()
}

fn as_map<S: Serializer>(phases: &[(&str, Spread)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(phases.iter().copied())
}

impl Spread {
    #[expect(clippy::cast_precision_loss, reason = "ranks are far fewer than 2^53")]
    fn of(values: impl ExactSizeIterator<Item = f64>) -> Self {
        let count = values.len() as f64;
        let start = Self {
            min: f64::INFINITY,
            mean: 0.0,
            max: f64::NEG_INFINITY,
        };
        values.fold(start, |spread, value| Self {
            min: spread.min.min(value),
            mean: spread.mean + value / count,
            max: spread.max.max(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{comm::Local, grid::Grid, simulation::Pace};

    #[test]
    fn the_report_spans_all_ranks() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("report.json");
        Local::run(2, |comm| {
            let grid = Grid {
                cells: [10, 20],
                size: [1.0, 1.0],
                origin: [0.0, 0.0],
            };
            let domain = Domain::new(grid, [2, 1], [false; 2], comm.rank());
            let mut clock = Clock::new(1.0, Pace::Even);
            let steps = clock.next_steps(0.25, f64::INFINITY, 1);
            clock.tick(steps.len());
            let own = if comm.rank() == 0 { 1.0 } else { 3.0 };
            let facts = Facts {
                domain: &domain,
                clock: &clock,
                first_step: 0,
                threads: 3,
                cores: ["0-2", "3,5"][comm.rank()],
                precision: "f64",
                mpi: None,
                wall: 2.0 * own,
                plan: None,
                stages: Some(7),
                solves: None,
                tealeaf: None,
                frames: FrameTimes {
                    frames: 3,
                    writing: 4.0,
                    waiting: 1.0,
                },
                times: StepTimes {
                    interior: own,
                    rim: 1.0,
                    in_flight: 2.0,
                    wait: 0.5,
                    ..StepTimes::default()
                },
                observers: vec![("snapshots", own)],
            };
            let report = Report::gather(&facts, comm.as_ref());
            report.write(&path, comm.as_ref()).unwrap();
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["layout"]["ranks"], 2);
        assert_eq!(report["layout"]["process_grid"], serde_json::json!([2, 1]));
        assert_eq!(report["run"]["steps"], 1);
        assert_eq!(report["run"]["stages"], 7);
        assert_eq!(report["run"]["simulated_time"], 0.25);
        assert_eq!(report["run"]["wall_seconds"], 6.0);
        assert_eq!(report["run"]["cell_updates_per_second"], 200.0 / 6.0);
        let spread = serde_json::json!({"min": 1.0, "mean": 2.0, "max": 3.0});
        assert_eq!(report["phases"]["snapshots"], spread);
        assert_eq!(report["phases"]["interior"], spread);
        assert_eq!(report["imbalance"], 4.0 / 3.0);
        assert_eq!(report["communication"]["hidden_fraction"], 0.75);
        let cores = |rank: usize| &report["layout"]["places"][rank]["cores"];
        assert_eq!([cores(0), cores(1)], ["0-2", "3,5"]);
        assert_eq!(report["layout"]["places"][1]["threads"], 3);
        let frames =
            serde_json::json!({"count": 3, "seconds": 4.0, "wait": 1.0, "hidden_fraction": 0.75});
        assert_eq!(report["frames"], frames);
        let hosts = report["layout"]["hosts"].as_object().unwrap();
        assert_eq!(hosts.values().next().unwrap(), 2);
        assert!(
            report["program"]["hdf5"]
                .as_str()
                .unwrap()
                .starts_with("1.")
        );
    }
}
