//! When checkpoints are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::wall_time::WallTime;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Checkpoint {
    /// Steps between two checkpoints.
    pub every_steps: Option<u64>,
    /// Simulated seconds between two, in whole steps: unlike for snapshots, none is shortened, and the
    /// results do not depend on it.
    pub every_time: Option<f64>,
    /// Time on the wall between two, as in `"90s"`, `"10m"` or `"1h30m"`; `"10m"` if none of the three is
    /// given.
    pub every_wall: Option<WallTime>,
    /// How many of the newest are left. With 0 none is written, and the run cannot go on once it has ended.
    pub keep: usize,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self {
            every_steps: None,
            every_time: None,
            every_wall: None,
            keep: 2,
        }
    }
}
