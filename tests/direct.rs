//! The direct solver: what conjugate gradients find, in one iteration, and the same bits from any layout.

mod common;

use common::{
    Layout, Problem, SOLO, formula, imbalance_of,
    implicit::{EULER, How, Outcome, STEADY, run},
    insulated, largest_difference, modes, moving, number, region, sample, uniform, unit_grid,
};
use isotherm::{
    config::Method,
    error::Kind,
    field::Real,
    physics::{Conductivity, Medium, Shape, Wall},
};
use proptest::prelude::*;

const DIRECT: How = How {
    method: Method::Direct,
    ..EULER
};

const DIRECT_STEADY: How = How {
    method: Method::Direct,
    ..STEADY
};

fn held() -> Wall {
    Wall::Temperature(formula("300 + 20*y - 7*x*x"))
}

fn flux() -> Wall {
    Wall::Flux(formula("100*y - 40*x"))
}

fn convection(coefficient: f64) -> Wall {
    Wall::Convection {
        coefficient: number(coefficient),
        ambient: formula("280 + 9*x + 5*y"),
    }
}

/// What an axis may have at its ends, and whether there is a fast transform for it.
fn ends() -> Vec<([Wall; 2], bool)> {
    vec![
        ([held(), held()], true),
        ([flux(), flux()], true),
        ([held(), flux()], true),
        ([flux(), held()], true),
        ([Wall::Periodic, Wall::Periodic], true),
        ([convection(4.0), flux()], false),
        ([held(), convection(0.3)], false),
    ]
}

/// All pairs of ends of which one can be transformed.
fn walls() -> Vec<[Wall; 4]> {
    let mut all = Vec::new();
    for (across_x, x_is_easy) in ends() {
        for (across_y, y_is_easy) in ends() {
            if x_is_easy || y_is_easy {
                let [left, right] = across_x.clone();
                let [bottom, top] = across_y;
                all.push([left, right, bottom, top]);
            }
        }
    }
    all
}

fn problem(cells: [usize; 2], walls: [Wall; 4]) -> Problem {
    Problem {
        grid: unit_grid(cells),
        medium: Medium {
            source: Some(formula("500*sin(5*x + 40*y)")),
            ..uniform([1.3, 0.02], 2.0)
        },
        initial: formula("300 + 20*sin(7*x + 3*y) + 5*cos(31*x*y)"),
        walls,
        dt: 3e-2,
        steps: 2,
    }
}

#[test]
fn it_finds_what_conjugate_gradients_find_in_one_iteration() {
    for walls in walls() {
        for cells in [
            [33, 26],
            [16, 31],
            [1, 17],
            [19, 1],
            [2, 2],
            [3, 64],
            [1, 1],
        ] {
            let problem = problem(cells, walls.clone());
            let outcome = run::<f64>(&problem, SOLO, DIRECT).unwrap();
            let expected = run::<f64>(&problem, SOLO, EULER).unwrap();
            let error = largest_difference(&outcome.u, &expected.u) / 300.0;
            assert!(error < 1e-12, "{cells:?} {walls:?}: {error:e}");
            assert!(imbalance_of(&outcome.start, &outcome.end) < 1e-12);
            assert_eq!(outcome.iterations, [1, 1], "{cells:?} {walls:?}");
        }
    }
}

#[test]
fn it_finds_the_steady_state() {
    for walls in walls() {
        let takes_heat = |wall: &Wall| !matches!(wall, Wall::Flux(_) | Wall::Periodic);
        if !walls.iter().any(takes_heat) {
            continue;
        }
        for cells in [[33, 26], [16, 31], [1, 17], [19, 1]] {
            let problem = Problem {
                steps: 1,
                ..problem(cells, walls.clone())
            };
            let outcome = run::<f64>(&problem, SOLO, DIRECT_STEADY).unwrap();
            let expected = run::<f64>(&problem, SOLO, STEADY).unwrap();
            let size = expected
                .u
                .iter()
                .fold(0.0, |most: f64, u| most.max(u.abs()));
            let error = largest_difference(&outcome.u, &expected.u) / size;
            assert!(error < 1e-10, "{cells:?} {walls:?}: {error:e}");
            assert_eq!(outcome.iterations[0], 1, "{cells:?} {walls:?}");
        }
    }
}

