//! Measurements of the machine and of the program on it, and verdicts on what it computes.

pub mod bench;
mod difference;
pub mod scaling;
pub mod validation;

pub use difference::Difference;
