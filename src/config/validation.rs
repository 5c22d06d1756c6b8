//! The file of validation cases: configs, and what their runs must give.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    document::{self, Node},
    problems::{Findings, Problem, Problems},
    quantity::Quantity,
    source::Source,
};
use crate::{
    physics::{Expression, Variable},
    study::validation::Tolerance,
};

/// A config whose answer is known. As `[[case]]` in the file, where `config` is relative to the file.
#[derive(Debug, Clone)]
pub struct ValidationCase {
    /// Its own among the cases.
    pub name: String,
    /// What is simulated, in words.
    pub what: String,
    /// Where the expectations come from.
    pub source: String,
    pub config: PathBuf,
    /// Overrides of the config, as after `--set`.
    pub set: Vec<String>,
    /// Whether it takes minutes.
    pub long: bool,
    /// More overrides under a name, such as the solvers that are to give the same; the case is run
    /// with each of them, or once if there are none.
    pub variants: BTreeMap<String, Vec<String>>,
    /// The temperature in K over x, y in m and t in s.
    pub exact: Option<Expression>,
    /// Ever finer grids or shorter steps, for an order of convergence.
    pub refine: Vec<Refinement>,
    pub expect: Vec<Expectation>,
}

/// A grid or a step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refinement {
    /// The width of a cell or the length of a step, in any units.
    pub h: f64,
    /// Overrides of the config that make it so.
    pub set: Vec<String>,
}

/// A number that a run must give.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    pub measured: Measured,
    pub value: f64,
    pub tolerance: Tolerance,
}

/// What is measured; `quantity` and `at` in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured {
    /// A column of `diagnostics.csv`, as in `"mean"`.
    Diagnostic { column: String, at: At },
    /// A number in `report.json`, as in `"tealeaf.u"`.
    Report(String),
    /// `"error"`: the largest difference from the exact temperature, over all cells at the end.
    Error,
    /// `"order"`: that of the error, between each of `refine` and the next.
    Order,
}

/// When a column is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    Start,
    End,
    /// How much it grows in a second, between the last two rows.
    Rate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenFile {
    #[serde(rename = "case")]
    cases: Vec<GivenCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenCase {
    name: String,
    what: String,
    source: String,
    config: PathBuf,
    #[serde(default)]
    set: Vec<String>,
    #[serde(default)]
    long: bool,
    #[serde(default)]
    variants: BTreeMap<String, Vec<String>>,
    exact: Option<String>,
    #[serde(default)]
    refine: Vec<Refinement>,
    expect: Vec<GivenExpectation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenExpectation {
    quantity: String,
    at: Option<At>,
    /// A number, or an expression without variables.
    value: Quantity<false>,
    absolute: Option<f64>,
    relative: Option<f64>,
}

/// Reads the cases of a file, whose configs are relative to `base`.
///
/// # Errors
/// All that is wrong with the cases; not with their configs.
pub fn validation_cases(source: &Source, base: &Path) -> Result<Vec<ValidationCase>, Problems> {
    let fail = |problems| Problems::new(source, problems);
    let root = document::read(&source.text).map_err(fail)?;
    let file: GivenFile = serde_path_to_error::deserialize(root.value()).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => String::new(),
            path => path,
        };
        fail(vec![Problem {
            origin: root.nearest(&path).origin.clone(),
            message: error.inner().message().trim_end().to_owned(),
            path,
            help: None,
        }])
    })?;
    let mut check = Check {
        root: &root,
        base,
        names: BTreeSet::new(),
        findings: Findings::default(),
    };
    let cases = (file.cases.into_iter().enumerate())
        .map(|(index, case)| check.case(&format!("case[{index}]"), case))
        .collect();
    if check.findings.problems.is_empty() {
        Ok(cases)
    } else {
        Err(fail(check.findings.problems))
    }
}

struct Check<'a> {
    root: &'a Node,
    base: &'a Path,
    /// Of the cases so far.
    names: BTreeSet<String>,
    findings: Findings,
}

