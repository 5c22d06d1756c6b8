//! `isotherm check`.

use std::fmt::Write as _;

use super::{case::Given, outlook::Outlook};
use crate::{
    cli,
    comm::Solo,
    config::{Method, Preconditioning, Scheme, Solver, Step},
    domain::faces_cut,
    error::{Error, count},
    launch::Placement,
    solver::Tolerance,
};

/// What a run of the config would take, in words.
///
/// # Errors
/// Everything that is wrong with the config.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub fn check(options: &cli::Check) -> Result<String, Error> {
    let given = Given::read(&options.config, None)?;
    let case = &given.case;
    let asked = case.parallel.ranks.map(|[px, py]| px * py);
    let ranks = options.ranks.or(asked).unwrap_or(1);
    let threads =
        Placement::find(&Solo, None, options.config.threads, case.parallel.threads).threads;
    let Outlook {
        precision,
        process_grid,
        largest,
        memory,
        limit,
        max_dt,
        steps,
        rate,
    } = Outlook::new(&given, ranks, threads)?;

    let [nx, ny] = case.grid.cells;
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
        format!("{nx} x {ny} cells of {dx:.4e} m x {dy:.4e} m, {precision}"),
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
    let (name, words) = step_in_words(&given, max_dt, limit)?;
    line(name, words);
    if let Some(steps) = steps {
        line("steps", format!("about {steps} to t = {} s", case.time.end));
    }
    if let (Some(steps), Some(rate)) = (steps, rate) {
        let seconds = steps * case.grid.cell_count() as f64 / rate;
        line(
            "time",
            format!(
                "about {} on the {} of this machine that it may use, at {rate:.2e} cell updates a \
                 second",
                duration(seconds),
                count(threads, "core")
            ),
        );
    }
    Ok(text)
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
    words += match solver.preconditioner {
        Preconditioning::None => "",
        Preconditioning::Jacobi => ", preconditioned by the diagonal",
        Preconditioning::Multigrid => ", preconditioned by multigrid",
    };
    if solver.uses_multigrid() {
        write!(words, ", {} smoother", solver.smoother.name()).expect("a string takes all");
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
