//! Rounds in which every piece of work is measured in turn.

use std::{ops::Index, rc::Rc, time::Instant};

use crate::comm::{Communicator, Reduce};

/// One of the pieces of work.
#[derive(Debug, Clone, Copy)]
pub(in crate::study) struct Id(usize);

struct Work<'a> {
    /// What one repetition does on all ranks: bytes moved or cells updated.
    amount: f64,
    seconds: f64,
    repeat: Box<dyn FnMut(u32) + 'a>,
}

/// Pieces of work that are to be measured together.
pub(in crate::study) struct Works<'a> {
    comm: Rc<dyn Communicator>,
    seconds: f64,
    /// How often each piece is done before its time is taken.
    warm_up: u32,
    all: Vec<Work<'a>>,
}

impl<'a> Works<'a> {
    /// Each piece will be repeated for about so many seconds in each round.
    pub fn new(comm: Rc<dyn Communicator>, seconds: f64) -> Self {
        Self {
            comm,
            seconds,
            warm_up: 0,
            all: Vec::new(),
        }
    }

    /// Does each piece so often before its time is taken in a round, that it finds in the caches what it leaves there, not
    /// what the piece before it did.
    #[must_use]
    pub fn warmed_up(self, warm_up: u32) -> Self {
        Self { warm_up, ..self }
    }

    /// Adds a piece that is repeated as often as it is told; one repetition does `amount`.
    pub fn add(&mut self, amount: f64, repeat: impl FnMut(u32) + 'a) -> Id {
        self.add_short(amount, 1.0, repeat)
    }

    /// As [`Self::add`], for a piece that needs only a part of the time to be measured well.
    pub fn add_short(&mut self, amount: f64, part: f64, repeat: impl FnMut(u32) + 'a) -> Id {
        self.all.push(Work {
            amount,
            seconds: part * self.seconds,
            repeat: Box::new(repeat),
        });
        Id(self.all.len() - 1)
    }

    /// Measures everything, after a try that tells how often each piece has to be repeated.
    /// Collective.
    pub fn measure(mut self, rounds: usize) -> Rounds {
        let (comm, warm_up) = (self.comm.as_ref(), self.warm_up);
        let repeats: Vec<u32> = self
            .all
            .iter_mut()
            .map(|work| repeats(comm, work))
            .collect();
        let round = |_| {
            let works = self.all.iter_mut().zip(&repeats);
            Round(
                works
                    .map(|(work, &repeats)| {
                        if warm_up > 0 {
                            (work.repeat)(warm_up);
                        }
                        work.amount * f64::from(repeats) / time(comm, work, repeats)
                    })
                    .collect(),
            )
        };
        Rounds((0..rounds).map(round).collect())
    }
}

/// How often a piece is repeated to take its time; the same on every rank.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number; the cast saturates"
)]
fn repeats(comm: &dyn Communicator, work: &mut Work<'_>) -> u32 {
    // The first time touches memory, wakes threads and fills caches.
    time(comm, work, 1);
    let mut repeats = 1;
    loop {
        let taken = time(comm, work, repeats);
        if taken > 0.1 * work.seconds || repeats > u32::MAX / 2 {
            let needed = (f64::from(repeats) * work.seconds / taken).ceil();
            return (needed as u32).max(1);
        }
        repeats *= 2;
    }
}

/// Seconds that the slowest rank takes; never 0.
fn time(comm: &dyn Communicator, work: &mut Work<'_>, repeats: u32) -> f64 {
    comm.barrier();
    let start = Instant::now();
    (work.repeat)(repeats);
    let mut seconds = [start.elapsed().as_secs_f64()];
    comm.all_reduce(&mut seconds, Reduce::Max);
    seconds[0].max(1e-9)
}

/// Rates of every piece of work in one round, in amounts per second.
pub(in crate::study) struct Round(Vec<f64>);

impl Index<Id> for Round {
    type Output = f64;

    fn index(&self, id: Id) -> &f64 {
        &self.0[id.0]
    }
}

/// What was measured.
pub(in crate::study) struct Rounds(Vec<Round>);

impl Rounds {
    /// The median over the rounds of a quantity of one round.
    pub fn median(&self, quantity: impl Fn(&Round) -> f64) -> f64 {
        let mut values: Vec<f64> = self.0.iter().map(quantity).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        if values.len() % 2 == 1 {
            values[middle]
        } else {
            0.5 * (values[middle - 1] + values[middle])
        }
    }

    /// The median rate of a piece of work.
    pub fn rate(&self, id: Id) -> f64 {
        self.median(|round| round[id])
    }

    /// The highest rate of a piece of work: others on the machine slow it down and never speed it up.
    pub fn best(&self, id: Id) -> f64 {
        self.0.iter().fold(0.0, |best, round| best.max(round[id]))
    }

    /// The median of the ratios of two pieces of work within a round.
    pub fn ratio(&self, above: Id, below: Id) -> f64 {
        self.median(|round| round[above] / round[below])
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::comm::Solo;

    #[test]
    fn each_piece_is_warmed_up_before_its_time_is_taken() {
        let calls = RefCell::new(Vec::new());
        let mut works = Works::new(Rc::new(Solo), 1e-9).warmed_up(7);
        works.add(1.0, |repeats| calls.borrow_mut().push(("a", repeats)));
        works.add(1.0, |repeats| calls.borrow_mut().push(("b", repeats)));
        works.measure(2);
        let calls = calls.into_inner();
        let of_rounds: Vec<_> = calls[calls.len() - 8..].chunks(4).collect();
        for of_round in of_rounds {
            assert_eq!(of_round, [("a", 7), ("a", 1), ("b", 7), ("b", 1)]);
        }
    }

    #[test]
    fn ratios_are_those_within_a_round() {
        let rounds = |rates: &[[f64; 2]]| Rounds(rates.iter().map(|r| Round(r.to_vec())).collect());
        let three = rounds(&[[1.0, 2.0], [30.0, 10.0], [8.0, 2.0]]);
        assert_eq!(three.rate(Id(0)), 8.0);
        assert_eq!(three.rate(Id(1)), 2.0);
        assert_eq!(three.ratio(Id(0), Id(1)), 3.0);
        assert_eq!([three.best(Id(0)), three.best(Id(1))], [30.0, 10.0]);
        let two = rounds(&[[1.0, 2.0], [3.0, 2.0]]);
        assert_eq!(two.rate(Id(0)), 2.0);
        assert_eq!(two.ratio(Id(0), Id(1)), 1.0);
    }
}
