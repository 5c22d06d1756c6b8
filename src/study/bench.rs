//! `isotherm bench`: what memory and caches allow, and what time steps make of it.
//!
//! Everything is measured in turn in each of several rounds, so that a machine that others use too
//! is equally busy for both sides of a ratio. Rates are medians over the rounds, and ratios the
//! medians of the ratios within a round. Bytes are computed, not counted by the hardware.

mod bandwidth;
mod caches;
mod exchange;
mod kernel;
mod plans;
mod ratios;
pub(super) mod rounds;
mod steps;
mod table;

use std::rc::Rc;

use serde::Serialize;

use crate::{
    comm::Communicator,
    domain::{Domain, choose_ranks},
    error::Error,
    field::Team,
    grid::Grid,
    stepper::Plan,
};

pub use bandwidth::{Bandwidth, BandwidthRates, bandwidth};
pub use caches::Caches;
pub use exchange::Exchange;
pub use kernel::{Block, KernelRate};
pub use plans::{PlanRates, SettledRate, plans};
pub use ratios::{Ratio, Ratios};
pub use steps::{Bound, StepRate};

/// Fields of f64 that the measurements hold, all together. For each precision: one field and, for
/// constant and for per-cell coefficients, the one that a step is written to; three of coefficients;
/// in f32 that is half. Three of the bandwidth; two that the exchange of halos writes to.
pub const FIELDS: u128 = 14;

/// The same while plans are measured: of f64, a field, the one that a step is written to, and
/// three of coefficients.
pub const FIELDS_OF_PLANS: u128 = 5;

/// The same while the bandwidth alone is measured.
pub const FIELDS_OF_BANDWIDTH: u128 = 3;

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Along x and y, over all ranks.
    pub cells: [usize; 2],
    pub rounds: usize,
    /// That one repetition of one measurement takes, about; those in cache take less.
    pub seconds: f64,
}

/// Rates of all ranks together.
#[derive(Debug, Serialize)]
pub struct Rates {
    pub cells: [usize; 2],
    pub ranks: usize,
    pub process_grid: [usize; 2],
    /// Threads of each rank that were tried.
    pub threads: Vec<usize>,
    pub rounds: usize,
    pub caches: Caches,
    pub bandwidth: Vec<Bandwidth>,
    pub kernels: Vec<KernelRate>,
    pub steps: Vec<StepRate>,
    pub ratios: Ratios,
    /// Absent on one rank.
    pub exchange: Option<Exchange>,
}

/// The type of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    F64,
    F32,
}

impl Precision {
    pub const ALL: [Self; 2] = [Self::F64, Self::F32];

    /// Bytes of a number.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
        }
    }
}

/// What the material is: the same everywhere, or conductivity and heat capacity of each cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coefficients {
    Constant,
    PerCell,
}

impl Coefficients {
    pub const ALL: [Self; 2] = [Self::Constant, Self::PerCell];

    /// Numbers that a step reads for each cell besides its temperature: the weights of two faces
    /// and the reciprocal heat capacity.
    #[must_use]
    pub fn per_cell(self) -> usize {
        match self {
            Self::Constant => 0,
            Self::PerCell => 3,
        }
    }
}

/// One sweep over the memory for each step, or one for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    Plain,
    Fused,
}

impl Method {
    pub const ALL: [Self; 2] = [Self::Plain, Self::Fused];
}

/// The cache that a kernel's working set fits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Cache {
    L1,
    L2,
}

impl Cache {
    pub const ALL: [Self; 2] = [Self::L1, Self::L2];
}

/// What the measurements work on.
struct Setting {
    comm: Rc<dyn Communicator>,
    team: Rc<Team>,
    domain: Domain,
    /// Of each rank, ascending.
    threads: Vec<usize>,
    caches: Caches,
}

impl Setting {
    /// Collective.
    fn new(comm: &Rc<dyn Communicator>, team: &Rc<Team>, cells: [usize; 2]) -> Result<Self, Error> {
        let grid = Grid {
            cells,
            size: [1.0, 1.0],
            origin: [0.0, 0.0],
        };
        let process_grid = choose_ranks(&grid, comm.size(), [false; 2])
            .ok_or_else(|| Error::input("there are more ranks than cells"))?;
        let comm = Rc::clone(comm).cartesian(process_grid, [false; 2]);
        Ok(Self {
            domain: Domain::new(grid, process_grid, [false; 2], comm.rank()),
            threads: powers_of_two(team.size()),
            caches: Caches::of_the_same_size(comm.as_ref()),
            comm,
            team: Rc::clone(team),
        })
    }

    /// Cells of all ranks.
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    fn cells(&self) -> f64 {
        self.domain.grid.cell_count() as f64
    }
}

/// One sweep over the memory for each step.
const PLAIN: Plan = Plan {
    halo_depth: 1,
    tile_columns: usize::MAX,
    overlap: true,
};

