//! Predictions in words.

use std::fmt::{self, Display, Formatter};

use super::Outcome;
use crate::error::count;

/// Whether messages fly while the interior is computed.
pub(super) fn words(overlap: bool) -> &'static str {
    if overlap { "on" } else { "off" }
}

fn pair([a, b]: [usize; 2]) -> String {
    format!("{a} x {b}")
}

impl Display for Outcome<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let machine = self.machine;
        let ranks = count(machine.ranks, "rank");
        writeln!(f, "{}: {ranks} of {}", machine.processor, machine.kind)?;
        self.fmt_points(f)?;
        self.fmt_predictions(f)
    }
}

impl Outcome<'_> {
    fn fmt_points(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nmeasured  process grid          cells  depth  overlap     measured    predicted   error"
        )?;
        for compared in &self.points {
            let point = &compared.point;
            let [px, py] = point.process_grid;
            writeln!(
                f,
                "{:>8}  {:>12}  {:>13}  {:>5}  {:>7}  {:>8.1} us  {:>8.1} us  {:>4.1} %",
                px * py,
                pair(point.process_grid),
                pair(point.cells),
                point.plan.halo_depth,
                words(point.plan.overlap),
                1e6 * point.seconds,
                1e6 * compared.predicted_seconds,
                100.0 * compared.error,
            )?;
        }
        let errors = self.points.iter().map(|compared| compared.error.abs());
        let largest = 100.0 * errors.fold(0.0, f64::max);
        writeln!(f, "largest error: {largest:.1} %")
    }

    fn fmt_predictions(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let network = self.network;
        writeln!(
            f,
            "\n{} scaling over a network of {:.2} us latency, {:.2} us overhead, {:.2} GB/s, congestion {}",
            if self.strong { "strong" } else { "weak" },
            1e6 * network.latency,
            1e6 * network.overhead,
            1e-9 / network.gap,
            network.congestion,
        )?;
        writeln!(
            f,
            "   ranks  process grid  depth  overlap         step  efficiency  communication  hidden  best"
        )?;
        for prediction in &self.predictions {
            let hidden = prediction.hidden;
            writeln!(
                f,
                "{:>8}  {:>12}  {:>5}  {:>7}  {:>8.1} us  {:>10.3}  {:>11.1} %  {:>6}  {}",
                prediction.ranks,
                pair(prediction.process_grid),
                prediction.halo_depth,
                words(prediction.overlap),
                1e6 * prediction.step_seconds,
                prediction.efficiency,
                100.0 * prediction.communication,
                hidden.map_or(String::new(), |part| format!("{:.0} %", 100.0 * part)),
                prediction
                    .best
                    .map_or(String::new(), |best| format!("{best:.3}")),
            )?;
        }
        Ok(())
    }
}
