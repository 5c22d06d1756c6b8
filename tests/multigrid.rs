//! Multigrid, alone and under conjugate gradients: how fast it converges, on what, and that no bit
//! depends on the layout.

use std::rc::Rc;

use isotherm::{
    comm::{Communicator, Local},
    domain::{Domain, choose_ranks},
    field::{Field, Team},
    grid::Grid,
    operator::{CellValues, Faces, Helmholtz},
    solver::{
        Cg, Cycle, Lowered, Method, Multigrid, Preconditioner, Smoother, SolveStats, Solver,
        Tolerance, VCycle,
    },
};

/// What is beyond a side: the weight of a wall's face, as a multiple of that between two cells like
/// the one at the wall, or the opposite side.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Beyond {
    Wall(f64),
    Periodic,
}

const TEMPERATURE: Beyond = Beyond::Wall(2.0);
const INSULATED: Beyond = Beyond::Wall(0.0);
const CONVECTION: Beyond = Beyond::Wall(0.03);

/// In cell `(i, j)`, along x and along y.
type Conductivity<'a> = dyn Fn(usize, usize) -> [f64; 2] + Sync + 'a;

/// Whether a place in the unit square is inside.
type Inside = fn(f64, f64) -> bool;

/// `capacity u - div(K grad u) = b`.
#[derive(Clone)]
struct Problem<'a> {
    cells: [usize; 2],
    /// Cell widths.
    widths: [f64; 2],
    conductivity: &'a Conductivity<'a>,
    mean: fn(f64, f64) -> f64,
    capacity: f64,
    /// In the order of the sides.
    beyond: [Beyond; 4],
    /// In all cells, row by row.
    b: Vec<f64>,
    /// Of whatever solves it.
    smoother: Smoother,
}

#[derive(Debug, Clone, Copy)]
struct Layout {
    ranks: [usize; 2],
    threads: usize,
    late: Option<u64>,
}

const SOLO: Layout = Layout {
    ranks: [1, 1],
    threads: 1,
    late: None,
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Multigrid,
    PreconditionedCg,
    /// With cycles in single precision.
    MixedMultigrid,
    MixedCg,
}

fn harmonic(a: f64, b: f64) -> f64 {
    2.0 * a * b / (a + b)
}

fn arithmetic(a: f64, b: f64) -> f64 {
    0.5 * (a + b)
}

fn isotropic(_: usize, _: usize) -> [f64; 2] {
    [1.0; 2]
}

/// Numbers from -1 to 1 that look random.
fn noise(count: usize) -> Vec<f64> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX) * 2.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn poisson(cells: [usize; 2]) -> Problem<'static> {
    Problem {
        cells,
        widths: [1.0; 2],
        conductivity: &isotropic,
        mean: harmonic,
        capacity: 0.0,
        beyond: [TEMPERATURE; 4],
        b: noise(cells[0] * cells[1]),
        smoother: Smoother::RedBlack,
    }
}

