//! Several numbers at once, so that what an interpreted expression costs beside its arithmetic is paid once
//! for all of them.

use std::{num::ParseFloatError, str::FromStr};

use super::functions::Operand;

/// How many.
pub(super) const LANES: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lanes {
    /// What is the same in all is computed once.
    Same(f64),
    /// In a box, as the interpreter moves what it computes with.
    Each(Box<[f64; LANES]>),
}

impl Lanes {
    /// Numbers in as many lanes as there are; the others repeat the first.
    ///
    /// # Panics
    /// If there are none, or more than lanes.
    pub fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let first = numbers.clone().next().expect("at least one number");
        if numbers
            .clone()
            .all(|number| number.to_bits() == first.to_bits())
        {
            return Self::Same(first);
        }
        let mut lanes = Box::new([first; LANES]);
        for (k, number) in numbers.enumerate() {
            lanes[k] = number;
        }
        Self::Each(lanes)
    }

    pub fn get(&self, lane: usize) -> f64 {
        match self {
            Self::Same(value) => *value,
            Self::Each(values) => values[lane],
        }
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::Same(0.0)
    }
}

impl Operand for Lanes {
    fn map(self, function: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Same(a) => Self::Same(function(a)),
            Self::Each(mut a) => {
                a.iter_mut().for_each(|a| *a = function(*a));
                Self::Each(a)
            }
        }
    }

    fn with(self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::Same(a), other) => other.map(|b| function(a, b)),
            (Self::Each(a), Self::Same(b)) => Self::Each(a).map(|a| function(a, b)),
            (Self::Each(mut a), Self::Each(b)) => {
                for (a, b) in a.iter_mut().zip(*b) {
                    *a = function(*a, b);
                }
                Self::Each(a)
            }
        }
    }
}

impl FromStr for Lanes {
    type Err = ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Same)
    }
}
