//! How far the run is, on the terminal or in the log.

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

use indicatif::{HumanDuration, ProgressBar, ProgressFinish, ProgressStyle};

use crate::{
    comm::Communicator,
    error::Error,
    field::Real,
    simulation::{Clock, Flow, Moment, Observer, Schedule, View},
};

/// Time between two lines of a log.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Time between two looks of the bar.
const BETWEEN_DRAWS: Duration = Duration::from_millis(100);

/// Resolution of the bar.
const BAR: u64 = 1000;

/// Takes a terminal's cursor to the beginning of its line, and empties that.
const FRESH_LINE: &str = "\r\x1b[2K";

/// Says something on standard error, in one piece: other processes may speak at the same time. If
/// nobody can hear it, that is no reason to stop a run. On a terminal it takes the line of the bar, which
/// will be drawn again below.
pub fn note(text: &str) {
    let mut out = stderr();
    let start = if out.is_terminal() { FRESH_LINE } else { "" };
    let _ = out.write_all(format!("{start}{text}\n").as_bytes());
}

/// Shows rank 0's progress on standard error: a bar on a terminal, a line now and then elsewhere.
/// It does not communicate, so no rank waits for it.
pub struct Progress {
    schedule: Schedule,
    display: Display,
    /// Steps taken before this run went on, if it does.
    first_step: u64,
    /// Simulated seconds then.
    first_time: f64,
    start: Instant,
    last: Instant,
}

enum Display {
    Nothing,
    Lines,
    Bar(ProgressBar),
}

impl Progress {
    /// Of a run that begins at the time of `clock`. Shows nothing if `quiet`, and on all ranks but the first.
    #[must_use]
    pub fn new(quiet: bool, clock: &Clock, comm: &dyn Communicator) -> Self {
        let display = if quiet || comm.rank() > 0 {
            Display::Nothing
        } else if stderr().is_terminal() {
            Display::Bar(bar())
        } else {
            Display::Lines
        };
        Self {
            schedule: Schedule::from_step(0),
            display,
            first_step: clock.step(),
            first_time: clock.time(),
            start: Instant::now(),
            last: Instant::now(),
        }
    }
}

impl Progress {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn state<T: Real>(&self, view: &View<'_, T>, elapsed: Duration) -> State {
        let clock = view.clock;
        let steps = clock.step() - self.first_step;
        let updates = steps as f64 * view.domain.grid.cell_count() as f64;
        let done = (clock.time() - self.first_time) / (clock.end() - self.first_time);
        let left = elapsed.as_secs_f64() * (1.0 - done) / done;
        State {
            fraction: clock.time() / clock.end(),
            step: clock.step(),
            time: clock.time(),
            dt: clock.dt(),
            cells_per_second: updates / elapsed.as_secs_f64(),
            left: Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX),
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{percent:>3}% [{bar:30}] {msg}")
        .expect("the template is valid")
        .progress_chars("=> ");
    ProgressBar::new(BAR)
        .with_style(style)
        .with_finish(ProgressFinish::Abandon)
}

impl<T: Real> Observer<T> for Progress {
    fn name(&self) -> &'static str {
        "progress"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        let interval = match self.display {
            Display::Nothing => return Ok(Flow::Continue),
            Display::Lines => BETWEEN_LINES,
            Display::Bar(_) => BETWEEN_DRAWS,
        };
        let now = Instant::now();
        if view.moment == Moment::Start {
            (self.start, self.last) = (now, now);
        } else if view.moment == Moment::End || now - self.last >= interval {
            self.last = now;
            let state = self.state(view, now - self.start);
            match &self.display {
                Display::Nothing => {}
                Display::Lines => note(&format!(
                    "{:5.1} %  {}",
                    100.0 * state.fraction,
                    state.text()
                )),
                Display::Bar(bar) => {
                    bar.set_position(state.position());
                    bar.set_message(state.text());
                }
            }
        }
        Ok(Flow::Continue)
    }
}

/// What there is to say.
struct State {
    /// Of the simulated time.
    fraction: f64,
    step: u64,
    time: f64,
    dt: f64,
    cells_per_second: f64,
    /// Until the end.
    left: Duration,
}

impl State {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of a small number"
    )]
    fn position(&self) -> u64 {
        (self.fraction * BAR as f64) as u64
    }

    fn text(&self) -> String {
        let left = if self.fraction < 1.0 {
            format!("  {} left", HumanDuration(self.left))
        } else {
            String::new()
        };
        format!(
            "step {}  t = {:.4e} s  dt = {:.2e} s  {:.1} Mcells/s{left}",
            self.step,
            self.time,
            self.dt,
            self.cells_per_second / 1e6,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_tells_where_the_run_is() {
        let state = State {
            fraction: 0.25,
            step: 120,
            time: 0.5,
            dt: 1e-3,
            cells_per_second: 2.5e8,
            left: Duration::from_secs(90),
        };
        assert_eq!(state.position(), 250);
        assert_eq!(
            state.text(),
            "step 120  t = 5.0000e-1 s  dt = 1.00e-3 s  250.0 Mcells/s  2 minutes left"
        );
    }
}
