//! The only reader of TOML: a config file becomes a validated [`Case`], or a list of all
//! that is wrong with it.
//!
//! The text becomes a tree that remembers where each value stands (`document`; `tealeaf` for a
//! deck of that benchmark, which becomes the tree of the equivalent config), into which
//! `--set` writes (`overrides`) and in which unknown keys are found (`keys`); the tree becomes
//! plain structs (`schema`, past type errors in `read`), and these a case (`build`). A stage that
//! finds something wrong puts something right in its place and goes on, so that one reading
//! reports everything.

mod build;
mod case;
mod differences;
mod document;
mod json_schema;
mod keys;
mod overrides;
mod problems;
mod quantity;
mod read;
mod schema;
mod source;
mod tealeaf;
mod template;
mod validation;
mod wall_time;
mod write;

use std::path::{Path, PathBuf};

use self::{document::Node, problems::Findings};
use crate::error::Error;

pub use case::{
    Case, Density, Method, Output, Parallel, Plot, Precision, Preconditioning, Scale, Scheme,
    Solver, Step, TeaLeaf, Time,
};
pub use differences::{differences, differences_of_studies};
pub use json_schema::json_schema;
pub use overrides::assignment;
pub use problems::{Origin, Problem, Problems};
pub use source::{Source, load};
pub use template::template;
pub use validation::{At, Expectation, Measured, Refinement, ValidationCase, validation_cases};
pub use wall_time::WallTime;

/// Reads and checks a config, which may be a deck of `TeaLeaf`. `overrides` are the arguments of
/// `--set`, as in `time.end=2` or `region.0.source=5e9`, and change the config that a deck is read
/// as; files named in the config are relative to `base`.
///
/// # Errors
/// Everything that is wrong with the text and the overrides.
pub fn parse(source: &Source, overrides: &[String], base: &Path) -> Result<Case, Problems> {
    let fail = |problems| Problems::new(source, problems);
    let mut root = tree(&source.text).map_err(fail)?;
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

/// The config that a deck of `TeaLeaf` is read as, for people to go on from: what the deck says, and
/// nothing that it leaves open.
///
/// # Errors
/// Everything that is wrong with the deck.
pub fn convert(source: &Source) -> Result<String, Error> {
    if !tealeaf::is_deck(&source.text) {
        return Err(
            Error::input(format!("{} is no deck of TeaLeaf", source.name))
                .with_help("a deck stands between lines `*tea` and `*endtea`"),
        );
    }
    parse(source, &[], Path::new(""))?;
    let root = tree(&source.text).map_err(|problems| Problems::new(source, problems))?;
    let name = Path::new(&source.name).file_name().unwrap_or_default();
    let name = name.to_string_lossy().replace(char::is_control, " ");
    Ok(format!(
        "# From {name}, a deck of TeaLeaf.\n{}",
        write::text(&root)
    ))
}

fn tree(text: &str) -> Result<Node, Vec<Problem>> {
    if tealeaf::is_deck(text) {
        tealeaf::read(text)
    } else {
        document::read(text)
    }
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
    let origin = tree(&source.text).map_or_else(
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
