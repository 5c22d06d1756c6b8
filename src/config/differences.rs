//! In what two configs differ.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::document::join;

/// What a run may change when it goes on: none of it changes how the field moves on, or what
/// columns there are. A key stands for all below it.
const RESUMED: Freedom = Freedom {
    free: &[
        "output",
        "parallel",
        "tealeaf",
        "time.end",
        "solver.max_iterations",
        "scale",
    ],
    fixed: &["output.probes", "output.fields", "parallel.precision"],
};

/// What a scaling study may change when it goes on: which of its runs are made, and how.
const STUDIED: Freedom = Freedom {
    free: &["output", "scale"],
    fixed: &["scale.kind"],
};

struct Freedom {
    free: &'static [&'static str],
    /// What of it may not change all the same.
    fixed: &'static [&'static str],
}

/// The keys by which two effective configs describe different runs, each with its two values.
#[must_use]
pub fn differences(before: &str, now: &str) -> Vec<String> {
    of_readable(before, now, &RESUMED)
}

/// The keys by which two effective configs describe different scaling studies.
#[must_use]
pub fn differences_of_studies(before: &str, now: &str) -> Vec<String> {
    of_readable(before, now, &STUDIED)
}

fn of_readable(before: &str, now: &str, freedom: &Freedom) -> Vec<String> {
    if before.parse::<Table>().is_err() {
        return vec!["its config is damaged".to_owned()];
    }
    of_texts(before, now, freedom)
}

fn of_texts(before: &str, now: &str, freedom: &Freedom) -> Vec<String> {
    let [before, now] = [before, now].map(|text| {
        let table = text.parse::<Table>();
        Value::Table(table.expect("effective configs are TOML"))
    });
    let mut found = Vec::new();
    compare("", Some(&before), Some(&now), freedom, &mut found);
    found
}

fn compare(
    path: &str,
    before: Option<&Value>,
    now: Option<&Value>,
    freedom: &Freedom,
    found: &mut Vec<String>,
) {
    if before == now || (is_below(path, freedom.free) && !leads_to(path, freedom.fixed)) {
        return;
    }
    match (before, now) {
        (Some(Value::Table(before)), Some(Value::Table(now))) => {
            let keys: BTreeSet<_> = before.keys().chain(now.keys()).collect();
            for key in keys {
                compare(
                    &join(path, key),
                    before.get(key),
                    now.get(key),
                    freedom,
                    found,
                );
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(now))) if before.len() == now.len() => {
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                let path = format!("{path}[{index}]");
                compare(&path, Some(before), Some(now), freedom, found);
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
    fn a_study_may_add_runs_but_not_change_them() {
        let before = "[parallel]\nhalo_depth = 4\n[scale]\nkind = 'strong'\nranks = [1, 2]";
        let more = before.replace("[1, 2]", "[1, 2, 4]\nrepetitions = 9");
        assert!(differences_of_studies(before, &more).is_empty());
        assert_eq!(differences_of_studies("[sca", before).len(), 1);
        let other = before.replace("strong", "weak").replace('4', "'auto'");
        assert_eq!(
            differences_of_studies(before, &other),
            [
                "parallel.halo_depth (\"auto\", was 4)",
                "scale.kind (\"weak\", was \"strong\")",
            ]
        );
    }

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
