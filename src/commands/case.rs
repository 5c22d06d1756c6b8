//! A case on its way to the ranks.

mod memory;
mod reading;

use std::{path::PathBuf, rc::Rc};

use crate::{
    comm::{Communicator, agree},
    config::{self, Case, Source, Step},
    domain::{Domain, choose_ranks},
    error::Error,
    field::{Field, Real, Team, signed},
    operator::{Diffusion, own_window},
    output::{Window as FileWindow, read_block},
    physics::{Initial, Painter, Value, Wall},
    simulation::Pace,
    stepper::{
        Prescribed,
        rkl2::{MOST_STAGES, stage_count},
    },
};

/// The shortest step, over the time span, that still gets anywhere in double precision.
const LEAST_STEP: f64 = 1e-15;

/// An automatic step divides the time span at least so often where sources or walls change with
/// time: the stability limit alone knows nothing of them.
const STEPS_IN_TIME: f64 = 1000.0;

/// A config file with its overrides, and the case they make.
pub struct Given {
    pub case: Case,
    source: Source,
    overrides: Vec<String>,
}

impl Given {
    /// An error about the value of a key that only shows once the case meets the machine.
    pub fn fault(&self, path: &str, message: String, help: &str) -> Error {
        config::fault(&self.source, &self.overrides, path, message, help).into()
    }

    /// Which axes are periodic.
    pub fn periodic(&self) -> [bool; 2] {
        [0, 2].map(|side| matches!(self.case.walls[side], Wall::Periodic))
    }

