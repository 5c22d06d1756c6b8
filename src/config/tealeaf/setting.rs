//! A key of a deck with its value.

use std::ops::Range;

use super::words::Word;
use crate::config::problems::{Origin, Problem};

/// A value, and the bytes of the deck that it comes from.
#[derive(Debug, Clone)]
pub struct At<T> {
    pub value: T,
    pub at: Range<usize>,
}

/// A key, and the word after it.
#[derive(Debug, Clone)]
pub struct Setting {
    pub key: Word,
    pub value: Word,
}

impl Setting {
    /// A key with the next of the words.
    pub fn take(key: &Word, words: &mut impl Iterator<Item = Word>) -> Result<Self, Problem> {
        let value = words.next().ok_or_else(|| {
            let help = format!("write {}= and its value on one line", key.text);
            key.problem("has no value", help)
        })?;
        Ok(Self {
            key: key.clone(),
            value,
        })
    }

    /// What is wrong with the value.
    pub fn problem(&self, message: impl Into<String>, help: Option<&str>) -> Problem {
        Problem {
            origin: Origin::File(self.value.at.clone()),
            path: self.key.text.clone(),
            message: message.into(),
            help: help.map(str::to_owned),
        }
    }

    pub fn real(&self) -> Result<At<f64>, Problem> {
        // Fortran's exponents may begin with a d.
        let number = self.value.text.replace('d', "e").parse::<f64>();
        match number {
            Ok(number) if number.is_finite() => Ok(self.at(number)),
            _ => Err(self.expected("a number")),
        }
    }

    pub fn positive(&self) -> Result<At<f64>, Problem> {
        let number = self.real()?;
        if number.value > 0.0 {
            Ok(number)
        } else {
            Err(self.problem(format!("must be positive, is {}", number.value), None))
        }
    }

    pub fn whole(&self, least: i64) -> Result<At<i64>, Problem> {
        match self.value.text.parse::<i64>() {
            Ok(number) if number >= least => Ok(self.at(number)),
            Ok(number) => Err(self.problem(format!("must be at least {least}, is {number}"), None)),
            Err(_) => Err(self.expected("a whole number")),
        }
    }

    /// One of several words, or what stands for it.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<At<T>, Problem> {
        let chosen = choices.iter().find(|(name, _)| *name == self.value.text);
        chosen.map(|(_, value)| self.at(*value)).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("there is no `{}` here", self.value.text);
            self.problem(message, Some(&format!("write {}", names.join(" or "))))
        })
    }

    fn at<T>(&self, value: T) -> At<T> {
        let at = self.value.at.clone();
        At { value, at }
    }

    fn expected(&self, what: &str) -> Problem {
        let message = format!("expected {what}, found `{}`", self.value.text);
        self.problem(message, None)
    }
}
