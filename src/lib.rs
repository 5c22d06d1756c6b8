//! isotherm: the heat equation on a 2D rectangle, with MPI ranks between
//! subdomains and threads inside them.
//!
//! Data enters at [`config`], becomes a validated case, then a [`domain`], an [`operator`], a
//! [`stepper`] in the loop of [`simulation`], and the observers of [`output`] look on.
//! `ARCHITECTURE.md` has the map.

pub mod boundary;
pub mod cli;
pub mod comm;
pub mod commands;
pub mod config;
pub mod domain;
pub mod error;
pub mod field;
pub mod grid;
pub mod halo;
pub mod kernel;
pub mod launch;
pub mod operator;
pub mod output;
pub mod physics;
pub mod simulation;
pub mod solver;
pub mod stepper;
pub mod study;
