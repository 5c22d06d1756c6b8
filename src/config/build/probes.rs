//! Probes and when they are read.

use std::ops::Range;

use super::{Check, domain_in_words};
use crate::{
    config::schema,
    grid::Grid,
    output::{Place, Probe},
    physics::Shape,
    simulation::Cadence,
};

/// Columns of `probes.csv` that are there anyway.
const TAKEN: [&str; 2] = ["step", "time"];

/// Steps from one reading of the probes to the next where the config says nothing.
const STEPS_BETWEEN_READINGS: u64 = 100;

impl Check<'_> {
    pub(super) fn probes(&mut self, probes: &[schema::Probe], grid: &Grid) -> Vec<Probe> {
        let mut checked = Vec::new();
        for (index, probe) in probes.iter().enumerate() {
            let path = format!("output.probes[{index}]");
            self.probe_name(&format!("{path}.name"), &probe.name, &probes[..index]);
            let place = match (probe.at, &probe.mean) {
                (Some(point), None) => self.point(&format!("{path}.at"), point, grid),
                (None, Some(mean)) => self.mean(&format!("{path}.mean"), mean, grid),
                (Some(_), Some(_)) => {
                    let help = "make it two probes, each with a name of its own";
                    self.problem(&path, "has both `at` and `mean`", Some(help));
                    continue;
                }
                (None, None) => {
                    let help = "add at = [x, y], or mean = { min = [x, y], max = [x, y] }";
                    self.problem(&path, "has neither `at` nor `mean`", Some(help));
                    continue;
                }
            };
            checked.push(Probe {
                name: probe.name.clone(),
                place,
            });
        }
        checked
    }

    /// Fills in when the probes are read, if there are any.
    pub(super) fn probing(&mut self, output: &mut schema::Output, end: f64) {
        match &output.probing {
            Some(_) if output.probes.is_empty() => {
                let help = "remove it, or add output.probes";
                let message = "does nothing without probes";
                self.problem("output.probing", message, Some(help));
            }
            Some(cadence) => self.cadence("output.probing", cadence, end),
            None if output.probes.is_empty() => {}
            None => output.probing = Some(Cadence::EverySteps(STEPS_BETWEEN_READINGS)),
        }
    }

    /// A name heads a column of a CSV file, and labels a curve.
    fn probe_name(&mut self, path: &str, name: &str, before: &[schema::Probe]) {
        let plain = |c: char| c.is_alphanumeric() || " _-.".contains(c);
        if name.trim().is_empty() {
            self.problem(path, "is empty", Some("name the place"));
        } else if name.trim() != name || !name.chars().all(plain) {
            let message = format!("{name:?} cannot head a column");
            let help = "use letters, digits, `_`, `-`, `.`, and spaces within";
            self.problem(path, message, Some(help));
        } else if TAKEN.contains(&name) {
            let message = format!("another column is called `{name}`");
            self.problem(path, message, Some("choose another name"));
        } else if before.iter().any(|other| other.name == name) {
            let message = format!("another probe is called `{name}`");
            let help = "give every probe its own name";
            self.problem(path, message, Some(help));
        }
    }

    fn point(&mut self, path: &str, point: [f64; 2], grid: &Grid) -> Place {
        let inside = (0..2).all(|axis| {
            let low = grid.origin[axis];
            (low..=low + grid.size[axis]).contains(&point[axis])
        });
        if !inside && !self.findings.touches("domain") {
            let help = domain_in_words(grid);
            self.problem(path, "lies outside the domain", Some(&help));
        }
        Place::Point(point)
    }

    fn mean(&mut self, path: &str, mean: &schema::Mean, grid: &Grid) -> Place {
        let &schema::Mean { min, max } = mean;
        self.corners(path, min, max);
        self.overlap(path, &Shape::Rectangle { min, max }, grid);
        let known = self.findings.touches(path) || self.findings.touches("domain");
        if !known && grid.cells_within(min, max).iter().any(Range::is_empty) {
            let help = "make it larger, or the cells smaller";
            self.problem(path, "covers the centre of no cell", Some(help));
        }
        Place::Mean { min, max }
    }
}