impl Problem<'_> {
    /// The same with a right-hand side that sums up to nothing.
    fn balanced(mut self) -> Self {
        let count = f64::from(u32::try_from(self.b.len()).unwrap());
        let mean = self.b.iter().sum::<f64>() / count;
        for b in &mut self.b {
            *b -= mean;
        }
        self
    }

    fn periodic(&self) -> [bool; 2] {
        [0, 2].map(|side| self.beyond[side] == Beyond::Periodic)
    }

    /// Weight of face `at` across an axis, of `along` the other one.
    fn weight(&self, axis: usize, at: usize, along: usize) -> f64 {
        let n = self.cells[axis];
        let conductivity = |at: usize| {
            let [i, j] = if axis == 0 {
                [at % n, along]
            } else {
                [along, at % n]
            };
            (self.conductivity)(i, j)[axis]
        };
        let wall = match at {
            0 => Some((self.beyond[2 * axis], 0)),
            at if at == n => Some((self.beyond[2 * axis + 1], n - 1)),
            _ => None,
        };
        let between = match wall {
            Some((Beyond::Wall(factor), cell)) => factor * conductivity(cell),
            _ => (self.mean)(conductivity(at + n - 1), conductivity(at)),
        };
        between / (self.widths[axis] * self.widths[axis])
    }

    fn operator(
        &self,
        comm: &Rc<dyn Communicator>,
        team: &Rc<Team>,
        domain: &Domain,
    ) -> Helmholtz<f64> {
        let [nx, ny] = domain.cells;
        let [x0, y0] = domain.start;
        let signed = usize::cast_signed;
        let mut x = Field::new(team, [nx + 1, ny], 0);
        let mut y = Field::new(team, [nx, ny + 1], 0);
        for j in 0..=ny {
            for i in 0..=nx {
                if j < ny {
                    x.set(signed(i), signed(j), self.weight(0, x0 + i, y0 + j));
                }
                if i < nx {
                    y.set(signed(i), signed(j), self.weight(1, y0 + j, x0 + i));
                }
            }
        }
        let (comm, team) = (Rc::clone(comm), Rc::clone(team));
        let capacity = CellValues::Uniform(1.0);
        let faces = Faces::PerFace { x, y };
        let mut a = Helmholtz::new(comm, team, domain, faces, capacity, true);
        a.set(self.capacity, 1.0);
        a
    }

    /// The solution in all cells from a first guess, or zero, and what it took.
    fn solve(
        &self,
        by: By,
        relative: f64,
        layout: Layout,
        guess: Option<&[f64]>,
    ) -> (Vec<f64>, SolveStats) {
        let [nx, _] = self.cells;
        let grid = Grid {
            cells: self.cells,
            size: [0, 1].map(|axis| {
                self.widths[axis] * f64::from(u32::try_from(self.cells[axis]).unwrap())
            }),
            origin: [0.0; 2],
        };
        let tolerance = Tolerance {
            relative,
            absolute: 0.0,
            max_iterations: 100,
        };
        let ranks = layout.ranks;
        let parts = Local::run_late(ranks[0] * ranks[1], layout.late, |comm| {
            let team = Rc::new(Team::new(layout.threads).unwrap());
            let domain = Domain::new(grid, ranks, self.periodic(), comm.rank());
            let mut a = self.operator(&comm, &team, &domain);
            let mut b = Field::new(&team, domain.cells, 0);
            let mut x = Field::new(&team, domain.cells, 1);
            for j in 0..domain.cells[1] {
                let at = (domain.start[1] + j) * nx + domain.start[0];
                let own = at..at + domain.cells[0];
                b.own_row_mut(j).copy_from_slice(&self.b[own.clone()]);
                if let Some(guess) = guess {
                    x.own_row_mut(j).copy_from_slice(&guess[own]);
                }
            }
            let smoother = self.smoother;
            let alone = |cycle: Box<dyn Cycle<f64>>| Box::new(Multigrid::new(cycle));
            let under_cg = |cycle: Box<dyn Preconditioner<f64>>| Box::new(Cg::new(&a, Some(cycle)));
            let method: Box<dyn Method<f64>> = match by {
                By::Multigrid => alone(Box::new(VCycle::alone(&domain, smoother))),
                By::MixedMultigrid => {
                    alone(Box::new(Lowered::<f64, f32>::alone(&domain, smoother)))
                }
                By::PreconditionedCg => under_cg(Box::new(VCycle::new(&domain, smoother))),
                By::MixedCg => under_cg(Box::new(Lowered::<f64, f32>::new(&domain, smoother))),
            };
            let solved = Solver::new(&a, method, tolerance).solve(&mut a, &b, &mut x);
            let stats = solved.unwrap_or_else(|error| panic!("{error}"));
            (domain, x.own_values(), stats)
        });
        let mut all = vec![0.0; self.b.len()];
        for (domain, values, stats) in &parts {
            assert_eq!(*stats, parts[0].2, "ranks agree");
            for (j, row) in values.chunks(domain.cells[0]).enumerate() {
                let at = (domain.start[1] + j) * nx + domain.start[0];
                all[at..][..row.len()].copy_from_slice(row);
            }
        }
        (all, parts[0].2)
    }

    fn iterations(&self, by: By, relative: f64, layout: Layout) -> u64 {
        self.solve(by, relative, layout, None).1.iterations
    }

    /// The same, relaxed by polynomials.
    fn by_polynomials(&self) -> Self {
        Self {
            smoother: Smoother::Chebyshev,
            ..self.clone()
        }
    }

    #[track_caller]
    fn assert_within(&self, what: &str, alone: u64, under_cg: u64) {
        for problem in [self, &self.by_polynomials()] {
            let what = format!("{what}, {:?}", problem.smoother);
            let alone_took = problem.iterations(By::Multigrid, 1e-8, SOLO);
            let cg_took = problem.iterations(By::PreconditionedCg, 1e-8, SOLO);
            println!("{what}: {alone_took} cycles alone, {cg_took} under cg");
            assert!(alone_took <= alone, "{what}: {alone_took} cycles alone");
            assert!(cg_took <= under_cg, "{what}: {cg_took} cycles under cg");
            // Cycles in single precision are as good.
            let mixed = problem.iterations(By::MixedMultigrid, 1e-8, SOLO);
            assert!(mixed <= alone_took + 1, "{what}: {mixed}, not {alone_took}");
            let mixed = problem.iterations(By::MixedCg, 1e-8, SOLO);
            assert!(mixed <= cg_took + 1, "{what}: {mixed}, not {cg_took}");
        }
    }
}

