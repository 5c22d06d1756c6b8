//! `isotherm scale --predict`.

mod files;
mod reports;
mod table;

use std::{
    io::{self, Write as _},
    path::Path,
    rc::Rc,
};

use serde::Serialize;

use super::{case::Given, connect, write_json};
use crate::{
    cli,
    comm::{Communicator, agree, from_first},
    config::{Precision, Scheme},
    domain::Domain,
    error::{Error, count},
    field::{Real, Team},
    launch::{Launcher, Placement, memory},
    stepper::Plan,
    study::{
        Network,
        prediction::{Kind, Machine, Model, Point, Prediction, Scaling, Trials, measure},
    },
};

/// Halo depths that are compared where nobody asks for others.
const DEPTHS: [usize; 3] = [1, 4, 16];

/// All that is said.
#[derive(Serialize)]
struct Outcome<'a> {
    machine: &'a Machine,
    /// That the predictions are made for.
    network: Network,
    strong: bool,
    points: Vec<Compared>,
    predictions: Vec<Prediction>,
}

/// A measured step beside the predicted one.
#[derive(Serialize)]
struct Compared {
    #[serde(flatten)]
    point: Point,
    predicted_seconds: f64,
    /// Predicted over measured, less one.
    error: f64,
}

/// Measures this machine, unless a file knows it, and prints what steps would take on more ranks. Collective.
///
/// # Errors
/// If the case does not take explicit steps, there is nothing to measure messages with, or a file cannot be
/// read or written.
pub fn predict(
    config: &cli::Config,
    options: &cli::Predict,
    launcher: Option<Launcher>,
) -> Result<(), Error> {
    let comm = connect(launcher)?;
    let given = Given::share(comm.as_ref(), || Given::read(config, None))?;
    agree(comm.as_ref(), check(&given))?;
    match given.case.parallel.precision {
        Precision::F64 | Precision::Mixed => of::<f64>(&given, config, options, &comm, launcher),
        Precision::F32 => of::<f32>(&given, config, options, &comm, launcher),
    }
}

/// Refuses what the model does not know, or what would be ignored.
fn check(given: &Given) -> Result<(), Error> {
    let case = &given.case;
    if case.time.scheme != Scheme::Explicit {
        let message = "only explicit steps can be predicted".into();
        return Err(given.fault("time.scheme", message, "set it to \"explicit\""));
    }
    if case.parallel.ranks.is_some() {
        let message = "does nothing with --predict, whose ranks are many".into();
        return Err(given.fault("parallel.ranks", message, "leave it out"));
    }
    Ok(())
}

fn of<T: Real>(
    given: &Given,
    config: &cli::Config,
    options: &cli::Predict,
    comm: &Rc<dyn Communicator>,
    launcher: Option<Launcher>,
) -> Result<(), Error> {
    let case = &given.case;
    let scaling = Scaling {
        grid: case.grid,
        periodic: given.periodic(),
        strong: options.strong,
    };
    let plans = plans::<T>(given, options);
    let kind = |threads| -> Result<Kind, Error> {
        Ok(Kind {
            precision: T::NAME.into(),
            threads,
            coefficients: given.coefficient_fields::<T>()?,
            cells: case.grid.cells,
        })
    };
    let known = from_first(comm.as_ref(), || match &options.machine {
        Some(path) if path.exists() => files::read::<Machine>(path).map(Some),
        _ => Ok(None),
    })?;
    let machine = if let Some(machine) = known {
        let threads = config.threads.unwrap_or(machine.kind.threads);
        agree(
            comm.as_ref(),
            kind(threads).and_then(|kind| check_kind(options, &machine, &kind)),
        )?;
        machine
    } else {
        let asked = case.parallel.threads;
        let placement = Placement::find(comm.as_ref(), launcher, config.threads, asked);
        let team = Rc::new(agree(comm.as_ref(), Team::new(placement.threads))?);
        agree(
            comm.as_ref(),
            check_memory::<T>(given, &placement, comm.as_ref(), plans.len()),
        )?;
        let trials = Trials {
            scaling,
            medium: &case.medium,
            walls: &case.walls,
            processor: memory::processor(),
            kind: agree(comm.as_ref(), kind(team.size()))?,
            plans: plans.clone(),
            rounds: options.rounds,
        };
        let machine = measure::<T>(comm, &team, &trials)?;
        let keep = |path: &std::path::PathBuf| write_json(path, &machine);
        let kept = if comm.rank() == 0 {
            options.machine.as_ref().map_or(Ok(()), keep)
        } else {
            Ok(())
        };
        agree(comm.as_ref(), kept)?;
        machine
    };
    let said = if comm.rank() == 0 {
        say::<T>(options, &machine, &scaling, &plans)
    } else {
        Ok(())
    };
    agree(comm.as_ref(), said)
}

