//! Ghost cells filled from the neighbours, by messages or, where a periodic axis has one rank, by copy.

#[cfg(test)]
mod tests;

use std::{ops::AddAssign, rc::Rc, time::Instant};

use crate::{
    comm::{Communicator, Message},
    domain::Domain,
    field::{Field, Real, signed},
    grid::Side,
};

/// Which ghosts a stencil reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those beside the four sides.
    Star,
    /// Those at the corners too, as several fused steps need.
    Box,
}

/// A block of cells, first and behind-last index along each axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    x: [isize; 2],
    y: [isize; 2],
}

impl Block {
    fn len(&self) -> usize {
        ((self.x[1] - self.x[0]) * (self.y[1] - self.y[0])).cast_unsigned()
    }
}

/// The neighbour in one direction, with whom messages of the same size are exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    pub rank: usize,
    pub send_tag: u16,
    pub recv_tag: u16,
    /// Towards the neighbour.
    step: [isize; 2],
}

impl Peer {
    /// Cells of a message for a subdomain of `cells` and a halo of some depth.
    #[must_use]
    pub fn cells(&self, cells: [usize; 2], depth: usize) -> usize {
        edge_towards(self.step, cells, depth).len()
    }
}

/// With whom a subdomain exchanges messages, in the order in which they are posted: not with itself,
/// where a periodic axis has one rank.
#[must_use]
pub fn peers(domain: &Domain, reach: Reach) -> Vec<Peer> {
    let peer = |step| {
        let rank = domain.neighbor(step)?;
        (rank != domain.rank()).then(|| Peer {
            rank,
            send_tag: tag(step),
            recv_tag: tag(step.map(|s| -s)),
            step,
        })
    };
    steps(reach).filter_map(peer).collect()
}

/// What goes to and comes from a neighbour.
struct Link<T> {
    peer: Peer,
    send: Vec<T>,
    recv: Vec<T>,
}

/// Where the time of one exchange went, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HaloTimes {
    /// Copying edges and posting messages.
    pub pack: f64,
    /// The work done while messages flew.
    pub overlap: f64,
    /// Waiting after that work.
    pub wait: f64,
    pub unpack: f64,
    /// From the posting until the last message was known to have arrived.
    pub in_flight: f64,
}

impl AddAssign for HaloTimes {
    fn add_assign(&mut self, other: Self) {
        self.pack += other.pack;
        self.overlap += other.overlap;
        self.wait += other.wait;
        self.unpack += other.unpack;
        self.in_flight += other.in_flight;
    }
}

/// Fills the ghosts of a subdomain that lie in other subdomains.
pub struct Halo<T> {
    comm: Rc<dyn Communicator>,
    cells: [usize; 2],
    links: Vec<Link<T>>,
    /// Directions in which the subdomain is its own neighbour.
    copies: Vec<[isize; 2]>,
}

impl<T: Real> Halo<T> {
    #[must_use]
    pub fn new(comm: Rc<dyn Communicator>, domain: &Domain, reach: Reach) -> Self {
        let links = peers(domain, reach).into_iter().map(|peer| Link {
            peer,
            send: Vec::new(),
            recv: Vec::new(),
        });
        let links = links.collect();
        let own = |step: &[isize; 2]| domain.neighbor(*step) == Some(domain.rank());
        let copies = steps(reach).filter(own).collect();
        Self {
            comm,
            cells: domain.cells,
            links,
            copies,
        }
    }

    /// Whether the halo fills the ghosts of that side.
    #[must_use]
    pub fn fills(&self, side: Side) -> bool {
        let step = direction(side);
        self.copies.contains(&step) || self.links.iter().any(|link| link.peer.step == step)
    }

    /// Whether any ghosts come by message.
    #[must_use]
    pub fn has_messages(&self) -> bool {
        !self.links.is_empty()
    }

    /// Fills the `depth` ghosts of `u` next to each side; while messages fly it runs `overlap`,
    /// which must not read ghosts that come by message and should call its second argument now
    /// and then to drive them. Collective.
    ///
    /// # Panics
    /// If a subdomain is thinner than the halo along an axis that has neighbours.
    pub fn fill_while(
        &mut self,
        u: &mut Field<T>,
        depth: usize,
        overlap: impl FnOnce(&Field<T>, &mut dyn FnMut()),
    ) -> HaloTimes {
        self.fill_all_while(&mut [u], depth, |fields, meanwhile| {
            overlap(fields[0], meanwhile);
        })
    }

