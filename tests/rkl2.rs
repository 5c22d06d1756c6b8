//! Runge-Kutta-Legendre steps: exact modes, order, balance, and the same bits from any layout.

mod common;

use common::{
    Layout, Problem, SOLO, formula, gather, imbalance_of, insulated, largest_difference, modes,
    moving, number, on_ranks, random, region, sample, uniform, unit_grid,
};
use isotherm::{
    field::Real,
    grid::Grid,
    physics::{Conductivity, Medium, Shape, Wall},
    stepper::{Heat, Plan, Rkl2, Steps, TimeStepper},
};
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
struct Outcome<T> {
    /// The whole field, row by row.
    u: Vec<T>,
    start: Heat,
    end: Heat,
    stages: u64,
    stability_limit: f64,
}

fn run<T: Real>(problem: &Problem, layout: Layout) -> Outcome<T> {
    let parts = on_ranks(problem, layout, |comm, team, domain| {
        let (fused, stability_limit, mut u) = common::fused(problem, layout, comm, &team, domain);
        let mut stepper = Rkl2::<T>::new(fused, f64::INFINITY);
        let start = stepper.heat(&u);
        let steps = Steps::new(0.0, problem.dt, problem.steps);
        stepper.advance(&mut u, steps).unwrap();
        let outcome = Outcome {
            u: Vec::new(),
            start,
            end: stepper.heat(&u),
            stages: stepper.stages().unwrap(),
            stability_limit,
        };
        (u.own_values(), outcome)
    });
    let values = parts.iter().map(|(domain, (values, _))| (domain, values));
    let u = gather(&problem.grid, values);
    let (_, (_, outcome)) = parts.into_iter().next().unwrap();
    Outcome { u, ..outcome }
}

/// `a_s + b_s P_s(1 + 4 z / (s^2 + s - 2))`: what a step of `s` stages makes of 1 for `du/dt = z u`.
fn stability(s: u32, z: f64) -> f64 {
    let real = f64::from(s);
    let w = 4.0 / (real * real + real - 2.0);
    let b = 2.0 / (w * real * (real + 1.0));
    let x = 1.0 + w * z;
    let (mut before, mut p) = (1.0, x);
    for k in (1..s).map(f64::from) {
        (before, p) = (p, ((2.0 * k + 1.0) * x * p - k * before) / (k + 1.0));
    }
    1.0 - b + b * p
}

/// The longest step of `s` stages over the longest of forward Euler.
fn longest(s: u32) -> f64 {
    f64::from(s * s + s - 2) / 4.0
}

#[test]
fn modes_decay_by_the_stability_polynomial() {
    for mode in modes::all() {
        let limit = run::<f64>(&mode.problem(1e-4, 0), SOLO).stability_limit;
        for s in [3, 5, 9, 15, 31] {
            let (dt, steps) = (longest(s) * limit, 10);
            if dt * mode.rate() > 0.6 {
                continue;
            }
            let outcome = run::<f64>(&mode.problem(dt, steps), SOLO);
            let name = mode.name;
            assert_eq!(outcome.stages, u64::from(s) * 10, "{name}");
            let factor = stability(s, -dt * mode.rate());
            let error = largest_difference(&outcome.u, &mode.after(factor, steps));
            assert!(error < 1e-12, "{name}, {s} stages: error {error:e}");
            assert!(imbalance_of(&outcome.start, &outcome.end) < 1e-12, "{name}");
        }
    }
}

fn error_in_time(steps: usize) -> f64 {
    let problem = moving([48, 36], steps);
    let outcome = run::<f64>(&problem, SOLO);
    let imbalance = imbalance_of(&outcome.start, &outcome.end);
    assert!(imbalance < 1e-12, "imbalance {imbalance:e}");
    let exact = sample(&formula("(1 + x)*cos(3)"), &problem.grid);
    largest_difference(&outcome.u, &exact)
}

