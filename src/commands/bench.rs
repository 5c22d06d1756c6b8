//! `isotherm bench`.

mod roofline;

use std::{
    fmt::Display,
    io::{self, Write as _},
    rc::Rc,
};

use roofline::roofline;
use serde::Serialize;

use super::{connect, write_json};
use crate::{
    cli::Bench,
    comm::{Communicator, agree},
    error::Error,
    field::Team,
    launch::{Launcher, Placement, available_memory},
    output::note,
    study::bench,
};

/// Long enough for thread wake-ups not to count, short enough that others do not get in between.
const SECONDS: f64 = 0.1;

/// Measures, prints a table on rank 0 and writes it as JSON and as a plot where asked. Collective.
///
/// # Errors
/// If the ranks do not fit on the grid, or a file cannot be written.
pub fn bench(options: &Bench, launcher: Option<Launcher>) -> Result<(), Error> {
    let comm = connect(launcher)?;
    let placement = Placement::find(comm.as_ref(), launcher, options.threads, None);
    let team = Rc::new(agree(comm.as_ref(), Team::new(placement.threads))?);
    let cells = [options.cells[0], options.cells[1]];
    let fields = match options {
        Bench { plans: true, .. } => bench::FIELDS_OF_PLANS,
        Bench {
            bandwidth: true, ..
        } => bench::FIELDS_OF_BANDWIDTH,
        _ => bench::FIELDS,
    };
    agree(
        comm.as_ref(),
        check_memory(cells, fields, placement.nodes()),
    )?;
    let measured = bench::Options {
        cells,
        rounds: options.rounds,
        seconds: SECONDS,
    };
    let written = if options.plans {
        let rates = bench::plans(&comm, &team, measured)?;
        on_first_rank(comm.as_ref(), &placement, || show(options, &rates))
    } else if options.bandwidth {
        let rates = bench::bandwidth(&comm, &team, measured)?;
        on_first_rank(comm.as_ref(), &placement, || show(options, &rates))
    } else {
        let rates = bench::run(&comm, &team, measured)?;
        on_first_rank(comm.as_ref(), &placement, || {
            show(options, &rates)?;
            let plot = options.plot.as_ref();
            plot.map_or(Ok(()), |path| roofline(&rates).write(path))
        })
    };
    agree(comm.as_ref(), written)
}

/// Does `show` on rank 0, and says there what stands in the way of speed.
fn on_first_rank(
    comm: &dyn Communicator,
    placement: &Placement,
    show: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    if comm.rank() > 0 {
        return Ok(());
    }
    for warning in &placement.warnings {
        note(&format!("warning: {warning}"));
    }
    show()
}

/// Prints rates as a table, and writes them as JSON where asked.
fn show(options: &Bench, rates: &(impl Display + Serialize)) -> Result<(), Error> {
    // A reader that has gone away is no failure.
    let _ = write!(io::stdout(), "{rates}");
    let json = options.json.as_ref();
    json.map_or(Ok(()), |path| write_json(path, rates))
}

/// Refuses a grid whose fields do not fit into the memory of the nodes.
fn check_memory(cells: [usize; 2], fields: u128, nodes: usize) -> Result<(), Error> {
    let field = size_of::<f64>() as u128 * cells[0] as u128 * cells[1] as u128;
    let needed = fields * field / nodes as u128;
    match available_memory() {
        Some(available) if needed > available.into() => {
            let gib = needed.div_ceil(1 << 30);
            let message = format!("--cells {} {}: a node needs {gib} GiB", cells[0], cells[1]);
            Err(Error::input(message).with_help("use fewer cells, or more nodes"))
        }
        _ => Ok(()),
    }
}
