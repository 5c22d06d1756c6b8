//! The walls of a subdomain: ghosts beyond them, and the heat that comes through.

mod changes;
mod linear;

use std::ops::Range;

use crate::{
    boundary::{Ghost, Robin},
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, Real, Span, Team, cut, reproducible_sum, signed},
    grid::Side,
    physics::{Painter, Value, Wall},
};

use super::coefficients::{Weights, row_of, window};

/// The faces of one side at a subdomain, and at `margin` more cells beyond either end.
///
/// Face 0 is that of the subdomain's first cell along the side.
pub(super) struct WallFaces<T> {
    side: Side,
    wall: Wall,
    uses_time: bool,
    margin: usize,
    /// Face centres in metres.
    centers: Vec<[f64; 2]>,
    /// Of the cells at the wall, in W/(m K).
    conductivity: Vec<f64>,
    /// Width of these cells in metres.
    width: f64,
    weight: Vec<T>,
    /// One for each step under way, or one for all of them.
    ghosts: Vec<Ghosts<T>>,
    /// The same for stages, which take what the state gains from some time on.
    changes: Vec<Ghosts<T>>,
    /// Whether the steps under way take these.
    of_changes: bool,
}

/// `ghost = gain * cell + offset` at every face, and `loss = 1 - gain`.
#[derive(Clone)]
struct Ghosts<T> {
    gain: Vec<T>,
    offset: Vec<T>,
    loss: Vec<T>,
}

/// Parts of the accounts of heat of each side.
pub(super) type HeatParts<'a> = [&'a mut [f64]; 4];

/// All walls that a subdomain touches.
pub(super) struct Walls<T> {
    /// In the order of [`Side::ALL`].
    faces: [Option<WallFaces<T>>; 4],
    /// Heat that came in so far through each face of a subdomain's wall, per volume of the cell, in
    /// J/m^3.
    heat: [Vec<f64>; 4],
    /// Whether each side of the rectangle is a wall.
    is_wall: [bool; 4],
}

impl<T: Real> Walls<T> {
    /// The walls at a subdomain and at `margin` cells around it.
    ///
    /// # Errors
    /// If a conductivity at a wall is not finite and positive.
    pub fn new(
        domain: &Domain,
        margin: usize,
        painter: Painter<'_>,
        walls: &[Wall; 4],
        weights: &Weights<T>,
    ) -> Result<Self, Error> {
        let mut all = Self {
            faces: [const { None }; 4],
            heat: [const { Vec::new() }; 4],
            is_wall: Side::ALL.map(|side| !domain.periodic[side.axis()]),
        };
        for (k, (&side, wall)) in Side::ALL.iter().zip(walls).enumerate() {
            if domain.has_wall(side) {
                let faces = WallFaces::new(side, wall, domain, margin, painter, weights)?;
                all.faces[k] = Some(faces);
                all.heat[k] = vec![0.0; domain.cells[1 - side.axis()]];
            }
        }
        Ok(all)
    }

    /// Brings conditions that depend on time to the times in seconds at which steps begin.
    pub fn set_times(&mut self, times: &[f64]) {
        for faces in self.faces.iter_mut().flatten() {
            faces.set_times(times);
        }
    }

    /// Fills the ghosts beyond the walls of the subdomain at the beginning of the first of the
    /// steps, and counts the heat that comes through them into `u` in `seconds`.
    pub fn fill(&mut self, u: &mut Field<T>, seconds: f64) {
        for (faces, heat) in self.faces.iter().zip(&mut self.heat) {
            if let Some(faces) = faces {
                let count = signed(heat.len());
                faces.fill(u, 0..count);
                for (face, heat) in (0..count).zip(heat) {
                    let ([i, j], outward) = faces.cell(u.cells(), face);
                    let ghost = u.get(i + outward[0], j + outward[1]);
                    *heat += faces.heat(face, u.get(i, j), ghost, seconds);
                }
            }
        }
    }

    /// Fills the ghosts beyond the walls of the `depth` cells next to the subdomain.
    pub fn fill_beyond(&self, u: &mut Field<T>, depth: usize) {
        for (faces, heat) in self.faces.iter().zip(&self.heat) {
            if let Some(faces) = faces {
                let (count, depth) = (signed(heat.len()), signed(depth.min(faces.margin)));
                faces.fill(u, -depth..0);
                faces.fill(u, count..count + depth);
            }
        }
    }

