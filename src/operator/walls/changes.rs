//! Walls as stages see them, which take what a state gains from some time on.

use super::{Ghosts, WallFaces, Walls};
use crate::{
    field::{Field, Real, signed},
    operator::coefficients::CellValues,
};

impl<T: Real> Walls<T> {
    /// Lets nothing through in the next step: what comes in is for [`Self::add_inflow`].
    pub fn close(&mut self) {
        for faces in self.faces.iter_mut().flatten() {
            let count = faces.weight.len();
            let [one, zero] = [T::from_f64(1.0), T::ZERO].map(|value| vec![value; count]);
            faces.of_changes = true;
            faces.changes = vec![Ghosts {
                gain: one,
                offset: zero.clone(),
                loss: zero,
            }];
        }
    }

    /// Adds to `d`, in K, what comes in through the walls in `seconds` as they are at the one time that they
    /// were brought to. A ghost's temperature is rounded, and what comes in is small beside it.
    pub fn add_inflow(
        &self,
        u: &Field<T>,
        inverse_capacity: &CellValues<T>,
        seconds: f64,
        d: &mut Field<T>,
    ) {
        let seconds = T::from_f64(seconds);
        for faces in self.faces.iter().flatten() {
            for face in faces.own() {
                let ([i, j], _) = faces.cell(u.cells(), face);
                let inverse = inverse_capacity.at(i.cast_unsigned(), j.cast_unsigned());
                let gain = seconds * inverse * faces.inflow(face, u.get(i, j));
                d.set(i, j, d.get(i, j) + gain);
            }
        }
    }

    /// Brings conditions to the times in seconds at which steps take what a state gains beyond `u`, its cells
    /// and those around it at the one time that the walls were brought to.
    pub fn set_changes(&mut self, times: &[f64], u: &Field<T>) {
        for faces in self.faces.iter_mut().flatten() {
            faces.set_changes(times, u);
        }
    }
}

impl<T: Real> WallFaces<T> {
    /// The change of a ghost follows from that of its cell: `gain * change` and, where the condition itself
    /// changes, what it makes of `u` beyond what it made of it then.
    fn set_changes(&mut self, times: &[f64], u: &Field<T>) {
        self.of_changes = true;
        let start = &self.ghosts[0];
        if !self.uses_time {
            let mut changes = start.clone();
            changes.offset.fill(T::ZERO);
            self.changes = vec![changes];
            return;
        }
        let changed = |&t: &f64| {
            let mut ghosts = self.at(t);
            for (at, face) in (-signed(self.margin)..).take(self.weight.len()).enumerate() {
                let ([i, j], _) = self.cell(u.cells(), face);
                // Of the gains, which may be near 1, what matters is far behind the point.
                let gain = start.loss[at] - ghosts.loss[at];
                ghosts.offset[at] = (ghosts.offset[at] - start.offset[at]) + gain * u.get(i, j);
            }
            ghosts
        };
        self.changes = times.iter().map(changed).collect();
    }
}
