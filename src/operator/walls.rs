//! The walls of a subdomain: ghosts beyond them, and the heat that comes through.

use crate::{
    boundary::{Ghost, Robin},
    comm::Communicator,
    domain::Domain,
    error::Error,
    field::{Field, Real, Team, reproducible_sum, signed},
    grid::{Grid, Side},
    physics::{Painter, Value, Wall},
};

use super::coefficients::{Weights, own_window, row_of};

/// The faces of one side that lie in a subdomain.
struct WallFaces<T> {
    side: Side,
    wall: Wall,
    uses_time: bool,
    uses_place: bool,
    /// Face centres in metres.
    centers: Vec<[f64; 2]>,
    /// Of the cells at the wall, in W/(m K).
    conductivity: Vec<f64>,
    /// Width of these cells in metres.
    width: f64,
    weight: Vec<T>,
    gain: Vec<T>,
    offset: Vec<T>,
    /// Heat that came in so far, per volume of the cell, in J/m^3.
    heat: Vec<f64>,
}

/// All walls that a subdomain touches.
pub(super) struct Walls<T> {
    faces: Vec<WallFaces<T>>,
    /// Whether each side of the rectangle is a wall, in the order of [`Side::ALL`].
    is_wall: [bool; 4],
}

impl<T: Real> Walls<T> {
    /// # Errors
    /// If a conductivity at a wall is not finite and positive.
    pub fn new(
        domain: &Domain,
        painter: Painter<'_>,
        walls: &[Wall; 4],
        weights: &Weights<T>,
    ) -> Result<Self, Error> {
        let faces = Side::ALL
            .iter()
            .zip(walls)
            .filter(|(side, _)| domain.has_wall(**side))
            .map(|(&side, wall)| WallFaces::new(side, wall, domain, painter, weights))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            faces,
            is_wall: Side::ALL.map(|side| !domain.periodic[side.axis()]),
        })
    }

    /// Brings conditions that depend on time to time `t` in seconds.
    pub fn set_time(&mut self, t: f64) {
        for faces in self.faces.iter_mut().filter(|faces| faces.uses_time) {
            faces.evaluate(t);
        }
    }

    /// Fills the ghosts beyond the walls, and counts the heat that comes through them into `u`
    /// in a step of `dt` seconds.
    pub fn fill(&mut self, u: &mut Field<T>, dt: f64) {
        for faces in &mut self.faces {
            faces.fill(u, dt);
        }
    }

    /// Heat through the four sides so far, inward, in J/m. Collective.
    pub fn heat(&self, comm: &dyn Communicator, team: &Team, cell_area: f64) -> [f64; 4] {
        let mut heat = [0.0; 4];
        for (k, side) in Side::ALL.into_iter().enumerate() {
            if self.is_wall[k] {
                let faces = self.faces.iter().find(|faces| faces.side == side);
                let heats = faces.map_or(&[][..], |faces| &faces.heat);
                let total = reproducible_sum(comm, team, [heats.len(), 1], |i, _| heats[i]);
                heat[k] = cell_area * total;
            }
        }
        heat
    }
}

impl<T: Real> WallFaces<T> {
    fn new(
        side: Side,
        wall: &Wall,
        domain: &Domain,
        painter: Painter<'_>,
        weights: &Weights<T>,
    ) -> Result<Self, Error> {
        let axis = side.axis();
        let count = domain.cells[1 - axis];
        let cell = |face: usize| cell_at(side, domain.cells, face);
        let conductivity = (0..count)
            .map(|face| {
                let [i, j] = cell(face);
                let mut window = own_window(domain);
                window.start[0] += i;
                window.start[1] += j;
                window.cells = [1, 1];
                Ok(row_of(&painter.conductivity(axis, window), 0, 1)?[0])
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let weight = (0..count)
            .map(|face| {
                let [i, j] = cell(face).map(isize::cast_unsigned);
                let high = usize::from(side.is_high());
                let [i, j] = if axis == 0 {
                    [i + high, j]
                } else {
                    [i, j + high]
                };
                weights.face(axis, i, j)
            })
            .collect();
        let [x0, y0] = domain.origin();
        let centers = (0..count)
            .map(|face| {
                let [i, j] = cell(face);
                face_center(&domain.grid, side, [x0 + i, y0 + j])
            })
            .collect();
        let mut faces = Self {
            side,
            wall: wall.clone(),
            uses_time: wall.values().any(Value::uses_time),
            uses_place: wall.values().any(Value::uses_place),
            centers,
            conductivity,
            width: domain.grid.spacing()[axis],
            weight,
            gain: vec![T::ZERO; count],
            offset: vec![T::ZERO; count],
            heat: vec![0.0; count],
        };
        faces.evaluate(0.0);
        Ok(faces)
    }

    fn evaluate(&mut self, t: f64) {
        let condition = |center: [f64; 2]| {
            let at = |value: &Value| value.at(center, t);
            match &self.wall {
                Wall::Temperature(value) => Robin::temperature(at(value)),
                Wall::Flux(value) => Robin::flux(at(value)),
                Wall::Convection {
                    coefficient,
                    ambient,
                } => Robin::convection(at(coefficient), at(ambient)),
                Wall::Periodic => unreachable!("a periodic side is no wall"),
            }
        };
        // A condition of time alone is worth evaluating once.
        let everywhere = (!self.uses_place).then(|| condition(self.centers[0]));
        for (face, &center) in self.centers.iter().enumerate() {
            let condition = everywhere.unwrap_or_else(|| condition(center));
            let Ghost { gain, offset } = condition.ghost(self.conductivity[face], self.width);
            self.gain[face] = T::from_f64(gain);
            self.offset[face] = T::from_f64(offset);
        }
    }

    fn fill(&mut self, u: &mut Field<T>, dt: f64) {
        let cells = u.cells();
        let outward = if self.side.is_high() { 1 } else { -1 };
        for face in 0..self.gain.len() {
            let [i, j] = cell_at(self.side, cells, face);
            let cell = u.get(i, j);
            let ghost = self.gain[face] * cell + self.offset[face];
            if self.side.axis() == 0 {
                u.set(i + outward, j, ghost);
            } else {
                u.set(i, j + outward, ghost);
            }
            self.heat[face] += dt * (self.weight[face] * (ghost - cell)).to_f64();
        }
    }
}

/// The cell at a face of a side.
fn cell_at(side: Side, cells: [usize; 2], face: usize) -> [isize; 2] {
    let axis = side.axis();
    let across = if side.is_high() {
        signed(cells[axis]) - 1
    } else {
        0
    };
    if axis == 0 {
        [across, signed(face)]
    } else {
        [signed(face), across]
    }
}

/// Centre of the face of a global cell that lies on a side of the rectangle.
fn face_center(grid: &Grid, side: Side, [i, j]: [isize; 2]) -> [f64; 2] {
    let mut center = grid.center(i, j);
    let axis = side.axis();
    center[axis] = grid.origin[axis] + if side.is_high() { grid.size[axis] } else { 0.0 };
    center
}
