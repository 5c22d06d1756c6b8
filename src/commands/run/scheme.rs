//! The stepper of a case's scheme.

use std::rc::Rc;

use super::Run;
use crate::{
    comm::{agree, all_gather},
    config::{Method, Precision, Preconditioning, Scheme, Solver as Asked, Step},
    domain::Domain,
    error::Error,
    field::{Field, Real},
    launch::memory,
    operator::{Conduction, Helmholtz},
    simulation::Pace,
    solver::{
        self, Cg, Chebyshev, Diagonal, Direct, Jacobi, Lowered, Multigrid, PipelinedCg, Ppcg,
        Preconditioner, Solver, VCycle,
    },
    stepper::{
        Choice, Explicit, Fused, Plan, Prescribed, Rkl2, Steady, Theta, TimeStepper, TrBdf2,
    },
};

/// A stepper, and what it begins with.
pub(super) struct Prepared<T> {
    pub stepper: Box<dyn TimeStepper<T>>,
    pub u: Field<T>,
    pub max_dt: f64,
    pub pace: Pace,
    /// The search for a plan, if there is one.
    pub search: Option<Search>,
}

/// A search for the fastest plan.
pub(super) struct Search {
    /// What the machine is to remember its end for.
    situation: String,
    /// The end of the one before.
    from: Option<Plan>,
}

impl Search {
    /// Remembers where the search ended or the run ended it, for good if it ended where it began.
    pub(super) fn remember(&self, Choice { plan, settled }: Choice) {
        let settled = settled && self.from == Some(plan);
        memory::remember(&self.situation, Choice { plan, settled });
    }
}

impl Run<'_> {
    /// Collective.
    pub(super) fn prepare<T: Real>(&self) -> Result<Prepared<T>, Error> {
        match self.given.case.time.scheme {
            Scheme::Explicit | Scheme::Rkl2 => self.fused(),
            Scheme::Theta(_) | Scheme::TrBdf2 | Scheme::Steady => self.implicit(),
        }
    }

    /// A scheme with linear systems to solve.
    fn implicit<T: Real>(&self) -> Result<Prepared<T>, Error> {
        let case = &self.given.case;
        let conduction = self.conduction()?;
        let asked = case.solver.expect("such a scheme has a solver");
        let is_mixed = case.parallel.precision == Precision::Mixed;
        let solver = solver(conduction.helmholtz(), &self.domain, asked, is_mixed);
        let (limit, tolerance) = match case.time.step {
            Step::Within(tolerance) => (conduction.stability_limit(), Some(tolerance)),
            _ => (f64::INFINITY, None),
        };
        let (max_dt, pace) = agree(self.comm.as_ref(), self.given.pace(limit))?;
        let cell_area = case.grid.cell_area();
        Ok(Prepared {
            u: self.initial(0)?,
            stepper: match case.time.scheme {
                Scheme::Theta(theta) => Box::new(Theta::new(theta, conduction, solver, max_dt)),
                Scheme::TrBdf2 => Box::new(TrBdf2::new(conduction, solver, max_dt, tolerance)),
                _ => Box::new(Steady::new(conduction, solver, cell_area)),
            },
            max_dt,
            pace,
            search: None,
        })
    }

    /// A scheme that takes several steps or stages together, after a plan that may have to be found.
    fn fused<T: Real>(&self) -> Result<Prepared<T>, Error> {
        let (comm, given) = (self.comm.as_ref(), self.given);
        let asked = agree(comm, given.prescribed(&self.domain))?;
        let situation = self.situation::<T>(asked)?;
        let recalled = self.recall(&situation);
        let settled = recalled.filter(|recalled| recalled.settled);
        let prescribed = settled.map_or(asked, |Choice { plan, .. }| plan.into());
        let margin = prescribed.margin::<T>(&self.domain);
        let diffusion = given.diffusion::<T>(&self.comm, &self.team, &self.domain, margin)?;
        let limit = diffusion.stability_limit();
        let has_stages = given.case.time.scheme == Scheme::Rkl2;
        let longest = if has_stages { f64::INFINITY } else { limit };
        let (max_dt, pace) = agree(comm, given.pace(longest))?;
        if has_stages {
            agree(comm, given.stages(max_dt, limit))?;
        }
        let u = self.initial(margin)?;
        let search = settled.is_none().then(|| Search {
            situation,
            from: recalled.map(|recalled| recalled.plan),
        });
        let (comm, team, domain) = (Rc::clone(&self.comm), &self.team, &self.domain);
        let mut fused = Fused::new(comm, team, domain, diffusion, prescribed);
        if let Some(search) = &search {
            fused.search(asked, search.from);
        }
        Ok(Prepared {
            stepper: if has_stages {
                Box::new(Rkl2::new(fused, max_dt))
            } else {
                Box::new(Explicit::new(fused, max_dt))
            },
            u,
            max_dt,
            pace,
            search,
        })
    }

    fn conduction<T: Real>(&self) -> Result<Conduction<T>, Error> {
        let case = &self.given.case;
        Conduction::new(
            Rc::clone(&self.comm),
            Rc::clone(&self.team),
            &self.domain,
            &case.medium,
            &case.walls,
            case.parallel.overlap.unwrap_or(true),
        )
    }

    fn initial<T: Real>(&self, margin: usize) -> Result<Field<T>, Error> {
        self.given
            .initial(self.comm.as_ref(), &self.team, &self.domain, margin)
    }

    /// All that a plan depends on, in words.
    fn situation<T: Real>(&self, asked: Prescribed) -> Result<String, Error> {
        let Domain { ranks, .. } = self.domain;
        let periodic = self.given.periodic();
        let [nx, ny] = self.given.case.grid.cells;
        let scheme = match self.given.case.time.scheme {
            // How many stages there are to fuse.
            Scheme::Rkl2 => format!("{:?}", self.given.case.time.step),
            scheme => format!("{scheme:?}"),
        };
        Ok(format!(
            "isotherm {}, {scheme}, {}, {} nodes, {ranks:?} ranks, {} threads, {nx} x {ny} cells, periodic \
             {periodic:?}, {}, {} fields of coefficients, {asked:?}",
            option_env!("ISOTHERM_COMMIT").unwrap_or(env!("CARGO_PKG_VERSION")),
            memory::processor(),
            self.placement.nodes(),
            self.team.size(),
            T::NAME,
            self.given.coefficient_fields::<T>()?,
        ))
    }

    /// The plan that rank 0 remembers for a situation. Collective.
    fn recall(&self, situation: &str) -> Option<Choice> {
        let remembered = (self.comm.rank() == 0).then(|| memory::recall(situation));
        let all = all_gather(self.comm.as_ref(), &remembered.flatten());
        all.into_iter().next().flatten()
    }
}

