//! The same bits from any layout: ranks, process grids, threads, steps taken at once.

mod common;

use common::{
    Layout, Problem, SOLO, assert_same_bits, formula, number, random, reference, region, run,
    uniform,
};
use isotherm::{
    field::Real,
    grid::Grid,
    physics::{Conductivity, Medium, Shape, Wall},
};
use proptest::prelude::*;

/// Ranks, process grid, threads; then steps fused, columns of a tile, and whether to overlap.
const LAYOUTS: [Layout; 20] = [
    layout(1, None, 1, 7, 32, true),
    layout(1, None, 2, 1, 40, true),
    layout(1, None, 2, 16, 64, false),
    layout(1, None, 3, 13, 64, false),
    layout(2, None, 1, 1, usize::MAX, true),
    layout(2, None, 1, 4, 64, true),
    layout(3, None, 1, 5, 200, false),
    layout(4, None, 2, 1, usize::MAX, false),
    layout(4, None, 2, 12, 48, true),
    layout(6, None, 1, 3, 16, true),
    layout(6, Some([1, 6]), 1, 40, 512, true),
    layout(3, Some([1, 3]), 2, 6, 64, true),
    layout(3, Some([1, 3]), 1, 25, 64, true),
    layout(2, Some([1, 2]), 3, 16, 512, true),
    layout(6, Some([6, 1]), 2, 8, 64, true),
    layout(6, Some([6, 1]), 1, 33, 8, false),
    layout(6, Some([2, 3]), 1, 2, 512, true),
    layout(6, Some([3, 2]), 2, 20, 24, true),
    layout(5, None, 3, 1, usize::MAX, true),
    layout(5, None, 3, 9, 100, true),
];

const fn layout(
    ranks: usize,
    grid: Option<[usize; 2]>,
    threads: usize,
    depth: usize,
    width: usize,
    overlap: bool,
) -> Layout {
    Layout {
        ranks,
        grid,
        threads,
        depth,
        width,
        overlap,
        late: None,
    }
}

/// A size that divides by none of the rank counts, with cells that are not square.
fn problem(medium: Medium, walls: [Wall; 4]) -> Problem {
    Problem {
        grid: Grid {
            cells: [203, 157],
            size: [2.0, 1.5],
            origin: [-0.5, 0.25],
        },
        medium,
        initial: formula("300 + 20*sin(7*x + 3*y) + 5*cos(31*x*y)"),
        walls,
        dt: 1e-5,
        steps: 40,
    }
}

fn layered() -> Medium {
    let mut medium = uniform([1.0, 1.0], 1.0);
    let mut disc = region(Shape::Circle {
        center: [0.4, 0.9],
        radius: 0.5,
    });
    disc.conductivity = Some(Conductivity([number(0.03), formula("0.5 + 0.4*sin(9*x)")]));
    disc.heat_capacity = Some(number(2.5));
    disc.source = Some(formula("1e4*step(sin(400*t) - x)"));
    let mut bar = region(Shape::Rectangle {
        min: [0.0, 0.3],
        max: [1.4, 0.7],
    });
    bar.source = Some(formula("1e3*x"));
    medium.regions = vec![disc, bar];
    medium
}

/// Every layout gives what the scheme gives cell by cell.
fn same_bits<T: Real>(problem: &Problem) {
    let expected = reference::solve::<T>(problem);
    for layout in [SOLO].into_iter().chain(LAYOUTS) {
        assert_same_bits(&run::<T>(problem, layout), &expected, layout);
    }
}

fn all(wall: &Wall) -> [Wall; 4] {
    std::array::from_fn(|_| wall.clone())
}

#[test]
fn fixed_temperatures() {
    let wall = Wall::Temperature(formula("290 + 30*x*y"));
    same_bits::<f64>(&problem(uniform([1.3, 0.7], 2.0), all(&wall)));
}

#[test]
fn fluxes() {
    let wall = Wall::Flux(formula("100*x - 50*y"));
    same_bits::<f64>(&problem(uniform([1.3, 0.7], 2.0), all(&wall)));
}

