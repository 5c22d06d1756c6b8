//! What a config file may hold. Every key is described here and nowhere else: the JSON
//! schema and the comments of the starter configs come from these doc comments.

mod checkpoint;
mod files;
mod output;
mod scale;
mod solver;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    case::{Density, Precision},
    quantity::{Auto, Conductivity, Length, Quantity, Start},
    wall_time::WallTime,
};
use crate::physics::FaceMean;

pub use checkpoint::Checkpoint;
pub use files::{Fields, Plot, Stored};
pub use output::{Output, Probe, Rectangle};
pub use scale::Scale;
pub use solver::Solver;

/// A number, or an expression in x and y.
pub type OfPlace = Quantity<false>;
/// A number, or an expression in x, y and t.
pub type OfPlaceAndTime = Quantity<true>;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the case is about, for plots and reports; the name of the file if absent.
    pub title: Option<String>,
    /// The rectangle and its cells. All units are SI; a dimensionless problem leaves them 1.
    pub domain: Domain,
    /// The background material.
    pub material: Material,
    /// Parts of the rectangle with properties of their own; later regions win, and a property
    /// left out stays what it is below the region.
    #[serde(default, rename = "region", skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
    /// The state at time 0.
    pub initial: Initial,
    /// What holds on each side; a side left out is insulated. One of
    /// `{ temperature = K }`,
    /// `{ flux = W/m^2 }` (inward),
    /// `{ convection = { coefficient = W/(m^2 K), ambient = K } }`,
    /// with numbers or expressions in x, y and t; or
    /// `"periodic"`, together with the opposite side.
    #[serde(default)]
    pub boundary: Boundary,
    /// The time span and its steps.
    pub time: Time,
    /// How linear systems are solved, for schemes that have any: all but `"explicit"` and
    /// `"rkl2"`.
    pub solver: Option<Solver>,
    /// How the work is divided; the results are the same bits for every choice but precision.
    #[serde(default)]
    pub parallel: Parallel,
    /// What is written.
    #[serde(default)]
    pub output: Output,
    /// The summaries of the benchmark `TeaLeaf`, for cases that come from its decks: Volume, Mass, Energy and U,
    /// on the terminal and in `report.json`; none if absent.
    pub tealeaf: Option<TeaLeaf>,
    /// What `isotherm scale` runs; no other command reads it.
    pub scale: Option<Scale>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Extent in x and y, in metres.
    pub size: [f64; 2],
    /// Number of cells in x and y.
    pub cells: [usize; 2],
    /// The corner of low x and low y, in metres.
    #[serde(default)]
    pub origin: [f64; 2],
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Thermal conductivity in W/(m K): a number, an expression in x and y, or [kx, ky].
    pub conductivity: Conductivity,
    /// Volumetric heat capacity (density times specific heat) in J/(m^3 K): a number or an
    /// expression in x and y.
    pub heat_capacity: OfPlace,
    /// Heat source in W/m^3: a number or an expression in x, y and t; none if absent.
    pub source: Option<OfPlaceAndTime>,
    /// The conductivity between two cells: their harmonic mean, exact where materials meet, or
    /// their arithmetic one.
    #[serde(default)]
    pub face_mean: FaceMean,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// A name of its own, for messages and reports.
    pub name: String,
    /// Lengths in metres; one of
    /// `{ rectangle = { min = [x, y], max = [x, y] } }`,
    /// `{ circle = { center = [x, y], radius = r } }`,
    /// `{ polygon = { points = [[x, y], ...] } }`,
    /// `{ image = { file = "mask.png", min = [x, y], max = [x, y] } }` (its dark pixels),
    /// `{ expression = "in x and y" }` (where it is positive).
    pub shape: Shape,
    /// As in the material.
    pub conductivity: Option<Conductivity>,
    /// As in the material.
    pub heat_capacity: Option<OfPlace>,
    /// As in the material.
    pub source: Option<OfPlaceAndTime>,
    /// Initial temperature in K: a number or an expression in x and y.
    pub temperature: Option<OfPlace>,
}

