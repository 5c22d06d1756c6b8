//! How files of results are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Rectangle;
use crate::output::Colormap;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plot {
    /// `"inferno"`, `"magma"`, `"plasma"`, `"viridis"`, `"cividis"` or `"turbo"`.
    pub colormap: Colormap,
    /// Temperatures in K at the ends of the colour bar; the extremes of what is shown if absent.
    pub range: Option<[f64; 2]>,
    /// About so many contour lines are drawn, 1 to 50, at round temperatures; none if absent.
    pub contours: Option<usize>,
}

/// The numbers of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stored {
    F64,
    F32,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// The numbers of the frames: `"f64"`, or `"f32"` for half the size; those of the run if absent.
    pub precision: Option<Stored>,
    /// The level at which frames are compressed without loss, 1 (fast) to 9 (small); not at all if absent.
    /// Every program that reads HDF5 reads them (shuffle and deflate).
    pub compression: Option<u8>,
    /// Whether conductivity, heat capacity and source (at the start, where it changes) of the cells are
    /// written too, once; plots then show where materials meet.
    pub medium: bool,
    /// A rectangle in metres, `{ min = [x, y], max = [x, y] }`: only cells whose centres lie in it are kept, low sides
    /// included; all of them if absent.
    pub region: Option<Rectangle>,
    /// Of these cells every so many along x and along y, from the first on; they are shown as wide as they are
    /// apart.
    pub stride: usize,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            precision: None,
            compression: None,
            medium: false,
            region: None,
            stride: 1,
        }
    }
}
