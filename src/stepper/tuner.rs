//! The search for the fastest plan of explicit steps.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Choice, Plan, Prescribed, depths, widths};
use crate::{domain::Domain, field::Real};

/// Plans slower than the fastest by more than this factor are not tried again, after each round but the
/// last.
const HOPELESS: [f64; 8] = [1.2, 1.1, 1.06, 1.04, 1.03, 1.03, 1.03, 1.03];

/// Seconds that a trial takes at least.
const TRIAL: f64 = 5e-3;

/// Where a trial takes longer than `LONG` seconds, much of what disturbs it is spread over it, and rounds are
/// over after this one.
const LAST_OF_LONG: usize = 2;
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
            plan: self.best,
            settled: self.is_settled(),
        }
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
        let rounds = if self.shortest > LONG {
            LAST_OF_LONG
        } else {
            HOPELESS.len()
        };
        let hopeless = HOPELESS[..rounds].get(self.round).unwrap_or(&0.0) * seconds(&fastest);
        self.trials.retain(|plan| self.known[plan] <= hopeless);
        (self.over, self.round) = (0, self.round + 1);
        if self.trials.len() < 2 {
            self.best = fastest;
            self.open_trials(self.neighbors());
        }
        if let Some(from) = self.from
            && self.is_settled()
            && AS_GOOD * self.known[&from] <= self.known[&self.best]
        {
            self.best = from;
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

    fn plan(halo_depth: usize, tile_columns: usize) -> Plan {
        Plan {
            halo_depth,
            tile_columns,
            overlap: true,
        }
    }

    /// What a machine takes for a step after a plan, in milliseconds: the best tile is narrow, and the narrower
    /// the deeper.
    fn cost(plan: Plan) -> f64 {
        let depth = match plan.halo_depth {
            4 => 20.0,
            8 => 16.0,
            16 => 12.0,
            32 => 11.0,
            48 => 10.0,
            _ => 10.6,
        };
        let fits = plan.halo_depth * plan.tile_columns <= 48 * 256;
        let narrow = if plan.tile_columns == 128 { 1.2 } else { 1.0 };
        let far_over = if fits { 1.0 } else { 1.3 };
        depth * narrow * far_over * if plan.overlap { 1.0 } else { 0.95 }
    }

    /// The plan that is settled on, and those that were tried; one trial is disturbed.
    fn tune(domain: &Domain, has_messages: bool, disturbed: usize) -> (Plan, Vec<Plan>) {
        let mut tuner = Tuner::new::<f64>(Prescribed::default(), domain, has_messages);
        let mut tried = Vec::new();
        while !tuner.is_settled() {
            let plan = tuner.plan();
            let noise = if tried.len() == disturbed { 1.15 } else { 1.0 };
            tuner.count(2, 8e-4 * noise * cost(plan));
            tried.push(plan);
            assert!(tried.len() < 1000);
        }
        (tuner.plan(), tried)
    }

    #[test]
    fn the_fastest_plan_is_found_in_spite_of_noise() {
        let fastest = Plan {
            overlap: false,
            ..plan(48, 256)
        };
        for disturbed in 0..60 {
            let (found, tried) = tune(&domain([2, 1]), true, disturbed);
            assert_eq!(found, fastest);
            let hopeless = tried.iter().filter(|plan| plan.halo_depth == 4);
            assert_eq!(hopeless.count(), 5, "once with each width");
            let (found, _) = tune(&domain([1, 1]), false, disturbed);
            assert_eq!(found, plan(48, 256));
        }
    }

    #[test]
    fn where_trials_take_long_few_plans_are_tried() {
        let mut tuner = Tuner::new::<f64>(Prescribed::default(), &domain([1, 1]), false);
        let mut tried = BTreeSet::new();
        while !tuner.is_settled() {
            tried.insert(tuner.plan());
            tuner.count(1, 0.1 * cost(tuner.plan()));
        }
        let neighbors = tuner.neighbors();
        assert!(
            neighbors
                .iter()
                .all(|plan| cost(*plan) >= cost(tuner.plan()))
        );
        assert!(neighbors.iter().all(|plan| tried.contains(plan)));
        assert!(tried.len() < 15, "{}", tried.len());
    }

    #[test]
    fn a_search_from_an_earlier_end_leaves_it_only_for_a_faster_plan() {
        let [fastest, nearly] = [plan(48, 256), plan(64, 128)];
        let mut tuner = Tuner::new::<f64>(Prescribed::default(), &domain([1, 1]), false);
        let mut end = |from, cost: &dyn Fn(Plan) -> f64| {
            tuner.restart(Prescribed::default(), Some(from));
            while !tuner.is_settled() {
                tuner.count(2, 8e-4 * cost(tuner.plan()));
            }
            tuner.plan()
        };
        assert_eq!(end(fastest, &cost), fastest);
        assert_eq!(end(plan(4, 1024), &cost), fastest);
        let as_good = |plan| if plan == nearly { 10.1 } else { cost(plan) };
        assert_eq!(end(nearly, &as_good), nearly);
    }

    #[test]
    fn what_is_prescribed_is_not_tried() {
        let plan = plan(7, 40);
        let mut tuner = Tuner::new::<f64>(plan.into(), &domain([2, 2]), true);
        assert_eq!((tuner.plan(), tuner.is_settled()), (plan, true));
        let mut all_but_overlap = Prescribed::from(plan);
        all_but_overlap.overlap = None;
        tuner.restart(all_but_overlap, Some(plan));
        assert!(!tuner.is_settled());
        let depth = Prescribed {
            halo_depth: Some(8),
            ..Prescribed::default()
        };
        tuner.restart(depth, None);
        while !tuner.is_settled() {
            assert_eq!(tuner.plan().halo_depth, 8);
            tuner.count(1, 1.0);
        }
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