    /// The walls, and for each span of cells its part of the account of heat on each side, which is
    /// empty where it does not touch the wall.
    pub fn deal(
        &mut self,
        cells: [usize; 2],
        spans: &[Span],
    ) -> (&[Option<WallFaces<T>>; 4], Vec<HeatParts<'_>>) {
        let mut parts: Vec<HeatParts<'_>> = spans.iter().map(|_| Default::default()).collect();
        for (k, (side, heat)) in Side::ALL.iter().zip(&mut self.heat).enumerate() {
            if self.faces[k].is_some() {
                let ranges: Vec<_> = spans
                    .iter()
                    .map(|span| touching(span, *side, cells))
                    .collect();
                for (part, heat) in parts.iter_mut().zip(cut(heat, &ranges)) {
                    part[k] = heat;
                }
            }
        }
        (&self.faces, parts)
    }

    /// Heat through each face so far, in J/m^3 of its cell.
    pub fn account(&self) -> &[Vec<f64>; 4] {
        &self.heat
    }

    /// Counts on from an account of the same faces.
    pub fn restore(&mut self, account: &[Vec<f64>; 4]) {
        for (heat, account) in self.heat.iter_mut().zip(account) {
            heat.copy_from_slice(account);
        }
    }

    /// Heat through the four sides so far, inward, in J/m. Collective.
    pub fn heat(&self, comm: &dyn Communicator, team: &Team, cell_area: f64) -> [f64; 4] {
        std::array::from_fn(|k| {
            if !self.is_wall[k] {
                return 0.0;
            }
            let heats = &self.heat[k];
            cell_area * reproducible_sum(comm, team, [heats.len(), 1], |i, _| heats[i])
        })
    }
}

impl<T: Real> WallFaces<T> {
    fn new(
        side: Side,
        wall: &Wall,
        domain: &Domain,
        margin: usize,
        painter: Painter<'_>,
        weights: &Weights<T>,
    ) -> Result<Self, Error> {
        let axis = side.axis();
        let count = domain.cells[1 - axis];
        let faces = -signed(margin)..signed(count + margin);
        let mut window = window(domain, 0);
        if side.is_high() {
            window.start[axis] += signed(domain.cells[axis]) - 1;
        }
        window.cells[axis] = 1;
        window.start[1 - axis] -= signed(margin);
        window.cells[1 - axis] += 2 * margin;
        let coat = painter.conductivity(axis, window);
        let rows = (0..window.cells[1]).map(|j| row_of(&coat, j, window.cells[0]));
        let conductivity = rows.collect::<Result<Vec<_>, _>>()?.concat();
        let weight = faces.clone().map(|face| {
            let mut at = cell_at(side, domain.cells, face);
            at[axis] += isize::from(side.is_high());
            weights.face(axis, at[0], at[1])
        });
        let origin = domain.origin();
        let centers = faces.map(|face| {
            let [i, j] = cell_at(side, domain.cells, face);
            face_center(&painter, side, [origin[0] + i, origin[1] + j])
        });
        let mut faces = Self {
            side,
            wall: wall.clone(),
            uses_time: wall.values().any(Value::uses_time),
            margin,
            centers: centers.collect(),
            conductivity,
            width: domain.grid.spacing()[axis],
            weight: weight.collect(),
            ghosts: Vec::new(),
            changes: Vec::new(),
            of_changes: false,
        };
        faces.ghosts.push(faces.at(0.0));
        faces.check_coefficient()?;
        Ok(faces)
    }

    /// A wall that gives off the more heat the colder it is would be unstable for any step. Where
    /// the coefficient changes with time, a negative one makes the field NaN when it comes.
    fn check_coefficient(&self) -> Result<(), Error> {
        let Wall::Convection { coefficient, .. } = &self.wall else {
            return Ok(());
        };
        let bad = |center: &&[f64; 2]| !valid(coefficient.at(**center, 0.0));
        match self.centers.iter().find(bad) {
            None => Ok(()),
            Some(&[x, y]) => {
                let (side, value) = (self.side.name(), coefficient.at([x, y], 0.0));
                let message = format!(
                    "the convection coefficient of the {side} side is {value} at x = {x} m, \
                     y = {y} m: it must be finite and not negative"
                );
                Err(Error::input(message))
            }
        }
    }

    fn set_times(&mut self, times: &[f64]) {
        self.of_changes = false;
        if self.uses_time {
            self.ghosts = times.iter().map(|&t| self.at(t)).collect();
        }
    }

    /// Those of a step.
    fn ghosts(&self, step: usize) -> &Ghosts<T> {
        let all = if self.of_changes {
            &self.changes
        } else {
            &self.ghosts
        };
        &all[step.min(all.len() - 1)]
    }