#[test]
fn second_order_in_time_with_walls_and_sources_that_move() {
    // In 27, 19 and 13 stages: with fewer, the factor of the error depends on their number.
    let errors = [20, 40, 80].map(error_in_time);
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!((order - 2.0).abs() < 0.1, "{order} from {errors:?}");
    }
}

#[test]
fn a_source_that_grows_with_time_is_exact() {
    let problem = Problem {
        grid: unit_grid([7, 5]),
        medium: Medium {
            source: Some(formula("3 + 4*t")),
            ..uniform([0.7, 1.3], 2.0)
        },
        initial: number(1.0),
        walls: insulated(),
        dt: 0.25,
        steps: 4,
    };
    let outcome = run::<f64>(&problem, SOLO);
    assert_eq!(outcome.stages, 4 * 9);
    let error = largest_difference(&outcome.u, &[3.5; 35]);
    assert!(error < 1e-13, "error {error:e}");
}

/// A box of two materials, the one of which conducts `jump` times as well.
fn contrast(jump: f64) -> Medium {
    let mut medium = uniform([1.0, 2.0], 3.0);
    let mut disc = region(Shape::Circle {
        center: [0.3, 0.6],
        radius: 0.2,
    });
    disc.conductivity = Some(Conductivity([number(jump), number(jump)]));
    disc.heat_capacity = Some(number(7.0));
    medium.regions.push(disc);
    medium
}

/// Walls of every kind and sources, at rest and in motion.
fn everything(cells: [usize; 2], dt: f64, steps: usize) -> Problem {
    let mut medium = contrast(10.0);
    medium.regions[0].source = Some(formula("2e3*(1 + sin(90*t))"));
    let mut plate = region(Shape::Rectangle {
        min: [0.5, 0.1],
        max: [0.9, 0.4],
    });
    plate.source = Some(formula("500*x"));
    medium.regions.push(plate);
    Problem {
        grid: unit_grid(cells),
        medium,
        initial: formula("300 + 50*x*y"),
        walls: [
            Wall::Temperature(formula("300 + 20*sin(30*t)")),
            Wall::Flux(formula("1000*y")),
            Wall::Convection {
                coefficient: formula("8 + 4*cos(10*t)"),
                ambient: number(250.0),
            },
            Wall::Temperature(number(280.0)),
        ],
        dt,
        steps,
    }
}

#[test]
fn the_balance_closes_with_walls_and_sources() {
    for (dt, steps) in [(1e-4, 20), (1e-2, 20), (0.1, 5)] {
        let outcome = run::<f64>(&everything([61, 47], dt, steps), SOLO);
        assert!(outcome.end.from_sources > 0.0);
        let imbalance = imbalance_of(&outcome.start, &outcome.end);
        assert!(imbalance < 1e-12, "step {dt}: {imbalance:e}");
        let outcome = run::<f32>(&everything([61, 47], dt, steps), SOLO);
        let imbalance = imbalance_of(&outcome.start, &outcome.end);
        assert!(imbalance < 1e-4, "step {dt}: {imbalance:e}");
    }
}

#[test]
fn rough_states_decay_however_long_the_step() {
    for (jump, steps) in [(1.0, 40), (1e4, 10)] {
        let problem = |dt, steps| Problem {
            grid: unit_grid([40, 33]),
            medium: Medium {
                heat_capacity: number(3.0),
                ..contrast(jump)
            },
            initial: formula("step(sin(40*x)*sin(57*y)) - 0.5"),
            walls: std::array::from_fn(|_| Wall::Temperature(number(0.0))),
            dt,
            steps,
        };
        let limit = run::<f64>(&problem(1e-9, 0), SOLO).stability_limit;
        for ratio in [2.5, 30.0, 1000.0, 20_000.0] {
            let mut norm = run::<f64>(&problem(1e-9, 0), SOLO)
                .u
                .iter()
                .map(|u| u * u)
                .sum::<f64>();
            for steps in [1, 2, steps] {
                let outcome = run::<f64>(&problem(ratio * limit, steps), SOLO);
                let after = outcome.u.iter().map(|u| u * u).sum::<f64>();
                assert!(after < norm, "{ratio}, {steps} steps: {after} after {norm}");
                norm = after;
            }
        }
    }
}

