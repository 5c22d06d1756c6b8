//! Runs on ranks that are threads, for tests of the numerics.
#![allow(dead_code, reason = "every test file uses its own part")]

pub mod implicit;
pub mod modes;
pub mod random;
pub mod reference;

use std::{rc::Rc, sync::Arc};

use isotherm::{
    comm::{Communicator, Local},
    domain::{Domain, choose_ranks},
    field::{Field, Real, Team},
    grid::Grid,
    operator::Diffusion,
    physics::{
        Conductivity, Expression, FaceMean, Initial, Medium, Painter, Region, Shape, Value,
        Variable, Wall, Window,
    },
    stepper::{Explicit, Fused, Heat, Plan, Prescribed, Steps, TimeStepper},
};

#[derive(Debug, Clone)]
pub struct Problem {
    pub grid: Grid,
    pub medium: Medium,
    pub initial: Value,
    pub walls: [Wall; 4],
    pub dt: f64,
    pub steps: usize,
}

#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub ranks: usize,
    /// Chosen by the program where absent.
    pub grid: Option<[usize; 2]>,
    pub threads: usize,
    /// How steps are taken.
    pub depth: usize,
    pub width: usize,
    pub overlap: bool,
    /// Seed of the random times that messages take, if they take any.
    pub late: Option<u64>,
}

pub const SOLO: Layout = Layout {
    ranks: 1,
    grid: None,
    threads: 1,
    depth: 1,
    width: usize::MAX,
    overlap: true,
    late: None,
};

pub struct Outcome<T> {
    /// The whole field, row by row.
    pub u: Vec<T>,
    pub start: Heat,
    pub end: Heat,
    pub stability_limit: f64,
}

pub fn number(value: f64) -> Value {
    Value::Constant(value)
}

pub fn formula(text: &str) -> Value {
    let allowed = [Variable::X, Variable::Y, Variable::T];
    Value::Expression(Arc::new(Expression::parse(text, &allowed).expect(text)))
}

pub fn uniform(conductivity: [f64; 2], heat_capacity: f64) -> Medium {
    Medium {
        face_mean: FaceMean::Harmonic,
        conductivity: Conductivity(conductivity.map(number)),
        heat_capacity: number(heat_capacity),
        source: None,
        regions: Vec::new(),
    }
}

pub fn region(shape: Shape) -> Region {
    Region {
        name: "region".into(),
        shape,
        conductivity: None,
        heat_capacity: None,
        source: None,
        temperature: None,
    }
}

pub fn insulated() -> [Wall; 4] {
    std::array::from_fn(|_| Wall::Flux(number(0.0)))
}

/// The unit square.
pub fn unit_grid(cells: [usize; 2]) -> Grid {
    Grid {
        cells,
        size: [1.0, 1.0],
        origin: [0.0, 0.0],
    }
}

/// `u = (1 + x) cos(3 t)` until 1 s, between walls that move with it: exact in space, so that the error
/// is all of time.
pub fn moving(cells: [usize; 2], steps: usize) -> Problem {
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let dt = 1.0 / steps as f64;
    Problem {
        grid: unit_grid(cells),
        medium: Medium {
            source: Some(formula("-6*(1 + x)*sin(3*t)")),
            ..uniform([0.7, 1.3], 2.0)
        },
        initial: formula("1 + x"),
        walls: [
            Wall::Temperature(formula("cos(3*t)")),
            Wall::Flux(formula("0.7*cos(3*t)")),
            Wall::Flux(number(0.0)),
            // K du/dn = 0 = h (ambient - u), with a coefficient that moves.
            Wall::Convection {
                coefficient: formula("2 + sin(20*t)"),
                ambient: formula("(1 + x)*cos(3*t)"),
            },
        ],
        dt,
        steps,
    }
}

/// A value at the centres of all cells, row by row.
pub fn sample(value: &Value, grid: &Grid) -> Vec<f64> {
    let cells = (0..grid.cells[1]).flat_map(|j| (0..grid.cells[0]).map(move |i| (i, j)));
    cells
        .map(|(i, j)| value.at(grid.center(i.cast_signed(), j.cast_signed()), 0.0))
        .collect()
}

/// What `work` returns on every rank of a layout, with its part of the grid.
pub fn on_ranks<R: Send>(
    problem: &Problem,
    layout: Layout,
    work: impl Fn(Rc<dyn Communicator>, Rc<Team>, &Domain) -> R + Sync,
) -> Vec<(Domain, R)> {
    let grid = problem.grid;
    let periodic = [0, 2].map(|side| matches!(problem.walls[side], Wall::Periodic));
    let ranks = layout
        .grid
        .or_else(|| choose_ranks(&grid, layout.ranks, periodic))
        .expect("the ranks fit");
    Local::run_late(layout.ranks, layout.late, |comm: Rc<dyn Communicator>| {
        let team = Rc::new(Team::new(layout.threads).unwrap());
        let comm = comm.cartesian(ranks, periodic);
        let domain = Domain::new(grid, ranks, periodic, comm.rank());
        let result = work(comm, team, &domain);
        (domain, result)
    })
}

