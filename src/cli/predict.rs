//! Options of predictions, and the units that they are told in.

use std::path::PathBuf;

use clap::Args;

/// The factor between two numbers of ranks.
const FACTOR: usize = 4;

/// The least and the greatest number of ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    pub first: usize,
    pub last: usize,
}

impl Ranks {
    /// From the first by factors of 4, and the last.
    #[must_use]
    pub fn all(&self) -> Vec<usize> {
        let next = |ranks: &usize| ranks.checked_mul(FACTOR);
        let ranks = std::iter::successors(Some(self.first), next);
        let mut all: Vec<_> = ranks.take_while(|ranks| *ranks < self.last).collect();
        all.push(self.last);
        all
    }
}

#[derive(Debug, Args)]
pub struct Predict {
    /// Predict explicit steps on so many ranks, by factors of 4.
    #[arg(long, value_name = "FIRST..LAST", value_parser = ranks,
        conflicts_with_all = ["kind", "ranks", "repetitions", "launcher", "output", "overwrite", "array", "only"])]
    pub predict: Option<Ranks>,
    /// Divide the config's grid among the ranks, instead of giving each as many cells as it has.
    #[arg(long, requires = "predict")]
    pub strong: bool,
    /// Depths of halos, which are numbers of steps for one exchange [default: the config's, or 1,4,16].
    #[arg(long, value_name = "N,...", requires = "predict", value_delimiter = ',', value_parser = super::positive)]
    pub depths: Vec<usize>,
    /// Take what was measured of a machine from this file; if there is none, measure and keep it there.
    #[arg(long, value_name = "FILE", requires = "predict")]
    pub machine: Option<PathBuf>,
    /// Rounds in which everything is measured in turn; the best one counts.
    #[arg(long, requires = "predict", default_value_t = 40, value_parser = super::positive)]
    pub rounds: usize,
    /// Compare also with the steps of these runs.
    #[arg(long, value_name = "report.json", requires = "predict", num_args = 1..)]
    pub reports: Vec<PathBuf>,
    /// Latency of the network, in s, ms, us or ns [default: as measured].
    #[arg(long, value_name = "2us", requires = "predict", value_parser = time)]
    pub latency: Option<f64>,
    /// Bandwidth of each rank's link, in Gbit, Mbit, GB or MB a second [default: as measured].
    #[arg(long, value_name = "100Gbit", requires = "predict", value_parser = bandwidth)]
    pub bandwidth: Option<f64>,
    /// What a processor spends on each message, in s, ms, us or ns [default: as measured].
    #[arg(long, value_name = "500ns", requires = "predict", value_parser = time)]
    pub overhead: Option<f64>,
    /// How many times as long bytes take because links are shared.
    #[arg(long, value_name = "FACTOR", requires = "predict", default_value_t = 1.0, value_parser = congestion)]
    pub congestion: f64,
    /// Write `prediction.json`, `prediction.csv` and `prediction.png` to this directory.
    #[arg(long, value_name = "DIR", requires = "predict")]
    pub predicted: Option<PathBuf>,
    /// Write to this directory what ranks compute and send, as time-independent traces for the simulator
    /// `SimGrid`.
    #[arg(long, value_name = "DIR", requires = "predict")]
    pub trace: Option<PathBuf>,
}

fn ranks(text: &str) -> Result<Ranks, String> {
    let ends = match text.split_once("..") {
        Some((first, last)) => [first.parse(), last.parse()],
        None => [text.parse(), text.parse()],
    };
    match ends {
        [Ok(first), Ok(last)] if 0 < first && first <= last => Ok(Ranks { first, last }),
        _ => Err("expected numbers of ranks above 0, as in 16..65536, or one".into()),
    }
}

/// In seconds.
fn time(text: &str) -> Result<f64, String> {
    let units = [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let seconds = quantity(text, &units).filter(|seconds| *seconds >= 0.0);
    seconds.ok_or_else(|| "expected a time, as in 2us; units are s, ms, us and ns".into())
}

/// In bytes per second.
fn bandwidth(text: &str) -> Result<f64, String> {
    let units = [("Gbit", 1.25e8), ("Mbit", 1.25e5), ("GB", 1e9), ("MB", 1e6)];
    let bytes = quantity(text, &units).filter(|bytes| *bytes > 0.0);
    let help =
        "expected a bandwidth, as in 100Gbit; units are Gbit, Mbit, GB and MB, each a second";
    bytes.ok_or_else(|| help.into())
}

fn congestion(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor: &f64| factor.is_finite());
    factor
        .filter(|factor| *factor >= 1.0)
        .ok_or_else(|| "expected a number, at least 1".into())
}

/// A finite number with the first unit that the text ends with.
fn quantity(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, unit) =
        (units.iter()).find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    let number: f64 = number.trim_end().parse().ok()?;
    number.is_finite().then_some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_units() {
        assert_eq!(time("2us"), Ok(2e-6));
        assert_eq!(time("0.5 ms"), Ok(5e-4));
        assert_eq!(time("3s"), Ok(3.0));
        assert_eq!(time("0ns"), Ok(0.0));
        assert_eq!(bandwidth("100Gbit"), Ok(12.5e9));
        assert_eq!(bandwidth("3 MB"), Ok(3e6));
        for text in ["2", "us", "-1us", "nans", "infs", "2 hours", ""] {
            assert!(time(text).is_err(), "{text}");
        }
        for text in ["0Gbit", "100", "1Tbit", "-1GB"] {
            assert!(bandwidth(text).is_err(), "{text}");
        }
        assert!(congestion("0.5").is_err() && congestion("nan").is_err());
    }

    #[test]
    fn ranks_go_by_factors_of_four_to_the_last() {
        let all = |text| ranks(text).unwrap().all();
        assert_eq!(all("16..1024"), [16, 64, 256, 1024]);
        assert_eq!(all("2..30"), [2, 8, 30]);
        assert_eq!(all("5"), [5]);
        for text in ["0..4", "4..2", "a..b", "4..", "-1"] {
            assert!(ranks(text).is_err(), "{text}");
        }
    }
}
