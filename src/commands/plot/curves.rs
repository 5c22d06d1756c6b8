//! Columns of a CSV file of a run as curves over time.

use std::{fs, path::Path};

use crate::{
    commands::COLORS,
    error::{Error, count},
    output::{Chart, Mark, Panel, Scale, Series},
};

/// The column that goes along x.
const TIME: &str = "time";

/// What `diagnostics.csv` has in K; its other columns have other units.
const TEMPERATURES: [&str; 3] = ["mean", "min", "max"];

/// A column that only `diagnostics.csv` has.
const OF_DIAGNOSTICS: &str = "energy";

/// Draws the temperatures in a file over time, and says what was drawn.
///
/// # Errors
/// If it is no CSV file of a run, or the picture cannot be written.
pub fn draw(path: &Path, output: &Path) -> Result<String, Error> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Error::input(format!("cannot read {name}: {error}")))?;
    let table = Table::read(&text).map_err(|reason| {
        let help = "give the probes.csv or the diagnostics.csv of a run";
        Error::input(format!("{name}: {reason}")).with_help(help)
    })?;
    let series = table.series();
    let drawn = count(series.len(), "curve");
    Chart {
        title: path.display().to_string(),
        axes: ["time (s)".into(), "temperature (K)".into()],
        scales: [Scale::Linear, Scale::Linear],
        panels: vec![Panel {
            title: String::new(),
            series,
        }],
    }
    .write(output)?;
    Ok(format!("{drawn} of {}", count(table.rows.len(), "row")))
}

struct Table<'a> {
    names: Vec<&'a str>,
    rows: Vec<Vec<f64>>,
}

impl<'a> Table<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let mut lines = text.lines().enumerate();
        let (_, header) = lines.next().ok_or("it is empty")?;
        let names: Vec<&str> = header.split(',').collect();
        if !names.contains(&TIME) {
            return Err(format!("it has no column `{TIME}`"));
        }
        let rows = lines.map(|(line, text)| {
            let numbers: Result<Vec<f64>, _> = text.split(',').map(str::parse).collect();
            numbers
                .ok()
                .filter(|numbers| numbers.len() == names.len())
                .ok_or_else(|| format!("line {} is no row of {} numbers", line + 1, names.len()))
        });
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Err("it has no rows".into());
        }
        Ok(Self { names, rows })
    }

    /// The curve of each column that is a temperature.
    fn series(&self) -> Vec<Series> {
        let time = self.names.iter().position(|name| *name == TIME);
        let time = time.expect("there is one");
        let is_temperature = |name: &&str| {
            if self.names.contains(&OF_DIAGNOSTICS) {
                TEMPERATURES.contains(name)
            } else {
                !["step", TIME].contains(name)
            }
        };
        let columns = (self.names.iter().enumerate()).filter(|(_, name)| is_temperature(name));
        columns
            .enumerate()
            .map(|(number, (column, name))| {
                let points = self.rows.iter().map(|row| [row[time], row[column]]);
                Series {
                    label: (*name).to_owned(),
                    color: COLORS[number % COLORS.len()],
                    // With all colours taken, the dashed ones come.
                    mark: if (number / COLORS.len()).is_multiple_of(2) {
                        Mark::Line
                    } else {
                        Mark::Dashes
                    },
                    points: points.filter(|[_, value]| value.is_finite()).collect(),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures_become_curves() {
        let table = Table::read("step,time,die,top 1\n0,0.0,300.0,NaN\n5,0.5,301.5,299\n").unwrap();
        let series = table.series();
        assert_eq!(series.len(), 2);
        assert_eq!(
            (series[0].label.as_str(), series[1].label.as_str()),
            ("die", "top 1")
        );
        assert_eq!(series[0].points, [[0.0, 300.0], [0.5, 301.5]]);
        assert_eq!(series[1].points, [[0.5, 299.0]]);
        let table = Table::read("step,time,dt,mean,energy\n0,0.0,0.1,300.0,5\n").unwrap();
        assert_eq!(table.series().len(), 1);
        assert_eq!(table.series()[0].label, "mean");
    }

    #[test]
    fn other_tables_are_refused() {
        for (text, part) in [
            ("", "empty"),
            ("a,b\n1,2\n", "no column `time`"),
            ("step,time,a\n", "no rows"),
            ("step,time,a\n1,2,3\n1,2\n", "line 3"),
            ("step,time,a\n1,2,x\n", "line 2"),
        ] {
            let reason = Table::read(text).err().unwrap();
            assert!(reason.contains(part), "{reason}");
        }
    }
}
