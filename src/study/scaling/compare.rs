//! What got slower from one study to the next.

use std::fmt::{self, Display, Formatter};

use super::{Layout, Point, Spread, Study, mann_whitney, table::four_digits};

/// How likely a comparison may call something slower that is not, over all its points together.
const SIGNIFICANCE: f64 = 0.05;

/// What became of one layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    pub layout: Layout,
    /// Median seconds of both studies.
    pub seconds: [f64; 2],
    /// Of the test of Mann and Whitney that it did not get slower, and that it did not get faster.
    pub p: [f64; 2],
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Slower,
    Faster,
    /// No more than noise.
    Same,
    /// So few repetitions that no difference would be told from noise.
    TooFew,
}

/// The layouts that two studies have in common, with what became of their times. Each is tested at
/// a level of 5 % over the number of layouts (Bonferroni), so that one comparison in twenty at most calls
/// something slower that is not.
///
/// # Errors
/// A message, if the studies are not of the same work.
pub fn compare(old: &Study, new: &Study) -> Result<Vec<Change>, String> {
    if old.kind != new.kind {
        return Err(format!("one study is {}, the other {}", old.kind, new.kind));
    }
    let other = |point: &Point| new.points.iter().find(|other| other.layout == point.layout);
    let pairs: Vec<_> = old
        .points
        .iter()
        .filter_map(|point| Some((point, other(point)?)))
        .collect();
    if pairs.is_empty() {
        return Err("the studies have no ranks and threads in common".to_owned());
    }
    if let Some((a, b)) = pairs
        .iter()
        .find(|(a, b)| (a.cells, a.steps) != (b.cells, b.steps))
    {
        let work = |point: &Point| {
            let [nx, ny] = point.cells;
            format!("{} steps of {nx} x {ny} cells", point.steps)
        };
        let layout = a.layout;
        return Err(format!(
            "on {layout} one took {}, the other {}",
            work(a),
            work(b)
        ));
    }
    #[expect(clippy::cast_precision_loss, reason = "layouts are few")]
    let level = SIGNIFICANCE / pairs.len() as f64;
    Ok(pairs
        .into_iter()
        .map(|(old, new)| change(old, new, level))
        .collect())
}

fn change(old: &Point, new: &Point, level: f64) -> Change {
    let slower = mann_whitney(&old.seconds, &new.seconds);
    let faster = mann_whitney(&new.seconds, &old.seconds);
    // Were all of the one above all of the other.
    let [low, high] = [(&old.seconds, 0.0), (&new.seconds, 1.0)]
        .map(|(seconds, height)| vec![height; seconds.len()]);
    let verdict = if mann_whitney(&low, &high) > level {
        Verdict::TooFew
    } else if slower <= level {
        Verdict::Slower
    } else if faster <= level {
        Verdict::Faster
    } else {
        Verdict::Same
    };
    Change {
        layout: old.layout,
        seconds: [old, new].map(|point| Spread::of(&point.seconds).median),
        p: [slower, faster],
        verdict,
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * (self.seconds[1] / self.seconds[0] - 1.0);
        let [old, new] = self.seconds.map(four_digits);
        let layout = self.layout.to_string();
        let verdict = match self.verdict {
            Verdict::Slower => "SLOWER",
            Verdict::Faster => "faster",
            Verdict::Same => "no change beyond noise",
            Verdict::TooFew => "too few repetitions to tell",
        };
        let p = self.p[0].min(self.p[1]);
        write!(
            f,
            "{layout:>9}  {old} s  {new} s  {percent:+6.1} %  p = {p:.4}  {verdict}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::scaling::{Kind, tests::run};

    /// Five rounds on one and two ranks, whose times the factors change.
    fn study(factors: [f64; 2], rounds: usize) -> Study {
        let noise = [1.0, 1.02, 0.99, 1.01, 0.98];
        let runs: Vec<_> = (0..rounds)
            .flat_map(|round| {
                let [one, two] = factors.map(|factor| factor * noise[round]);
                [
                    run(1, 1, round + 1, 8.0 * one),
                    run(2, 1, round + 1, 4.0 * two),
                ]
            })
            .collect();
        Study::of(Kind::Strong, "A case", &runs, None).unwrap()
    }

    fn verdicts(old: &Study, new: &Study) -> Vec<Verdict> {
        let changes = compare(old, new).unwrap();
        changes.iter().map(|change| change.verdict).collect()
    }

    #[test]
    fn what_got_slower_is_told_from_noise() {
        let old = study([1.0, 1.0], 5);
        assert_eq!(verdicts(&old, &old), [Verdict::Same; 2]);
        // Within the noise of 2 %, and beyond it.
        let new = study([1.005, 1.1], 5);
        assert_eq!(verdicts(&old, &new), [Verdict::Same, Verdict::Slower]);
        assert_eq!(verdicts(&new, &old), [Verdict::Same, Verdict::Faster]);
        let few = study([2.0, 2.0], 3);
        assert_eq!(verdicts(&study([1.0, 1.0], 3), &few), [Verdict::TooFew; 2]);
        let words = compare(&old, &new).unwrap()[1].to_string();
        assert_eq!(
            words,
            "    2 x 1  4.000 s  4.400 s   +10.0 %  p = 0.0040  SLOWER"
        );
    }

    #[test]
    fn studies_of_other_work_are_not_compared() {
        let old = study([1.0, 1.0], 5);
        let mut other = old.clone();
        other.points[1].steps += 1;
        let message = compare(&old, &other).unwrap_err();
        assert!(
            message.contains("50 steps of 100 x 10 cells, the other 51"),
            "{message}"
        );
        let weak = Study {
            kind: Kind::Weak,
            ..old.clone()
        };
        assert!(
            compare(&old, &weak)
                .unwrap_err()
                .contains("one study is strong")
        );
        let none = Study {
            points: Vec::new(),
            ..old.clone()
        };
        assert!(compare(&old, &none).unwrap_err().contains("in common"));
    }
}
