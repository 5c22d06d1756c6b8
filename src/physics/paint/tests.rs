use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::physics::{Conductivity, Expression, FaceMean, Shape, Variable};

/// Cells of width 1 and height 2, whose centres lie at x = 0.5, 1.5, ... and y = 1, 3, ...
const GRID: Grid = Grid {
    cells: [5, 4],
    size: [5.0, 8.0],
    origin: [0.0, 0.0],
};
const ALL: Window = Window {
    start: [0, 0],
    cells: [5, 4],
};

fn formula(text: &str) -> Value {
    let allowed = [Variable::X, Variable::Y];
    Value::Expression(Arc::new(Expression::parse(text, &allowed).expect("valid")))
}

fn number(value: f64) -> Value {
    Value::Constant(value)
}

fn medium(conductivity: Value) -> Medium {
    Medium {
        face_mean: FaceMean::Harmonic,
        conductivity: Conductivity([conductivity.clone(), conductivity]),
        heat_capacity: number(4.0),
        source: None,
        regions: Vec::new(),
    }
}

fn region(min: [f64; 2], max: [f64; 2]) -> Region {
    Region {
        name: "die".into(),
        shape: Shape::Rectangle { min, max },
        conductivity: None,
        heat_capacity: None,
        source: None,
        temperature: None,
    }
}

fn conducting(min: [f64; 2], max: [f64; 2], kx: Value, ky: Value) -> Region {
    Region {
        conductivity: Some(Conductivity([kx, ky])),
        ..region(min, max)
    }
}

fn painter(medium: &Medium) -> Painter<'_> {
    Painter {
        medium,
        grid: GRID,
        periodic: [true, false],
    }
}

/// The whole window, painted.
pub fn paint(coat: &Coat<'_>) -> Result<Vec<f64>, Error> {
    let mut cells = vec![0.0; coat.window.cell_count()];
    for row in 0..coat.window.cells[1] {
        coat.paint_row(row, &mut cells[coat.window.row(row)])?;
    }
    Ok(cells)
}

fn cells(coat: &Coat<'_>) -> Vec<f64> {
    paint(coat).expect("valid")
}

#[test]
fn later_regions_win_for_what_they_set() {
    let mut medium = medium(number(1.0));
    medium.regions = vec![
        conducting([1.0, 0.0], [4.0, 4.0], number(2.0), formula("x + y")),
        Region {
            heat_capacity: Some(number(9.0)),
            ..region([0.0, 0.0], [2.0, 2.0])
        },
        conducting([2.0, 2.0], [5.0, 8.0], formula("10 * y"), number(3.0)),
    ];
    let painter = painter(&medium);
    #[rustfmt::skip]
    assert_eq!(cells(&painter.conductivity(0, ALL)), [
        1.0,  2.0,  2.0,  2.0,  1.0,
        1.0,  2.0, 30.0, 30.0, 30.0,
        1.0,  1.0, 50.0, 50.0, 50.0,
        1.0,  1.0, 70.0, 70.0, 70.0,
    ]);
    #[rustfmt::skip]
    assert_eq!(cells(&painter.conductivity(1, ALL)), [
        1.0, 2.5, 3.5, 4.5, 1.0,
        1.0, 4.5, 3.0, 3.0, 3.0,
        1.0, 1.0, 3.0, 3.0, 3.0,
        1.0, 1.0, 3.0, 3.0, 3.0,
    ]);
    #[rustfmt::skip]
    assert_eq!(cells(&painter.heat_capacity(ALL)), [
        9.0, 9.0, 4.0, 4.0, 4.0,
        4.0, 4.0, 4.0, 4.0, 4.0,
        4.0, 4.0, 4.0, 4.0, 4.0,
        4.0, 4.0, 4.0, 4.0, 4.0,
    ]);
}

