//! What is told of an operator and of its applications.

use std::ops::Range;

use crate::halo::HaloTimes;

/// Tells the states of an operator apart; the same again where it is set back to what it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Revision<T> {
    pub(super) of_walls: u64,
    pub(super) factors: [T; 2],
}

/// Some cells of a row while the operator is applied.
pub struct Piece<'a, T> {
    pub row: usize,
    pub columns: Range<usize>,
    pub x: &'a [T],
    /// `A x`, to be overwritten at will.
    pub ax: &'a mut [T],
    /// The cells of the field that is changed.
    pub y: &'a mut [T],
}

/// Where the time of applications went, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Times {
    /// Of the exchanges of halos, cells that need no message among their overlap.
    pub halo: HaloTimes,
    /// Cells next to ghosts that came by message.
    pub rim: f64,
}
