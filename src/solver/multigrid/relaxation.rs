//! How a cycle relaxes on its levels.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stencil::Stencil;
use crate::{
    field::{Field, Real},
    kernel::Arch,
};

/// The eigenvalues of `D^-1 A`, with the diagonal `D`, that polynomials are for: those of errors that no coarser
/// level sees. As no diagonal is less than the others of its row together, none is above 2 (Gershgorin; see
/// [`Smoother::bound`]). With equal links along both axes every error of more than half the highest
/// frequency along one of them has 0.5 or more.
const ROUGH: [f64; 2] = [0.5, 2.0];

/// What takes the rough errors on the levels of multigrid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Smoother {
    /// A polynomial of the operator.
    #[default]
    Chebyshev,
    /// Gauss-Seidel by the cells of a chess board, the red ones and then the black ones.
    RedBlack,
}

impl Smoother {
    /// As a user writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chebyshev => "chebyshev",
            Self::RedBlack => "red-black",
        }
    }

    /// Multigrid with it, as reports tell it.
    #[must_use]
    pub fn of_multigrid(self) -> &'static str {
        match self {
            Self::Chebyshev => "multigrid",
            Self::RedBlack => "red-black multigrid",
        }
    }

    /// Raises what polynomials divide by, the diagonal of a coarse level, to half the magnitudes of its row:
    /// links there may be negative.
    pub fn bound<T: Real>(self, a: &Stencil<T>, diagonal: &mut Field<T>) {
        if self == Self::RedBlack {
            return;
        }
        let (links, arch) = (&a.links, Arch::new());
        a.team.update([diagonal], |j, [row]| {
            let [e, w, n, s, ne, sw, se, nw] = links.of_row(j);
            arch.dispatch(|| {
                let count = row.len();
                let (e, w, n, s) = (&e[..count], &w[..count], &n[..count], &s[..count]);
                let (ne, sw, se, nw) = (&ne[..count], &sw[..count], &se[..count], &nw[..count]);
                let size = |links: &[T], i: usize| links[i].to_f64().abs();
                for (i, own) in row.iter_mut().enumerate() {
                    let along_axes = (size(e, i) + size(w, i)) + (size(n, i) + size(s, i));
                    let over_corners = (size(ne, i) + size(sw, i)) + (size(se, i) + size(nw, i));
                    let least = 0.5 * (own.to_f64() + (along_axes + over_corners));
                    *own = T::from_f64(own.to_f64().max(least));
                }
            });
        });
    }
}

/// What a cycle does on each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub smoother: Smoother,
    /// Passes over the cells before the cycle goes down to the coarser levels, at least 1, and after.
    pub before: usize,
    pub after: usize,
    /// Whether the passes after go backwards. With as many before, the cycle is symmetric then; otherwise
    /// red and black ones converge faster.
    pub backwards: bool,
}

impl Shape {
    /// Of a symmetric cycle.
    pub fn symmetric(smoother: Smoother) -> Self {
        let passes = match smoother {
            Smoother::Chebyshev => 3,
            Smoother::RedBlack => 2,
        };
        Self {
            smoother,
            before: passes,
            after: passes,
            backwards: true,
        }
    }

    /// Of a cycle that need not be symmetric.
    pub fn alone(smoother: Smoother) -> Self {
        let [before, after] = match smoother {
            Smoother::Chebyshev => [3, 3],
            Smoother::RedBlack => [4, 2],
        };
        Self {
            smoother,
            before,
            after,
            backwards: false,
        }
    }
}

/// For even and for odd rows of cells, which row of weights a pass takes. Cells are red and black like
/// those of a chess board.
pub type Pass = [usize; 2];

/// The passes of a shape on a level.
pub struct Passes<T> {
    /// Which part of its correction each cell of a row takes.
    pub weights: Vec<Vec<T>>,
    pub before: Vec<Pass>,
    pub after: Vec<Pass>,
}