/// The whole field of the own cells of each rank.
pub fn gather<'a, T: Real>(
    grid: &Grid,
    parts: impl Iterator<Item = (&'a Domain, &'a Vec<T>)>,
) -> Vec<T> {
    let mut u = vec![T::ZERO; grid.cell_count()];
    for (domain, values) in parts {
        for (j, row) in values.chunks(domain.cells[0]).enumerate() {
            let at = (domain.start[1] + j) * grid.cells[0] + domain.start[0];
            u[at..][..row.len()].copy_from_slice(row);
        }
    }
    u
}

/// What an explicit scheme needs to step a problem on one rank of a layout, the stability limit and the
/// initial state.
pub fn fused<T: Real>(
    problem: &Problem,
    layout: Layout,
    comm: Rc<dyn Communicator>,
    team: &Rc<Team>,
    domain: &Domain,
) -> (Fused<T>, f64, Field<T>) {
    let plan = Plan {
        halo_depth: layout.depth.min(domain.deepest_halo()),
        tile_columns: layout.width,
        overlap: layout.overlap,
    };
    let margin = Prescribed::from(plan).margin::<T>(domain);
    let (of_operator, of_team) = (Rc::clone(&comm), Rc::clone(team));
    let (medium, walls) = (&problem.medium, &problem.walls);
    let diffusion = Diffusion::new(of_operator, of_team, domain, margin, medium, walls).unwrap();
    let stability_limit = diffusion.stability_limit();
    let mut u = Field::new(team, domain.cells, margin + 1);
    paint_initial(problem, domain, &mut u);
    let fused = Fused::new(comm, team, domain, diffusion, plan);
    (fused, stability_limit, u)
}

pub fn run<T: Real>(problem: &Problem, layout: Layout) -> Outcome<T> {
    let parts = on_ranks(problem, layout, |comm, team, domain| {
        let (fused, stability_limit, mut u) = fused(problem, layout, comm, &team, domain);
        let mut stepper = Explicit::new(fused, f64::INFINITY);
        let start = stepper.heat(&u);
        let steps = Steps::new(0.0, problem.dt, problem.steps);
        stepper.advance(&mut u, steps).unwrap();
        let end = stepper.heat(&u);
        (u.own_values(), start, end, stability_limit)
    });
    let values = parts.iter().map(|(domain, (values, ..))| (domain, values));
    let u = gather(&problem.grid, values);
    let (_, (_, start, end, stability_limit)) = parts.into_iter().next().unwrap();
    Outcome {
        u,
        start,
        end,
        stability_limit,
    }
}

/// Whether two outcomes are the same to the bit: field, heat and stability limit.
#[track_caller]
pub fn assert_same_bits<T: Real>(outcome: &Outcome<T>, expected: &Outcome<T>, layout: Layout) {
    let differing = (0..expected.u.len())
        .filter(|&k| outcome.u[k].to_f64().to_bits() != expected.u[k].to_f64().to_bits())
        .count();
    assert_eq!(differing, 0, "cells that differ under {layout:?}");
    assert_eq!(outcome.start, expected.start, "{layout:?}");
    assert_eq!(outcome.end, expected.end, "{layout:?}");
    assert_eq!(outcome.stability_limit, expected.stability_limit);
}

pub fn paint_initial<T: Real>(problem: &Problem, domain: &Domain, u: &mut Field<T>) {
    let painter = Painter {
        medium: &problem.medium,
        grid: problem.grid,
        periodic: domain.periodic,
    };
    let window = Window {
        start: domain.origin(),
        cells: domain.cells,
    };
    let initial = Initial::Value(problem.initial.clone());
    let coat = painter.initial_temperature(&initial, None, window).unwrap();
    let mut row = vec![0.0; domain.cells[0]];
    for j in 0..domain.cells[1] {
        coat.paint_row(j, &mut row).unwrap();
        for (u, &value) in u.own_row_mut(j).iter_mut().zip(&row) {
            *u = T::from_f64(value);
        }
    }
}

/// `energy change - boundary heat - source heat`, relative to the largest of them and the content.
pub fn imbalance<T>(outcome: &Outcome<T>) -> f64 {
    imbalance_of(&outcome.start, &outcome.end)
}

pub fn imbalance_of(start: &Heat, end: &Heat) -> f64 {
    let heat = end.through_sides.iter().sum::<f64>() + end.from_sources;
    let change = end.content - start.content;
    let scale = end
        .through_sides
        .iter()
        .map(|heat| heat.abs())
        .fold(end.content.abs().max(start.content.abs()), f64::max);
    (change - heat).abs() / scale.max(end.from_sources.abs())
}

pub fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}
