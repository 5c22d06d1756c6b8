//! Jacobi's method, Chebyshev iteration and PPCG: they find what conjugate gradients find, with as many
//! applications of the operator as they must, and the same bits on any layout.

mod common;

use common::{
    Layout, Problem, SOLO, formula,
    implicit::{EULER, How, Outcome, STEADY, run},
    insulated, largest_difference, number, region, uniform, unit_grid,
};
use isotherm::{
    config::Method,
    error::Kind,
    physics::{Conductivity, Medium, Shape, Wall},
    solver::Tolerance,
};

const METHODS: [Method; 4] = [
    Method::Jacobi,
    Method::Chebyshev,
    Method::Ppcg,
    Method::PipelinedCg,
];

/// A method, as well as round-off allows.
fn by(method: Method, jacobi: bool) -> How {
    How {
        method,
        jacobi: jacobi && method != Method::Jacobi,
        tolerance: tolerance(1e-13, 1_000_000),
        ..EULER
    }
}

fn tolerance(relative: f64, max_iterations: u64) -> Tolerance {
    Tolerance {
        relative,
        absolute: 0.0,
        max_iterations,
    }
}

/// A disc that conducts so many times better than what is around it, and holds more.
fn contrast(jump: f64) -> Medium {
    let mut disc = region(Shape::Circle {
        center: [0.3, 0.6],
        radius: 0.25,
    });
    disc.conductivity = Some(Conductivity([number(jump), number(0.5 * jump)]));
    disc.heat_capacity = Some(number(7.0));
    let mut medium = uniform([1.3, 0.7], 2.0);
    medium.regions.push(disc);
    medium
}

/// Cells whose conductivities differ from their neighbours' by up to 1e6.
fn speckled() -> Medium {
    let mut medium = uniform([1.0, 1.0], 1.0);
    let speck = "10^(6*(sin(91*x + 57*y) > 0))";
    medium.conductivity = Conductivity([formula(speck), formula(speck)]);
    medium
}

fn convection() -> Wall {
    Wall::Convection {
        coefficient: number(4.0),
        ambient: formula("280 + 9*x"),
    }
}

fn mixed_walls() -> [Wall; 4] {
    [
        Wall::Temperature(formula("300 + 20*y")),
        Wall::Flux(formula("100*y")),
        convection(),
        Wall::Temperature(number(280.0)),
    ]
}

fn problem(medium: Medium, walls: [Wall; 4]) -> Problem {
    Problem {
        grid: unit_grid([33, 26]),
        medium,
        initial: formula("300 + 20*sin(7*x + 3*y) + 5*cos(31*x*y)"),
        walls,
        dt: 3e-3,
        steps: 2,
    }
}

/// All kinds of walls, and of coefficients.
fn problems() -> Vec<Problem> {
    let all = |wall: Wall| std::array::from_fn(|_| wall.clone());
    let mut strip = mixed_walls();
    (strip[2], strip[3]) = (Wall::Periodic, Wall::Periodic);
    vec![
        problem(uniform([1.3, 0.7], 2.0), insulated()),
        problem(uniform([1.3, 0.7], 2.0), mixed_walls()),
        problem(uniform([1.3, 0.7], 2.0), all(Wall::Periodic)),
        problem(contrast(50.0), all(convection())),
        problem(contrast(50.0), strip),
        problem(contrast(1e6), mixed_walls()),
        problem(contrast(1e6), all(Wall::Periodic)),
        problem(speckled(), insulated()),
    ]
}

#[test]
fn every_method_finds_what_conjugate_gradients_find() {
    for (index, problem) in problems().iter().enumerate() {
        let expected = run::<f64>(problem, SOLO, EULER).unwrap();
        for method in METHODS {
            for jacobi in [false, true] {
                // What a disc of so much conductivity holds dies out too slowly for these.
                let is_hard = index >= 5 && matches!(method, Method::Jacobi | Method::Chebyshev);
                if is_hard || (method == Method::Jacobi && jacobi) {
                    continue;
                }
                let outcome = run::<f64>(problem, SOLO, by(method, jacobi)).unwrap();
                let error = largest_difference(&outcome.u, &expected.u) / 300.0;
                let name = outcome.solves.method;
                assert!(error < 1e-9, "problem {index}, {name}: {error:e}");
            }
        }
    }
}

