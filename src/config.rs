//! The only reader of TOML: a config file becomes a validated [`Case`], or a list of all
//! that is wrong with it.
//!
//! The text becomes a tree that remembers where each value stands (`document`), into which
//! `--set` writes (`overrides`) and in which unknown keys are found (`keys`); the tree becomes
//! plain structs (`schema`, past type errors in `read`), and these a case (`build`). A stage that
//! finds something wrong puts something right in its place and goes on, so that one reading
//! reports everything.

mod build;
mod case;
mod document;
mod json_schema;
mod keys;
mod overrides;
mod problems;
mod quantity;
mod read;
mod schema;
mod source;
mod template;

use std::path::{Path, PathBuf};

use self::problems::Findings;

pub use case::{
    Case, Method, Output, Parallel, Plot, Precision, Preconditioning, Scheme, Solver, Step, Time,
};
pub use json_schema::json_schema;
pub use overrides::assignment;
pub use problems::{Origin, Problem, Problems};
pub use source::{Source, load};
pub use template::template;

/// Reads and checks a config. `overrides` are the arguments of `--set`, as in
/// `time.end=2` or `region.0.source=5e9`; files named in the config are relative to `base`.
///
/// # Errors
/// Everything that is wrong with the text and the overrides.
pub fn parse(source: &Source, overrides: &[String], base: &Path) -> Result<Case, Problems> {
    let fail = |problems| Problems::new(source, problems);
    let mut root = document::read(&source.text).map_err(fail)?;
    let mut findings = Findings::default();
    for argument in overrides {
        if let Err(problem) = overrides::set(&mut root, argument) {
            findings.problems.push(problem);
        }
    }
    keys::check(&mut root, &mut findings);
    let mut config = read::config(&root, &mut findings);
    let stem = Path::new(&source.name).file_stem().unwrap_or_default();
    config
        .title
        .get_or_insert_with(|| stem.to_string_lossy().replace(char::is_control, " "));
    config
        .output
        .directory
        .get_or_insert_with(|| PathBuf::from("output").join(stem));
    build::case(config, &root, base, &mut findings).ok_or_else(|| fail(findings.problems))
}

/// What is wrong with the value at `path`, where it only shows once the case meets the machine.
#[must_use]
pub fn fault(
    source: &Source,
    overrides: &[String],
    path: &str,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Problems {
    let origin = document::read(&source.text).map_or_else(
        |_| Origin::File(0..0),
        |mut root| {
            for argument in overrides {
                // Those that do not fit were reported when the config was read.
                let _ = overrides::set(&mut root, argument);
            }
            root.nearest(path).origin.clone()
        },
    );
    let problem = Problem {
        origin,
        path: path.to_owned(),
        message: message.into(),
        help: Some(help.into()),
    };
    Problems::new(source, vec![problem])
}
