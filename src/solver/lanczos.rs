//! Bounds of a spectrum, from what conjugate gradients leave behind.

use super::cg::Coefficients;

/// The extreme eigenvalues of some Krylov space lie inside the spectrum: the bounds are taken so much
/// lower and higher, as `TeaLeaf` does (McIntosh-Smith et al., "`TeaLeaf`: A Mini-Application to Enable
/// Design-Space Explorations for Iterative Sparse Linear Solvers", 2017). A method that relies on
/// them must still notice where that was not enough.
const LOWER: f64 = 0.95;
const HIGHER: f64 = 1.05;

/// Bounds are as good as that, relatively: far better than the Krylov space is.
const PRECISION: f64 = 1e-6;

/// An interval that should hold the eigenvalues of `M^-1 A`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub low: f64,
    pub high: f64,
}

/// Makes bounds of the first iterations of preconditioned conjugate gradients.
///
/// These are Lanczos' method in another form: their coefficients make a tridiagonal matrix, whose
/// eigenvalues approach the extreme ones of `M^-1 A` first (Saad, "Iterative Methods for Sparse Linear
/// Systems", 2nd edition, section 6.7.3).
#[derive(Debug, Clone)]
pub(super) struct Lanczos {
    iterations: usize,
    /// Of this round: each has twice as many as the one before, so that conjugate gradients get
    /// there themselves where no bounds help.
    round: usize,
    matrix: Tridiagonal,
    last: Coefficients,
    /// What was found so far.
    bounds: Option<Bounds>,
}

impl Lanczos {
    /// Bounds of so many iterations, at least 1.
    pub fn new(iterations: usize) -> Self {
        Self {
            iterations,
            round: iterations,
            matrix: Tridiagonal::default(),
            last: Coefficients::default(),
            bounds: None,
        }
    }

    /// Forgets everything: the system is another one.
    pub fn start(&mut self) {
        *self = Self::new(self.iterations);
    }

    /// Takes an iteration into account. Returns the bounds after the last one; those found in
    /// earlier rounds for the same system, if any, lie between them.
    pub fn add(&mut self, coefficients: Coefficients) -> Option<Bounds> {
        let Coefficients { alpha, beta } = coefficients;
        let [turn, square] = if self.matrix.diagonal.is_empty() {
            [0.0; 2]
        } else {
            let before = self.last.alpha;
            [beta / before, beta / (before * before)]
        };
        self.matrix.diagonal.push(1.0 / alpha + turn);
        self.matrix.squares.push(square);
        self.last = coefficients;
        if self.matrix.diagonal.len() < self.round {
            return None;
        }
        let [low, high] = self.matrix.extremes();
        let mut bounds = Bounds {
            low: LOWER * low,
            high: HIGHER * high,
        };
        if let Some(known) = self.bounds {
            bounds.low = bounds.low.min(known.low);
            bounds.high = bounds.high.max(known.high);
        }
        self.bounds = Some(bounds);
        self.round *= 2;
        self.matrix = Tridiagonal::default();
        Some(bounds)
    }
}

/// A symmetric positive definite tridiagonal matrix.
#[derive(Debug, Clone, Default)]
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// The element left of each on the diagonal, squared; 0 for the first.
    squares: Vec<f64>,
}

