//! The rates as a table, with a column for each number of threads.

use std::fmt::{self, Display, Formatter, Write as _};

use super::{
    Bandwidth, BandwidthRates, Bound, Cache, Caches, Coefficients, Method, Precision, Rates, Ratio,
};
use crate::error::count;

/// Characters before the columns, and of a column.
const LABEL: usize = 44;
const COLUMN: usize = 15;

impl Display for Precision {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
        })
    }
}

impl Display for Coefficients {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Constant => "constant",
            Self::PerCell => "per cell",
        })
    }
}

impl Display for Method {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Fused => "fused",
        })
    }
}

impl Display for Cache {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
        })
    }
}

impl Display for Rates {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [nx, ny] = self.cells;
        let [px, py] = self.process_grid;
        let rounds = self.rounds;
        write!(f, "{nx} x {ny} cells; {px} x {py} ranks; ")?;
        writeln!(
            f,
            "medians of {rounds} rounds; bytes are computed, not counted"
        )?;
        write_bandwidth(f, &self.bandwidth, self.cells, &self.caches)?;
        self.write_kernels(f)?;
        self.write_steps(f)?;
        self.write_ratios(f)?;
        self.write_exchange(f)
    }
}

impl Display for BandwidthRates {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ([nx, ny], ranks, rounds) = (self.cells, self.ranks, self.rounds);
        let ranks = count(ranks, "rank");
        writeln!(f, "{nx} x {ny} cells; {ranks}; medians of {rounds} rounds")?;
        write_bandwidth(f, &self.bandwidth, self.cells, &self.caches)
    }
}

fn write_bandwidth(
    f: &mut Formatter<'_>,
    bandwidth: &[Bandwidth],
    cells: [usize; 2],
    caches: &Caches,
) -> fmt::Result {
    let threads = bandwidth.iter().map(|of| count(of.threads, "thread"));
    write_row(f, "\nmemory, GB/s with write-allocate", threads)?;
    let giga = |rate: f64| format!("{:.2}", rate / 1e9);
    let scale = bandwidth.iter().map(|of| giga(of.scale));
    let triad = bandwidth.iter().map(|of| giga(of.triad));
    write_row(f, "  scale, 24 bytes a cell", scale)?;
    write_row(f, "  triad, 32 bytes a cell", triad)?;
    let cells = cells[0] * cells[1];
    match caches.last {
        // The rule of STREAM for what counts as memory.
        Some(last) if size_of::<f64>() * cells < 4 * last => writeln!(
            f,
            "  note: a field of {} is less than four times the last cache of {}",
            binary(size_of::<f64>() * cells),
            binary(last)
        ),
        _ => Ok(()),
    }
}

impl Rates {
    fn write_kernels(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nkernel alone, every thread on its own block, Gcells/s")?;
        for columns in self.kernels.chunk_by(|a, b| {
            (a.precision, a.coefficients, a.cache) == (b.precision, b.coefficients, b.cache)
        }) {
            let first = columns[0];
            let (precision, coefficients) = (first.precision, first.coefficients);
            for rows in [3, 1] {
                let of_rows = columns.iter().filter(|kernel| kernel.rows_at_once == rows);
                let rates = of_rows.map(|kernel| format!("{:.3}", kernel.rate / 1e9));
                let (cache, working_set) = (first.cache, binary(first.working_set));
                let rows = count(rows, "row");
                let label =
                    format!("  {precision} {coefficients}, {cache} ({working_set}), {rows}");
                write_row(f, &label, rates)?;
            }
        }
        Ok(())
    }

    fn write_steps(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\ntime steps, Gcells/s and the part of the bound: of memory for plain ones, of the\n\
             better kernel in L2 for fused ones"
        )?;
        for coefficients in Coefficients::ALL {
            for precision in Precision::ALL {
                for method in Method::ALL {
                    let same = self.steps.iter().filter(|step| {
                        (step.precision, step.coefficients, step.method)
                            == (precision, coefficients, method)
                    });
                    let steps: Vec<_> = same.collect();
                    let rates = steps
                        .iter()
                        .map(|step| format!("{:.3} {:5.2}", step.rate / 1e9, step.of_bound));
                    let what = match steps[0].bound {
                        Bound::MemoryBandwidth => "plain".to_owned(),
                        Bound::KernelInL2 => format!("{} fused", steps[0].steps_at_once),
                    };
                    let bytes = steps[0].bytes_per_update;
                    let label = format!(
                        "  {precision} {coefficients}, {what}, {} bytes",
                        (100.0 * bytes).round() / 100.0
                    );
                    write_row(f, &label, rates)?;
                }
            }
        }
        Ok(())
    }

    fn write_ratios(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nratios")?;
        let write = |f: &mut Formatter<'_>, name: &str, ratios: &[Ratio]| -> fmt::Result {
            for columns in ratios.chunk_by(|a, b| {
                (a.precision, a.coefficients, a.method) == (b.precision, b.coefficients, b.method)
            }) {
                let first = columns[0];
                let precision = first.precision.map(|of| format!("{of} "));
                let method = first.method.map(|of| format!(", {of}"));
                let label = format!(
                    "  {name}: {}{}{}",
                    precision.unwrap_or_default(),
                    first.coefficients,
                    method.unwrap_or_default()
                );
                // What compares numbers of threads stands below the most.
                let skipped = match first.threads {
                    Some(_) => 0,
                    None => self.threads.len() - 1,
                };
                let ratios = columns.iter().map(|of| format!("{:.2}", of.ratio));
                let empty = std::iter::repeat_n(String::new(), skipped);
                write_row(f, &label, empty.chain(ratios))?;
            }
            Ok(())
        };
        write(f, "fused / plain", &self.ratios.fused_over_plain)?;
        write(f, "f32 / f64", &self.ratios.f32_over_f64)?;
        if self.threads.len() > 1 {
            let name = "all threads / 1";
            write(f, name, &self.ratios.all_threads_over_one)?;
        }
        Ok(())
    }

    fn write_exchange(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(exchange) = &self.exchange else {
            return Ok(());
        };
        writeln!(f, "\nplain steps on all threads, f64, constant")?;
        let rate = |name: &str, rate: f64, rest: &str| {
            format!("  {name:<24} {:7.3} Gcells/s{rest}", rate / 1e9)
        };
        let over = |cost: f64| format!("  {:+.1} % over the sweep", 100.0 * cost);
        let (hidden, first) = (over(exchange.hidden_cost), over(exchange.first_cost));
        writeln!(f, "{}", rate("sweep without exchange", exchange.sweep, ""))?;
        writeln!(f, "{}", rate("exchange hidden", exchange.hidden, &hidden))?;
        writeln!(f, "{}", rate("exchange first", exchange.first, &first))?;
        let hidden = 100.0 * exchange.halo_hidden;
        writeln!(f, "  {:<24} {hidden:7.1} %", "halo time hidden")
    }
}

/// A row of the table without blanks at its end.
fn write_row(
    f: &mut Formatter<'_>,
    label: &str,
    columns: impl Iterator<Item = String>,
) -> fmt::Result {
    let blanks = LABEL.saturating_sub(label.trim_start_matches('\n').chars().count());
    let mut row = format!("{label}{:blanks$}", "");
    for column in columns {
        write!(row, "{column:>COLUMN$}")?;
    }
    writeln!(f, "{}", row.trim_end())
}

/// Bytes as people say them.
fn binary(bytes: usize) -> String {
    if bytes < 10 << 20 {
        format!("{} KiB", bytes >> 10)
    } else {
        format!("{} MiB", bytes >> 20)
    }
}
