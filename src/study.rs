//! Measurements of the machine and of the program on it.

pub mod bench;
