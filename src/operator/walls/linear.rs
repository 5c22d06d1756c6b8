//! Walls as a linear system sees them: of `ghost = gain * cell + offset`, the gain belongs to the
//! operator and the offset to the right-hand side.

use super::Walls;
use crate::{
    field::{Field, Real, signed},
    grid::Side,
};

impl<T: Real> Walls<T> {
    /// For each wall of the subdomain its side, and of its faces `weight (1 - gain)`: what comes in per
    /// volume of the cell is `weight offset - weight (1 - gain) u`.
    pub fn folded(&self) -> Vec<(Side, Vec<T>)> {
        let one = T::from_f64(1.0);
        let fold = |faces: &super::WallFaces<T>| {
            let ghosts = &faces.ghosts[0];
            let own = faces.margin..faces.weight.len() - faces.margin;
            own.map(|face| faces.weight[face] * (one - ghosts.gain[face]))
                .collect()
        };
        let walls = Side::ALL.into_iter().zip(&self.faces);
        walls
            .filter_map(|(side, faces)| Some((side, fold(faces.as_ref()?))))
            .collect()
    }

    /// Adds what the offsets bring in `seconds` to `b`, in J/m^3.
    pub fn load(&self, b: &mut Field<T>, seconds: f64) {
        let seconds = T::from_f64(seconds);
        for faces in self.faces.iter().flatten() {
            let count = faces.weight.len() - 2 * faces.margin;
            for face in 0..signed(count) {
                let ([i, j], _) = faces.cell(b.cells(), face);
                b.set(i, j, b.get(i, j) + seconds * faces.offset_inflow(face));
            }
        }
    }

    /// Counts the heat that comes in while `u` lasts for `seconds`.
    pub fn count(&mut self, u: &Field<T>, seconds: f64) {
        let one = T::from_f64(1.0);
        for (faces, heat) in self.faces.iter().zip(&mut self.heat) {
            let Some(faces) = faces else { continue };
            for (face, heat) in (0..).zip(heat) {
                let ([i, j], _) = faces.cell(u.cells(), face);
                let at = faces.index(face);
                let folded = faces.weight[at] * (one - faces.ghosts[0].gain[at]);
                let inflow = faces.offset_inflow(face) - folded * u.get(i, j);
                *heat += seconds * inflow.to_f64();
            }
        }
    }
}

impl<T: Real> super::WallFaces<T> {
    fn offset_inflow(&self, face: isize) -> T {
        let at = self.index(face);
        self.weight[at] * self.ghosts[0].offset[at]
    }
}
