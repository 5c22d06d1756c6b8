//! The benchmark problem of `TeaLeaf` (UK-MAC/TeaLeaf_ref, UoB-HPC/TeaLeaf), set up as a config: the
//! published sums of its decks `tea_bm_1` and `tea_bm_2`, and of one step on 64 x 64 cells.

mod common;

use std::{fmt::Write as _, path::Path};

use common::{
    Layout, Problem, SOLO,
    implicit::{EULER, How, run},
    sample,
};
use isotherm::{
    config::{self, Case, Method, Source},
    physics::{Initial, Value},
    solver::Tolerance,
};

/// Density, energy and the corners of each state but the first.
const STATES: [(f64, f64, [f64; 2], [f64; 2]); 4] = [
    (0.1, 25.0, [0.0, 1.0], [1.0, 2.0]),
    (0.1, 0.1, [1.0, 1.0], [6.0, 2.0]),
    (0.1, 0.1, [5.0, 1.0], [6.0, 8.0]),
    (0.1, 0.1, [5.0, 7.0], [10.0, 8.0]),
];

const BACKGROUND: f64 = 100.0;

/// The problem on `n x n` cells. A state fills every cell that its rectangle, less a hundredth of a cell
/// on each side, touches; its conductivity is the reciprocal of its density, of which faces take the
/// arithmetic mean; the unknown is density times energy, of which the heat capacity is 1.
fn case(n: u32) -> Case {
    let mut text = format!(
        "[domain]\nsize = [10.0, 10.0]\ncells = [{n}, {n}]\n\n\
         [material]\nconductivity = {:?}\nheat_capacity = 1.0\nface_mean = \"arithmetic\"\n\n\
         [initial]\ntemperature = {:?}\n\n\
         [time]\nscheme = \"backward-euler\"\nstep = 0.004\nend = 0.04\n\n",
        1.0 / BACKGROUND,
        BACKGROUND * 1e-4,
    );
    let width = 10.0 / f64::from(n);
    for (state, (density, energy, min, max)) in STATES.into_iter().enumerate() {
        let min = min.map(|low| ((low + 0.01 * width) / width).floor() * width);
        let max = max.map(|high| ((high - 0.01 * width) / width).ceil() * width);
        write!(
            text,
            "[[region]]\nname = \"{state}\"\n\
             shape = {{ rectangle = {{ min = {min:?}, max = {max:?} }} }}\n\
             conductivity = {:?}\ntemperature = {:?}\n\n",
            1.0 / density,
            density * energy,
        )
        .unwrap();
    }
    let source = Source {
        name: "tealeaf.toml".to_owned(),
        text,
    };
    config::parse(&source, &[], Path::new("")).unwrap_or_else(|problems| panic!("{problems}"))
}

fn problem(n: u32, steps: usize) -> Problem {
    let case = case(n);
    let Initial::Value(initial) = case.initial else {
        unreachable!("it is a number")
    };
    Problem {
        grid: case.grid,
        medium: case.medium,
        initial,
        walls: case.walls,
        dt: 0.004,
        steps,
    }
}

/// `sum of V rho u`.
fn checked_sum(problem: &Problem, u: &[f64]) -> f64 {
    let conductivity = |center| {
        let regions = problem.medium.regions.iter().rev();
        let mut around = regions.filter(|region| region.shape.contains(center));
        let of = around.find_map(|region| region.conductivity.as_ref());
        of.unwrap_or(&problem.medium.conductivity).0[0].at(center, 0.0)
    };
    let centers = (0..u.len()).map(|cell| {
        let [i, j] = [cell % problem.grid.cells[0], cell / problem.grid.cells[0]];
        problem.grid.center(i.cast_signed(), j.cast_signed())
    });
    let sum: f64 = u
        .iter()
        .zip(centers)
        .map(|(u, center)| u / conductivity(center))
        .sum();
    problem.grid.cell_area() * sum
}

fn how(relative: f64, method: Method, jacobi: bool) -> How {
    How {
        method,
        jacobi,
        tolerance: Tolerance {
            relative,
            ..EULER.tolerance
        },
        ..EULER
    }
}

#[track_caller]
fn meets(n: u32, steps: usize, published: f64, methods: &[Method]) {
    let problem = problem(n, steps);
    for &method in methods {
        for jacobi in [false, true] {
            let outcome = run::<f64>(&problem, SOLO, how(1e-12, method, jacobi)).unwrap();
            let sum = checked_sum(&problem, &outcome.u);
            let error = (sum / published - 1.0).abs();
            let name = outcome.solves.method;
            assert!(
                error < 1e-8,
                "{name}, {n} x {n}: {sum} for {published}, off by {error:e}"
            );
        }
    }
}

const ALL: [Method; 4] = [Method::Cg, Method::Chebyshev, Method::Ppcg, Method::Jacobi];

#[test]
fn the_start_is_that_of_the_benchmark() {
    let problem = problem(50, 0);
    let start = sample(&problem.initial, &problem.grid);
    assert_eq!(start[0], 0.01);
    let outcome = run::<f64>(&problem, SOLO, EULER).unwrap();
    assert!((outcome.start.content - 3.49).abs() < 1e-12);
    let sum = checked_sum(&problem, &outcome.u);
    assert!((sum - 84.265).abs() < 1e-10, "{sum}");
    assert!(matches!(problem.initial, Value::Constant(_)));
}

#[test]
fn tea_bm_1() {
    meets(10, 10, 157.550_841_832_792_94, &ALL);
}

#[test]
fn tea_bm_2() {
    meets(250, 10, 106.272_211_786_465_69, &ALL[..3]);
}

#[test]
fn one_step_on_cells_that_states_cut() {
    meets(64, 1, 108.469_772_000_311_1, &ALL);
}

/// `TeaLeaf` prints one less a step, at its tolerance of 1e-15.
#[test]
fn as_many_iterations_as_tealeaf() {
    let printed = [228, 242, 244, 238, 231, 222, 215, 208, 202, 197];
    let problem = problem(250, 10);
    let outcome = run::<f64>(&problem, SOLO, how(1e-15, Method::Cg, false)).unwrap();
    for (printed, taken) in printed.into_iter().zip(&outcome.iterations) {
        assert!(taken.abs_diff(printed + 1) <= 2, "{:?}", outcome.iterations);
    }
}

#[test]
fn the_same_bits_from_any_layout() {
    let problem = problem(100, 2);
    for method in &ALL[..3] {
        let on = |ranks, threads| {
            let layout = Layout {
                ranks,
                threads,
                ..SOLO
            };
            run::<f64>(&problem, layout, how(1e-10, *method, false)).unwrap()
        };
        let expected = on(1, 1);
        for (ranks, threads) in [(1, 2), (2, 1), (3, 2), (4, 1), (6, 1)] {
            assert!(
                on(ranks, threads) == expected,
                "{method:?}, {ranks} ranks, {threads} threads"
            );
        }
    }
}
