//! The loop: a clock, a stepper, and observers that look on.

mod clock;
mod observer;
mod schedule;

use std::{rc::Rc, time::Instant};

use crate::{
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, Real, Team},
    stepper::{Steps, TimeStepper},
};

pub use clock::{Clock, Pace};
pub use observer::{Flow, Moment, Observer, View};
pub use schedule::{Cadence, Schedule};

/// A case in motion on one rank.
pub struct Simulation<'a, T: Real> {
    pub comm: Rc<dyn Communicator>,
    pub team: Rc<Team>,
    pub domain: Domain,
    pub u: Field<T>,
    pub stepper: Box<dyn TimeStepper<T> + 'a>,
    pub clock: Clock,
    pub observers: Vec<Box<dyn Observer<T> + 'a>>,
    /// Seconds of this rank's wall clock that each observer took, in the observers' order.
    pub observer_seconds: Vec<f64>,
}

impl<T: Real> Simulation<'_, T> {
    /// Steps to the end of the time span, or until an observer says stop. Collective.
    ///
    /// # Errors
    /// The first error of the stepper or of an observer, the same on every rank.
    pub fn run(&mut self) -> Result<(), Error> {
        self.observer_seconds = vec![0.0; self.observers.len()];
        self.observe(Moment::Start)?;
        while self.clock.running() {
            let output = self.next_output();
            let dt = self.clock.next_dt(self.stepper.max_dt(), output);
            let steps = Steps::one(self.clock.time(), dt);
            self.stepper.advance(&mut self.u, steps)?;
            self.clock.tick();
            let moment = if self.clock.running() {
                Moment::Running
            } else {
                Moment::End
            };
            if self.observe(moment)? == Flow::Stop {
                return self.observe(Moment::End).map(drop);
            }
        }
        Ok(())
    }

    /// The earliest time at which an observer wants to look.
    fn next_output(&mut self) -> f64 {
        self.observers
            .iter_mut()
            .filter_map(|observer| observer.schedule().next_time())
            .fold(f64::INFINITY, f64::min)
    }

    fn observe(&mut self, moment: Moment) -> Result<Flow, Error> {
        let mut flow = Flow::Continue;
        for (observer, seconds) in self.observers.iter_mut().zip(&mut self.observer_seconds) {
            if !observer.schedule().take(&self.clock, moment) {
                continue;
            }
            let start = Instant::now();
            let view = View {
                comm: self.comm.as_ref(),
                team: &self.team,
                domain: &self.domain,
                u: &self.u,
                stepper: self.stepper.as_ref(),
                clock: &self.clock,
                moment,
            };
            if observer.observe(&view)? == Flow::Stop {
                flow = Flow::Stop;
            }
            *seconds += start.elapsed().as_secs_f64();
        }
        Ok(flow)
    }
}