/// No wall fixes the level of temperature: the heat that is there stays.
#[test]
fn it_finds_a_steady_state_without_a_level() {
    let torus = || std::array::from_fn(|_| Wall::Periodic);
    let mut strip = insulated();
    (strip[2], strip[3]) = (Wall::Periodic, Wall::Periodic);
    let mut belt = insulated();
    (belt[0], belt[1]) = (Wall::Periodic, Wall::Periodic);
    for walls in [insulated(), torus(), strip, belt] {
        for cells in [[24, 32], [23, 37], [64, 5]] {
            let mut problem = Problem {
                steps: 1,
                ..problem(cells, walls.clone())
            };
            let mode = "cos(2*pi*x)*cos(4*pi*y)";
            // The source is that of the mode on this grid.
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let lambda = |half_waves: f64, n: usize| {
                let n = n as f64;
                4.0 * n * n * (std::f64::consts::PI * half_waves / n / 2.0).sin().powi(2)
            };
            let size = 1.3 * lambda(2.0, cells[0]) + 0.02 * lambda(4.0, cells[1]);
            problem.medium.source = Some(formula(&format!("{size:e}*{mode}")));
            let outcome = run::<f64>(&problem, SOLO, DIRECT_STEADY).unwrap();
            let drift = (outcome.end.content / outcome.start.content - 1.0).abs();
            assert!(drift < 1e-13, "drift {drift:e}");
            let mean = outcome.start.content / 2.0;
            let exact = sample(&formula(&format!("{mode} + {mean:e}")), &problem.grid);
            let error = largest_difference(&outcome.u, &exact);
            assert!(error < 1e-10, "{cells:?} {walls:?}: {error:e}");
            assert_eq!(outcome.iterations[0], 1);
        }
    }
}

#[test]
fn modes_decay_as_they_must() {
    for mode in modes::all() {
        for theta in [0.5, 1.0] {
            let (dt, steps) = (0.04 / mode.rate(), 100);
            let how = How {
                theta: Some(theta),
                ..DIRECT
            };
            let outcome = run::<f64>(&mode.problem(dt, steps), SOLO, how).unwrap();
            let rate = dt * mode.rate();
            let factor = (1.0 - (1.0 - theta) * rate) / (1.0 + theta * rate);
            let error = largest_difference(&outcome.u, &mode.after(factor, steps));
            assert!(error < 1e-12, "{}, theta {theta}: {error:e}", mode.name);
        }
    }
}

/// A coefficient of convection that moves is a new operator in each step.
#[test]
fn walls_may_move() {
    let problem = moving([12, 9], 40);
    let outcome = run::<f64>(&problem, SOLO, DIRECT).unwrap();
    let expected = run::<f64>(&problem, SOLO, EULER).unwrap();
    assert!(largest_difference(&outcome.u, &expected.u) < 1e-12);
}

/// The weakest conductors and the largest grids are where digits get lost.
#[test]
fn round_off_is_all_that_is_left() {
    for (conductivity, cells) in [
        ([1.0, 1.0], [509, 510]),
        ([1e6, 1e-6], [255, 128]),
        ([1e-6, 1e6], [255, 128]),
    ] {
        for walls in walls() {
            let problem = Problem {
                medium: uniform(conductivity, 2.0),
                steps: 1,
                ..problem(cells, walls)
            };
            for dt in [1e-6, 1e6] {
                let problem = Problem {
                    dt,
                    ..problem.clone()
                };
                let outcome = run::<f64>(&problem, SOLO, DIRECT).unwrap();
                assert!(outcome.iterations[0] <= 2, "{conductivity:?} {dt}");
                let outcome = run::<f32>(&problem, SOLO, DIRECT).unwrap();
                assert!(outcome.iterations[0] <= 2, "{conductivity:?} {dt}");
            }
        }
    }
}

