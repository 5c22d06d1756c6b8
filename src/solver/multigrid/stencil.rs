//! The operator of a coarse level.

use std::{ops::Range, rc::Rc};

use super::layout::Layout;
use crate::{
    comm::Communicator,
    field::{Field, Nearby, Real, Team, signed},
    grid::Side,
    halo::{Halo, Reach},
    kernel::{Arch, Finish, StencilRow, Surrounded},
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
    /// The excess and all links of a cell.
    pub diagonal: Field<T>,
    arch: Arch,
    halo: Halo<T>,
}

/// The links of the cells, none of which lead beyond walls; see [`StencilRow`]. All have one ghost.
pub struct Links<T> {
    pub east: Field<T>,
    pub north: Field<T>,
    /// None on a level whose cells have four neighbours.
    pub crossing: Option<Crossing<T>>,
    /// A row of the links that there are none of.
    none: Vec<T>,
}

/// The links over corners.
pub struct Crossing<T> {
    pub rising: Field<T>,
    pub falling: Field<T>,
}

impl<T: Real> Links<T> {
    /// No links so far, and none over corners ever.
    pub fn new(team: &Team, cells: [usize; 2]) -> Self {
        Self {
            east: Field::new(team, cells, 1),
            north: Field::new(team, cells, 1),
            crossing: None,
            none: vec![T::ZERO; cells[0] + 2],
        }
    }

    /// No links so far.
    pub fn crossing(team: &Team, cells: [usize; 2]) -> Self {
        Self {
            crossing: Some(Crossing {
                rising: Field::new(team, cells, 1),
                falling: Field::new(team, cells, 1),
            }),
            ..Self::new(team, cells)
        }
    }

    /// Links to the north-east of some cells of row `j`.
    pub fn rising(&self, j: isize, columns: Range<isize>) -> &[T] {
        self.over_corners(|crossing| &crossing.rising, j, columns)
    }

    /// Links from the cells to the north of some cells of row `j` to those to the east.
    pub fn falling(&self, j: isize, columns: Range<isize>) -> &[T] {
        self.over_corners(|crossing| &crossing.falling, j, columns)
    }

    /// The links of the cells of row `j`: to the east, the west, the north, the south, the north-east, the
    /// south-west, the south-east and the north-west.
    pub fn of_row(&self, j: usize) -> [&[T]; 8] {
        let (j, nx) = (signed(j), signed(self.east.cells()[0]));
        [
            self.east.part(j, 0..nx),
            self.east.part(j, -1..nx - 1),
            self.north.part(j, 0..nx),
            self.north.part(j - 1, 0..nx),
            self.rising(j, 0..nx),
            self.rising(j - 1, -1..nx - 1),
            self.falling(j - 1, 0..nx),
            self.falling(j, -1..nx - 1),
        ]
    }

    fn over_corners(
        &self,
        of: impl Fn(&Crossing<T>) -> &Field<T>,
        j: isize,
        columns: Range<isize>,
    ) -> &[T] {
        match &self.crossing {
            Some(crossing) => of(crossing).part(j, columns),
            None => &self.none[..columns.len()],
        }
    }

    /// All that there are: along x, along y, and over corners.
    pub fn each(&self) -> impl Iterator<Item = &Field<T>> {
        let over_corners = self.crossing.iter();
        let over_corners = over_corners.flat_map(|crossing| [&crossing.rising, &crossing.falling]);
        [&self.east, &self.north].into_iter().chain(over_corners)
    }

    /// As [`Self::each`].
    pub fn each_mut(&mut self) -> impl Iterator<Item = &mut Field<T>> {
        let over_corners = self.crossing.iter_mut();
        let over_corners =
            over_corners.flat_map(|crossing| [&mut crossing.rising, &mut crossing.falling]);
        [&mut self.east, &mut self.north]
            .into_iter()
            .chain(over_corners)
    }

    /// The sum of `link (u - u beyond)` over the links of an own cell: exactly 0 for constants.
    pub fn flows(&self, u: impl Fn(isize, isize) -> f64, i: isize, j: isize) -> f64 {
        let center = u(i, j);
        let pairs = self.around(i, j).into_iter().zip(STEPS);
        let sums = pairs.map(|(links, steps)| {
            let flow = |k: usize| {
                let [di, dj] = steps[k];
                links[k] * (center - u(i + di, j + dj))
            };
            flow(0) + flow(1)
        });
        sums.sum()
    }