    /// As [`Self::fill_while`], for several fields with one message a neighbour.
    ///
    /// # Panics
    /// As there.
    pub fn fill_all_while(
        &mut self,
        fields: &mut [&mut Field<T>],
        depth: usize,
        overlap: impl FnOnce(&[&Field<T>], &mut dyn FnMut()),
    ) -> HaloTimes {
        let start = Instant::now();
        let cells = self.cells;
        let steps = self.links.iter().map(|link| &link.peer.step);
        for step in steps.chain(&self.copies) {
            assert!(
                (0..2).all(|axis| step[axis] == 0 || depth <= cells[axis]),
                "a halo of depth {depth} needs as many cells in every subdomain"
            );
        }
        for &step in &self.copies {
            let back = step.map(|s| -s);
            for u in &mut *fields {
                let from = edge_towards(back, cells, depth);
                copy_within(u, from, ghosts_towards(step, cells, depth));
            }
        }
        for Link { peer, send, recv } in &mut self.links {
            send.clear();
            for u in &*fields {
                pack(u, edge_towards(peer.step, cells, depth), send);
            }
            recv.resize(send.len(), T::ZERO);
        }
        let shared: Vec<&Field<T>> = fields.iter().map(|u| &**u).collect();
        if self.links.is_empty() {
            let pack = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let mut overlap = Some(overlap);
            // By the communicator, so that whoever watches the rank sees it at work.
            self.comm.exchange(&mut [], &mut |_| {
                if let Some(overlap) = overlap.take() {
                    overlap(&shared, &mut || {});
                }
            });
            return HaloTimes {
                pack,
                overlap: start.elapsed().as_secs_f64(),
                ..HaloTimes::default()
            };
        }
        let mut messages: Vec<Message<'_>> = self
            .links
            .iter_mut()
            .map(|link| Message {
                peer: link.peer.rank,
                send_tag: link.peer.send_tag,
                recv_tag: link.peer.recv_tag,
                send: bytemuck::cast_slice(&link.send),
                recv: bytemuck::cast_slice_mut(&mut link.recv),
            })
            .collect();
        let mut overlap = Some(overlap);
        let mut posted = start;
        let mut done = start;
        let mut arrived = None;
        self.comm.exchange(&mut messages, &mut |poll| {
            posted = Instant::now();
            if let Some(overlap) = overlap.take() {
                overlap(&shared, &mut || {
                    if arrived.is_none() && poll() {
                        arrived = Some(Instant::now());
                    }
                });
            }
            done = Instant::now();
        });
        let complete = Instant::now();
        for link in &self.links {
            let block = ghosts_towards(link.peer.step, cells, depth);
            for (u, values) in fields.iter_mut().zip(link.recv.chunks(block.len())) {
                unpack(u, block, values);
            }
        }
        HaloTimes {
            pack: (posted - start).as_secs_f64(),
            overlap: (done - posted).as_secs_f64(),
            wait: (complete - done).as_secs_f64(),
            unpack: complete.elapsed().as_secs_f64(),
            in_flight: (arrived.unwrap_or(complete) - posted).as_secs_f64(),
        }
    }
}

/// The directions in which a stencil has neighbours.
fn steps(reach: Reach) -> impl Iterator<Item = [isize; 2]> {
    (-1..=1)
        .flat_map(|y| (-1..=1).map(move |x| [x, y]))
        .filter(move |&[x, y]| match reach {
            Reach::Star => (x == 0) != (y == 0),
            Reach::Box => [x, y] != [0, 0],
        })
}

fn direction(side: Side) -> [isize; 2] {
    match side {
        Side::Left => [-1, 0],
        Side::Right => [1, 0],
        Side::Bottom => [0, -1],
        Side::Top => [0, 1],
    }
}

/// One tag a direction: where two ranks share a periodic axis, each is the other's neighbour on
/// both sides.
fn tag([x, y]: [isize; 2]) -> u16 {
    u16::try_from(3 * (y + 1) + x + 1).expect("steps are -1, 0 or 1")
}

/// The own cells next to the side or corner in direction `step`.
fn edge_towards(step: [isize; 2], cells: [usize; 2], depth: usize) -> Block {
    let range = |axis: usize| {
        let (cells, depth) = (signed(cells[axis]), signed(depth));
        match step[axis] {
            -1 => [0, depth],
            0 => [0, cells],
            _ => [cells - depth, cells],
        }
    };
    Block {
        x: range(0),
        y: range(1),
    }
}

/// The ghosts beyond the side or corner in direction `step`.
fn ghosts_towards(step: [isize; 2], cells: [usize; 2], depth: usize) -> Block {
    let mut block = edge_towards(step, cells, depth);
    let depth = signed(depth);
    for (range, step) in [(&mut block.x, step[0]), (&mut block.y, step[1])] {
        *range = range.map(|index| index + step * depth);
    }
    block
}

fn pack<T: Real>(u: &Field<T>, block: Block, into: &mut Vec<T>) {
    for j in block.y[0]..block.y[1] {
        into.extend_from_slice(u.part(j, block.x[0]..block.x[1]));
    }
}

fn unpack<T: Real>(u: &mut Field<T>, block: Block, from: &[T]) {
    let columns = u.column(block.x[0])..u.column(block.x[1]);
    for (j, part) in (block.y[0]..block.y[1]).zip(from.chunks_exact(columns.len())) {
        u.row_mut(j)[columns.clone()].copy_from_slice(part);
    }
}

fn copy_within<T: Real>(u: &mut Field<T>, from: Block, to: Block) {
    for (from_j, to_j) in (from.y[0]..from.y[1]).zip(to.y[0]..to.y[1]) {
        for (from_i, to_i) in (from.x[0]..from.x[1]).zip(to.x[0]..to.x[1]) {
            u.set(to_i, to_j, u.get(from_i, from_j));
        }
    }
}