#[test]
fn what_is_not_constant_is_refused() {
    let mut varying = problem([8, 8], insulated());
    let mut disc = region(Shape::Circle {
        center: [0.3, 0.6],
        radius: 0.25,
    });
    disc.conductivity = Some(Conductivity([number(5.0), number(5.0)]));
    varying.medium.regions.push(disc);
    let all = problem([8, 8], std::array::from_fn(|_| convection(1.0)));
    let mut along = insulated();
    along[0] = Wall::Convection {
        coefficient: formula("1 + y"),
        ambient: number(300.0),
    };
    let along = problem([8, 8], along);
    for (problem, words) in [
        (varying, "the coefficients are not constant"),
        (all, "both axes have walls with convection"),
        (along, "the coefficients are not constant"),
    ] {
        let two = Layout { ranks: 2, ..SOLO };
        let error = run::<f64>(&problem, two, DIRECT).unwrap_err();
        assert_eq!(error.kind, Kind::NotConverged);
        assert!(error.message.contains(words), "{error}");
    }
}

const fn layout(ranks: usize, grid: Option<[usize; 2]>, threads: usize) -> Layout {
    Layout {
        ranks,
        grid,
        threads,
        ..SOLO
    }
}

const LAYOUTS: [Layout; 8] = [
    layout(1, None, 3),
    layout(2, None, 1),
    layout(3, None, 2),
    layout(4, None, 1),
    layout(4, Some([4, 1]), 2),
    layout(6, Some([3, 2]), 1),
    layout(6, Some([1, 6]), 1),
    layout(6, Some([6, 1]), 3),
];

fn case<T: Real>(problem: &Problem, layout: Layout, how: How) -> Outcome<T> {
    run(problem, layout, how).unwrap()
}

#[test]
fn the_same_bits_from_any_layout() {
    for walls in [
        [held(), held(), held(), flux()],
        [convection(4.0), held(), Wall::Periodic, Wall::Periodic],
        [
            Wall::Periodic,
            Wall::Periodic,
            Wall::Periodic,
            Wall::Periodic,
        ],
        [flux(), held(), convection(2.0), convection(1.0)],
    ] {
        let problem = problem([203, 157], walls);
        let expected = case::<f64>(&problem, SOLO, DIRECT);
        let single = case::<f32>(&problem, SOLO, DIRECT);
        for layout in LAYOUTS {
            assert!(case(&problem, layout, DIRECT) == expected, "{layout:?}");
        }
        assert!(case(&problem, LAYOUTS[5], DIRECT) == single);
    }
}

/// What two ranks exchange of a large grid does not go into one message.
#[test]
fn many_cells_may_be_dealt_out() {
    let problem = problem([640, 480], [convection(4.0), held(), flux(), held()]);
    let expected = case::<f64>(&problem, SOLO, DIRECT);
    assert!(case(&problem, layout(2, None, 1), DIRECT) == expected);
    assert!(case(&problem, layout(2, Some([1, 2]), 1), DIRECT) == expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_problem_has_the_same_bits_on_any_layout(
        cells in [1..40usize, 1..40usize],
        kind in 0..45usize,
        ranks in [1..4usize, 1..4usize],
        threads in 1..3usize,
    ) {
        let all = walls();
        let problem = problem(cells, all[kind % all.len()].clone());
        let grid = [ranks[0].min(cells[0]), ranks[1].min(cells[1])];
        let layout = layout(grid[0] * grid[1], Some(grid), threads);
        prop_assert!(case::<f64>(&problem, layout, DIRECT) == case(&problem, SOLO, DIRECT));
    }
}
