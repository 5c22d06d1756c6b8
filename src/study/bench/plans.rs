//! Whether the plan that a run settles on is the fastest one.

use std::{
    fmt::{self, Display, Formatter},
    rc::Rc,
};

use serde::Serialize;

use super::{
    Coefficients, Options, PLAIN, Setting,
    rounds::{Id, Works},
    steps::{Mover, Shared},
};
use crate::{
    comm::Communicator,
    error::{Error, count},
    field::Team,
    stepper::Plan,
};

/// So many times as often as all plans, the one settled on and the best of them are measured.
const DUELS: usize = 3;

/// The rate of the plan that a run settles on, beside that of the fastest one.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SettledRate {
    pub coefficients: Coefficients,
    /// Threads of each rank.
    pub threads: usize,
    pub settled: Plan,
    /// Cell updates per second, in f64.
    pub rate: f64,
    pub best: Plan,
    pub best_rate: f64,
    /// The rate over the best one, within a round.
    pub of_best: f64,
}

/// For every kind of coefficients and number of threads.
#[derive(Debug, Serialize)]
pub struct PlanRates {
    pub cells: [usize; 2],
    pub ranks: usize,
    pub rounds: usize,
    pub all: Vec<SettledRate>,
}

/// Measures all plans that a run may settle on, and the plain sweep. Collective.
///
/// # Errors
/// If the ranks do not fit on the grid.
pub fn plans(
    comm: &Rc<dyn Communicator>,
    team: &Rc<Team>,
    options: Options,
) -> Result<PlanRates, Error> {
    let Options { cells, rounds, .. } = options;
    let setting = Setting::new(comm, team, cells)?;
    let mut all = Vec::new();
    for coefficients in Coefficients::ALL {
        let field = Shared::<f64>::new(&setting);
        let mover = Mover::new(&setting, &field, coefficients)?;
        for &threads in &setting.threads {
            let mut works = Works::new(Rc::clone(&setting.comm), options.seconds);
            let settled = mover.fastest(&setting, threads);
            let fixed = Plan::candidates::<f64>(&setting.domain, comm.size() > 1);
            let fixed: Vec<(Plan, Id)> = [PLAIN]
                .into_iter()
                .chain(fixed)
                .map(|plan| (plan, mover.add(&mut works, &setting, plan, threads)))
                .collect();
            let measured = works.measure(rounds);
            let (best, _) = fixed
                .into_iter()
                .max_by(|(_, a), (_, b)| measured.rate(*a).total_cmp(&measured.rate(*b)))
                .expect("there is the plain sweep");
            // Anew: of many rates the highest is so by chance, too.
            let mut works = Works::new(Rc::clone(&setting.comm), options.seconds);
            let [settled_id, best_id] =
                [settled, best].map(|plan| mover.add(&mut works, &setting, plan, threads));
            let measured = works.measure(DUELS * rounds);
            all.push(SettledRate {
                coefficients,
                threads,
                settled,
                rate: measured.rate(settled_id),
                best,
                best_rate: measured.rate(best_id),
                of_best: measured.ratio(settled_id, best_id),
            });
        }
    }
    team.employ(setting.threads[setting.threads.len() - 1]);
    Ok(PlanRates {
        cells,
        ranks: comm.size(),
        rounds: DUELS * rounds,
        all,
    })
}

impl Display for PlanRates {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [nx, ny] = self.cells;
        let (ranks, rounds) = (count(self.ranks, "rank"), self.rounds);
        writeln!(f, "{nx} x {ny} cells; {ranks}; medians of {rounds} rounds")?;
        for rate in &self.all {
            let &SettledRate {
                coefficients,
                threads,
                of_best,
                ..
            } = rate;
            let threads = count(threads, "thread");
            writeln!(f, "\n{coefficients}, {threads}: {of_best:.3} of the best")?;
            let giga = |rate: f64| rate / 1e9;
            writeln!(
                f,
                "  settled on {:8.2}e9  {}",
                giga(rate.rate),
                rate.settled
            )?;
            writeln!(
                f,
                "  best       {:8.2}e9  {}",
                giga(rate.best_rate),
                rate.best
            )?;
        }
        Ok(())
    }
}
