//! `isotherm convert`.

use std::{fs, path::Path};

use super::refuse_input;
use crate::{cli, config, error::Error};

/// The config that a deck of `TeaLeaf` is read as; empty if it was written to a file.
///
/// # Errors
/// Everything that is wrong with the deck, or if the file cannot be written.
pub fn convert(options: &cli::Convert) -> Result<String, Error> {
    let text = config::convert(&config::load(&options.deck)?)?;
    match &options.output {
        None => Ok(text),
        Some(file) => write(&options.deck, file, &text).map(|()| String::new()),
    }
}

fn write(deck: &Path, file: &Path, text: &str) -> Result<(), Error> {
    let name = file.display();
    refuse_input(file, &[deck])?;
    fs::write(file, text).map_err(|error| Error::storage(format!("cannot write {name}: {error}")))
}
