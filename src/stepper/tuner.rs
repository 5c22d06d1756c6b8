//! The search for the fastest plan of steps that are fused.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Choice, Plan, Prescribed, depths, widths};
use crate::{domain::Domain, field::Real};

/// Plans slower than the fastest by more than this factor are not tried again, after each round but the
/// last. Where others take half of the processor now and then, a good plan may look that bad at first.
const HOPELESS: [f64; 8] = [1.5, 1.3, 1.15, 1.08, 1.05, 1.03, 1.03, 1.03];

/// Seconds that a trial takes at least.
const TRIAL: f64 = 5e-3;

/// The same where a trial takes longer than `LONG` seconds: much of what disturbs it is spread over it.
const HOPELESS_OF_LONG: [f64; 2] = [1.2, 1.1];
const LONG: f64 = 0.1;

/// Where one takes longer than this, to try all plans would take longer than many runs.
const TOO_LONG_FOR_ALL: f64 = 0.02;

/// A plan that a search begins with is as good as one that needs this part of its time.
const AS_GOOD: f64 = 0.98;

/// Finds the fastest plan on the steps of a run: among all depths and widths or, where trials take long,
/// among those next to the first; then among those next to the fastest, until there is none faster. All are
/// tried once, and those not far behind again; the best time counts, as others on the machine disturb a trial
/// but never help.
#[derive(Debug, Clone)]
pub struct Tuner {
    best: Plan,
    /// The plan that the search was given to begin with.
    from: Option<Plan>,
    prescribed: Prescribed,
    /// Where a search begins that is given nothing.
    usual: Plan,
    /// In ascending order.
    depths: Vec<usize>,
    widths: Vec<usize>,
    has_messages: bool,
    /// The least seconds for a step of each plan that was tried.
    known: BTreeMap<Plan, f64>,
    /// Plans under trial; none any more when all is settled.
    trials: Vec<Plan>,
    /// Trials that are over in this round.
    over: usize,
    round: usize,
    /// Seconds of the shortest trial.
    shortest: f64,
    /// Whether there were steps: the first ones meet memory that nobody has touched.
    is_warm: bool,
    /// Of the trial under way.
    steps: usize,
    seconds: f64,
}

impl Tuner {
    /// A search on a subdomain, which has neighbours by message or not.
    #[must_use]
    pub fn new<T: Real>(prescribed: Prescribed, domain: &Domain, has_messages: bool) -> Self {
        let usual = Plan::usual::<T>(domain);
        let mut tuner = Self {
            best: usual,
            from: None,
            prescribed,
            usual,
            depths: depths(domain).into_iter().collect(),
            widths: BTreeSet::from(widths::<T>()).into_iter().collect(),
            has_messages,
            known: BTreeMap::new(),
            trials: Vec::new(),
            over: 0,
            round: 0,
            shortest: f64::INFINITY,
            is_warm: false,
            steps: 0,
            seconds: 0.0,
        };
        tuner.restart(prescribed, None);
        tuner
    }

    /// Leaves out depths that differ in nothing where no more than `most` steps are taken at once.
    pub fn cap(&mut self, most: usize) {
        self.depths = self.depths.iter().map(|&depth| depth.min(most)).collect();
        self.depths.dedup();
    }

    /// Begins anew, with a plan that was found before if there is one.
    pub fn restart(&mut self, prescribed: Prescribed, found: Option<Plan>) {
        let from = found.unwrap_or(self.usual);
        let deepest = *self.depths.last().expect("there is a depth");
        self.prescribed = prescribed;
        self.best = Plan {
            halo_depth: prescribed
                .halo_depth
                .unwrap_or(from.halo_depth.min(deepest)),
            tile_columns: prescribed.tile_columns.unwrap_or(from.tile_columns),
            overlap: prescribed.overlap.unwrap_or(from.overlap),
        };
        self.from = found.map(|_| self.best);
        (self.steps, self.seconds, self.shortest) = (0, 0.0, f64::INFINITY);
        self.is_warm = false;
        self.known.clear();
        self.open_trials(self.all());
        if self.is_settled() {
            self.open_trials(self.neighbors());
        }
    }

    /// The best plan so far, and whether it is the last.
    #[must_use]
    pub fn choice(&self) -> Choice {
        Choice {
            plan: self.favorite(),
            settled: self.is_settled(),
        }
    }

    /// The fastest plan so far, or the one that the search began with if that is as good.
    fn favorite(&self) -> Plan {
        let seconds = |plan: &Plan| self.known.get(plan).copied().unwrap_or(f64::INFINITY);
        let all = std::iter::once(&self.best).chain(self.known.keys());
        let fastest = all.min_by(|a, b| seconds(a).total_cmp(&seconds(b)));
        let fastest = *fastest.expect("there is one");
        let is_as_good = |from: &Plan| AS_GOOD * seconds(from) <= seconds(&fastest);
        self.from.filter(is_as_good).unwrap_or(fastest)
    }

