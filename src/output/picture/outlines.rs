//! Where materials meet, as far as a picture shows it.

use super::Lattice;
use crate::{error::Error, output::ResultFile};

/// The part by which the conductivities of neighbours differ at least where materials meet.
const JUMP: f64 = 0.1;

/// Along x and along y where they differ.
const CONDUCTIVITIES: [&str; 3] = ["conductivity", "conductivity_x", "conductivity_y"];

/// Conductivities at the cells that a picture shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlines {
    fields: Vec<Vec<f64>>,
}

impl Outlines {
    /// The outlines of the materials of a file; none if it does not hold conductivities.
    ///
    /// # Errors
    /// [`crate::error::Kind::Input`] if they cannot be read.
    pub fn read(file: &ResultFile) -> Result<Self, Error> {
        let lattice = Lattice::new(&file.grid);
        let known = CONDUCTIVITIES.iter().filter(|name| file.has_property(name));
        let fields = known.map(|name| lattice.read(|rows| file.read_property(name, rows)));
        Ok(Self {
            fields: fields.collect::<Result<_, _>>()?,
        })
    }

    /// Whether materials meet between two samples, by their numbers.
    #[must_use]
    pub fn between(&self, a: usize, b: usize) -> bool {
        self.fields.iter().any(|field| {
            let [a, b] = [field[a], field[b]];
            (a - b).abs() > JUMP * a.abs().max(b.abs())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn materials_meet_where_either_conductivity_jumps() {
        let outlines = Outlines {
            fields: vec![vec![1.0, 1.05, 2.0, 2.0], vec![1.0, 1.0, 1.0, 300.0]],
        };
        let meets = [0, 1, 2].map(|sample| outlines.between(sample, sample + 1));
        assert_eq!(meets, [false, true, true]);
        assert!(!Outlines { fields: Vec::new() }.between(0, 1));
    }
}
