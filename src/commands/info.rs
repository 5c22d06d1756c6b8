//! `isotherm info`.

use std::{fmt::Write as _, fs, path::Path};

use super::results::{fields_of, open};
use crate::{
    cli, config,
    error::{Error, count},
    field::signed,
    output::{
        CONFIG, DIAGNOSTICS, FIELDS, Manifest, PICTURE, PROBES, REPORT, ResultFile, Store,
        same_time, short, size,
    },
};

/// So many times at either end are told where there are more frames.
const TIMES: usize = 10;

/// What results hold, in words.
///
/// # Errors
/// If they cannot be read.
pub fn info(options: &cli::Info) -> Result<String, Error> {
    let path = &options.path;
    let mut text = Lines(String::new());
    if Manifest::is_in(path) {
        checkpoint(path, &mut text)?;
        return Ok(text.0);
    }
    let file = open(path)?;
    text.line("results", &of_size(&fields_of(path)));
    describe(&file, &mut text)?;
    if path.is_dir() {
        directory(path, &mut text)?;
    }
    Ok(text.0)
}

struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: &str) {
        writeln!(self.0, "{name:<12} {value}").expect("a string takes all");
    }
}

fn of_size(path: &Path) -> String {
    let bytes = fs::metadata(path).map_or(0, |data| data.len());
    format!("{}, {}", path.display(), size(bytes))
}

/// What a file of frames holds.
fn describe(file: &ResultFile, text: &mut Lines) -> Result<(), Error> {
    let grid = &file.grid;
    let [nx, ny] = grid.cells;
    let [dx, dy] = grid.spacing().map(short);
    let extent = [0, 1].map(|axis| {
        let [low, high] = [grid.origin[axis], grid.origin[axis] + grid.size[axis]].map(short);
        format!("{low} m to {high} m")
    });
    text.line("title", &file.title);
    let mut program = [&file.source, &file.commit].map(String::as_str).to_vec();
    program.retain(|part| !part.is_empty());
    text.line("written by", &program.join(", commit "));
    text.line("grid", &format!("{nx} x {ny} cells of {dx} m x {dy} m"));
    text.line("extent", &format!("x {}, y {}", extent[0], extent[1]));
    let precision = file.precision;
    text.line(
        "field",
        &format!("temperature in K, {precision}, at cell centres"),
    );
    let properties: Vec<_> = file.properties().collect();
    if !properties.is_empty() {
        text.line("medium", &properties.join(", "));
    }
    text.line("frames", &count(file.times.len(), "frame"));
    let last = file.times.len().saturating_sub(TIMES);
    for (frame, time) in file.times.iter().enumerate() {
        if frame < TIMES || frame >= last {
            text.line(&format!("  {frame}"), &format!("t = {} s", short(*time)));
        } else if frame == TIMES {
            text.line("  ...", "");
        }
    }
    if let Some(last) = file.times.len().checked_sub(1) {
        let summary = Summary::of(file, last)?;
        text.line("last frame", &summary.in_words(file));
    }
    Ok(())
}

/// Extremes and mean of a frame in K.
struct Summary {
    min: f64,
    mean: f64,
    max: f64,
    /// Numbers of the cells of the extremes.
    at: [usize; 2],
}

impl Summary {
    #[expect(clippy::cast_precision_loss, reason = "cell counts are far below 2^53")]
    fn of(file: &ResultFile, frame: usize) -> Result<Self, Error> {
        let [mut min, mut max, mut sum] = [f64::INFINITY, f64::NEG_INFINITY, 0.0];
        let mut at = [0; 2];
        let mut cell = 0;
        for rows in file.slabs() {
            let values = file.read_rows(frame, rows)?;
            for &value in &values {
                if value < min {
                    (min, at[0]) = (value, cell);
                }
                if value > max {
                    (max, at[1]) = (value, cell);
                }
                cell += 1;
            }
            sum += values.iter().sum::<f64>();
        }
        Ok(Self {
            min,
            mean: sum / cell as f64,
            max,
            at,
        })
    }

    fn in_words(&self, file: &ResultFile) -> String {
        let nx = file.grid.cells[0];
        let place = |cell: usize| {
            let [x, y] = file
                .grid
                .center(signed(cell % nx), signed(cell / nx))
                .map(short);
            format!("({x}, {y}) m")
        };
        let [min, mean, max] = [self.min, self.mean, self.max].map(short);
        let [low, high] = self.at.map(place);
        format!("min {min} K at {low}, mean {mean} K, max {max} K at {high}")
    }
}

