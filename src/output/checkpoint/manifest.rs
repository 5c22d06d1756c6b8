//! What a checkpoint is: all of it but the fields.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use super::shard::{Damage, Seal};
use crate::{output::marks::Positions, simulation::Clock, stepper::Counts};

/// The name of its file.
pub const MANIFEST: &str = "manifest.json";

/// What stands around the content and its checksum.
const BEFORE: &str = "{\n\"crc32\": \"";
const BETWEEN: &str = "\",\n\"checkpoint\": ";
const AFTER: &str = "\n}\n";
const DIGITS: usize = 8;

/// What a checkpoint is of, and what its shards must be: all that is needed to go on but the fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name, version and commit of the program that wrote it.
    pub program: String,
    /// When, in seconds since 1970.
    pub written: u64,
    /// The effective config of the run.
    pub config: String,
    /// Simulated time, steps, and how they go on.
    pub clock: Clock,
    /// Cells along x and y.
    pub grid: [usize; 2],
    /// Of the temperatures: `f64` or `f32`.
    pub precision: String,
    /// Seconds for which sources were counted.
    pub source_seconds: f64,
    pub counts: Counts,
    /// How far the files of the run had come.
    pub positions: Positions,
    /// Ranks along x and y, each with one shard.
    pub ranks: [usize; 2],
    /// Of each rank's shard.
    pub shards: Vec<Seal>,
}

impl Manifest {
    /// Whether a directory looks like a checkpoint.
    #[must_use]
    pub fn is_in(directory: &Path) -> bool {
        directory.join(MANIFEST).is_file()
    }

    /// Reads what the checkpoint in a directory is, which says nothing about its shards.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn read(directory: &Path) -> Result<Self, Damage> {
        let text = fs::read_to_string(directory.join(MANIFEST));
        let text = text.map_err(|error| format!("{MANIFEST} cannot be read: {error}"))?;
        Self::parse(&text)
    }

    /// Bytes of all shards.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shards.iter().map(|seal| seal.bytes).sum()
    }

    /// Its text, which has a checksum of the content.
    pub(super) fn text(&self) -> String {
        let content = serde_json::to_string_pretty(self).expect("it has a JSON form");
        let crc = crc32fast::hash(content.as_bytes());
        format!("{BEFORE}{crc:08x}{BETWEEN}{content}{AFTER}")
    }

    pub(super) fn parse(text: &str) -> Result<Self, Damage> {
        let parts = || {
            let (crc, rest) = text.strip_prefix(BEFORE)?.split_at_checked(DIGITS)?;
            let content = rest.strip_prefix(BETWEEN)?.strip_suffix(AFTER)?;
            (format!("{:08x}", crc32fast::hash(content.as_bytes())) == crc).then_some(content)
        };
        let content = parts().ok_or(format!("{MANIFEST} is damaged"))?;
        serde_json::from_str(content)
            .map_err(|error| format!("{MANIFEST} is of another version of the program: {error}"))
    }
}
