use std::rc::Rc;

use super::*;
use crate::{
    comm::Solo,
    domain::Domain,
    field::Team,
    grid::Grid,
    operator::Conduction,
    physics::{Conductivity, FaceMean, Medium, Value, Wall},
};

/// 20 x 15 cells between cold walls, and a right-hand side.
fn system() -> (Conduction<f64>, Field<f64>, Field<f64>) {
    let number = Value::Constant;
    let medium = Medium {
        face_mean: FaceMean::Harmonic,
        conductivity: Conductivity([number(1.0), number(2.0)]),
        heat_capacity: number(3.0),
        source: None,
        regions: Vec::new(),
    };
    let walls = std::array::from_fn(|_| Wall::Temperature(number(0.0)));
    let grid = Grid {
        cells: [20, 15],
        size: [1.0, 1.0],
        origin: [0.0, 0.0],
    };
    let domain = Domain::new(grid, [1, 1], [false; 2], 0);
    let team = Rc::new(Team::new(1).unwrap());
    let mut conduction = Conduction::new(
        Rc::new(Solo),
        Rc::clone(&team),
        &domain,
        &medium,
        &walls,
        true,
    )
    .unwrap();
    conduction.helmholtz_mut().set(1.0, 0.1);
    let x = Field::new(&team, grid.cells, 1);
    let mut b = Field::new(&team, grid.cells, 0);
    team.update([&mut b], |j, [row]| {
        for (i, b) in row.iter_mut().enumerate() {
            *b = f64::from(u32::try_from((7 * i + 3 * j) % 11).unwrap()) - 4.0;
        }
    });
    (conduction, x, b)
}

fn tolerance(relative: f64) -> Tolerance {
    Tolerance {
        relative,
        absolute: 0.0,
        max_iterations: 500,
    }
}

fn solve(
    conduction: &mut Conduction<f64>,
    method: Box<dyn Method<f64>>,
    x: &mut Field<f64>,
    b: &Field<f64>,
) -> Result<SolveStats, SolverError> {
    let a = conduction.helmholtz_mut();
    Solver::new(a, method, tolerance(1e-10)).solve(a, b, x)
}

/// Conjugate gradients that at first believe the residual to be smaller than it is.
struct Optimist {
    cg: Cg<f64, Diagonal<f64>>,
    starts: usize,
}

impl Method<f64> for Optimist {
    fn name(&self) -> String {
        format!("optimist after {} starts", self.starts)
    }

    fn start(&mut self, system: &mut System<'_, f64>, norm: f64) -> Result<(), Reason> {
        self.starts += 1;
        self.cg.start(system, norm)
    }

    fn iterate(&mut self, system: &mut System<'_, f64>) -> Result<Option<f64>, Reason> {
        let factor = if self.starts == 1 { 1e-4 } else { 1.0 };
        Ok(self.cg.iterate(system)?.map(|norm| factor * norm))
    }
}

/// Does nothing, and believes it was enough.
struct Idle;
impl Method<f64> for Idle {
    fn name(&self) -> String {
        "idle".into()
    }

    fn start(&mut self, _: &mut System<'_, f64>, _: f64) -> Result<(), Reason> {
        Ok(())
    }

    fn iterate(&mut self, _: &mut System<'_, f64>) -> Result<Option<f64>, Reason> {
        Ok(Some(0.0))
    }
}

#[test]
fn a_solver_trusts_the_true_residual_alone() {
    let (mut conduction, mut x, b) = system();
    let method = Box::new(Optimist {
        cg: Cg::new(conduction.helmholtz(), None),
        starts: 0,
    });
    let stats = solve(&mut conduction, method, &mut x, &b).unwrap();
    assert!(stats.residual <= 1e-10 * stats.initial_residual);
    // At the start; after the first claim, and again after the look at the round-off; at the end.
    assert_eq!(stats.applications, stats.iterations + 4);

    let (mut conduction, mut x, b) = system();
    let error = solve(&mut conduction, Box::new(Idle), &mut x, &b).unwrap_err();
    assert_eq!((error.reason, error.iterations), (Reason::Stagnated, 1));
}

#[test]
fn what_is_not_positive_definite_breaks_down() {
    let (mut conduction, mut x, b) = system();
    conduction.helmholtz_mut().set(-1.0, 0.0);
    let cg = Box::new(Cg::<_, Diagonal<f64>>::new(conduction.helmholtz(), None));
    let error = solve(&mut conduction, cg, &mut x, &b).unwrap_err();
    assert_eq!(
        error.reason,
        Reason::Breakdown("the operator is not positive definite")
    );
    let diagonal = Diagonal::new(conduction.helmholtz());
    let cg = Box::new(Cg::new(conduction.helmholtz(), Some(diagonal)));
    let error = solve(&mut conduction, cg, &mut x, &b).unwrap_err();
    assert_eq!(
        error.reason,
        Reason::Breakdown("the preconditioner is not positive definite")
    );
    let (mut conduction, mut x, mut b) = system();
    b.set(3, 4, f64::NAN);
    let cg = Box::new(Cg::<_, Diagonal<f64>>::new(conduction.helmholtz(), None));
    let error = solve(&mut conduction, cg, &mut x, &b).unwrap_err();
    assert_eq!(error.reason, Reason::NotFinite);
}

#[test]
fn a_system_that_is_solved_takes_no_iteration() {
    let (mut conduction, mut x, mut b) = system();
    team_fill(&mut b, 0.0);
    let cg = Box::new(Cg::<_, Diagonal<f64>>::new(conduction.helmholtz(), None));
    let stats = solve(&mut conduction, cg, &mut x, &b).unwrap();
    assert_eq!(
        (stats.iterations, stats.applications, stats.residual),
        (0, 1, 0.0)
    );
}

fn team_fill(field: &mut Field<f64>, value: f64) {
    for j in 0..field.cells()[1] {
        field.own_row_mut(j).fill(value);
    }
}

#[test]
fn the_diagonal_follows_the_operator() {
    let (mut conduction, _, _) = system();
    let team = Rc::clone(conduction.helmholtz().team());
    let mut diagonal = Diagonal::new(conduction.helmholtz());
    let mut r = Field::new(&team, [20, 15], 1);
    let mut z = r.clone();
    team_fill(&mut r, 1.0);
    for beta in [0.1, 0.1, 0.7] {
        let a = conduction.helmholtz_mut();
        a.set(1.0, beta);
        diagonal.prepare(a);
        let rz = diagonal.apply(a, &mut r, 1.0, &mut Dots::new());
        diagonal.turn(&team, 0.0, &mut z);
        // Between walls, on a wall, and in a corner: there a face counts twice.
        let value = |x: f64, y: f64| 3.0 + beta * (400.0 * x + 2.0 * 225.0 * y);
        let expected = [value(2.0, 2.0), value(3.0, 2.0), value(3.0, 3.0)];
        let found = [z.get(9, 9), z.get(0, 9), z.get(19, 14)].map(|z| 1.0 / z);
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-14, "{found} {expected}");
        }
        let sum: f64 = z.own_values().iter().sum();
        assert!((rz / sum - 1.0).abs() < 1e-14);
    }
}