fn ranks(cells: [usize; 2], count: usize, periodic: [bool; 2]) -> Layout {
    let grid = Grid {
        cells,
        size: [1.0; 2],
        origin: [0.0; 2],
    };
    Layout {
        ranks: choose_ranks(&grid, count, periodic).unwrap(),
        ..SOLO
    }
}

#[test]
fn poissons_equation_takes_nine_cycles_on_any_grid() {
    for n in [64, 128, 256, 512] {
        let problem = poisson([n, n]);
        let (_, stats) = problem.solve(By::Multigrid, 1e-10, SOLO, None);
        let part = stats.residual / stats.initial_residual;
        let rate = part.powf(1.0 / f64::from(u32::try_from(stats.iterations).unwrap()));
        println!("{n}: {} cycles, {rate:.3} each", stats.iterations);
        assert!(stats.iterations <= 9 && rate < 0.08, "{n}: {stats:?}");
        let under_cg = problem.iterations(By::PreconditionedCg, 1e-10, SOLO);
        assert!(under_cg <= 10, "{n}: {under_cg}");
    }
}

#[test]
fn any_number_of_cells_will_do() {
    for cells in [
        [63, 63],
        [101, 7],
        [129, 5],
        [1, 50],
        [50, 1],
        [1, 1],
        [2, 3],
        [97, 61],
        [257, 255],
    ] {
        poisson(cells).assert_within(&format!("{cells:?}"), 9, 9);
    }
}

#[test]
fn any_sides_will_do() {
    let [t, i, c, p] = [TEMPERATURE, INSULATED, CONVECTION, Beyond::Periodic];
    let sides = [
        [t, i, c, t],
        [c; 4],
        [i; 4],
        [i, i, t, i],
        [p, p, t, t],
        [p, p, i, i],
        [p; 4],
        [t, c, p, p],
    ];
    for beyond in sides {
        for cells in [[96, 64], [97, 61], [1, 30], [2, 31], [3, 5]] {
            let problem = Problem {
                beyond,
                ..poisson(cells)
            };
            // An odd number of cells around has two of one colour side by side.
            problem
                .balanced()
                .assert_within(&format!("{cells:?} {beyond:?}"), 25, 12);
        }
    }
}

#[test]
fn the_solution_is_that_of_the_equation() {
    let problem = Problem {
        capacity: 0.01,
        beyond: [TEMPERATURE, CONVECTION, INSULATED, INSULATED],
        ..poisson([37, 20])
    };
    let (by_multigrid, stats) = problem.solve(By::Multigrid, 1e-12, SOLO, None);
    let (by_cg, _) = problem.solve(By::PreconditionedCg, 1e-12, SOLO, None);
    assert!(stats.residual <= 1e-12 * stats.initial_residual);
    let largest = by_cg.iter().fold(0.0, |most: f64, u| most.max(u.abs()));
    for (a, b) in by_multigrid.iter().zip(&by_cg) {
        assert!((a - b).abs() < 1e-10 * largest);
    }
    let [nx, ny] = problem.cells;
    let at = |i: usize, j: usize| by_cg[j * nx + i];
    for j in 0..ny {
        for i in 0..nx {
            let u = at(i, j);
            let flow = |axis: usize, face: usize, along: usize, beyond: Option<f64>| {
                problem.weight(axis, face, along) * (beyond.unwrap_or(0.0) - u)
            };
            let inflow = flow(0, i, j, (i > 0).then(|| at(i - 1, j)))
                + flow(0, i + 1, j, (i + 1 < nx).then(|| at(i + 1, j)))
                + flow(1, j, i, (j > 0).then(|| at(i, j - 1)))
                + flow(1, j + 1, i, (j + 1 < ny).then(|| at(i, j + 1)));
            let b = problem.b[j * nx + i];
            assert!((problem.capacity * u - inflow - b).abs() < 1e-9);
        }
    }
}

