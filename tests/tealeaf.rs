//! Decks of the benchmark `TeaLeaf` (UK-MAC/TeaLeaf_ref, UoB-HPC/TeaLeaf): the published sums, and
//! what a deck means.

mod common;
#[path = "common/process.rs"]
mod process;

use std::{fs, path::Path};

use common::{
    Layout, Problem, SOLO,
    implicit::{EULER, How, run},
    sample,
};
use isotherm::{
    config::{self, Case as Validated, Method, Source},
    physics::{Initial, Painter, Window},
    solver::Tolerance,
};
use process::{Case, Outcome, Results};
use serde_json::Value;

const DECK: &str = "tea.in";

/// The benchmark problem on `n x n` cells.
fn deck(n: u32, steps: u32) -> String {
    let text = fs::read_to_string("validation/tealeaf/tea_bm_2.in").unwrap();
    let edited = text.replace("_cells=250", &format!("_cells={n}"));
    let edited = edited.replace("end_step=10", &format!("end_step={steps}"));
    assert!(n == 250 || edited != text);
    edited
}

fn parse(text: &str) -> Validated {
    let source = Source {
        name: DECK.to_owned(),
        text: text.to_owned(),
    };
    config::parse(&source, &[], Path::new("")).unwrap_or_else(|problems| panic!("{problems}"))
}

/// `isotherm run tea.in` with arguments.
#[track_caller]
fn run_deck(case: &Case, arguments: &[&str]) -> (Outcome, Results) {
    let outcome = Outcome::of(case.isotherm(&["run", DECK, "--overwrite"]).args(arguments));
    outcome.succeeds();
    (outcome, case.results("output/tea"))
}

/// One of the sums in the report.
fn sum(results: &Results, name: &str) -> f64 {
    let report = results.report();
    report["tealeaf"][name].as_f64().expect("a number")
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    let error = (found / expected - 1.0).abs();
    assert!(
        error <= tolerance,
        "{found} for {expected}: off by {error:e}"
    );
}

/// Methods and preconditioners.
const SOLVERS: [[&str; 2]; 9] = [
    ["jacobi", "none"],
    ["cg", "none"],
    ["cg", "jacobi"],
    ["cg", "multigrid"],
    ["multigrid", "none"],
    ["chebyshev", "none"],
    ["chebyshev", "jacobi"],
    ["ppcg", "none"],
    ["ppcg", "jacobi"],
];

#[track_caller]
fn meets(n: u32, steps: u32, published: f64, solvers: &[[&str; 2]]) {
    let case = Case::named(DECK, &deck(n, steps));
    for [method, preconditioner] in solvers {
        let method = format!("solver.method={method}");
        let preconditioner = format!("solver.preconditioner={preconditioner}");
        let tolerance = "solver.relative_tolerance=1e-12";
        let arguments = [
            "--set",
            tolerance,
            "--set",
            &method,
            "--set",
            &preconditioner,
        ];
        let (_, results) = run_deck(&case, &arguments);
        close(sum(&results, "u"), published, 1e-8);
        close(sum(&results, "volume"), 100.0, 1e-14);
        // The cells that the states cut change the mass.
        if n.is_multiple_of(10) {
            close(sum(&results, "mass"), 8401.6, 1e-14);
            close(sum(&results, "energy"), 3.49, 1e-9);
        }
    }
}

#[test]
fn tea_bm_1() {
    meets(10, 10, 157.550_841_832_792_94, &SOLVERS);
}

#[test]
fn tea_bm_2() {
    meets(250, 10, 106.272_211_786_465_69, &SOLVERS[1..]);
}

#[test]
fn one_step_on_cells_that_states_cut() {
    meets(64, 1, 108.469_772_000_311_1, &SOLVERS);
}

/// Numbers after these words, each with its word, in a line of a summary.
fn told(line: &str) -> Vec<(String, f64)> {
    let (_, sums) = line.split_once("s: ").expect(line);
    let sums = sums.split(", ").map(|sum| sum.split_once(' ').expect(line));
    sums.map(|(name, value)| (name.to_owned(), value.parse().expect(line)))
        .collect()
}