/// The amplitude that is left of `cos(pi x)`.
fn amplitude(u: &[f64], problem: &Problem) -> f64 {
    let mode = sample(&problem.initial, &problem.grid);
    let product = |a: &[f64]| a.iter().zip(&mode).map(|(a, b)| a * b).sum::<f64>();
    product(u) / product(&mode)
}

#[test]
fn steps_are_longer_by_the_square_of_the_stages_at_equal_error() {
    for (s, columns) in [(5, 8), (9, 24), (17, 64), (33, 256)] {
        let problem = |dt, steps| Problem {
            grid: unit_grid([columns, 4]),
            medium: uniform([1.0, 1.0], 1.0),
            initial: formula("cos(pi*x)"),
            walls: insulated(),
            dt,
            steps,
        };
        let limit = run::<f64>(&problem(1.0, 0), SOLO).stability_limit;
        let steps: u32 = 8;
        let end = f64::from(steps) * longest(s) * limit;
        let euler_steps = steps * (s * s + s - 2) / 4;
        let euler = problem(limit, euler_steps as usize);
        let rkl2 = problem(longest(s) * limit, steps as usize);
        assert!((f64::from(euler_steps) * limit / end - 1.0).abs() < 1e-12);

        let n = f64::from(u32::try_from(columns).unwrap());
        let lambda = 4.0 * n * n * (std::f64::consts::PI / n / 2.0).sin().powi(2);
        let exact = (-lambda * end).exp();
        let error = |u: &[f64], problem| (amplitude(u, problem) / exact - 1.0).abs();
        let of_euler = error(&common::run::<f64>(&euler, SOLO).u, &euler);
        let outcome = run::<f64>(&rkl2, SOLO);
        let of_rkl2 = error(&outcome.u, &rkl2);
        assert!(
            of_euler > 1e-9 && of_rkl2 <= of_euler,
            "{s}: {of_rkl2:e} {of_euler:e}"
        );

        // Forward Euler applies the operator once a step.
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let saved = f64::from(euler_steps) / outcome.stages as f64;
        let stages = f64::from(s);
        assert!(
            saved >= stages / 4.0 && saved < stages / 3.0,
            "{s}: {saved}"
        );
        assert!(rkl2.dt / euler.dt >= stages * stages / 4.0);
    }
}

const fn layout(ranks: [usize; 2], threads: usize, depth: usize, width: usize) -> Layout {
    Layout {
        ranks: ranks[0] * ranks[1],
        grid: Some(ranks),
        threads,
        depth,
        width,
        overlap: depth.is_multiple_of(2),
        ..SOLO
    }
}

/// Steps of 13 and of 35 stages, in batches of all, of some and of one.
const LAYOUTS: [Layout; 9] = [
    layout([1, 1], 1, 64, 1024),
    layout([1, 1], 3, 5, 64),
    layout([2, 1], 1, 1, 128),
    layout([1, 3], 2, 3, 32),
    layout([2, 2], 1, 4, 64),
    layout([4, 1], 2, 12, 48),
    layout([3, 2], 1, 8, 16),
    layout([1, 6], 1, 26, 96),
    layout([6, 1], 3, 2, 64),
];

