//! Fields of a level that every rank has the whole of.

use std::rc::Rc;

use super::{
    layout::Layout,
    stencil::{Links, Stencil},
};
use crate::{
    comm::{Communicator, Solo},
    field::{Field, Real, Team},
};

/// Brings the cells of all ranks to every rank. What follows is computed by all of them alike, to the
/// same bits: on levels of few cells that takes less time than messages would.
pub struct Gather<T> {
    comm: Rc<dyn Communicator>,
    team: Rc<Team>,
    layout: Layout,
    /// Residuals and corrections of all ranks.
    pub r: Field<T>,
    pub correction: Field<T>,
}

impl<T: Real> Gather<T> {
    pub fn new(comm: &Rc<dyn Communicator>, team: &Rc<Team>, layout: &Layout) -> Self {
        let [r, correction] = [(); 2].map(|()| Field::new(team, layout.all_cells(), 1));
        Self {
            comm: Rc::clone(comm),
            team: Rc::clone(team),
            layout: layout.clone(),
            r,
            correction,
        }
    }

    /// The operator on all cells, and its excess. Collective.
    pub fn stencil(&self, shared: &Stencil<T>, excess: &Field<T>) -> (Stencil<T>, Field<T>) {
        let (layout, team) = (self.layout.gathered(), Rc::clone(&self.team));
        let cells = layout.cells();
        let mut links = match shared.links.crossing {
            Some(_) => Links::crossing(&team, cells),
            None => Links::new(&team, cells),
        };
        for (part, whole) in shared.links.each().zip(links.each_mut()) {
            collect(self.comm.as_ref(), &self.layout, part, whole);
        }
        let mut whole_excess = Field::new(&team, cells, 1);
        collect(self.comm.as_ref(), &self.layout, excess, &mut whole_excess);
        let stencil = Stencil::new(Rc::new(Solo), team, layout, links, &whole_excess);
        (stencil, whole_excess)
    }

    /// Collects residuals. Collective.
    pub fn collect_residual(&mut self, r: &Field<T>) {
        collect(self.comm.as_ref(), &self.layout, r, &mut self.r);
    }

    /// Adds the correction of the own cells to `x`.
    pub fn add_correction(&self, x: &mut Field<T>) {
        let ([x0, y0], correction) = (self.layout.start(), &self.correction);
        self.team.update([x], |j, [row]| {
            let all = &correction.own_row(y0 + j)[x0..];
            for (x, &correction) in row.iter_mut().zip(all) {
                *x += correction;
            }
        });
    }
}

/// Brings the own cells of all ranks together on each of them. Collective.
fn collect<T: Real>(
    comm: &dyn Communicator,
    layout: &Layout,
    part: &Field<T>,
    whole: &mut Field<T>,
) {
    let mine = part.own_values();
    let parts = comm.gather(0, bytemuck::cast_slice(&mine));
    let mut bytes = parts.map(|parts| parts.concat()).unwrap_or_default();
    comm.broadcast(0, &mut bytes);
    let mut rest = &bytes[..];
    for rank in 0..comm.size() {
        let [[x0, y0], [nx, ny]] = layout.part(rank);
        for j in 0..ny {
            let (row, behind) = rest.split_at(nx * size_of::<T>());
            rest = behind;
            let row: Vec<T> = bytemuck::pod_collect_to_vec(row);
            whole.own_row_mut(y0 + j)[x0..][..nx].copy_from_slice(&row);
        }
    }
}
