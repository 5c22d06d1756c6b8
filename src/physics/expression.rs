//! Expressions of position and time.

mod functions;
mod grammar;
mod lanes;
mod token;

use std::sync::Arc;

use exmex::{Express, FlatEx};

use self::lanes::{LANES, Lanes};
use crate::error::Error;

/// Longer texts are refused.
const MAX_CHARACTERS: usize = 4096;

/// A variable an expression may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// Position along x in metres.
    X,
    /// Position along y in metres.
    Y,
    /// Time in seconds.
    T,
}

impl Variable {
    /// In the order in which a compiled expression takes its values: that of the alphabet.
    const ALL: [Self; 3] = [Self::T, Self::X, Self::Y];

    /// The variable as it is written in an expression.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X => "x",
            Self::Y => "y",
            Self::T => "t",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|variable| variable.name() == name)
    }
}

/// A compiled expression in `x`, `y` (metres) and `t` (seconds).
///
/// Operators, from the loosest: comparisons (1 where they hold, else 0), `+ -`, `* /`,
/// signs, `^` (or `**`), which groups from the right. There is no implied multiplication.
/// Functions are `abs sign step heaviside floor ceil round sqrt cbrt exp log ln log2 log10`,
/// `sin cos tan` with their inverses and hyperbolic kin, `min max` of two or more values,
/// and `atan2 hypot pow mod` of two; constants are `pi tau e`. `log` is the natural
/// logarithm, `step` is 1 from 0 on, `mod` is never negative.
#[derive(Debug, Clone)]
pub struct Expression {
    program: FlatEx<Lanes, functions::Operators, functions::Numbers>,
    /// Which of [`Variable::ALL`] occur.
    used: [bool; 3],
}

impl Expression {
    /// Compiles the text.
    ///
    /// # Errors
    /// What is wrong with the text, of at most 4096 characters: a name that is unknown or
    /// is not among the allowed variables, an unbalanced parenthesis, a missing operator or
    /// value, a wrong number of arguments.
    pub fn parse(text: &str, allowed: &[Variable]) -> Result<Self, Error> {
        if text.chars().nth(MAX_CHARACTERS).is_some() {
            return Err(Error::input(format!(
                "the expression is longer than {MAX_CHARACTERS} characters"
            )));
        }
        let canonical = grammar::canonical(text, allowed)?;
        let program: FlatEx<_, _, _> = FlatEx::parse(&canonical)
            .map_err(|fault| Error::input(format!("the expression cannot be compiled: {fault}")))?;
        let used = Variable::ALL.map(|variable| {
            let mut names = program.var_names().iter();
            names.any(|name| name == variable.name())
        });
        Ok(Self { program, used })
    }

    /// Whether the variable occurs in the text.
    #[must_use]
    pub fn uses(&self, variable: Variable) -> bool {
        let place = Variable::ALL
            .into_iter()
            .position(|known| known == variable);
        place.is_some_and(|place| self.used[place])
    }

    /// The value at a position in metres and a time in seconds; NaN or infinite where
    /// arithmetic says so. Allocates nothing for expressions of up to 32 operands.
    #[must_use]
    pub fn eval(&self, x: f64, y: f64, t: f64) -> f64 {
        self.compute([t, x, y].map(Lanes::Same)).get(0)
    }

    /// As [`Self::eval`], at many places: calls `set` with the number of each and the value there.
    pub fn eval_each(
        &self,
        places: impl IntoIterator<Item = [f64; 2]>,
        t: f64,
        mut set: impl FnMut(usize, f64),
    ) {
        let mut places = places.into_iter();
        let mut group = Vec::with_capacity(LANES);
        for first in (0..).step_by(LANES) {
            group.clear();
            group.extend(places.by_ref().take(LANES));
            if group.is_empty() {
                return;
            }
            let [x, y] = [0, 1].map(|axis| Lanes::of(group.iter().map(move |place| place[axis])));
            let values = self.compute([Lanes::Same(t), x, y]);
            for k in 0..group.len() {
                set(first + k, values.get(k));
            }
        }
    }

    /// What it makes of the values of [`Variable::ALL`].
    fn compute(&self, values: [Lanes; 3]) -> Lanes {
        let mut operands: [Lanes; 3] = Default::default();
        let used = values.into_iter().zip(self.used);
        let used = used.filter_map(|(value, used)| used.then_some(value));
        for (place, value) in operands.iter_mut().zip(used) {
            *place = value;
        }
        // It can fail only for too few values, and there are never more than three variables.
        let value = self.program.eval_relaxed(&operands);
        value.unwrap_or(Lanes::Same(f64::NAN))
    }
}

/// A number, or an expression of position and time.
#[derive(Debug, Clone)]
pub enum Value {
    Constant(f64),
    Expression(Arc<Expression>),
}

impl Value {
    /// The value at a position in metres and a time in seconds.
    #[must_use]
    pub fn at(&self, [x, y]: [f64; 2], t: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Expression(expression) => expression.eval(x, y, t),
        }
    }

    /// As [`Self::at`], at many places: calls `set` with the number of each and the value there.
    pub fn at_each(
        &self,
        places: impl IntoIterator<Item = [f64; 2]>,
        t: f64,
        mut set: impl FnMut(usize, f64),
    ) {
        match self {
            Self::Expression(expression) if self.uses_place() => {
                expression.eval_each(places, t, set);
            }
            // A formula of time alone is worth evaluating once.
            _ => {
                let mut everywhere = None;
                for (k, place) in places.into_iter().enumerate() {
                    set(k, *everywhere.get_or_insert_with(|| self.at(place, t)));
                }
            }
        }
    }

    /// The number, if it depends on nothing.
    #[must_use]
    pub fn constant(&self) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Expression(_) => None,
        }
    }

    /// Whether the value differs from place to place.
    #[must_use]
    pub fn uses_place(&self) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Expression(expression) => {
                expression.uses(Variable::X) || expression.uses(Variable::Y)
            }
        }
    }

    /// Whether the value changes with time.
    #[must_use]
    pub fn uses_time(&self) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Expression(expression) => expression.uses(Variable::T),
        }
    }
}

#[cfg(test)]
mod tests;
