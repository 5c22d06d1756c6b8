//! Random problems, and random layouts to solve them on.

use std::ops::Range;

use isotherm::{
    grid::Grid,
    physics::{Conductivity, FaceMean, Medium, Region, Shape, Value, Wall},
};
use proptest::{option, prelude::*, sample::select};

use super::{Layout, Problem, formula, number, region, uniform};

const PLACE: [&str; 2] = ["3*x - 2*y", "0.1*x*y"];
const PLACE_AND_TIME: [&str; 5] = ["3*x - 2*y", "0.1*x*y", "3*t", "2*x - 5*t", "y + 4*t*x"];

/// A problem that stays finite, and a layout that it fits on.
pub fn case() -> impl Strategy<Value = (Problem, Layout)> {
    grid().prop_flat_map(|grid| (problem(grid), layout(grid.cells)))
}

fn grid() -> impl Strategy<Value = Grid> {
    let cells = prop_oneof![
        3 => [1..=90_usize, 1..=90_usize],
        1 => [1..=90_usize, 1..=3_usize],
        1 => [1..=3_usize, 1..=90_usize],
        // Wide enough for an interior between two rims.
        1 => [200..=700_usize, 1..=30_usize],
    ];
    (cells, [0.7..1.5, 0.7..1.5]).prop_map(|(cells, width): (_, [f64; 2])| {
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let size = [0, 1].map(|axis| cells[axis] as f64 * width[axis]);
        Grid {
            cells,
            size,
            origin: [-3.0, 0.25],
        }
    })
}

fn problem(grid: Grid) -> impl Strategy<Value = Problem> {
    let initial = prop_oneof![
        1 => Just(number(0.0)),
        9 => value(-30.0..300.0, 0.2, &PLACE),
    ];
    let walls = [walls(), walls()];
    (medium(grid), initial, walls, 1e-3..0.25, 1..=40_usize).prop_map(
        move |(medium, initial, [x, y], dt, steps)| {
            let ([left, right], [bottom, top]) = (x, y);
            Problem {
                grid,
                medium,
                initial,
                walls: [left, right, bottom, top],
                dt,
                steps,
            }
        },
    )
}

/// A number, or one that swings in some phase.
fn value(
    size: Range<f64>,
    swing: f64,
    phases: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    (size, option::of(select(phases))).prop_map(move |(size, phase)| match phase {
        None => number(size),
        Some(phase) => formula(&format!("{size:?}*(1 + {swing:?}*sin({phase}))")),
    })
}

fn conductivity() -> impl Strategy<Value = Conductivity> {
    [value(0.05..0.5, 0.9, &PLACE), value(0.05..0.5, 0.9, &PLACE)].prop_map(Conductivity)
}

fn capacity() -> impl Strategy<Value = Value> {
    value(1.5..3.0, 0.3, &PLACE)
}

fn source() -> impl Strategy<Value = Value> {
    value(-50.0..50.0, 1.5, &PLACE_AND_TIME)
}

fn medium(grid: Grid) -> impl Strategy<Value = Medium> {
    let plain = ([0.05..1.0, 0.05..1.0], 1.0..3.0).prop_map(|(k, c)| uniform(k, c));
    let mean = select(&[FaceMean::Harmonic, FaceMean::Arithmetic][..]);
    let regions = prop::collection::vec(patch(grid), 0..4);
    let rich = (
        mean,
        conductivity(),
        capacity(),
        option::of(source()),
        regions,
    )
        .prop_map(
            |(face_mean, conductivity, heat_capacity, source, regions)| Medium {
                face_mean,
                conductivity,
                heat_capacity,
                source,
                regions,
            },
        );
    prop_oneof![1 => plain, 3 => rich]
}

/// A region with some properties.
fn patch(grid: Grid) -> impl Strategy<Value = Region> {
    let at = move |part: [f64; 2]| [0, 1].map(|k| grid.origin[k] + part[k] * grid.size[k]);
    let shape = prop_oneof![
        [0.0..1.0, 0.0..1.0, 0.0..1.0, 0.0..1.0].prop_map(move |[a, b, c, d]: [f64; 4]| {
            Shape::Rectangle {
                min: at([a.min(b), c.min(d)]),
                max: at([a.max(b), c.max(d)]),
            }
        }),
        ([0.0..1.0, 0.0..1.0], 1.0..30.0).prop_map(move |(center, radius)| Shape::Circle {
            center: at(center),
            radius,
        }),
        Just(()).prop_map(|()| match formula("sin(2*x)*cos(3*y)") {
            Value::Expression(expression) => Shape::Expression(expression),
            Value::Constant(_) => unreachable!("it names x"),
        }),
    ];
    let properties = (
        option::of(conductivity()),
        option::of(capacity()),
        option::of(source()),
        option::of(value(0.0..300.0, 0.2, &PLACE)),
    );
    (shape, properties).prop_map(
        |(shape, (conductivity, heat_capacity, source, temperature))| Region {
            conductivity,
            heat_capacity,
            source,
            temperature,
            ..region(shape)
        },
    )
}

/// The walls at both ends of an axis.
fn walls() -> impl Strategy<Value = [Wall; 2]> {
    let wall = || {
        let temperature = || value(-30.0..300.0, 0.2, &PLACE_AND_TIME);
        prop_oneof![
            temperature().prop_map(Wall::Temperature),
            value(-20.0..20.0, 1.5, &PLACE_AND_TIME).prop_map(Wall::Flux),
            (value(0.0..5.0, 0.9, &PLACE_AND_TIME), temperature()).prop_map(
                |(coefficient, ambient)| Wall::Convection {
                    coefficient,
                    ambient,
                }
            ),
        ]
    };
    prop_oneof![
        1 => Just([Wall::Periodic, Wall::Periodic]),
        2 => [wall(), wall()],
    ]
}

fn layout(cells: [usize; 2]) -> impl Strategy<Value = Layout> {
    let ranks = select(
        &[
            [1, 1],
            [2, 1],
            [1, 2],
            [3, 1],
            [1, 4],
            [2, 2],
            [2, 3],
            [5, 1],
        ][..],
    );
    let width = prop_oneof![4 => 1..=200_usize, 1 => Just(usize::MAX)];
    let more = (option::of(any::<u64>()), any::<bool>());
    (ranks, 1..=3_usize, 1..=20_usize, width, more).prop_map(
        move |(ranks, threads, depth, width, (late, overlap))| {
            let grid = [0, 1].map(|axis| ranks[axis].min(cells[axis]));
            Layout {
                ranks: grid[0] * grid[1],
                grid: Some(grid),
                threads,
                depth,
                width,
                overlap,
                late,
            }
        },
    )
}
