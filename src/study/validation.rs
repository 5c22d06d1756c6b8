//! Verdicts: what a run gave beside what it must give.

use std::fmt;

use serde::Serialize;

/// How far a measured number may be off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tolerance {
    /// In the units of what is expected.
    Absolute(f64),
    /// As a part of what is expected.
    Relative(f64),
}

impl Tolerance {
    /// In the units of what is expected.
    fn around(self, expected: f64) -> f64 {
        match self {
            Self::Absolute(tolerance) => tolerance,
            Self::Relative(tolerance) => tolerance * expected.abs(),
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(0.0) => f.write_str("0"),
            Self::Absolute(tolerance) => write!(f, "{tolerance:e}"),
            Self::Relative(tolerance) => write!(f, "{tolerance:e} relative"),
        }
    }
}

/// One expectation, and whether it was met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    pub case: String,
    pub quantity: String,
    pub expected: f64,
    /// Absent where the run gave no number.
    pub measured: Option<f64>,
    pub tolerance: Tolerance,
    pub passed: bool,
}

impl Verdict {
    #[must_use]
    pub fn new(
        case: &str,
        quantity: String,
        [expected, measured]: [f64; 2],
        tolerance: Tolerance,
    ) -> Self {
        Self {
            case: case.to_owned(),
            quantity,
            expected,
            measured: Some(measured),
            tolerance,
            // A NaN is within no tolerance.
            passed: (measured - expected).abs() <= tolerance.around(expected),
        }
    }

    /// Of an expectation on a run that came to no end.
    #[must_use]
    pub fn of_nothing(case: &str, quantity: String, expected: f64, tolerance: Tolerance) -> Self {
        Self {
            case: case.to_owned(),
            quantity,
            expected,
            measured: None,
            tolerance,
            passed: false,
        }
    }

    /// The words of a row, in the order of [`COLUMNS`].
    fn words(&self) -> [String; COLUMNS.len()] {
        let tolerance = self.tolerance.around(self.expected);
        [
            self.case.clone(),
            self.quantity.clone(),
            format!("{}", self.expected),
            self.measured
                .map_or_else(|| "none".to_owned(), |number| digits(number, tolerance)),
            self.tolerance.to_string(),
            if self.passed { "ok" } else { "MISS" }.to_owned(),
        ]
    }
}

/// A number with one digit more than the tolerance asks for.
fn digits(number: f64, tolerance: f64) -> String {
    const SMALL: f64 = 1e-4;
    if number != 0.0 && number.abs() < SMALL {
        return format!("{number:.1e}");
    }
    // Of a tolerance of 0 all digits count.
    let decimals = (0..17).find(|decimals| 10f64.powi(-decimals) <= tolerance);
    match decimals.and_then(|decimals| usize::try_from(decimals).ok()) {
        Some(decimals) => format!("{number:.*}", decimals + 1),
        None => format!("{number}"),
    }
}

const COLUMNS: [&str; 6] = [
    "case",
    "quantity",
    "expected",
    "measured",
    "tolerance",
    "verdict",
];

/// All verdicts, in the order of the cases. Displayed as a table.
#[derive(Debug, Default, Serialize)]
pub struct Verdicts {
    pub verdicts: Vec<Verdict>,
}

impl Verdicts {
    pub fn missed(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| !verdict.passed)
    }

    /// As a table of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let rows = self.verdicts.iter().map(Verdict::words);
        markdown(&COLUMNS, rows.map(Vec::from))
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = COLUMNS.map(str::to_owned);
        let rows: Vec<_> = std::iter::once(header)
            .chain(self.verdicts.iter().map(Verdict::words))
            .collect();
        let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or_default()
        });
        for row in &rows {
            let cells = row.iter().zip(widths);
            let cells: Vec<_> = cells
                .map(|(word, width)| format!("{word:<width$}"))
                .collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// A table of Markdown.
#[must_use]
pub fn markdown(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |words: &[String]| format!("| {} |\n", words.join(" | "));
    let header: Vec<_> = header.iter().map(|&name| name.to_owned()).collect();
    let rule = vec!["---".to_owned(); header.len()];
    let mut text = line(&header) + &line(&rule);
    text.extend(rows.map(|row| line(&row)));
    text
}

/// The order of convergence between two pairs of a width (or a step) and the error there: `p` in
/// `error = c width^p`.
#[must_use]
pub fn order([[coarse, error], [fine, lesser]]: [[f64; 2]; 2]) -> f64 {
    (error / lesser).ln() / (coarse / fine).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(expected: f64, measured: f64, tolerance: Tolerance) -> Verdict {
        Verdict::new("case", "mean".to_owned(), [expected, measured], tolerance)
    }

    #[test]
    fn a_verdict_is_as_strict_as_its_tolerance() {
        let passed = |expected, measured, tolerance| verdict(expected, measured, tolerance).passed;
        assert!(passed(-200.0, -201.0, Tolerance::Absolute(1.0)));
        assert!(!passed(-200.0, -201.0, Tolerance::Absolute(0.99)));
        assert!(passed(-200.0, -201.0, Tolerance::Relative(0.005)));
        assert!(!passed(-200.0, -201.0, Tolerance::Relative(0.0049)));
        assert!(passed(3.0, 3.0, Tolerance::Absolute(0.0)));
        for measured in [f64::NAN, f64::INFINITY] {
            assert!(!passed(3.0, measured, Tolerance::Absolute(1e300)));
        }
        let nothing = Verdict::of_nothing("case", "mean".into(), 3.0, Tolerance::Absolute(1e300));
        assert!(!nothing.passed);
    }

    #[test]
    fn orders_are_slopes() {
        let error = |width: f64| 7.0 * width.powi(3);
        let found = order([0.3, 0.1].map(|width| [width, error(width)]));
        assert!((found - 3.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn tables_show_the_digits_that_count() {
        let verdicts = Verdicts {
            verdicts: vec![
                verdict(59.763_305, 59.763_305_412_3, Tolerance::Absolute(5e-7)),
                verdict(0.0, 3.14e-13, Tolerance::Absolute(1e-12)),
                verdict(10.0, 12.0, Tolerance::Relative(0.1)),
                verdict(7.0, 7.0, Tolerance::Absolute(0.0)),
            ],
        };
        let expected = "\
case  quantity  expected   measured     tolerance      verdict
case  mean      59.763305  59.76330541  5e-7           ok
case  mean      0          3.1e-13      1e-12          ok
case  mean      10         12.0         1e-1 relative  MISS
case  mean      7          7            0              ok
";
        assert_eq!(verdicts.to_string(), expected);
        let markdown = verdicts.markdown();
        let lines: Vec<_> = markdown.lines().collect();
        assert_eq!(lines[1], "| --- | --- | --- | --- | --- | --- |");
        assert_eq!(
            lines[4],
            "| case | mean | 10 | 12.0 | 1e-1 relative | MISS |"
        );
        assert_eq!(verdicts.missed().count(), 1);
    }
}
