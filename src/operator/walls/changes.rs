//! Walls as stages see them, which take what a state gains from some time on.

use super::{WallFaces, Walls};
use crate::field::{Field, Real, signed};

impl<T: Real> Walls<T> {
    /// Brings conditions that depend on time to the times in seconds at which steps take what a state gains
    /// beyond `u`, its cells and those around it at time `since`.
    pub fn set_changes(&mut self, times: &[f64], since: f64, u: &Field<T>) {
        for faces in self.faces.iter_mut().flatten() {
            faces.set_changes(times, since, u);
        }
    }
}

impl<T: Real> WallFaces<T> {
    /// The change of a ghost follows from that of its cell: `gain * change` and, where the condition itself
    /// changes, what it makes of `u` beyond what it made of it then.
    fn set_changes(&mut self, times: &[f64], since: f64, u: &Field<T>) {
        self.of_changes = true;
        if !self.uses_time {
            if self.changes.is_empty() {
                self.changes = self.ghosts.clone();
                self.changes[0].offset.fill(T::ZERO);
            }
            return;
        }
        let start = self.at(since);
        let changed = |&t: &f64| {
            let mut ghosts = self.at(t);
            for (at, face) in (-signed(self.margin)..).take(self.weight.len()).enumerate() {
                let ([i, j], _) = self.cell(u.cells(), face);
                let gain = ghosts.gain[at] - start.gain[at];
                ghosts.offset[at] = (ghosts.offset[at] - start.offset[at]) + gain * u.get(i, j);
            }
            ghosts
        };
        self.changes = times.iter().map(changed).collect();
    }
}
