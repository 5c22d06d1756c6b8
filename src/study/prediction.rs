//! How long explicit steps take on more ranks than there are here.
//!
//! A batch of `k` steps is packing, the cells that need no message while messages fly, waiting for what is
//! still under way then, unpacking, and the other cells. Cells are counted as the program tiles them,
//! those that are computed more than once included, and computed at a measured rate; messages are
//! counted as the program sends them, and cost what `LogGP` says ([`Network`]). All ranks are taken to
//! be as slow as the slowest, as neighbours wait for each other, and to begin together. Not counted:
//! diagnostics and files, whose sums over all ranks are rare, and noise of the system.

mod machine;
mod measure;
mod trace;

use std::collections::BTreeMap;

use serde::Serialize;

use super::Network;
use crate::{
    domain::{Domain, choose_ranks},
    field::Real,
    grid::Grid,
    stepper::{Batch, Plan},
};

pub use machine::{Kind, Machine, Point, Rate};
pub use measure::{Trials, measure};
pub use trace::write_trace;

/// A machine whose ranks talk over some network.
#[derive(Debug, Clone, Copy)]
pub struct Model<'a> {
    pub machine: &'a Machine,
    pub network: Network,
}

/// What a batch of steps keeps a rank's processors busy with, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    pub pack: f64,
    pub interior: f64,
    pub unpack: f64,
    pub rim: f64,
}

/// The time of one step, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepTime {
    pub total: f64,
    /// Of which packing, waiting and unpacking.
    pub communication: f64,
    /// From the posting of messages to their arrival; some of it may be hidden behind computing.
    pub in_flight: f64,
    pub wait: f64,
}

impl StepTime {
    /// Of the time that messages fly, the part that nobody waits. Absent without messages.
    #[must_use]
    pub fn hidden(&self) -> Option<f64> {
        (self.in_flight > 0.0).then(|| (self.in_flight - self.wait) / self.in_flight)
    }
}

impl Model<'_> {
    /// What a batch of a rank with so many own cells takes beside `busy` ranks.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub fn work(&self, batch: &Batch, cells: [usize; 2], busy: usize) -> Work {
        let rate = self.machine.rate(cells, batch.steps, busy);
        let messages = batch.messages.len() as f64 * self.network.overhead
            + batch.bytes() as f64 * self.machine.copy;
        Work {
            pack: messages,
            interior: batch.interior as f64 / rate,
            unpack: messages,
            rim: batch.rim as f64 / rate,
        }
    }

    /// The time of a step of one rank's part, beside `busy` ranks.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "few steps")]
    pub fn of_rank<T: Real>(&self, domain: &Domain, plan: Plan, busy: usize) -> StepTime {
        let batch = Batch::new::<T>(domain, plan, self.machine.kind.threads);
        let work = self.work(&batch, domain.cells, busy);
        let in_flight = if batch.messages.is_empty() {
            0.0
        } else {
            self.network.flight(batch.bytes())
        };
        let wait = (in_flight - work.interior).max(0.0);
        let communication = work.pack + wait + work.unpack;
        let steps = batch.steps as f64;
        StepTime {
            total: (communication + work.interior + work.rim) / steps,
            communication: communication / steps,
            in_flight: in_flight / steps,
            wait: wait / steps,
        }
    }

    /// The time of a step of the slowest rank; its part is at least as thick as the plan's halo is deep.
    #[must_use]
    pub fn step<T: Real>(&self, layout: &Layout, plan: Plan, busy: usize) -> StepTime {
        let kinds = layout.kinds();
        let times = kinds.iter().map(|part| self.of_rank::<T>(part, plan, busy));
        times
            .max_by(|a, b| a.total.total_cmp(&b.total))
            .expect("there is a rank")
    }

    /// The predicted time of a step that was measured, in seconds.
    #[must_use]
    pub fn of_point<T: Real>(&self, point: &Point, grid: Grid, periodic: [bool; 2]) -> f64 {
        let ranks = point.process_grid;
        let cells = point.cells;
        let layout = Layout {
            grid: Grid { cells, ..grid },
            ranks,
            periodic,
        };
        let busy = ranks[0] * ranks[1];
        self.step::<T>(&layout, point.plan, busy).total
    }

    /// Predictions for all numbers of ranks and all plans; those that do not fit on the grid are left out.
    #[must_use]
    pub fn predict<T: Real>(
        &self,
        scaling: &Scaling,
        ranks: &[usize],
        plans: &[Plan],
    ) -> Vec<Prediction> {
        let busy = self.machine.ranks;
        let alone = |plan: &Plan| {
            let layout = scaling.layout(1).expect("a grid has cells");
            self.step::<T>(&layout, *plan, busy).total
        };
        let alone: Vec<f64> = plans.iter().map(alone).collect();
        let best_alone = alone.iter().copied().fold(f64::INFINITY, f64::min);
        let mut all = Vec::new();
        for &ranks in ranks {
            let Some(layout) = scaling.layout(ranks) else {
                continue;
            };
            let first = all.len();
            let deepest = layout.domain(0).deepest_halo();
            for (plan, alone) in plans.iter().zip(&alone) {
                if plan.halo_depth > deepest {
                    continue;
                }
                let time = self.step::<T>(&layout, *plan, busy);
                all.push(Prediction {
                    ranks,
                    process_grid: layout.ranks,
                    cells: layout.grid.cells,
                    halo_depth: plan.halo_depth,
                    overlap: plan.overlap,
                    step_seconds: time.total,
                    efficiency: scaling.efficiency(*alone, time.total, ranks),
                    communication: time.communication / time.total,
                    hidden: time.hidden(),
                    best: None,
                });
            }
            let of_ranks = &mut all[first..];
            let best = of_ranks
                .iter_mut()
                .min_by(|a, b| a.step_seconds.total_cmp(&b.step_seconds));
            if let Some(best) = best {
                best.best = Some(scaling.efficiency(best_alone, best.step_seconds, ranks));
            }
        }
        all
    }
}

