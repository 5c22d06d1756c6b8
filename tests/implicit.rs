//! Implicit schemes and the steady state: exact solutions, conservation, and the same bits from any
//! layout.

mod common;

use common::{
    Layout, Problem, SOLO, formula, imbalance_of,
    implicit::{EULER, How, Outcome, STEADY, run},
    insulated, largest_difference, modes, moving, number, on_ranks, random, reference, region,
    sample, uniform, unit_grid,
};
use isotherm::{
    error::Kind,
    field::{Dots, Field},
    operator::Conduction,
    physics::{Conductivity, Medium, Shape, Wall},
    solver::Tolerance,
};
use proptest::prelude::*;

const CRANK_NICOLSON: How = How {
    theta: Some(0.5),
    ..EULER
};

fn tolerance(relative: f64) -> Tolerance {
    Tolerance {
        relative,
        ..EULER.tolerance
    }
}

#[test]
fn modes_decay_as_they_must() {
    for mode in modes::all() {
        for theta in [0.5, 0.7, 1.0] {
            for jacobi in [false, true] {
                // Far above the stability limit of the explicit scheme.
                let (dt, steps) = (0.04 / mode.rate(), 100);
                let how = How {
                    theta: Some(theta),
                    jacobi,
                    ..EULER
                };
                let outcome = run::<f64>(&mode.problem(dt, steps), SOLO, how).unwrap();
                let rate = dt * mode.rate();
                let factor = (1.0 - (1.0 - theta) * rate) / (1.0 + theta * rate);
                let error = largest_difference(&outcome.u, &mode.after(factor, steps));
                let name = mode.name;
                assert!(error < 1e-12, "{name}, theta {theta}: error {error:e}");
                assert!(imbalance_of(&outcome.start, &outcome.end) < 1e-11, "{name}");
            }
        }
    }
}

fn error_in_time(theta: f64, steps: usize) -> f64 {
    let problem = moving([12, 9], steps);
    let how = How {
        theta: Some(theta),
        jacobi: true,
        ..EULER
    };
    let outcome = run::<f64>(&problem, SOLO, how).unwrap();
    let imbalance = imbalance_of(&outcome.start, &outcome.end);
    assert!(imbalance < 1e-11, "imbalance {imbalance:e}");
    let exact = sample(&formula("(1 + x)*cos(3)"), &problem.grid);
    largest_difference(&outcome.u, &exact)
}

