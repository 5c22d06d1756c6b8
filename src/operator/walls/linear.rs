//! Walls as a linear system sees them: of `ghost = gain * cell + offset`, the gain belongs to the
//! operator and the offset to the right-hand side. What comes in through a face, per volume of its
//! cell, is `weight offset - weight (1 - gain) u`.

use super::{WallFaces, Walls};
use crate::{
    field::{Field, Real, signed},
    grid::Side,
};

/// The one time that walls are brought to.
const NOW: usize = 0;

impl<T: Real> Walls<T> {
    /// For each wall of the subdomain its side, and `weight (1 - gain)` of its faces.
    pub fn folded(&self) -> Vec<(Side, Vec<T>)> {
        let fold = |faces: &WallFaces<T>| faces.own().map(|face| faces.folded(face)).collect();
        let walls = Side::ALL.into_iter().zip(&self.faces);
        walls
            .filter_map(|(side, faces)| Some((side, fold(faces.as_ref()?))))
            .collect()
    }

    /// Adds what the offsets bring in `seconds` to `b`, in J/m^3.
    pub fn load(&self, b: &mut Field<T>, seconds: f64) {
        let seconds = T::from_f64(seconds);
        for faces in self.faces.iter().flatten() {
            for face in faces.own() {
                let ([i, j], _) = faces.cell(b.cells(), face);
                b.set(i, j, b.get(i, j) + seconds * faces.load(face));
            }
        }
    }

    /// Counts the heat that comes in while `u` lasts for `seconds`.
    pub fn count(&mut self, u: &Field<T>, seconds: f64) {
        for (faces, heat) in self.faces.iter().zip(&mut self.heat) {
            let Some(faces) = faces else { continue };
            for (face, heat) in faces.own().zip(heat) {
                let ([i, j], _) = faces.cell(u.cells(), face);
                *heat += seconds * faces.inflow(face, u.get(i, j)).to_f64();
            }
        }
    }
}

impl<T: Real> WallFaces<T> {
    /// The faces of the subdomain itself.
    pub(super) fn own(&self) -> impl Iterator<Item = isize> + use<T> {
        0..signed(self.weight.len() - 2 * self.margin)
    }

    fn folded(&self, face: isize) -> T {
        let at = self.index(face);
        self.weight[at] * self.ghosts[NOW].loss[at]
    }

    fn load(&self, face: isize) -> T {
        let at = self.index(face);
        self.weight[at] * self.ghosts[NOW].offset[at]
    }

    /// In W/m^3, given the cell before the face.
    pub(super) fn inflow(&self, face: isize, u: T) -> T {
        self.load(face) - self.folded(face) * u
    }
}
