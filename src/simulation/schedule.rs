//! When something periodic is due.

use serde::{Deserialize, Serialize};

/// How often something happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cadence {
    EverySteps(u64),
    /// Simulated seconds.
    EveryTime(f64),
    /// Simulated seconds, ascending.
    Times(Vec<f64>),
}