#[test]
fn every_method_finds_the_steady_state() {
    for problem in [
        problem(uniform([1.3, 0.7], 2.0), mixed_walls()),
        problem(contrast(50.0), mixed_walls()),
    ] {
        let expected = run::<f64>(&problem, SOLO, STEADY).unwrap();
        for method in METHODS {
            let how = How {
                theta: None,
                ..by(method, false)
            };
            let outcome = run::<f64>(&problem, SOLO, how).unwrap();
            let error = largest_difference(&outcome.u, &expected.u) / 300.0;
            assert!(error < 1e-9, "{method:?}: {error:e}");
        }
    }
    // Without a level of temperature, the operator is singular.
    let mut medium = contrast(50.0);
    medium.source = Some(formula("cos(pi*x)"));
    let floating = problem(medium, insulated());
    let how = How {
        tolerance: tolerance(1e-10, 100_000),
        ..STEADY
    };
    let expected = run::<f64>(&floating, SOLO, how).unwrap();
    for method in [Method::Chebyshev, Method::Ppcg] {
        let outcome = run::<f64>(&floating, SOLO, How { method, ..how }).unwrap();
        let error = largest_difference(&outcome.u, &expected.u) / 300.0;
        assert!(error < 1e-8, "{method:?}: {error:e}");
    }
}

#[test]
fn an_iteration_applies_the_operator_as_often_as_it_says() {
    let one_solve = Problem {
        steps: 1,
        ..problem(contrast(50.0), mixed_walls())
    };
    for jacobi in [false, true] {
        let solves = |method, cg_steps, inner_steps| {
            let how = How {
                cg_steps,
                inner_steps,
                tolerance: tolerance(1e-8, 1_000_000),
                ..by(method, jacobi)
            };
            run::<f64>(&one_solve, SOLO, how).unwrap().solves
        };
        // And once each for the residuals before and after.
        for method in METHODS[..2].iter().chain([&Method::Cg]) {
            let solves = solves(*method, 10, 10);
            assert!(solves.iterations > 20, "{solves:?}");
            assert_eq!(solves.applications, solves.iterations + 2, "{solves:?}");
        }
        // To begin, two more, and five each time that all is computed anew.
        let [cg, pipelined] =
            [Method::Cg, Method::PipelinedCg].map(|method| solves(method, 10, 10));
        let more = pipelined.applications - pipelined.iterations - 4;
        assert!(
            more.is_multiple_of(5) && (5..=15).contains(&more),
            "{pipelined:?}"
        );
        assert!(
            pipelined.iterations <= cg.iterations + 2,
            "{pipelined:?} {cg:?}"
        );
        for (cg_steps, inner_steps) in [(8, 2), (8, 4), (8, 10)] {
            let solves = solves(Method::Ppcg, cg_steps, inner_steps);
            let outer = solves.iterations - cg_steps as u64;
            let expected = cg_steps as u64 + outer * (inner_steps as u64 + 1) + 2;
            assert!(outer > 2, "{solves:?}");
            assert_eq!(solves.applications, expected, "{solves:?}");
        }
    }
}

/// `k` iterations shrink the residual by `T_k((b + a)/(b - a))` where the spectrum lies between `a` and `b`.
#[test]
fn chebyshev_iteration_is_as_fast_as_theory_says() {
    let (n, dt) = (40.0_f64, 0.01);
    let cold = std::array::from_fn(|_| Wall::Temperature(number(0.0)));
    let one_solve = Problem {
        grid: unit_grid([40, 40]),
        medium: uniform([1.0, 1.0], 1.0),
        initial: formula("sin(91*x + 57*y) + cos(17*x*y + 3*x)"),
        walls: cold,
        dt,
        steps: 1,
    };
    let [cg, chebyshev] = [Method::Cg, Method::Chebyshev].map(|method| {
        let how = How {
            tolerance: tolerance(1e-10, 10_000),
            ..by(method, false)
        };
        run::<f64>(&one_solve, SOLO, how).unwrap().solves.iterations
    });
    let lowest = (0.5 * std::f64::consts::PI / n).sin().powi(2);
    let [a, b] = [lowest, 1.0].map(|sine| 1.0 + dt * 8.0 * n * n * sine);
    // The bounds are taken wider by a twentieth each.
    let [a, b] = [0.95 * a, 1.05 * b];
    let least = 1e10_f64.acosh() / ((b + a) / (b - a)).acosh();
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let taken = (chebyshev - 25) as f64;
    assert!(taken <= least + 1.0, "{taken} {least}");
    assert!(chebyshev >= cg, "no method is faster: {chebyshev} {cg}");
}

