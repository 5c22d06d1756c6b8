//! Measurements of the machine and of the program on it, and verdicts on what it computes.

pub mod bench;
pub mod validation;