    /// The ghosts at time `t` in seconds.
    fn at(&self, t: f64) -> Ghosts<T> {
        let count = self.centers.len();
        let at_all = |value: &Value| {
            let mut all = vec![0.0; count];
            value.at_each(self.centers.iter().copied(), t, |k, value| all[k] = value);
            all
        };
        let conditions: Vec<Robin> = match &self.wall {
            Wall::Temperature(value) => at_all(value).into_iter().map(Robin::temperature).collect(),
            Wall::Flux(value) => at_all(value).into_iter().map(Robin::flux).collect(),
            Wall::Convection {
                coefficient,
                ambient,
            } => {
                let checked = |h| if valid(h) { h } else { f64::NAN };
                let both = at_all(coefficient).into_iter().zip(at_all(ambient));
                both.map(|(h, ambient)| Robin::convection(checked(h), ambient))
                    .collect()
            }
            Wall::Periodic => unreachable!("a periodic side is no wall"),
        };
        let [gain, offset, loss] = [(); 3].map(|()| Vec::with_capacity(count));
        let mut ghosts = Ghosts { gain, offset, loss };
        for (condition, &conductivity) in conditions.iter().zip(&self.conductivity) {
            let Ghost { gain, offset, loss } = condition.ghost(conductivity, self.width);
            ghosts.gain.push(T::from_f64(gain));
            ghosts.offset.push(T::from_f64(offset));
            ghosts.loss.push(T::from_f64(loss));
        }
        ghosts
    }

    fn index(&self, face: isize) -> usize {
        (face + signed(self.margin)).cast_unsigned()
    }

    /// The ghost beyond a face during one of the steps, given the cell before it.
    pub fn ghost(&self, step: usize, face: isize, cell: T) -> T {
        let ghosts = self.ghosts(step);
        let face = self.index(face);
        ghosts.gain[face] * cell + ghosts.offset[face]
    }

    /// The ghosts beyond the faces from `first` on, given the cells before them.
    pub fn ghost_row(&self, step: usize, first: isize, cells: &[T], into: &mut [T]) {
        let ghosts = self.ghosts(step);
        let first = self.index(first);
        let gain = &ghosts.gain[first..][..cells.len()];
        let offset = &ghosts.offset[first..][..cells.len()];
        for (k, into) in into[..cells.len()].iter_mut().enumerate() {
            *into = gain[k] * cells[k] + offset[k];
        }
    }

    /// Heat that comes in through a face in `seconds`, per volume of the cell, in J/m^3.
    pub fn heat(&self, face: isize, cell: T, ghost: T, seconds: f64) -> f64 {
        seconds * (self.weight[self.index(face)] * (ghost - cell)).to_f64()
    }

    /// The cell before a face, and the way to the ghost beyond it.
    fn cell(&self, cells: [usize; 2], face: isize) -> ([isize; 2], [isize; 2]) {
        let mut outward = [0, 0];
        outward[self.side.axis()] = if self.side.is_high() { 1 } else { -1 };
        (cell_at(self.side, cells, face), outward)
    }

    fn fill(&self, u: &mut Field<T>, faces: Range<isize>) {
        for face in faces {
            let ([i, j], outward) = self.cell(u.cells(), face);
            let ghost = self.ghost(0, face, u.get(i, j));
            u.set(i + outward[0], j + outward[1], ghost);
        }
    }
}

/// The faces of a side that a span of own cells touches.
fn touching(span: &Span, side: Side, cells: [usize; 2]) -> Range<usize> {
    let axis = side.axis();
    let [across, along] = if axis == 0 {
        [&span.columns, &span.rows]
    } else {
        [&span.rows, &span.columns]
    };
    let touches = if side.is_high() {
        across.end == cells[axis]
    } else {
        across.start == 0
    };
    if touches && !across.is_empty() {
        along.clone()
    } else {
        0..0
    }
}

/// Whether a number can be a convection coefficient.
fn valid(coefficient: f64) -> bool {
    coefficient.is_finite() && coefficient >= 0.0
}

/// The cell at a face of a side.
fn cell_at(side: Side, cells: [usize; 2], face: isize) -> [isize; 2] {
    let axis = side.axis();
    let across = if side.is_high() {
        signed(cells[axis]) - 1
    } else {
        0
    };
    if axis == 0 {
        [across, face]
    } else {
        [face, across]
    }
}

/// Centre of the face of a global cell that lies on a side of the rectangle.
fn face_center(painter: &Painter<'_>, side: Side, cell: [isize; 2]) -> [f64; 2] {
    let (grid, axis) = (&painter.grid, side.axis());
    let mut center = painter.center(cell);
    center[axis] = grid.origin[axis] + if side.is_high() { grid.size[axis] } else { 0.0 };
    center
}
