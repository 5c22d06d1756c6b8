//! Loops over rows of cells: slices in, slices out, nothing else.
//!
//! The arithmetic of a cell is written once, in `step` for explicit steps and in [`HelmholtzRow`] for
//! linear systems. Every variant, uniform or per-cell coefficients, any vector width, one row or
//! several, is that one expression over other loads, so all of them give the same bits.
//! Multiplications and additions are not contracted.

#![allow(
    clippy::inline_always,
    reason = "a row's loop must end up inside one function with wide vectors"
)]

mod coarse;
mod finish;
mod helmholtz;
mod passing;
mod row;
mod rows;
mod stencil;
mod step;
mod update;
mod vectors;

pub use coarse::{gather_columns, gather_rows, relax_zero, spread_columns, spread_row};
pub use finish::{Finish, Relaxation, Residual, Value};
pub use helmholtz::HelmholtzRow;
pub use passing::StepPassing;
pub use pulp::Arch;
pub use row::{NoSource, Rows, Sources, Uniform};
pub use rows::{StepRows, Surrounded};
pub use stencil::StencilRow;
pub use step::Coefficients;
pub use update::{Cells, Euler, NoPast, Past, Stage, Update};
pub use vectors::{
    add_converted, axpy, combine_converted, convert, extrapolate, multiply, multiply_by, scale,
    xpay,
};

/// Columns of a row that are computed in one go, so that what is done with them next finds them in
/// the innermost cache.
pub const CHUNK: usize = 1024;