/// Single precision knows no numbers like these.
#[test]
fn mixed_precision_gets_as_far_in_any_units() {
    let jumps = materials([97, 61], 1e4, SHAPES[2].1);
    let problem = |unit: f64| {
        let problem = Problem {
            conductivity: &jumps,
            ..poisson([97, 61])
        };
        let b = problem.b.iter().map(|b| b * unit).collect();
        Problem { b, ..problem }
    };
    for by in [By::MixedMultigrid, By::MixedCg] {
        let (expected, took) = problem(1.0).solve(by, 1e-9, SOLO, None);
        assert!(took.residual <= 1e-9 * took.initial_residual);
        for exponent in [-240, 240] {
            // A power of two rounds nothing.
            let unit = 2.0_f64.powi(exponent);
            let (u, stats) = problem(unit).solve(by, 1e-9, SOLO, None);
            assert_eq!(stats.iterations, took.iterations, "{by:?}, {unit:e}");
            assert!(
                u.iter()
                    .zip(&expected)
                    .all(|(u, expected)| u / unit == *expected)
            );
        }
    }
}

/// Two materials; the second one where `is_inside` a place in the unit square.
fn materials(cells: [usize; 2], inside: f64, is_inside: Inside) -> Box<Conductivity<'static>> {
    let part = |at: usize, n: usize| {
        (f64::from(u32::try_from(at).unwrap()) + 0.5) / f64::from(u32::try_from(n).unwrap())
    };
    Box::new(move |i, j| {
        let value = if is_inside(part(i, cells[0]), part(j, cells[1])) {
            inside
        } else {
            1.0
        };
        [value; 2]
    })
}

const SHAPES: [(&str, Inside); 4] = [
    ("circle", |x, y| {
        (x - 0.47).powi(2) + (y - 0.53).powi(2) < 0.09
    }),
    ("stripes", |x, _| (13.0 * x).rem_euclid(2.0) < 1.0),
    ("islands", |x, y| (20.0 * x).sin() * (17.0 * y).sin() > 0.3),
    ("cross", |x, y| {
        (x - 0.3).abs() < 0.06 || (y - 0.7).abs() < 0.08
    }),
];

#[test]
fn conductivity_may_jump_a_millionfold() {
    let cells = [203, 155];
    for (name, is_inside) in SHAPES {
        for inside in [1e6, 1e-6] {
            for beyond in [TEMPERATURE, INSULATED] {
                let conductivity = materials(cells, inside, is_inside);
                let problem = Problem {
                    conductivity: &conductivity,
                    beyond: [beyond; 4],
                    ..poisson(cells)
                }
                .balanced();
                let what = format!("{name} of {inside:e}, {beyond:?}");
                for problem in [&problem, &problem.by_polynomials()] {
                    for by in [By::PreconditionedCg, By::MixedCg] {
                        let took = problem.iterations(by, 1e-8, SOLO);
                        let what = format!("{what}, {by:?}, {:?}", problem.smoother);
                        println!("{what}: {took}");
                        assert!(took < 30, "{what}: {took}");
                    }
                }
            }
        }
    }
}

#[test]
fn anisotropy_and_flat_cells_do_no_harm() {
    let cells = [200, 155];
    for ratio in [1e4, 1e-4, 3.0, 30.0] {
        let conductivity = move |_, _| [ratio, 1.0];
        let problem = Problem {
            conductivity: &conductivity,
            ..poisson(cells)
        };
        problem.assert_within(&format!("anisotropy of {ratio}"), 14, 12);
    }
    for widths in [[100.0, 1.0], [1.0, 100.0]] {
        let problem = Problem {
            widths,
            ..poisson(cells)
        };
        problem.assert_within(&format!("widths {widths:?}"), 14, 12);
    }
}

/// With both axes coarsened, as neither has the majority, and strong links along the one or the other:
/// coarse operators have negative links.
#[test]
fn anisotropy_may_turn_from_place_to_place() {
    let cells = [200, 155];
    for ratio in [10.0, 30.0] {
        let conductivity = move |i: usize, _: usize| {
            if i < 100 { [ratio, 1.0] } else { [1.0, ratio] }
        };
        let problem = Problem {
            conductivity: &conductivity,
            ..poisson(cells)
        };
        problem.assert_within(&format!("{ratio}"), 100, 60);
    }
}

