//! `isotherm compare`.

use std::fmt::Write as _;

use super::results::{chosen, open};
use crate::{
    cli,
    error::{Error, Kind, count},
    field::signed,
    output::{ResultFile, same_time, short},
    study::Difference,
};

/// What the results differ in, in words; and the failure that it is, if they differ by more than they may.
///
/// # Errors
/// If one of them cannot be read, or has no frame that is asked for.
pub fn compare(options: &cli::Compare) -> Result<(String, Result<(), Error>), Error> {
    let [a, b] = [open(&options.a)?, open(&options.b)?];
    let frames = match [chosen(&options.which, &a)?, chosen(&options.which, &b)?] {
        [Some(frame), Some(other)] => vec![Pair::Both(frame, other)],
        _ => pairs(&a.times, &b.times),
    };
    let mut comparison = Comparison {
        text: String::new(),
        fault: None,
        worst: 0.0,
        identical: true,
    };
    if comparison.same_grids(&a, &b) {
        comparison.frames(&a, &b, &frames)?;
    }
    let verdict = comparison.conclude(options.tolerance);
    Ok((comparison.text, verdict))
}

/// A frame of either file or one of both at the same time, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair {
    Both(usize, usize),
    First(usize),
    Second(usize),
}

/// The frames of two files with ascending times, in the order of time.
fn pairs(first: &[f64], second: &[f64]) -> Vec<Pair> {
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    loop {
        pairs.push(match (first.get(i), second.get(j)) {
            (None, None) => return pairs,
            (Some(a), Some(b)) if same_time(*a, *b) => Pair::Both(i, j),
            (Some(a), Some(b)) if a < b => Pair::First(i),
            (Some(_), None) => Pair::First(i),
            (_, Some(_)) => Pair::Second(j),
        });
        match pairs[pairs.len() - 1] {
            Pair::Both(..) => (i, j) = (i + 1, j + 1),
            Pair::First(_) => i += 1,
            Pair::Second(_) => j += 1,
        }
    }
}

struct Comparison {
    text: String,
    /// The first thing that no tolerance makes good, in words.
    fault: Option<String>,
    /// The largest difference in K.
    worst: f64,
    identical: bool,
}

impl Comparison {
    fn say(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a string takes all");
    }

    fn fault(&mut self, what: String) {
        self.say(&what);
        self.identical = false;
        self.fault.get_or_insert(what);
    }

    fn same_grids(&mut self, a: &ResultFile, b: &ResultFile) -> bool {
        if a.precision != b.precision {
            self.say(&format!("precision: {} and {}", a.precision, b.precision));
            self.identical = false;
        }
        if a.grid != b.grid {
            let words = [a, b].map(|file| {
                let [nx, ny] = file.grid.cells;
                let [width, height] = file.grid.size.map(short);
                let [x, y] = file.grid.origin.map(short);
                format!("{nx} x {ny} cells over {width} m x {height} m from ({x}, {y}) m")
            });
            self.fault(format!("the grids differ: {} and {}", words[0], words[1]));
        }
        a.grid == b.grid
    }

    fn frames(&mut self, a: &ResultFile, b: &ResultFile, pairs: &[Pair]) -> Result<(), Error> {
        let mut alone = [0; 2];
        for pair in pairs {
            match *pair {
                Pair::Both(i, j) => self.frame(a, b, [i, j])?,
                Pair::First(i) => {
                    alone[0] += 1;
                    self.say(&format!("t = {} s  only in the first", short(a.times[i])));
                }
                Pair::Second(j) => {
                    alone[1] += 1;
                    self.say(&format!("t = {} s  only in the second", short(b.times[j])));
                }
            }
        }
        if alone != [0; 2] {
            let [first, second] = alone.map(|number| count(number, "frame"));
            self.fault(format!(
                "the times differ: {first} only in the first, {second} only in the second"
            ));
        }
        if !pairs.iter().any(|pair| matches!(pair, Pair::Both(..))) {
            self.fault("there is no frame to compare".to_owned());
        }
        Ok(())
    }

    fn frame(&mut self, a: &ResultFile, b: &ResultFile, frames: [usize; 2]) -> Result<(), Error> {
        let [i, j] = frames;
        let mut difference = Difference::default();
        for rows in a.slabs() {
            difference.add(&a.read_rows(i, rows.clone())?, &b.read_rows(j, rows)?);
        }
        let [t, other] = [a.times[i], b.times[j]];
        let time = format!("t = {} s", short(t));
        if !same_time(t, other) {
            self.fault(format!(
                "{time} in the first, {} s in the second",
                short(other)
            ));
        }
        self.identical &= difference.identical && t.to_bits() == other.to_bits();
        self.worst = self.worst.max(difference.max);
        if difference.identical {
            self.say(&format!("{time}  identical"));
        } else if difference.max == 0.0 {
            self.say(&format!(
                "{time}  equal, but not in all bits (zeros of both signs)"
            ));
        } else {
            self.say(&format!("{time}  {}", in_words(&difference, a)));
        }
        Ok(())
    }

    fn conclude(&mut self, tolerance: f64) -> Result<(), Error> {
        if self.identical {
            self.say("identical");
            return Ok(());
        }
        if let Some(fault) = &self.fault {
            return Err(Error::new(Kind::Differs, fault));
        }
        let worst = short(self.worst);
        if self.worst > tolerance {
            let message = format!(
                "the results differ by up to {worst} K, of which {} K are allowed",
                short(tolerance)
            );
            return Err(Error::new(Kind::Differs, message));
        }
        self.say(&format!("equal within {worst} K"));
        Ok(())
    }
}

fn in_words(difference: &Difference, file: &ResultFile) -> String {
    let nx = file.grid.cells[0];
    let [i, j] = [difference.at % nx, difference.at / nx];
    let [x, y] = file.grid.center(signed(i), signed(j)).map(short);
    let [max, l2] = difference.relative();
    format!(
        "max {:.3e} K ({max:.1e}) in cell ({i}, {j}) at x = {x} m, y = {y} m; L2 {:.3e} K ({l2:.1e}); \
         {} of {} cells",
        difference.max,
        difference.l2(),
        difference.apart,
        file.grid.cell_count(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_paired_by_their_times() {
        use Pair::{Both, First, Second};
        let found = pairs(&[0.0, 0.1, 0.3, 3.0 * 0.3], &[0.0, 0.2, 0.9, 1.0]);
        let expected = [
            Both(0, 0),
            First(1),
            Second(1),
            First(2),
            Both(3, 2),
            Second(3),
        ];
        assert_eq!(found, expected);
        assert_eq!(pairs(&[], &[]), []);
    }
}