#[test]
fn orders_in_time() {
    for (theta, expected) in [(1.0, 1.0), (0.75, 1.0), (0.5, 2.0)] {
        let errors = [40, 80, 160].map(|steps| error_in_time(theta, steps));
        for pair in errors.windows(2) {
            let order = (pair[0] / pair[1]).log2();
            let off = (order - expected).abs();
            assert!(off < 0.05, "theta {theta}: {order} from {errors:?}");
        }
    }
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

#[test]
fn the_balance_closes_with_walls_and_sources() {
    for (jump, tolerance) in [(10.0, 1e-12), (1e6, 1e-8)] {
        let imbalance = imbalance_with_walls_and_sources(jump);
        assert!(imbalance < tolerance, "jump {jump}: {imbalance:e}");
    }
}

/// The largest of some schemes.
fn imbalance_with_walls_and_sources(jump: f64) -> f64 {
    let mut medium = contrast(jump);
    medium.regions[0].source = Some(formula("2e3*(1 + sin(90*t))"));
    let mut plate = region(Shape::Rectangle {
        min: [0.5, 0.1],
        max: [0.9, 0.4],
    });
    plate.source = Some(formula("500*x"));
    medium.regions.push(plate);
    let problem = Problem {
        grid: unit_grid([61, 47]),
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
        dt: 1e-2,
        steps: 20,
    };
    let imbalances = [0.5, 0.6, 1.0].map(|theta| {
        let how = How {
            theta: Some(theta),
            tolerance: tolerance(1e-12),
            ..EULER
        };
        let outcome = run::<f64>(&problem, SOLO, how).unwrap();
        assert!(outcome.end.from_sources > 0.0);
        imbalance_of(&outcome.start, &outcome.end)
    });
    imbalances.into_iter().fold(0.0, f64::max)
}

#[test]
fn heat_is_conserved_in_an_insulated_box() {
    // What the solver leaves is round-off of the largest conductivity.
    for (jump, tolerance) in [(10.0, 1e-13), (1e6, 1e-10)] {
        for how in [EULER, CRANK_NICOLSON] {
            let problem = Problem {
                grid: unit_grid([61, 47]),
                medium: contrast(jump),
                initial: formula("300 + 50*exp(-((x-0.2)^2 + (y-0.7)^2)/0.02)"),
                walls: insulated(),
                dt: 1e-3,
                steps: 50,
            };
            let outcome = run::<f64>(&problem, SOLO, how).unwrap();
            let drift = (outcome.end.content / outcome.start.content - 1.0).abs();
            assert!(drift < tolerance, "jump {jump}: drift {drift:e}");
            assert_eq!(outcome.end.through_sides, [0.0; 4]);
        }
    }
}

#[test]
fn backward_euler_makes_no_new_extremes() {
    let problem = Problem {
        grid: unit_grid([40, 33]),
        medium: contrast(1e6),
        initial: formula("step(sin(40*x)*sin(57*y))"),
        walls: [
            Wall::Temperature(number(0.0)),
            Wall::Temperature(number(1.0)),
            Wall::Flux(number(0.0)),
            Wall::Convection {
                coefficient: number(30.0),
                ambient: number(0.5),
            },
        ],
        dt: 0.02,
        steps: 1,
    };
    let extremes = |how| {
        let u = run::<f64>(&problem, SOLO, how).unwrap().u;
        let least = u.iter().copied().fold(f64::INFINITY, f64::min);
        let most = u.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        [least, most]
    };
    let [least, most] = extremes(EULER);
    assert!(least > -1e-12 && most < 1.0 + 1e-12, "{least} to {most}");
    let [least, most] = extremes(CRANK_NICOLSON);
    assert!(least < -0.01 || most > 1.01, "the problem is too easy");
}

#[test]
fn a_steady_slab_of_two_materials_with_the_interface_on_a_face() {
    let mut medium = uniform([4.0, 4.0], 1.0);
    let mut right = region(Shape::Rectangle {
        min: [0.25, 0.0],
        max: [1.0, 1.0],
    });
    right.conductivity = Some(Conductivity([number(0.5), number(0.5)]));
    medium.regions.push(right);
    // Flux (T1 - T2) / (L1/k1 + L2/k2), the temperature linear in each material.
    let flux = (350.0 - 300.0) / (0.25 / 4.0 + 0.75 / 0.5);
    let interface = 350.0 - flux * 0.25 / 4.0;
    let exact = format!(
        "(x < 0.25)*(350 - {flux:e}*x/4) + (x >= 0.25)*({interface:e} - {flux:e}*(x - 0.25)/0.5)"
    );
    let mut walls = insulated();
    walls[0] = Wall::Temperature(number(350.0));
    walls[1] = Wall::Temperature(number(300.0));
    let problem = Problem {
        grid: unit_grid([16, 4]),
        medium,
        initial: number(320.0),
        walls,
        dt: 1.0,
        steps: 1,
    };
    let outcome = run::<f64>(&problem, SOLO, STEADY).unwrap();
    let error = largest_difference(&outcome.u, &sample(&formula(&exact), &problem.grid)) / 350.0;
    assert!(error < 1e-12, "relative error {error:e}");
    let [left, right, bottom, top] = outcome.end.through_sides;
    assert!((left / flux - 1.0).abs() < 1e-12 && (right / flux + 1.0).abs() < 1e-12);
    assert_eq!([bottom, top], [0.0; 2]);
}

/// `u = cos(pi x) cos(2 pi y) + constant` with the source that keeps it, between insulated walls or
/// round a torus.
fn floating(walls: [Wall; 4], source: &str, medium: Medium) -> Problem {
    Problem {
        grid: unit_grid([24, 32]),
        medium: Medium {
            source: Some(formula(source)),
            ..medium
        },
        initial: formula("300 + 7*x*x"),
        walls,
        dt: 1.0,
        steps: 1,
    }
}

#[test]
fn a_steady_state_without_a_level_keeps_the_heat_that_is_there() {
    let torus = std::array::from_fn(|_| Wall::Periodic);
    // The source is that of the mode on this grid.
    let lambda = |half_waves: f64, n: f64| {
        4.0 * n * n * (std::f64::consts::PI * half_waves / n / 2.0).sin().powi(2)
    };
    let size = 2.0 * lambda(2.0, 24.0) + 3.0 * lambda(4.0, 32.0);
    let mode = "cos(2*pi*x)*cos(4*pi*y)";
    for walls in [insulated(), torus] {
        for jacobi in [false, true] {
            let how = How { jacobi, ..STEADY };
            let source = format!("{size:e}*{mode}");
            let problem = floating(walls.clone(), &source, uniform([2.0, 3.0], 1.5));
            let outcome = run::<f64>(&problem, SOLO, how).unwrap();
            let drift = (outcome.end.content / outcome.start.content - 1.0).abs();
            assert!(drift < 1e-13, "drift {drift:e}");
            let mean = outcome.start.content / 1.5;
            let exact = sample(&formula(&format!("{mode} + {mean:e}")), &problem.grid);
            let error = largest_difference(&outcome.u, &exact);
            assert!(error < 1e-10, "error {error:e}");
        }
    }
    // Of two materials, the heat content counts, not the mean of the temperature.
    let problem = floating(insulated(), "cos(pi*x)", contrast(1e6));
    let outcome = run::<f64>(&problem, SOLO, STEADY).unwrap();
    let drift = (outcome.end.content / outcome.start.content - 1.0).abs();
    assert!(drift < 1e-13, "drift {drift:e}");
}

#[test]
fn heat_that_has_nowhere_to_go_allows_no_steady_state() {
    let mut walls = insulated();
    walls[0] = Wall::Flux(number(2.5));
    let problem = floating(walls.clone(), "cos(pi*x)", uniform([2.0, 3.0], 1.5));
    let error = run::<f64>(&problem, SOLO, STEADY).unwrap_err();
    assert_eq!(error.kind, Kind::Input);
    assert!(
        error.message.contains("bring 2.500000e0 W per metre"),
        "{error}"
    );
    walls[1] = Wall::Flux(number(-2.5));
    let problem = floating(walls.clone(), "cos(pi*x)", uniform([2.0, 3.0], 1.5));
    run::<f64>(&problem, SOLO, STEADY).unwrap();
    walls[1] = Wall::Convection {
        coefficient: number(1e-3),
        ambient: number(300.0),
    };
    let problem = floating(walls, "cos(pi*x)", uniform([2.0, 3.0], 1.5));
    run::<f64>(&problem, SOLO, STEADY).unwrap();
}

#[test]
fn an_iteration_applies_the_operator_once() {
    let mode = &modes::all()[0];
    for jacobi in [false, true] {
        for (theta, more) in [(Some(1.0), 2), (Some(0.5), 2), (None, 2)] {
            let how = How {
                theta,
                jacobi,
                tolerance: tolerance(1e-6),
                ..EULER
            };
            let outcome = run::<f64>(&mode.problem(1.0, 1), SOLO, how).unwrap();
            let solves = outcome.solves;
            assert!(
                solves.iterations > 0 && solves.residual <= 1e-6,
                "{solves:?}"
            );
            // And once each for the residuals before and after.
            assert_eq!(solves.applications, solves.iterations + more);
        }
    }
}

#[test]
fn a_solver_that_does_not_get_there_is_an_error_everywhere() {
    let problem = Problem {
        grid: unit_grid([40, 33]),
        medium: contrast(1e6),
        initial: formula("300 + 50*x*y"),
        walls: insulated(),
        dt: 1.0,
        steps: 1,
    };
    let how = |max_iterations| How {
        jacobi: true,
        tolerance: Tolerance {
            max_iterations,
            ..tolerance(1e-8)
        },
        ..EULER
    };
    let two = Layout { ranks: 2, ..SOLO };
    let error = run::<f64>(&problem, two, how(7)).unwrap_err();
    assert_eq!(error.kind, Kind::NotConverged);
    for part in [
        "t = 1 s",
        "cg with jacobi has not converged after 7 iterations",
    ] {
        assert!(error.message.contains(part), "{error}");
    }
    assert!(error.help.unwrap().contains("solver.max_iterations"));
    run::<f64>(&problem, two, how(1000)).unwrap();
}

fn case_on(problem: &Problem, layout: Layout, how: How) -> Outcome<f64> {
    run::<f64>(problem, layout, how).unwrap()
}

const LAYOUTS: [Layout; 8] = [
    layout(1, None, 3, true),
    layout(2, None, 1, true),
    layout(3, None, 2, false),
    layout(4, None, 1, true),
    layout(4, Some([4, 1]), 2, true),
    layout(6, Some([3, 2]), 1, true),
    layout(6, Some([1, 6]), 1, false),
    layout(6, Some([6, 1]), 3, true),
];

const fn layout(ranks: usize, grid: Option<[usize; 2]>, threads: usize, overlap: bool) -> Layout {
    Layout {
        ranks,
        grid,
        threads,
        overlap,
        ..SOLO
    }
}

#[test]
fn the_same_bits_from_any_layout() {
    let mut medium = contrast(1e6);
    medium.regions[0].source = Some(formula("2e3*(1 + sin(90*t))"));
    let walls = [
        Wall::Temperature(formula("300 + 10*sin(50*t)")),
        Wall::Flux(formula("200*y")),
        Wall::Periodic,
        Wall::Periodic,
    ];
    let problem = |medium, walls| Problem {
        grid: unit_grid([203, 157]),
        medium,
        initial: formula("300 + 20*sin(7*x + 3*y) + 5*cos(31*x*y)"),
        walls,
        dt: 1e-4,
        steps: 3,
    };
    let how = |theta, jacobi| How {
        theta,
        jacobi,
        tolerance: tolerance(1e-6),
        ..EULER
    };
    let wall = Wall::Convection {
        coefficient: number(4.0),
        ambient: formula("280 + 9*x"),
    };
    let cases = [
        (
            problem(medium.clone(), walls.clone()),
            how(Some(1.0), false),
        ),
        (problem(medium, walls), how(Some(0.6), true)),
        (
            problem(
                uniform([1.3, 0.7], 2.0),
                std::array::from_fn(|_| wall.clone()),
            ),
            how(None, false),
        ),
    ];
    for (problem, how) in &cases {
        let expected = case_on(problem, SOLO, *how);
        for layout in LAYOUTS {
            let outcome = case_on(problem, layout, *how);
            assert!(outcome == expected, "{layout:?} {how:?}");
        }
    }
    let (problem, how) = &cases[0];
    let single = |layout| run::<f32>(problem, layout, *how).unwrap();
    let expected = single(SOLO);
    assert!(single(LAYOUTS[5]) == expected);
}

/// The operator on a layout: its values for `x`, and the dot products of `y` with them and of `x` with
/// those for `y`.
fn applied(
    problem: &Problem,
    layout: Layout,
    factors: [f64; 2],
    vectors: [&[f64]; 2],
) -> (Vec<f64>, [f64; 2]) {
    let parts = on_ranks(problem, layout, |comm, team, domain| {
        let (medium, walls) = (&problem.medium, &problem.walls);
        let overlap = layout.overlap;
        let mut conduction =
            Conduction::<f64>::new(comm.clone(), team.clone(), domain, medium, walls, overlap)
                .unwrap();
        let a = conduction.helmholtz_mut();
        a.set(factors[0], factors[1]);
        let [mut x, mut y] = vectors.map(|values| {
            let mut field = Field::<f64>::new(&team, domain.cells, 1);
            let nx = problem.grid.cells[0];
            for j in 0..domain.cells[1] {
                let at = (domain.start[1] + j) * nx + domain.start[0];
                field
                    .own_row_mut(j)
                    .copy_from_slice(&values[at..][..domain.cells[0]]);
            }
            field
        });
        let mut ax = Field::new(&team, domain.cells, 0);
        let mut ay = ax.clone();
        a.apply(&mut x, &mut ax);
        // The dot product in the pass is that of its own.
        let mut dots = Dots::new();
        let part = a.apply_dot(&mut y, &mut ay, dots.parts());
        let [in_pass] = dots.totals(comm.as_ref(), &team, part, [(&y, &ay)]);
        let [alone] = Dots::new().of(comm.as_ref(), &team, [(&y, &ay)]);
        assert!((in_pass - alone).abs() <= 1e-14 * alone.abs());
        let products = Dots::new().of(comm.as_ref(), &team, [(&y, &ax), (&x, &ay)]);
        // The diagonal is what the operator makes of one cell.
        let mut diagonal = Field::new(&team, domain.cells, 0);
        a.diagonal(&mut diagonal);
        if layout.ranks == 1 {
            let middle = domain.cells.map(|n| n / 2);
            let mut one = Field::new(&team, domain.cells, 1);
            one.own_row_mut(middle[1])[middle[0]] = 1.0;
            a.apply(&mut one, &mut ay);
            let [got, expected] = [&ay, &diagonal].map(|field| field.own_row(middle[1])[middle[0]]);
            // A cell that is its own neighbour has no flow to itself.
            let is_small = domain.cells.iter().any(|&n| n < 3);
            assert!(is_small || (got - expected).abs() <= 1e-14 * expected.abs());
        }
        (ax.own_values(), products)
    });
    let values = parts.iter().map(|(domain, (values, _))| (domain, values));
    let products = parts[0].1.1;
    (common::gather(&problem.grid, values), products)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_operator_is_symmetric_and_what_it_should_be(
        (problem, layout) in random::case(),
        factors in [0.0..3.0f64, 0.0..3.0f64],
        contrast in prop::bool::ANY,
        numbers in prop::collection::vec(-1.0..1.0f64, 50..100),
    ) {
        let mut problem = problem;
        if contrast {
            let mut speck = region(Shape::Circle {
                center: [0.0, 5.0],
                radius: 4.0,
            });
            speck.conductivity = Some(Conductivity([number(1e6), number(3e5)]));
            problem.medium.regions.push(speck);
        }
        let count = problem.grid.cell_count();
        let vector = |step: usize| -> Vec<f64> {
            (0..count).map(|k| numbers[(k * step + k / 7) % numbers.len()]).collect()
        };
        let (x, y) = (vector(3), vector(5));
        let (values, [yax, xay]) = applied(&problem, layout, factors, [&x, &y]);
        let expected = reference::helmholtz(&problem, factors, &x);
        let mut scale = 0.0;
        for ((value, [expected, size]), y) in values.iter().zip(expected).zip(&y) {
            prop_assert!((value - expected).abs() <= 1e-14 * size, "{value} {expected}");
            scale += size * y.abs();
        }
        prop_assert!((yax - xay).abs() <= 1e-13 * scale, "{yax} {xay} of {scale}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_problem_has_the_same_bits_on_any_layout(
        (problem, layout) in random::case(),
        theta in 0.5..=1.0f64,
        jacobi: bool,
    ) {
        let problem = Problem { steps: problem.steps.min(2), dt: 3.0 * problem.dt, ..problem };
        let how = How { theta: Some(theta), jacobi, tolerance: tolerance(1e-5), ..EULER };
        let expected = case_on(&problem, SOLO, how);
        prop_assert!(case_on(&problem, layout, how) == expected);
    }
}
