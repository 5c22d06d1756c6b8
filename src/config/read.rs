//! From a tree of values to the structs of the schema, past every type error.

use toml::Value;

use super::{
    document::{Node, join, segments},
    json_schema::{choices, fitting, lookup},
    problems::Findings,
    schema::Config,
    template,
};

/// Deserializes the tree. What is missing or of a wrong type is reported and replaced by
/// a value that fits, so that the rest can be checked.
pub fn config(root: &Node, findings: &mut Findings) -> Config {
    let mut value = root.value();
    loop {
        let error = match serde_path_to_error::deserialize(value.clone()) {
            Ok(config) => return config,
            Err(error) => error,
        };
        let path = match error.path().to_string() {
            path if path == "." => String::new(),
            path => path,
        };
        let complaint = Complaint::from_serde(error.inner().message(), &path);
        let path = match &complaint.missing {
            Some(key) => join(&path, key),
            None => path,
        };
        let help = match &complaint.missing {
            Some(key) => Some(match example(&path) {
                Some(Value::Table(_)) if path == *key => format!("add a section [{key}]"),
                Some(example) => format!("add it, as in {key} = {example}"),
                None => format!("add {key} = ..."),
            }),
            None => complaint.help,
        };
        findings.add(&root.nearest(&path).origin, &path, complaint.message, help);
        // Where that does not help, replacing what surrounds it does, at last the whole.
        let mut place = path.as_str();
        while !(findings.stand_in(place) && replace(&mut value, place)) {
            assert!(!place.is_empty(), "the schema describes the structs");
            place = parent(place);
        }
    }
}

/// The path of what surrounds a value; empty at the root.
fn parent(path: &str) -> &str {
    path.rfind(['.', '[']).map_or("", |end| &path[..end])
}

/// The value of a valid config at a path; any item of an array is like the first.
fn example(path: &str) -> Option<Value> {
    let whole = Value::Table(template::example());
    segments(path).try_fold(whole, |value, segment| match value {
        Value::Table(mut table) => table.remove(segment),
        Value::Array(items) => items.into_iter().next(),
        _ => None,
    })
}

/// Replaces the value at a path by one that fits, or says that there is no such path.
fn replace(value: &mut Value, path: &str) -> bool {
    let Some(schema) = lookup(path) else {
        return false;
    };
    let place = segments(path).try_fold(value, |value, segment| match value {
        Value::Table(table) => Some(table.entry(segment).or_insert(Value::Boolean(false))),
        Value::Array(items) => items.get_mut(segment.parse::<usize>().ok()?),
        _ => None,
    });
    place.map(|place| *place = fitting(schema)).is_some()
}

/// An error of serde in the words of a config.
struct Complaint {
    message: String,
    help: Option<String>,
    /// The key that is missing, if one is.
    missing: Option<String>,
}

impl Complaint {
    /// Serde's own errors have a fixed wording; those of this crate pass as they are.
    fn from_serde(message: &str, path: &str) -> Self {
        let complaint = |message: String| Self {
            message,
            help: None,
            missing: None,
        };
        let choice = |message: String| Self {
            help: lookup(path).map(|schema| format!("write {}", choices(schema).join(" or "))),
            ..complaint(message)
        };
        let message = message.trim_end();
        if let Some(key) = message.strip_prefix("missing field ") {
            Self {
                missing: Some(key.trim_matches('`').to_owned()),
                ..complaint("is missing".to_owned())
            }
        } else if let Some((variant, _)) = split(message, "unknown variant ") {
            choice(format!("{variant} does not exist"))
        } else if message.starts_with("wanted exactly 1 element") {
            choice("must have exactly one key".to_owned())
        } else if message == "invalid type: unit variant, expected string only" {
            // What the toml crate says of anything that cannot name a choice.
            choice("is none of its choices".to_owned())
        } else if let Some((found, expected)) =
            split(message, "invalid type: ").or_else(|| split(message, "invalid value: "))
        {
            complaint(format!(
                "expected {}, found {}",
                plain(expected),
                plain(found)
            ))
        } else if let Some((length, expected)) = split(message, "invalid length ") {
            complaint(format!(
                "expected {}, found an array of {length}",
                plain(expected)
            ))
        } else {
            complaint(message.to_owned())
        }
    }
}

fn split<'a>(message: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    message.strip_prefix(prefix)?.split_once(", expected ")
}

/// What serde calls a type or a value, as a user of the config would say it.
fn plain(words: &str) -> String {
    let words = match words {
        "f64" => "a number",
        "usize" | "u64" => "a whole number of at least 0",
        "a sequence" | "sequence" => "an array",
        "map" => "a table",
        // Every array of fixed length holds something along x and along y, or low and high.
        "an array of length 2" | "fewer elements in array" => "an array of two",
        "path string" => "a string",
        "newtype variant" => "a value",
        "unit variant" => "only its name",
        words if words.starts_with("struct ") => "a table",
        words => words,
    };
    match words.split_once(' ') {
        Some(("string", _)) => format!("the {words}"),
        Some(("integer" | "boolean", value)) => value.replace('`', ""),
        Some(("floating", value)) => value.replace("point ", "").replace('`', ""),
        _ => words.to_owned(),
    }
}
