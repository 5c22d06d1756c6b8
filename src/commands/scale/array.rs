//! The runs of a study as an array of Slurm jobs.

use std::{ffi::OsString, path::Path};

use super::{
    directory::Directory,
    plan::Plan,
    runs::{in_words, missing, program},
};
use crate::{
    error::{Error, count},
    output::{note, write_whole},
    study::scaling::Layout,
};

/// The command lines of the runs, one a line.
const COMMANDS: &str = "commands";

/// Writes a script for sbatch with an index for each run that is missing.
///
/// # Errors
/// If none is missing, or a file cannot be written.
pub fn write(plan: &Plan, directory: &Directory, script: &Path) -> Result<(), Error> {
    let missing = missing(plan, directory);
    if missing.is_empty() {
        let help = "the same command without --array collects the results";
        return Err(Error::input("--array: all runs have been made").with_help(help));
    }
    let again = [
        program()?.into(),
        "scale".into(),
        directory.config().into(),
        "--output".into(),
        directory.path().into(),
    ];
    let lines = missing.iter().map(|task| {
        let only: [OsString; 2] = ["--only".into(), task.name().into()];
        in_words(&[&again[..], &only].concat()) + "\n"
    });
    let commands = directory.file(COMMANDS);
    write_whole(&commands, lines.collect::<String>().as_bytes())?;

    let cores = plan.layouts.iter().map(Layout::cores).max().unwrap_or(1);
    let (runs, collect) = (missing.len(), in_words(&again));
    let of_jobs = in_words(&[directory.file("runs/job-%a.log").into()]);
    let title = in_words(&[script.into()]);
    let commands = in_words(&[commands.into()]);
    let text = format!(
        "\
#!/bin/bash
# The missing runs of a scaling study, one for each index, one after the other on the same cores:
#
#   sbatch {title}
#
# and when all have ended
#
#   {collect}
#
# makes those that failed, and the results. Give sbatch what your cluster asks for besides, as
# --partition and --account.

#SBATCH --job-name=isotherm-scale
#SBATCH --array=1-{runs}%1
#SBATCH --ntasks={cores}
#SBATCH --cpus-per-task=1
#SBATCH --hint=nomultithread
#SBATCH --exclusive
#SBATCH --time=00:30:00
#SBATCH --output={of_jobs}

set -euo pipefail
index=${{SLURM_ARRAY_TASK_ID:?is not set: start this script with sbatch}}
bash -c \"$(sed -n \"${{index}}p\" {commands})\"
"
    );
    write_whole(script, text.as_bytes())?;
    let (script, runs) = (script.display(), count(runs, "run"));
    note(&format!(
        "{script}: {runs} on up to {}; start them with sbatch",
        count(cores, "core")
    ));
    Ok(())
}
