//! A validated case: everything a run needs, and nothing that could still be wrong in itself.

use std::{path::PathBuf, time::Duration};

use crate::{
    grid::Grid,
    output::{Colormap, Extract, Io, Probe, Storage, When},
    physics::{Initial, Medium, Wall},
    simulation::Cadence,
    solver::{Smoother, Tolerance},
    study::scaling::Kind,
};

/// A validated case.
#[derive(Debug, Clone)]
pub struct Case {
    pub title: String,
    pub grid: Grid,
    pub medium: Medium,
    pub initial: Initial,
    /// In the order of [`crate::grid::Side::ALL`]; periodic only in pairs.
    pub walls: [Wall; 4],
    pub time: Time,
    /// For schemes that have linear systems to solve.
    pub solver: Option<Solver>,
    pub parallel: Parallel,
    pub output: Output,
    /// For cases with the summaries of the benchmark `TeaLeaf`.
    pub tealeaf: Option<TeaLeaf>,
    pub scale: Scale,
    /// The effective config as TOML, defaults and overrides filled in.
    pub effective: String,
}

/// The time span and its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Time {
    pub scheme: Scheme,
    /// Simulated seconds.
    pub end: f64,
    pub step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scheme {
    /// Forward Euler.
    Explicit,
    /// Runge-Kutta-Legendre stages.
    Rkl2,
    /// The weight of a step's end against its beginning, from 0.5 to 1.
    Theta(f64),
    /// The trapezoidal rule, then backward differences.
    TrBdf2,
    /// One step from the initial to the steady state.
    Steady,
}

/// How linear systems are solved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solver {
    pub method: Method,
    pub preconditioner: Preconditioning,
    /// Iterations of conjugate gradients that look for bounds of the spectrum, for methods that need
    /// them.
    pub cg_steps: usize,
    /// Of the polynomial of `ppcg`.
    pub inner_steps: usize,
    /// Of multigrid.
    pub smoother: Smoother,
    pub tolerance: Tolerance,
}

impl Solver {
    #[must_use]
    pub fn uses_multigrid(&self) -> bool {
        self.method == Method::Multigrid || self.preconditioner == Preconditioning::Multigrid
    }
}

#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    Jacobi,
    #[default]
    Cg,
    #[serde(rename = "pipelined-cg")]
    PipelinedCg,
    Multigrid,
    Chebyshev,
    Ppcg,
    Direct,
}

impl Method {
    /// As a user writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jacobi => "jacobi",
            Self::Cg => "cg",
            Self::PipelinedCg => "pipelined-cg",
            Self::Multigrid => "multigrid",
            Self::Chebyshev => "chebyshev",
            Self::Ppcg => "ppcg",
            Self::Direct => "direct",
        }
    }
}

#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Preconditioning {
    #[default]
    None,
    Jacobi,
    Multigrid,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// A fraction of the stability limit.
    Auto { safety: f64 },
    /// Seconds; refused where it exceeds the stability limit.
    Fixed(f64),
    /// As long as the error that each adds, in K, stays below.
    Within(f64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parallel {
    /// Process grid `[px, py]`, or chosen for the smallest halo.
    pub ranks: Option<[usize; 2]>,
    /// Threads per rank, or found from the surroundings.
    pub threads: Option<usize>,
    pub precision: Precision,
    /// Time steps fused between two halo exchanges, or chosen for speed.
    pub halo_depth: Option<usize>,
    /// Columns of the tiles in which fused steps are taken, or chosen for speed.
    pub tile_columns: Option<usize>,
    /// Whether to compute while messages fly, or chosen for speed.
    pub overlap: Option<bool>,
    /// For how long a rank may do nothing.
    pub watchdog: Duration,
}

#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    #[default]
    F64,
    F32,
    /// Fields of `f64`, multigrid cycles of `f32`.
    Mixed,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub directory: PathBuf,
    /// Besides the first and the last state, which are always written.
    pub snapshots: Option<Cadence>,
    pub diagnostics: Cadence,
    pub probes: Vec<Probe>,
    /// When the probes are read, besides the first and the last state; there if there are any.
    pub probing: Option<Cadence>,
    pub checkpoint: When,
    pub plot: Plot,
    /// Which cells are stored.
    pub extract: Extract,
    /// How they are stored, and who writes them.
    pub storage: Storage,
    pub io: Io,
    /// Whether the medium is written.
    pub medium: bool,
}

/// How `final.png` looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    pub colormap: Colormap,
    /// Temperatures at the ends of the colour bar; the extremes of what is shown where absent.
    pub range: Option<[f64; 2]>,
    /// About so many contour lines, if any.
    pub contours: Option<usize>,
}

/// What `isotherm scale` runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    pub kind: Kind,
    /// Numbers of ranks, or powers of two.
    pub ranks: Option<Vec<usize>>,
    /// Threads of each rank, or powers of two.
    pub threads: Option<Vec<usize>>,
    /// That ranks times threads may be at most.
    pub cores: Option<usize>,
    pub repetitions: usize,
    pub bandwidth: bool,
    /// A command line with `{ranks}` and `{threads}` in it, or chosen by the surroundings.
    pub launcher: Option<String>,
}

/// What the summaries of `TeaLeaf` need besides the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TeaLeaf {
    pub density: Density,
    /// Steps between two summaries, if there are any between the start and the end.
    pub every_steps: Option<u64>,
}

/// How the density follows from the conductivity.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum Density {
    #[default]
    #[serde(rename = "1/conductivity")]
    OneOverConductivity,
    #[serde(rename = "conductivity")]
    Conductivity,
}

impl Density {
    /// The density where the conductivity is this.
    #[must_use]
    pub fn of(self, conductivity: f64) -> f64 {
        match self {
            Self::OneOverConductivity => 1.0 / conductivity,
            Self::Conductivity => conductivity,
        }
    }
}