impl<T: Real> Passes<T> {
    /// Those over rows of `n` cells.
    pub fn new(shape: Shape, n: usize) -> Self {
        let Shape {
            smoother,
            before,
            after,
            backwards,
        } = shape;
        let row = |weight: &dyn Fn(usize) -> f64| (0..n).map(|i| T::from_f64(weight(i))).collect();
        let mut passes = match smoother {
            Smoother::Chebyshev => {
                let steps = [steps(before), steps(after)].concat();
                let pass = |k: usize| [k; 2];
                Self {
                    weights: steps.iter().map(|&step| row(&|_| step)).collect(),
                    before: (0..before).map(pass).collect(),
                    after: (before..before + after).map(pass).collect(),
                }
            }
            Smoother::RedBlack => {
                let own =
                    |odd: usize| move |i: usize| f64::from(u8::from((i + odd).is_multiple_of(2)));
                let pass = |k: usize| [k % 2, (k + 1) % 2];
                Self {
                    weights: vec![row(&own(0)), row(&own(1))],
                    before: (0..before).map(pass).collect(),
                    after: (0..after).map(pass).collect(),
                }
            }
        };
        if backwards {
            passes.after.reverse();
        }
        passes
    }
}

/// The steps of the polynomial of some degree that is 1 at 0 and least on [`ROUGH`], reciprocals of its zeros: Adams
/// et al., "Parallel multigrid smoothing: polynomial versus Gauss-Seidel", J. Comput. Phys. 188, 2003.
fn steps(degree: usize) -> Vec<f64> {
    let [low, high] = ROUGH;
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let angle = |k: usize| PI * (k as f64 + 0.5) / degree as f64;
    let zero = |k: usize| 0.5 * (high + low) + 0.5 * (high - low) * angle(k).cos();
    (0..degree).map(|k| 1.0 / zero(k)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `passes` leave of an error of an eigenvalue of `D^-1 A`.
    fn left(passes: &[Pass], weights: &[Vec<f64>], eigenvalue: f64) -> f64 {
        let factor = |[even, _]: &Pass| 1.0 - weights[*even][0] * eigenvalue;
        passes.iter().map(factor).product()
    }

    #[test]
    fn chebyshev_steps_take_rough_errors_as_evenly_as_can_be() {
        let shape = Shape {
            before: 4,
            after: 2,
            ..Shape::alone(Smoother::Chebyshev)
        };
        let Passes {
            weights,
            before,
            after,
        } = Passes::<f64>::new(shape, 3);
        // 1 / T_n(5/3), with the Chebyshev polynomial of that degree.
        let x: f64 = 5.0 / 3.0;
        let t2 = 2.0 * x * x - 1.0;
        for (passes, most) in [(&before, 1.0 / (2.0 * t2 * t2 - 1.0)), (&after, 1.0 / t2)] {
            let at = |k: u32| left(passes, &weights, 0.5 + 1.5 * f64::from(k) / 1000.0);
            let worst = (0..=1000).map(|k| at(k).abs()).fold(0.0, f64::max);
            assert!((worst - most).abs() < 1e-12, "{worst} {most}");
            assert!((left(passes, &weights, 0.0) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn red_and_black_passes_take_every_cell_once_each() {
        let smoother = Smoother::RedBlack;
        for shape in [Shape::alone(smoother), Shape::symmetric(smoother)] {
            let Passes {
                weights,
                before,
                after,
            } = Passes::<f32>::new(shape, 5);
            for [row, i] in (0..10).map(|k| [k % 2, k / 2]) {
                let takers = |passes: &[Pass]| -> Vec<bool> {
                    passes
                        .iter()
                        .map(|pass| weights[pass[row]][i] == 1.0)
                        .collect()
                };
                let is_red = (row + i).is_multiple_of(2);
                let first = if shape.backwards { !is_red } else { is_red };
                assert_eq!(takers(&before), [is_red, !is_red].repeat(before.len() / 2));
                assert_eq!(takers(&after), [first, !first].repeat(after.len() / 2));
            }
        }
    }
}