/// Measures. Collective.
///
/// # Errors
/// If the ranks do not fit on the grid.
pub fn run(comm: &Rc<dyn Communicator>, team: &Rc<Team>, options: Options) -> Result<Rates, Error> {
    let Options { cells, rounds, .. } = options;
    let setting = Setting::new(comm, team, cells)?;
    let mut works = rounds::Works::new(Rc::clone(&setting.comm), options.seconds);
    let bandwidth = bandwidth::add(&mut works, &setting);
    let kernels = kernel::add(&mut works, &setting);
    let (steps, fields) = steps::add(&mut works, &setting)?;
    let exchange = exchange::add(&mut works, &setting, &fields)?;
    let measured = works.measure(rounds);
    team.employ(setting.threads[setting.threads.len() - 1]);

    Ok(Rates {
        cells,
        ranks: setting.comm.size(),
        process_grid: setting.domain.ranks,
        rounds,
        caches: setting.caches,
        bandwidth: bandwidth.iter().map(|ids| ids.rates(&measured)).collect(),
        kernels: kernels.iter().map(|ids| ids.rate(&measured)).collect(),
        ratios: ratios::ratios(&steps, &setting.threads, &measured),
        steps: steps
            .iter()
            .map(|step| step.rate(&measured, &bandwidth, &kernels))
            .collect(),
        exchange: exchange.map(|ids| ids.costs(setting.comm.as_ref(), &measured)),
        threads: setting.threads,
    })
}

/// 1, 2, 4, ... and `most`.
fn powers_of_two(most: usize) -> Vec<usize> {
    let mut threads: Vec<usize> = (0..usize::BITS)
        .map(|power| 1 << power)
        .take_while(|&threads| threads < most)
        .collect();
    threads.push(most);
    threads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::Local;

    /// Every number in a JSON value.
    fn numbers(value: &serde_json::Value) -> Vec<f64> {
        match value {
            serde_json::Value::Number(number) => vec![number.as_f64().unwrap()],
            serde_json::Value::Array(values) => values.iter().flat_map(numbers).collect(),
            serde_json::Value::Object(values) => values.values().flat_map(numbers).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn everything_is_measured_from_every_layout() {
        for ranks in [1, 2] {
            let all = Local::run(ranks, |comm| {
                let team = Rc::new(Team::new(3).unwrap());
                let options = Options {
                    cells: [40, 30],
                    rounds: 2,
                    seconds: 1e-4,
                };
                let rates = run(&comm, &team, options).unwrap();
                assert_eq!(team.size(), 3);
                (serde_json::to_value(&rates).unwrap(), rates.to_string())
            });
            let (json, table) = &all[0];
            assert!(all.iter().all(|(other, _)| other == json), "ranks differ");
            let count = |name: &str| json[name].as_array().unwrap().len();
            assert_eq!(json["threads"], serde_json::json!([1, 2, 3]));
            assert_eq!(count("bandwidth"), 3);
            assert_eq!(count("kernels"), 2 * 2 * 2 * 2 * 3);
            assert_eq!(count("steps"), 2 * 2 * 2 * 3);
            assert_eq!(json["exchange"].is_null(), ranks == 1);
            for part in ["bandwidth", "kernels", "steps", "ratios"] {
                let numbers = numbers(&json[part]);
                assert!(numbers.len() > 3, "{part}");
                assert!(
                    numbers.iter().all(|&x| x > 0.0 && x.is_finite()),
                    "{part}: {numbers:?}"
                );
            }
            for part in ["3 threads", "triad", "f32 per cell", "L2", "fused"] {
                assert!(table.contains(part), "{part} is not in\n{table}");
            }
            assert_eq!(table.contains("exchange hidden"), ranks > 1);
        }
    }

    #[test]
    fn the_bandwidth_is_measured_alone() {
        let all = Local::run(2, |comm| {
            let team = Rc::new(Team::new(2).unwrap());
            let options = Options {
                cells: [40, 30],
                rounds: 1,
                seconds: 1e-4,
            };
            let rates = bandwidth(&comm, &team, options).unwrap();
            assert_eq!(team.size(), 2);
            rates
        });
        let threads: Vec<_> = all[0].bandwidth.iter().map(|of| of.threads).collect();
        assert_eq!(threads, [1, 2]);
        assert!(
            all[0]
                .bandwidth
                .iter()
                .all(|of| of.best > 0.0 && of.best >= of.triad)
        );
        assert!(all[0].to_string().contains("triad, 32 bytes a cell"));
    }

    #[test]
    fn every_plan_is_measured_beside_the_settled_one() {
        let all = Local::run(2, |comm| {
            let team = Rc::new(Team::new(2).unwrap());
            let options = Options {
                cells: [40, 30],
                rounds: 1,
                seconds: 1e-4,
            };
            plans(&comm, &team, options).unwrap()
        });
        let kinds = all[0]
            .all
            .iter()
            .map(|rate| (rate.coefficients, rate.threads));
        let expected = Coefficients::ALL.map(|kind| [(kind, 1), (kind, 2)]);
        assert!(kinds.eq(expected.into_iter().flatten()));
        for rate in &all[0].all {
            // Ranks of 20 x 30 cells.
            assert!(rate.settled.halo_depth <= 20 && rate.best.halo_depth <= 20);
            assert!(rate.of_best > 0.0 && rate.of_best.is_finite());
        }
        let plans = |rates: &PlanRates| {
            rates
                .all
                .iter()
                .map(|rate| rate.settled)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            plans(&all[0]),
            plans(&all[1]),
            "ranks settle on different plans"
        );
    }

    #[test]
    fn threads_go_by_powers_of_two_up_to_all() {
        assert_eq!(powers_of_two(1), [1]);
        assert_eq!(powers_of_two(2), [1, 2]);
        assert_eq!(powers_of_two(6), [1, 2, 4, 6]);
        assert_eq!(powers_of_two(8), [1, 2, 4, 8]);
    }
}
