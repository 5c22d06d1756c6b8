//! When something periodic is due.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often something happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// Steps.
    EverySteps(u64),
    /// Simulated seconds.
    EveryTime(f64),
    /// Simulated seconds, ascending.
    Times(Vec<f64>),
}
