//! TR-BDF2, and steps as long as their error allows.

mod common;

use std::f64::consts::{PI, SQRT_2};

use common::{
    Layout, Problem, SOLO, formula, gather, imbalance_of, largest_difference, modes, moving,
    number, on_ranks, paint_initial, region, sample, uniform, unit_grid,
};
use isotherm::{
    comm::{Communicator, Pulse, Solo},
    domain::Domain,
    error::{Error, Kind},
    field::{Field, Real, Team},
    operator::Conduction,
    physics::{Conductivity, Shape, Wall},
    simulation::{Clock, Pace, Simulation},
    solver::{Direct, Method, Multigrid, Smoother, Solver, Tolerance, VCycle},
    stepper::{Heat, Steps, TimeStepper, TrBdf2},
};
use std::rc::Rc;

#[derive(Debug, PartialEq)]
struct Outcome<T> {
    u: Vec<T>,
    start: Heat,
    end: Heat,
    steps: u64,
    solves: u64,
    last_dt: f64,
}

/// A stepper whose first step is the problem's.
fn stepper<T: Real>(
    problem: &Problem,
    comm: Rc<dyn Communicator>,
    team: &Rc<Team>,
    domain: &Domain,
    tolerance: Option<f64>,
) -> TrBdf2<T> {
    let (medium, walls) = (&problem.medium, &problem.walls);
    let conduction = Conduction::new(comm, Rc::clone(team), domain, medium, walls, true).unwrap();
    let a = conduction.helmholtz();
    let goal = Tolerance {
        relative: 1e-13,
        absolute: 0.0,
        max_iterations: 100,
    };
    let method: Box<dyn Method<T>> = if medium.regions.is_empty() {
        Box::new(Direct::new(domain))
    } else {
        Box::new(Multigrid::new(Box::new(VCycle::alone(
            domain,
            Smoother::RedBlack,
        ))))
    };
    let solver = Solver::new(a, method, goal);
    TrBdf2::new(conduction, solver, problem.dt, tolerance)
}

/// From 0 to `end`.
fn run<T: Real>(
    problem: &Problem,
    end: f64,
    tolerance: Option<f64>,
    layout: Layout,
) -> Result<Outcome<T>, Error> {
    let parts = on_ranks(problem, layout, |comm, team, domain| {
        let mut u = Field::new(&team, domain.cells, 1);
        paint_initial(problem, domain, &mut u);
        let stepper = stepper(problem, Rc::clone(&comm), &team, domain, tolerance);
        let pace = tolerance.map_or(Pace::Fixed, |_| Pace::Free);
        let start = stepper.heat(&u);
        let mut simulation = Simulation::<T> {
            comm,
            team,
            domain: domain.clone(),
            u,
            stepper: Box::new(stepper),
            clock: Clock::new(end, pace),
            observers: Vec::new(),
            observer_seconds: Vec::new(),
            pulse: Pulse::default(),
        };
        simulation.run()?;
        let outcome = Outcome {
            u: simulation.u.own_values(),
            start,
            end: simulation.stepper.heat(&simulation.u),
            steps: simulation.clock.step(),
            solves: simulation.stepper.solves().unwrap().solves,
            last_dt: simulation.clock.dt(),
        };
        Ok::<_, Error>(outcome)
    });
    let mut all = Vec::new();
    for (domain, part) in parts {
        all.push((domain, part?));
    }
    let values = all.iter().map(|(domain, part)| (domain, &part.u));
    let u = gather(&problem.grid, values);
    let (_, first) = all.swap_remove(0);
    Ok(Outcome { u, ..first })
}

