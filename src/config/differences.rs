//! In what two configs differ.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::document::join;

/// What a run may change when it goes on: none of it changes how the field moves on, or what
/// columns there are. A key stands for all below it.
const FREE: [&str; 5] = [
    "output",
    "parallel",
    "tealeaf",
    "time.end",
    "solver.max_iterations",
];

/// What of it may not change all the same.
const FIXED: [&str; 3] = ["output.probes", "output.fields", "parallel.precision"];

/// The keys by which two effective configs describe different runs, each with its two values.
#[must_use]
pub fn differences(before: &str, now: &str) -> Vec<String> {
    let [before, now] = [before, now].map(|text| {
        let table = text.parse::<Table>();
        Value::Table(table.expect("effective configs are TOML"))
    });
    let mut found = Vec::new();
    compare("", Some(&before), Some(&now), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, now: Option<&Value>, found: &mut Vec<String>) {
    if before == now || (is_below(path, &FREE) && !leads_to(path, &FIXED)) {
        return;
    }
    match (before, now) {
        (Some(Value::Table(before)), Some(Value::Table(now))) => {
            let keys: BTreeSet<_> = before.keys().chain(now.keys()).collect();
            for key in keys {
                compare(&join(path, key), before.get(key), now.get(key), found);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(now))) if before.len() == now.len() => {
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                compare(&format!("{path}[{index}]"), Some(before), Some(now), found);
            }
        }
        _ => {
            let show = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
            found.push(format!("{path} ({}, was {})", show(now), show(before)));
        }
    }
}

/// Whether a key is one of some, or lies below it.
fn is_below(path: &str, keys: &[&str]) -> bool {
    keys.iter().any(|key| {
        path.strip_prefix(key)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

/// Whether a key is one of some, or one of them lies below it or around it.
fn leads_to(path: &str, keys: &[&str]) -> bool {
    is_below(path, keys) || keys.iter().any(|key| is_below(key, &[path]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_the_run_is_told_and_nothing_else() {
        let before =
            "title = 'a'\n[material]\nconductivity = [1.0, 2.0]\nsource = 3.0\n[time]\nend = 1.0
            step = 0.1\n[parallel]\nprecision = 'f64'\nthreads = 2\n[output]\ndirectory = 'a'";
        assert!(differences(before, before).is_empty());
        let free = before
            .replace("end = 1.0", "end = 2.0")
            .replace("threads = 2", "threads = 'auto'")
            .replace(
                "directory = 'a'",
                "directory = 'b'\nsnapshots = { every_steps = 3 }",
            );
        assert!(differences(before, &free).is_empty());
        let other = before
            .replace("[1.0, 2.0]", "[1.0, 2.5]")
            .replace("source = 3.0\n", "")
            .replace("f64", "f32")
            .replace("directory = 'a'", "probes = [{ name = 'a' }]");
        assert_eq!(
            differences(before, &other),
            [
                "material.conductivity[1] (2.5, was 2.0)",
                "material.source (absent, was 3.0)",
                "output.probes ([{ name = \"a\" }], was absent)",
                "parallel.precision (\"f32\", was \"f64\")",
            ]
        );
    }
}
