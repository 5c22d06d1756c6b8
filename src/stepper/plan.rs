//! How explicit steps are taken, and the search for the fastest way.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    domain::Domain,
    field::{LINE, Real},
};

/// Depths that are tried; the first is the usual one.
const DEPTHS: [usize; 6] = [32, 48, 64, 16, 8, 4];

/// Widths of a tile that are tried, in cache lines; the first is the usual one.
const WIDTHS: [usize; 5] = [96, 128, 64, 32, 16];

/// Choices slower than the fastest by more than this factor are not tried again, after each round
/// but the last.
const HOPELESS: [f64; 2] = [1.2, 1.1];

/// Seconds that a trial takes at least.
const TRIAL: f64 = 5e-3;

/// How steps are taken. No choice of it changes a bit of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Steps fused between two exchanges of halos this deep, at most.
    pub halo_depth: usize,
    /// Columns of a tile.
    pub tile_columns: usize,
    /// Whether cells that need no message are computed while messages fly.
    pub overlap: bool,
}

impl Plan {
    /// One that is as deep as it is told, of the usual width.
    #[must_use]
    pub fn of_depth<T: Real>(halo_depth: usize, overlap: bool) -> Self {
        Self {
            halo_depth,
            tile_columns: widths::<T>()[0],
            overlap,
        }
    }

    /// All plans that a run may settle on by itself, on a subdomain that has neighbours by message
    /// or not.
    #[must_use]
    pub fn candidates<T: Real>(domain: &Domain, has_messages: bool) -> Vec<Self> {
        let depths: BTreeSet<usize> = DEPTHS.map(|depth| depth.min(domain.deepest_halo())).into();
        let overlaps: &[bool] = if has_messages {
            &[true, false]
        } else {
            &[true]
        };
        let mut plans = Vec::new();
        for &halo_depth in &depths {
            for tile_columns in widths::<T>() {
                plans.extend(overlaps.iter().map(|&overlap| Self {
                    halo_depth,
                    tile_columns,
                    overlap,
                }));
            }
        }
        plans
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            halo_depth,
            tile_columns,
            overlap,
        } = self;
        write!(
            f,
            "plan: halo_depth = {halo_depth}, tile_columns = {tile_columns}, overlap = {overlap}"
        )
    }
}

/// The plan that a run follows at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Choice {
    #[serde(flatten)]
    pub plan: Plan,
    /// False while others are being tried.
    pub settled: bool,
}

/// What of a [`Plan`] is prescribed; the rest is found by trying.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prescribed {
    pub halo_depth: Option<usize>,
    pub tile_columns: Option<usize>,
    pub overlap: Option<bool>,
}

impl From<Plan> for Prescribed {
    fn from(plan: Plan) -> Self {
        Self {
            halo_depth: Some(plan.halo_depth),
            tile_columns: Some(plan.tile_columns),
            overlap: Some(plan.overlap),
        }
    }
}

impl Prescribed {
    /// Cells around a subdomain whose coefficients must be known; the fields of temperature have
    /// one more ghost.
    #[must_use]
    pub fn margin<T: Real>(&self, domain: &Domain) -> usize {
        let deepest = domain.deepest_halo();
        if deepest == usize::MAX {
            return 0;
        }
        let most = self.halo_depth.or(DEPTHS.into_iter().max());
        most.map_or(0, |most| most.min(deepest))
            .next_multiple_of(LINE / size_of::<T>())
    }
}

/// One choice under trial.
#[derive(Debug, Clone, Copy)]
struct Trial {
    plan: Plan,
    /// The least so far, for a step.
    seconds: f64,
}

/// Finds the fastest plan on the steps of a run, one choice after the other: how deep, then how
/// wide, then whether to overlap. All are tried once, and those not far behind again; the best time
/// counts, as others on the machine disturb a trial but never help.
#[derive(Debug, Clone)]
pub struct Tuner {
    best: Plan,
    prescribed: Prescribed,
    deepest: usize,
    widths: [usize; WIDTHS.len()],
    has_messages: bool,
    /// How many of the three choices are made.
    made: usize,
    trials: Vec<Trial>,
    /// Trials that are over in this round.
    over: usize,
    round: usize,
    /// Of the trial under way.
    steps: usize,
    seconds: f64,
}

impl Tuner {
    /// A search on a subdomain, which has neighbours by message or not.
    #[must_use]
    pub fn new<T: Real>(prescribed: Prescribed, domain: &Domain, has_messages: bool) -> Self {
        let widths = widths::<T>();
        let mut tuner = Self {
            best: Plan {
                halo_depth: 1,
                tile_columns: widths[0],
                overlap: true,
            },
            prescribed,
            deepest: domain.deepest_halo(),
            widths,
            has_messages,
            made: 0,
            trials: Vec::new(),
            over: 0,
            round: 0,
            steps: 0,
            seconds: 0.0,
        };
        tuner.restart(prescribed);
        tuner
    }

    /// Begins anew.
    pub fn restart(&mut self, prescribed: Prescribed) {
        let Prescribed {
            halo_depth,
            tile_columns,
            overlap,
        } = prescribed;
        self.prescribed = prescribed;
        self.best = Plan {
            halo_depth: halo_depth.unwrap_or(DEPTHS[0]).min(self.deepest),
            tile_columns: tile_columns.unwrap_or(self.widths[0]),
            overlap: overlap.unwrap_or(true),
        };
        self.made = 0;
        (self.steps, self.seconds) = (0, 0.0);
        self.open_trials();
    }

    /// The plan to follow now, and whether it is the last.
    #[must_use]
    pub fn choice(&self) -> Choice {
        Choice {
            plan: self.plan(),
            settled: self.is_settled(),
        }
    }