#[test]
fn modes_decay_as_they_must() {
    for mode in modes::all() {
        for (part, steps) in [(0.04, 20), (1.7, 2)] {
            let dt = part / mode.rate();
            let problem = mode.problem(dt, steps);
            #[expect(clippy::cast_precision_loss, reason = "a small count")]
            let end = dt * steps as f64;
            let outcome = run::<f64>(&problem, end, None, SOLO).unwrap();
            let (own, share) = (1.0 - SQRT_2 / 2.0, SQRT_2 / 4.0);
            let middle = (1.0 - own * part) / (1.0 + own * part);
            let factor = (1.0 - share * part * (1.0 + middle)) / (1.0 + own * part);
            let error = largest_difference(&outcome.u, &mode.after(factor, steps));
            assert!(error < 1e-12, "{}: error {error:e}", mode.name);
            assert!(imbalance_of(&outcome.start, &outcome.end) < 1e-11);
        }
    }
}

#[test]
fn the_scheme_is_of_the_second_order() {
    let errors = [20, 40, 80].map(|steps| {
        let problem = moving([12, 9], steps);
        let outcome = run::<f64>(&problem, 1.0, None, SOLO).unwrap();
        assert!(imbalance_of(&outcome.start, &outcome.end) < 1e-11);
        let exact = sample(&formula("(1 + x)*cos(3)"), &problem.grid);
        largest_difference(&outcome.u, &exact)
    });
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!((order - 2.0).abs() < 0.1, "{order} from {errors:?}");
    }
}

const CELLS: [usize; 2] = [48, 40];
const WAVES: [[f64; 2]; 2] = [[1.0, 1.0], [21.0, 17.0]];

/// A slow mode and a fast one, between cold walls.
fn fast_and_slow() -> Problem {
    let mode = |[x, y]: [f64; 2]| format!("sin({x}*pi*x)*sin({y}*pi*y)");
    let [slow, fast] = WAVES.map(mode);
    Problem {
        grid: unit_grid(CELLS),
        medium: uniform([1.0, 1.0], 1.0),
        initial: formula(&format!("{slow} + {fast}")),
        walls: std::array::from_fn(|_| Wall::Temperature(number(0.0))),
        dt: 1e-4,
        steps: 0,
    }
}

/// The exact solution on this grid.
fn fast_and_slow_at(t: f64) -> Vec<f64> {
    let terms = WAVES.map(|waves| {
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let rates = [0, 1].map(|axis| {
            let n = CELLS[axis] as f64;
            4.0 * n * n * (0.5 * PI * waves[axis] / n).sin().powi(2)
        });
        let size = (-(rates[0] + rates[1]) * t).exp();
        let [x, y] = waves;
        format!("{size:e}*sin({x}*pi*x)*sin({y}*pi*y)")
    });
    sample(&formula(&terms.join(" + ")), &unit_grid(CELLS))
}

const ENDS: [f64; 4] = [1e-4, 5e-4, 1e-2, 0.2];

/// The largest error at some times, and the steps to the last of them.
fn error_of(problem: &Problem, tolerance: Option<f64>) -> (f64, u64) {
    let mut most = (0.0_f64, 0);
    for end in ENDS {
        let outcome = run::<f64>(problem, end, tolerance, SOLO).unwrap();
        let error = largest_difference(&outcome.u, &fast_and_slow_at(end));
        most = (most.0.max(error), outcome.steps);
    }
    most
}

#[test]
fn steps_are_as_long_as_the_tolerance_allows() {
    let problem = fast_and_slow();
    let mut before: Option<(f64, u64)> = None;
    for tolerance in [1e-3, 1e-4, 1e-5] {
        let (error, steps) = error_of(&problem, Some(tolerance));
        // The errors of all steps add up, and most of them die out.
        assert!(error < 10.0 * tolerance, "{tolerance:e}: {error:e}");
        assert!(error > 0.01 * tolerance, "{tolerance:e}: {error:e}");
        if let Some((error_before, steps_before)) = before {
            assert!(error < 0.4 * error_before, "{error_before:e} {error:e}");
            // The third root of 10 is 2.15.
            assert!(steps < 3 * steps_before, "{steps_before} {steps}");
        }
        before = Some((error, steps));
        // Equal steps have a larger error though they are ten times as many.
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let dt = 0.2 / (10 * steps) as f64;
        let equal = Problem {
            dt,
            ..problem.clone()
        };
        let (of_equal, _) = error_of(&equal, None);
        assert!(
            of_equal > error,
            "{tolerance:e}: {steps} steps, {error:e} {of_equal:e}"
        );
    }
}