#[test]
fn bounds_that_were_too_tight_are_widened() {
    for problem in [
        problem(contrast(50.0), mixed_walls()),
        problem(uniform([1.3, 0.7], 2.0), insulated()),
    ] {
        let expected = run::<f64>(&problem, SOLO, EULER).unwrap();
        for jacobi in [false, true] {
            let how = |cg_steps| How {
                cg_steps,
                ..by(Method::Chebyshev, jacobi)
            };
            let of = |cg_steps| run::<f64>(&problem, SOLO, how(cg_steps)).unwrap();
            let (tight, wide) = (of(2), of(60));
            let error = largest_difference(&tight.u, &expected.u) / 300.0;
            assert!(error < 1e-9, "{error:e}");
            let [tight, wide] = [tight, wide].map(|outcome| outcome.solves.applications);
            assert!(tight < 4 * wide, "{tight} {wide}");
        }
    }
}

#[test]
fn a_method_that_does_not_get_there_says_so() {
    let problem = problem(contrast(50.0), mixed_walls());
    for (method, jacobi, name) in [
        (Method::Jacobi, false, "jacobi"),
        (Method::Chebyshev, true, "chebyshev with jacobi"),
        (Method::Ppcg, false, "ppcg with 10 inner steps"),
        (Method::Ppcg, true, "ppcg with 10 inner steps and jacobi"),
    ] {
        let how = How {
            cg_steps: 5,
            tolerance: tolerance(1e-12, 12),
            ..by(method, jacobi)
        };
        let two = Layout { ranks: 2, ..SOLO };
        let error = run::<f64>(&problem, two, how).unwrap_err();
        assert_eq!(error.kind, Kind::NotConverged);
        let words = format!("{name} has not converged after 12 iterations; the residual was");
        assert!(error.message.contains(&words), "{error}");
    }
}

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
    let wide = |medium, walls| Problem {
        grid: unit_grid([203, 157]),
        dt: 3e-5,
        ..problem(medium, walls)
    };
    let mut torus_strip = mixed_walls();
    (torus_strip[0], torus_strip[1]) = (Wall::Periodic, Wall::Periodic);
    let problems = [
        wide(contrast(20.0), mixed_walls()),
        wide(uniform([1.3, 0.7], 2.0), torus_strip),
    ];
    for (problem, jacobi) in problems.iter().zip([true, false]) {
        for method in METHODS {
            let how = How {
                cg_steps: 6,
                tolerance: tolerance(1e-6, 1_000_000),
                ..by(method, jacobi)
            };
            let on = |layout| -> Outcome<f64> { run(problem, layout, how).unwrap() };
            let expected = on(SOLO);
            // Both steps went beyond the iterations that look for bounds.
            assert!(expected.solves.iterations > 12);
            for layout in [
                layout(1, None, 3, true),
                layout(2, None, 1, true),
                layout(3, None, 2, false),
                layout(4, None, 1, true),
                layout(4, Some([4, 1]), 2, true),
                layout(6, Some([3, 2]), 1, true),
                layout(6, Some([1, 6]), 1, false),
                layout(6, Some([6, 1]), 3, true),
            ] {
                assert!(on(layout) == expected, "{method:?} {layout:?}");
            }
            let single = |layout| run::<f32>(problem, layout, how).unwrap();
            let expected = single(SOLO);
            assert!(single(layout(6, Some([3, 2]), 2, true)) == expected);
        }
    }
}
