//! What a run leaves behind and shows: the run directory and its files, the progress, the report;
//! and charts of measurements.
//!
//! The files have fixed names inside the [`RunDirectory`]; the observers that write them take
//! plain paths.

mod blocks;
mod canvas;
mod chart;
mod checkpoint;
mod diagnostics;
mod extremes;
mod fault;
mod finite;
mod hdf5;
mod marks;
mod picture;
mod probes;
mod progress;
mod report;
mod run_directory;
mod snapshots;
mod stop;
mod table;
mod tealeaf;
#[cfg(test)]
mod testing;

pub use chart::{Chart, Mark, Panel, Series};
pub use checkpoint::{Checkpoint, Checkpoints, Manifest, Newest, Store, When};
pub use diagnostics::Diagnostics;
pub use finite::FiniteCheck;
pub use hdf5::{FieldsFile, Window, read_block};
pub use marks::{Marks, Positions};
pub use picture::{Colormap, Look, Picture};
pub use probes::{Place, Probe, Probes};
pub use progress::{Progress, note};
pub use report::{Facts, Report};
pub use run_directory::{CONFIG, DIAGNOSTICS, FIELDS, PICTURE, PROBES, REPORT, RunDirectory, STOP};
pub use snapshots::Snapshots;
pub use stop::Requests;
pub use tealeaf::{LastSummary, Summaries, Summary};