#[test]
fn summaries_are_told_at_the_start_now_and_then_and_at_the_end() {
    let deck = deck(50, 7).replace("*endtea", "summary_frequency=3\n*endtea");
    let case = Case::named(DECK, &deck);
    let (outcome, results) = run_deck(&case, &[]);
    let lines: Vec<_> = outcome
        .stderr
        .lines()
        .filter(|line| line.contains("Volume"))
        .collect();
    let steps: Vec<_> = lines
        .iter()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(steps, ["step 0", "step 3", "step 6", "step 7"]);
    let expected = [
        ("Volume", 100.0),
        ("Mass", 8401.6),
        ("Energy", 3.49),
        ("U", 84.265),
    ];
    for ((name, found), (expected_name, expected)) in told(lines[0]).into_iter().zip(expected) {
        assert_eq!(name, expected_name);
        close(found, expected, 1e-14);
    }
    let last = told(lines[3]);
    let reported = ["volume", "mass", "energy", "u"].map(|name| sum(&results, name));
    for ((_, told), reported) in last.into_iter().zip(reported) {
        // The reader of the report rounds.
        close(reported, told, 1e-15);
    }

    let (outcome, _) = run_deck(&case, &["--quiet"]);
    assert_eq!(outcome.stderr, "");
    let (outcome, _) = run_deck(&case, &["--set", "tealeaf.summary_frequency=0"]);
    assert_eq!(outcome.stderr.matches("Volume").count(), 2);
}

/// `TeaLeaf` prints one less a step, at its tolerance of 1e-15.
#[test]
fn as_many_iterations_as_tealeaf() {
    let printed = [228, 242, 244, 238, 231, 222, 215, 208, 202, 197];
    let case = Case::named(DECK, &deck(250, 10));
    let (_, results) = run_deck(&case, &["--set", "output.diagnostics.every_steps=1"]);
    let so_far = results.column("iterations");
    for (pair, printed) in so_far.windows(2).zip(printed) {
        let taken = pair[1] - pair[0];
        assert!(
            (taken - f64::from(printed) - 1.0).abs() <= 2.0,
            "{taken} for {printed}"
        );
    }
}

#[test]
fn a_deck_and_the_config_it_is_converted_to_have_the_same_bits() {
    let circle = "state 6 density=0.3 energy=7.0 geometry=circle xmin=7.0 ymin=4.0 radius=1.7\n\
                  state 7 density=3.0 energy=1.0 geometry=point xmin=2.0 ymin=9.0\n\
                  visit_frequency=2\nsummary_frequency=2\ntl_coefficient_inverse_density\n*endtea";
    let case = Case::named(DECK, &deck(37, 5).replace("*endtea", circle));
    let (_, deck) = run_deck(&case, &["--threads", "1"]);
    let shown = Outcome::of(&mut case.isotherm(&["convert", DECK]));
    shown.succeeds();
    let written = ["convert", DECK, "--output", "case.toml"];
    let written = Outcome::of(&mut case.isotherm(&written));
    written.succeeds();
    assert_eq!(written.stdout, "");
    assert_eq!(
        fs::read_to_string(case.path("case.toml")).unwrap(),
        shown.stdout
    );
    case.run(&["--threads", "1"]).succeeds();
    let converted = case.results("output/case");
    assert_eq!(deck.times().len(), 4);
    assert_eq!(deck.times(), converted.times());
    assert_eq!(deck.temperature::<f64>(), converted.temperature::<f64>());
    assert_eq!(
        deck.bytes("diagnostics.csv"),
        converted.bytes("diagnostics.csv")
    );
    assert_eq!(deck.report()["tealeaf"], converted.report()["tealeaf"]);
    assert_ne!(deck.report()["tealeaf"], Value::Null);
    // The config that the run leaves behind makes the same run again.
    let again = ["run", "output/tea/config.toml", "--output", "again"];
    Outcome::of(&mut case.isotherm(&again)).succeeds();
    assert_eq!(
        case.results("again").report()["tealeaf"],
        deck.report()["tealeaf"]
    );
}

#[test]
fn steps_are_whole_and_the_earlier_end_counts() {
    let steps = |ends: &str| {
        let case = Case::named(DECK, &deck(10, 10).replace("end_step=10", ends));
        let report = run_deck(&case, &["--quiet"]).1.report();
        (
            report["run"]["steps"].as_u64().unwrap(),
            report["run"]["simulated_time"].as_f64(),
        )
    };
    assert_eq!(steps("end_step=3"), (3, Some(3.0 * 0.004)));
    assert_eq!(steps("end_time=0.02 end_step=9"), (5, Some(5.0 * 0.004)));
    assert_eq!(steps("end_time=0.018"), (5, Some(5.0 * 0.004)));
}

