//! Rates of the kernel and of time steps under the roofs that memory and caches are.

use crate::{
    error::count,
    output::{Chart, Mark, Panel, Scale, Series},
    study::bench::{Cache, Coefficients, Method, Precision, Rates},
};

const INK: [u8; 3] = [40, 40, 46];

/// Constant coefficients and per-cell ones, in colours that most people can tell apart.
fn color(coefficients: Coefficients) -> [u8; 3] {
    match coefficients {
        Coefficients::Constant => [0, 114, 178],
        Coefficients::PerCell => [213, 94, 0],
    }
}

/// The chart of rates on all threads: 10^9 cell updates a second over updates per byte of memory
/// traffic.
pub fn roofline(rates: &Rates) -> Chart {
    let [nx, ny] = rates.cells;
    let threads = rates.threads[rates.threads.len() - 1];
    let (ranks, threads) = (count(rates.ranks, "rank"), count(threads, "thread"));
    Chart {
        title: format!("Roofline: {nx} x {ny} cells, {ranks} of {threads}"),
        axes: [
            "cell updates per byte to and from memory (computed)".into(),
            "10^9 cell updates per second".into(),
        ],
        scales: [Scale::Logarithmic, Scale::Logarithmic],
        panels: Precision::ALL
            .map(|precision| panel(rates, precision))
            .into(),
    }
}

fn panel(rates: &Rates, precision: Precision) -> Panel {
    let threads = rates.threads[rates.threads.len() - 1];
    let steps = rates
        .steps
        .iter()
        .filter(|step| (step.precision, step.threads) == (precision, threads));
    // The same range for both precisions, and some room at its ends.
    let all = rates.steps.iter().map(|step| 1.0 / step.bytes_per_update);
    let [low, high] = all.fold([f64::INFINITY, 0.0], |[low, high], x| {
        [x.min(low), x.max(high)]
    });
    let [low, high] = [low / 1.5, high * 1.5];
    let of_all_threads = rates.bandwidth.iter().find(|of| of.threads == threads);
    let bandwidth = of_all_threads.expect("it was measured").best / 1e9;

    let mut roofs = Vec::new();
    let mut highest = 0f64;
    for coefficients in Coefficients::ALL {
        for cache in Cache::ALL {
            let same = rates.kernels.iter().filter(|kernel| {
                (kernel.precision, kernel.coefficients) == (precision, coefficients)
                    && (kernel.cache, kernel.threads) == (cache, threads)
            });
            // With as many rows at once as are best.
            let rate = same.fold(0.0, |best: f64, kernel| best.max(kernel.rate / 1e9));
            highest = highest.max(rate);
            let start = (rate / bandwidth).clamp(low, high);
            let (label, mark) = match cache {
                Cache::L1 => ("kernel in L1", Mark::Dashes),
                Cache::L2 => ("kernel in L2", Mark::Line),
            };
            roofs.push(Series {
                label: format!("{label}, {coefficients}"),
                color: color(coefficients),
                mark,
                points: vec![[start, rate], [high, rate]],
            });
        }
    }
    let end = (highest / bandwidth).clamp(low, high);
    let mut series = vec![Series {
        label: "memory bandwidth".into(),
        color: INK,
        mark: Mark::Line,
        points: vec![[low, low * bandwidth], [end, end * bandwidth]],
    }];
    series.extend(roofs);
    series.extend(steps.map(|step| Series {
        label: match step.method {
            Method::Plain => format!("plain steps, {}", step.coefficients),
            Method::Fused => format!("{} steps fused, {}", step.steps_at_once, step.coefficients),
        },
        color: color(step.coefficients),
        mark: match step.method {
            Method::Plain => Mark::Square,
            Method::Fused => Mark::Disc,
        },
        points: vec![[1.0 / step.bytes_per_update, step.rate / 1e9]],
    }));
    Panel {
        title: precision.to_string(),
        series,
    }
}
