//! A tree as the text of a config.

use std::fmt::Write as _;

use serde_json::Value as Schema;
use toml::{Table, Value};

use super::{
    document::Node,
    json_schema::{SCHEMA, member, members},
};

/// The text of a config that holds what the tree does, and no more: sections and keys in the order of the
/// schema, a line for each key.
pub fn text(root: &Node) -> String {
    let mut text = String::new();
    let Value::Table(whole) = root.value() else {
        return text;
    };
    for (key, schema) in known(&SCHEMA) {
        match whole.get(key) {
            Some(Value::Table(section)) => {
                write_section(&mut text, &format!("[{key}]"), section, schema);
            }
            Some(Value::Array(sections)) => {
                let schema = member(schema, "0").unwrap_or(schema);
                for section in sections.iter().filter_map(Value::as_table) {
                    write_section(&mut text, &format!("[[{key}]]"), section, schema);
                }
            }
            Some(value) => write_line(&mut text, &format!("{key} = {value}")),
            None => {}
        }
    }
    text
}

fn write_section(text: &mut String, header: &str, section: &Table, schema: &Schema) {
    write_line(text, "");
    write_line(text, header);
    for (key, _) in known(schema) {
        if let Some(value) = section.get(key) {
            write_line(text, &format!("{key} = {value}"));
        }
    }
}

fn write_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes all");
}

/// The keys of a table, each with its schema.
fn known(schema: &Schema) -> impl Iterator<Item = (&str, &Schema)> {
    let keys = members(schema).into_iter();
    keys.filter_map(move |key| Some((key, member(schema, key)?)))
}
