//! `isotherm bench`: the memory bandwidth of the ranks together, and what a time step makes of it.

use std::{ops::Range, rc::Rc, time::Instant};

use serde::Serialize;

use crate::{
    comm::{Communicator, Reduce, Solo},
    domain::{Domain, choose_ranks},
    error::{Error, count},
    field::{Field, Team, signed},
    grid::Grid,
    operator::Diffusion,
    physics::{Conductivity, FaceMean, Medium, Value, Wall},
    stepper::{Explicit, Plan, Steps, TimeStepper},
};

/// Fields that the measurements hold, all together.
pub const FIELDS: u128 = 12;

/// What a plain sweep moves for each cell in f64: one read, one write, and the read of the line
/// that is written (write-allocate).
const UPDATE_BYTES: f64 = 24.0;

/// The same for the two measures of bandwidth, of one and of two reads.
const SCALE_BYTES: f64 = 24.0;
const TRIAD_BYTES: f64 = 32.0;

/// Seconds that one repetition of one measurement takes, about.
const SECONDS: f64 = 0.15;

/// Rates on the whole of the ranks; medians over rounds in which everything was measured in turn.
#[derive(Debug, Serialize)]
pub struct Rates {
    pub cells: [usize; 2],
    pub ranks: usize,
    pub process_grid: [usize; 2],
    pub threads_per_rank: usize,
    pub rounds: usize,
    /// `b = s a + t`, in bytes per second, write-allocate counted.
    pub scale_bandwidth: f64,
    /// `c = a + s b`, likewise.
    pub triad_bandwidth: f64,
    /// The larger of both in each round.
    pub bandwidth: f64,
    /// Cell updates per second of sweeps without any exchange of halos.
    pub compute_alone: f64,
    /// The same with the exchange hidden behind the interior.
    pub step: f64,
    /// The same with the exchange before the sweep.
    pub step_without_overlap: f64,
    /// Of what the bandwidth of the same round allows at 24 bytes a cell update.
    pub compute_alone_of_bandwidth: f64,
    pub step_of_bandwidth: f64,
    /// Time of a step over that of compute alone, less one, in the same round.
    pub overlap_cost: f64,
    pub no_overlap_cost: f64,
    /// Of the time that messages were in flight; absent on one rank.
    pub halo_hidden: Option<f64>,
}

/// One measurement: does its work once.
type Work<'a> = Box<dyn FnMut() + 'a>;

/// What the measurements work on.
struct Setting<'a> {
    comm: Rc<dyn Communicator>,
    team: &'a Rc<Team>,
    domain: Domain,
}

