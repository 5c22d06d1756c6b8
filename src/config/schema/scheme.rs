//! The names of the schemes in time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
            Self::Steady => "steady",
        }
    }
}
