//! The scheme as it reads, cell by cell over the whole grid: no ranks, tiles, ghosts or vectors.

use std::array::from_fn;

use isotherm::{
    boundary::{Ghost, Robin},
    comm::Solo,
    field::{Real, Team, reproducible_sum},
    grid::Side,
    physics::{Region, Value, Wall},
    stepper::Heat,
};

use super::{Outcome, Problem};

/// Solves a problem with the operations of `kernel::StepRows` in their order: to the same bits.
pub fn solve<T: Real>(problem: &Problem) -> Outcome<T> {
    let mut scheme = Scheme::<T>::new(problem);
    let start = scheme.heat();
    for step in 0..problem.steps {
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        scheme.step(step as f64 * problem.dt);
    }
    Outcome {
        start,
        end: scheme.heat(),
        stability_limit: scheme.stability_limit(),
        u: scheme.u,
    }
}

/// `alpha c x - beta div(K grad x)` at time 0 between homogeneous walls, for every cell; and the sum of
/// the magnitudes of its terms.
pub fn helmholtz(problem: &Problem, [alpha, beta]: [f64; 2], x: &[f64]) -> Vec<[f64; 2]> {
    let scheme = Scheme::<f64>::new(problem);
    let value = |cell: usize| {
        let held = alpha / scheme.inverse_capacity[cell] * x[cell];
        let flows: [[f64; 2]; 4] = from_fn(|k| {
            let beyond = match scheme.neighbors[cell][k] {
                Some(neighbor) => x[neighbor],
                None => scheme.wall(cell, k, 0.0).gain * x[cell],
            };
            let weight = beta * scheme.weights[cell][k];
            [
                weight * (beyond - x[cell]),
                weight * (beyond.abs() + x[cell].abs()),
            ]
        });
        let sum = |k: usize| flows.iter().map(|flow| flow[k]).sum::<f64>();
        [held - sum(0), held.abs() + sum(1)]
    };
    (0..x.len()).map(value).collect()
}

/// Everything about all cells, row by row. What belongs to a side stands in the order of `Side::ALL`.
struct Scheme<'a, T> {
    problem: &'a Problem,
    centers: Vec<[f64; 2]>,
    u: Vec<T>,
    /// The cell beyond each side; none beyond a wall.
    neighbors: Vec<[Option<usize>; 4]>,
    /// Along x and along y.
    conductivity: Vec<[f64; 2]>,
    /// Of the faces of each cell.
    weights: Vec<[T; 4]>,
    inverse_capacity: Vec<T>,
    /// Heat per volume that came in through the walls at each cell.
    through_walls: Vec<[f64; 4]>,
    /// Heat per volume from a source that changes with time.
    from_moving: Vec<f64>,
    seconds: f64,
}