#[test]
fn the_same_bits_from_any_layout() {
    let wall = Wall::Convection {
        coefficient: number(4.0),
        ambient: formula("280 + 9*x"),
    };
    let plain = Problem {
        medium: uniform([1.3, 0.7], 2.0),
        walls: [wall.clone(), wall, Wall::Periodic, Wall::Periodic],
        ..everything([203, 157], 1e-3, 2)
    };
    for problem in [everything([203, 157], 1e-4, 2), plain] {
        let expected = run::<f64>(&problem, SOLO);
        for layout in LAYOUTS {
            assert!(run::<f64>(&problem, layout) == expected, "{layout:?}");
        }
        let expected = run::<f32>(&problem, SOLO);
        for layout in LAYOUTS {
            assert!(run::<f32>(&problem, layout) == expected, "{layout:?}");
        }
    }
}

#[test]
fn plans_may_change_from_step_to_step() {
    let problem = everything([203, 157], 1e-4, 5);
    let expected = run::<f64>(&problem, SOLO).u;
    let layout = layout([2, 1], 2, 64, 128);
    let parts = on_ranks(&problem, layout, |comm, team, domain| {
        let (fused, _, mut u) = common::fused::<f64>(&problem, layout, comm, &team, domain);
        let mut stepper = Rkl2::new(fused, f64::INFINITY);
        let steps = Steps::new(0.0, problem.dt, problem.steps);
        for (k, depth) in [64, 4, 1, 64, 6].into_iter().enumerate() {
            stepper.follow(Plan::of_depth::<f64>(depth, depth != 4));
            stepper.advance(&mut u, steps.part(k..k + 1)).unwrap();
        }
        u.own_values()
    });
    let parts = parts.iter().map(|(domain, values)| (domain, values));
    assert!(gather(&problem.grid, parts) == expected);
}

#[test]
fn weak_walls_are_as_exact_in_single_precision() {
    let problem = |walls, dt| Problem {
        grid: Grid {
            cells: [40, 30],
            size: [0.01, 0.0075],
            origin: [0.0; 2],
        },
        medium: uniform([200.0; 2], 2.4e6),
        initial: number(300.0),
        walls,
        dt,
        steps: 1,
    };
    let [flux, ..] = insulated().map(|_| Wall::Flux(number(1000.0)));
    let [_, right, bottom, top] = insulated();
    let weak = problem([flux, right, bottom, top], 10.0);
    let double = run::<f64>(&weak, SOLO).u;
    assert!(double.iter().all(|u| *u > 300.3));
    let single: Vec<f64> = run::<f32>(&weak, SOLO)
        .u
        .into_iter()
        .map(f64::from)
        .collect();
    let difference = largest_difference(&single, &double);
    assert!(difference < 4e-5, "{difference:e} K");

    // Where nothing comes in, nothing does however well the wall would let it through.
    let balanced = std::array::from_fn(|_| Wall::Convection {
        coefficient: formula("10 + 2*sin(t)"),
        ambient: number(300.0),
    });
    let outcome = run::<f32>(&problem(balanced, 1.0), SOLO);
    assert!(outcome.u.iter().all(|&u| (u - 300.0).abs() < 1e-4));
}

#[test]
fn single_precision_is_near_double() {
    let problem = everything([61, 47], 1e-3, 20);
    let double = run::<f64>(&problem, SOLO).u;
    let single = run::<f32>(&problem, SOLO).u;
    let single: Vec<_> = single.into_iter().map(f64::from).collect();
    let difference = largest_difference(&single, &double);
    assert!(difference < 1e-2, "{difference:e} K");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_problem_has_the_same_bits_on_any_layout(
        (problem, layout) in random::case(),
        longer in 1.0..200.0f64,
    ) {
        let problem = Problem {
            steps: problem.steps.min(2),
            dt: longer * problem.dt,
            ..problem
        };
        let expected = run::<f64>(&problem, SOLO);
        prop_assert!(run::<f64>(&problem, layout) == expected);
        prop_assert!(expected.u.iter().all(|u| u.is_finite()));
        let imbalance = imbalance_of(&expected.start, &expected.end);
        // It is no number where nothing is there and nothing comes.
        prop_assert!(imbalance.is_nan() || imbalance < 1e-10, "imbalance {:e}", imbalance);
    }
}
