//! Faces as a linear operator sees them: walls are faces with a weight of their own.

use super::coefficients::Weights;
use crate::{
    field::{Field, Real, Team, signed},
    grid::Side,
};

/// Weights of the faces of a subdomain, conductivity over the square of the cell width, in
/// W/(m^3 K).
///
/// The homogeneous part of a wall, `ghost = gain * cell`, is folded into the weight of its face:
/// `weight (ghost - cell)` is `weight (1 - gain) (0 - cell)`. So the cells beyond walls hold zero.
pub enum Faces<T> {
    /// One weight along each axis, but for walls.
    Uniform {
        /// Across x and across y.
        between: [T; 2],
        /// Of the faces of each wall of the subdomain, in the order of [`Side::ALL`].
        walls: [Option<Vec<T>>; 4],
    },
    /// `nx + 1` faces across x in each of `ny` rows; `nx` faces across y in each of `ny + 1` rows.
    PerFace { x: Field<T>, y: Field<T> },
}

impl<T: Real> Faces<T> {
    pub(super) fn new(weights: Weights<T>) -> Self {
        match weights {
            Weights::Uniform(between) => Self::Uniform {
                between,
                walls: [const { None }; 4],
            },
            Weights::PerFace { x, y } => Self::PerFace { x, y },
        }
    }

    /// The same in other numbers.
    pub(super) fn converted<L: Real>(&self, team: &Team) -> Faces<L> {
        let convert = |weight: &T| L::from_f64(weight.to_f64());
        match self {
            Self::Uniform { between, walls } => Faces::Uniform {
                between: between.each_ref().map(convert),
                walls: walls
                    .each_ref()
                    .map(|wall| Some(wall.as_ref()?.iter().map(convert).collect())),
            },
            Self::PerFace { x, y } => Faces::PerFace {
                x: x.converted(team, 0),
                y: y.converted(team, 0),
            },
        }
    }

    /// Sets the weights of a side's faces.
    pub(super) fn set_wall(&mut self, side: Side, weights: Vec<T>) {
        match self {
            Self::Uniform { walls, .. } => walls[side as usize] = Some(weights),
            Self::PerFace { x, y } => {
                let across = if side.axis() == 0 { x } else { y };
                let last = signed(across.cells()[side.axis()]) - 1;
                let end = if side.is_high() { last } else { 0 };
                for (face, weight) in (0..).zip(weights) {
                    let [i, j] = if side.axis() == 0 {
                        [end, face]
                    } else {
                        [face, end]
                    };
                    across.set(i, j, weight);
                }
            }
        }
    }

    /// Takes the weights off the faces across an axis along which cells only meet themselves: no heat
    /// flows there, and the diagonal of an operator would count it.
    pub(super) fn disconnect(&mut self, axis: usize) {
        match self {
            Self::Uniform { between, .. } => between[axis] = T::ZERO,
            Self::PerFace { x, y } => {
                let across = if axis == 0 { x } else { y };
                for j in 0..across.cells()[1] {
                    across.own_row_mut(j).fill(T::ZERO);
                }
            }
        }
    }

    /// The weights of the faces at a side of the subdomain, where that is a wall and they are not
    /// among those of all faces.
    pub(super) fn wall(&self, side: Side) -> Option<&[T]> {
        match self {
            Self::Uniform { walls, .. } => walls[side as usize].as_deref(),
            Self::PerFace { .. } => None,
        }
    }

    /// The weights of the faces of own row `j` of `cells` at the right or at the top of each cell.
    pub fn beyond(&self, side: Side, cells: [usize; 2], j: usize, out: &mut [T]) {
        debug_assert!(side.is_high());
        match self {
            Self::Uniform { between, .. } => {
                out.fill(between[side.axis()]);
                match (self.wall(side), side) {
                    (Some(weights), Side::Top) if j + 1 == cells[1] => out.copy_from_slice(weights),
                    (Some(weights), Side::Right) => out[cells[0] - 1] = weights[j],
                    _ => {}
                }
            }
            Self::PerFace { x, y } => out.copy_from_slice(match side {
                Side::Top => y.own_row(j + 1),
                _ => &x.own_row(j)[1..],
            }),
        }
    }

    /// The weights of the four faces of an own cell of `cells`, in the order of [`Side::ALL`].
    #[must_use]
    pub fn around(&self, cells: [usize; 2], i: usize, j: usize) -> [T; 4] {
        match self {
            Self::Uniform { between, .. } => Side::ALL.map(|side| {
                let [across, along] = if side.axis() == 0 { [i, j] } else { [j, i] };
                let end = if side.is_high() {
                    cells[side.axis()] - 1
                } else {
                    0
                };
                match self.wall(side) {
                    Some(weights) if across == end => weights[along],
                    _ => between[side.axis()],
                }
            }),
            Self::PerFace { x, y } => {
                let (across_x, below, above) = (x.own_row(j), y.own_row(j), y.own_row(j + 1));
                [across_x[i], across_x[i + 1], below[i], above[i]]
            }
        }
    }
}
