//! The `isotherm` command: it alone decides on exit statuses.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, error::ErrorKind};

use isotherm::{
    cli::{Cli, Command},
    commands,
    config::{json_schema, template},
    error::{Error, Kind},
    launch::{self, Launcher},
    output::note,
};

fn main() -> ExitCode {
    launch::abort_on_panic();
    let launcher = Launcher::from_environment();
    // Every rank meets the same failure; one of them says so, and its status becomes that of the
    // job. The others leave without one: a launcher that sees a rank fail ends the rest at once,
    // before the one has spoken.
    let speaks = launcher.is_none_or(|launcher| launcher.rank == 0);
    let failure = |kind: Kind| ExitCode::from(if speaks { kind.exit_status() } else { 0 });
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            if speaks {
                let _ = error.print();
            }
            let is_help = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            return if is_help {
                ExitCode::SUCCESS
            } else {
                failure(Kind::Input)
            };
        }
    };
    match execute(cli.command, launcher, speaks) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if speaks {
                note(&format!("error: {error}"));
            }
            failure(error.kind)
        }
    }
}

fn execute(command: Command, launcher: Option<Launcher>, speaks: bool) -> Result<(), Error> {
    let text = match command {
        Command::Run(run) => return commands::run(&run, launcher),
        Command::Resume(resume) => return commands::resume(&resume, launcher),
        Command::Bench(bench) => return commands::bench(&bench, launcher),
        Command::Scale(scale) => {
            return match scale.prediction()? {
                Some(config) => commands::predict(&config, &scale.predict, launcher),
                None => commands::scale(&scale, launcher),
            };
        }
        Command::Validate(validate) => return commands::validate(&validate, launcher),
        Command::Check(check) if speaks => commands::check(&check)?,
        Command::Slurm(slurm) if speaks => commands::slurm(&slurm)?,
        Command::Convert(convert) if speaks => commands::convert(&convert)?,
        Command::Compare(compare) if speaks => {
            let (text, verdict) = commands::compare(&compare)?;
            return print(&text).and(verdict);
        }
        Command::Info(info) if speaks => commands::info(&info)?,
        Command::Plot(plot) if speaks => commands::plot(&plot)?,
        Command::Init { template: name } => template(name.as_deref())?,
        Command::Schema => format!("{:#}\n", json_schema()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "isotherm", &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
        // One rank does it.
        Command::Check(_)
        | Command::Slurm(_)
        | Command::Convert(_)
        | Command::Compare(_)
        | Command::Info(_)
        | Command::Plot(_) => return Ok(()),
    };
    if speaks { print(&text) } else { Ok(()) }
}

/// Prints to standard output; a reader that has gone away is no failure.
fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::storage(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}
