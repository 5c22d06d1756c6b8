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
    operator::{Conduction, Diffusion, Helmholtz},
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
            Scheme::Explicit => self.explicit(),
            Scheme::Rkl2 => self.rkl2(),
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

    fn explicit<T: Real>(&self) -> Result<Prepared<T>, Error> {
        let comm = self.comm.as_ref();
        let asked = agree(comm, self.given.prescribed(&self.domain))?;
        let memory = self.memory_of::<T>(asked, "explicit")?;
        let margin = memory.prescribed().margin::<T>(&self.domain);
        let diffusion = self.diffusion::<T>(margin)?;
        let (max_dt, pace) = agree(comm, self.given.pace(diffusion.stability_limit()))?;
        let (fused, search) = self.fused(diffusion, memory, usize::MAX);
        Ok(Prepared {
            stepper: Box::new(Explicit::new(fused, max_dt)),
            u: self.initial(margin)?,
            max_dt,
            pace,
            search,
        })
    }

    fn rkl2<T: Real>(&self) -> Result<Prepared<T>, Error> {
        let comm = self.comm.as_ref();
        let asked = agree(comm, self.given.prescribed(&self.domain))?;
        let margin = asked.margin::<T>(&self.domain);
        let diffusion = self.diffusion::<T>(margin)?;
        let (max_dt, pace) = agree(comm, self.given.pace(f64::INFINITY))?;
        let stages = agree(comm, self.given.stages(max_dt, diffusion.stability_limit()))?;
        let memory = self.memory_of::<T>(asked, &format!("{stages} stages"))?;
        let (fused, search) = self.fused(diffusion, memory, stages - 1);
        Ok(Prepared {
            stepper: Box::new(Rkl2::new(fused, max_dt)),
            u: self.initial(margin)?,
            max_dt,
            pace,
            search,
        })
    }

    /// What takes steps after the plan that is remembered, or searches one for no more than `most` steps at once.
    fn fused<T: Real>(
        &self,
        diffusion: Diffusion<T>,
        memory: Memory,
        most: usize,
    ) -> (Fused<T>, Option<Search>) {
        let (comm, team, domain) = (Rc::clone(&self.comm), &self.team, &self.domain);
        let mut fused = Fused::new(comm, team, domain, diffusion, memory.prescribed());
        let search = memory.settled().is_none().then(|| Search {
            situation: memory.situation,
            from: memory.recalled.map(|recalled| recalled.plan),
        });
        if let Some(search) = &search {
            fused.search(memory.asked, search.from, most);
        }
        (fused, search)
    }

    fn diffusion<T: Real>(&self, margin: usize) -> Result<Diffusion<T>, Error> {
        self.given
            .diffusion(&self.comm, &self.team, &self.domain, margin)
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

    /// What the machine remembers of runs with as many `steps` to fuse. Collective.
    fn memory_of<T: Real>(&self, asked: Prescribed, steps: &str) -> Result<Memory, Error> {
        let situation = self.situation::<T>(asked, steps)?;
        let remembered = (self.comm.rank() == 0).then(|| memory::recall(&situation));
        let all = all_gather(self.comm.as_ref(), &remembered.flatten());
        Ok(Memory {
            asked,
            recalled: all.into_iter().next().flatten(),
            situation,
        })
    }

    /// All that a plan depends on, in words.
    fn situation<T: Real>(&self, asked: Prescribed, steps: &str) -> Result<String, Error> {
        let Domain { ranks, .. } = self.domain;
        let periodic = self.given.periodic();
        let [nx, ny] = self.given.case.grid.cells;
        Ok(format!(
            "isotherm {}, {steps}, {}, {} nodes, {ranks:?} ranks, {} threads, {nx} x {ny} cells, \
             periodic {periodic:?}, {}, {} fields of coefficients, {asked:?}",
            option_env!("ISOTHERM_COMMIT").unwrap_or(env!("CARGO_PKG_VERSION")),
            memory::processor(),
            self.placement.nodes(),
            self.team.size(),
            T::NAME,
            self.given.coefficient_fields::<T>()?,
        ))
    }
}

/// The plan of earlier runs in the same situation.
struct Memory {
    asked: Prescribed,
    situation: String,
    /// On rank 0, and so on all.
    recalled: Option<Choice>,
}

impl Memory {
    fn settled(&self) -> Option<Choice> {
        self.recalled.filter(|recalled| recalled.settled)
    }

    /// What is left to choose.
    fn prescribed(&self) -> Prescribed {
        self.settled()
            .map_or(self.asked, |Choice { plan, .. }| plan.into())
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
