//! Implicit and steady runs on ranks that are threads.

use isotherm::{
    error::Error,
    field::{Field, Real},
    operator::Conduction,
    solver::{Cg, Jacobi, Preconditioner, Solver, Tolerance},
    stepper::{Heat, Solves, Steady, Steps, Theta, TimeStepper},
};

use super::{Layout, Problem, gather, on_ranks, paint_initial};

/// How to step and how to solve.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// `None` for the steady state.
    pub theta: Option<f64>,
    pub jacobi: bool,
    pub tolerance: Tolerance,
}

/// Backward Euler, solved as well as round-off allows.
pub const EULER: How = How {
    theta: Some(1.0),
    jacobi: false,
    tolerance: Tolerance {
        relative: 1e-14,
        absolute: 0.0,
        max_iterations: 10_000,
    },
};

pub const STEADY: How = How {
    theta: None,
    ..EULER
};

#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<T> {
    /// The whole field, row by row.
    pub u: Vec<T>,
    pub start: Heat,
    pub end: Heat,
    pub solves: Solves,
}

pub fn run<T: Real>(problem: &Problem, layout: Layout, how: How) -> Result<Outcome<T>, Error> {
    let parts = on_ranks(problem, layout, |comm, team, domain| {
        let (medium, walls) = (&problem.medium, &problem.walls);
        let conduction =
            Conduction::new(comm, team.clone(), domain, medium, walls, layout.overlap)?;
        let a = conduction.helmholtz();
        let jacobi = || -> Box<dyn Preconditioner<T>> { Box::new(Jacobi::new(a)) };
        let cg = Cg::new(a, how.jacobi.then(jacobi));
        let solver = Solver::new(a, Box::new(cg), how.tolerance);
        let mut stepper: Box<dyn TimeStepper<T>> = match how.theta {
            Some(theta) => Box::new(Theta::new(theta, conduction, solver, f64::INFINITY)),
            None => Box::new(Steady::new(conduction, solver, problem.grid.cell_area())),
        };
        let mut u = Field::new(&team, domain.cells, 1);
        paint_initial(problem, domain, &mut u);
        let start = stepper.heat(&u);
        stepper.advance(&mut u, Steps::new(0.0, problem.dt, problem.steps))?;
        let end = stepper.heat(&u);
        Ok::<_, Error>((u.own_values(), start, end, stepper.solves().cloned()))
    });
    let mut all = Vec::new();
    for (domain, part) in parts {
        all.push((domain, part?));
    }
    let values = all.iter().map(|(domain, (values, ..))| (domain, values));
    let u = gather(&problem.grid, values);
    let (_, (_, start, end, solves)) = all.swap_remove(0);
    Ok(Outcome {
        u,
        start,
        end,
        solves: solves.expect("it solves"),
    })
}
