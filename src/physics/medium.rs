//! The medium: background, regions, walls and initial state of a case.

use std::path::PathBuf;

use super::{Shape, Value};

/// Conductivity along x and along y, in W/(m K).
#[derive(Debug, Clone)]
pub struct Conductivity(pub [Value; 2]);

/// How the conductivity of a face follows from those of its two cells.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FaceMean {
    /// Exact where materials meet on a face.
    #[default]
    Harmonic,
    Arithmetic,
}

impl FaceMean {
    /// The mean of two positive numbers; of equal ones exactly that number.
    #[must_use]
    pub fn of(self, [a, b]: [f64; 2]) -> f64 {
        match self {
            _ if a.to_bits() == b.to_bits() => a,
            Self::Harmonic => 2.0 / (1.0 / a + 1.0 / b),
            Self::Arithmetic => 0.5 * (a + b),
        }
    }
}

/// What fills the rectangle: a background and regions over it, of which later ones win.
#[derive(Debug, Clone)]
pub struct Medium {
    pub face_mean: FaceMean,
    pub conductivity: Conductivity,
    /// Volumetric heat capacity in J/(m^3 K).
    pub heat_capacity: Value,
    /// Heat source in W/m^3.
    pub source: Option<Value>,
    pub regions: Vec<Region>,
}

/// A part of the rectangle with properties of its own; a property that is `None`
/// stays what it is below the region.
#[derive(Debug, Clone)]
pub struct Region {
    pub name: String,
    pub shape: Shape,
    pub conductivity: Option<Conductivity>,
    pub heat_capacity: Option<Value>,
    pub source: Option<Value>,
    /// Initial temperature in K.
    pub temperature: Option<Value>,
}

/// The initial temperature, before the regions' own.
#[derive(Debug, Clone)]
pub enum Initial {
    Value(Value),
    /// A dataset of shape `(y, x)`, or `(time, y, x)` of which the last time is taken.
    File {
        file: PathBuf,
        dataset: String,
    },
}

/// What holds on one side of the rectangle.
#[derive(Debug, Clone)]
pub enum Wall {
    /// Prescribed temperature at the wall in K.
    Temperature(Value),
    /// Prescribed inward heat flux in W/m^2.
    Flux(Value),
    /// Convection: inward flux `coefficient * (ambient - u_wall)`, in W/(m^2 K) and K.
    Convection { coefficient: Value, ambient: Value },
    /// The opposite side is the neighbour.
    Periodic,
}

impl Wall {
    /// The numbers and expressions that make up the condition.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        let (first, second) = match self {
            Self::Temperature(value) | Self::Flux(value) => (Some(value), None),
            Self::Convection {
                coefficient,
                ambient,
            } => (Some(coefficient), Some(ambient)),
            Self::Periodic => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Whether what the condition makes of the temperature at the wall changes with time.
    #[must_use]
    pub fn coupling_uses_time(&self) -> bool {
        match self {
            Self::Convection { coefficient, .. } => coefficient.uses_time(),
            Self::Temperature(_) | Self::Flux(_) | Self::Periodic => false,
        }
    }
}
