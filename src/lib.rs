//! isotherm: the heat equation on a 2D rectangle, with MPI ranks between
//! subdomains and threads inside them.

pub mod comm;
pub mod config;
pub mod domain;
pub mod error;
pub mod field;
pub mod grid;
pub mod output;
pub mod physics;
pub mod simulation;
pub mod stepper;
