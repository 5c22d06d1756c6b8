//! The command line.

mod predict;
mod scale;
mod slurm;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub use scale::Scale;
pub use slurm::Slurm;

use crate::{
    config::WallTime,
    output::{Colormap, MOST_CONTOURS},
};

pub use predict::{Predict, Ranks};

const EXAMPLES: &str = "\
Examples:
  isotherm run configs/quickstart.toml
  mpirun -n 2 isotherm run configs/quickstart.toml --set time.end=0.1
  isotherm resume output/quickstart
  isotherm check configs/quickstart.toml --ranks 64
  isotherm slurm configs/quickstart.toml --machine slurm/machines/generic.sh
  isotherm init > my.toml
  isotherm info output/quickstart
  isotherm plot output/quickstart --animate
  isotherm compare output/quickstart output/try-2
  isotherm convert tea.in > tea.toml
  isotherm scale configs/scaling-strong.toml
  isotherm validate

Exit status: 0 done; 1 a solver did not converge, a validation case was missed, compared results differ, or
a run of a scaling study failed; 2 bad input; 70 internal error; 73 the output directory holds another run;
74 storage failed; 75 stopped before the end, to be resumed; 76 the field became NaN or infinite.";

/// The heat equation on a rectangle, with MPI ranks between subdomains and threads inside them.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a simulation.
    #[command(after_help = "\
Examples:
  isotherm run chip.toml
  isotherm run chip.toml --set time.end=2 --set 'region.0.source=\"5e9*(t < 0.1)\"'
  isotherm run tea.in --set solver.preconditioner=jacobi
  mpirun -n 4 isotherm run chip.toml --output output/try-2
  mpirun -n 2 --map-by slot:PE=8 --bind-to core isotherm run chip.toml")]
    Run(Run),
    /// Go on with a run from its newest checkpoint, on any number of ranks and threads.
    ///
    /// The results have the same bits as those of a run that was never stopped. `--set` may change what is
    /// written and how the work is divided, and the end of the time span; not what is simulated.
    #[command(after_help = "\
Examples:
  isotherm resume output/chip
  mpirun -n 4 isotherm resume output/chip
  isotherm resume output/chip --set time.end=2")]
    Resume(Resume),
    /// Validate a config without running it; say what a run would take.
    #[command(after_help = "\
Examples:
  isotherm check chip.toml
  isotherm check chip.toml --ranks 256 --set 'domain.cells=[16384, 8192]'")]
    Check(Check),
    /// Write a job script for Slurm that runs a config on a cluster.
    ///
    /// Ranks and threads follow from the shape of a node, memory from the config, time from the measured rate of the
    /// explicit scheme. The script says why. It stops its run with a checkpoint before the time of the job is up,
    /// is queued again, and goes on, until the run is done.
    #[command(after_help = slurm::EXAMPLES)]
    Slurm(Slurm),
    /// Compare two results, frame by frame.
    ///
    /// For each time that both have: `identical` if all bits agree, or the largest difference, where it is, and
    /// the L2 difference (the root of the mean square), in K and, in parentheses, relative to the largest and
    /// the root mean square of the first. Reads a few rows at a time: files may be larger than memory.
    ///
    /// Status 1 if grids or times differ, or temperatures by more than the tolerance.
    #[command(after_help = "\
Examples:
  isotherm compare output/one output/two
  isotherm compare old.vtkhdf new.vtkhdf --tolerance 1e-9
  isotherm compare output/coarse-steps output/fine-steps --time 0.05")]
    Compare(Compare),
    /// Say what a result file or the directory of a run holds.
    #[command(after_help = "\
Examples:
  isotherm info output/quickstart
  isotherm info output/quickstart/fields.vtkhdf")]
    Info(Info),
    /// Draw a frame of a result file, all of them as an animation, or curves of probes over time.
    ///
    /// A picture of a field has axes in units of length, a colour bar in K, and contour lines where asked. Of
    /// a file with more cells than pixels, only the rows that are shown are read.
    #[command(after_help = "\
Examples:
  isotherm plot output/quickstart
  isotherm plot output/quickstart --time 0.05 --contours 10 --output warm.png
  isotherm plot output/quickstart --animate --fps 5 --colormap viridis --range 295:370
  isotherm plot output/quickstart/probes.csv --output probes.png")]
    Plot(Plot),
    /// Write a deck of the benchmark `TeaLeaf` as a config.
    ///
    /// A run of the config gives the same bits as one of the deck. The rectangles of the deck's states
    /// become those of the cells that they touch.
    #[command(after_help = "\
Examples:
  isotherm convert tea.in
  isotherm convert tea.in --output tea.toml")]
    Convert(Convert),
    /// Print a commented starter config.
    #[command(after_help = "\
