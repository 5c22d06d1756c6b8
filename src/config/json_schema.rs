//! The schema of a config as data: for editors, and to look keys up in.

use std::sync::LazyLock;

use schemars::{generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};

use super::{document::segments, schema::Config};

pub static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(forget_null))
        .into_generator()
        .into_root_schema_for::<Config>()
        .to_value()
});

/// The JSON schema of a config, for editors.
#[must_use]
pub fn json_schema() -> Value {
    SCHEMA.clone()
}

/// TOML has no null: an optional key is left out. The default of a section says nothing that
/// the defaults of its keys do not.
fn forget_null(schema: &mut schemars::Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.get("default") == Some(&Value::Null) || object.contains_key("properties") {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [single] = types.as_slice() {
            let single = single.clone();
            object.insert("type".to_owned(), single);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
        forms.retain(|form| *form != json!({ "type": "null" }));
        if let [Value::Object(single)] = forms.as_mut_slice() {
            let single = std::mem::take(single);
            object.remove("anyOf");
            for (key, value) in single {
                object.entry(key).or_insert(value);
            }
        }
    }
}

/// The schema of the value at a path.
pub fn lookup(path: &str) -> Option<&'static Value> {
    segments(path).try_fold(&*SCHEMA, |schema, segment| member(schema, segment))
}

/// The forms that a value may take.
fn forms(schema: &Value) -> impl Iterator<Item = &Value> {
    let several = ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|name| schema.get(name)?.as_array())
        .flatten();
    std::iter::once(schema).chain(several)
}

/// The schema of a member of a table or of the items of an array.
pub fn member<'a>(schema: &'a Value, segment: &str) -> Option<&'a Value> {
    forms(schema).find_map(|form| {
        let property = form
            .get("properties")
            .and_then(|members| members.get(segment));
        property.or_else(|| {
            form.get("items")
                .filter(|_| segment.parse::<usize>().is_ok())
        })
    })
}

/// The ways to write a value that is one of several choices.
pub fn choices(schema: &Value) -> Vec<String> {
    let tables = members(schema)
        .into_iter()
        .map(|key| format!("{{ {key} = ... }}"));
    let names = forms(schema).flat_map(|form| {
        let several = form.get("enum").and_then(Value::as_array);
        form.get("const")
            .into_iter()
            .chain(several.into_iter().flatten())
    });
    tables.chain(names.map(Value::to_string)).collect()
}

/// The keys of a table.
pub fn members(schema: &Value) -> Vec<&str> {
    forms(schema)
        .filter_map(|form| form.get("properties")?.as_object())
        .flat_map(|members| members.keys().map(String::as_str))
        .collect()
}

/// A value of the type that a schema describes.
pub fn fitting(schema: &Value) -> toml::Value {
    let first = |name| schema.get(name).and_then(|several| several.get(0));
    if let Some(form) = first("oneOf").or_else(|| first("anyOf")) {
        return fitting(form);
    }
    let name = schema.get("const").or_else(|| first("enum"));
    if let Some(Value::String(name)) = name.or_else(|| first("examples")) {
        return name.as_str().into();
    }
    match schema["type"].as_str() {
        Some("integer") => 1.into(),
        Some("number") => 1.0.into(),
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(0);
            toml::Value::Array((0..count).map(|_| fitting(&schema["items"])).collect())
        }
        Some("object") => {
            let keys = schema["required"].as_array().into_iter().flatten();
            let members = keys
                .filter_map(Value::as_str)
                .map(|key| (key.to_owned(), fitting(&schema["properties"][key])));
            toml::Value::Table(members.collect())
        }
        // As good a text as it is an expression.
        _ => "x".into(),
    }
}
