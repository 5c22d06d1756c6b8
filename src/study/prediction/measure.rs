//! What a prediction needs to know of this machine, measured.
//!
//! Everything takes its turn in each of several rounds, and the best round counts: others on the machine
//! slow a measurement down and never speed it up.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::{Kind, Layout, Machine, Point, Rate, Scaling};
use crate::{
    comm::{Communicator, Reduce, Solo, agree},
    domain::Domain,
    error::Error,
    field::{Field, Real, Team},
    grid::Grid,
    halo::Halo,
    operator::Diffusion,
    physics::{Medium, Wall},
    stepper::{Batch, Explicit, Fused, Plan, Prescribed, Steps, TimeStepper, reach},
    study::{
        Line, Network,
        bench::rounds::{Id, Rounds, Works},
        ping_pong,
    },
};

/// Seconds that a piece of work is repeated for in each round: short, to fall between others' work.
const SECONDS: f64 = 0.01;

/// Caches that many share take in what comes again and again, but not at once.
const WARM_UP: u32 = 4;

/// Rates are measured on what ranks have where steps are measured, and on the whole grid, its quarter and a
/// sixteenth of it, as far as ranks have so many cells along both axes.
const HALVINGS: usize = 2;
const FEWEST: usize = 64;

/// What is to be measured.
pub struct Trials<'a> {
    pub scaling: Scaling,
    pub medium: &'a Medium,
    pub walls: &'a [Wall; 4],
    /// As the system names the processor.
    pub processor: String,
    pub kind: Kind,
    pub plans: Vec<Plan>,
    pub rounds: usize,
}

/// A field and what moves it.
struct Mover<T> {
    u: Field<T>,
    stepper: Explicit<T>,
    dt: f64,
}

impl<T: Real> Mover<T> {
    /// On a part of a grid: with its neighbours, or walled in where they would be. Collective over `comm`.
    fn new(
        trials: &Trials<'_>,
        comm: &Rc<dyn Communicator>,
        team: &Rc<Team>,
        domain: &Domain,
        plan: Plan,
    ) -> Result<Self, Error> {
        let prescribed = Prescribed::from(plan);
        let margin = prescribed.margin::<T>(domain);
        let (of_operator, of_stepper) = (Rc::clone(comm), Rc::clone(comm));
        let diffusion = Diffusion::new(
            of_operator,
            Rc::clone(team),
            domain,
            margin,
            trials.medium,
            trials.walls,
        )?;
        let dt = 0.9 * diffusion.stability_limit();
        Ok(Self {
            u: Field::new(team, domain.cells, margin + 1),
            stepper: Explicit::new(
                Fused::new(of_stepper, team, domain, diffusion, prescribed),
                dt,
            ),
            dt,
        })
    }

    /// Takes as many steps as the plan fuses, again and again, each time followed by something else.
    fn run(&mut self, plan: Plan, repeats: u32, mut then: impl FnMut()) {
        self.stepper.follow(plan);
        for _ in 0..repeats {
            let steps = Steps::new(0.0, self.dt, plan.halo_depth);
            self.stepper
                .advance(&mut self.u, steps)
                .expect("an explicit step cannot fail");
            then();
        }
    }
}

/// A piece of work that was added, and what it will tell.
struct Timed<W>(Id, W);

/// Measures the rates of a rank by itself, messages, halos, and whole steps to compare with. Collective.
///
/// # Errors
/// If there is but one rank, the ranks do not fit on the grid, or a property of the medium is not what it
/// must be.
pub fn measure<T: Real>(
    comm: &Rc<dyn Communicator>,
    team: &Rc<Team>,
    trials: &Trials<'_>,
) -> Result<Machine, Error> {
    let size = comm.size();
    if size == 1 {
        return Err(Error::input("messages can only be measured between ranks")
            .with_help("start it under mpirun -n 2, or name a --machine that was measured so"));
    }
    let mut works = Works::new(Rc::clone(comm), SECONDS).warmed_up(WARM_UP);
    let layouts = layouts(trials.scaling, size);
    let rates = add_rates::<T>(&mut works, comm, team, trials, &layouts)?;
    if rates.is_empty() {
        return Err(Error::input("every halo is deeper than the grid")
            .with_help("use less depth or more cells"));
    }
    let mut points = Vec::new();
    for layout in layouts {
        add_points::<T>(&mut works, comm, team, trials, layout, &mut points)?;
    }
    let halos = add_halos::<T>(&mut works, comm, team, trials)?;
    let measured = works.measure(trials.rounds);

    let halo = Line::fit(
        &halos
            .iter()
            .map(|halo| halo.times(comm.as_ref()))
            .collect::<Vec<_>>(),
    );
    let one_way = ping_pong(comm.as_ref(), trials.rounds);
    #[expect(
        clippy::cast_precision_loss,
        reason = "messages are far below 2^53 bytes"
    )]
    let times: Vec<_> = (one_way.iter())
        .map(|time| [time.bytes as f64, time.seconds])
        .collect();
    let line = Line::fit(&times);
    let overhead = halo.constant.min(0.5 * line.constant);
    Ok(Machine {
        processor: trials.processor.clone(),
        kind: trials.kind.clone(),
        ranks: size,
        rates: (rates.into_iter())
            .map(|Timed(id, rate)| Rate {
                rate: measured.best(id),
                ..rate
            })
            .collect(),
        copy: halo.slope,
        network: Network {
            latency: line.constant - 2.0 * overhead,
            overhead,
            gap: line.slope,
            congestion: 1.0,
        },
        one_way,
        points: points
            .into_iter()
            .map(|timed| point(timed, &measured))
            .collect(),
    })
}

