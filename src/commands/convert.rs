//! `isotherm convert`.

use std::{fs, path::Path};

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
    if fs::canonicalize(file)
        .is_ok_and(|file| fs::canonicalize(deck).is_ok_and(|deck| deck == file))
    {
        return Err(
            Error::input(format!("{name} is the deck itself")).with_help("name another file")
        );
    }
    fs::write(file, text).map_err(|error| Error::storage(format!("cannot write {name}: {error}")))
}