impl Region {
    pub fn sets_nothing(&self) -> bool {
        self.conductivity.is_none()
            && self.heat_capacity.is_none()
            && self.source.is_none()
            && self.temperature.is_none()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Shape {
    Rectangle {
        /// The corner of low x and low y, in metres.
        min: [f64; 2],
        /// The corner of high x and high y, in metres.
        max: [f64; 2],
    },
    Circle {
        /// In metres.
        center: [f64; 2],
        /// In metres.
        radius: f64,
    },
    Polygon {
        /// Corners [x, y] in metres, at least three; the last is joined to the first.
        points: Vec<[f64; 2]>,
    },
    /// The dark pixels of a PNG stretched over a rectangle.
    Image {
        /// A PNG, relative to the config file.
        file: PathBuf,
        /// Where the picture's lower left corner lies, in metres.
        min: [f64; 2],
        /// Where the picture's upper right corner lies, in metres.
        max: [f64; 2],
    },
    /// An expression in x and y that is positive inside.
    Expression(String),
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Initial {
    /// Temperature in K: a number, an expression in x and y, or
    /// `{ file = "fields.vtkhdf", dataset = "/path" }` of an HDF5 file.
    pub temperature: Start,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Boundary {
    /// Low x.
    pub left: Wall,
    /// High x.
    pub right: Wall,
    /// Low y.
    pub bottom: Wall,
    /// High y.
    pub top: Wall,
}

impl Default for Boundary {
    fn default() -> Self {
        let insulated = || Wall::Flux(Quantity::Number(0.0));
        Self {
            left: insulated(),
            right: insulated(),
            bottom: insulated(),
            top: insulated(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Wall {
    /// Temperature of the wall in K.
    Temperature(OfPlaceAndTime),
    /// Inward heat flux in W/m^2.
    Flux(OfPlaceAndTime),
    /// Inward heat flux of coefficient * (ambient - temperature of the wall).
    Convection {
        /// In W/(m^2 K).
        coefficient: OfPlaceAndTime,
        /// In K.
        ambient: OfPlaceAndTime,
    },
    /// The opposite side is the neighbour.
    Periodic,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// How time is stepped: `"explicit"`; `"rkl2"` (second order in time), s stages a step, which may be
    /// (s^2 + s - 2)/4 times as long as an explicit one, with as many stages as the given step needs;
    /// with a linear system to solve in each step, stable for any step, `"backward-euler"`
    /// (first order in time, never a new extreme), `"crank-nicolson"` (second order), `"theta"` (between these
    /// two) or `"tr-bdf2"` (second order, two systems a step, and what is fast dies out); or
    /// `"steady"`: not at all, the state in which nothing changes any more, found from the initial
    /// one. Its results count time as 0 before and 1 after; its heats are those of one second.
    #[serde(default)]
    pub scheme: Scheme,
    /// The simulated time at which the run ends, in seconds; not for `"steady"`.
    pub end: Option<f64>,
    /// `"auto"`, or seconds; an explicit step above the stability limit is refused. The automatic
    /// step is a fraction of that limit, and at most a thousandth of the time span where sources
    /// or sides change with time; there is none for other schemes than `"explicit"`. With `"tr-bdf2"` also
    /// `{ tolerance = K }`: steps as long as the error that each adds to any cell, by an estimate, stays
    /// below; all errors together may be larger. The first step is one of the explicit scheme.
    pub step: Option<Auto<Length>>,
    /// The fraction of the stability limit that `step = "auto"` takes, above 0 and up to 1;
    /// 0.9 if absent.
    pub safety: Option<f64>,
    /// For `scheme = "theta"`, the weight of a step's end against its beginning, from 0.5
    /// (Crank-Nicolson) to 1 (backward Euler).
    pub theta: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Forward Euler.
    #[default]
    Explicit,
    /// Runge-Kutta-Legendre stages, as many as keep the step stable.
    Rkl2,
    /// The end of a step counts.
    BackwardEuler,
    /// The end of a step and its beginning count alike.
    CrankNicolson,
    /// The end of a step counts by `theta`.
    Theta,
    /// The trapezoidal rule, then backward differences.
    TrBdf2,
    /// No time.
    Steady,
}

impl Scheme {
    /// As a user writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Rkl2 => "rkl2",
            Self::BackwardEuler => "backward-euler",
            Self::CrankNicolson => "crank-nicolson",
            Self::Theta => "theta",
            Self::TrBdf2 => "tr-bdf2",
            Self::Steady => "steady",
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parallel {
    /// `"auto"`, or the number of ranks along x and along y.
    pub ranks: Auto<[usize; 2]>,
    /// Threads per rank: `"auto"` or a number.
    pub threads: Auto<usize>,
    /// The numbers of the field: `"f64"`, or `"f32"` for half the memory traffic. At 300 K an f32
    /// does not feel a change of less than 1.5e-5 K in a step; a run says so if heat got lost.
    /// `"mixed"`: the field is `f64`, and multigrid's cycles, which mend what is left, are `f32`: the
    /// solution is as accurate, sooner.
    pub precision: Precision,
    /// Explicit time steps, or stages of `"rkl2"`, fused between two halo exchanges: a number from 1 to 64, which
    /// is also the width of the halo in cells, or `"auto"`, the fastest of several that are tried in the
    /// first steps. The results do not depend on it.
    pub halo_depth: Auto<usize>,
    /// Columns of the tiles in which several explicit steps or stages are taken in cache, at least 16;
    /// `"auto"` as above.
    pub tile_columns: Auto<usize>,
    /// Whether cells that need no message are computed while messages fly; `"auto"` as above.
    pub overlap: Auto<bool>,
    /// For so long a rank may do nothing, neither compute a step nor hear from another: then it is named, with
    /// what it was about, and the run is ended with status 70. A time on the wall, `"10m"` if absent; with
    /// `"1000d"` nothing is watched.
    pub watchdog: Option<WallTime>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TeaLeaf {
    /// How the density of a cell, which the summaries weigh with, follows from its conductivity (along
    /// x): `"1/conductivity"` or `"conductivity"`.
    pub density: Density,
    /// Steps between two summaries; with 0, there is one at the start and one at the end.
    pub summary_frequency: u64,
}

impl Default for TeaLeaf {
    fn default() -> Self {
        Self {
            density: Density::default(),
            summary_frequency: 10,
        }
    }
}