impl Check<'_> {
    fn problem(&mut self, path: &str, message: impl Into<String>, help: &str) {
        let origin = &self.root.nearest(path).origin;
        let help = Some(help.to_owned());
        self.findings.add(origin, path, message, help);
    }

    fn case(&mut self, path: &str, given: GivenCase) -> ValidationCase {
        if !self.names.insert(given.name.clone()) {
            let message = format!("`{}` is the name of another case too", given.name);
            self.problem(
                &format!("{path}.name"),
                message,
                "give each a name of its own",
            );
        }
        let config = self.base.join(&given.config);
        if !config.is_file() {
            let message = format!("there is no file {}", config.display());
            let help = "give its path relative to this file";
            self.problem(&format!("{path}.config"), message, help);
        }
        if given.expect.is_empty() {
            let help =
                "add one, as in expect = [{ quantity = \"mean\", value = 300, absolute = 1e-9 }]";
            self.problem(&format!("{path}.expect"), "is empty", help);
        }
        let exact = given.exact.as_ref().and_then(|text| {
            let variables = [Variable::X, Variable::Y, Variable::T];
            self.expression(&format!("{path}.exact"), text, &variables)
        });
        let expect: Vec<_> = (given.expect.iter().enumerate())
            .map(|(index, expectation)| {
                self.expectation(&format!("{path}.expect[{index}]"), expectation, &given)
            })
            .collect();
        let uses_exact = |expectation: &Expectation| {
            matches!(expectation.measured, Measured::Error | Measured::Order)
        };
        let path_of_exact = format!("{path}.exact");
        match (&given.exact, expect.iter().any(uses_exact)) {
            (Some(_), false) => {
                let message = "does nothing without an expectation of \"error\" or \"order\"";
                self.problem(&path_of_exact, message, "remove it, or expect one");
            }
            (None, true) => {
                let help = "add it, as in exact = \"exp(-t)*sin(pi*x)\"";
                self.problem(&path_of_exact, "is missing", help);
            }
            _ => {}
        }
        self.refinements(&format!("{path}.refine"), &given.refine);
        ValidationCase {
            name: given.name,
            what: given.what,
            source: given.source,
            config,
            set: given.set,
            long: given.long,
            variants: given.variants,
            exact,
            refine: given.refine,
            expect,
        }
    }

    fn refinements(&mut self, path: &str, given: &[Refinement]) {
        if given.len() == 1 {
            self.problem(path, "has one entry", "an order takes two at least");
        }
        if given.iter().any(|refinement| refinement.h <= 0.0)
            || given.windows(2).any(|pair| pair[0].h <= pair[1].h)
        {
            let help = "write ever smaller `h` above 0";
            self.problem(path, "does not refine", help);
        }
    }

    fn expectation(
        &mut self,
        path: &str,
        given: &GivenExpectation,
        case: &GivenCase,
    ) -> Expectation {
        let value = match &given.value {
            Quantity::Number(number) => *number,
            Quantity::Expression(text) => {
                let expression = self.expression(&format!("{path}.value"), text, &[]);
                expression.map_or(f64::NAN, |expression| expression.eval(0.0, 0.0, 0.0))
            }
        };
        let tolerance = match (given.absolute, given.relative) {
            (Some(tolerance), None) => Tolerance::Absolute(tolerance),
            (None, Some(tolerance)) => {
                if value == 0.0 {
                    let message = "means nothing beside a value of 0";
                    self.problem(&format!("{path}.relative"), message, "use `absolute`");
                }
                Tolerance::Relative(tolerance)
            }
            _ => {
                let message = "needs one of `absolute` and `relative`";
                self.problem(path, message, "say how far the number may be off");
                Tolerance::Absolute(0.0)
            }
        };
        let quantity = format!("{path}.quantity");
        let measured = self.measured(path, given);
        match (measured == Measured::Order, case.refine.is_empty()) {
            (true, true) => {
                let help = "add `refine`, or expect something else";
                self.problem(&quantity, "needs `refine`", help);
            }
            (false, false) => {
                let help = "expect \"order\", or take a case without";
                self.problem(&quantity, "means nothing with `refine`", help);
            }
            _ => {}
        }
        Expectation {
            measured,
            value,
            tolerance,
        }
    }

    fn measured(&mut self, path: &str, given: &GivenExpectation) -> Measured {
        let name = given.quantity.as_str();
        let measured = match name {
            "error" => Measured::Error,
            "order" => Measured::Order,
            _ if name.contains('.') => Measured::Report(name.to_owned()),
            _ => {
                return Measured::Diagnostic {
                    column: name.to_owned(),
                    at: given.at.unwrap_or(At::End),
                };
            }
        };
        if given.at.is_some() {
            let message = format!("does nothing with quantity = \"{name}\"");
            self.problem(&format!("{path}.at"), message, "remove it");
        }
        measured
    }

    fn expression(&mut self, path: &str, text: &str, variables: &[Variable]) -> Option<Expression> {
        Expression::parse(text, variables)
            .map_err(|error| {
                let help = error
                    .help
                    .unwrap_or_else(|| "correct the expression".to_owned());
                self.problem(path, error.message, &help);
            })
            .ok()
    }
}