impl Tridiagonal {
    /// The smallest and the largest eigenvalue, by bisection.
    fn extremes(&self) -> [f64; 2] {
        let count = self.diagonal.len();
        let beside = |k: usize| self.squares.get(k).map_or(0.0, |square| square.sqrt());
        let bound = (0..count)
            .map(|k| self.diagonal[k] + beside(k) + beside(k + 1))
            .fold(0.0, f64::max);
        [1, count].map(|wanted| {
            let (mut low, mut high) = (0.0, bound);
            while high - low > PRECISION * high {
                let middle = f64::midpoint(low, high);
                if self.count_below(middle) < wanted {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            f64::midpoint(low, high)
        })
    }

    /// How many eigenvalues lie below `x`: as many as the pivots of `T - x` that are negative
    /// (Sylvester's law of inertia; the pivots are quotients of a Sturm sequence).
    fn count_below(&self, x: f64) -> usize {
        let mut pivot = 1.0;
        let pivots = self.diagonal.iter().zip(&self.squares);
        let is_negative = |(diagonal, square): (&f64, &f64)| {
            pivot = (diagonal - x) - square / pivot;
            if pivot == 0.0 {
                pivot = f64::MIN_POSITIVE;
            }
            pivot < 0.0
        };
        pivots.map(is_negative).filter(|negative| *negative).count()
    }
}

#[cfg(test)]
mod tests {
    use std::{array::from_fn, f64::consts::PI, rc::Rc};

    use super::*;
    use crate::{
        comm::Solo,
        domain::Domain,
        field::{Dots, Field, Team},
        grid::Grid,
        operator::Conduction,
        physics::{Conductivity, FaceMean, Medium, Value, Wall},
        solver::{Cg, Diagonal, Method, System},
    };

    #[test]
    fn extremes_of_the_second_difference() {
        for count in [1_u32, 2, 3, 10, 57] {
            let n = usize::try_from(count).unwrap();
            let mut matrix = Tridiagonal {
                diagonal: vec![2.0; n],
                squares: vec![1.0; n],
            };
            matrix.squares[0] = 0.0;
            let exact = |k: u32| 2.0 - 2.0 * (PI * f64::from(k) / f64::from(count + 1)).cos();
            let [low, high] = matrix.extremes();
            assert!(
                (low / exact(1) - 1.0).abs() < PRECISION,
                "{low} {}",
                exact(1)
            );
            assert!((high / exact(count) - 1.0).abs() < PRECISION);
            // Eigenvalues are counted, whatever lies on the pivots.
            for x in [-1.0, 0.0, 1.0, 2.0, 3.0, 5.0] {
                let below = (1..=count).filter(|&k| exact(k) < x - 1e-12).count();
                let at = (1..=count)
                    .filter(|&k| (exact(k) - x).abs() <= 1e-12)
                    .count();
                let counted = matrix.count_below(x);
                assert!((below..=below + at).contains(&counted), "{count} {x}");
            }
        }
    }

    const CELLS: [usize; 2] = [24, 17];

    /// Bounds from so many iterations on `alpha - beta div(k grad)` of the unit square, whose sides are at
    /// a temperature; and the extreme eigenvalues.
    fn bounds(iterations: usize, jacobi: bool) -> (Bounds, [f64; 2]) {
        let (alpha, beta, k) = (0.7, 0.01, [1.0, 2.5]);
        let grid = Grid {
            cells: CELLS,
            size: [1.0, 1.0],
            origin: [0.0, 0.0],
        };
        let medium = Medium {
            face_mean: FaceMean::Harmonic,
            conductivity: Conductivity(k.map(Value::Constant)),
            heat_capacity: Value::Constant(1.0),
            source: None,
            regions: Vec::new(),
        };
        let walls = from_fn(|_| Wall::Temperature(Value::Constant(0.0)));
        let team = Rc::new(Team::new(1).unwrap());
        let domain = Domain::new(grid, [1, 1], [false; 2], 0);
        let solo = Rc::new(Solo);
        let mut conduction =
            Conduction::<f64>::new(solo, team.clone(), &domain, &medium, &walls, true).unwrap();
        let a = conduction.helmholtz_mut();
        a.set(alpha, beta);
        let mut b = Field::new(&team, CELLS, 0);
        let mut norm = 0.0;
        for j in 0..CELLS[1] {
            for (i, value) in b.own_row_mut(j).iter_mut().enumerate() {
                *value = f64::from(u32::try_from((31 * i + 17 * j) % 23).unwrap()).sin();
                norm += *value * *value;
            }
        }
        let [mut x, mut r] = [0; 2].map(|_| Field::new(&team, CELLS, 1));
        for j in 0..CELLS[1] {
            r.own_row_mut(j).copy_from_slice(b.own_row(j));
        }
        let mut cg = Cg::new(a, jacobi.then(|| Diagonal::new(a)));
        let mut system = System {
            a,
            b: &b,
            x: &mut x,
            r: &mut r,
            rr: Dots::new(),
            goal: 0.0,
        };
        cg.start(&mut system, f64::sqrt(norm)).unwrap();
        let mut lanczos = Lanczos::new(iterations);
        let found = (0..iterations).find_map(|_| {
            cg.step(&mut system).unwrap();
            lanczos.add(cg.coefficients())
        });
        // Along an axis of n cells of width h: 4 k/h^2 sin^2(pi m / 2n), m = 1 to n.
        let eigenvalue = |end: f64| {
            let along = [0, 1].map(|axis| {
                let n = f64::from(u32::try_from(CELLS[axis]).unwrap());
                let wave = if end == 0.0 { 1.0 } else { n };
                4.0 * k[axis] * n * n * (0.5 * PI * wave / n).sin().powi(2)
            });
            alpha + beta * (along[0] + along[1])
        };
        (found.unwrap(), [eigenvalue(0.0), eigenvalue(1.0)])
    }

    #[test]
    fn many_iterations_find_the_spectrum_of_the_laplacian() {
        let (found, [low, high]) = bounds(60, false);
        assert!((found.low / (LOWER * low) - 1.0).abs() < 1e-5, "{found:?}");
        assert!(
            (found.high / (HIGHER * high) - 1.0).abs() < 1e-5,
            "{found:?}"
        );
    }

    #[test]
    fn few_iterations_find_what_is_inside_and_nearly_all() {
        for iterations in [2, 5, 12, 25] {
            let (found, [low, high]) = bounds(iterations, false);
            let [least, most] = [found.low / LOWER, found.high / HIGHER];
            assert!(least >= low * (1.0 - PRECISION) && most <= high * (1.0 + PRECISION));
            if iterations >= 25 {
                assert!(
                    found.low < low && found.high > high,
                    "{found:?} {low} {high}"
                );
            }
        }
    }

    /// The diagonal is one number but at the walls, where it is half as large again: the spectrum
    /// reaches almost from 0 to 2.
    #[test]
    fn the_preconditioner_scales_the_spectrum() {
        let (found, _) = bounds(60, true);
        assert!((0.0..0.2).contains(&found.low) && (1.9..2.1).contains(&found.high));
    }

    #[test]
    fn a_second_round_is_longer_and_only_widens() {
        let mut lanczos = Lanczos::new(1);
        let add = |lanczos: &mut Lanczos, alpha| lanczos.add(Coefficients { alpha, beta: 0.0 });
        let first = add(&mut lanczos, 0.5).unwrap();
        assert!((first.low - 2.0 * LOWER).abs() < 1e-5 && (first.high - 2.0 * HIGHER).abs() < 1e-5);
        assert_eq!(add(&mut lanczos, 0.4), None);
        let second = add(&mut lanczos, 0.1).unwrap();
        assert_eq!(second.low, first.low);
        assert!((second.high - 10.0 * HIGHER).abs() < 1e-4);
        lanczos.start();
        assert_eq!(add(&mut lanczos, 0.5).unwrap(), first);
    }
}
