//! isotherm: the heat equation on a 2D rectangle, with MPI ranks between
//! subdomains and threads inside them.

pub mod config;
pub mod error;
pub mod grid;
pub mod physics;
pub mod simulation;