#[test]
fn ghosts_wrap_around_or_repeat_the_outermost_cell() {
    let medium = medium(formula("x + 100*y"));
    let window = Window {
        start: [-1, -2],
        cells: [7, 3],
    };
    // Periodic along x, walls along y.
    let row = [104.5, 100.5, 101.5, 102.5, 103.5, 104.5, 100.5];
    assert_eq!(
        cells(&painter(&medium).conductivity(0, window)),
        [row, row, row].concat()
    );
    let window = Window {
        start: [4, 3],
        cells: [2, 2],
    };
    assert_eq!(
        cells(&painter(&medium).conductivity(0, window)),
        [704.5, 700.5, 704.5, 700.5]
    );
}

#[test]
fn whether_a_coat_is_uniform_does_not_depend_on_the_window() {
    let corner = Window {
        start: [4, 3],
        cells: [1, 1],
    };
    let uniform = |medium: &Medium| {
        let found = [ALL, corner].map(|window| {
            let coat = painter(medium).conductivity(0, window);
            coat.uniform().expect("valid")
        });
        assert_eq!(found[0], found[1]);
        found[0]
    };
    let mut medium = medium(number(1.0));
    assert_eq!(uniform(&medium), Some(1.0));
    let die = |kx| conducting([0.0, 0.0], [1.0, 2.0], kx, number(2.0));
    medium.regions = vec![die(number(1.0))];
    assert_eq!(uniform(&medium), Some(1.0));
    medium.regions = vec![die(number(2.0))];
    assert_eq!(uniform(&medium), None);
    medium.regions = vec![die(formula("1"))];
    assert_eq!(uniform(&medium), None);
}

#[test]
fn a_region_covers_the_rows_whose_centres_lie_in_it() {
    let mut medium = medium(number(1.0));
    medium.regions = vec![
        region([1.0, 2.0], [3.0, 6.0]),
        // Over the first one; between the centres; left of them all; a formula.
        region([0.0, 0.0], [5.0, 4.0]),
        region([0.6, 1.1], [1.4, 2.9]),
        region([-2.0, 0.0], [0.4, 8.0]),
        Region {
            shape: Shape::Expression(Arc::new(
                Expression::parse("x + y - 10", &[Variable::X, Variable::Y]).expect("valid"),
            )),
            ..region([0.0; 2], [0.0; 2])
        },
    ];
    let painter = painter(&medium);
    let covered = |region, window: Window| -> Vec<usize> {
        let rows = 0..window.cells[1];
        rows.filter(|row| painter.covers(region, window, *row))
            .collect()
    };
    let none: [usize; 0] = [];
    assert_eq!(covered(0, ALL), [1, 2]);
    assert_eq!(covered(1, ALL), [0, 1]);
    assert_eq!(covered(2, ALL), none);
    assert_eq!(covered(3, ALL), none);
    assert_eq!(covered(4, ALL), [3]);
    let beside = Window {
        start: [3, 1],
        cells: [2, 3],
    };
    assert_eq!(covered(0, beside), none);
    assert_eq!(covered(1, beside), [0]);
    assert_eq!(covered(4, beside), [2]);
}

#[test]
fn impossible_values_name_their_place() {
    let mut medium = medium(number(1.0));
    medium.regions = vec![conducting(
        [2.0, 2.0],
        [5.0, 8.0],
        formula("3 - x"),
        number(1.0),
    )];
    let painter = painter(&medium);
    let error = paint(&painter.conductivity(0, ALL)).expect_err("negative");
    assert_eq!(error.kind, Kind::Input);
    assert_eq!(
        error.message,
        "the conductivity along x of region \"die\" is -0.5 at cell (3, 1), x = 3.5 m, y = 3 m; \
         it must be positive and finite"
    );
    // A ghost is named by the cell that it repeats.
    let ghost = Window {
        start: [3, 5],
        cells: [1, 1],
    };
    let error = paint(&painter.conductivity(0, ghost)).expect_err("negative");
    assert!(error.message.contains("cell (3, 3)"), "{error}");

    // What a later region hides does no harm.
    medium
        .regions
        .push(conducting([3.0, 0.0], [5.0, 8.0], number(2.0), number(2.0)));
    assert!(paint(&self::painter(&medium).conductivity(0, ALL)).is_ok());
}