/// Refuses a grid of which a node's ranks cannot hold what is measured: less than four cases each for every
/// plan, alone, with neighbours, and on one rank for all.
fn check_memory<T: Real>(
    given: &Given,
    placement: &Placement,
    comm: &dyn Communicator,
    plans: usize,
) -> Result<(), Error> {
    let ranks = placement.ranks_beside(comm.rank()) + 1;
    let domain = Domain::new(given.case.grid, [1, 1], given.periodic(), 0);
    given.check_memory::<T>(&domain, 4 * plans * ranks)
}

/// Every depth, without overlap and with it, but for what the config prescribes.
fn plans<T: Real>(given: &Given, options: &cli::Predict) -> Vec<Plan> {
    let parallel = given.case.parallel;
    let depths = match (&options.depths[..], parallel.halo_depth) {
        ([], Some(depth)) => vec![depth],
        ([], None) => DEPTHS.into(),
        (depths, _) => depths.into(),
    };
    let overlaps = parallel
        .overlap
        .map_or(vec![false, true], |only| vec![only]);
    let plan = |depth, overlap| {
        let usual = Plan::of_depth::<T>(depth, overlap);
        Plan {
            tile_columns: parallel.tile_columns.unwrap_or(usual.tile_columns),
            ..usual
        }
    };
    let of_depth = |depth| overlaps.iter().map(move |overlap| plan(depth, *overlap));
    depths.into_iter().flat_map(of_depth).collect()
}

/// Refuses a machine that was measured for another kind of case.
fn check_kind(options: &cli::Predict, machine: &Machine, kind: &Kind) -> Result<(), Error> {
    if machine.kind == *kind {
        return Ok(());
    }
    let path = options.machine.as_deref().unwrap_or(Path::new(""));
    let message = format!(
        "--machine {} was measured for {}, and this case has {kind}",
        path.display(),
        machine.kind
    );
    Err(Error::input(message).with_help("name a file that is not there yet: it will be measured"))
}

/// Prints what is predicted and writes the files that are asked for.
fn say<T: Real>(
    options: &cli::Predict,
    machine: &Machine,
    scaling: &Scaling,
    plans: &[Plan],
) -> Result<(), Error> {
    let here = Model {
        machine,
        network: machine.network,
    };
    let mut points = machine.points.clone();
    for path in &options.reports {
        points.push(reports::point(path, &machine.kind)?);
    }
    let compare = |point: Point| {
        let predicted = here.of_point::<T>(&point, scaling.grid, scaling.periodic);
        Compared {
            error: predicted / point.seconds - 1.0,
            predicted_seconds: predicted,
            point,
        }
    };
    let there = Model {
        machine,
        network: Network {
            latency: options.latency.unwrap_or(machine.network.latency),
            overhead: options.overhead.unwrap_or(machine.network.overhead),
            gap: options.bandwidth.map_or(machine.network.gap, f64::recip),
            congestion: options.congestion,
        },
    };
    let ranks = options.predict.map_or(Vec::new(), |ranks| ranks.all());
    let outcome = Outcome {
        machine,
        network: there.network,
        strong: scaling.strong,
        points: points.into_iter().map(compare).collect(),
        predictions: there.predict::<T>(scaling, &ranks, plans),
    };
    // A reader that has gone away is no failure.
    let _ = write!(io::stdout(), "{outcome}");
    if let Some(directory) = &options.predicted {
        files::write(directory, &outcome)?;
    }
    if let Some(directory) = &options.trace {
        files::trace::<T>(directory, &there, scaling, &outcome.predictions, plans)?;
    }
    if outcome.predictions.is_empty() {
        let message = format!("no grid is large enough for {}", count(ranks[0], "rank"));
        return Err(Error::input(message).with_help("use fewer ranks, less depth or more cells"));
    }
    Ok(())
}
