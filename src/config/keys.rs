//! Keys that do not exist and values that nothing can mean, found by a walk over the tree.

use serde_json::Value;

use super::{
    document::{Content, Node, join},
    json_schema::{SCHEMA, fitting, member, members},
    problems::Findings,
};
use crate::error::nearest;

/// Reports every unknown key and every value that nothing can mean. An unknown key is then
/// read as the one that was probably meant, or dropped, so that the rest can be checked.
pub fn check(root: &mut Node, findings: &mut Findings) {
    check_node(root, "", &SCHEMA, findings);
}

fn check_node(node: &mut Node, path: &str, schema: &Value, findings: &mut Findings) {
    match &mut node.content {
        Content::Table(table) => {
            let known = members(schema);
            // A value that may not be a table at all is a type error, found later.
            if known.is_empty() {
                return;
            }
            let unknown: Vec<String> = table
                .keys()
                .filter(|key| !known.contains(&key.as_str()))
                .cloned()
                .collect();
            for key in unknown {
                let Some(node) = table.remove(&key) else {
                    continue;
                };
                let meant = nearest(&key, known.iter().copied());
                let help = match meant {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                findings.add(&node.key, &join(path, &key), "unknown key", Some(help));
                if let Some(meant) = meant {
                    table.entry(meant.to_owned()).or_insert(node);
                }
            }
            for (key, node) in table {
                if let Some(schema) = member(schema, key) {
                    check_node(node, &join(path, key), schema, findings);
                }
            }
        }
        // Serde would take it for a table without its keys.
        Content::Array(_) if schema.get("properties").is_some() => {
            findings.add(&node.origin, path, "expected a table, found an array", None);
            findings.stand_in(path);
            node.content = Content::Leaf(fitting(schema));
        }
        Content::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(schema) = member(schema, "0") {
                    check_node(item, &format!("{path}[{index}]"), schema, findings);
                }
            }
        }
        Content::Leaf(value) if value.as_float().is_some_and(|number| !number.is_finite()) => {
            let message = format!("must be a finite number, is {value}");
            findings.add(&node.origin, path, message, None);
        }
        Content::Leaf(toml::Value::Datetime(_)) => {
            let help = "put it in quotes if it is meant as text".to_owned();
            findings.add(
                &node.origin,
                path,
                "no key takes a date or a time",
                Some(help),
            );
        }
        Content::Leaf(_) => {}
    }
}
