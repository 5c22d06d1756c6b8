//! Starter configs: examples to which the descriptions of the keys are added as comments.

use std::sync::LazyLock;

use toml::Table;

use super::{document::join, json_schema::lookup};
use crate::error::Error;

/// In an example, a `#` without a space after it switches off an optional line.
const OFF: char = '#';

const FULL: &str = include_str!("templates/full.toml");

/// The examples by name; the first is the default.
const TEMPLATES: [(&str, &str); 2] = [
    ("full", FULL),
    ("minimal", include_str!("templates/minimal.toml")),
];

/// A commented starter config: `full` (the default; every key, optional ones switched off)
/// or `minimal`.
///
/// # Errors
/// If no template has that name.
pub fn template(name: Option<&str>) -> Result<String, Error> {
    let name = name.unwrap_or(TEMPLATES[0].0);
    TEMPLATES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| commented(text))
        .ok_or_else(|| {
            let known: Vec<_> = TEMPLATES.iter().map(|(known, _)| *known).collect();
            Error::input(format!("there is no template `{name}`"))
                .with_help(format!("choose one of: {}", known.join(", ")))
        })
}

/// A config with a value for every key.
pub fn example() -> Table {
    static EXAMPLE: LazyLock<Table> = LazyLock::new(|| {
        let lines: Vec<_> = FULL
            .lines()
            .map(|line| line.strip_prefix(OFF).unwrap_or(line))
            .collect();
        lines.join("\n").parse().expect("the example is TOML")
    });
    EXAMPLE.clone()
}

fn commented(text: &str) -> String {
    let mut section = "";
    let mut lines = Vec::new();
    for line in text.lines() {
        let code = line.strip_prefix(OFF).unwrap_or(line);
        let path = if code.starts_with('[') {
            section = code.trim_matches(['[', ']']);
            Some(section.to_owned())
        } else {
            code.split_once(" = ").map(|(key, _)| match section {
                "region" => join("region.0", key),
                section => join(section, key),
            })
        };
        let schema = path.and_then(|path| lookup(&path));
        let description = schema.and_then(|schema| schema.get("description")?.as_str());
        let comments = description.unwrap_or_default().lines();
        lines.extend(comments.map(|comment| format!("# {comment}\n")));
        lines.push(format!("{line}\n"));
    }
    lines.concat()
}
