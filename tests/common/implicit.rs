//! Implicit and steady runs on ranks that are threads.

use isotherm::{
    config::Method,
    domain::Domain,
    error::Error,
    field::{Field, Real},
    operator::{Conduction, Helmholtz},
    solver::{
        self, Cg, Chebyshev, Diagonal, Direct, Jacobi, Multigrid, PipelinedCg, Ppcg, Smoother,
        Solver, Tolerance, VCycle,
    },
    stepper::{Heat, Solves, Steady, Steps, Theta, TimeStepper},
};

use super::{Layout, Problem, gather, on_ranks, paint_initial};

/// How to step and how to solve.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// `None` for the steady state.
    pub theta: Option<f64>,
    pub method: Method,
    /// Whether the method is preconditioned by the diagonal.
    pub jacobi: bool,
    pub cg_steps: usize,
    pub inner_steps: usize,
    pub tolerance: Tolerance,
}

/// Backward Euler, solved as well as round-off allows.
pub const EULER: How = How {
    theta: Some(1.0),
    method: Method::Cg,
    jacobi: false,
    cg_steps: 25,
    inner_steps: 10,
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
    /// Those of each step.
    pub iterations: Vec<u64>,
}

fn solver<T: Real>(a: &Helmholtz<T>, domain: &Domain, how: How) -> Solver<T> {
    let diagonal = how.jacobi.then(|| Diagonal::new(a));
    let method: Box<dyn solver::Method<T>> = match how.method {
        Method::Jacobi => Box::new(Jacobi::new(a)),
        Method::Cg => Box::new(Cg::new(a, diagonal)),
        Method::PipelinedCg => Box::new(PipelinedCg::new(a, diagonal)),
        Method::Multigrid => Box::new(Multigrid::new(Box::new(VCycle::alone(
            domain,
            Smoother::RedBlack,
        )))),
        Method::Chebyshev => Box::new(Chebyshev::new(a, diagonal, how.cg_steps)),
        Method::Ppcg => Box::new(Ppcg::new(a, diagonal, how.cg_steps, how.inner_steps)),
        Method::Direct => Box::new(Direct::new(domain)),
    };
    Solver::new(a, method, how.tolerance)
}

pub fn run<T: Real>(problem: &Problem, layout: Layout, how: How) -> Result<Outcome<T>, Error> {
    let parts = on_ranks(problem, layout, |comm, team, domain| {
        let (medium, walls) = (&problem.medium, &problem.walls);
        let conduction =
            Conduction::new(comm, team.clone(), domain, medium, walls, layout.overlap)?;
        let solver = solver(conduction.helmholtz(), domain, how);
        let mut stepper: Box<dyn TimeStepper<T>> = match how.theta {
            Some(theta) => Box::new(Theta::new(theta, conduction, solver, f64::INFINITY)),
            None => Box::new(Steady::new(conduction, solver, problem.grid.cell_area())),
        };
        let mut u = Field::new(&team, domain.cells, 1);
        paint_initial(problem, domain, &mut u);
        let start = stepper.heat(&u);
        let (mut iterations, mut before) = (Vec::new(), 0);
        let steps = Steps::new(0.0, problem.dt, problem.steps);
        for step in 0..problem.steps {
            stepper.advance(&mut u, steps.part(step..step + 1))?;
            let all = stepper.solves().map_or(0, |solves| solves.iterations);
            iterations.push(all - std::mem::replace(&mut before, all));
        }
        let end = stepper.heat(&u);
        let solves = stepper.solves().cloned();
        Ok::<_, Error>((u.own_values(), start, end, solves, iterations))
    });
    let mut all = Vec::new();
    for (domain, part) in parts {
        all.push((domain, part?));
    }
    let values = all.iter().map(|(domain, (values, ..))| (domain, values));
    let u = gather(&problem.grid, values);
    let (_, (_, start, end, solves, iterations)) = all.swap_remove(0);
    Ok(Outcome {
        u,
        start,
        end,
        solves: solves.expect("it solves"),
        iterations,
    })
}