/// What a run directory holds besides, and how its run ended.
fn directory(path: &Path, text: &mut Lines) -> Result<(), Error> {
    for name in [DIAGNOSTICS, PROBES] {
        let file = path.join(name);
        if let Ok(table) = fs::read_to_string(&file) {
            let rows = count(table.lines().count().saturating_sub(1), "row");
            let columns = table.lines().next().unwrap_or_default().replace(',', ", ");
            text.line(
                name.trim_end_matches(".csv"),
                &format!("{rows} of {columns}"),
            );
        }
    }
    if path.join(PICTURE).exists() {
        text.line("picture", &of_size(&path.join(PICTURE)));
    }
    let store = Store::of(path);
    let steps = store.steps()?;
    if !steps.is_empty() {
        let known = steps.iter().rev().map(u64::to_string);
        let known = known.collect::<Vec<_>>().join(", ");
        text.line("checkpoints", &format!("of step {known}"));
    }
    text.line("run", &ending(path)?);
    Ok(())
}

/// What a checkpoint is of. Its shards are not read.
fn checkpoint(path: &Path, text: &mut Lines) -> Result<(), Error> {
    let unreadable = |damage| Error::input(format!("{}: {damage}", path.display()));
    let manifest = Manifest::read(path).map_err(unreadable)?;
    let (clock, [nx, ny]) = (&manifest.clock, manifest.grid);
    let (shards, bytes) = (manifest.shards.len(), size(manifest.bytes()));
    let [px, py] = manifest.ranks;
    let shown = path.display();
    text.line(
        "checkpoint",
        &format!("{shown}, {bytes} in {}", count(shards, "shard")),
    );
    text.line("written by", &manifest.program);
    text.line(
        "grid",
        &format!(
            "{nx} x {ny} cells, {}, on {px} x {py} ranks",
            manifest.precision
        ),
    );
    let (step, time, end) = (clock.step(), short(clock.time()), short(clock.end()));
    text.line("state", &format!("step {step}, t = {time} s of {end} s"));
    let frames = count(manifest.positions.frames, "frame");
    text.line("files", &format!("{frames} of {FIELDS} at that step"));
    Ok(())
}

/// How a run ended, by its report and its config.
fn ending(path: &Path) -> Result<String, Error> {
    let report = path.join(REPORT);
    let Ok(report) = fs::read_to_string(&report) else {
        return Ok(format!(
            "not finished: there is no {REPORT} (it is under way, or was cut off)"
        ));
    };
    let unreadable = || {
        Error::input(format!(
            "{} is no report of a run",
            path.join(REPORT).display()
        ))
    };
    let report: serde_json::Value = serde_json::from_str(&report).map_err(|_| unreadable())?;
    let number = |section: &str, name: &str| report[section][name].as_f64();
    let run = |name| number("run", name).ok_or_else(unreadable);
    let (steps, time, wall) = (run("steps")?, run("simulated_time")?, run("wall_seconds")?);
    let how = match planned_end(&path.join(CONFIG)) {
        Some(end) if same_time(time, end) => "finished".to_owned(),
        Some(end) => format!("stopped before its end at t = {} s", short(end)),
        None => "ended".to_owned(),
    };
    let program = &report["program"];
    let of = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
    let many = |name: &str, what| {
        let number = report["layout"][name].as_u64().unwrap_or(0);
        count(usize::try_from(number).unwrap_or(usize::MAX), what)
    };
    Ok(format!(
        "{how}: {steps} steps to t = {} s in {} s; {} of {}; isotherm {} ({}), HDF5 {}, {}",
        short(time),
        short(wall),
        many("ranks", "rank"),
        many("threads_per_rank", "thread"),
        of(&program["version"]),
        program["commit"].as_str().unwrap_or("no commit"),
        of(&program["hdf5"]),
        program["mpi"].as_str().unwrap_or("no MPI"),
    ))
}

/// When the run of a config should end, in s, as its results count time.
fn planned_end(config: &Path) -> Option<f64> {
    let source = config::load(config).ok()?;
    let case = config::parse(&source, &[], Path::new("")).ok()?;
    Some(case.time.end)
}
