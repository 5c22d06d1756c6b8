//! What is written, and when.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Checkpoint, Fields, Plot};
use crate::{output::Io, simulation::Cadence};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Where the results go, relative to the directory the program is started in;
    /// `output/` and the name of the config file if absent.
    pub directory: Option<PathBuf>,
    /// When the field is written, besides its first and last state; one of
    /// `{ every_steps = n }`, `{ every_time = seconds }`, `{ times = [seconds, ...] }`.
    pub snapshots: Option<Cadence>,
    /// When a line of `diagnostics.csv` is written, in the same forms.
    pub diagnostics: Cadence,
    /// Places whose temperature goes into `probes.csv`, a column each; lengths in metres:
    /// `{ name = "junction", at = [x, y] }`, a point (bilinear between cell centres), or
    /// `{ name = "die", mean = { min = [x, y], max = [x, y] } }`, the mean over the cells whose
    /// centres lie in a rectangle, or
    /// `{ name = "cut", from = [x, y], to = [x, y], points = n }`, points on a line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<Probe>,
    /// When a line of `probes.csv` is written, besides the first and the last state, in the forms of
    /// `snapshots`; every 100 steps if absent.
    pub probing: Option<Cadence>,
    /// When a checkpoint is written, from which `isotherm resume` goes on: as often as `every_steps`,
    /// `every_time` (simulated seconds) or `every_wall` (as in `"10m"`) says, whichever comes first; and
    /// always at the end, and before a signal, a stop file or a wall-clock limit ends the run.
    pub checkpoint: Checkpoint,
    /// How `final.png` looks.
    pub plot: Plot,
    /// What `fields.vtkhdf` holds.
    pub fields: Fields,
    /// Who writes `fields.vtkhdf`, where there are several ranks: `"gather"`, rank 0, which has memory for a frame and
    /// writes it while the next steps are taken; `"collective"`, all of them together through MPI, for which steps
    /// wait; or `"auto"`, which gathers frames of up to 1 GiB.
    pub io: Io,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            directory: None,
            snapshots: None,
            diagnostics: Cadence::EverySteps(100),
            probes: Vec::new(),
            probing: None,
            checkpoint: Checkpoint::default(),
            plot: Plot::default(),
            fields: Fields::default(),
            io: Io::default(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The name of its column: letters, digits, spaces, `_`, `-` and `.`.
    pub name: String,
    /// A point [x, y] in metres. The temperature there is bilinear between the centres of the four
    /// cells around it; nearer to a wall than the centres of the cells there, it is what these
    /// centres have.
    pub at: Option<[f64; 2]>,
    /// Instead of a point, a rectangle: the mean over the cells whose centres lie in it, low sides
    /// included.
    pub mean: Option<Rectangle>,
    /// Instead, the first of several points on a line, evenly spaced: columns `NAME 1`, `NAME 2`, ...
    pub from: Option<[f64; 2]>,
    /// The last of them.
    pub to: Option<[f64; 2]>,
    /// How many there are, 2 to 10000.
    pub points: Option<usize>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rectangle {
    /// The corner of low x and low y, in metres.
    pub min: [f64; 2],
    /// The corner of high x and high y, in metres.
    pub max: [f64; 2],
}