    /// The plan to follow now.
    #[must_use]
    pub fn plan(&self) -> Plan {
        if self.is_settled() {
            self.best
        } else {
            self.trials[self.over].plan
        }
    }

    /// Whether all choices are made.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.trials.is_empty()
    }

    /// Takes notice that the slowest rank needed `seconds` for `steps` steps after the plan.
    pub fn count(&mut self, steps: usize, seconds: f64) {
        self.steps += steps;
        self.seconds += seconds;
        if self.is_settled() || self.seconds < TRIAL {
            return;
        }
        let trial = &mut self.trials[self.over];
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let per_step = self.seconds / self.steps as f64;
        trial.seconds = trial.seconds.min(per_step);
        self.over += 1;
        (self.steps, self.seconds) = (0, 0.0);
        if self.over < self.trials.len() {
            return;
        }
        let Trial { plan, seconds } = *self
            .trials
            .iter()
            .min_by(|a, b| a.seconds.total_cmp(&b.seconds))
            .expect("something was tried");
        let hopeless = HOPELESS.get(self.round).copied().unwrap_or(0.0);
        self.trials
            .retain(|trial| trial.seconds <= hopeless * seconds);
        (self.over, self.round) = (0, self.round + 1);
        if self.trials.len() < 2 {
            self.best = plan;
            self.made += 1;
            self.open_trials();
        }
    }

    /// Begins with the next choice that is still to be made, if there is one.
    fn open_trials(&mut self) {
        (self.over, self.round) = (0, 0);
        self.trials.clear();
        while self.trials.len() < 2 && self.made < 3 {
            let plans = self.choices();
            self.trials = plans
                .into_iter()
                .map(|plan| Trial {
                    plan,
                    seconds: f64::INFINITY,
                })
                .collect();
            if self.trials.len() < 2 {
                self.trials.clear();
                self.made += 1;
            }
        }
    }

    /// The plans among which the next choice is made.
    fn choices(&self) -> Vec<Plan> {
        let best = self.best;
        match self.made {
            0 if self.prescribed.halo_depth.is_none() => {
                let depths: BTreeSet<usize> = DEPTHS
                    .iter()
                    .map(|&depth| depth.min(self.deepest))
                    .collect();
                let plans = depths.into_iter().rev();
                plans
                    .map(|halo_depth| Plan { halo_depth, ..best })
                    .collect()
            }
            1 if self.prescribed.tile_columns.is_none() => self
                .widths
                .into_iter()
                .map(|tile_columns| Plan {
                    tile_columns,
                    ..best
                })
                .collect(),
            2 if self.prescribed.overlap.is_none() && self.has_messages => [true, false]
                .into_iter()
                .map(|overlap| Plan { overlap, ..best })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The widths that are tried, in columns.
fn widths<T>() -> [usize; WIDTHS.len()] {
    WIDTHS.map(|lines| lines * (LINE / size_of::<T>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;

    fn domain(ranks: [usize; 2]) -> Domain {
        let grid = Grid {
            cells: [100, 60],
            size: [1.0; 2],
            origin: [0.0; 2],
        };
        Domain::new(grid, ranks, [false; 2], 0)
    }

    /// What a machine takes for a step after a plan, in milliseconds.
    fn cost(plan: Plan) -> f64 {
        let depth = match plan.halo_depth {
            48 => 10.0,
            64 => 11.0,
            _ => 20.0,
        };
        let width = if plan.tile_columns == 256 { 0.9 } else { 1.0 };
        depth * width * if plan.overlap { 1.0 } else { 0.95 }
    }

    /// The plan that is settled on, and those that were tried; one trial is disturbed.
    fn tune(domain: &Domain, has_messages: bool, disturbed: usize) -> (Plan, Vec<Plan>) {
        let mut tuner = Tuner::new::<f64>(Prescribed::default(), domain, has_messages);
        let mut tried = Vec::new();
        while !tuner.is_settled() {
            let plan = tuner.plan();
            let noise = if tried.len() == disturbed { 1.15 } else { 1.0 };
            tuner.count(2, 5e-3 * noise * cost(plan));
            tried.push(plan);
            assert!(tried.len() < 1000);
        }
        (tuner.plan(), tried)
    }

    #[test]
    fn the_fastest_plan_is_found_in_spite_of_noise() {
        let fastest = Plan {
            halo_depth: 48,
            tile_columns: 256,
            overlap: false,
        };
        for disturbed in 0..20 {
            let (plan, tried) = tune(&domain([2, 1]), true, disturbed);
            assert_eq!(plan, fastest);
            let hopeless = tried.iter().filter(|plan| plan.halo_depth == 4);
            assert_eq!(hopeless.count(), 1);
            let (plan, _) = tune(&domain([1, 1]), false, disturbed);
            assert_eq!(
                plan,
                Plan {
                    overlap: true,
                    ..fastest
                }
            );
        }
    }

    #[test]
    fn what_is_prescribed_is_not_tried() {
        let plan = Plan {
            halo_depth: 7,
            tile_columns: 40,
            overlap: true,
        };
        let tuner = Tuner::new::<f64>(plan.into(), &domain([2, 2]), true);
        assert_eq!((tuner.plan(), tuner.is_settled()), (plan, true));
    }

    #[test]
    fn no_plan_is_deeper_than_a_subdomain() {
        let thin = domain([1, 10]);
        let mut tuner = Tuner::new::<f64>(Prescribed::default(), &thin, true);
        while !tuner.is_settled() {
            assert!(tuner.plan().halo_depth <= 6);
            tuner.count(1, 1.0);
        }
        assert_eq!(Prescribed::default().margin::<f64>(&thin), 8);
        assert_eq!(Prescribed::default().margin::<f64>(&domain([1, 1])), 0);
    }
}