/// Sources and walls that move, one of them with a jump, and two materials.
fn jumping() -> Problem {
    let mut medium = uniform([1.0, 2.0], 3.0);
    let mut disc = region(Shape::Circle {
        center: [0.3, 0.6],
        radius: 0.2,
    });
    disc.conductivity = Some(Conductivity([number(50.0), number(50.0)]));
    disc.source = Some(formula("2e3*(t > 0.031)*(1 + x)"));
    medium.regions.push(disc);
    Problem {
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
        dt: 1e-5,
        steps: 0,
    }
}

#[test]
fn a_refused_step_leaves_no_heat_behind() {
    let outcome = run::<f64>(&jumping(), 0.1, Some(1e-3), SOLO).unwrap();
    let refused = outcome.solves / 3 - outcome.steps;
    assert!(refused > 0 && refused < outcome.steps / 3, "{refused}");
    let imbalance = imbalance_of(&outcome.start, &outcome.end);
    assert!(imbalance < 1e-11, "{imbalance:e}");
}

#[test]
fn all_layouts_take_the_same_steps() {
    let problem = jumping();
    let expected = run::<f64>(&problem, 0.05, Some(1e-2), SOLO).unwrap();
    assert!(expected.steps > 10 && expected.solves > 3 * expected.steps);
    for (ranks, grid, threads) in [
        (1, None, 3),
        (2, None, 1),
        (3, None, 2),
        (4, Some([4, 1]), 1),
        (6, Some([3, 2]), 1),
    ] {
        let layout = Layout {
            ranks,
            grid,
            threads,
            ..SOLO
        };
        let outcome = run::<f64>(&problem, 0.05, Some(1e-2), layout).unwrap();
        assert!(outcome == expected, "{layout:?}");
    }
}

#[test]
fn another_stepper_goes_on_as_the_first_would() {
    let problem = jumping();
    let domain = Domain::new(problem.grid, [1, 1], [false; 2], 0);
    let team = Rc::new(Team::new(1).unwrap());
    let new = || stepper::<f64>(&problem, Rc::new(Solo), &team, &domain, Some(1e-2));
    // Returns the time at the end.
    let go = |stepper: &mut TrBdf2<f64>, u: &mut Field<f64>, mut time: f64| {
        for _ in 0..20 {
            let steps = Steps::new(time, stepper.max_dt(), 1);
            if stepper.advance(u, steps).unwrap() == 1 {
                time = steps.time(1);
            }
        }
        time
    };
    let mut u = Field::new(&team, domain.cells, 1);
    paint_initial(&problem, &domain, &mut u);
    let mut first = new();
    let time = go(&mut first, &mut u, 0.0);
    let (mut second, mut other) = (new(), u.clone());
    assert_ne!(first.carried(), second.carried());
    second.go_on_with(first.carried());
    let ends = [
        go(&mut first, &mut u, time),
        go(&mut second, &mut other, time),
    ];
    assert!(ends[0] > time && ends[0] == ends[1]);
    assert_eq!(first.carried(), second.carried());
    assert_eq!(u.own_values(), other.own_values());
}

#[test]
fn a_tolerance_below_round_off_is_an_error() {
    let error = run::<f64>(&jumping(), 0.1, Some(1e-20), SOLO).unwrap_err();
    assert_eq!(error.kind, Kind::NotConverged);
    assert!(
        error.message.contains("shorter steps do not help"),
        "{error}"
    );
    assert!(error.help.unwrap().contains("time.step.tolerance"));
}
