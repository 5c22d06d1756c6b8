//! `isotherm check`.

use std::{
    fmt::Write as _,
    rc::Rc,
    time::{Duration, Instant},
};

use super::case::Given;
use crate::{
    cli,
    comm::{Communicator, Solo},
    config::{Method, Precision, Preconditioning, Scheme, Solver, Step},
    domain::{Domain, faces_cut},
    error::{Error, count},
    field::{Field, Real, Team},
    launch::Placement,
    operator::Diffusion,
    solver::Tolerance,
    stepper::{Explicit, Prescribed, Steps, TimeStepper},
};

/// Cells of the blocks in which a large grid is looked at.
const BLOCK: usize = 1 << 22;

/// How long sweeps are timed for the estimate of the run time.
const TIMED: Duration = Duration::from_millis(200);

/// What a run of the config would take, in words.
///
/// # Errors
/// Everything that is wrong with the config.
pub fn check(options: &cli::Check) -> Result<String, Error> {
    let given = Given::read(&options.config, None)?;
    match given.case.parallel.precision {
        Precision::F64 | Precision::Mixed => plan::<f64>(options, &given),
        Precision::F32 => plan::<f32>(options, &given),
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn plan<T: Real>(options: &cli::Check, given: &Given) -> Result<String, Error> {
    let case = &given.case;
    let asked = case.parallel.ranks.map(|[px, py]| px * py);
    let ranks = options.ranks.or(asked).unwrap_or(1);
    let process_grid = given.process_grid(ranks)?;
    let comm: Rc<dyn Communicator> = Rc::new(Solo);
    let placement = Placement::find(
        comm.as_ref(),
        None,
        options.config.threads,
        case.parallel.threads,
    );
    let team = Rc::new(Team::new(placement.threads)?);

    // The grid is looked at in blocks, so that a laptop can check a cluster's case.
    let [nx, ny] = case.grid.cells;
    let down = case.grid.cell_count().div_ceil(BLOCK).min(ny);
    let across = (nx * ny.div_ceil(down)).div_ceil(BLOCK);
    let part = Domain::new(case.grid, process_grid, given.periodic(), 0);
    let prescribed = given.prescribed(&part)?;
    let mut limit = f64::INFINITY;
    let mut covered = vec![false; case.medium.regions.len()];
    let mut sample = None;
    for block in 0..across * down {
        let domain = Domain::new(case.grid, [across, down], given.periodic(), block);
        let diffusion = given.diffusion::<T>(&comm, &team, &domain, 0)?;
        given.initial::<T>(comm.as_ref(), &team, &domain, 0)?;
        for (covered, here) in covered.iter_mut().zip(given.covered(&team, &domain)) {
            *covered |= here;
        }
        limit = limit.min(diffusion.stability_limit());
        sample = Some((domain, diffusion));
    }
    given.check_regions(&covered)?;
    let (domain, diffusion) = sample.expect("a grid has cells");
    let is_explicit = case.time.scheme == Scheme::Explicit;
    let is_within = matches!(case.time.step, Step::Within(_));
    let is_limited = is_explicit || is_within;
    let (max_dt, _) = given.pace(if is_limited { limit } else { f64::INFINITY })?;
    let largest = [0, 1].map(|axis| case.grid.cells[axis].div_ceil(process_grid[axis]));
    let memory = given.memory::<T>(largest[0] as u64 * largest[1] as u64)?;
    let steps = (case.time.end / max_dt).ceil();

    let [px, py] = process_grid;
    let [cx, cy] = largest;
    let [dx, dy] = case.grid.spacing();
    let cut = faces_cut(&case.grid, process_grid, given.periodic());
    let all = faces_cut(&case.grid, case.grid.cells, given.periodic());
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        writeln!(text, "{name:<12} {value}").expect("writing to a string does not fail");
    };
    line(
        "config",
        format!("{} is valid", options.config.config.display()),
    );
    line(
        "grid",
        format!("{nx} x {ny} cells of {dx:.4e} m x {dy:.4e} m, {}", T::NAME),
    );
    line(
        "ranks",
        format!("{ranks} as {px} x {py}, at most {cx} x {cy} cells each, {cut} of {all} faces cut"),
    );
    line(
        "memory",
        format!("{:.1} MiB a rank", memory as f64 / f64::from(1 << 20)),
    );
    if let Some(solver) = case.solver {
        line("solver", in_words(solver));
    }
    let (name, words) = step_in_words(given, max_dt, limit)?;
    line(name, words);
    if is_within || case.time.scheme == Scheme::Steady {
        return Ok(text);
    }
    line("steps", format!("about {steps} to t = {} s", case.time.end));
    if is_explicit {
        let rate = rate(&comm, &team, &domain, diffusion, prescribed, max_dt)?;
        let seconds = steps * case.grid.cell_count() as f64 / rate;
        line(
            "time",
            format!(
                "about {} on the {} of this machine that it may use, at {rate:.2e} cell updates a \
                 second",
                duration(seconds),
                count(team.size(), "core")
            ),
        );
    }
    Ok(text)
}

/// Cell updates per second of this machine's threads on a part of the case.
#[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
fn rate<T: Real>(
    comm: &Rc<dyn Communicator>,
    team: &Rc<Team>,
    domain: &Domain,
    diffusion: Diffusion<T>,
    prescribed: Prescribed,
    dt: f64,
) -> Result<f64, Error> {
    let mut u = Field::<T>::new(team, domain.cells, diffusion.margin() + 1);
    let (comm, alone) = (Rc::clone(comm), domain.alone());
    let mut stepper = Explicit::new(comm, team, &alone, diffusion, dt, prescribed);
    let mut batch = |seconds: Duration| -> Result<f64, Error> {
        let (start, mut steps) = (Instant::now(), 0);
        while start.elapsed() < seconds {
            let few = Steps::new(0.0, dt, stepper.most_steps());
            stepper.advance(&mut u, few)?;
            steps += few.len();
        }
        let cells = domain.cells[0] * domain.cells[1];
        Ok((steps * cells) as f64 / start.elapsed().as_secs_f64())
    };
    batch(TIMED)?;
    batch(TIMED)
}

/// What is said of the steps, and its name.
fn step_in_words(given: &Given, max_dt: f64, limit: f64) -> Result<(&'static str, String), Error> {
    let stable = format!("the explicit scheme is stable up to {limit:.6e} s");
    let words = match (given.case.time.scheme, given.case.time.step) {
        (Scheme::Explicit, _) => {
            let words = format!("{limit:.6e} s; taken: at most {max_dt:.6e} s");
            return Ok(("stable step", words));
        }
        (Scheme::Steady, _) => return Ok(("steps", "one, to the steady state".to_owned())),
        (_, Step::Within(_)) => format!("the first {max_dt:.6e} s, others as their errors allow"),
        (Scheme::Rkl2, _) => {
            let stages = given.stages(max_dt, limit)?;
            format!("{max_dt:.6e} s in {stages} stages; {stable}")
        }
        _ => format!("{max_dt:.6e} s; {stable}"),
    };
    Ok(("step", words))
}

fn in_words(solver: Solver) -> String {
    let Tolerance {
        relative,
        absolute,
        max_iterations,
    } = solver.tolerance;
    let mut words = solver.method.name().to_owned();
    if solver.method == Method::Ppcg {
        write!(words, " with {} inner steps", solver.inner_steps).expect("a string takes all");
    }
    if solver.preconditioner == Preconditioning::Jacobi {
        words += ", preconditioned by the diagonal";
    }
    let goal = match [relative, absolute].map(|tolerance| tolerance > 0.0) {
        [true, false] => format!("{relative:e} of the first residual"),
        [false, _] => format!("a residual of {absolute:e}"),
        [true, true] => format!("{relative:e} of the first residual or to {absolute:e}"),
    };
    write!(words, ", to {goal} in at most {max_iterations} iterations")
        .expect("a string takes all");
    words
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
