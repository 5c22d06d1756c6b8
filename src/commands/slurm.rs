//! `isotherm slurm`.

mod layout;
mod script;
mod time;

use std::{fs, path::Path};

use self::{layout::Layout, script::Script, time::JobTime};
use super::{case::Given, outlook::Outlook, refuse_input};
use crate::{
    cli,
    comm::Solo,
    error::Error,
    launch::{Placement, machine::Machine},
};

/// A job script that runs a config on a cluster; only the reasons for what is in it, if it was written to a file.
///
/// # Errors
/// Everything that is wrong with the config or the machine file, if the job does not fit the machine, or if the
/// script cannot be written.
pub fn slurm(options: &cli::Slurm) -> Result<String, Error> {
    let given = Given::read(&options.config, None)?;
    let (name, text) = read(&options.machine)?;
    let machine = Machine::parse(name, &text)?;
    let layout = Layout::choose(&given, &machine, options.nodes, options.config.threads)?;
    let here = Placement::find(&Solo, None, None, None).threads;
    let outlook = Outlook::new(&given, layout.ranks(), here)?;
    let cells = given.case.grid.cell_count();
    let time = JobTime::choose(
        options.time,
        &machine,
        &outlook,
        here,
        cells,
        layout.cores(),
    )?;
    let script = Script {
        options,
        machine_file: name,
        machine: &machine,
        layout: &layout,
        time: &time,
    };
    let text = script.text()?;
    match &options.output {
        None => Ok(text),
        Some(file) => {
            refuse_input(file, &[&options.config.config, &options.machine])?;
            let name = file.display();
            fs::write(file, text)
                .map_err(|error| Error::storage(format!("cannot write {name}: {error}")))?;
            Ok(script.reasons(""))
        }
    }
}

/// The name and the text of a machine file.
fn read(file: &Path) -> Result<(&str, String), Error> {
    let name = utf8(file, "the path given to --machine")?;
    match fs::read_to_string(file) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(Error::input(format!("cannot read {name}: {error}"))
            .with_help("name a machine file, such as slurm/machines/generic.sh")),
    }
}

/// A path as a word of a script.
fn utf8<'a>(path: &'a Path, what: &str) -> Result<&'a str, Error> {
    path.to_str()
        .ok_or_else(|| Error::input(format!("{what} is not UTF-8")).with_help("rename it"))
}
