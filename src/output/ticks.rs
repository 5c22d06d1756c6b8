//! Round numbers along an axis, and how to write them.

/// Round numbers within a range, evenly spaced, and their labels.
pub struct Ticks {
    pub at: Vec<f64>,
    pub labels: Vec<String>,
}

/// Up to about `count` ticks in `[low, high]`, which must not be empty.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "few ticks, and exponents of floating-point numbers"
)]
pub fn ticks(low: f64, high: f64, count: usize) -> Ticks {
    let rough = (high - low) / count as f64;
    let exponent = rough.log10().floor() as i32;
    let power = 10f64.powi(exponent);
    let step = [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * (1.0 - 1e-9))
        .unwrap_or(10.0 * power);
    // A range too narrow for round numbers, or for numbers at all, is told by its ends.
    if !(step > 0.0 && step.is_finite() && (high - low) / step < 100.0) {
        let at = vec![low, high];
        let labels = at.iter().map(|value| format!("{value:e}")).collect();
        return Ticks { at, labels };
    }
    // Round-off must not lose a tick at an end.
    let first = (low / step - 1e-6).ceil();
    let last = (high / step + 1e-6).floor();
    let at: Vec<f64> = (0..=(last - first).max(0.0) as usize)
        .map(|k| (first + k as f64) * step)
        .collect();
    let largest = low.abs().max(high.abs());
    let plain = largest < 1e7 && step > 1e-5;
    let digits = |of: f64| of.log10().floor() as i32;
    let label = |value: f64| {
        // Adding zero takes the sign off a negative one.
        let value = value + 0.0;
        if plain {
            let decimals = (-digits(step * (1.0 + 1e-9))).max(0) as usize;
            format!("{value:.decimals$}")
        } else {
            let decimals = (digits(largest) - digits(step * (1.0 + 1e-9))).clamp(0, 15) as usize;
            format!("{value:.decimals$e}")
        }
    };
    let labels = at.iter().map(|&value| label(value)).collect();
    Ticks { at, labels }
}

/// The unit of length in which `largest` metres is a handy number: its name and metres.
pub fn length_unit(largest: f64) -> (&'static str, f64) {
    let units = [("km", 1e3), ("m", 1.0), ("mm", 1e-3), ("µm", 1e-6)];
    // A kilometre and a few are still metres.
    let fits = |unit: f64| {
        largest
            >= if unit > 1.0 {
                10.0 * unit
            } else {
                0.999 * unit
            }
    };
    *units
        .iter()
        .find(|(_, metres)| fits(*metres))
        .unwrap_or(&("nm", 1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let labels = |low, high, count| ticks(low, high, count).labels;
        assert_eq!(
            labels(0.0, 1.0, 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(295.3, 351.2, 6),
            ["300", "310", "320", "330", "340", "350"]
        );
        assert_eq!(labels(-0.1, 0.1, 2), ["-0.1", "0.0", "0.1"]);
        assert_eq!(labels(0.0, 2e8, 2), ["0e0", "1e8", "2e8"]);
        assert_eq!(labels(0.0, 3e-7, 3), ["0e0", "1e-7", "2e-7", "3e-7"]);
        assert_eq!(
            labels(300.0, 300.003, 3),
            ["300.000", "300.001", "300.002", "300.003"]
        );
    }

    #[test]
    fn lengths_are_handy() {
        assert_eq!(length_unit(0.04).0, "mm");
        assert_eq!(length_unit(1.0).0, "m");
        assert_eq!(length_unit(2500.0).0, "m");
        assert_eq!(length_unit(25e3).0, "km");
        assert_eq!(length_unit(3e-5).0, "µm");
        assert_eq!(length_unit(3e-9).0, "nm");
    }
}
