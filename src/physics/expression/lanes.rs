//! Numbers of several places at once, so that what an interpreted expression costs beside its arithmetic is
//! paid once for all of them.

use std::{num::ParseFloatError, str::FromStr};

/// At how many places at once, at most.
pub(super) const LANES: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lanes {
    /// What is the same everywhere is computed once.
    Same(f64),
    /// One number a place. In a box, as the interpreter moves what it computes with.
    Each(Box<[f64]>),
}

impl Lanes {
    /// Some numbers; zero if there are none.
    pub fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let first = numbers.clone().next().unwrap_or(0.0);
        if numbers
            .clone()
            .all(|number| number.to_bits() == first.to_bits())
        {
            Self::Same(first)
        } else {
            Self::Each(numbers.collect())
        }
    }

    pub fn get(&self, lane: usize) -> f64 {
        match self {
            Self::Same(value) => *value,
            Self::Each(values) => values[lane],
        }
    }

    pub fn map(self, function: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Same(a) => Self::Same(function(a)),
            Self::Each(mut a) => {
                a.iter_mut().for_each(|a| *a = function(*a));
                Self::Each(a)
            }
        }
    }

    /// What a function makes of each number and of the other's at the same place.
    pub fn with(self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::Same(a), other) => other.map(|b| function(a, b)),
            (Self::Each(a), Self::Same(b)) => Self::Each(a).map(|a| function(a, b)),
            (Self::Each(mut a), Self::Each(b)) => {
                for (a, b) in a.iter_mut().zip(b) {
                    *a = function(*a, b);
                }
                Self::Each(a)
            }
        }
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::Same(0.0)
    }
}

impl FromStr for Lanes {
    type Err = ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Same)
    }
}
