//! What a study is to run.

use std::path::{Path, PathBuf};

use crate::{
    cli,
    commands::case::Given,
    config::{Case, Precision, Scheme},
    error::Error,
    grid::Grid,
    launch::{self, Start},
    physics::Initial,
    study::scaling::{Kind, Layout, Task, layouts, tasks},
};

/// Runs of a study write what every run must, and no more: it is their steps that count.
const OUTPUT: &str =
    "output={ diagnostics = { every_steps = 1000000000 }, checkpoint = { keep = 0 } }";

/// A study, ready to be run.
pub struct Plan {
    pub given: Given,
    pub kind: Kind,
    pub directory: PathBuf,
    pub layouts: Vec<Layout>,
    pub tasks: Vec<Task>,
    pub start: Start,
    /// That one sweep over memory for each step moves, for the explicit scheme.
    pub bytes_per_update: Option<f64>,
}

impl Plan {
    /// # Errors
    /// Everything that is wrong with the config, also on any of the layouts.
    pub fn read(options: &cli::Scale) -> Result<Self, Error> {
        let config = options.config.as_deref().unwrap_or(Path::new(""));
        let mut overrides = options.overrides();
        let first = given(config, &overrides, &[])?;
        let output = &first.case.output.directory;
        let directory = options.output.clone().unwrap_or_else(|| output.clone());
        let layouts = chosen(&first)?;
        overrides.push(OUTPUT.to_owned());
        // So that the study is the same on the node of another machine that takes a part in it.
        overrides.extend(in_words(&layouts));
        let given = self::given(config, &overrides, &[])?;
        let scale = &given.case.scale;
        check(&given, config, &overrides, &layouts)?;
        Ok(Self {
            kind: scale.kind,
            tasks: tasks(&layouts, scale.repetitions, scale.bandwidth),
            start: Start::new(scale.launcher.as_deref()),
            bytes_per_update: bytes_per_update(&given)?,
            directory,
            layouts,
            given,
        })
    }

    pub fn case(&self) -> &Case {
        &self.given.case
    }

    /// The overrides that give a run the grid of its layout.
    pub fn grid_of(&self, layout: Layout) -> Vec<String> {
        grid_overrides(self.kind, self.given.case.grid, layout)
    }
}

fn given(config: &Path, overrides: &[String], more: &[String]) -> Result<Given, Error> {
    let config = cli::Config {
        config: config.to_path_buf(),
        set: [overrides, more].concat(),
        threads: None,
    };
    Given::read(&config, None)
}

/// The layouts that the config asks for.
fn chosen(given: &Given) -> Result<Vec<Layout>, Error> {
    let scale = &given.case.scale;
    let is_auto = scale.ranks.is_none() || scale.threads.is_none();
    let most = scale
        .cores
        .unwrap_or_else(|| if is_auto { launch::cores() } else { usize::MAX });
    let layouts = layouts(scale.ranks.as_deref(), scale.threads.as_deref(), most);
    if layouts.is_empty() {
        let message =
            format!("leaves no mixture of ranks and threads: all need more than {most} cores");
        return Err(given.fault(
            "scale.cores",
            message,
            "name fewer ranks or threads, or more cores",
        ));
    }
    Ok(layouts)
}

/// The overrides that name the layouts one by one.
fn in_words(layouts: &[Layout]) -> [String; 3] {
    let list = |key: &str, of: &dyn Fn(&Layout) -> usize| {
        let mut numbers: Vec<_> = layouts.iter().map(of).collect();
        numbers.sort_unstable();
        numbers.dedup();
        format!("scale.{key}={numbers:?}")
    };
    let cores = layouts.iter().map(Layout::cores).max().unwrap_or(1);
    [
        list("ranks", &|layout| layout.ranks),
        list("threads", &|layout| layout.threads),
        format!("scale.cores={cores}"),
    ]
}

/// Refuses a config that cannot be run on all layouts.
fn check(
    given: &Given,
    config: &Path,
    overrides: &[String],
    layouts: &[Layout],
) -> Result<(), Error> {
    let case = &given.case;
    if case.parallel.threads.is_some() {
        let message = "does nothing in a scaling study, which gives each run its own".to_owned();
        return Err(given.fault("parallel.threads", message, "set it to \"auto\""));
    }
    let kind = case.scale.kind;
    if let (Kind::Weak, Initial::File { .. }) = (kind, &case.initial) {
        let message = "is read for one grid, but those of a weak study grow".to_owned();
        let help = "give a number or an expression, or set scale.kind = \"strong\"";
        return Err(given.fault("initial.temperature", message, help));
    }
    for &layout in layouts {
        let grid = grid_overrides(kind, case.grid, layout);
        self::given(config, overrides, &grid)?.process_grid(layout.ranks)?;
    }
    Ok(())
}

fn grid_overrides(kind: Kind, of_one: Grid, layout: Layout) -> Vec<String> {
    match kind {
        Kind::Strong => Vec::new(),
        Kind::Weak => {
            let Grid { cells, size, .. } = kind.grid(of_one, layout.cores());
            vec![
                format!("domain.cells={cells:?}"),
                format!("domain.size={size:?}"),
            ]
        }
    }
}

/// One read, one write, the read of the line that is written (write-allocate), and the coefficients.
#[expect(clippy::cast_precision_loss, reason = "a few numbers a cell")]
fn bytes_per_update(given: &Given) -> Result<Option<f64>, Error> {
    if given.case.time.scheme != Scheme::Explicit {
        return Ok(None);
    }
    let (fields, bytes) = match given.case.parallel.precision {
        Precision::F32 => (given.coefficient_fields::<f32>()?, size_of::<f32>()),
        Precision::F64 | Precision::Mixed => (given.coefficient_fields::<f64>()?, size_of::<f64>()),
    };
    Ok(Some((3 + fields) as f64 * bytes as f64))
}
