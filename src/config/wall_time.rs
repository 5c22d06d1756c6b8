//! Lengths of time on the wall, as people write them.

use std::{fmt, str::FromStr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What is expected, for messages.
const EXPECTED: &str = "a time such as \"90s\", \"10m\" or \"1h30m\", in d, h, m and s";

/// Seconds of the units, the longest first.
const UNITS: [(char, u64); 4] = [('d', 86400), ('h', 3600), ('m', 60), ('s', 1)];

/// A length of time on the wall, as in `"1h30m"`: whole numbers of days, hours, minutes and seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallTime(pub Duration);

impl FromStr for WallTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || format!("expected {EXPECTED}");
        let mut seconds = 0_u64;
        let mut rest = text;
        for (unit, length) in UNITS {
            if let Some((count, after)) = rest.split_once(unit) {
                let count: u64 = count.parse().map_err(|_| unreadable())?;
                seconds = count
                    .checked_mul(length)
                    .and_then(|more| seconds.checked_add(more))
                    .ok_or_else(unreadable)?;
                rest = after;
            }
        }
        if !rest.is_empty() || seconds == 0 {
            return Err(unreadable());
        }
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_secs();
        for (unit, length) in UNITS {
            if left >= length {
                write!(f, "{}{unit}", left / length)?;
                left %= length;
            }
        }
        Ok(())
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = WallTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<WallTime, E> {
        text.parse()
            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for WallTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WallTime".into()
    }

    fn json_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
            "examples": ["10m"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("1h30m", 5400),
            ("2d1s", 172_801),
        ] {
            let time: WallTime = text.parse().unwrap();
            assert_eq!(time.0.as_secs(), seconds);
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        assert_eq!(WallTime(Duration::from_secs(90)).to_string(), "1m30s");
        for text in [
            "",
            "10",
            "m",
            "0s",
            "1m1h",
            "1.5h",
            "-1s",
            "1h 2m",
            "99999999999999999999d",
        ] {
            assert!(text.parse::<WallTime>().is_err(), "{text}");
        }
    }
}