/// Measures on a grid of `cells`, f64, constant coefficients, in `rounds` rounds. Collective.
///
/// # Errors
/// If the ranks do not fit on the grid.
pub fn run(
    comm: Rc<dyn Communicator>,
    team: &Rc<Team>,
    cells: [usize; 2],
    rounds: usize,
) -> Result<Rates, Error> {
    let grid = Grid {
        cells,
        size: [1.0, 1.0],
        origin: [0.0, 0.0],
    };
    let process_grid = choose_ranks(&grid, comm.size(), [false; 2])
        .ok_or_else(|| Error::input("there are more ranks than cells"))?;
    let comm = comm.cartesian(process_grid, [false; 2]);
    let setting = Setting {
        domain: Domain::new(grid, process_grid, [false; 2], comm.rank()),
        comm: Rc::clone(&comm),
        team,
    };
    let mut stepper = setting.stepper(1, true)?;
    let mut exchange_first = setting.stepper(1, false)?;
    let alone_comm: Rc<dyn Communicator> = Rc::new(Solo);
    let alone_setting = Setting {
        comm: alone_comm,
        team,
        domain: setting.domain.alone(),
    };
    let mut alone = alone_setting.stepper(1, true)?;
    let mut works = [
        setting.scale(),
        setting.triad(),
        setting.step(&mut alone),
        setting.step(&mut stepper),
        setting.step(&mut exchange_first),
    ];
    let repeats = works.each_mut().map(|work| repeats(comm.as_ref(), work));
    let seconds: Vec<[f64; 5]> = (0..rounds)
        .map(|_| {
            let mut repeats = repeats.iter();
            works.each_mut().map(|work| {
                let repeats = repeats.next().expect("one for each work");
                time(comm.as_ref(), work, *repeats)
            })
        })
        .collect();
    drop(works);

    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    let updates = grid.cell_count() as f64;
    let of = |quantity: &dyn Fn(&[f64; 5]) -> f64| median(seconds.iter().map(quantity).collect());
    let bandwidth = |s: &[f64; 5]| (SCALE_BYTES * updates / s[0]).max(TRIAD_BYTES * updates / s[1]);
    let of_bandwidth = |s: &[f64; 5], k: usize| UPDATE_BYTES * updates / s[k] / bandwidth(s);
    let times = stepper.times();
    let mut halo_seconds = [times.in_flight, times.wait];
    comm.all_reduce(&mut halo_seconds, Reduce::Sum);
    let [in_flight, wait] = halo_seconds;
    Ok(Rates {
        cells,
        ranks: comm.size(),
        process_grid,
        threads_per_rank: team.size(),
        rounds,
        scale_bandwidth: of(&|s| SCALE_BYTES * updates / s[0]),
        triad_bandwidth: of(&|s| TRIAD_BYTES * updates / s[1]),
        bandwidth: of(&bandwidth),
        compute_alone: of(&|s| updates / s[2]),
        step: of(&|s| updates / s[3]),
        step_without_overlap: of(&|s| updates / s[4]),
        compute_alone_of_bandwidth: of(&|s| of_bandwidth(s, 2)),
        step_of_bandwidth: of(&|s| of_bandwidth(s, 3)),
        overlap_cost: of(&|s| s[3] / s[2] - 1.0),
        no_overlap_cost: of(&|s| s[4] / s[2] - 1.0),
        halo_hidden: (in_flight > 0.0).then(|| (in_flight - wait) / in_flight),
    })
}

impl<'a> Setting<'a> {
    /// A field far from zero, where arithmetic is slow on some processors.
    fn field(&self) -> Field<f64> {
        let mut field = Field::new(self.team, self.domain.cells, 2);
        let rows = -1..signed(self.domain.cells[1]) + 1;
        self.team
            .for_rows(&mut field, rows, |_, row| row.fill(300.0));
        field
    }

    fn rows(&self) -> Range<isize> {
        0..signed(self.domain.cells[1])
    }

