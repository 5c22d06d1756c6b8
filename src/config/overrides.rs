//! The overrides of the command line, `--set path=value`.

use std::collections::BTreeMap;

use toml::{Value, de::DeValue};

use super::{
    document::{Content, Node, content, join, segments},
    json_schema::{lookup, members},
    problems::{Origin, Problem},
};

/// No key lies as deep as this.
const MAX_DEPTH: usize = 16;

/// The override that gives a key a text, whatever is in it.
#[must_use]
pub fn assignment(path: &str, text: &str) -> String {
    format!("{path}={}", Value::from(text))
}

/// Writes an override into the tree. A value that is not TOML is a string.
pub fn set(root: &mut Node, argument: &str) -> Result<(), Problem> {
    let origin = Origin::Set(argument.to_owned());
    let problem = |path: &str, message: String, help: String| Problem {
        origin: origin.clone(),
        path: path.to_owned(),
        message,
        help: Some(help),
    };
    let (path, text) = argument
        .split_once('=')
        .map(|(path, text)| (path.trim(), text.trim()))
        .filter(|(path, _)| segments(path).next().is_some())
        .ok_or_else(|| {
            let help = "write --set key=value".to_owned();
            problem("", "needs a key and a value".to_owned(), help)
        })?;
    if segments(path).nth(MAX_DEPTH).is_some() {
        let help = "write a key such as domain.size".to_owned();
        return Err(problem("", "names no key".to_owned(), help));
    }
    let value = DeValue::parse(text).map_or_else(
        |_| Content::Leaf(Value::String(text.to_owned())),
        |value| content(value.into_inner(), &|_| origin.clone()),
    );
    let mut node = root;
    let mut parent = String::new();
    for segment in segments(path) {
        make_room(node, &parent, segment);
        let member = join(&parent, segment);
        node = match &mut node.content {
            Content::Table(table) => table.entry(segment.to_owned()).or_insert_with(|| Node {
                key: origin.clone(),
                origin: origin.clone(),
                content: empty(&member),
            }),
            Content::Array(items) => {
                let count = items.len();
                let index = segment.parse::<usize>().ok();
                index
                    .and_then(|index| items.get_mut(index))
                    .ok_or_else(|| {
                        let message = format!("there is no {parent} {segment}");
                        let help = match count {
                            0 => format!("first add `{parent}` to the config"),
                            _ => format!("`{parent}` has {count}, counted from 0"),
                        };
                        problem(path, message, help)
                    })?
            }
            Content::Leaf(_) => {
                let message = format!("`{parent}` is a single value");
                let help = format!("set it whole, as in --set '{parent}=...'");
                return Err(problem(path, message, help));
            }
        };
        parent = member;
    }
    node.origin = origin;
    node.content = value;
    Ok(())
}

/// What a key holds before anything is set inside it.
fn empty(path: &str) -> Content {
    match lookup(path) {
        Some(schema) if schema["type"] == "array" => Content::Array(Vec::new()),
        _ => Content::Table(BTreeMap::new()),
    }
}

/// What is set inside a value replaces it if it was another of several choices.
fn make_room(node: &mut Node, path: &str, key: &str) {
    let Some(schema) = lookup(path) else {
        return;
    };
    match &mut node.content {
        Content::Leaf(_) if members(schema).contains(&key) => {
            node.content = Content::Table(BTreeMap::new());
        }
        Content::Table(table) if schema.get("oneOf").is_some() => {
            table.retain(|other, _| other == key);
        }
        _ => {}
    }
}
