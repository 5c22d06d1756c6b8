//! isotherm: the heat equation on a 2D rectangle, with MPI ranks between
//! subdomains and threads inside them.

pub mod boundary;
pub mod comm;
pub mod config;
pub mod domain;
pub mod error;
pub mod field;
pub mod grid;
pub mod halo;
pub mod kernel;
pub mod launch;
pub mod operator;
pub mod physics;
pub mod simulation;
pub mod stepper;
pub mod study;