impl<'a, T: Real> Scheme<'a, T> {
    fn new(problem: &'a Problem) -> Self {
        let (grid, medium) = (problem.grid, &problem.medium);
        let [nx, ny] = grid.cells;
        let places: Vec<_> = (0..nx * ny).map(|cell| [cell % nx, cell / nx]).collect();
        let centers: Vec<_> = places
            .iter()
            .map(|&[i, j]| grid.center(i.cast_signed(), j.cast_signed()))
            .collect();
        let painted = |base: &'a Value, of: &dyn Fn(&'a Region) -> Option<&'a Value>| -> Vec<_> {
            centers
                .iter()
                .map(|&center| top(problem, base, of, center).at(center, 0.0))
                .collect()
        };
        let u = painted(&problem.initial, &|region| region.temperature.as_ref());
        let capacity = painted(&medium.heat_capacity, &|region| {
            region.heat_capacity.as_ref()
        });
        let [kx, ky] = from_fn(|axis| {
            painted(&medium.conductivity.0[axis], &|region| {
                Some(&region.conductivity.as_ref()?.0[axis])
            })
        });
        let conductivity: Vec<[f64; 2]> = kx.into_iter().zip(ky).map(|(x, y)| [x, y]).collect();
        let neighbors: Vec<_> = places
            .iter()
            .map(|&place| Side::ALL.map(|side| neighbor(problem, place, side)))
            .collect();
        let weight = |cell: usize, k: usize| {
            let axis = Side::ALL[k].axis();
            let beyond = neighbors[cell][k].unwrap_or(cell);
            let pair = [cell, beyond].map(|cell| conductivity[cell][axis]);
            let width = grid.spacing()[axis];
            T::from_f64(medium.face_mean.of(pair) / (width * width))
        };
        let inverse = |capacity: f64| T::from_f64(1.0 / capacity);
        Self {
            weights: (0..nx * ny)
                .map(|cell| from_fn(|k| weight(cell, k)))
                .collect(),
            inverse_capacity: capacity.into_iter().map(inverse).collect(),
            u: u.into_iter().map(T::from_f64).collect(),
            through_walls: vec![[0.0; 4]; nx * ny],
            from_moving: vec![0.0; nx * ny],
            seconds: 0.0,
            problem,
            centers,
            neighbors,
            conductivity,
        }
    }

    fn step(&mut self, t: f64) {
        let dt = self.problem.dt;
        let has_sources = self.has_sources();
        let old = self.u.clone();
        for (cell, &u) in old.iter().enumerate() {
            let flows = from_fn(|k| {
                let weight = self.weights[cell][k];
                let beyond = self.neighbors[cell][k].map_or_else(
                    || {
                        let ghost = self.ghost(cell, k, u, t);
                        self.through_walls[cell][k] += dt * (weight * (ghost - u)).to_f64();
                        ghost
                    },
                    |neighbor| old[neighbor],
                );
                if Side::ALL[k].is_high() {
                    weight * (beyond - u)
                } else {
                    weight * (u - beyond)
                }
            });
            let [west, east, south, north]: [T; 4] = flows;
            let mut rate = (east - west) + (north - south);
            if has_sources {
                let source = self.source(cell);
                let value = T::from_f64(source.at(self.centers[cell], t));
                rate += value;
                if source.uses_time() {
                    self.from_moving[cell] += dt * value.to_f64();
                }
            }
            self.u[cell] = u + (T::from_f64(dt) * self.inverse_capacity[cell]) * rate;
        }
        self.seconds += dt;
    }

    /// What stands beyond the wall at a cell.
    fn ghost(&self, cell: usize, k: usize, u: T, t: f64) -> T {
        let ghost = self.wall(cell, k, t);
        T::from_f64(ghost.gain) * u + T::from_f64(ghost.offset)
    }

    fn wall(&self, cell: usize, k: usize, t: f64) -> Ghost {
        let (grid, side) = (self.problem.grid, Side::ALL[k]);
        let axis = side.axis();
        let mut face = self.centers[cell];
        face[axis] = grid.origin[axis] + if side.is_high() { grid.size[axis] } else { 0.0 };
        let condition = match &self.problem.walls[k] {
            Wall::Temperature(value) => Robin::temperature(value.at(face, t)),
            Wall::Flux(value) => Robin::flux(value.at(face, t)),
            Wall::Convection {
                coefficient,
                ambient,
            } => Robin::convection(coefficient.at(face, t), ambient.at(face, t)),
            Wall::Periodic => unreachable!("a cell has a neighbour there"),
        };
        condition.ghost(self.conductivity[cell][axis], grid.spacing()[axis])
    }

    fn source(&self, cell: usize) -> &'a Value {
        let base = self.problem.medium.source.as_ref().unwrap_or(&NONE);
        let of = |region: &'a Region| region.source.as_ref();
        top(self.problem, base, &of, self.centers[cell])
    }

    /// Without any source, nothing is added: adding zero would turn -0 into 0.
    fn has_sources(&self) -> bool {
        let medium = &self.problem.medium;
        let regions = medium
            .regions
            .iter()
            .filter_map(|region| region.source.as_ref());
        let mut all = regions.chain(&medium.source);
        all.any(|source| source.constant() != Some(0.0))
    }

    fn heat(&self) -> Heat {
        let cells = [self.u.len(), 1];
        let team = Team::new(1).unwrap();
        let sum = |term: &(dyn Fn(usize) -> f64 + Sync)| {
            let area = self.problem.grid.cell_area();
            area * reproducible_sum(&Solo, &team, cells, |cell, _| term(cell))
        };
        let fixed = |cell: usize| match self.source(cell) {
            source if source.uses_time() => 0.0,
            source => T::from_f64(source.at(self.centers[cell], 0.0)).to_f64(),
        };
        Heat {
            content: sum(&|cell| self.u[cell].to_f64() / self.inverse_capacity[cell].to_f64()),
            through_sides: from_fn(|k| sum(&|cell| self.through_walls[cell][k])),
            from_sources: sum(&fixed) * self.seconds + sum(&|cell| self.from_moving[cell]),
            per_second: false,
        }
    }

    fn stability_limit(&self) -> f64 {
        let limits = self.weights.iter().zip(&self.inverse_capacity);
        limits
            .map(|(weights, inverse)| {
                let [west, east, south, north] = weights.map(T::to_f64);
                1.0 / (inverse.to_f64() * ((west + east) + (south + north)))
            })
            .fold(f64::INFINITY, f64::min)
    }
}

static NONE: Value = Value::Constant(0.0);

/// The value of the last region at a point that has one.
fn top<'a>(
    problem: &'a Problem,
    base: &'a Value,
    of: &dyn Fn(&'a Region) -> Option<&'a Value>,
    point: [f64; 2],
) -> &'a Value {
    let regions = problem.medium.regions.iter().rev();
    let mut around = regions.filter(|region| region.shape.contains(point));
    around.find_map(of).unwrap_or(base)
}

/// The cell next to the one at a place.
fn neighbor(problem: &Problem, place: [usize; 2], side: Side) -> Option<usize> {
    let (cells, axis) = (problem.grid.cells, side.axis());
    let (end, other_end) = if side.is_high() {
        (cells[axis] - 1, 0)
    } else {
        (0, cells[axis] - 1)
    };
    let mut next = place;
    next[axis] = if place[axis] != end {
        if side.is_high() {
            place[axis] + 1
        } else {
            place[axis] - 1
        }
    } else if matches!(problem.walls[2 * axis], Wall::Periodic) {
        other_end
    } else {
        return None;
    };
    Some(next[1] * cells[0] + next[0])
}
