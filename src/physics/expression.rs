//! Expressions of position and time.

use std::sync::Arc;

/// A variable an expression may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    X,
    Y,
    T,
}

/// Why an expression could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    pub message: String,
    pub help: Option<String>,
}

/// A compiled expression in `x`, `y` (metres) and `t` (seconds).
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
}

impl Expression {
    pub fn parse(text: &str, allowed: &[Variable]) -> Result<Self, ExpressionError> {
        todo!("{text} {allowed:?}")
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn uses(&self, variable: Variable) -> bool {
        todo!("{variable:?}")
    }

    #[must_use]
    pub fn eval(&self, x: f64, y: f64, t: f64) -> f64 {
        todo!("{x} {y} {t}")
    }
}

/// A number, or an expression of position and time.
#[derive(Debug, Clone)]
pub enum Value {
    Constant(f64),
    Expression(Arc<Expression>),
}

impl Value {
    #[must_use]
    pub fn at(&self, [x, y]: [f64; 2], t: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Expression(expression) => expression.eval(x, y, t),
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

    #[must_use]
    pub fn uses_time(&self) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Expression(expression) => expression.uses(Variable::T),
        }
    }
}