Examples:
  isotherm init > my.toml
  isotherm init minimal > my.toml")]
    Init {
        /// `full` (every key, commented) or `minimal`.
        template: Option<String>,
    },
    /// Print the JSON Schema of the config, for editors.
    Schema,
    /// Print a shell's completion script.
    Completions { shell: Shell },
    /// Measure what memory and caches allow, and what time steps make of it.
    ///
    /// In turns, each with 1, 2, 4, ... and all threads of each rank: the memory bandwidth; the
    /// kernel alone in the L1 and in the L2 cache; time steps, plain and fused, in f64 and f32, with
    /// constant and per-cell coefficients, each as a part of its bound; with several ranks also what
    /// the exchange of halos costs. Bytes moved are computed, not counted: 24 for a plain f64 step
    /// with constant coefficients. The bound of plain steps is the bandwidth, that of fused ones the
    /// kernel in L2.
    #[command(after_help = "\
Examples:
  isotherm bench
  isotherm bench --cells 2048 2048 --rounds 5 --plot roofline.png
  mpirun -n 2 isotherm bench --cells 4096 4096 --json bench.json")]
    Bench(Bench),
    /// Measure how the time of a case changes with ranks and threads, or predict it.
    ///
    /// Runs the case on every mixture of some ranks and some threads, several times and in turns, as child
    /// processes under mpirun or, in a Slurm job, srun; goes on where it was interrupted. `[scale]` of the
    /// config says what is run, options and `--set` change that; `[output]` is set aside. Leaves `results.csv`,
    /// `scale.json`, plots, `extra-p.jsonl`, and in `runs` the report and the log of each run.
    ///
    /// With `--predict` it measures, under mpirun, how fast ranks compute and what messages cost, and prints the
    /// time of an explicit step on more ranks than there are here, its efficiency, and the shares of communication
    /// and of what is hidden of it, for halo depths with and without overlap; before that, predictions of steps
    /// that were measured here, and how far they are off. The grid of the config is what each rank has.
    /// `ARCHITECTURE.md` tells the model.
    #[command(after_help = scale::EXAMPLES)]
    Scale(Box<Scale>),
    /// Run the cases whose answer is known, and compare.
    ///
    /// Each case is a config or a deck with published or exact numbers, in a file that says where they come
    /// from and how far a run may be off; `validation/cases.toml` describes its keys. Prints a row for
    /// each number: expected, measured, tolerance, verdict. Leaves nothing behind but what is asked for.
    /// Runs on one rank with all its threads. A miss gives status 1.
    #[command(after_help = "\
Examples:
  isotherm validate
  isotherm validate csc-heat tea-bm-2
  isotherm validate --long --markdown
  isotherm validate --plot orders.png --json validation.json")]
    Validate(Validate),
}

#[derive(Debug, Args)]
pub struct Config {
    /// The config file, or a deck of the benchmark `TeaLeaf` (`tea.in`).
    pub config: PathBuf,
    /// Override a key of the config, as in `time.end=2` or `region.0.source=5e9`; repeatable. With a
    /// deck, it is the key of the config that `isotherm convert` makes of it.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Threads of each rank [default: the config's, `SLURM_CPUS_PER_TASK`, `RAYON_NUM_THREADS`, or the
    /// cores that the rank may use].
    #[arg(long, value_parser = positive)]
    pub threads: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub config: Config,
    /// Write to this directory instead of the config's.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replace the results of a former run in the output directory.
    #[arg(long)]
    pub overwrite: bool,
    /// Go on with the run in the output directory, if there is one.
    #[arg(long, conflicts_with = "overwrite")]
    pub resume: bool,
    #[command(flatten)]
    pub manner: Manner,
}

#[derive(Debug, Args)]
pub struct Resume {
    /// The directory of the run.
    pub directory: PathBuf,
    /// Override a key of the config, as in `time.end=2` or `output.snapshots.every_time=0.1`; repeatable.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Threads of each rank [default: as for `isotherm run`].
    #[arg(long, value_parser = positive)]
    pub threads: Option<usize>,
    #[command(flatten)]
    pub manner: Manner,
}

/// How a run is made, whatever its case.
#[derive(Debug, Args)]
pub struct Manner {
    /// Show errors and warnings only.
    #[arg(long)]
    pub quiet: bool,
    /// Write a checkpoint and stop, with status 75, before so much time has passed, as in `90s` or `1h30m`
    /// [default: what Slurm's `SLURM_JOB_END_TIME` leaves].
    #[arg(long, value_name = "DURATION")]
    pub wall_limit: Option<WallTime>,
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub config: Config,
    /// The number of ranks to plan for [default: those of `parallel.ranks`, or 1].
    #[arg(long, value_parser = positive)]
    pub ranks: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Compare {
    /// A `fields.vtkhdf`, or the directory of a run.
    pub a: PathBuf,
    /// What it is compared with.
    pub b: PathBuf,
    /// The largest difference in K that is still good.
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = not_negative, allow_hyphen_values = true)]
    pub tolerance: f64,
    #[command(flatten)]
    pub which: Which,
}

