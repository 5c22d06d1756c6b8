//! How far the files of a run have come.

use std::{cell::Cell, rc::Rc};

use serde::{Deserialize, Serialize};

use super::Frames;

/// How far the files of a run have come, kept by those who write them: shared, so that a checkpoint can tell.
/// Where a mark is not 0, its file is there already, and is cut back to it and gone on with.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// Bytes of `diagnostics.csv` and `probes.csv`, on rank 0.
    pub diagnostics: Rc<Cell<u64>>,
    pub probes: Rc<Cell<u64>>,
    /// Frames of `fields.vtkhdf`.
    pub frames: Frames,
    /// Heat content when the run began, in J per metre of depth.
    pub energy_at_start: Rc<Cell<Option<f64>>>,
    /// The time of the last row of `diagnostics.csv` in s, and the heats that had come through the sides by
    /// then in J per metre of depth.
    pub last_row: Rc<Cell<Option<LastRow>>>,
}

/// A time and four heats.
pub type LastRow = (f64, [f64; 4]);

/// [`Marks`] at some step, for a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions {
    pub diagnostics: u64,
    pub probes: u64,
    pub frames: usize,
    /// The bits of the number: unlike its digits, they are there for every number.
    energy_at_start: Option<u64>,
    last_row: Option<(u64, [u64; 4])>,
}

impl Marks {
    #[must_use]
    pub fn positions(&self) -> Positions {
        Positions {
            diagnostics: self.diagnostics.get(),
            probes: self.probes.get(),
            frames: self.frames.whole(),
            energy_at_start: self.energy_at_start.get().map(f64::to_bits),
            last_row: self
                .last_row
                .get()
                .map(|(time, heats)| (time.to_bits(), heats.map(f64::to_bits))),
        }
    }
}

impl From<&Positions> for Marks {
    fn from(positions: &Positions) -> Self {
        Self {
            diagnostics: Rc::new(Cell::new(positions.diagnostics)),
            probes: Rc::new(Cell::new(positions.probes)),
            frames: Frames::of(positions.frames),
            energy_at_start: Rc::new(Cell::new(positions.energy_at_start.map(f64::from_bits))),
            last_row: Rc::new(Cell::new(
                positions
                    .last_row
                    .map(|(time, heats)| (f64::from_bits(time), heats.map(f64::from_bits))),
            )),
        }
    }
}