/// Multigrid is made of single-precision numbers if `is_mixed` says so.
fn solver<T: Real>(a: &Helmholtz<T>, domain: &Domain, asked: Asked, is_mixed: bool) -> Solver<T> {
    let diagonal = || match asked.preconditioner {
        Preconditioning::Jacobi => Some(Diagonal::new(a)),
        Preconditioning::None | Preconditioning::Multigrid => None,
    };
    let preconditioner = || -> Option<Box<dyn Preconditioner<T>>> {
        match asked.preconditioner {
            Preconditioning::Multigrid if is_mixed => {
                Some(Box::new(Lowered::<T, f32>::new(domain, asked.smoother)))
            }
            Preconditioning::Multigrid => Some(Box::new(VCycle::new(domain, asked.smoother))),
            _ => diagonal().map(|diagonal| Box::new(diagonal) as Box<_>),
        }
    };
    let cycle = || -> Box<dyn solver::Cycle<T>> {
        if is_mixed {
            Box::new(Lowered::<T, f32>::alone(domain, asked.smoother))
        } else {
            Box::new(VCycle::alone(domain, asked.smoother))
        }
    };
    let method: Box<dyn solver::Method<T>> = match asked.method {
        Method::Jacobi => Box::new(Jacobi::new(a)),
        Method::Cg => Box::new(Cg::new(a, preconditioner())),
        Method::PipelinedCg => Box::new(PipelinedCg::new(a, diagonal())),
        Method::Multigrid => Box::new(Multigrid::new(cycle())),
        Method::Chebyshev => Box::new(Chebyshev::new(a, diagonal(), asked.cg_steps)),
        Method::Ppcg => Box::new(Ppcg::new(a, diagonal(), asked.cg_steps, asked.inner_steps)),
        Method::Direct => Box::new(Direct::new(domain)),
    };
    Solver::new(a, method, asked.tolerance)
}
