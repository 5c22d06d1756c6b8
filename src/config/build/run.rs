//! Parallelism and output.

use std::{
    ops::{Range, RangeInclusive},
    time::Duration,
};

use super::{Check, show};
use crate::{
    config::{
        case::{Output, Parallel, Plot, Precision, Solver},
        quantity::Auto,
        schema::{self, Scheme, Stored},
        wall_time::WallTime,
    },
    grid::Grid,
    output::{Extract, MOST_CONTOURS, Storage, When},
    simulation::Cadence,
};

/// Time, a number of 53 bits, would hardly advance by less than this fraction of its end.
const LEAST_ADVANCE: f64 = 1e-15;

/// Time steps fused between two halo exchanges; more are taken for a mistake.
const HALO_DEPTHS: RangeInclusive<usize> = 1..=64;

/// Between checkpoints where the config says nothing.
const CHECKPOINT_EVERY: WallTime = WallTime(Duration::from_secs(600));

/// A rank that does nothing for so long is stuck, where the config says nothing.
const WATCHDOG: WallTime = WallTime(Duration::from_secs(600));

/// Columns of a tile: a cache line of the smallest numbers.
const LEAST_TILE: usize = 16;

impl Check<'_> {
    pub(super) fn parallel(
        &mut self,
        parallel: &schema::Parallel,
        grid: &Grid,
        scheme: Scheme,
        solver: Option<Solver>,
    ) -> Parallel {
        let ranks = given(parallel.ranks);
        let threads = given(parallel.threads);
        for (axis, lines) in ["columns", "rows"].into_iter().enumerate() {
            let Some(ranks) = ranks else { break };
            let path = format!("parallel.ranks[{axis}]");
            self.at_least_one(&path, ranks[axis]);
            let cells = grid.cells[axis];
            if ranks[axis] > cells && !self.findings.touches("domain") {
                let message = format!("more ranks than {lines}: {} for {cells}", ranks[axis]);
                let help = format!("give at most {cells}, or ranks = \"auto\"");
                self.problem(&path, message, Some(&help));
            }
        }
        if let Some(threads) = threads {
            self.at_least_one("parallel.threads", threads);
        }
        let halo_depth = given(parallel.halo_depth);
        if let Some(depth) = halo_depth
            && !HALO_DEPTHS.contains(&depth)
        {
            let (least, most) = HALO_DEPTHS.into_inner();
            let message = format!("must lie between {least} and {most}, is {depth}");
            self.problem("parallel.halo_depth", message, None);
        }
        let tile_columns = given(parallel.tile_columns);
        if let Some(columns) = tile_columns
            && columns < LEAST_TILE
        {
            let message = format!("must be at least {LEAST_TILE}, is {columns}");
            self.problem("parallel.tile_columns", message, None);
        }
        for (key, is_given) in [
            ("halo_depth", halo_depth.is_some()),
            ("tile_columns", tile_columns.is_some()),
        ] {
            if is_given && !matches!(scheme, Scheme::Explicit | Scheme::Rkl2) {
                self.does_nothing(&format!("parallel.{key}"), scheme, "remove it");
            }
        }
        let has_multigrid = solver.is_some_and(|solver| solver.uses_multigrid());
        if parallel.precision == Precision::Mixed && !has_multigrid {
            let message = "\"mixed\" does nothing without multigrid";
            let help =
                "remove it, or set solver.preconditioner = \"multigrid\" with an implicit scheme";
            self.problem("parallel.precision", message, Some(help));
        }
        Parallel {
            ranks,
            threads,
            precision: parallel.precision,
            halo_depth,
            tile_columns,
            overlap: given(parallel.overlap),
            watchdog: parallel.watchdog.unwrap_or(WATCHDOG).0,
        }
    }

    pub(super) fn output(
        &mut self,
        output: &mut schema::Output,
        end: f64,
        grid: &Grid,
        precision: Precision,
    ) -> Output {
        if let Some(snapshots) = &output.snapshots {
            self.cadence("output.snapshots", snapshots, end);
        }
        self.cadence("output.diagnostics", &output.diagnostics, end);
        let probes = self.probes(&output.probes, grid);
        self.probing(output, end);
        let checkpoint = self.checkpoint(&mut output.checkpoint, end);
        if let Some([low, high]) = output.plot.range
            && low >= high
        {
            let message = format!("must be ascending, is {} to {}", show(low), show(high));
            self.problem("output.plot.range", message, None);
        }
        if let Some(count) = output.plot.contours
            && !(1..=MOST_CONTOURS).contains(&count)
        {
            let message = format!("must be 1 to {MOST_CONTOURS}, is {count}");
            self.problem("output.plot.contours", message, None);
        }
        let directory = output.directory.clone().unwrap_or_default();
        if directory.as_os_str().is_empty() {
            let help = "remove it, or name a directory";
            self.problem("output.directory", "is empty", Some(help));
        }
        Output {
            directory,
            snapshots: output.snapshots.clone(),
            diagnostics: output.diagnostics.clone(),
            probes,
            probing: output.probing.clone(),
            checkpoint,
            extract: self.extract(&output.fields, grid),
            storage: self.storage(&output.fields, precision),
            io: output.io,
            medium: output.fields.medium,
            plot: Plot {
                colormap: output.plot.colormap,
                range: output.plot.range,
                contours: output.plot.contours,
            },
        }
    }

    fn checkpoint(&mut self, checkpoint: &mut schema::Checkpoint, end: f64) -> When {
        let path = |key: &str| format!("output.checkpoint.{key}");
        if checkpoint.every_steps == Some(0) {
            self.problem(&path("every_steps"), "must be at least 1, is 0", None);
        }
        if let Some(interval) = checkpoint.every_time {
            self.interval(&path("every_time"), interval, end);
        }
        let schema::Checkpoint {
            every_steps,
            every_time,
            every_wall,
            keep,
        } = checkpoint;
        let given = [
            ("every_steps", every_steps.is_some()),
            ("every_time", every_time.is_some()),
            ("every_wall", every_wall.is_some()),
        ];
        if *keep == 0 {
            for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
                let help = "remove it, or keep at least one";
                self.problem(&path(key), "does nothing with keep = 0", Some(help));
            }
        } else if given.iter().all(|(_, is_given)| !is_given) {
            *every_wall = Some(CHECKPOINT_EVERY);
        }
        When {
            every_steps: *every_steps,
            every_time: *every_time,
            every_wall: every_wall.map(|WallTime(time)| time),
            keep: *keep,
        }
    }

    /// Which cells are kept; all of them where that is not known.
    fn extract(&mut self, fields: &schema::Fields, grid: &Grid) -> Extract {
        let mut cells = grid.cells.map(|count| 0..count);
        if let Some(region) = &fields.region {
            let path = "output.fields.region";
            cells = self.cells_within(path, region, grid);
        }
        let most = cells.iter().map(Range::len).max().unwrap_or(0).max(1);
        let is_known = !self.findings.touches("output.fields.region");
        if is_known && !(1..=most).contains(&fields.stride) {
            let message = format!("must be 1 to {most}, is {}", fields.stride);
            self.problem("output.fields.stride", message, None);
        }
        if fields.stride == 0 || cells.iter().any(Range::is_empty) {
            return Extract::all(*grid);
        }
        Extract::new(*grid, cells, fields.stride)
    }

    fn storage(&mut self, fields: &schema::Fields, precision: Precision) -> Storage {
        if let Some(level) = fields.compression
            && !(1..=9).contains(&level)
        {
            let message = format!("must be 1 to 9, is {level}");
            self.problem("output.fields.compression", message, None);
        }
        let is_single = precision == Precision::F32;
        if is_single && fields.precision == Some(Stored::F64) {
            let message = "does nothing with parallel.precision = \"f32\"";
            self.problem("output.fields.precision", message, Some("remove it"));
        }
        Storage {
            single: is_single || fields.precision == Some(Stored::F32),
            compression: fields.compression,
        }
    }

    pub(super) fn cadence(&mut self, path: &str, cadence: &Cadence, end: f64) {
        match cadence {
            Cadence::EverySteps(0) => {
                self.problem(
                    &format!("{path}.every_steps"),
                    "must be at least 1, is 0",
                    None,
                );
            }
            Cadence::EverySteps(_) => {}
            Cadence::EveryTime(interval) => {
                self.interval(&format!("{path}.every_time"), *interval, end);
            }
            Cadence::Times(times) => self.times(&format!("{path}.times"), times, end),
        }
    }

    pub(super) fn interval(&mut self, path: &str, seconds: f64, end: f64) {
        self.positive(path, seconds);
        if seconds < LEAST_ADVANCE * end {
            let message = format!("must be at least 1e-15 of the end, is {}", show(seconds));
            self.problem(path, message, None);
        }
    }

    fn times(&mut self, path: &str, times: &[f64], end: f64) {
        if times.is_empty() {
            self.problem(path, "is empty", Some("name at least one time"));
        }
        let item = |index| format!("{path}[{index}]");
        for (index, &time) in times.iter().enumerate() {
            if !(0.0..=end).contains(&time) && !self.findings.touches("time.end") {
                let (end, time) = (show(end), show(time));
                let message = format!("must lie between 0 and the end ({end}), is {time}");
                self.problem(&item(index), message, None);
            }
        }
        for (index, pair) in times.windows(2).enumerate() {
            if pair[0] >= pair[1] && !self.findings.touches(&item(index)) {
                let (before, time) = (show(pair[0]), show(pair[1]));
                let message = format!("must be above the time before ({before}), is {time}");
                self.problem(&item(index + 1), message, Some("sort the times, each once"));
            }
        }
    }
}

fn given<T>(choice: Auto<T>) -> Option<T> {
    match choice {
        Auto::Auto => None,
        Auto::Given(value) => Some(value),
    }
}
