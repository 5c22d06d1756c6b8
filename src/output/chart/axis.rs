//! Axes of charts.

use crate::output::ticks::{Ticks, ticks};

/// On a logarithmic axis over more, not all round numbers find room.
const FEW_DECADES: f64 = 3.0;

/// Ticks of a linear axis, about.
const TICKS: usize = 8;

/// Names that find room beside each other.
const MOST_NAMES: usize = 10;

/// How numbers are laid out along the axes of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// Linear from 0 on, for numbers that are not negative.
    FromZero,
    /// For positive numbers.
    Logarithmic,
    /// Logarithmic, with powers of two for round numbers.
    Doubling,
    /// Places 0, 1, 2, ... with names.
    Named(Vec<String>),
}

impl Scale {
    fn of(&self, number: f64) -> f64 {
        match self {
            Self::Linear | Self::FromZero | Self::Named(_) => number,
            Self::Logarithmic => number.log10(),
            Self::Doubling => number.log2(),
        }
    }
}

/// An axis that is some pixels long.
pub struct Axis {
    scale: Scale,
    /// What its ends are: numbers, or their logarithms.
    low: f64,
    high: f64,
    length: usize,
}

impl Axis {
    /// An axis on which the numbers of a range keep some distance from the ends.
    pub fn around(scale: &Scale, [low, high]: [f64; 2], length: usize) -> Self {
        let [low, high] = [low, high].map(|end| scale.of(end));
        let room = match scale {
            Scale::Logarithmic | Scale::Doubling => 0.05 * (high - low).max(1.0),
            // Of numbers that are all the same, the axis shows some around them.
            Scale::Linear if low == high => 0.05 * 1f64.max(1e-6 * low.abs()),
            Scale::Linear => 0.05 * (high - low),
            Scale::FromZero if high <= 0.0 => 1.0,
            Scale::FromZero => 0.05 * high,
            Scale::Named(_) => 0.5,
        };
        let (low, high) = match scale {
            Scale::FromZero => (0.0, high + room),
            Scale::Named(names) => (-room, pixels(names.len()) - room),
            _ => (low - room, high + room),
        };
        Self {
            scale: scale.clone(),
            low,
            high,
            length,
        }
    }

    /// Where a number stands, in pixels from the low end.
    pub fn pixel(&self, number: f64) -> f64 {
        (self.scale.of(number) - self.low) / (self.high - self.low) * pixels(self.length - 1)
    }

    /// Round numbers on the axis: pixels from its low end, and labels.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "pixels are few; what is on the axis is not negative"
    )]
    pub fn ticks(&self) -> Vec<(usize, String)> {
        let Ticks { at, labels } = match &self.scale {
            Scale::Linear | Scale::FromZero => ticks(self.low, self.high, TICKS),
            Scale::Logarithmic => self.powers(),
            Scale::Doubling => self.doublings(),
            Scale::Named(names) => places(names),
        };
        let pixel = |number| self.pixel(number).round() as usize;
        at.into_iter().map(pixel).zip(labels).collect()
    }

    /// The numbers 1, 2 and 5 of each power of ten, or 1 alone where there are many.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "exponents are small"
    )]
    fn powers(&self) -> Ticks {
        let decades = self.low.floor() as i32..=self.high.floor() as i32;
        let digits: &[u8] = if self.high - self.low > FEW_DECADES {
            &[1]
        } else {
            &[1, 2, 5]
        };
        let numbers = decades.flat_map(|decade| {
            let number = move |&digit: &u8| f64::from(digit) * 10f64.powi(decade);
            digits.iter().map(move |digit| {
                let label = match decade {
                    ..=-4 => format!("{digit}e{decade}"),
                    _ => format!("{:.*}", (-decade).max(0) as usize, number(digit)),
                };
                (number(digit), label)
            })
        });
        let on_axis = |number: f64| (self.low..=self.high).contains(&number.log10());
        let (at, labels) = numbers.filter(|(number, _)| on_axis(*number)).unzip();
        Ticks { at, labels }
    }

    /// The powers of two on the axis, or some of them.
    #[expect(clippy::cast_possible_truncation, reason = "exponents are small")]
    fn doublings(&self) -> Ticks {
        let exponents = self.low.ceil() as i32..=self.high.floor() as i32;
        let every = exponents.clone().count().div_ceil(MOST_NAMES).max(1);
        let numbers = exponents.step_by(every).map(|power| 2f64.powi(power));
        let (at, labels) = numbers.map(|number| (number, number.to_string())).unzip();
        Ticks { at, labels }
    }
}

/// Names where they belong, or as many of them as find room.
fn places(names: &[String]) -> Ticks {
    let every = names.len().div_ceil(MOST_NAMES).max(1);
    let named = names.iter().enumerate().step_by(every);
    let (at, labels) = named
        .map(|(place, name)| (pixels(place), name.clone()))
        .unzip();
    Ticks { at, labels }
}

#[expect(clippy::cast_precision_loss, reason = "pixels are few")]
pub fn pixels(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_where_they_belong() {
        let axis = Axis::around(&Scale::Logarithmic, [0.03, 3.0], 1001);
        let ticks = axis.ticks();
        let labels: Vec<_> = ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["0.05", "0.1", "0.2", "0.5", "1", "2"]);
        let distance = |a: usize, b: usize| ticks[b].0 - ticks[a].0;
        assert!(distance(1, 4).abs_diff(1000 * 10 / 22) <= 1);
        assert!(distance(0, 1).abs_diff(distance(3, 4)) <= 1);
        let ticks = Axis::around(&Scale::Logarithmic, [2e-6, 0.2], 1001).ticks();
        let labels: Vec<_> = ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["1e-5", "1e-4", "0.001", "0.01", "0.1"]);
    }

    #[test]
    fn doublings_and_names_stand_where_they_belong() {
        let axis = Axis::around(&Scale::Doubling, [1.0, 16.0], 1101);
        let (pixels, labels): (Vec<_>, Vec<_>) = axis.ticks().into_iter().unzip();
        assert_eq!(labels, ["1", "2", "4", "8", "16"]);
        assert_eq!(pixels, [50, 300, 550, 800, 1050]);
        let names: Vec<_> = (0..25).map(|name| name.to_string()).collect();
        let axis = Axis::around(&Scale::Named(names), [0.0, 24.0], 1001);
        let (pixels, labels): (Vec<_>, Vec<_>) = axis.ticks().into_iter().unzip();
        assert_eq!(labels, ["0", "3", "6", "9", "12", "15", "18", "21", "24"]);
        assert_eq!(pixels[..3], [20, 140, 260]);
        let axis = Axis::around(&Scale::FromZero, [3.0, 10.0], 1051);
        assert_eq!([0.0, 10.5].map(|number| axis.pixel(number)), [0.0, 1050.0]);
    }

    #[test]
    fn linear_axes_are_even() {
        let axis = Axis::around(&Scale::Linear, [-10.0, 10.0], 1101);
        assert_eq!(
            [-11.0, 0.0, 5.5].map(|number| axis.pixel(number)),
            [0.0, 550.0, 825.0]
        );
        let ticks = axis.ticks();
        assert_eq!(ticks[0], (50, "-10".to_owned()));
        assert_eq!(ticks.len(), 5);
        let flat = Axis::around(&Scale::Linear, [300.0, 300.0], 1001);
        assert_eq!(flat.pixel(300.0), 500.0);
    }
}
