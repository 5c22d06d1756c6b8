//! From the structs of the schema to a [`Case`], past everything that is wrong in meaning.

mod direct;
mod medium;
mod probes;
mod run;
mod scale;
mod time;

use std::path::{Path, PathBuf};

use super::{
    Case,
    case::TeaLeaf,
    document::Node,
    problems::Findings,
    schema::{Config, Domain, Scheme},
};
use crate::grid::Grid;

/// More cells than any machine this program meets could hold.
const MAX_CELLS: usize = 1 << 40;

/// Lengths beyond these, in metres, overflow or vanish when they are squared and divided.
const LENGTHS: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// Checks the meaning of a config. The case is there if nothing was reported.
pub fn case(mut config: Config, root: &Node, base: &Path, findings: &mut Findings) -> Option<Case> {
    let mut check = Check {
        root,
        base,
        findings,
    };
    check.title(config.title.as_deref().unwrap_or_default());
    let grid = check.grid(&config.domain);
    let medium = check.medium(&mut config, &grid);
    let initial = check.initial(&mut config.initial);
    let walls = check.walls(&config.boundary);
    let scheme = config.time.scheme;
    let time = check.time(&mut config.time);
    check.steady(&config, &medium, &walls);
    let solver = check.solver(&mut config.solver, scheme);
    check.direct(&config, &medium, &walls);
    let parallel = check.parallel(&config.parallel, &grid, scheme, solver);
    let output = check.output(
        &mut config.output,
        time.end,
        &grid,
        config.parallel.precision,
    );
    let tealeaf = config.tealeaf.as_ref().map(|tealeaf| TeaLeaf {
        density: tealeaf.density,
        every_steps: Some(tealeaf.summary_frequency).filter(|steps| *steps > 0),
    });
    let scale = check.scale(config.scale.clone().unwrap_or_default());
    if !findings.problems.is_empty() {
        return None;
    }
    Some(Case {
        title: config.title.clone().unwrap_or_default(),
        grid,
        medium,
        initial,
        walls,
        time,
        solver,
        parallel,
        output,
        tealeaf,
        scale,
        effective: toml::to_string(&config).expect("a valid config has a TOML form"),
    })
}

/// The checks of the sections. What a section makes of a wrong value is of no meaning:
/// no case is made of it.
struct Check<'a> {
    root: &'a Node,
    /// Files are relative to it.
    base: &'a Path,
    findings: &'a mut Findings,
}

impl Check<'_> {
    fn problem(&mut self, path: &str, message: impl Into<String>, help: Option<&str>) {
        let origin = &self.root.nearest(path).origin;
        self.findings
            .add(origin, path, message, help.map(str::to_owned));
    }

    fn positive(&mut self, path: &str, number: f64) {
        if number <= 0.0 {
            self.problem(path, format!("must be positive, is {}", show(number)), None);
        }
    }

    /// A key that has no meaning with what another one says.
    fn does_nothing(&mut self, path: &str, scheme: Scheme, help: &str) {
        let message = format!("does nothing with scheme = \"{}\"", scheme.name());
        self.problem(path, message, Some(help));
    }

    fn at_least_one(&mut self, path: &str, count: usize) {
        if count == 0 {
            self.problem(path, "must be at least 1, is 0", None);
        }
    }

    /// A file named in the config, as an absolute path.
    fn file(&mut self, path: &str, file: &Path) -> PathBuf {
        let file = self.base.join(file);
        if !file.is_file() {
            self.problem(
                path,
                format!("there is no file {}", file.display()),
                Some("give its path relative to the config file"),
            );
        }
        let file = std::path::absolute(&file).unwrap_or(file);
        if file.to_str().is_none() {
            let help = "rename the file or its directories";
            self.problem(path, "leads to a path that is not UTF-8", Some(help));
        }
        file
    }

    fn title(&mut self, title: &str) {
        if title.contains(char::is_control) {
            let help = "write it as plain text on one line";
            self.problem("title", "has a control character", Some(help));
        }
    }

    fn grid(&mut self, domain: &Domain) -> Grid {
        for axis in 0..2 {
            let path = format!("domain.size[{axis}]");
            let size = domain.size[axis];
            self.positive(&path, size);
            if !LENGTHS.contains(&size) {
                let message = format!("must lie between 1e-100 and 1e100, is {}", show(size));
                self.problem(&path, message, Some("choose other units of length"));
            }
            self.at_least_one(&format!("domain.cells[{axis}]"), domain.cells[axis]);
        }
        let count = domain.cells[0].checked_mul(domain.cells[1]);
        if count.is_none_or(|count| count > MAX_CELLS) {
            let message = format!(
                "must be at most 2^40 cells in all, is {} times {}",
                domain.cells[0], domain.cells[1]
            );
            self.problem("domain.cells", message, None);
        }
        let grid = Grid {
            cells: domain.cells,
            size: domain.size,
            origin: domain.origin,
        };
        if !self.findings.touches("domain") {
            self.distinct_cells(&grid);
        }
        grid
    }

    /// Rounding must not move cell centres onto each other.
    fn distinct_cells(&mut self, grid: &Grid) {
        for (axis, width) in grid.spacing().into_iter().enumerate() {
            let far = grid.origin[axis].abs() + grid.size[axis];
            if width < 4.0 * f64::EPSILON * far {
                let message = format!(
                    "cells {} m wide cannot be told apart at {} m",
                    show(width),
                    show(far)
                );
                self.problem(
                    "domain.origin",
                    message,
                    Some("move the origin closer to 0"),
                );
            }
        }
    }
}

/// Where the domain lies, as the fix for what lies outside.
fn domain_in_words(grid: &Grid) -> String {
    let extent = |axis: usize| {
        let low = grid.origin[axis];
        format!("{} to {}", show(low), show(low + grid.size[axis]))
    };
    format!("the domain is {} in x and {} in y", extent(0), extent(1))
}

/// A number as short as it can be written.
fn show(number: f64) -> String {
    let text = format!("{number:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
