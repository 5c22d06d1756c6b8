//! The loop: a clock, a stepper, and observers that look on.

mod clock;
mod observer;
mod schedule;

use std::{rc::Rc, time::Instant};

use crate::{
    comm::{Communicator, Pulse},
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
    /// Told what is being done.
    pub pulse: Pulse,
}

impl<T: Real> Simulation<'_, T> {
    /// Steps to the end of the time span, or until an observer says stop. A clock that has taken steps goes
    /// on from there. Collective.
    ///
    /// # Errors
    /// The first error of the stepper or of an observer, the same on every rank.
    pub fn run(&mut self) -> Result<(), Error> {
        self.observer_seconds = vec![0.0; self.observers.len()];
        if self.clock.step() == 0 {
            self.observe(Moment::Start)?;
        } else {
            self.catch_up();
        }
        while self.clock.running() {
            let steps = self.next_steps().batch(self.stepper.most_steps());
            self.pulse.enter("steps");
            let taken = self.stepper.advance(&mut self.u, steps)?;
            if taken == 0 {
                continue;
            }
            self.clock.tick(taken);
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

    /// Takes what is due at present for seen: the run that this one goes on from has seen it.
    fn catch_up(&mut self) {
        for observer in &mut self.observers {
            observer.schedule().take(&self.clock, Moment::Running);
        }
    }

    /// Steps up to where an observer wants to look.
    fn next_steps(&mut self) -> Steps {
        let (mut time, mut most) = (f64::INFINITY, u64::MAX);
        for observer in &mut self.observers {
            let schedule = observer.schedule();
            time = time.min(schedule.next_time().unwrap_or(time));
            most = most.min(schedule.steps_until_due(&self.clock).unwrap_or(most));
        }
        self.clock.next_steps(self.stepper.max_dt(), time, most)
    }

    fn observe(&mut self, moment: Moment) -> Result<Flow, Error> {
        let mut flow = Flow::Continue;
        for (observer, seconds) in self.observers.iter_mut().zip(&mut self.observer_seconds) {
            if !observer.schedule().take(&self.clock, moment) {
                continue;
            }
            self.pulse.enter(observer.name());
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::{
        comm::Solo,
        grid::Grid,
        stepper::{Carried, Heat, StepTimes},
    };

    /// What happened in a run.
    #[derive(Debug, Default, PartialEq)]
    struct Log {
        /// Time and length of each step, in seconds.
        steps: Vec<[f64; 2]>,
        /// Sizes of the batches.
        batches: Vec<usize>,
        /// Observer, step and time of each look.
        looks: Vec<(usize, u64, f64)>,
    }

    struct Recorder<'a> {
        log: &'a RefCell<Log>,
        most_steps: usize,
    }

    impl TimeStepper<f64> for Recorder<'_> {
        fn max_dt(&self) -> f64 {
            0.0123
        }

        fn most_steps(&self) -> usize {
            self.most_steps
        }

        fn advance(&mut self, _u: &mut Field<f64>, steps: Steps) -> Result<usize, Error> {
            let mut log = self.log.borrow_mut();
            log.batches.push(steps.len());
            log.steps
                .extend((0..steps.len()).map(|index| [steps.time(index), steps.dt()]));
            Ok(steps.len())
        }

        fn heat(&self, _u: &Field<f64>) -> Heat {
            unreachable!("nobody asks")
        }

        fn carried(&self) -> Carried {
            unreachable!("nobody asks")
        }

        fn go_on_with(&mut self, _carried: Carried) {
            unreachable!("nobody asks")
        }

        fn times(&self) -> StepTimes {
            StepTimes::default()
        }
    }

    struct Watcher<'a> {
        log: &'a RefCell<Log>,
        number: usize,
        schedule: Schedule,
    }

    impl Observer<f64> for Watcher<'_> {
        fn name(&self) -> &'static str {
            "watcher"
        }

        fn schedule(&mut self) -> &mut Schedule {
            &mut self.schedule
        }

        fn observe(&mut self, view: &View<'_, f64>) -> Result<Flow, Error> {
            let look = (self.number, view.clock.step(), view.clock.time());
            self.log.borrow_mut().looks.push(look);
            Ok(Flow::Continue)
        }
    }

    /// A run of 1 s with observers of these schedules.
    fn run(most_steps: usize, pace: Pace, schedules: &[Schedule]) -> Log {
        let log = RefCell::default();
        let comm: Rc<dyn Communicator> = Rc::new(Solo);
        let team = Rc::new(Team::new(1).unwrap());
        let grid = Grid {
            cells: [1, 1],
            size: [1.0, 1.0],
            origin: [0.0, 0.0],
        };
        let domain = Domain::new(grid, [1, 1], [false; 2], comm.rank());
        let watchers = schedules.iter().enumerate().map(|(number, schedule)| {
            let schedule = schedule.clone();
            Box::new(Watcher {
                log: &log,
                number,
                schedule,
            }) as Box<dyn Observer<f64>>
        });
        let mut simulation = Simulation {
            u: Field::new(&team, domain.cells, 1),
            comm,
            team,
            domain,
            stepper: Box::new(Recorder {
                log: &log,
                most_steps,
            }),
            clock: Clock::new(1.0, pace),
            observers: watchers.collect(),
            observer_seconds: Vec::new(),
            pulse: Pulse::default(),
        };
        simulation.run().unwrap();
        drop(simulation);
        log.into_inner()
    }

    fn every(steps: u64) -> Schedule {
        Schedule::with_ends(Some(Cadence::EverySteps(steps)))
    }

    #[test]
    fn observers_see_the_same_however_many_steps_are_taken_at_once() {
        let odd = Cadence::Times(vec![0.0, 0.1, 0.111, 0.5, 0.9, 0.95]);
        let mixed = [
            odd.clone(),
            Cadence::EverySteps(4),
            Cadence::EveryTime(0.07),
        ];
        let cases: [&[Schedule]; 5] = [
            &[every(5)],
            &[every(3), every(5)],
            &[every(5), Schedule::with_ends([odd])],
            &[every(3), Schedule::with_ends(mixed)],
            &[every(1), every(3)],
        ];
        for schedules in cases {
            for pace in [Pace::Even, Pace::Fixed] {
                let single = run(1, pace, schedules);
                let batched = run(7, pace, schedules);
                assert_eq!(batched.looks, single.looks);
                assert_eq!(batched.steps, single.steps);
                assert!(batched.batches.iter().all(|&size| size <= 7));
                assert!(single.batches.iter().all(|&size| size == 1));
            }
        }
    }

    #[test]
    fn batches_are_even_and_end_where_somebody_is_due() {
        let batches = |schedules: &[Schedule]| run(7, Pace::Even, schedules).batches;
        // 1 s in steps of at most 0.0123 s: 82.
        assert_eq!(batches(&[every(5)])[..16], [5; 16]);
        assert_eq!(batches(&[every(8)])[..20], [4; 20]);
        assert_eq!(batches(&[every(3), every(5)])[..7], [3, 2, 1, 3, 1, 2, 3]);
        assert_eq!(batches(&[every(1)]), [1; 82]);
    }

    #[test]
    fn who_wants_no_exact_step_does_not_shorten_batches() {
        let alone = run(7, Pace::Even, &[]);
        let watched = run(
            7,
            Pace::Even,
            &[Schedule::from_step(0), Schedule::from_step(9)],
        );
        assert_eq!(watched.batches, alone.batches);
        let steps = |number| {
            let looks = watched.looks.iter().filter(move |look| look.0 == number);
            looks.map(|look| look.1).collect::<Vec<_>>()
        };
        assert_eq!(steps(0)[..4], [0, 7, 14, 21]);
        assert_eq!(steps(1)[..2], [14, 21]);
        assert_eq!(steps(1).last(), Some(&82));
    }
}
