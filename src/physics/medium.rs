//! The medium: background, regions, walls and initial state of a case.

use std::path::PathBuf;

use super::{Shape, Value};

/// Conductivity along x and along y, in W/(m K).
#[derive(Debug, Clone)]
pub struct Conductivity(pub [Value; 2]);

/// What fills the rectangle: a background and regions over it, of which later ones win.
#[derive(Debug, Clone)]
pub struct Medium {
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
