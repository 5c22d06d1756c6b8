//! What a run says of itself on the terminal.

use std::fmt::Write as _;

use super::Run;
use crate::{
    config::{Scheme, Step},
    error::count,
    output::{Report, note},
    simulation::Clock,
    stepper::Choice,
};

impl Run<'_> {
    /// Says what is about to be run, and what stands in its way.
    pub(super) fn announce(&self, max_dt: f64, clock: &Clock) {
        let (case, domain, placement) = (&self.given.case, &self.domain, self.placement);
        let [nx, ny] = case.grid.cells;
        let [px, py] = domain.ranks;
        let end = case.time.end;
        let course = match (case.time.scheme, case.time.step) {
            (Scheme::Steady, _) => "to the steady state".to_owned(),
            (_, Step::Within(error)) => {
                format!("to t = {end} s in steps with errors of at most {error:e} K")
            }
            _ => format!("to t = {end} s in steps of at most {max_dt:.4e} s"),
        };
        let course = match clock.step() {
            0 => course,
            step => format!("from step {step}, t = {} s, {course}", clock.time()),
        };
        self.say(&format!(
            "{}: {nx} x {ny} cells {course}\n{} x {} x {} ({}), process grid {px} x {py}",
            case.title,
            count(placement.nodes(), "node"),
            count(self.comm.size() / placement.nodes(), "rank"),
            count(placement.threads, "thread"),
            placement.threads_from,
        ));
        if self.comm.rank() == 0 {
            for warning in &placement.warnings {
                note(&format!("warning: {warning}"));
            }
        }
    }

    pub(super) fn say(&self, text: &str) {
        if self.comm.rank() == 0 && !self.manner.quiet {
            note(text);
        }
    }
}

/// One line of what a run was.
pub(super) fn summary(report: &Report) -> String {
    let run = &report.run;
    let steps = run.steps - run.resumed_after_step.unwrap_or(0);
    let mut line = format!(
        "{} in {:.2} s: {:.3e} cell updates a second",
        count(usize::try_from(steps).unwrap_or(usize::MAX), "step"),
        run.wall_seconds,
        run.cell_updates_per_second,
    );
    let overlaps = report.plan.is_none_or(|choice| choice.plan.overlap);
    if let (Some(hidden), true) = (report.communication.hidden_fraction, overlaps) {
        let hidden = 100.0 * hidden;
        write!(line, ", {hidden:.0} % of the halo time hidden").expect("a string takes all");
    }
    if let Some(stages) = run.stages {
        write!(line, "\nrkl2: {stages} stages").expect("a string takes all");
    }
    if let Some(solver) = &report.solver {
        let iterations = usize::try_from(solver.iterations).unwrap_or(usize::MAX);
        let iterations = count(iterations, "iteration");
        write!(line, "\n{}: {iterations}", solver.method).expect("a string takes all");
    }
    if let Some(Choice { plan, settled }) = report.plan {
        let trying = if settled {
            ""
        } else {
            " (others were still being tried)"
        };
        write!(line, "\n{plan}{trying}").expect("a string takes all");
    }
    line
}
