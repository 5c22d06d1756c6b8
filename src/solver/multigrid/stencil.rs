//! The operator of a coarse level.

use std::{ops::Range, rc::Rc};

use super::layout::Layout;
use crate::{
    comm::Communicator,
    field::{Field, Nearby, Real, Team, signed},
    grid::Side,
    halo::{Halo, Reach},
    kernel::{Arch, CHUNK, StencilRow, Surrounded},
    operator::Helmholtz,
};

/// A symmetric operator that couples every cell to the eight around it: `A u` is
/// `excess u + sum of link (u - u beyond)` over the links of a cell. So constants are mapped to the
/// excess, and exactly to zero where there is none.
pub struct Stencil<T> {
    pub comm: Rc<dyn Communicator>,
    pub team: Rc<Team>,
    pub layout: Layout,
    pub links: Links<T>,
    /// What walls and heat capacity take.
    pub excess: Field<T>,
    /// The excess and all links of a cell.
    pub diagonal: Field<T>,
    arch: Arch,
    halo: Halo<T>,
}

/// The links of the cells, none of which lead beyond walls; see [`StencilRow`]. All have one ghost.
pub struct Links<T> {
    pub east: Field<T>,
    pub north: Field<T>,
    pub rising: Field<T>,
    pub falling: Field<T>,
}

impl<T: Real> Links<T> {
    /// No links at all.
    pub fn new(team: &Team, cells: [usize; 2]) -> Self {
        let [east, north, rising, falling] = [(); 4].map(|()| Field::new(team, cells, 1));
        Self {
            east,
            north,
            rising,
            falling,
        }
    }

    pub fn each_mut(&mut self) -> [&mut Field<T>; 4] {
        let Self {
            east,
            north,
            rising,
            falling,
        } = self;
        [east, north, rising, falling]
    }

    /// The sum of `link (u - u beyond)` over the links of an own cell: exactly 0 for constants.
    pub fn flows(&self, u: &Field<T>, i: isize, j: isize) -> f64 {
        let center = u.get(i, j).to_f64();
        let pairs = self.around(i, j).into_iter().zip(STEPS);
        let sums = pairs.map(|(links, steps)| {
            let flow = |k: usize| {
                let [di, dj] = steps[k];
                links[k] * (center - u.get(i + di, j + dj).to_f64())
            };
            flow(0) + flow(1)
        });
        sums.sum()
    }

    /// Pairs of links of a cell that lead to opposite sides: along x, along y, and two diagonals.
    pub fn around(&self, i: isize, j: isize) -> [[f64; 2]; 4] {
        let at = |links: &Field<T>, i, j| links.get(i, j).to_f64();
        [
            [at(&self.east, i, j), at(&self.east, i - 1, j)],
            [at(&self.north, i, j), at(&self.north, i, j - 1)],
            [at(&self.rising, i, j), at(&self.rising, i - 1, j - 1)],
            [at(&self.falling, i, j - 1), at(&self.falling, i - 1, j)],
        ]
    }
}

/// Where the links of [`Links::around`] lead.
const STEPS: [[[isize; 2]; 2]; 4] = [
    [[1, 0], [-1, 0]],
    [[0, 1], [0, -1]],
    [[1, 1], [-1, -1]],
    [[1, -1], [-1, 1]],
];

