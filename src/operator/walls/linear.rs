//! Walls as a linear system sees them: of `ghost = gain * cell + offset`, the gain belongs to the
//! operator and the offset to the right-hand side. What comes in through a face, per volume of its
//! cell, is `weight offset - weight (1 - gain) u`.

use super::{super::coefficients::CellValues, WallFaces, Walls};
use crate::{
    field::{Field, Real, signed},
    grid::Side,
};

/// Of the times that walls are brought to, the first is the present one.
const NOW: usize = 0;
const START: usize = 1;

impl<T: Real> Walls<T> {
    /// For each wall of the subdomain its side, and `weight (1 - gain)` of its faces.
    pub fn folded(&self) -> Vec<(Side, Vec<T>)> {
        let fold = |faces: &WallFaces<T>| faces.own().map(|face| faces.folded(NOW, face)).collect();
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
                b.set(i, j, b.get(i, j) + seconds * faces.load(NOW, face));
            }
        }
    }

    /// Counts the heat that comes in while the sum of the fields `u` lasts for `seconds`.
    pub fn count<const N: usize>(&mut self, u: [&Field<T>; N], seconds: f64) {
        for (faces, heat) in self.faces.iter().zip(&mut self.heat) {
            let Some(faces) = faces else { continue };
            for (face, heat) in faces.own().zip(heat) {
                let ([i, j], _) = faces.cell(u[0].cells(), face);
                let rest = u[1..].iter().map(|u| u.get(i, j));
                let u = rest.fold(u[0].get(i, j), |sum, u| sum + u);
                *heat += seconds * faces.inflow(NOW, face, u).to_f64();
            }
        }
    }

    /// Adds to `d`, in K, what comes in through walls that move in `seconds`, with `u` before them, beyond
    /// what would come as they were at the second of two times.
    pub fn add_change(
        &self,
        u: &Field<T>,
        capacity: &CellValues<T>,
        seconds: f64,
        d: &mut Field<T>,
    ) {
        let seconds = T::from_f64(seconds);
        for faces in self.faces.iter().flatten().filter(|faces| faces.uses_time) {
            for face in faces.own() {
                let ([i, j], _) = faces.cell(u.cells(), face);
                let [now, start] = [NOW, START].map(|time| faces.inflow(time, face, u.get(i, j)));
                let [column, row] = [i, j].map(isize::cast_unsigned);
                let change = seconds * (now - start) / capacity.at(column, row);
                d.set(i, j, d.get(i, j) + change);
            }
        }
    }
}

impl<T: Real> WallFaces<T> {
    /// The faces of the subdomain itself.
    fn own(&self) -> impl Iterator<Item = isize> + use<T> {
        0..signed(self.weight.len() - 2 * self.margin)
    }

    fn folded(&self, time: usize, face: isize) -> T {
        let at = self.index(face);
        self.weight[at] * self.ghosts[time].loss[at]
    }

    fn load(&self, time: usize, face: isize) -> T {
        let at = self.index(face);
        self.weight[at] * self.ghosts[time].offset[at]
    }

    /// In W/m^3, given the cell before the face.
    fn inflow(&self, time: usize, face: isize, u: T) -> T {
        self.load(time, face) - self.folded(time, face) * u
    }
}
