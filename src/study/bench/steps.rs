//! Whole time steps, plain and fused.

use std::{cell::RefCell, rc::Rc};

use serde::Serialize;

use super::{
    Coefficients, Method, PLAIN, Precision, Setting, bandwidth, kernel,
    rounds::{Id, Rounds, Works},
};
use crate::{
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, Real, signed},
    operator::Diffusion,
    physics::{Conductivity, FaceMean, Medium, Region, Shape, Value, Wall},
    stepper::{Choice, Explicit, Fused, Plan, Prescribed, Steps, TimeStepper},
};

/// The rate of time steps on the whole grid.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct StepRate {
    pub precision: Precision,
    pub coefficients: Coefficients,
    pub method: Method,
    /// Steps that are taken in one sweep over the memory.
    pub steps_at_once: usize,
    /// Threads of each rank.
    pub threads: usize,
    /// Cell updates per second.
    pub rate: f64,
    /// Bytes to and from memory for each cell update, computed: one read, one write, the read of the
    /// line that is written (write-allocate), and the coefficients; over the steps at once.
    pub bytes_per_update: f64,
    pub bound: Bound,
    /// The rate over what the bound allows in the same round.
    pub of_bound: f64,
}

/// What a rate is compared with, on as many threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The best memory bandwidth over the bytes of a cell update.
    MemoryBandwidth,
    /// The kernel in L2, with as many rows at once as are best there.
    KernelInL2,
}

/// One piece of work.
pub(super) struct Step {
    pub precision: Precision,
    pub coefficients: Coefficients,
    pub method: Method,
    pub threads: usize,
    steps_at_once: usize,
    pub id: Id,
}

impl Step {
    /// Computed, not counted.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn bytes_per_update(&self) -> f64 {
        let bytes = (3 + self.coefficients.per_cell()) * self.precision.bytes();
        bytes as f64 / self.steps_at_once as f64
    }

    pub fn rate(
        &self,
        measured: &Rounds,
        bandwidth: &[bandwidth::Ids],
        kernels: &[kernel::Ids],
    ) -> StepRate {
        let &Self {
            precision,
            coefficients,
            threads,
            ..
        } = self;
        let bytes = self.bytes_per_update();
        let (bound, of_bound) = match self.method {
            Method::Plain => {
                let same = bandwidth.iter().find(|ids| ids.threads == threads);
                let memory = same.expect("measured on as many threads");
                let part = measured.median(|round| round[self.id] * bytes / memory.best(round));
                (Bound::MemoryBandwidth, part)
            }
            Method::Fused => {
                let same = kernels
                    .iter()
                    .filter(|ids| ids.bounds(precision, coefficients, threads));
                let same: Vec<Id> = same.map(|ids| ids.id).collect();
                let part = measured.median(|round| {
                    let best = same.iter().fold(0.0, |best: f64, &id| best.max(round[id]));
                    round[self.id] / best
                });
                (Bound::KernelInL2, part)
            }
        };
        StepRate {
            precision,
            coefficients,
            method: self.method,
            steps_at_once: self.steps_at_once,
            threads,
            rate: measured.rate(self.id),
            bytes_per_update: bytes,
            bound,
            of_bound,
        }
    }
}

/// A field that several steppers move, and the ghosts it has less one.
#[derive(Clone)]
pub(super) struct Shared<T> {
    pub u: Rc<RefCell<Field<T>>>,
    pub margin: usize,
}

impl<T: Real> Shared<T> {
    pub fn new(setting: &Setting) -> Self {
        let margin = Prescribed::default().margin::<T>(&setting.domain);
        let mut u = Field::new(&setting.team, setting.domain.cells, margin + 1);
        let ghosts = signed(margin) + 1;
        let rows = -ghosts..signed(setting.domain.cells[1]) + ghosts;
        // Arithmetic on some tiny numbers is slow.
        let warm = T::from_f64(300.0);
        setting.team.for_rows(&mut u, rows, |_, row| row.fill(warm));
        Self {
            u: Rc::new(RefCell::new(u)),
            margin,
        }
    }
}

/// All steps, and the field of f64 that they move.
pub(super) fn add<'a>(
    works: &mut Works<'a>,
    setting: &'a Setting,
) -> Result<(Vec<Step>, Shared<f64>), Error> {
    let (double, single) = (Shared::<f64>::new(setting), Shared::<f32>::new(setting));
    let mut steps = Vec::new();
    for coefficients in Coefficients::ALL {
        let of_double = Mover::new(setting, &double, coefficients)?;
        let of_single = Mover::new(setting, &single, coefficients)?;
        for &threads in &setting.threads {
            for method in Method::ALL {
                for precision in Precision::ALL {
                    let (id, plan) = match precision {
                        Precision::F64 => of_double.add_method(works, setting, method, threads),
                        Precision::F32 => of_single.add_method(works, setting, method, threads),
                    };
                    steps.push(Step {
                        precision,
                        coefficients,
                        method,
                        threads,
                        steps_at_once: plan.halo_depth,
                        id,
                    });
                }
            }
        }
    }
    Ok((steps, double))
}

