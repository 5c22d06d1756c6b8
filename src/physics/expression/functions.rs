//! What an expression may call, and the operators it is compiled to.

use std::f64::consts::{E, PI, TAU};

use exmex::{BinOp, MakeOperators, MatchLiteral, Operator};

use super::{lanes::Lanes, token};

type Named<F> = (&'static str, F);
type Unary = fn(Lanes) -> Lanes;
type Binary = fn(Lanes, Lanes) -> Lanes;

/// Functions of one operand or of two, each with its name.
macro_rules! table {
    (1: $($name:expr => $function:expr,)*) => {
        [$(($name, |a: Lanes| a.map($function))),*]
    };
    (2: $($name:expr => $function:expr,)*) => {
        [$(($name, |a: Lanes, b: Lanes| a.with(b, $function))),*]
    };
}

pub(super) const CONSTANTS: [Named<f64>; 5] =
    [("pi", PI), ("PI", PI), ("tau", TAU), ("e", E), ("E", E)];

pub(super) const UNARY: [Named<Unary>; 26] = table![1:
    "sin" => f64::sin,
    "cos" => f64::cos,
    "tan" => f64::tan,
    "asin" => f64::asin,
    "acos" => f64::acos,
    "atan" => f64::atan,
    "sinh" => f64::sinh,
    "cosh" => f64::cosh,
    "tanh" => f64::tanh,
    "asinh" => f64::asinh,
    "acosh" => f64::acosh,
    "atanh" => f64::atanh,
    "abs" => f64::abs,
    "sign" => sign,
    "step" => step,
    "heaviside" => step,
    "floor" => f64::floor,
    "ceil" => f64::ceil,
    "round" => f64::round,
    "sqrt" => f64::sqrt,
    "cbrt" => f64::cbrt,
    "exp" => f64::exp,
    "log" => f64::ln,
    "ln" => f64::ln,
    "log2" => f64::log2,
    "log10" => f64::log10,
];

pub(super) const BINARY: [Named<Binary>; 6] = table![2:
    "min" => min,
    "max" => max,
    "atan2" => f64::atan2,
    "hypot" => f64::hypot,
    "pow" => power,
    "mod" => f64::rem_euclid,
];

/// The operator that a minus before a value is compiled to; no name a user can write.
pub(super) const NEGATE: &str = "_negate";

#[expect(clippy::float_cmp, reason = "the user asked for just that")]
const INFIX: [Named<Binary>; 11] = table![2:
    "+" => |a, b| a + b,
    "-" => |a, b| a - b,
    "*" => |a, b| a * b,
    "/" => |a, b| a / b,
    "^" => power,
    "<" => |a, b| truth(a < b),
    "<=" => |a, b| truth(a <= b),
    ">" => |a, b| truth(a > b),
    ">=" => |a, b| truth(a >= b),
    "==" => |a, b| truth(a == b),
    "!=" => |a, b| truth(a != b),
];

/// The operators of a compiled expression.
#[derive(Debug, Clone)]
pub(super) struct Operators;

impl MakeOperators<Lanes> for Operators {
    fn make<'a>() -> Vec<Operator<'a, Lanes>> {
        // The text handed to the compiler has all its parentheses, so that one priority
        // serves all; "not commutative" forbids it to regroup constants.
        let binary = INFIX.into_iter().chain(BINARY).map(|(name, apply)| {
            let operator = BinOp {
                apply,
                prio: 0,
                is_commutative: false,
            };
            Operator::make_bin(name, operator)
        });
        let negate: [Named<Unary>; 1] = table![1: NEGATE => |a: f64| -a,];
        let unary = UNARY.into_iter().chain(negate);
        let unary = unary.map(|(name, apply)| Operator::make_unary(name, apply));
        binary.chain(unary).collect()
    }
}

/// The numbers of a compiled expression, `1e-5` among them.
#[derive(Debug, Clone)]
pub(super) struct Numbers;

impl MatchLiteral for Numbers {
    fn is_literal(text: &str) -> Option<&str> {
        token::number(text)
    }
}

fn truth(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// A square is by far the commonest power, and a product much cheaper.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.to_bits() == 2.0_f64.to_bits() {
        base * base
    } else {
        base.powf(exponent)
    }
}

/// Unlike `f64::min`, which would hide a NaN.
fn min(a: f64, b: f64) -> f64 {
    if a < b || a.is_nan() { a } else { b }
}

/// Unlike `f64::max`, which would hide a NaN.
fn max(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

/// Unlike `f64::signum`, zero at zero.
fn sign(a: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a.signum() }
}

fn step(a: f64) -> f64 {
    if a.is_nan() { a } else { truth(a >= 0.0) }
}
