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
mod extract;
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
mod ticks;
mod words;

pub use chart::{Chart, Mark, Panel, Scale, Series};
pub use checkpoint::{Checkpoint, Checkpoints, Manifest, Newest, Store, When};
pub use diagnostics::Diagnostics;
pub use extract::Extract;
pub use finite::FiniteCheck;
pub use hdf5::{
    FieldsFile, FrameTimes, Frames, Heading, Io, Property, ResultFile, Storage, Window, read_block,
    same_time,
};
pub use marks::{Marks, Positions};
pub use picture::{Colormap, Look, MOST_CONTOURS, Outlines, Picture, Shot};
pub use probes::{Place, Probe, Probes};
pub use progress::{Progress, note};
pub use report::{Facts, Report};
pub use run_directory::{
    CONFIG, DIAGNOSTICS, FIELDS, PICTURE, PROBES, REPORT, RunDirectory, STOP, write_whole,
};
pub use snapshots::{SNAPSHOTS, Snapshots};
pub use stop::Requests;
pub use tealeaf::{LastSummary, Summaries, Summary};
pub use words::{short, size};
