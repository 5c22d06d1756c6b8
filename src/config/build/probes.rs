//! Probes and when they are read.

use std::ops::{Range, RangeInclusive};

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

/// Points on a line: with fewer it is none, and more are taken for a mistake.
const POINTS: RangeInclusive<usize> = 2..=10_000;

impl Check<'_> {
    pub(super) fn probes(&mut self, probes: &[schema::Probe], grid: &Grid) -> Vec<Probe> {
        let mut columns = Vec::new();
        let mut checked = Vec::new();
        for (index, probe) in probes.iter().enumerate() {
            let path = format!("output.probes[{index}]");
            let own = columns_of(probe);
            self.probe_name(&format!("{path}.name"), &probe.name, &own, &columns);
            let places = self.places(&path, probe, grid);
            let named = own.iter().cloned().zip(places);
            checked.extend(named.map(|(name, place)| Probe { name, place }));
            columns.extend(own);
        }
        checked
    }

    /// The places of a probe, one for each of its columns; none if it is not known where they are.
    fn places(&mut self, path: &str, probe: &schema::Probe, grid: &Grid) -> Vec<Place> {
        let line = [
            ("from", probe.from.is_some()),
            ("to", probe.to.is_some()),
            ("points", probe.points.is_some()),
        ];
        let begun = line.iter().find(|(_, given)| *given);
        let forms = [
            ("at", probe.at.is_some()),
            ("mean", probe.mean.is_some()),
            (begun.map_or("from", |(name, _)| name), begun.is_some()),
        ];
        let given: Vec<_> = forms.iter().filter(|(_, given)| *given).collect();
        match given[..] {
            [] => {
                let help = "add at = [x, y], mean = { min = [x, y], max = [x, y] }, or from, to and points";
                self.problem(path, "has neither `at`, `mean` nor `from`", Some(help));
                return Vec::new();
            }
            [(first, _), (second, _), ..] => {
                let help = "make it two probes, each with a name of its own";
                let message = format!("has both `{first}` and `{second}`");
                self.problem(path, message, Some(help));
                return Vec::new();
            }
            [_] => {}
        }
        if let Some(point) = probe.at {
            return vec![self.point(&format!("{path}.at"), point, grid)];
        }
        if let Some(mean) = &probe.mean {
            return vec![self.mean(&format!("{path}.mean"), mean, grid)];
        }
        if let (Some(from), Some(to), Some(count)) = (probe.from, probe.to, probe.points) {
            return self.line(path, [from, to], count, grid);
        }
        let missing = line.iter().find(|(_, given)| !given);
        let (missing, _) = missing.expect("not all are given");
        let message = format!("has no `{missing}`");
        let help = "a line has from = [x, y], to = [x, y] and points = n";
        self.problem(path, message, Some(help));
        Vec::new()
    }

    #[expect(clippy::cast_precision_loss, reason = "few points")]
    fn line(
        &mut self,
        path: &str,
        [from, to]: [[f64; 2]; 2],
        count: usize,
        grid: &Grid,
    ) -> Vec<Place> {
        self.point(&format!("{path}.from"), from, grid);
        self.point(&format!("{path}.to"), to, grid);
        if !POINTS.contains(&count) {
            let message = format!("must be {} to {}, is {count}", POINTS.start(), POINTS.end());
            self.problem(&format!("{path}.points"), message, None);
            return Vec::new();
        }
        if from == to {
            let help = "make it a point: at = [x, y]";
            self.problem(&format!("{path}.to"), "is where `from` is", Some(help));
        }
        let place = |k: usize| {
            let part = k as f64 / (count - 1) as f64;
            Place::Point([0, 1].map(|axis| (1.0 - part) * from[axis] + part * to[axis]))
        };
        (0..count).map(place).collect()
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

    /// A name heads columns of a CSV file, and labels curves.
    fn probe_name(&mut self, path: &str, name: &str, own: &[String], before: &[String]) {
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
        } else if let Some(column) = own.iter().find(|column| before.contains(column)) {
            let message = format!("another probe is called `{column}`");
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

    fn mean(&mut self, path: &str, mean: &schema::Rectangle, grid: &Grid) -> Place {
        self.cells_within(path, mean, grid);
        let &schema::Rectangle { min, max } = mean;
        Place::Mean { min, max }
    }

    /// The cells whose centres lie in a rectangle; none where that is not known.
    pub(super) fn cells_within(
        &mut self,
        path: &str,
        rectangle: &schema::Rectangle,
        grid: &Grid,
    ) -> [Range<usize>; 2] {
        let &schema::Rectangle { min, max } = rectangle;
        self.corners(path, min, max);
        self.overlap(path, &Shape::Rectangle { min, max }, grid);
        if self.findings.touches(path) || self.findings.touches("domain") {
            return [0..0, 0..0];
        }
        let cells = grid.cells_within(min, max);
        if cells.iter().any(Range::is_empty) {
            let help = "make it larger, or the cells smaller";
            self.problem(path, "covers the centre of no cell", Some(help));
        }
        cells
    }
}

/// The names of a probe's columns.
fn columns_of(probe: &schema::Probe) -> Vec<String> {
    let name = &probe.name;
    match probe.points {
        Some(count) if POINTS.contains(&count) => (1..=count)
            .map(|number| format!("{name} {number}"))
            .collect(),
        _ => vec![name.clone()],
    }
}