/// A stepper for all plans and numbers of threads, and the field that it moves.
pub(super) struct Mover<T> {
    u: Rc<RefCell<Field<T>>>,
    stepper: Rc<RefCell<Explicit<T>>>,
}

impl<T: Real> Mover<T> {
    pub fn new(
        setting: &Setting,
        shared: &Shared<T>,
        coefficients: Coefficients,
    ) -> Result<Self, Error> {
        let (comm, domain) = (&setting.comm, &setting.domain);
        let stepper = stepper(setting, comm, domain, shared.margin, coefficients)?;
        Ok(Self {
            u: Rc::clone(&shared.u),
            stepper: Rc::new(RefCell::new(stepper)),
        })
    }

    fn add_method<'a>(
        &self,
        works: &mut Works<'a>,
        setting: &'a Setting,
        method: Method,
        threads: usize,
    ) -> (Id, Plan)
    where
        T: 'a,
    {
        let plan = match method {
            Method::Plain => PLAIN,
            Method::Fused => self.fastest(setting, threads),
        };
        (self.add(works, setting, plan, threads), plan)
    }

    /// Adds the steps of a plan to what is measured.
    pub fn add<'a>(
        &self,
        works: &mut Works<'a>,
        setting: &'a Setting,
        plan: Plan,
        threads: usize,
    ) -> Id
    where
        T: 'a,
    {
        let (u, stepper) = (Rc::clone(&self.u), Rc::clone(&self.stepper));
        #[expect(clippy::cast_precision_loss, reason = "few steps")]
        let updates = setting.cells() * plan.halo_depth as f64;
        works.add(updates, move |repeats| {
            setting.team.employ(threads);
            let mut stepper = stepper.borrow_mut();
            stepper.follow(plan);
            advance(setting, &mut stepper, &mut u.borrow_mut(), repeats);
        })
    }

    /// The plan that a run would settle on. Collective.
    pub fn fastest(&self, setting: &Setting, threads: usize) -> Plan {
        setting.team.employ(threads);
        let mut stepper = self.stepper.borrow_mut();
        stepper.search(Prescribed::default(), None);
        loop {
            match stepper.choice() {
                Some(Choice { plan, settled }) if settled => return plan,
                _ => advance(setting, &mut stepper, &mut self.u.borrow_mut(), 1),
            }
        }
    }
}

/// Takes as many steps as the plan takes at once, again and again.
pub(super) fn advance<T: Real>(
    setting: &Setting,
    stepper: &mut Explicit<T>,
    u: &mut Field<T>,
    repeats: u32,
) {
    let steps = Steps::new(0.0, stable_dt(&setting.domain), stepper.most_steps());
    for _ in 0..repeats {
        stepper
            .advance(u, steps)
            .expect("an explicit step cannot fail");
    }
}

/// A stepper without sources whose operator knows `margin` cells around the subdomain.
pub(super) fn stepper<T: Real>(
    setting: &Setting,
    comm: &Rc<dyn Communicator>,
    domain: &Domain,
    margin: usize,
    coefficients: Coefficients,
) -> Result<Explicit<T>, Error> {
    let team = &setting.team;
    let walls = std::array::from_fn(|_| Wall::Flux(Value::Constant(0.0)));
    let diffusion = Diffusion::new(
        Rc::clone(comm),
        Rc::clone(team),
        domain,
        margin,
        &medium(coefficients),
        &walls,
    )?;
    let comm = Rc::clone(comm);
    let fused = Fused::new(comm, team, domain, diffusion, Prescribed::default());
    Ok(Explicit::new(fused, f64::INFINITY))
}

/// Of conductivity 1 and heat capacity 1 or, in one half, less and more.
fn medium(coefficients: Coefficients) -> Medium {
    let same = |value| Conductivity([Value::Constant(value), Value::Constant(value)]);
    let half = Region {
        name: "half".into(),
        shape: Shape::Rectangle {
            min: [0.5, 0.0],
            max: [1.0, 1.0],
        },
        conductivity: Some(same(0.5)),
        heat_capacity: Some(Value::Constant(2.0)),
        source: None,
        temperature: None,
    };
    Medium {
        face_mean: FaceMean::Harmonic,
        conductivity: same(1.0),
        heat_capacity: Value::Constant(1.0),
        source: None,
        regions: match coefficients {
            Coefficients::Constant => Vec::new(),
            Coefficients::PerCell => vec![half],
        },
    }
}

/// A stable step for conductivity and heat capacity 1, in seconds.
fn stable_dt(domain: &Domain) -> f64 {
    let [dx, dy] = domain.grid.spacing();
    0.45 / (1.0 / (dx * dx) + 1.0 / (dy * dy))
}
