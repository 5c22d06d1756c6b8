//! How long a job may take.

use std::time::Duration;

use super::Outlook;
use crate::{config::WallTime, error::Error, launch::machine::Machine};

/// What is added to the time that a run should take: its start, its files.
const BESIDES: f64 = 300.0;

/// How many times as long as it should a run may take.
const MARGIN: f64 = 1.5;

/// The time of a job, and why.
pub struct JobTime {
    pub time: Duration,
    pub why: String,
}

impl JobTime {
    /// The time asked for, or what `cells` cells on `cores` cores should take, with a margin, at most the machine's
    /// limit. The outlook's rate is that of `here` cores.
    ///
    /// # Errors
    /// If none of them is known.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn choose(
        asked: Option<WallTime>,
        machine: &Machine,
        outlook: &Outlook,
        here: usize,
        cells: usize,
        cores: usize,
    ) -> Result<Self, Error> {
        let limit = machine.time_limit;
        if let Some(WallTime(time)) = asked {
            let why = "as --time says".to_owned();
            return match limit {
                Some(limit) if time > limit => {
                    let message =
                        format!("--time is above the limit of the machine, {}", clock(limit));
                    Err(Error::input(message)
                        .with_help("a job that is stopped is begun again: give less"))
                }
                _ => Ok(Self { time, why }),
            };
        }
        // Other schemes are not foretold, whatever their steps.
        let (Some(steps), Some(measured)) = (outlook.steps, outlook.rate) else {
            let help = "give --time; a job that is stopped is begun again";
            let why =
                "the machine's time_limit; what this scheme takes cannot be foretold".to_owned();
            return limit.map(|time| Self { time, why }).ok_or_else(|| {
                Error::input("what this scheme takes cannot be foretold").with_help(help)
            });
        };
        let (rate, whose) = match machine.rate {
            Some(rate) => (rate, "of the machine file"),
            None => (measured / here as f64, "measured here"),
        };
        let seconds = steps * cells as f64 / (rate * cores as f64);
        let minutes = ((MARGIN * seconds + BESIDES) / 60.0).ceil();
        let rates = format!("{steps} steps, at {rate:.2e} cell updates a second and core, {whose}");
        // A job of years is cut by the limit, if there is one, and by the range of Slurm's numbers.
        let wanted = Duration::from_secs_f64(60.0 * minutes.min(1e8));
        Ok(match limit {
            Some(limit) if wanted > limit => {
                let jobs = (wanted.as_secs_f64() / limit.as_secs_f64()).ceil();
                let why = format!("the machine's time_limit; {rates}, take about {jobs} jobs");
                Self { time: limit, why }
            }
            _ => {
                let why = format!("{rates}, take {seconds:.0} s; half more, and five minutes");
                Self { time: wanted, why }
            }
        })
    }

    /// As Slurm reads it.
    pub fn in_slurm(&self) -> String {
        clock(self.time)
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let [hours, minutes, seconds] = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}