#[test]
fn the_hard_problems_do_well_on_six_ranks() {
    let cells = [1000, 777];
    let layout = ranks(cells, 6, [false; 2]);
    let steep = |_: usize, _: usize| [1e4, 1.0];
    let jumps = materials(cells, 1e6, SHAPES[0].1);
    let rows: [(&str, &Conductivity<'_>, [f64; 2]); 3] = [
        ("anisotropy", &steep, [1.0; 2]),
        ("jumps", &jumps, [1.0; 2]),
        ("flat cells", &isotropic, [100.0, 1.0]),
    ];
    for (name, conductivity, widths) in rows {
        let problem = Problem {
            widths,
            conductivity,
            ..poisson(cells)
        };
        for problem in [&problem, &problem.by_polynomials()] {
            let took = problem.iterations(By::PreconditionedCg, 1e-8, layout);
            println!("{name}, {:?}: {took}", problem.smoother);
            assert!(took < 30, "{name}: {took}");
        }
    }
}

#[test]
fn no_bit_depends_on_the_layout() {
    let jumps = materials([113, 94], 1e4, SHAPES[2].1);
    let all: [(Problem, &[[usize; 2]]); 3] = [
        (
            Problem {
                conductivity: &jumps,
                beyond: [TEMPERATURE, CONVECTION, INSULATED, TEMPERATURE],
                capacity: 0.001,
                ..poisson([113, 94])
            },
            &[[2, 1], [1, 3], [2, 2], [4, 1], [3, 2], [1, 6], [6, 1]],
        ),
        (
            Problem {
                beyond: [Beyond::Periodic, Beyond::Periodic, INSULATED, INSULATED],
                ..poisson([75, 70])
            }
            .balanced(),
            &[[2, 1], [1, 2], [3, 1], [2, 3]],
        ),
        // Ranks of one row, and of one or two.
        (poisson([30, 6]), &[[1, 6], [1, 4], [2, 3], [6, 1]]),
    ];
    for (problem, layouts) in all {
        let by_polynomials = problem.by_polynomials();
        for (problem, by) in [
            (&problem, By::Multigrid),
            (&problem, By::PreconditionedCg),
            (&problem, By::MixedMultigrid),
            (&problem, By::MixedCg),
            (&by_polynomials, By::Multigrid),
            (&by_polynomials, By::MixedCg),
        ] {
            let (expected, expected_stats) = problem.solve(by, 1e-9, SOLO, None);
            let seeds = [None, Some(3)].into_iter().cycle();
            for ((&ranks, late), threads) in
                layouts.iter().zip(seeds).zip([2, 1, 3].into_iter().cycle())
            {
                let layout = Layout {
                    ranks,
                    threads,
                    late,
                };
                let (u, stats) = problem.solve(by, 1e-9, layout, None);
                let differing = u
                    .iter()
                    .zip(&expected)
                    .filter(|(a, b)| a.to_bits() != b.to_bits());
                assert_eq!(
                    differing.count(),
                    0,
                    "cells that differ under {layout:?}, {by:?}"
                );
                assert_eq!(stats, expected_stats, "{layout:?}");
            }
        }
    }
}

/// A smooth solution between walls at zero; one full cycle leaves no more than what the grid does.
#[test]
fn one_full_cycle_reaches_the_error_of_the_discretisation() {
    use std::f64::consts::PI;
    let number = |value: usize| f64::from(u32::try_from(value).unwrap());
    let mut errors = Vec::new();
    for n in [64, 128, 256] {
        let width = 1.0 / number(n);
        let center = |at: usize| (number(at) + 0.5) * width;
        let exact = |i: usize, j: usize| (3.0 * PI * center(i)).sin() * (PI * center(j)).sin();
        let problem = Problem {
            widths: [width; 2],
            b: (0..n * n)
                .map(|k| 10.0 * PI * PI * exact(k % n, k / n))
                .collect(),
            ..poisson([n, n])
        };
        let error = |u: &[f64]| {
            let square = |k: usize| (u[k] - exact(k % n, k / n)).powi(2);
            ((0..n * n).map(square).sum::<f64>() / number(n * n)).sqrt()
        };
        // One iteration is enough for such a tolerance, and is not for the other.
        let (first, stats) = problem.solve(By::Multigrid, 0.5, SOLO, None);
        assert_eq!(stats.iterations, 1);
        let (last, _) = problem.solve(By::Multigrid, 1e-11, SOLO, None);
        let [first, last] = [error(&first), error(&last)];
        println!("{n}: {first:e} after one cycle, {last:e} at last");
        assert!(
            first < 1.2 * last,
            "{n}: {first:e} after one cycle, {last:e} at last"
        );
        errors.push(first);
    }
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!(order > 1.9, "order {order}");
    }
}