#[test]
fn overrides_change_the_config_that_a_deck_is_read_as() {
    let case = Case::named(DECK, &deck(10, 10));
    let half = run_deck(&case, &["--set", "time.end=0.02"]).1;
    assert_eq!(half.report()["run"]["steps"], 5);
    let other = Case::named(DECK, &deck(10, 5));
    assert_eq!(sum(&half, "u"), sum(&run_deck(&other, &[]).1, "u"));
    Outcome::of(&mut case.isotherm(&["run", DECK, "--set", "time.ende=1"]))
        .fails(2, &["time.ende: unknown key", "from --set time.ende=1"]);
    let checked = Outcome::of(&mut case.isotherm(&["check", DECK]));
    checked.succeeds();
    assert!(
        checked.stdout.contains("tea.in is valid"),
        "{}",
        checked.stdout
    );
}

#[test]
fn decks_with_mistakes_are_refused_with_line_and_fix() {
    let refused = |old: &str, new: &str, parts: &[&str]| {
        let text = deck(10, 10);
        assert!(text.contains(old), "{old}");
        let case = Case::named(DECK, &text.replacen(old, new, 1));
        for command in ["run", "convert"] {
            Outcome::of(&mut case.isotherm(&[command, DECK])).fails(2, parts);
            assert_eq!(case.files(), [case.path(DECK)]);
        }
    };
    let parts = [
        "tl_use_gc: unknown key",
        "did you mean `tl_use_cg`?",
        "tea.in:16:1",
    ];
    refused("tl_use_cg", "tl_use_gc", &parts);
    refused("*endtea", "", &["has no *endtea", "tea.in:1:1"]);
    let parts = ["state 1: has no density", "tea.in:2:7"];
    refused("density=100.0 ", "", &parts);
    let parts = [
        "x_cells: expected a whole number, found `ten`",
        "tea.in:7:9",
    ];
    refused("x_cells=10", "x_cells=ten", &parts);
    let parts = ["jac_block", "write none or jac_diag", "tea.in:16:24"];
    refused(
        "tl_use_cg",
        "tl_preconditioner_type jac_block tl_use_cg",
        &parts,
    );
    let parts = ["z_cells: is for three dimensions", "tea.in:7:1"];
    refused("x_cells=10", "z_cells=10 x_cells=10", &parts);
}

#[test]
fn a_circle_that_holds_no_centre_is_refused_at_its_line() {
    let speck = "state 6 density=1 energy=1 geometry=circle xmin=3 ymin=3 radius=0.1\n*endtea";
    let case = Case::named(DECK, &deck(10, 1).replace("*endtea", speck));
    let parts = ["`state 6` covers the centre of no cell", "tea.in:19:37"];
    Outcome::of(&mut case.isotherm(&["run", DECK])).fails(2, &parts);
}

#[test]
fn only_decks_are_converted_and_never_over_themselves() {
    let case = Case::named(DECK, "[domain]\n");
    Outcome::of(&mut case.isotherm(&["convert", DECK]))
        .fails(2, &["tea.in holds no deck", "`*tea`"]);
    fs::write(case.path("case.toml"), "[domain]\n").unwrap();
    Outcome::of(&mut case.isotherm(&["convert", "case.toml"]))
        .fails(2, &["case.toml is no deck", "`*tea`"]);
    fs::write(case.path(DECK), deck(10, 1)).unwrap();
    Outcome::of(&mut case.isotherm(&["convert", DECK, "--output", DECK]))
        .fails(2, &["tea.in is read, and not replaced"]);
    assert_eq!(fs::read_to_string(case.path(DECK)).unwrap(), deck(10, 1));
    Outcome::of(&mut case.isotherm(&["convert", DECK, "--output", "none/case.toml"]))
        .fails(74, &["cannot write none/case.toml"]);
}

