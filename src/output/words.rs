//! Numbers for people.

/// A number with at most seven digits.
#[must_use]
pub fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.6e}").parse().unwrap_or(number);
    if rounded == 0.0 || (1e-4..1e7).contains(&rounded.abs()) {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    }
}

/// A size in bytes.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_close() {
        let cases = [
            (0.1 + 0.2, "0.3"),
            (512.0 * (0.04 / 512.0), "0.04"),
            (1.0 / 3.0, "0.3333333"),
            (7.8125e-5, "7.8125e-5"),
            (-123_456_789.0, "-1.234568e8"),
            (1e6, "1000000"),
            (2e20, "2e20"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
        ];
        for (number, text) in cases {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn sizes_have_handy_units() {
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(3 << 30), "3.0 GiB");
    }
}