/// Steps on some ranks after some plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    pub ranks: usize,
    pub process_grid: [usize; 2],
    /// Of the whole grid.
    pub cells: [usize; 2],
    pub halo_depth: usize,
    pub overlap: bool,
    pub step_seconds: f64,
    /// Against one rank with the same plan.
    pub efficiency: f64,
    /// Of the time of a step, what packing, waiting and unpacking take.
    pub communication: f64,
    /// Of the time that messages fly, what is hidden behind computing.
    pub hidden: Option<f64>,
    /// Of the fastest plan on so many ranks: its efficiency against the fastest plan on one rank.
    pub best: Option<f64>,
}

/// What grows with the ranks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// Strong: the whole grid. Weak: the cells of each rank, and the whole rectangle.
    pub grid: Grid,
    pub periodic: [bool; 2],
    pub strong: bool,
}

impl Scaling {
    /// The grid for so many ranks, on the process grid that the program chooses. Weak scaling multiplies the
    /// cells and the size by factors as even as possible, the larger along x. `None` if there are too few
    /// cells.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of ranks")]
    pub fn layout(&self, ranks: usize) -> Option<Layout> {
        let Self { grid, periodic, .. } = *self;
        let factors = if self.strong {
            [1, 1]
        } else {
            even_factors(ranks)
        };
        let grid = Grid {
            cells: [0, 1].map(|axis| factors[axis] * grid.cells[axis]),
            size: [0, 1].map(|axis| factors[axis] as f64 * grid.size[axis]),
            ..grid
        };
        Some(Layout {
            grid,
            ranks: choose_ranks(&grid, ranks, periodic)?,
            periodic,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of ranks")]
    fn efficiency(&self, alone: f64, together: f64, ranks: usize) -> f64 {
        let share = if self.strong { ranks as f64 } else { 1.0 };
        alone / (share * together)
    }
}

/// Two numbers with this product, as even as possible, the larger first.
fn even_factors(number: usize) -> [usize; 2] {
    let mut candidates = (1..=number.isqrt()).rev();
    let smaller = candidates
        .find(|factor| number.is_multiple_of(*factor))
        .unwrap_or(1);
    [number / smaller, smaller]
}

/// A grid among ranks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    pub grid: Grid,
    pub ranks: [usize; 2],
    pub periodic: [bool; 2],
}

impl Layout {
    /// The part of a rank.
    #[must_use]
    pub fn domain(&self, rank: usize) -> Domain {
        Domain::new(self.grid, self.ranks, self.periodic, rank)
    }

    /// One rank of each kind: those with as many cells and neighbours on the same sides take as long.
    fn kinds(&self) -> Vec<Domain> {
        let mut kinds = BTreeMap::new();
        for rank in 0..self.ranks[0] * self.ranks[1] {
            let domain = self.domain(rank);
            let sides = [[-1, 0], [1, 0], [0, -1], [0, 1]];
            let neighbors = sides.map(|step| domain.neighbor(step).is_some());
            kinds.entry((domain.cells, neighbors)).or_insert(domain);
        }
        kinds.into_values().collect()
    }
}

#[cfg(test)]
mod tests;
