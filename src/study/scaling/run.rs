//! What one run took, from the files that it left.

use serde::Deserialize;

use super::Layout;

/// The phases of a step in `report.json`; others are of observers, which write files.
const PHASES: [&str; 7] = [
    "walls_and_sources",
    "pack",
    "interior",
    "wait",
    "unpack",
    "rim",
    "solver",
];

/// One counted run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub layout: Layout,
    pub repetition: usize,
    /// Along x and along y.
    pub cells: [usize; 2],
    pub steps: u64,
    /// Of wall clock in the loop, without the observers.
    pub seconds: f64,
    /// Seconds in each phase of the steps, means over the ranks.
    pub phases: Vec<(String, f64)>,
    /// Largest over mean time to compute cells.
    pub imbalance: Option<f64>,
    /// How much of the time of messages was hidden behind computation.
    pub hidden: Option<f64>,
    /// Whether the plan of fused steps was settled, where there is a choice.
    pub settled: Option<bool>,
    /// Of the memory, measured next to it; bytes per second.
    pub bandwidth: Option<f64>,
}

/// What of `report.json` counts here.
#[derive(Deserialize)]
struct Report {
    run: Loop,
    plan: Option<Choice>,
    phases: serde_json::Map<String, serde_json::Value>,
    imbalance: Option<f64>,
    communication: Communication,
}

#[derive(Deserialize)]
struct Loop {
    cells: [usize; 2],
    steps: u64,
    wall_seconds: f64,
}

#[derive(Deserialize)]
struct Choice {
    settled: bool,
}

#[derive(Deserialize)]
struct Communication {
    hidden_fraction: Option<f64>,
}

/// What `isotherm bench --bandwidth --json` writes.
#[derive(Deserialize)]
struct Rates {
    bandwidth: Vec<Bandwidth>,
}

#[derive(Deserialize)]
struct Bandwidth {
    threads: usize,
    best: f64,
}

impl Run {
    /// A run from its report, and from that of the bandwidth where it was measured.
    ///
    /// # Errors
    /// If a report is not what `isotherm` writes.
    pub fn read(
        layout: Layout,
        repetition: usize,
        report: &[u8],
        bandwidth: Option<&[u8]>,
    ) -> Result<Self, serde_json::Error> {
        let report: Report = serde_json::from_slice(report)?;
        let mean = |seconds: &serde_json::Value| seconds["mean"].as_f64().unwrap_or(0.0);
        let is_step = |name: &str| PHASES.contains(&name);
        let observers = report.phases.iter().filter(|(name, _)| !is_step(name));
        let observers: f64 = observers.map(|(_, seconds)| mean(seconds)).sum();
        let steps = report.phases.iter().filter(|(name, _)| is_step(name));
        let rates = bandwidth.map(serde_json::from_slice::<Rates>).transpose()?;
        let of_threads = |rates: Rates| {
            let mut all = rates.bandwidth.into_iter();
            all.find(|rate| rate.threads == layout.threads)
        };
        Ok(Self {
            layout,
            repetition,
            cells: report.run.cells,
            steps: report.run.steps,
            seconds: report.run.wall_seconds - observers,
            phases: steps
                .map(|(name, seconds)| (name.clone(), mean(seconds)))
                .collect(),
            imbalance: report.imbalance,
            hidden: report.communication.hidden_fraction,
            settled: report.plan.map(|choice| choice.settled),
            bandwidth: rates.and_then(of_threads).map(|rate| rate.best),
        })
    }

    /// Cell updates, or for schemes that solve linear systems cells times steps.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub(super) fn updates(&self) -> f64 {
        self.cells[0] as f64 * self.cells[1] as f64 * self.steps as f64
    }

    /// Seconds of packing, waiting and unpacking, that is of messages as far as they are not hidden.
    pub(super) fn communication(&self) -> f64 {
        let phases = self.phases.iter();
        let of_messages = phases.filter(|(name, _)| ["pack", "wait", "unpack"].contains(&&**name));
        of_messages.map(|(_, seconds)| seconds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observers_do_not_count() {
        let spread = |mean: f64| serde_json::json!({"min": 0.0, "mean": mean, "max": 9.0});
        let report = serde_json::json!({
            "run": {"cells": [30, 20], "steps": 7, "wall_seconds": 5.0},
            "plan": null,
            "phases": {
                "pack": spread(0.5), "interior": spread(2.0), "wait": spread(0.25),
                "snapshots": spread(1.0), "picture": spread(0.5),
            },
            "imbalance": 1.25,
            "communication": {"in_flight": 1.0, "wait": 0.25, "hidden_fraction": 0.75},
        });
        let bandwidth = serde_json::json!({
            "bandwidth": [{"threads": 1, "best": 1e9}, {"threads": 2, "best": 2e9}],
        });
        let layout = Layout {
            ranks: 3,
            threads: 2,
        };
        let bytes = |value: &serde_json::Value| value.to_string().into_bytes();
        let run = Run::read(layout, 4, &bytes(&report), Some(&bytes(&bandwidth))).unwrap();
        assert_eq!(run.seconds, 3.5);
        assert_eq!(run.updates(), 4200.0);
        assert_eq!(run.communication(), 0.75);
        assert_eq!(run.bandwidth, Some(2e9));
        assert_eq!((run.settled, run.hidden), (None, Some(0.75)));
        let names: Vec<_> = run.phases.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["pack", "interior", "wait"]);
        assert!(Run::read(layout, 4, b"{\"run\": {", None).is_err());
    }
}
