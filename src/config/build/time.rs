//! Time and linear solvers.

use super::{Check, show};
use crate::{
    config::{
        case::{Method, Preconditioning, Scheme, Solver, Step, Time},
        quantity::{Auto, Length, Within},
        schema::{self, Config, Scheme as Name},
    },
    grid::Side,
    physics::{Medium, Value, Wall},
    simulation::Cadence,
    solver::Tolerance,
};

/// The fraction of the stability limit taken where the config names none.
const SAFETY: f64 = 0.9;

/// What `solver.cg_steps` and `solver.inner_steps` are where the config names none.
const CG_STEPS: usize = 25;
const INNER_STEPS: usize = 10;

/// One iteration sees one point of the spectrum.
const LEAST_CG_STEPS: usize = 2;

/// The times before and after the one step to a steady state count as 0 and this.
const STEADY: f64 = 1.0;

impl Check<'_> {
    pub(super) fn time(&mut self, time: &mut schema::Time) -> Time {
        if let Name::Steady = time.scheme {
            let given = [
                ("end", time.end.is_some()),
                ("step", time.step.is_some()),
                ("safety", time.safety.is_some()),
                ("theta", time.theta.is_some()),
            ];
            for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
                self.does_nothing(&format!("time.{key}"), time.scheme, "remove it");
            }
            return Time {
                scheme: Scheme::Steady,
                end: STEADY,
                step: Step::Fixed(STEADY),
            };
        }
        let end = time.end.unwrap_or_else(|| {
            self.problem("time.end", "is missing", Some("add it, as in end = 0.5"));
            0.0
        });
        if time.end.is_some() {
            self.positive("time.end", end);
        }
        let scheme = self.scheme(time);
        let step = match (scheme, *time.step.get_or_insert_default()) {
            (Scheme::Explicit, Auto::Auto) => {
                let safety = *time.safety.get_or_insert(SAFETY);
                if !(safety > 0.0 && safety <= 1.0) {
                    let message = format!("must be above 0 and at most 1, is {}", show(safety));
                    self.problem("time.safety", message, None);
                }
                Step::Auto { safety }
            }
            (_, Auto::Auto) => {
                let name = time.scheme.name();
                let message = format!("must be given in seconds with scheme = \"{name}\"");
                let help = "the longer it is, the less exact the result; try some of them";
                self.problem("time.step", message, Some(help));
                Step::Fixed(end)
            }
            (_, Auto::Given(Length::Seconds(step))) => {
                self.fixed_step(step, end);
                Step::Fixed(step)
            }
            (scheme, Auto::Given(Length::Within(Within { tolerance }))) => {
                self.positive("time.step.tolerance", tolerance);
                if scheme != Scheme::TrBdf2 {
                    let help = "set scheme = \"tr-bdf2\", or give the step in seconds";
                    self.does_nothing("time.step.tolerance", time.scheme, help);
                }
                Step::Within(tolerance)
            }
        };
        if time.safety.is_some() {
            match (scheme, step) {
                (_, Step::Auto { .. }) => {}
                (Scheme::Explicit, _) if self.findings.touches("time.step") => {}
                (Scheme::Explicit, _) => {
                    let help = "remove it, or set step = \"auto\"";
                    self.problem("time.safety", "does nothing with a fixed step", Some(help));
                }
                _ => self.does_nothing("time.safety", time.scheme, "remove it"),
            }
        }
        Time { scheme, end, step }
    }

    fn scheme(&mut self, time: &schema::Time) -> Scheme {
        if let (Name::Theta, theta) = (time.scheme, time.theta) {
            let theta = theta.unwrap_or_else(|| {
                self.problem(
                    "time.theta",
                    "is missing",
                    Some("add it, as in theta = 0.6"),
                );
                1.0
            });
            if !(0.5..=1.0).contains(&theta) {
                let message = format!("must lie between 0.5 and 1, is {}", show(theta));
                self.problem("time.theta", message, None);
            }
            return Scheme::Theta(theta);
        }
        if time.theta.is_some() {
            let help = "remove it, or set scheme = \"theta\"";
            self.does_nothing("time.theta", time.scheme, help);
        }
        match time.scheme {
            Name::CrankNicolson => Scheme::Theta(0.5),
            Name::BackwardEuler => Scheme::Theta(1.0),
            Name::Rkl2 => Scheme::Rkl2,
            Name::TrBdf2 => Scheme::TrBdf2,
            _ => Scheme::Explicit,
        }
    }

    fn fixed_step(&mut self, step: f64, end: f64) {
        self.interval("time.step", step, end);
        if step > end && !self.findings.touches("time.end") {
            let message = format!("must be at most the end ({}), is {}", show(end), show(step));
            self.problem("time.step", message, None);
        }
    }

    /// Refuses what a steady state knows nothing of.
    pub(super) fn steady(&mut self, config: &Config, medium: &Medium, walls: &[Wall; 4]) {
        let scheme = config.time.scheme;
        let Name::Steady = scheme else { return };
        if config.output.snapshots.is_some() {
            let help = "remove it: the initial and the steady state are written";
            self.does_nothing("output.snapshots", scheme, help);
        }
        if !matches!(config.output.diagnostics, Cadence::EverySteps(_)) {
            let help = "remove it: there is a line for the initial and one for the steady state";
            self.does_nothing("output.diagnostics", scheme, help);
        }
        let mut moving = Vec::new();
        if medium.source.as_ref().is_some_and(Value::uses_time) {
            moving.push("material.source".to_owned());
        }
        for region in &medium.regions {
            if region.source.as_ref().is_some_and(Value::uses_time) {
                let named = |other: &schema::Region| other.name == region.name;
                let index = config.regions.iter().position(named).unwrap_or_default();
                moving.push(format!("region[{index}].source"));
            }
        }
        for (side, wall) in Side::ALL.into_iter().zip(walls) {
            if wall.values().any(Value::uses_time) {
                moving.push(format!("boundary.{}", side.name()));
            }
        }
        for path in moving {
            let message = "depends on t, of which a steady state knows nothing";
            self.problem(&path, message, Some("write it without t"));
        }
    }

    pub(super) fn solver(
        &mut self,
        solver: &mut Option<schema::Solver>,
        scheme: Name,
    ) -> Option<Solver> {
        if let Name::Explicit | Name::Rkl2 = scheme {
            if solver.is_some() {
                let help = "remove it, or take an implicit scheme";
                self.does_nothing("solver", scheme, help);
            }
            return None;
        }
        let solver = solver.get_or_insert_default();
        let (relative, absolute) = (solver.relative_tolerance, solver.absolute_tolerance);
        if !(0.0..1.0).contains(&relative) {
            let message = format!("must be at least 0 and below 1, is {}", show(relative));
            self.problem("solver.relative_tolerance", message, None);
        }
        if absolute < 0.0 {
            let message = format!("must not be negative, is {}", show(absolute));
            self.problem("solver.absolute_tolerance", message, None);
        }
        if relative == 0.0 && absolute == 0.0 {
            let message = "is 0, and so is the absolute one: no solution will do";
            self.problem(
                "solver.relative_tolerance",
                message,
                Some("give one of them"),
            );
        }
        if solver.max_iterations == 0 {
            self.problem("solver.max_iterations", "must be at least 1, is 0", None);
        }
        let method = solver.method;
        let to_cg = "remove it, or set method = \"cg\"";
        match (method, solver.preconditioner) {
            (_, Preconditioning::None) | (Method::Cg, _) => {}
            (Method::Jacobi, _) => {
                let help = "remove it: the method is the diagonal itself";
                self.unknown_to(method, "solver.preconditioner", help);
            }
            (Method::Multigrid | Method::Direct, _) | (_, Preconditioning::Multigrid) => {
                self.unknown_to(method, "solver.preconditioner", to_cg);
            }
            _ => {}
        }
        let cg_steps = solver.cg_steps.unwrap_or(CG_STEPS);
        if matches!(method, Method::Chebyshev | Method::Ppcg) {
            solver.cg_steps = Some(cg_steps);
        } else if solver.cg_steps.is_some() {
            let help = "remove it, or set method = \"chebyshev\" or \"ppcg\"";
            self.unknown_to(method, "solver.cg_steps", help);
        }
        if cg_steps < LEAST_CG_STEPS {
            let message = format!("must be at least {LEAST_CG_STEPS}, is {cg_steps}");
            self.problem("solver.cg_steps", message, None);
        }
        let inner_steps = solver.inner_steps.unwrap_or(INNER_STEPS);
        if method == Method::Ppcg {
            solver.inner_steps = Some(inner_steps);
        } else if solver.inner_steps.is_some() {
            let help = "remove it, or set method = \"ppcg\"";
            self.unknown_to(method, "solver.inner_steps", help);
        }
        self.at_least_one("solver.inner_steps", inner_steps);
        let smoother = solver.smoother.unwrap_or_default();
        let built = Solver {
            method,
            preconditioner: solver.preconditioner,
            cg_steps,
            inner_steps,
            smoother,
            tolerance: Tolerance {
                relative,
                absolute,
                max_iterations: solver.max_iterations,
            },
        };
        if built.uses_multigrid() {
            solver.smoother = Some(smoother);
        } else if solver.smoother.is_some() {
            let help = "remove it, or set solver.preconditioner = \"multigrid\"";
            self.problem(
                "solver.smoother",
                "does nothing without multigrid",
                Some(help),
            );
        }
        Some(built)
    }

    /// A key that the method has no use for.
    fn unknown_to(&mut self, method: Method, path: &str, help: &str) {
        let message = format!("does nothing with method = \"{}\"", method.name());
        self.problem(path, message, Some(help));
    }
}
