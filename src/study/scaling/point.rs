//! One layout of a study: what its repetitions took.

use serde::{Deserialize, Serialize};

use super::{
    Kind, Layout, Run,
    statistics::{Spread, median},
};

/// What is left of a run's time when its phases are taken off.
const OTHER: &str = "other";

/// One layout; medians over its repetitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub layout: Layout,
    /// Cores over those of the base.
    pub scale: f64,
    /// Along x and along y.
    pub cells: [usize; 2],
    pub steps: u64,
    /// Of wall clock in the steps, for each repetition in turn.
    pub seconds: Vec<f64>,
    pub time: Spread,
    pub cell_updates_per_second: f64,
    /// For each round that the base was run in too: cell updates a second over those of the base.
    pub speedups: Vec<f64>,
    pub speedup: Spread,
    /// Speed-up over scale.
    pub efficiency: Spread,
    /// The experimentally determined serial fraction of the median speed-up: in strong studies by A. H.
    /// Karp and H. P. Flatt, "Measuring parallel processor performance", Communications of the ACM 33
    /// (1990); in weak ones the fraction with which Gustafson's law gives the speed-up. Absent on as many
    /// cores as the base.
    pub serial_fraction: Option<f64>,
    /// The part of the time in which messages are packed, waited for and unpacked.
    pub communication: f64,
    /// How much of the time of messages was hidden behind computation; absent without messages.
    pub hidden: Option<f64>,
    /// Largest over mean time to compute cells, over the ranks.
    pub imbalance: Option<f64>,
    /// Of the memory, on the same ranks and threads, in bytes per second.
    pub bandwidth: Option<f64>,
    /// That over the base's, within a round.
    pub bandwidth_speedup: Option<f64>,
    /// Cell updates a second over those that the bandwidth allows with one sweep over memory for each
    /// step; above 1, steps are fused or the fields are in cache. Absent where the bytes of an update are not known.
    pub of_memory_roof: Option<f64>,
    /// Seconds in each phase, means over the ranks, for each repetition.
    pub phases: Vec<(String, Vec<f64>)>,
}

impl Point {
    /// The point of some runs of one layout; `None` if none was in a round of the base.
    #[expect(clippy::cast_precision_loss, reason = "cores are far fewer than 2^53")]
    pub(super) fn of(
        kind: Kind,
        runs: &[&Run],
        base: &[&Run],
        bytes_per_update: Option<f64>,
    ) -> Option<Self> {
        let first = runs.first()?;
        let pairs: Vec<_> = runs
            .iter()
            .filter_map(|run| {
                let beside = base.iter().find(|base| base.repetition == run.repetition)?;
                Some((*run, *beside))
            })
            .collect();
        let (_, beside) = pairs.first()?;
        let scale = first.layout.cores() as f64 / beside.layout.cores() as f64;
        let rate = |run: &Run| run.updates() / run.seconds;
        let speedups: Vec<_> = pairs
            .iter()
            .map(|(run, base)| rate(run) / rate(base))
            .collect();
        let speedup = Spread::of(&speedups);
        let seconds: Vec<_> = runs.iter().map(|run| run.seconds).collect();
        let bandwidth = median(runs.iter().filter_map(|run| run.bandwidth));
        let bandwidths = pairs
            .iter()
            .filter_map(|(run, base)| Some(run.bandwidth? / base.bandwidth?));
        let rates = median(runs.iter().map(|run| rate(run)))?;
        let roof = bandwidth
            .zip(bytes_per_update)
            .map(|(bandwidth, bytes)| bandwidth / bytes);
        Some(Self {
            layout: first.layout,
            scale,
            cells: first.cells,
            steps: first.steps,
            time: Spread::of(&seconds),
            seconds,
            cell_updates_per_second: rates,
            efficiency: speedup.times(1.0 / scale),
            serial_fraction: (scale > 1.0).then(|| serial_fraction(kind, speedup.median, scale)),
            speedups,
            speedup,
            communication: median(runs.iter().map(|run| run.communication() / run.seconds))?,
            hidden: median(runs.iter().filter_map(|run| run.hidden)),
            imbalance: median(runs.iter().filter_map(|run| run.imbalance)),
            bandwidth,
            bandwidth_speedup: median(bandwidths),
            of_memory_roof: roof.map(|roof| rates / roof),
            phases: phases(runs),
        })
    }

    /// Cell updates a second of each core.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "cores are far fewer than 2^53")]
    pub fn rate_per_core(&self) -> f64 {
        self.cell_updates_per_second / self.layout.cores() as f64
    }
}

/// The serial fraction that explains a speed-up on `n` times the cores.
fn serial_fraction(kind: Kind, speedup: f64, n: f64) -> f64 {
    match kind {
        Kind::Strong => (1.0 / speedup - 1.0 / n) / (1.0 - 1.0 / n),
        Kind::Weak => (n - speedup) / (n - 1.0),
    }
}

/// Seconds of each phase in each run, and what is left.
fn phases(runs: &[&Run]) -> Vec<(String, Vec<f64>)> {
    let names = runs[0].phases.iter().map(|(name, _)| name);
    let of = |run: &Run, name: &String| {
        let found = run.phases.iter().find(|(other, _)| other == name);
        found.map_or(0.0, |(_, seconds)| *seconds)
    };
    let named = names.map(|name| (name.clone(), runs.iter().map(|run| of(run, name)).collect()));
    let left =
        |run: &&Run| run.seconds - run.phases.iter().map(|(_, seconds)| seconds).sum::<f64>();
    let other = (OTHER.to_owned(), runs.iter().map(left).collect());
    named.chain([other]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_fractions_are_those_of_karp_and_flatt_and_of_gustafson() {
        // Karp and Flatt 1990: a fraction of 0.1 on 8 cores gives a speed-up of 1 / (0.1 + 0.9 / 8).
        let found = serial_fraction(Kind::Strong, 1.0 / (0.1 + 0.9 / 8.0), 8.0);
        assert!((found - 0.1).abs() < 1e-15, "{found}");
        // Gustafson 1988: 1021 on 1024 cores.
        let found = serial_fraction(Kind::Weak, 1021.0, 1024.0);
        assert_eq!(found, 3.0 / 1023.0);
        assert_eq!(serial_fraction(Kind::Strong, 4.0, 4.0), 0.0);
    }
}
