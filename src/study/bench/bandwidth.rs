//! What memory delivers to loops without arithmetic to speak of, as STREAM measures it.

use std::{cell::RefCell, rc::Rc};

use serde::Serialize;

use super::{
    Caches, Options, Setting,
    rounds::{Id, Round, Rounds, Works},
};
use crate::{
    comm::Communicator,
    error::Error,
    field::{Field, Team, signed},
};

/// Bytes for each cell: one or two reads, one write, and the read of the line that is written
/// (write-allocate).
const SCALE_BYTES: f64 = 24.0;
const TRIAD_BYTES: f64 = 32.0;

/// Memory bandwidth in bytes per second, write-allocate counted.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Bandwidth {
    /// Threads of each rank.
    pub threads: usize,
    /// `b = s a + t`.
    pub scale: f64,
    /// `c = a + s b`.
    pub triad: f64,
    /// The larger of both in each round.
    pub best: f64,
}

/// What memory delivers to all ranks together.
#[derive(Debug, Serialize)]
pub struct BandwidthRates {
    pub cells: [usize; 2],
    pub ranks: usize,
    pub rounds: usize,
    pub caches: Caches,
    /// On 1, 2, 4, ... and all threads of each rank.
    pub bandwidth: Vec<Bandwidth>,
}

/// Measures the bandwidth alone. Collective.
///
/// # Errors
/// If the ranks do not fit on the grid.
pub fn bandwidth(
    comm: &Rc<dyn Communicator>,
    team: &Rc<Team>,
    options: Options,
) -> Result<BandwidthRates, Error> {
    let Options { cells, rounds, .. } = options;
    let setting = Setting::new(comm, team, cells)?;
    let mut works = Works::new(Rc::clone(&setting.comm), options.seconds);
    let all = add(&mut works, &setting);
    let measured = works.measure(rounds);
    team.employ(setting.threads[setting.threads.len() - 1]);
    Ok(BandwidthRates {
        cells,
        ranks: setting.comm.size(),
        rounds,
        caches: setting.caches,
        bandwidth: all.iter().map(|ids| ids.rates(&measured)).collect(),
    })
}

/// The pieces of work.
pub(super) struct Ids {
    pub threads: usize,
    scale: Id,
    triad: Id,
}

impl Ids {
    /// The larger of both rates in one round.
    pub fn best(&self, round: &Round) -> f64 {
        round[self.scale].max(round[self.triad])
    }

    pub fn rates(&self, measured: &Rounds) -> Bandwidth {
        Bandwidth {
            threads: self.threads,
            scale: measured.rate(self.scale),
            triad: measured.rate(self.triad),
            best: measured.median(|round| self.best(round)),
        }
    }
}

pub(super) fn add<'a>(works: &mut Works<'a>, setting: &'a Setting) -> Vec<Ids> {
    let team = &setting.team;
    let height = signed(setting.domain.cells[1]);
    let field = || {
        let mut field = Field::<f64>::new(team, setting.domain.cells, 0);
        // Arithmetic on some tiny numbers is slow.
        team.for_rows(&mut field, 0..height, |_, row| row.fill(300.0));
        field
    };
    let fields = Rc::new(RefCell::new([field(), field(), field()]));
    let mut add = |threads: usize| {
        let (of_scale, of_triad) = (Rc::clone(&fields), Rc::clone(&fields));
        Ids {
            threads,
            scale: works.add(SCALE_BYTES * setting.cells(), move |repeats| {
                team.employ(threads);
                let [a, b, _] = &mut *of_scale.borrow_mut();
                for _ in 0..repeats {
                    team.for_rows(b, 0..height, |j, row| {
                        for (b, a) in row.iter_mut().zip(a.row(j)) {
                            *b = 0.5 * a + 150.0;
                        }
                    });
                }
            }),
            triad: works.add(TRIAD_BYTES * setting.cells(), move |repeats| {
                team.employ(threads);
                let [a, b, c] = &mut *of_triad.borrow_mut();
                for _ in 0..repeats {
                    team.for_rows(c, 0..height, |j, row| {
                        for ((c, a), b) in row.iter_mut().zip(a.row(j)).zip(b.row(j)) {
                            *c = a + 0.5 * b;
                        }
                    });
                }
            }),
        }
    };
    setting
        .threads
        .iter()
        .map(|&threads| add(threads))
        .collect()
}