fn point(Timed(id, point): Timed<Point>, measured: &Rounds) -> Point {
    Point {
        seconds: 1.0 / measured.best(id),
        ..point
    }
}

/// The layouts on which steps are measured: one rank on as many cells as all have in weak scaling, and all ranks
/// in weak and in strong scaling.
fn layouts(scaling: Scaling, size: usize) -> Vec<Layout> {
    let of = |strong| Scaling { strong, ..scaling }.layout(size);
    let [weak, strong] = [of(false), of(true)];
    let alone = weak.map(|layout| Layout {
        ranks: [1, 1],
        ..layout
    });
    [alone, weak, strong].into_iter().flatten().collect()
}

/// The rates of a rank alone on its grid, with no others busy and with all of them, in step.
fn add_rates<T: Real>(
    works: &mut Works<'_>,
    comm: &Rc<dyn Communicator>,
    team: &Rc<Team>,
    trials: &Trials<'_>,
    layouts: &[Layout],
) -> Result<Vec<Timed<Rate>>, Error> {
    let solo: Rc<dyn Communicator> = Rc::new(Solo);
    let rank = comm.rank();
    let mut rates = Vec::new();
    for (cells, is_shared) in sizes(trials.scaling.grid.cells, layouts) {
        let busy = if is_shared {
            vec![1, comm.size()]
        } else {
            vec![1]
        };
        let domain = Layout {
            grid: Grid {
                cells,
                ..trials.scaling.grid
            },
            ranks: [1, 1],
            periodic: trials.scaling.periodic,
        }
        .domain(0);
        let plans = depths(trials, &domain);
        let Some(deepest) = plans.last() else {
            continue;
        };
        let works_here = rank < busy[busy.len() - 1];
        let mover = works_here
            .then(|| Mover::<T>::new(trials, &solo, team, &domain, *deepest))
            .transpose();
        let mover = Rc::new(RefCell::new(agree(comm.as_ref(), mover)?));
        for plan in plans {
            let batch = Batch::new::<T>(&domain, plan, team.size());
            for &busy in &busy {
                let mover = Rc::clone(&mover);
                // All ranks wait for the slowest one, as they do where they need each other's cells.
                let together = (busy > 1).then(|| Rc::clone(comm));
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
                let id = works.add((batch.interior + batch.rim) as f64, move |repeats| {
                    if let (true, Some(mover)) = (rank < busy, mover.borrow_mut().as_mut()) {
                        mover.run(plan, repeats, || {
                            if let Some(comm) = &together {
                                comm.barrier();
                            }
                        });
                    }
                });
                let steps = plan.halo_depth;
                let rate = Rate {
                    cells,
                    steps,
                    busy,
                    rate: 0.0,
                };
                rates.push(Timed(id, rate));
            }
        }
    }
    Ok(rates)
}

/// A plan for each depth that fits on a part.
fn depths(trials: &Trials<'_>, domain: &Domain) -> Vec<Plan> {
    let deepest = domain.deepest_halo();
    let mut plans = trials.plans.clone();
    plans.retain(|plan| plan.halo_depth <= deepest);
    plans.sort_by_key(|plan| plan.halo_depth);
    plans.dedup_by_key(|plan| plan.halo_depth);
    plans
}

