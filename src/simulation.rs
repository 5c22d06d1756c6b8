//! The loop: a clock, a stepper, and observers that look on.

mod schedule;

pub use schedule::Cadence;