/// The benchmark's states on `cells`, and a circle and a point, painted cell by cell by the rules; density and
/// temperature of each cell.
fn painted(cells: [u32; 2]) -> Vec<[f64; 2]> {
    const RECTANGLES: [(f64, f64, [f64; 2], [f64; 2]); 4] = [
        (0.1, 25.0, [0.0, 1.0], [1.0, 2.0]),
        (0.1, 0.1, [1.0, 1.0], [6.0, 2.0]),
        (0.1, 0.1, [5.0, 1.0], [6.0, 8.0]),
        (0.1, 0.1, [5.0, 7.0], [10.0, 8.0]),
    ];
    let width = cells.map(|count| 10.0 / f64::from(count));
    let face = |axis: usize, index: u32| f64::from(index) * width[axis];
    let mut found = Vec::new();
    for j in 0..cells[1] {
        for i in 0..cells[0] {
            let low = [face(0, i), face(1, j)];
            let high = [face(0, i + 1), face(1, j + 1)];
            let mut state = (100.0, 1e-4);
            for (density, energy, min, max) in RECTANGLES {
                let touches = |axis: usize| {
                    high[axis] >= min[axis] + width[axis] / 100.0
                        && low[axis] < max[axis] - width[axis] / 100.0
                };
                if touches(0) && touches(1) {
                    state = (density, energy);
                }
            }
            let from = |axis: usize, center: f64| {
                0.5 * (low[axis] + high[axis]) - (center + width[axis] / 100.0)
            };
            if from(0, 7.0).hypot(from(1, 4.0)) <= 1.7 {
                state = (0.3, 7.0);
            }
            let holds = |axis: usize, at: f64| {
                let at = at + width[axis] / 100.0;
                low[axis] <= at && at < high[axis]
            };
            if holds(0, 2.0) && holds(1, 9.0) {
                state = (3.0, 1.0);
            }
            found.push([state.0, state.0 * state.1]);
        }
    }
    found
}

#[test]
fn states_are_painted_by_the_rules() {
    let more = "state 6 density=0.3 energy=7.0 geometry=circle xmin=7.0 ymin=4.0 radius=1.7\n\
                state 7 density=3.0 energy=1.0 geometry=point xmin=2.0 ymin=9.0\n*endtea";
    for cells in [[10, 10], [64, 64], [37, 53], [7, 120]] {
        let text = deck(250, 1)
            .replace("x_cells=250", &format!("x_cells={}", cells[0]))
            .replace("y_cells=250", &format!("y_cells={}", cells[1]))
            .replace("*endtea", more);
        let case = parse(&text);
        let painter = Painter {
            medium: &case.medium,
            grid: case.grid,
            periodic: [false; 2],
        };
        let window = Window {
            start: [0, 0],
            cells: case.grid.cells,
        };
        let conductivity = painter.conductivity(0, window);
        let temperature = painter
            .initial_temperature(&case.initial, None, window)
            .unwrap();
        let expected = painted(cells);
        for (j, expected) in expected.chunks(case.grid.cells[0]).enumerate() {
            let mut rows = [vec![0.0; expected.len()], vec![0.0; expected.len()]];
            conductivity.paint_row(j, &mut rows[0]).unwrap();
            temperature.paint_row(j, &mut rows[1]).unwrap();
            for (i, [density, u]) in expected.iter().enumerate() {
                assert_eq!(rows[0][i], 1.0 / density, "cell ({i}, {j}) of {cells:?}");
                assert_eq!(rows[1][i], *u, "cell ({i}, {j}) of {cells:?}");
            }
        }
    }
}

fn problem(n: u32, steps: u32) -> Problem {
    let case = parse(&deck(n, steps));
    let Initial::Value(initial) = case.initial else {
        unreachable!("it is a number")
    };
    Problem {
        grid: case.grid,
        medium: case.medium,
        initial,
        walls: case.walls,
        dt: 0.004,
        steps: steps as usize,
    }
}

#[test]
fn the_start_is_that_of_the_benchmark() {
    let problem = problem(50, 1);
    let start = sample(&problem.initial, &problem.grid);
    assert_eq!(start[0], 0.01);
    let outcome = run::<f64>(&problem, SOLO, EULER).unwrap();
    close(outcome.start.content, 3.49, 1e-12);
    close(outcome.end.content, 3.49, 1e-12);
}

#[test]
fn the_same_bits_from_any_layout() {
    let problem = problem(100, 2);
    let methods = [
        Method::Cg,
        Method::Chebyshev,
        Method::Ppcg,
        Method::Multigrid,
    ];
    for method in methods {
        let how = How {
            method,
            tolerance: Tolerance {
                relative: 1e-10,
                ..EULER.tolerance
            },
            ..EULER
        };
        let on = |ranks, threads| {
            let layout = Layout {
                ranks,
                threads,
                ..SOLO
            };
            run::<f64>(&problem, layout, how).unwrap()
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
