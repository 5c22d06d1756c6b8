//! The text of a config file.

use std::{fs, path::Path};

use super::tealeaf;
use crate::error::Error;

/// How the names of decks end.
const DECK: &str = "in";

/// A config as text.
#[derive(Debug, Clone)]
pub struct Source {
    /// What messages call it: the path of its file.
    pub name: String,
    pub text: String,
}

/// Reads a config file.
///
/// # Errors
/// If it cannot be read, is empty, or is not UTF-8 text without a byte order mark; or if only its
/// name is that of a deck.
pub fn load(path: &Path) -> Result<Source, Error> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| {
        if path.is_dir() {
            Error::input(format!("{name} is a directory"))
                .with_help("give the path of a config file")
        } else {
            Error::input(format!("cannot read {name}: {error}"))
        }
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::input(format!("{name} is not UTF-8 text (byte {at})"))
            .with_help("save the file as UTF-8")
    })?;
    if text.starts_with('\u{feff}') {
        return Err(
            Error::input(format!("{name} starts with a byte order mark"))
                .with_help("save the file as UTF-8 without one"),
        );
    }
    if text.trim().is_empty() {
        return Err(Error::input(format!("{name} is empty"))
            .with_help("`isotherm init` prints a config to start from"));
    }
    if path.extension().is_some_and(|end| end == DECK) && !tealeaf::is_deck(&text) {
        return Err(Error::input(format!("{name} holds no deck of TeaLeaf"))
            .with_help("a deck stands between lines `*tea` and `*endtea`"));
    }
    Ok(Source { name, text })
}