#[test]
fn convection() {
    let wall = Wall::Convection {
        coefficient: number(12.0),
        ambient: formula("280 + 40*sin(300*t)"),
    };
    same_bits::<f64>(&problem(uniform([1.3, 0.7], 2.0), all(&wall)));
}

#[test]
fn periodic_both_ways() {
    same_bits::<f64>(&problem(uniform([1.3, 0.7], 2.0), all(&Wall::Periodic)));
    same_bits::<f64>(&problem(layered(), all(&Wall::Periodic)));
}

#[test]
fn every_kind_of_wall_with_regions_and_sources_in_time() {
    let walls = [
        Wall::Temperature(formula("300 + 10*sin(500*t)")),
        Wall::Flux(formula("200*y")),
        Wall::Convection {
            coefficient: formula("5 + 2*x"),
            ambient: number(280.0),
        },
        Wall::Temperature(number(310.0)),
    ];
    same_bits::<f64>(&problem(layered(), walls.clone()));
    same_bits::<f32>(&problem(layered(), walls));
}

#[test]
fn periodic_along_one_axis_in_single_precision() {
    let walls = [
        Wall::Periodic,
        Wall::Periodic,
        Wall::Flux(number(3.0)),
        Wall::Temperature(number(310.0)),
    ];
    same_bits::<f32>(&problem(uniform([1.0, 1.0], 1.0), walls));
}

#[test]
fn per_cell_coefficients_that_are_all_equal_give_the_bits_of_uniform_ones() {
    let walls = [
        Wall::Temperature(number(280.0)),
        Wall::Flux(number(3.0)),
        Wall::Convection {
            coefficient: number(5.0),
            ambient: number(280.0),
        },
        Wall::Temperature(number(310.0)),
    ];
    let fast = problem(uniform([1.3, 0.7], 2.1), walls.clone());
    let mut plain = fast.clone();
    plain.medium.conductivity = Conductivity([formula("1.3 + 0*x"), formula("0.7 + 0*y")]);
    plain.medium.heat_capacity = formula("2.1 + 0*x");
    let (fast, plain) = (run::<f64>(&fast, SOLO), run::<f64>(&plain, SOLO));
    assert_eq!(fast.u, plain.u);
    assert_eq!(fast.end, plain.end);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn any_problem_on_any_layout((problem, layout) in random::case(), single: bool) {
        if single {
            let expected = reference::solve::<f32>(&problem);
            assert_same_bits(&run::<f32>(&problem, layout), &expected, layout);
        } else {
            let expected = reference::solve::<f64>(&problem);
            assert_same_bits(&run::<f64>(&problem, layout), &expected, layout);
        }
    }
}

/// Ranks whose messages take random times end, and with the same bits as one rank.
fn messages_come_late(steps: usize) {
    let problem = Problem {
        grid: Grid {
            cells: [512, 512],
            size: [2.0, 1.5],
            origin: [-0.5, 0.25],
        },
        steps,
        dt: 1e-6,
        ..problem(
            layered(),
            [
                Wall::Temperature(formula("300 + 10*sin(500*t)")),
                Wall::Flux(formula("200*y")),
                Wall::Periodic,
                Wall::Periodic,
            ],
        )
    };
    let expected = run::<f64>(&problem, SOLO);
    for (ranks, depth, threads) in [(4, 1, 2), (4, 8, 1), (6, 3, 2), (6, 16, 1)] {
        let layout = Layout {
            late: Some(u64::try_from(ranks + depth).unwrap()),
            ..layout(ranks, None, threads, depth, 512, true)
        };
        assert_same_bits(&run::<f64>(&problem, layout), &expected, layout);
    }
}

#[test]
fn late_messages_change_nothing() {
    messages_come_late(100);
}

#[test]
#[ignore = "takes minutes: cargo test --release --test layouts -- --ignored"]
fn late_messages_change_nothing_in_ten_thousand_steps() {
    messages_come_late(10_000);
}