    /// `b = s a + t`.
    fn scale(&self) -> Work<'a> {
        let (team, rows) = (self.team, self.rows());
        let [mut a, mut b] = [self.field(), self.field()];
        Box::new(move || {
            team.for_rows(&mut b, rows.clone(), |j, row| {
                for (b, a) in row.iter_mut().zip(a.row(j)) {
                    *b = 0.5 * a + 150.0;
                }
            });
            std::mem::swap(&mut a, &mut b);
        })
    }

    /// `c = a + s b`.
    fn triad(&self) -> Work<'a> {
        let (team, rows) = (self.team, self.rows());
        let [a, b, mut c] = [self.field(), self.field(), self.field()];
        Box::new(move || {
            team.for_rows(&mut c, rows.clone(), |j, row| {
                for ((c, a), b) in row.iter_mut().zip(a.row(j)).zip(b.row(j)) {
                    *c = a + 0.5 * b;
                }
            });
        })
    }

    fn diffusion(&self) -> Result<Diffusion<f64>, Error> {
        let one = || Value::Constant(1.0);
        let medium = Medium {
            face_mean: FaceMean::Harmonic,
            conductivity: Conductivity([one(), one()]),
            heat_capacity: one(),
            source: None,
            regions: Vec::new(),
        };
        let walls = std::array::from_fn(|_| Wall::Flux(Value::Constant(0.0)));
        let (comm, team) = (Rc::clone(&self.comm), Rc::clone(self.team));
        Diffusion::new(comm, team, &self.domain, 1, &medium, &walls)
    }

    fn stepper(&self, depth: usize, overlap: bool) -> Result<Explicit<f64>, Error> {
        let (comm, diffusion) = (Rc::clone(&self.comm), self.diffusion()?);
        let plan = Plan {
            halo_depth: depth,
            tile_columns: usize::MAX,
            overlap,
        };
        let (team, domain) = (self.team, &self.domain);
        Ok(Explicit::new(
            comm,
            team,
            domain,
            diffusion,
            f64::INFINITY,
            plan,
        ))
    }

    /// A time step with its exchange hidden behind the interior.
    fn step(&self, stepper: &'a mut Explicit<f64>) -> Work<'a> {
        let (mut u, dt) = (self.field(), self.dt());
        Box::new(move || {
            stepper
                .advance(&mut u, Steps::one(0.0, dt))
                .expect("an explicit step cannot fail");
        })
    }

    /// A stable step for conductivity and heat capacity 1.
    fn dt(&self) -> f64 {
        let [dx, dy] = self.domain.grid.spacing();
        0.45 / (1.0 / (dx * dx) + 1.0 / (dy * dy))
    }
}

/// How often a work is done for it to take [`SECONDS`]; the same on every rank.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
fn repeats(comm: &dyn Communicator, work: &mut Work<'_>) -> u32 {
    time(comm, work, 1);
    let once = time(comm, work, 2);
    (SECONDS / once).ceil().clamp(1.0, 1e6) as u32
}

/// Seconds that the slowest rank needs for a work, on the average of `repeats` times.
fn time(comm: &dyn Communicator, work: &mut Work<'_>, repeats: u32) -> f64 {
    comm.barrier();
    let start = Instant::now();
    for _ in 0..repeats {
        work();
    }
    let mut seconds = [start.elapsed().as_secs_f64() / f64::from(repeats)];
    comm.all_reduce(&mut seconds, Reduce::Max);
    seconds[0]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        0.5 * (values[middle - 1] + values[middle])
    }
}

impl std::fmt::Display for Rates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [nx, ny] = self.cells;
        let [px, py] = self.process_grid;
        writeln!(
            f,
            "{nx} x {ny} cells, f64, constant coefficients; {px} x {py} ranks x {}; \
             medians of {} rounds",
            count(self.threads_per_rank, "thread"),
            self.rounds
        )?;
        let giga = |rate: f64| rate / 1e9;
        writeln!(
            f,
            "memory bandwidth         {:7.2} GB/s       (scale {:.2}, triad {:.2}; write-allocate \
             counted)",
            giga(self.bandwidth),
            giga(self.scale_bandwidth),
            giga(self.triad_bandwidth)
        )?;
        writeln!(
            f,
            "sweep without exchange   {:7.3} Gcells/s   {:.2} of the bandwidth at 24 bytes a cell",
            giga(self.compute_alone),
            self.compute_alone_of_bandwidth
        )?;
        writeln!(
            f,
            "time step                {:7.3} Gcells/s   {:.2} of the bandwidth at 24 bytes a cell",
            giga(self.step),
            self.step_of_bandwidth
        )?;
        writeln!(
            f,
            "  exchange hidden        {:+7.1} %          over the sweep",
            100.0 * self.overlap_cost
        )?;
        write!(
            f,
            "  exchange first         {:+7.1} %          over the sweep",
            100.0 * self.no_overlap_cost
        )?;
        if let Some(hidden) = self.halo_hidden {
            write!(f, "\nhalo time hidden         {:7.1} %", 100.0 * hidden)?;
        }
        Ok(())
    }
}
