//! A config as written: a tree of values that know where they come from.

use std::{collections::BTreeMap, ops::Range};

use toml::{
    Spanned, Value,
    de::{DeTable, DeValue},
};

use super::problems::{Origin, Problem};

#[derive(Debug, Clone)]
pub struct Node {
    /// Where the key stands; that of an array's item is the item itself.
    pub key: Origin,
    /// Where the value stands; that of a `[table]` is its header.
    pub origin: Origin,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    Leaf(Value),
    Array(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

/// The keys and indices of a path, written `region[0].shape` or `region.0.shape`.
pub fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[', ']'])
        .filter(|segment| !segment.is_empty())
}

/// The path of a member; `path` is empty at the root.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// Reads a TOML document, or says everything that is wrong with its syntax.
pub fn read(text: &str) -> Result<Node, Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node {
            key: Origin::File(0..0),
            origin: Origin::File(0..0),
            content: content(DeValue::Table(root.into_inner()), &Origin::File),
        });
    }
    let problem = |error: &toml::de::Error| Problem {
        origin: Origin::File(error.span().unwrap_or_default()),
        path: String::new(),
        message: error.message().to_owned(),
        help: (error.message() == "duplicate key").then(|| "remove one of the two".to_owned()),
    };
    let mut problems: Vec<_> = errors.iter().map(problem).collect();
    problems.dedup();
    Err(problems)
}

impl Node {
    /// The node at a path, or else the deepest node on the way to it.
    pub fn nearest(&self, path: &str) -> &Node {
        let mut node = self;
        for segment in segments(path) {
            let child = match &node.content {
                Content::Table(members) => members.get(segment),
                Content::Array(items) => segment.parse().ok().and_then(|i: usize| items.get(i)),
                Content::Leaf(_) => None,
            };
            match child {
                Some(child) => node = child,
                None => break,
            }
        }
        node
    }

    /// The plain value.
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Leaf(value) => value.clone(),
            Content::Array(items) => Value::Array(items.iter().map(Self::value).collect()),
            Content::Table(members) => Value::Table(
                members
                    .iter()
                    .map(|(key, node)| (key.clone(), node.value()))
                    .collect(),
            ),
        }
    }
}

/// Says where what stands at some bytes comes from.
type Place<'a> = &'a dyn Fn(Range<usize>) -> Origin;

/// The tree of a value.
pub fn content(value: DeValue<'_>, place: Place<'_>) -> Content {
    let node = |key: Range<usize>, value: Spanned<DeValue<'_>>| Node {
        key: place(key),
        origin: place(value.span()),
        content: content(value.into_inner(), place),
    };
    Content::Leaf(match value {
        DeValue::Table(members) => {
            return Content::Table(
                members
                    .into_iter()
                    .map(|(key, value)| {
                        let span = key.span();
                        (key.into_inner().into_owned(), node(span, value))
                    })
                    .collect(),
            );
        }
        DeValue::Array(items) => {
            return Content::Array(
                items
                    .into_iter()
                    .map(|item| node(item.span(), item))
                    .collect(),
            );
        }
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Datetime(date) => Value::Datetime(date),
        // What 64 bits do not hold becomes a real number: right where one is meant, and
        // an error where a whole number is.
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .map_or_else(|_| real(digits.as_str()), Value::Integer),
        DeValue::Float(digits) => real(digits.as_str()),
    })
}

fn real(digits: &str) -> Value {
    Value::Float(digits.parse().unwrap_or(f64::NAN))
}