    /// Pairs of links of a cell that lead to opposite sides: along x, along y, and two diagonals.
    pub fn around(&self, i: isize, j: isize) -> [[f64; 2]; 4] {
        let [east, north] = [&self.east, &self.north].map(|links| |i, j| links.get(i, j).to_f64());
        let rising = |i, j| self.rising(j, i..i + 1)[0].to_f64();
        let falling = |i, j| self.falling(j, i..i + 1)[0].to_f64();
        [
            [east(i, j), east(i - 1, j)],
            [north(i, j), north(i, j - 1)],
            [rising(i, j), rising(i - 1, j - 1)],
            [falling(i, j - 1), falling(i - 1, j)],
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
    /// An operator with the links of the own cells, and an excess: what walls and heat capacity take of
    /// them. Links between a cell and itself are dropped. Collective.
    pub fn new(
        comm: Rc<dyn Communicator>,
        team: Rc<Team>,
        layout: Layout,
        mut links: Links<T>,
        excess: &Field<T>,
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
        for (links, leads_back) in links.each_mut().zip(leads_back) {
            if leads_back {
                team.update([&mut *links], |_, [row]| row.fill(T::ZERO));
            }
            fill(&mut halo, links);
        }
        let arch = Arch::new();
        let mut diagonal = Field::new(&team, layout.cells(), 1);
        team.update([&mut diagonal], |j, [row]| {
            let (j, n) = (signed(j), row.len());
            let (own, ahead) = (0..signed(n), -1..signed(n) - 1);
            let (west, east) = (
                links.east.part(j, ahead.clone()),
                links.east.part(j, own.clone()),
            );
            let [south, north] = [j - 1, j].map(|j| links.north.part(j, own.clone()));
            let to_south_west = links.rising(j - 1, ahead.clone());
            let to_north_east = links.rising(j, own.clone());
            let to_south_east = links.falling(j - 1, own.clone());
            let to_north_west = links.falling(j, ahead);
            let excess = excess.part(j, own);
            arch.dispatch(|| {
                let (west, east) = (&west[..n], &east[..n]);
                let (south, north) = (&south[..n], &north[..n]);
                let (to_south_west, to_north_east) = (&to_south_west[..n], &to_north_east[..n]);
                let (to_south_east, to_north_west) = (&to_south_east[..n], &to_north_west[..n]);
                let excess = &excess[..n];
                for (i, diagonal) in row.iter_mut().enumerate() {
                    let along_x = east[i].to_f64() + west[i].to_f64();
                    let along_y = north[i].to_f64() + south[i].to_f64();
                    let rising = to_north_east[i].to_f64() + to_south_west[i].to_f64();
                    let falling = to_south_east[i].to_f64() + to_north_west[i].to_f64();
                    let sum = (along_x + along_y) + (rising + falling);
                    *diagonal = T::from_f64(excess[i].to_f64() + sum);
                }
            });
        });
        fill(&mut halo, &mut diagonal);
        Self {
            comm,
            team,
            layout,
            links,
            diagonal,
            arch,
            halo,
        }
    }

    /// The operator of the finest level in this form, and its excess. Collective.
    pub fn of<H: Real>(a: &Helmholtz<H>, layout: &Layout) -> (Self, Field<T>) {
        let (comm, team) = (Rc::clone(a.comm()), Rc::clone(a.team()));
        let (cells, [alpha, beta]) = (a.cells(), a.factors().map(Real::to_f64));
        let mut links = Links::new(&team, cells);
        let mut excess = Field::new(&team, cells, 1);
        let is_wall = Side::ALL.map(|side| !a.goes_on(side));
        let (faces, capacity, arch) = (a.faces(), a.capacity(), Arch::new());
        let fields = [&mut links.east, &mut links.north, &mut excess];
        team.update(fields, |j, [east, north, excess]| {
            let last = cells[0] - 1;
            let held = |i: usize| alpha * capacity.at(i, j).to_f64();
            arch.dispatch(|| {
                for (i, excess) in excess.iter_mut().enumerate() {
                    *excess = T::from_f64(held(i));
                }
            });
            faces.beyond(Side::Right, cells, j, beta, east);
            faces.beyond(Side::Top, cells, j, beta, north);
            // A wall is no link, but part of the excess.
            let at_wall = [j == 0 && is_wall[2], j + 1 == cells[1] && is_wall[3]];
            let columns = if at_wall == [false; 2] {
                vec![0, last]
            } else {
                (0..cells[0]).collect()
            };
            for i in columns {
                let at_wall = [
                    i == 0 && is_wall[0],
                    i == last && is_wall[1],
                    at_wall[0],
                    at_wall[1],
                ];
                let weights = faces.around(cells, i, j);
                let of_wall = std::array::from_fn::<_, 4, _>(|side| {
                    if at_wall[side] {
                        beta * weights[side].to_f64()
                    } else {
                        0.0
                    }
                });
                let walls = (of_wall[0] + of_wall[1]) + (of_wall[2] + of_wall[3]);
                excess[i] = T::from_f64(held(i) + walls);
            }
            if is_wall[1] {
                east[last] = T::ZERO;
            }
            if at_wall[1] {
                north.fill(T::ZERO);
            }
        });
        let stencil = Self::new(comm, team, layout.clone(), links, &excess);
        (stencil, excess)
    }

    /// See [`super::applied::Applied`].
    pub fn apply_finished<F: Finish<T>>(
        &mut self,
        x: &mut Field<T>,
        y: &mut Field<T>,
        finish: impl Fn(usize) -> F + Sync,
    ) {
        fill(&mut self.halo, x);
        let (a, x) = (self.rows(), &*x);
        self.team.update([y], |j, [y]| a.run(x, j, y, finish(j)));
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
    /// What `finish` makes of `A x` in row `j`; the rows of `x` have their ghosts filled.
    pub fn run<F: Finish<T>>(&self, x: &impl Nearby<T>, j: usize, out: &mut [T], finish: F) {
        let links = self.links;
        let [below, row, above] = [-1, 0, 1].map(|step| signed(j) + step);
        let n = signed(out.len());
        StencilRow {
            out,
            u: Surrounded {
                south: x.part(below, -1..n + 1),
                rows: [x.part(row, -1..n + 1)],
                north: x.part(above, -1..n + 1),
            },
            diagonal: self.diagonal.part(row, 0..n),
            east: links.east.part(row, -1..n),
            north: [below, row].map(|j| links.north.part(j, 0..n)),
            rising: [below, row].map(|j| links.rising(j, -1..n)),
            falling: [below, row].map(|j| links.falling(j, -1..n)),
            finish,
        }
        .run(self.arch);
    }
}

fn fill<T: Real>(halo: &mut Halo<T>, u: &mut Field<T>) {
    halo.fill_while(u, 1, |_, _| {});
}
