//! Faces as a linear operator sees them: walls are faces with a weight of their own.

use super::coefficients::Weights;
use crate::{
    field::{Field, Real, signed},
    grid::Side,
    kernel::Arch,
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

    /// The same in other numbers, and the number that they are multiples of. Those between the cells are
    /// not computed anew: `links` are already the multiples by `beta` that [`Self::beyond`] gives, with
    /// those before the first cells in a ghost.
    pub(super) fn lowered<L: Real>(
        &self,
        beta: T,
        links: [Field<L>; 2],
        is_wall: [bool; 4],
    ) -> (Faces<L>, L) {
        let convert = |weight: &T| L::from_f64(weight.to_f64());
        match self {
            Self::Uniform { between, walls } => {
                let walls = walls
                    .each_ref()
                    .map(|wall| Some(wall.as_ref()?.iter().map(convert).collect()));
                let between = between.each_ref().map(convert);
                (Faces::Uniform { between, walls }, convert(&beta))
            }
            Self::PerFace { .. } => {
                let [east, north] = links;
                let cells = east.cells();
                let [nx, ny] = cells.map(signed);
                let mut faces = Faces::PerFace {
                    x: east.into_window(-1..nx, 0..ny),
                    y: north.into_window(0..nx, -1..ny),
                };
                for (side, _) in Side::ALL.into_iter().zip(is_wall).filter(|(_, is)| *is) {
                    let end = |axis: usize| if side.is_high() { cells[axis] - 1 } else { 0 };
                    let weight = |along: usize| {
                        let [i, j] = match side.axis() {
                            0 => [end(0), along],
                            _ => [along, end(1)],
                        };
                        let weight = self.around(cells, i, j)[side as usize];
                        L::from_f64(beta.to_f64() * weight.to_f64())
                    };
                    let along = 0..cells[1 - side.axis()];
                    faces.set_wall(side, along.map(weight).collect());
                }
                (faces, L::from_f64(1.0))
            }
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

    /// The weights of the faces of own row `j` of `cells` at the right or at the top of each cell, times
    /// `factor`.
    pub fn beyond<L: Real>(
        &self,
        side: Side,
        cells: [usize; 2],
        j: usize,
        factor: f64,
        out: &mut [L],
    ) {
        debug_assert!(side.is_high());
        let multiple = |weight: T| L::from_f64(factor * weight.to_f64());
        let all = |weights: &[T], out: &mut [L]| {
            Arch::new().dispatch(|| {
                for (out, weight) in out.iter_mut().zip(weights) {
                    *out = multiple(*weight);
                }
            });
        };
        match self {
            Self::Uniform { between, .. } => {
                out.fill(multiple(between[side.axis()]));
                match (self.wall(side), side) {
                    (Some(weights), Side::Top) if j + 1 == cells[1] => all(weights, out),
                    (Some(weights), Side::Right) => out[cells[0] - 1] = multiple(weights[j]),
                    _ => {}
                }
            }
            Self::PerFace { x, y } => match side {
                Side::Top => all(y.own_row(j + 1), out),
                _ => all(&x.own_row(j)[1..], out),
            },
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