    /// The plan to follow now.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.trials.get(self.over).copied().unwrap_or(self.best)
    }

    /// Whether the search is over.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.trials.is_empty()
    }

    /// Takes notice that the slowest rank needed `seconds` for `steps` steps after the plan.
    pub fn count(&mut self, steps: usize, seconds: f64) {
        if !std::mem::replace(&mut self.is_warm, true) {
            return;
        }
        self.steps += steps;
        self.seconds += seconds;
        if self.is_settled() || self.seconds < TRIAL {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let per_step = self.seconds / self.steps as f64;
        let least = self.known.entry(self.plan()).or_insert(f64::INFINITY);
        *least = least.min(per_step);
        self.shortest = self.shortest.min(self.seconds);
        self.over += 1;
        (self.steps, self.seconds) = (0, 0.0);
        if self.known.len() == 1 && self.shortest > TOO_LONG_FOR_ALL {
            self.open_trials(self.neighbors());
            self.over = 1;
        }
        if self.over < self.trials.len() {
            return;
        }
        let seconds = |plan: &Plan| self.known[plan];
        let fastest = self.trials.iter().copied();
        let fastest = fastest
            .min_by(|a, b| seconds(a).total_cmp(&seconds(b)))
            .expect("something was tried");
        let hopeless = if self.shortest > LONG {
            &HOPELESS_OF_LONG[..]
        } else {
            &HOPELESS
        };
        let hopeless = hopeless.get(self.round).unwrap_or(&0.0) * seconds(&fastest);
        self.trials.retain(|plan| self.known[plan] <= hopeless);
        (self.over, self.round) = (0, self.round + 1);
        if self.trials.len() < 2 {
            self.best = fastest;
            self.open_trials(self.neighbors());
        }
        if self.is_settled() {
            self.best = self.favorite();
        }
    }

    /// Begins to try those of some plans that were not tried yet beside the best one, if there are any.
    fn open_trials(&mut self, plans: Vec<Plan>) {
        (self.over, self.round) = (0, 0);
        self.trials = plans;
        let best = self.best;
        self.trials
            .retain(|plan| *plan != best && !self.known.contains_key(plan));
        if !self.trials.is_empty() {
            self.trials.insert(0, self.best);
        }
    }

    /// All depths and widths that are not prescribed.
    fn all(&self) -> Vec<Plan> {
        let best = self.best;
        let depths = self.prescribed.halo_depth.is_none().then_some(&self.depths);
        let widths = self
            .prescribed
            .tile_columns
            .is_none()
            .then_some(&self.widths);
        let depths = depths.cloned().unwrap_or_else(|| vec![best.halo_depth]);
        let widths = widths.cloned().unwrap_or_else(|| vec![best.tile_columns]);
        let plan = |halo_depth, tile_columns| Plan {
            halo_depth,
            tile_columns,
            ..best
        };
        depths
            .into_iter()
            .flat_map(|depth| widths.iter().map(move |&width| plan(depth, width)))
            .collect()
    }

    /// The plans one move from the best one, among them deeper and narrower, or less deep and wider: tiles that
    /// fill as much cache.
    fn neighbors(&self) -> Vec<Plan> {
        let Plan {
            halo_depth,
            tile_columns,
            overlap,
        } = self.best;
        let free_depths = match self.prescribed.halo_depth {
            None => &self.depths[..],
            Some(_) => &[],
        };
        let free_widths = match self.prescribed.tile_columns {
            None => &self.widths[..],
            Some(_) => &[],
        };
        let [less_deep, deeper] = around(free_depths, halo_depth);
        let [narrower, wider] = around(free_widths, tile_columns);
        let mut plans: Vec<Plan> = [
            (deeper, Some(tile_columns)),
            (less_deep, Some(tile_columns)),
            (Some(halo_depth), narrower),
            (Some(halo_depth), wider),
            (deeper, narrower),
            (less_deep, wider),
        ]
        .into_iter()
        .filter_map(|(depth, width)| {
            Some(Plan {
                halo_depth: depth?,
                tile_columns: width?,
                overlap,
            })
        })
        .collect();
        if self.prescribed.overlap.is_none() && self.has_messages {
            plans.push(Plan {
                overlap: !overlap,
                ..self.best
            });
        }
        plans
    }
}

/// The value before and the value after `value` in ascending order.
fn around(values: &[usize], value: usize) -> [Option<usize>; 2] {
    let before = values.iter().rev().find(|&&other| other < value);
    let after = values.iter().find(|&&other| other > value);
    [before.copied(), after.copied()]
}