/// Whole steps of all plans on a layout, on one rank or on all.
fn add_points<T: Real>(
    works: &mut Works<'_>,
    comm: &Rc<dyn Communicator>,
    team: &Rc<Team>,
    trials: &Trials<'_>,
    layout: Layout,
    points: &mut Vec<Timed<Point>>,
) -> Result<(), Error> {
    let alone = layout.ranks == [1, 1];
    let (group, rank): (Rc<dyn Communicator>, _) = if alone {
        (Rc::new(Solo), comm.rank())
    } else {
        let group = Rc::clone(comm).cartesian(layout.ranks, layout.periodic);
        (group, 0)
    };
    let domain = layout.domain(group.rank());
    for of_depth in depths(trials, &domain) {
        let mover = if rank == 0 {
            Mover::<T>::new(trials, &group, team, &domain, of_depth).map(Some)
        } else {
            Ok(None)
        };
        let mover = Rc::new(RefCell::new(agree(comm.as_ref(), mover)?));
        let same = |plan: &&Plan| plan.halo_depth == of_depth.halo_depth;
        for &plan in trials.plans.iter().filter(same) {
            if alone && plan.overlap {
                continue;
            }
            let mover = Rc::clone(&mover);
            #[expect(clippy::cast_precision_loss, reason = "few steps")]
            let id = works.add(plan.halo_depth as f64, move |repeats| {
                if let Some(mover) = mover.borrow_mut().as_mut() {
                    mover.run(plan, repeats, || {});
                }
            });
            let point = Point {
                process_grid: layout.ranks,
                cells: layout.grid.cells,
                plan,
                seconds: 0.0,
            };
            points.push(Timed(id, point));
        }
    }
    Ok(())
}

/// What packing and unpacking took at least.
struct HaloTime {
    /// Bytes of a message, on average, and their number.
    bytes: f64,
    messages: f64,
    seconds: Rc<Cell<f64>>,
}

impl HaloTime {
    /// Bytes of a message, and seconds that a processor spends on it at one end. Collective.
    fn times(&self, comm: &dyn Communicator) -> [f64; 2] {
        let mut both_ends = [self.seconds.get()];
        comm.all_reduce(&mut both_ends, Reduce::Max);
        [self.bytes, both_ends[0] / (2.0 * self.messages)]
    }
}

/// Exchanges of halos of all depths between all ranks, with nothing to do meanwhile.
fn add_halos<T: Real>(
    works: &mut Works<'_>,
    comm: &Rc<dyn Communicator>,
    team: &Rc<Team>,
    trials: &Trials<'_>,
) -> Result<Vec<HaloTime>, Error> {
    let weak = Scaling {
        strong: false,
        ..trials.scaling
    };
    let layout = weak
        .layout(comm.size())
        .ok_or_else(|| Error::input("there are more ranks than cells"))?;
    let comm = Rc::clone(comm).cartesian(layout.ranks, layout.periodic);
    let domain = layout.domain(comm.rank());
    let halos = depths(trials, &domain).into_iter().map(|plan| {
        let depth = plan.halo_depth;
        let batch = Batch::new::<T>(&domain, plan, team.size());
        let seconds = Rc::new(Cell::new(f64::INFINITY));
        let least = Rc::clone(&seconds);
        let mut u = Field::<T>::new(team, domain.cells, depth);
        let mut halo = Halo::new(Rc::clone(&comm), &domain, reach(Some(depth)));
        works.add(1.0, move |repeats| {
            for _ in 0..repeats {
                let times = halo.fill_while(&mut u, depth, |_, _| {});
                least.set(least.get().min(times.pack + times.unpack));
            }
        });
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let messages = batch.messages.len().max(1) as f64;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let bytes = batch.bytes() as f64 / messages;
        HaloTime {
            bytes,
            messages,
            seconds,
        }
    });
    Ok(halos.collect())
}

/// What a rank has in one of the layouts; the grid, a quarter of its cells, and so on. And whether all ranks have so
/// much at a time: not where one has the cells of all.
fn sizes(cells: [usize; 2], layouts: &[Layout]) -> Vec<([usize; 2], bool)> {
    let of_layouts = layouts.iter().map(|layout| {
        let is_shared = layout.ranks != [1, 1];
        (layout.domain(0).cells, is_shared)
    });
    let halved = (0..=HALVINGS)
        .map(|power| cells.map(|count| count >> power))
        .enumerate()
        .take_while(|(k, cells)| *k == 0 || cells.iter().all(|&count| count >= FEWEST))
        .map(|(_, cells)| (cells, true));
    let mut sizes: Vec<_> = halved.chain(of_layouts).collect();
    let count = |cells: [usize; 2]| cells[0] * cells[1];
    sizes.sort_by_key(|&(cells, is_shared)| (count(cells), !is_shared));
    sizes.dedup_by_key(|(cells, _)| count(*cells));
    sizes
}