    /// What paints the case's medium on its grid.
    pub fn painter(&self) -> Painter<'_> {
        Painter {
            medium: &self.case.medium,
            grid: self.case.grid,
            periodic: self.periodic(),
        }
    }

    /// Which regions cover a cell centre of a subdomain.
    pub fn covered(&self, team: &Team, domain: &Domain) -> Vec<bool> {
        let (painter, window) = (self.painter(), own_window(domain));
        let none = || vec![false; painter.medium.regions.len()];
        let look = |covered: &mut Vec<bool>, row| {
            for (region, covered) in covered.iter_mut().enumerate() {
                *covered = *covered || painter.covers(region, window, row);
            }
        };
        let either = |a: Vec<bool>, b: Vec<bool>| a.iter().zip(b).map(|(a, b)| *a || b).collect();
        team.fold_rows(domain.cells[1], none, look, either)
    }

    /// Refuses regions that do nothing, given which of them cover a cell centre of the grid.
    ///
    /// # Errors
    /// If one covers none.
    pub fn check_regions(&self, covered: &[bool]) -> Result<(), Error> {
        match covered.iter().position(|covered| !covered) {
            None => Ok(()),
            Some(region) => {
                let name = &self.case.medium.regions[region].name;
                let message = format!("`{name}` covers the centre of no cell");
                let help = "make it larger, or the cells smaller";
                Err(self.fault(&format!("region[{region}].shape"), message, help))
            }
        }
    }

    /// The process grid for `size` ranks.
    ///
    /// # Errors
    /// If the config asks for another number of ranks, or they are more than the grid can take.
    pub fn process_grid(&self, size: usize) -> Result<[usize; 2], Error> {
        let [nx, ny] = self.case.grid.cells;
        match self.case.parallel.ranks {
            Some([px, py]) if px * py != size => {
                let message = format!("asks for {px} x {py} ranks, but {size} are running");
                let help = format!("start {} ranks, or set it to \"auto\"", px * py);
                Err(self.fault("parallel.ranks", message, &help))
            }
            Some(ranks) => Ok(ranks),
            None => choose_ranks(&self.case.grid, size, self.periodic()).ok_or_else(|| {
                let message = format!("{nx} x {ny} cells cannot be divided among {size} ranks");
                self.fault(
                    "domain.cells",
                    message,
                    "start fewer ranks, or use more cells",
                )
            }),
        }
    }

    /// Fields that the coefficients of the case take.
    ///
    /// # Errors
    /// If a property of the medium is not what it must be.
    pub fn coefficient_fields<T: Real>(&self) -> Result<u64, Error> {
        Diffusion::<T>::coefficient_fields(self.painter())
    }

    /// The largest step and how it is used, under a stability limit in seconds.
    ///
    /// # Errors
    /// If the config asks for a longer step, or the limit is too short to get anywhere.
    pub fn pace(&self, limit: f64) -> Result<(f64, Pace), Error> {
        let end = self.case.time.end;
        let is_free = matches!(self.case.time.step, Step::Within(_));
        if limit < LEAST_STEP * end && !is_free {
            let message = format!("the stability limit of {limit:e} s does not get to {end:e} s");
            let help = "use larger cells, less conductivity, more heat capacity or an earlier end";
            return Err(self.fault("time.end", message, help));
        }
        match self.case.time.step {
            Step::Auto { safety } if self.uses_time() => {
                Ok(((safety * limit).min(end / STEPS_IN_TIME), Pace::Even))
            }
            Step::Auto { safety } => Ok((safety * limit, Pace::Even)),
            Step::Within(_) => Ok((limit.min(end), Pace::Free)),
            // The limit itself is rounded: a step meant to be equal to it may lie above by a bit.
            Step::Fixed(step) if step <= limit * (1.0 + 1e-9) => Ok((step, Pace::Fixed)),
            Step::Fixed(step) => {
                let message = format!("{step:e} s is above the stability limit of {limit:e} s");
                Err(self.fault(
                    "time.step",
                    message,
                    "use \"auto\", or a step below the limit",
                ))
            }
        }
    }

    /// The stages of a step of `"rkl2"`, given that and the stability limit of forward Euler in seconds.
    ///
    /// # Errors
    /// If they are too many.
    pub fn stages(&self, step: f64, limit: f64) -> Result<usize, Error> {
        let stages = stage_count(step / limit);
        if stages > MOST_STAGES {
            let message = format!(
                "{step:e} s takes {stages} stages, of which round-off allows {MOST_STAGES}: the explicit \
                 scheme is stable up to {limit:e} s"
            );
            let help = "take shorter steps, or an implicit scheme";
            return Err(self.fault("time.step", message, help));
        }
        Ok(stages)
    }

    /// Whether sources or walls change with time.
    fn uses_time(&self) -> bool {
        let medium = &self.case.medium;
        let sources = medium
            .regions
            .iter()
            .map(|region| &region.source)
            .chain([&medium.source]);
        let walls = self.case.walls.iter().flat_map(Wall::values);
        sources.flatten().chain(walls).any(Value::uses_time)
    }

    /// Files that the case is read from, besides images.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let initial = match &self.case.initial {
            Initial::File { file, .. } => Some(file.clone()),
            Initial::Value(_) => None,
        };
        initial
            .into_iter()
            .chain([PathBuf::from(&self.source.name)])
            .collect()
    }

    /// What the config says on how steps and stages are fused.
    ///
    /// # Errors
    /// If it asks for a halo that is deeper than a subdomain.
    pub fn prescribed(&self, domain: &Domain) -> Result<Prescribed, Error> {
        let parallel = self.case.parallel;
        let deepest = domain.deepest_halo();
        match parallel.halo_depth {
            Some(depth) if depth > deepest => {
                let message =
                    format!("is {depth}, but the thinnest subdomain is {deepest} cells across");
                let help = format!("use \"auto\", at most {deepest}, or fewer ranks");
                Err(self.fault("parallel.halo_depth", message, &help))
            }
            halo_depth => Ok(Prescribed {
                halo_depth,
                tile_columns: parallel.tile_columns,
                overlap: parallel.overlap,
            }),
        }
    }

    /// The operator on one subdomain and on `margin` cells around it. Collective.
    ///
    /// # Errors
    /// If a property of the medium is not what it must be.
    pub fn diffusion<T: Real>(
        &self,
        comm: &Rc<dyn Communicator>,
        team: &Rc<Team>,
        domain: &Domain,
        margin: usize,
    ) -> Result<Diffusion<T>, Error> {
        let (medium, walls) = (&self.case.medium, &self.case.walls);
        let (comm, team) = (Rc::clone(comm), Rc::clone(team));
        Diffusion::new(comm, team, domain, margin, medium, walls)
    }

    /// The initial temperature on one subdomain, in a field with room for a margin. Collective.
    ///
    /// # Errors
    /// If it cannot be read, or is not finite.
    pub fn initial<T: Real>(
        &self,
        comm: &dyn Communicator,
        team: &Team,
        domain: &Domain,
        margin: usize,
    ) -> Result<Field<T>, Error> {
        let mut u = Field::new(team, domain.cells, margin + 1);
        agree(comm, self.paint_initial(team, domain, &mut u))?;
        Ok(u)
    }

    fn paint_initial<T: Real>(
        &self,
        team: &Team,
        domain: &Domain,
        u: &mut Field<T>,
    ) -> Result<(), Error> {
        let initial = &self.case.initial;
        let read = match initial {
            Initial::Value(_) => None,
            Initial::File { file, dataset } => {
                let window = FileWindow {
                    start: domain.start,
                    cells: domain.cells,
                    grid: domain.grid.cells,
                };
                Some(read_block(file, dataset, window)?)
            }
        };
        let coat =
            self.painter()
                .initial_temperature(initial, read.as_deref(), own_window(domain))?;
        let ghosts = u.ghosts();
        team.try_for_rows(u, 0..signed(domain.cells[1]), |j, row| {
            let mut painted = vec![0.0; domain.cells[0]];
            coat.paint_row(j.cast_unsigned(), &mut painted)?;
            for (u, &value) in row[ghosts..].iter_mut().zip(&painted) {
                *u = T::from_f64(value);
            }
            Ok(())
        })
    }
}
