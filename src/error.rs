//! What can go wrong, and the exit status it means.
//!
//! An error is data: it travels between ranks, so that a failure on one rank
//! becomes the same failure on all of them (see [`crate::comm::agree`]).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a failure; each kind has one exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Bad input: a config, an argument, an unreadable input file, a wrong launcher.
    Input,
    /// A defect of the program, or of its surroundings (too low a thread level of MPI).
    Internal,
    /// The output directory holds another run or is locked by one.
    Occupied,
    /// Storage failed: disk full, no permission, a damaged file.
    Storage,
    /// A signal, a stop file or the wall-clock limit ended the run early; its results up to then are written.
    Stopped,
    /// The field became NaN or infinite.
    NotFinite,
    /// A linear solver did not get where it should.
    NotConverged,
    /// A validation case did not give what is expected.
    Missed,
    /// Results that were compared differ.
    Differs,
    /// A run of a scaling study failed.
    RunFailed,
}

impl Kind {
    /// The exit status of the process, after `sysexits.h` where one fits.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::NotConverged | Self::Missed | Self::Differs | Self::RunFailed => 1,
            Self::Input => 2,
            Self::Internal => 70,
            Self::Occupied => 73,
            Self::Storage => 74,
            Self::Stopped => 75,
            Self::NotFinite => 76,
        }
    }
}

/// A failure: what happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    /// The fix, in one sentence, where one is known.
    pub help: Option<String>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
        }
    }

    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Kind::Input, message)
    }

    pub fn storage(message: impl Into<String>) -> Self {
        Self::new(Kind::Storage, message)
    }

    /// The same failure, after where it happened.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// How alike, from 0 to 1, a misspelt word is to the one that was meant.
const ALIKE: f64 = 0.6;

/// The known word that a misspelt one was probably meant to be, for the help of an error.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let alike = |known: &str| strsim::normalized_damerau_levenshtein(&word, &known.to_lowercase());
    known
        .into_iter()
        .map(|known| (alike(known), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        // Of equals the first.
        .min_by(|a, b| b.0.total_cmp(&a.0))
        .map(|(_, known)| known)
}

/// A number and what it counts.
#[must_use]
pub fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
