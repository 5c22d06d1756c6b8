//! What is wrong with a config: all of it, each with its place and its fix.

use std::{collections::BTreeSet, error, fmt, ops::Range};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
    SourceSpan,
};

use super::source::Source;
use crate::error::{Error, count};

/// Columns of a report.
const WIDTH: usize = 100;

/// Where a key or a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Bytes of the file.
    File(Range<usize>),
    /// The argument of a `--set`.
    Set(String),
}

/// One thing wrong, at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    /// The key, as in `region[0].shape`; empty where the text is no TOML.
    pub path: String,
    pub message: String,
    /// The fix.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Collects problems; one that follows from another at the same place is left out.
#[derive(Debug, Default)]
pub struct Findings {
    pub problems: Vec<Problem>,
    /// Where something stands in for what is wrong or missing: what is inside is no one's fault.
    stand_ins: BTreeSet<String>,
}

impl Findings {
    /// Adds a problem, unless one is known at the same key or inside it, or the value is not
    /// the user's.
    pub fn add(
        &mut self,
        origin: &Origin,
        path: &str,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let stands_in = self.stand_ins.iter().any(|outer| is_within(path, outer));
        if !stands_in && !self.touches(path) {
            self.problems.push(Problem {
                origin: origin.clone(),
                path: path.to_owned(),
                message: message.into(),
                help,
            });
        }
    }

    /// Says that the value at a key is no longer the user's; false if that was known.
    pub fn stand_in(&mut self, path: &str) -> bool {
        self.stand_ins.insert(path.to_owned())
    }

    /// Whether a problem is known at the key or inside it.
    pub fn touches(&self, path: &str) -> bool {
        self.problems
            .iter()
            .any(|problem| is_within(&problem.path, path))
    }
}

/// Whether a key is another or lies inside it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Everything wrong with a config, in the order of the file.
#[derive(Debug, Clone)]
pub struct Problems {
    source: Source,
    pub problems: Vec<Problem>,
}

impl Problems {
    pub(super) fn new(source: &Source, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| match &problem.origin {
            Origin::File(span) => (0, span.start),
            Origin::Set(_) => (1, 0),
        });
        Self {
            source: source.clone(),
            problems,
        }
    }
}

/// Their number, and each with its excerpt of the file.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let theme = GraphicalTheme::unicode_nocolor();
        let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH);
        let text = NamedSource::new(&self.source.name, self.source.text.clone());
        let count = count(self.problems.len(), "problem");
        write!(f, "{count} in {}", self.source.name)?;
        for problem in &self.problems {
            let located = Located {
                problem,
                text: &text,
            };
            let mut excerpt = String::new();
            handler.render_report(&mut excerpt, &located)?;
            write!(f, "\n\n{}", excerpt.trim_end())?;
        }
        Ok(())
    }
}

impl error::Error for Problems {}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::input(problems.to_string())
    }
}

/// A problem together with the text it is in, as miette wants them.
#[derive(Debug)]
struct Located<'a> {
    problem: &'a Problem,
    text: &'a NamedSource<String>,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)?;
        match &self.problem.origin {
            Origin::File(_) => Ok(()),
            Origin::Set(argument) => write!(f, " (from --set {argument})"),
        }
    }
}

impl error::Error for Located<'_> {}

impl Diagnostic for Located<'_> {
    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        let help = self.problem.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        match &self.problem.origin {
            Origin::File(_) => Some(self.text),
            Origin::Set(_) => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        match &self.problem.origin {
            Origin::File(span) => {
                let span = LabeledSpan::new_with_span(None, SourceSpan::from(span.clone()));
                Some(Box::new(std::iter::once(span)))
            }
            Origin::Set(_) => None,
        }
    }
}
