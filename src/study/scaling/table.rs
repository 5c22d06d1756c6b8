//! A study as a table for people, and as one for spreadsheets.

use std::fmt::{self, Display, Formatter};

use super::{Kind, Point, Study};

const HEADINGS: [&str; 12] = [
    "ranks x threads",
    "cells",
    "seconds",
    "(quartiles)",
    "Gcells/s",
    "speed-up",
    "efficiency",
    "bandwidth",
    "serial",
    "messages",
    "hidden",
    "imbalance",
];

impl Display for Study {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = self.kind;
        let repetitions = self.points.iter().map(|point| point.seconds.len()).max();
        writeln!(
            f,
            "{}: {kind} scaling from {}; medians of {} rounds\n",
            self.title,
            self.base,
            repetitions.unwrap_or(0)
        )?;
        let rows: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned))
            .chain(self.points.iter().map(row))
            .collect();
        let widths: Vec<_> = (0..HEADINGS.len())
            .map(|column| {
                rows.iter()
                    .map(|row| row[column].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for row in &rows {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:>width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        let law = match self.kind {
            Kind::Strong => "Karp and Flatt's fraction",
            Kind::Weak => "Gustafson's fraction",
        };
        writeln!(
            f,
            "\nbandwidth: the efficiency of the measured one; serial: {law};\n\
             messages: the part of the time for packing, waiting and unpacking"
        )?;
        for fit in &self.fits {
            writeln!(f, "{fit}")?;
        }
        if self.unsettled > 0 {
            let runs = self.unsettled;
            writeln!(
                f,
                "note: in {runs} of the runs ways to take steps were still being tried: longer ones tell more"
            )?;
        }
        Ok(())
    }
}

fn row(point: &Point) -> [String; HEADINGS.len()] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let percent = |part: f64| format!("{:.1} %", 100.0 * part);
    let [nx, ny] = point.cells;
    [
        point.layout.to_string(),
        format!("{nx} x {ny}"),
        four_digits(point.time.median),
        format!(
            "({} to {})",
            four_digits(point.time.q1),
            four_digits(point.time.q3)
        ),
        format!("{:.3}", point.cell_updates_per_second / 1e9),
        format!("{:.3}", point.speedup.median),
        format!("{:.3}", point.efficiency.median),
        or_none(
            point
                .bandwidth_speedup
                .map(|speedup| format!("{:.3}", speedup / point.scale)),
        ),
        or_none(
            point
                .serial_fraction
                .map(|fraction| format!("{fraction:.4}")),
        ),
        percent(point.communication),
        or_none(point.hidden.map(percent)),
        or_none(point.imbalance.map(|ratio| format!("{ratio:.3}"))),
    ]
}

/// A positive number with four digits that count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "exponents are small, and decimals not negative"
)]
pub(super) fn four_digits(number: f64) -> String {
    let decimals = (3.0 - number.log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{number:.decimals$}")
}

impl Study {
    /// The content of `results.csv`: a line for each layout, with SI units; what is not known is empty.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = "ranks,threads,cells_x,cells_y,steps,repetitions,seconds,seconds_q1,seconds_q3,\
             seconds_min,seconds_max,cell_updates_per_second,cell_updates_per_second_per_core,speedup,\
             speedup_q1,speedup_q3,efficiency,serial_fraction,communication,hidden,imbalance,bandwidth,\
             bandwidth_speedup,of_memory_roof\n"
            .to_owned();
        for point in &self.points {
            let (time, speedup) = (point.time, point.speedup);
            let whole = [
                point.layout.ranks,
                point.layout.threads,
                point.cells[0],
                point.cells[1],
            ];
            let counts = whole.map(|number| number.to_string()).into_iter();
            let counts = counts.chain([point.steps.to_string(), point.seconds.len().to_string()]);
            let numbers = [
                Some(time.median),
                Some(time.q1),
                Some(time.q3),
                Some(time.min),
                Some(time.max),
                Some(point.cell_updates_per_second),
                Some(point.rate_per_core()),
                Some(speedup.median),
                Some(speedup.q1),
                Some(speedup.q3),
                Some(point.efficiency.median),
                point.serial_fraction,
                Some(point.communication),
                point.hidden,
                point.imbalance,
                point.bandwidth,
                point.bandwidth_speedup,
                point.of_memory_roof,
            ];
            let numbers = numbers.map(|number| number.map_or_else(String::new, |n| n.to_string()));
            let cells: Vec<_> = counts.chain(numbers).collect();
            text += &(cells.join(",") + "\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::study::scaling::tests::strong;

    #[test]
    fn the_table_has_a_row_for_each_layout() {
        let table = strong().to_string();
        let row = table.lines().find(|line| line.trim().starts_with("2 x 1"));
        let words: Vec<_> = row.unwrap().split_whitespace().collect();
        let expected = "2 x 1 100 x 10 10.00 (7.500 to 12.50) 0.000 1.600 0.800 0.500 0.2500 25.0 % 50.0 % \
                        1.500";
        assert_eq!(words.join(" "), expected);
        assert!(
            table.contains("Amdahl, ranks: serial fraction 0."),
            "{table}"
        );
    }

    #[test]
    fn short_times_have_as_many_digits_as_long_ones() {
        let shown = [1.234_56e-5, 0.2, 12.345_6, 123_456.7].map(super::four_digits);
        assert_eq!(shown, ["0.00001235", "0.2000", "12.35", "123457"]);
    }

    #[test]
    fn every_line_of_the_csv_has_every_column() {
        let csv = strong().csv();
        let lines: Vec<Vec<_>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(lines.len(), 5);
        let column = |name: &str| lines[0].iter().position(|other| *other == name).unwrap();
        assert!(lines.iter().all(|line| line.len() == lines[0].len()));
        assert_eq!(lines[2][column("speedup")], "1.6");
        assert_eq!(lines[1][column("serial_fraction")], "");
        assert_eq!(lines[1][column("hidden")], "");
    }
}
