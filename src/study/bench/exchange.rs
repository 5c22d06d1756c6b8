//! What the exchange of halos costs a plain step, hidden behind the interior and not.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use serde::Serialize;

use super::{
    Coefficients, PLAIN, Setting,
    rounds::{Id, Rounds, Works},
    steps::{Shared, advance, stepper},
};
use crate::{
    comm::{Communicator, Reduce, Solo},
    error::Error,
    stepper::{Explicit, Plan, TimeStepper},
};

/// Plain steps in f64 with constant coefficients on all threads.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Exchange {
    /// Cell updates per second of sweeps without any exchange.
    pub sweep: f64,
    /// The same with the exchange hidden behind the interior.
    pub hidden: f64,
    /// The same with the exchange before the sweep.
    pub first: f64,
    /// Time of a step over that of a sweep, less one, in the same round.
    pub hidden_cost: f64,
    pub first_cost: f64,
    /// Of the time that messages were in flight, the part that nobody waited.
    pub halo_hidden: f64,
}

/// The pieces of work.
pub(super) struct Ids {
    sweep: Id,
    hidden: Id,
    first: Id,
    /// Seconds in flight and seconds of waiting of this rank, exchange hidden.
    times: Rc<Cell<[f64; 2]>>,
}

impl Ids {
    /// Collective.
    pub fn costs(&self, comm: &dyn Communicator, measured: &Rounds) -> Exchange {
        let mut times = self.times.get();
        comm.all_reduce(&mut times, Reduce::Sum);
        let [in_flight, wait] = times;
        Exchange {
            sweep: measured.rate(self.sweep),
            hidden: measured.rate(self.hidden),
            first: measured.rate(self.first),
            hidden_cost: measured.ratio(self.sweep, self.hidden) - 1.0,
            first_cost: measured.ratio(self.sweep, self.first) - 1.0,
            halo_hidden: (in_flight - wait) / in_flight,
        }
    }
}

/// Nothing on one rank.
pub(super) fn add<'a>(
    works: &mut Works<'a>,
    setting: &'a Setting,
    fields: &Shared<f64>,
) -> Result<Option<Ids>, Error> {
    if setting.comm.size() == 1 {
        return Ok(None);
    }
    let threads = setting.team.size();
    let alone: Rc<dyn Communicator> = Rc::new(Solo);
    let make = |comm: &_, domain: &_| {
        let kind = Coefficients::Constant;
        let stepper = stepper(setting, comm, domain, fields.margin, kind)?;
        Ok::<_, Error>(Rc::new(RefCell::new(stepper)))
    };
    let alone = make(&alone, &setting.domain.alone())?;
    let together = make(&setting.comm, &setting.domain)?;
    let times = Rc::new(Cell::new([0.0; 2]));
    let mut add = |stepper: &Rc<RefCell<Explicit<f64>>>, plan: Plan| {
        let (u, stepper) = (Rc::clone(&fields.u), Rc::clone(stepper));
        let times = Rc::clone(&times);
        works.add(setting.cells(), move |repeats| {
            setting.team.employ(threads);
            let mut stepper = stepper.borrow_mut();
            stepper.follow(plan);
            let before = stepper.times();
            advance(setting, &mut stepper, &mut u.borrow_mut(), repeats);
            if plan.overlap {
                let after = stepper.times();
                let [in_flight, wait] = times.get();
                times.set([
                    in_flight + after.in_flight - before.in_flight,
                    wait + after.wait - before.wait,
                ]);
            }
        })
    };
    let exchange_first = Plan {
        overlap: false,
        ..PLAIN
    };
    Ok(Some(Ids {
        sweep: add(&alone, PLAIN),
        hidden: add(&together, PLAIN),
        first: add(&together, exchange_first),
        times,
    }))
}