impl<T: Real> Stencil<T> {
    /// An operator with the links and the excess of the own cells. Links between a cell and itself
    /// are dropped. Collective.
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: Rc<Team>,
        layout: Layout,
        mut links: Links<T>,
        excess: Field<T>,
    ) -> Self {
        let [around_x, around_y] =
            [0, 1].map(|axis| layout.periodic[axis] && layout.all_cells()[axis] == 1);
        let leads_back = [
            around_x,
            around_y,
            around_x && around_y,
            around_x && around_y,
        ];
        let mut halo = Halo::new(Rc::clone(&comm), &layout.domain(), Reach::Box);
        for (links, leads_back) in links.each_mut().into_iter().zip(leads_back) {
            if leads_back {
                team.update([&mut *links], |_, [row]| row.fill(T::ZERO));
            }
            fill(&mut halo, links);
        }
        let mut diagonal = Field::new(&team, layout.cells(), 1);
        team.update([&mut diagonal], |j, [row]| {
            let (j, nx) = (signed(j), signed(row.len()));
            let east = links.east.part(j, -1..nx);
            let [south, north] = [j - 1, j].map(|j| links.north.part(j, 0..nx));
            let to_south_west = links.rising.part(j - 1, -1..nx);
            let to_north_east = links.rising.part(j, 0..nx);
            let to_south_east = links.falling.part(j - 1, 0..nx);
            let to_north_west = links.falling.part(j, -1..nx);
            let excess = excess.part(j, 0..nx);
            for (i, diagonal) in row.iter_mut().enumerate() {
                let along_x = east[i + 1].to_f64() + east[i].to_f64();
                let along_y = north[i].to_f64() + south[i].to_f64();
                let rising = to_north_east[i].to_f64() + to_south_west[i].to_f64();
                let falling = to_south_east[i].to_f64() + to_north_west[i].to_f64();
                let sum = (along_x + along_y) + (rising + falling);
                *diagonal = T::from_f64(excess[i].to_f64() + sum);
            }
        });
        fill(&mut halo, &mut diagonal);
        Self {
            comm,
            team,
            layout,
            links,
            excess,
            diagonal,
            arch: Arch::new(),
            halo,
        }
    }

    /// The operator of the finest level in this form. Collective.
    pub fn of(a: &Helmholtz<T>, layout: &Layout) -> Self {
        let (comm, team) = (Rc::clone(a.comm()), Rc::clone(a.team()));
        let (cells, [alpha, beta]) = (a.cells(), a.factors().map(Real::to_f64));
        let mut links = Links::new(&team, cells);
        let mut excess = Field::new(&team, cells, 1);
        let goes_on = Side::ALL.map(|side| a.goes_on(side));
        let (faces, capacity) = (a.faces(), a.capacity());
        let fields = [&mut links.east, &mut links.north, &mut excess];
        team.update(fields, |j, [east, north, excess]| {
            for i in 0..cells[0] {
                let weights = faces
                    .around(cells, i, j)
                    .map(|weight| beta * weight.to_f64());
                let at_wall = [i == 0, i + 1 == cells[0], j == 0, j + 1 == cells[1]];
                let of_wall: [f64; 4] = std::array::from_fn(|side| {
                    if at_wall[side] && !goes_on[side] {
                        weights[side]
                    } else {
                        0.0
                    }
                });
                let walls = (of_wall[0] + of_wall[1]) + (of_wall[2] + of_wall[3]);
                east[i] = T::from_f64(weights[Side::Right as usize] - of_wall[1]);
                north[i] = T::from_f64(weights[Side::Top as usize] - of_wall[3]);
                excess[i] = T::from_f64(alpha * capacity.at(i, j).to_f64() + walls);
            }
        });
        Self::new(comm, team, layout.clone(), links, excess)
    }

    /// Fills the ghosts of a field from the neighbours. Collective.
    pub fn fill(&mut self, u: &mut Field<T>) {
        fill(&mut self.halo, u);
    }

    /// See [`super::level::Applied`].
    pub fn apply_and(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        work: impl Fn(usize, Range<usize>, &[T], &mut [T]) + Sync,
    ) {
        fill(&mut self.halo, x);
        let (a, x) = (self.rows(), &*x);
        self.team.update([y], |j, [y]| {
            for (chunk, out) in y.chunks_mut(CHUNK).enumerate() {
                let columns = chunk * CHUNK..chunk * CHUNK + out.len();
                a.run(x, j, columns.clone(), out);
                let own = columns.start..columns.end;
                work(j, columns, &x.own_row(j)[own], out);
            }
        });
    }

    /// The operator row by row.
    pub fn rows(&self) -> StencilRows<'_, T> {
        StencilRows {
            arch: self.arch,
            links: &self.links,
            diagonal: &self.diagonal,
        }
    }
}

/// What the rows of a [`Stencil`] have in common.
pub struct StencilRows<'a, T> {
    arch: Arch,
    links: &'a Links<T>,
    diagonal: &'a Field<T>,
}

impl<T: Real> StencilRows<'_, T> {
    /// `A x` in some columns of row `j`; the rows of `x` have their ghosts filled.
    pub fn run(&self, x: &impl Nearby<T>, j: usize, columns: Range<usize>, out: &mut [T]) {
        let links = self.links;
        let [below, row, above] = [-1, 0, 1].map(|step| signed(j) + step);
        let [start, end] = [columns.start, columns.end].map(signed);
        StencilRow {
            out,
            u: Surrounded {
                south: x.part(below, start - 1..end + 1),
                rows: [x.part(row, start - 1..end + 1)],
                north: x.part(above, start - 1..end + 1),
            },
            diagonal: self.diagonal.part(row, start..end),
            east: links.east.part(row, start - 1..end),
            north: [below, row].map(|j| links.north.part(j, start..end)),
            rising: [below, row].map(|j| links.rising.part(j, start - 1..end)),
            falling: [below, row].map(|j| links.falling.part(j, start - 1..end)),
        }
        .run(self.arch);
    }
}

fn fill<T: Real>(halo: &mut Halo<T>, u: &mut Field<T>) {
    halo.fill_while(u, 1, |_, _| {});
}
