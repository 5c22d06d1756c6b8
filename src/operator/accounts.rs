//! The heat that has come in, as a run keeps it to go on later.

use super::{sources::Sources, walls::Walls};
use crate::field::Real;

/// The heat that walls and sources of a subdomain have counted so far, face by face and cell by cell: put
/// together again on another layout, it adds up to the same bits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accounts {
    /// Through each face of the subdomain's walls, per volume of the cell there, in J/m^3: by side in the
    /// order of [`crate::grid::Side::ALL`], along the side; empty where the subdomain has no wall.
    pub walls: [Vec<f64>; 4],
    /// From sources that change with time, in J/m^3 of own cells, row by row; empty if none does.
    pub sources: Vec<f64>,
    /// Seconds for which sources were counted, on all ranks alike.
    pub source_seconds: f64,
}

impl Accounts {
    pub(super) fn of<T: Real>(walls: &Walls<T>, sources: Option<&Sources<T>>) -> Self {
        Self {
            walls: walls.account().clone(),
            sources: sources.map_or_else(Vec::new, Sources::account),
            source_seconds: sources.map_or(0.0, Sources::seconds),
        }
    }

    /// Makes walls and sources of the same subdomain count on from here.
    pub(super) fn restore<T: Real>(&self, walls: &mut Walls<T>, sources: Option<&mut Sources<T>>) {
        walls.restore(&self.walls);
        if let Some(sources) = sources {
            sources.restore(&self.sources, self.source_seconds);
        }
    }
}
