//! Forward Euler in time, one sweep over the cells a step.

use std::{rc::Rc, time::Instant};

use super::{Heat, StepTimes, Steps, TimeStepper};
use crate::{
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, Real, Team},
    grid::Side,
    halo::{Halo, Reach},
    operator::{Diffusion, Span},
};

/// `u' = u + dt / rho_c (div(K grad u) + q)`, the halo exchanged while the interior is computed.
pub struct Explicit<T> {
    diffusion: Diffusion<T>,
    halo: Halo<T>,
    next: Field<T>,
    max_dt: f64,
    interior: Span,
    /// Cells next to ghosts that come by message.
    rim: Vec<Span>,
    times: StepTimes,
}

impl<T: Real> Explicit<T> {
    /// A stepper for one subdomain that is never asked for more than `max_dt` seconds.
    #[must_use]
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: &Team,
        domain: &Domain,
        diffusion: Diffusion<T>,
        max_dt: f64,
    ) -> Self {
        let halo = Halo::new(comm, domain, 1, Reach::Star);
        let (interior, rim) = split(domain.cells, |side| halo.has_messages(side));
        Self {
            diffusion,
            halo,
            next: Field::new(team, domain.cells, 1),
            max_dt,
            interior,
            rim,
            times: StepTimes::default(),
        }
    }

    /// One step of `dt` seconds from time `t`, in seconds.
    fn step(&mut self, u: &mut Field<T>, t: f64, dt: f64) {
        let start = Instant::now();
        self.diffusion.begin_step(u, t, dt);
        self.times.walls_and_sources += start.elapsed().as_secs_f64();

        let (diffusion, next) = (&self.diffusion, &mut self.next);
        let halo = self.halo.fill_while(u, |u, meanwhile| {
            diffusion.euler(u, next, &self.interior, dt, meanwhile);
        });

        let start = Instant::now();
        for span in &self.rim {
            diffusion.euler(u, next, span, dt, &mut || {});
        }
        std::mem::swap(u, next);
        self.times.rim += start.elapsed().as_secs_f64();
        self.times.pack += halo.pack;
        self.times.interior += halo.overlap;
        self.times.wait += halo.wait;
        self.times.unpack += halo.unpack;
        self.times.in_flight += halo.in_flight;
    }
}

impl<T: Real> TimeStepper<T> for Explicit<T> {
    fn max_dt(&self) -> f64 {
        self.max_dt
    }

    fn most_steps(&self) -> usize {
        1
    }

    fn advance(&mut self, u: &mut Field<T>, steps: Steps) -> Result<(), Error> {
        for index in 0..steps.len() {
            self.step(u, steps.time(index), steps.dt());
        }
        Ok(())
    }

    fn heat(&self, u: &Field<T>) -> Heat {
        Heat {
            content: self.diffusion.content(u),
            through_sides: self.diffusion.heat_through_sides(),
            from_sources: self.diffusion.heat_from_sources(),
        }
    }

    fn times(&self) -> StepTimes {
        self.times
    }
}

/// The cells that read no ghost that comes by message, and the others, each once.
fn split(cells: [usize; 2], has_messages: impl Fn(Side) -> bool) -> (Span, Vec<Span>) {
    let [nx, ny] = cells;
    let inner = |low, high, count: usize| {
        let start = usize::from(has_messages(low));
        start..(count - usize::from(has_messages(high))).max(start)
    };
    let columns = inner(Side::Left, Side::Right, nx);
    let rows = inner(Side::Bottom, Side::Top, ny);
    let rim = [
        (0..nx, 0..rows.start),
        (0..nx, rows.end..ny),
        (0..columns.start, rows.clone()),
        (columns.end..nx, rows.clone()),
    ];
    let rim = rim
        .into_iter()
        .filter(|(columns, rows)| !columns.is_empty() && !rows.is_empty())
        .map(|(columns, rows)| Span { columns, rows })
        .collect();
    (Span { columns, rows }, rim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interior_and_rim_cover_every_cell_once() {
        for bits in 0..16 {
            for cells in [[1, 1], [1, 4], [5, 1], [2, 2], [6, 3]] {
                let messages = |side: Side| {
                    let k = Side::ALL.iter().position(|&other| other == side).unwrap();
                    bits >> k & 1 == 1
                };
                let (interior, rim) = split(cells, messages);
                let mut visits = vec![0; cells[0] * cells[1]];
                for span in rim.iter().chain([&interior]) {
                    for j in span.rows.clone() {
                        for i in span.columns.clone() {
                            visits[j * cells[0] + i] += 1;
                        }
                    }
                }
                assert!(
                    visits.iter().all(|&count| count == 1),
                    "{bits:04b} {cells:?}"
                );
            }
        }
    }
}