/// Threads join in only on large levels.
#[test]
fn no_bit_depends_on_the_threads_of_a_large_grid() {
    let problem = poisson([300, 257]);
    let layout = |ranks, threads| Layout {
        ranks,
        threads,
        late: None,
    };
    let expected = problem.solve(By::PreconditionedCg, 1e-9, SOLO, None);
    for layout in [layout([1, 1], 2), layout([1, 1], 3), layout([2, 1], 2)] {
        let got = problem.solve(By::PreconditionedCg, 1e-9, layout, None);
        assert!(got == expected, "{layout:?}");
    }
}

/// The density and the energy of the benchmark `TeaLeaf` (`UK-MAC/TeaLeaf_ref`) in cell `(i, j)` of `n^2`.
fn tea_state(n: usize, i: usize, j: usize) -> [f64; 2] {
    let number = |value: usize| f64::from(u32::try_from(value).unwrap());
    let width = 10.0 / number(n);
    let touches = |at: usize, low: f64, high: f64| {
        let [low, high] = [low + width / 100.0, high - width / 100.0];
        (number(at) + 1.0) * width >= low && number(at) * width < high
    };
    // Energy, then the rectangle.
    let states = [
        (25.0, [0.0, 1.0], [1.0, 2.0]),
        (0.1, [1.0, 6.0], [1.0, 2.0]),
        (0.1, [5.0, 6.0], [1.0, 8.0]),
        (0.1, [5.0, 10.0], [7.0, 8.0]),
    ];
    let inside = |x: [f64; 2], y: [f64; 2]| touches(i, x[0], x[1]) && touches(j, y[0], y[1]);
    let last = states.into_iter().rev().find(|&(_, x, y)| inside(x, y));
    last.map_or([100.0, 1e-4], |(energy, ..)| [0.1, energy])
}

/// Steps of the benchmark: the checked quantity, and the most iterations of a step.
fn tea(n: usize, steps: usize, layout: Layout) -> (f64, u64) {
    let width = 10.0 / f64::from(u32::try_from(n).unwrap());
    let states: Vec<_> = (0..n * n).map(|k| tea_state(n, k % n, k / n)).collect();
    let dt = 0.004;
    let conductivity = |i: usize, j: usize| [dt / states[j * n + i][0]; 2];
    let mut u: Vec<f64> = states
        .iter()
        .map(|[density, energy]| density * energy)
        .collect();
    let mut most = 0;
    for _ in 0..steps {
        let problem = Problem {
            cells: [n, n],
            widths: [width; 2],
            conductivity: &conductivity,
            mean: arithmetic,
            capacity: 1.0,
            beyond: [INSULATED; 4],
            b: u.clone(),
            smoother: Smoother::RedBlack,
        };
        let (next, stats) = problem.solve(By::PreconditionedCg, 1e-13, layout, Some(&u));
        most = most.max(stats.iterations);
        u = next;
    }
    let volume = width * width;
    let checked: f64 = states
        .iter()
        .zip(&u)
        .map(|([density, _], u)| volume * density * u)
        .sum();
    (checked, most)
}

#[test]
fn the_tealeaf_benchmark_takes_a_dozen_iterations_a_step() {
    let rows = [
        (250, 10, 106.272_211_786_465_69, SOLO),
        (
            500,
            10,
            99.955_877_498_324,
            ranks([500, 500], 2, [false; 2]),
        ),
    ];
    for (n, steps, published, layout) in rows {
        let (checked, most) = tea(n, steps, layout);
        println!("{n}^2: {most} iterations, {checked}");
        assert!(most <= 16, "{n}^2: {most}");
        assert!(
            (checked - published).abs() < 1e-8 * published,
            "{n}^2: {checked}"
        );
    }
}
