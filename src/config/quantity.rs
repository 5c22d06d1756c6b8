//! Config values that take one of several forms, with type errors in words.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IntoDeserializer, MapAccess, SeqAccess, Visitor, value},
};

use crate::physics::expression::Variable;

/// A number, or an expression in x and y and, if `TIME`, t.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(description = "A number or an expression.")]
pub enum Quantity<const TIME: bool> {
    Number(f64),
    Expression(String),
}

impl<const TIME: bool> Quantity<TIME> {
    /// What an expression may use.
    pub const VARIABLES: &[Variable] = if TIME {
        &[Variable::X, Variable::Y, Variable::T]
    } else {
        &[Variable::X, Variable::Y]
    };
}

impl<'de, const TIME: bool> Deserialize<'de> for Quantity<TIME> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor::<TIME>)
    }
}

struct QuantityVisitor<const TIME: bool>;

impl<const TIME: bool> Visitor<'_> for QuantityVisitor<TIME> {
    type Value = Quantity<TIME>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if TIME {
            "a number or an expression in x, y and t"
        } else {
            "a number or an expression in x and y"
        })
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Quantity::Number(real(number)))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Quantity::Number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Quantity::Expression(text.to_owned()))
    }
}

/// Conductivity, the same in both directions or not.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Conductivity {
    Isotropic(Quantity<false>),
    Orthotropic([Quantity<false>; 2]),
}

impl<'de> Deserialize<'de> for Conductivity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ConductivityVisitor)
    }
}

struct ConductivityVisitor;

impl<'de> Visitor<'de> for ConductivityVisitor {
    type Value = Conductivity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, an expression in x and y, or [kx, ky]")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_f64(real(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Conductivity::Isotropic(Quantity::Number(number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Conductivity::Isotropic(Quantity::Expression(
            text.to_owned(),
        )))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Deserialize::deserialize(value::SeqAccessDeserializer::new(seq))
            .map(Conductivity::Orthotropic)
    }
}

/// The initial temperature.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Start {
    Value(Quantity<false>),
    File(StartFile),
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartFile {
    /// An HDF5 file, relative to the config file.
    pub file: PathBuf,
    /// A dataset of shape (y, x), or (time, y, x) of which the last time is taken.
    #[serde(default = "result_dataset")]
    pub dataset: String,
}

/// Where the result files of isotherm hold the temperature.
fn result_dataset() -> String {
    "/VTKHDF/CellData/temperature".to_owned()
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StartVisitor)
    }
}

struct StartVisitor;

impl<'de> Visitor<'de> for StartVisitor {
    type Value = Start;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, an expression in x and y, or { file, dataset }")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_f64(real(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Start::Value(Quantity::Number(number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Start::Value(Quantity::Expression(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        StartFile::deserialize(value::MapAccessDeserializer::new(map)).map(Start::File)
    }
}

/// Chosen by the program, or given.
#[derive(Debug, Clone, Copy, Default)]
pub enum Auto<T> {
    #[default]
    Auto,
    Given(T),
}

/// What an [`Auto`] expects besides `"auto"`.
trait Form {
    const WORDS: &str;
}

impl Form for bool {
    const WORDS: &str = "true or false";
}

impl Form for f64 {
    const WORDS: &str = "a number";
}

impl Form for usize {
    const WORDS: &str = "a whole number";
}

impl Form for [usize; 2] {
    const WORDS: &str = "two whole numbers";
}

impl Form for Vec<usize> {
    const WORDS: &str = "an array of whole numbers";
}

/// The length of steps: seconds, or what follows from an error.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Length {
    Seconds(f64),
    Within(Within),
}

/// Steps as long as their error allows.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// In K: the largest error of any cell that a step may add.
    pub tolerance: f64,
}

impl Form for Length {
    const WORDS: &str = "a number or { tolerance }";
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LengthVisitor;

        impl<'de> Visitor<'de> for LengthVisitor {
            type Value = Length;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "\"auto\" or {}", Length::WORDS)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Length, E> {
                Ok(Length::Seconds(real(number)))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Length, E> {
                Ok(Length::Seconds(number))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Length, A::Error> {
                let map = value::MapAccessDeserializer::new(map);
                Within::deserialize(map).map(Length::Within)
            }
        }

        deserializer.deserialize_any(LengthVisitor)
    }
}

impl<T: Serialize> Serialize for Auto<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Given(value) => value.serialize(serializer),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Auto<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Auto_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{ "const": "auto" }, generator.subschema_for::<T>()]
        })
    }
}

impl<'de, T: Form + Deserialize<'de>> Deserialize<'de> for Auto<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AutoVisitor(std::marker::PhantomData))
    }
}

struct AutoVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Form + Deserialize<'de>> Visitor<'de> for AutoVisitor<T> {
    type Value = Auto<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"auto\" or {}", T::WORDS)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        let read = T::deserialize(value.into_deserializer()).map(Auto::Given);
        read.map_err(|_: E| E::invalid_type(de::Unexpected::Bool(value), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        T::deserialize(number.into_deserializer()).map(Auto::Given)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        T::deserialize(number.into_deserializer()).map(Auto::Given)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text == "auto" {
            Ok(Auto::Auto)
        } else {
            Err(E::invalid_type(de::Unexpected::Str(text), &self))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        T::deserialize(value::SeqAccessDeserializer::new(seq)).map(Auto::Given)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(value::MapAccessDeserializer::new(map)).map(Auto::Given)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a config's whole number means the nearest real number"
)]
fn real(number: i64) -> f64 {
    number as f64
}