#[test]
fn impossible_constants_are_refused() {
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let medium = medium(number(value));
        let coat = painter(&medium).conductivity(1, ALL);
        for error in [coat.uniform().err(), paint(&coat).err()] {
            let message = error.expect("impossible").message;
            assert!(
                message.contains("conductivity along y of the background"),
                "{message}"
            );
        }
    }
    let mut medium = medium(number(1.0));
    medium.source = Some(formula("-1/(y - 3)"));
    let error = paint(&painter(&medium).fixed_source(ALL));
    let message = error.expect_err("infinite").message;
    assert!(message.starts_with("the source of the background is -inf"));
    medium.source = Some(formula("-y"));
    assert!(paint(&painter(&medium).fixed_source(ALL)).is_ok());
    medium.source = None;
    let none = painter(&medium).fixed_source(ALL).uniform();
    assert_eq!(none, Ok(Some(0.0)));
}

#[test]
fn regions_cover_the_initial_temperature() {
    let mut medium = medium(number(1.0));
    medium.regions = vec![Region {
        temperature: Some(number(-5.0)),
        ..region([1.0, 0.0], [2.0, 8.0])
    }];
    let painter = painter(&medium);
    let window = Window {
        start: [0, 1],
        cells: [3, 2],
    };
    let initial = Initial::Value(formula("x*y"));
    let coat = painter.initial_temperature(&initial, None, window);
    assert_eq!(
        cells(&coat.expect("a value")),
        [1.5, -5.0, 7.5, 2.5, -5.0, 12.5]
    );

    let initial = Initial::File {
        file: "before.vtkhdf".into(),
        dataset: "temperature".into(),
    };
    let read = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let coat = painter.initial_temperature(&initial, Some(&read), window);
    assert_eq!(
        cells(&coat.expect("six cells")),
        [1.0, -5.0, 3.0, 4.0, -5.0, 6.0]
    );
    for read in [None, Some(&read[1..])] {
        let coat = painter.initial_temperature(&initial, read, window);
        assert_eq!(coat.expect_err("does not fit").kind, Kind::Internal);
    }
    let read = [1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0];
    let coat = painter.initial_temperature(&initial, Some(&read), window);
    assert!(paint(&coat.expect("six cells")).is_err());
}

#[test]
fn rows_may_be_painted_from_several_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Coat<'_>>();
    shared::<MovingSource>();
}

proptest! {
    #[test]
    fn a_piece_has_the_same_bits_as_the_whole(
        start in [-3..6_isize, -3..6_isize],
        size in [1..7_usize, 1..7_usize],
        periodic in any::<[bool; 2]>(),
    ) {
        let mut medium = medium(formula("1 + sin(x/3)^2 * exp(-y/7)"));
        medium.regions = vec![
            conducting([0.0, 0.0], [2.0, 4.0], formula("2 + cos(x*y)"), number(1.0)),
            Region {
                shape: Shape::Circle { center: [3.1, 4.2], radius: 1.7 },
                ..conducting([0.0; 2], [0.0; 2], formula("hypot(x, y) / 3"), number(1.0))
            },
            Region {
                shape: Shape::Expression(Arc::new(
                    Expression::parse("x + y - 10", &[Variable::X, Variable::Y]).expect("valid"),
                )),
                ..conducting([0.0; 2], [0.0; 2], number(0.1), number(1.0))
            },
        ];
        let grid = Grid { cells: [5, 4], size: [4.7, 8.1], origin: [0.3, -0.1] };
        let painter = Painter { medium: &medium, grid, periodic };
        let whole = cells(&painter.conductivity(0, ALL));
        let window = Window { start, cells: size };
        let piece = cells(&painter.conductivity(0, window));
        for row in 0..size[1] {
            for column in 0..size[0] {
                let place = [(0, column), (1, row)].map(|(axis, step)| {
                    let index = start[axis] + step.cast_signed();
                    let count = [5, 4][axis];
                    if periodic[axis] {
                        index.rem_euclid(count).cast_unsigned()
                    } else {
                        index.clamp(0, count - 1).cast_unsigned()
                    }
                });
                let expected = whole[place[1] * 5 + place[0]];
                prop_assert_eq!(piece[row * size[0] + column].to_bits(), expected.to_bits());
            }
        }
    }
}
