use super::*;
use crate::{
    error::Kind,
    output::testing::{LAYOUTS, Run, grid, temperature},
};
use proptest::prelude::*;

/// The centre of a cell of the case.
fn center(i: isize, j: isize) -> [f64; 2] {
    grid().center(i, j)
}

fn probe(name: &str, place: Place) -> Probe {
    Probe {
        name: name.to_owned(),
        place,
    }
}

/// What a run leaves in the file, and how it ends on each rank; after step 8, a cell may be spoilt.
fn try_run(
    ranks: [usize; 2],
    probes: &[Probe],
    spoil: Option<([usize; 2], f64)>,
) -> (String, Vec<Result<(), Error>>) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("probes.csv");
    let ends = Run::new(grid(), ranks).each(|rank| {
        rank.spoil_at = spoil.map(|(cell, value)| (8, vec![cell], value));
        let cadence = Cadence::EverySteps(4);
        let (domain, comm) = (&rank.domain, rank.comm.as_ref());
        let observer =
            Probes::open(&path, probes, cadence, domain, &Marks::default(), comm).unwrap();
        rank.simulate(vec![Box::new(observer)])
    });
    (std::fs::read_to_string(path).unwrap(), ends)
}

fn run(ranks: [usize; 2], probes: &[Probe]) -> String {
    let (text, ends) = try_run(ranks, probes, None);
    assert!(ends.iter().all(Result::is_ok));
    text
}

/// The rows of a file as numbers.
fn rows(text: &str) -> Vec<Vec<f64>> {
    let row = |line: &str| {
        let numbers = line.split(',').map(|number| number.parse().unwrap());
        numbers.collect()
    };
    text.lines().skip(1).map(row).collect()
}

fn half_way(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [0, 1].map(|axis| 0.5 * (a[axis] + b[axis]))
}

#[test]
fn rows_are_the_same_from_every_layout() {
    let high = [0.526, -0.239];
    let probes = [
        probe("at a centre", Place::Point(center(5, 3))),
        // Where three and six ranks part, and two do.
        probe(
            "half way",
            Place::Point(half_way(center(5, 4), center(6, 5))),
        ),
        probe("low corner", Place::Point(grid().origin)),
        probe("high corner", Place::Point(high)),
        probe(
            "at the left",
            Place::Point([0.5, half_way(center(0, 7), center(0, 8))[1]]),
        ),
        probe(
            "block",
            Place::Mean {
                min: center(3, 2),
                max: center(9, 8),
            },
        ),
        probe(
            "whole",
            Place::Mean {
                min: [0.0, -1.0],
                max: [1.0, 0.0],
            },
        ),
    ];
    let expected = run([1, 1], &probes);
    for ranks in LAYOUTS {
        assert_eq!(run(ranks, &probes), expected);
    }
    let header = "step,time,at a centre,half way,low corner,high corner,at the left,block,whole";
    assert_eq!(expected.lines().next(), Some(header));
    let rows = rows(&expected);
    let steps: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(steps, [0.0, 4.0, 8.0, 10.0]);
    assert_eq!(rows[3][1], 1.0);
    for (row, step) in rows.iter().zip([0, 4, 8, 10]) {
        let u = |i, j| temperature(i, j, step);
        let mean_of = |columns: Range<usize>, rows: Range<usize>| {
            let cells = rows.flat_map(|j| columns.clone().map(move |i| u(i, j)));
            let values: Vec<f64> = cells.collect();
            values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
        };
        let exact = [
            u(5, 3),
            mean_of(5..7, 4..6),
            u(0, 0),
            u(12, 10),
            mean_of(0..1, 7..9),
            mean_of(3..9, 2..8),
            mean_of(0..13, 0..11),
        ];
        for (found, exact) in row[2..].iter().zip(exact) {
            assert!((found - exact).abs() < 1e-12 * exact, "{found} {exact}");
        }
    }
}

#[test]
fn a_value_that_is_no_number_ends_the_run_where_a_probe_looks() {
    let near = probe("near", Place::Point(half_way(center(4, 6), center(5, 7))));
    let around = Place::Mean {
        min: center(4, 6),
        max: center(6, 8),
    };
    let far = probe("far", Place::Point(center(9, 2)));
    for (bad, looking) in [
        (f64::NAN, &near),
        (f64::NEG_INFINITY, &near),
        (f64::NAN, &probe("around", around)),
        (f64::INFINITY, &probe("around", around)),
    ] {
        for ranks in LAYOUTS {
            let spoil = Some(([5, 7], bad));
            let (text, ends) = try_run(ranks, &[far.clone(), looking.clone()], spoil);
            assert_eq!(rows(&text).len(), 2, "{text}");
            for end in ends {
                let error = end.unwrap_err();
                assert_eq!(error.kind, Kind::NotFinite);
                assert!(error.message.contains("cell (5, 7)"), "{error}");
                assert!(error.message.ends_with("found after step 8"), "{error}");
            }
            let (text, ends) = try_run(ranks, std::slice::from_ref(&far), spoil);
            assert_eq!(rows(&text).len(), 4, "{text}");
            assert!(ends.iter().all(Result::is_ok));
        }
    }
}

#[test]
fn beyond_the_outermost_centres_a_wall_has_their_value_and_a_periodic_axis_goes_on() {
    let grid = Grid {
        cells: [4, 2],
        size: [4.0, 2.0],
        origin: [10.0, 20.0],
    };
    let around = |x, y, periodic| Stencil::around([x, y], &grid, periodic);
    let walls = [false; 2];
    assert_eq!(around(10.25, 21.75, walls).cells, [[0, 0], [1, 1]]);
    assert_eq!(around(14.0, 20.0, walls).cells, [[3, 3], [0, 0]]);
    assert_eq!(around(11.0, 21.0, walls).cells, [[0, 1], [0, 1]]);
    for x in [10.0, 14.0] {
        let stencil = around(x, 20.0, [true, false]);
        assert_eq!(stencil.cells, [[3, 0], [0, 0]]);
        assert_eq!(stencil.interpolate([1.0, 2.0, 1.0, 2.0]), 1.5);
    }
    let single = Grid {
        cells: [1, 1],
        ..grid
    };
    for periodic in [walls, [true; 2]] {
        let stencil = Stencil::around([13.0, 20.0], &single, periodic);
        assert_eq!(stencil.corners(), [[0, 0]; 4]);
        assert_eq!(stencil.interpolate([0.1; 4]), 0.1);
    }
}

proptest! {
    /// Bilinear functions come out right between the outermost centres, and constants to the bit.
    #[test]
    fn interpolation_is_exact_for_bilinear_fields(
        nx in 1..9usize, ny in 1..9usize, at in [0.0..=1.0f64, 0.0..=1.0],
        [a, b, c, d] in [-2.0..2.0f64, -2.0..2.0, -2.0..2.0, -2.0..2.0],
    ) {
        let grid = Grid { cells: [nx, ny], size: [2.0, 0.3], origin: [-0.7, 5.0] };
        let low = grid.center(0, 0);
        let high = grid.center(signed(nx) - 1, signed(ny) - 1);
        let point = [0, 1].map(|axis| low[axis] + at[axis] * (high[axis] - low[axis]));
        let field = |[x, y]: [f64; 2]| a + b * x + c * y + d * x * y;
        let stencil = Stencil::around(point, &grid, [false; 2]);
        let values = stencil.corners().map(|[i, j]| field(grid.center(signed(i), signed(j))));
        prop_assert!((stencil.interpolate(values) - field(point)).abs() < 1e-13 * 20.0);
        prop_assert_eq!(stencil.interpolate([a; 4]), a);
    }
}