/// One frame of several.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Which {
    /// Take this frame, by its number from 0.
    #[arg(long, value_name = "N")]
    pub frame: Option<usize>,
    /// Take the frame at this time in s.
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub time: Option<f64>,
}

#[derive(Debug, Args)]
pub struct Info {
    /// A `fields.vtkhdf`, or the directory of a run.
    pub path: PathBuf,
}

/// Temperatures in K, if they are given.
#[derive(Debug, Clone, Copy)]
pub struct Range(pub Option<[f64; 2]>);

#[derive(Debug, Args)]
pub struct Plot {
    /// A `fields.vtkhdf`, the directory of a run, or its `probes.csv` or `diagnostics.csv`.
    pub path: PathBuf,
    #[command(flatten)]
    pub which: Which,
    /// Draw all frames, as an animated PNG, over one range of temperatures.
    #[arg(long, conflicts_with = "Which")]
    pub animate: bool,
    /// Frames a second of an animation [default: 10].
    #[arg(long, value_name = "N", requires = "animate", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub fps: Option<u16>,
    /// The colours [default: inferno].
    #[arg(long)]
    pub colormap: Option<Colormap>,
    /// Temperatures in K at the ends of the colour bar, or `auto`: the least and the greatest shown.
    #[arg(long, value_name = "MIN:MAX", default_value = "auto", value_parser = range, allow_hyphen_values = true)]
    pub range: Range,
    /// Draw about so many contour lines, 1 to 50, at round temperatures.
    #[arg(long, value_name = "N", value_parser = contours)]
    pub contours: Option<usize>,
    /// Write to this file [default: plot.png].
    #[arg(long, value_name = "FILE.png")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Convert {
    /// The deck.
    pub deck: PathBuf,
    /// Write the config to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Bench {
    /// Cells along x and y, over all ranks.
    #[arg(long, num_args = 2, value_names = ["NX", "NY"], default_values_t = [4096, 4096], value_parser = positive)]
    pub cells: Vec<usize>,
    /// Threads of each rank, at most.
    #[arg(long, value_parser = positive)]
    pub threads: Option<usize>,
    /// Rounds in which everything is measured in turn.
    #[arg(long, default_value_t = 9, value_parser = positive)]
    pub rounds: usize,
    /// Measure instead, in f64, every plan of fused steps beside the one that a run settles on.
    #[arg(long, conflicts_with = "plot")]
    pub plans: bool,
    /// Measure the bandwidth of the memory only.
    #[arg(long, conflicts_with_all = ["plot", "plans"])]
    pub bandwidth: bool,
    /// Write the rates to this file too, in bytes and in cell updates per second.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Draw a roofline plot of the rates on all threads.
    #[arg(long, value_name = "FILE.png")]
    pub plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Names of the cases to run [default: all but the long ones].
    pub names: Vec<String>,
    /// Run the long cases too, which take minutes each.
    #[arg(long, conflicts_with = "names")]
    pub long: bool,
    /// The file of the cases.
    #[arg(long, value_name = "FILE", default_value = "validation/cases.toml")]
    pub cases: PathBuf,
    /// Threads of each run [default: as for `isotherm run`].
    #[arg(long, value_parser = positive)]
    pub threads: Option<usize>,
    /// Print Markdown: a table of the cases, and one of the verdicts.
    #[arg(long)]
    pub markdown: bool,
    /// Write the verdicts to this file too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Draw the errors of the cases that refine grids or steps.
    #[arg(long, value_name = "FILE.png")]
    pub plot: Option<PathBuf>,
}

fn contours(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=MOST_CONTOURS).contains(&number) => Ok(number),
        _ => Err(format!("expected a whole number from 1 to {MOST_CONTOURS}")),
    }
}

fn range(text: &str) -> Result<Range, String> {
    if text == "auto" {
        return Ok(Range(None));
    }
    let ends = text.split_once(':').and_then(|(low, high)| {
        let ends: [f64; 2] = [low.parse().ok()?, high.parse().ok()?];
        (ends[0] < ends[1] && ends.iter().all(|end| end.is_finite())).then_some(ends)
    });
    let help = "expected two ascending numbers, as in 295:370, or auto";
    ends.map(|ends| Range(Some(ends))).ok_or(help.into())
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number >= 0.0 => Ok(number),
        _ => Err("expected a number, not below 0".into()),
    }
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("expected a whole number above 0".into()),
    }
}
