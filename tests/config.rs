//! The configs and decks under `tests/config`: each file in `good` is a case, and each in `bad` carries
//! what is wrong with it on its lines that start with `#^ `. Lines that start with `#--set `
//! are overrides. In decks it is `!` that begins these lines.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use isotherm::{
    config::{self, Case, Origin, Problem, Problems, Source},
    error::{Error, Kind},
};
use proptest::prelude::*;
use serde_json::Value;

/// Tests run in the directory of the package.
const FOLDER: &str = "tests/config";

fn files(name: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(Path::new(FOLDER).join(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn marked<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(['#', '!'])?.strip_prefix(mark))
        .collect()
}

fn parse(source: &Source) -> Result<Case, Problems> {
    let overrides: Vec<_> = marked(&source.text, "--set ")
        .into_iter()
        .map(str::to_owned)
        .collect();
    config::parse(source, &overrides, Path::new(FOLDER))
}

fn source(name: &str, text: impl Into<String>) -> Source {
    Source {
        name: name.to_owned(),
        text: text.into(),
    }
}

/// A problem as `3:8 domain.size[0]: must be positive, is -1; fix: ...`.
fn line(problem: &Problem, text: &str) -> String {
    let place = match &problem.origin {
        Origin::File(span) => {
            let before = &text[..span.start];
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("{}:{column}", before.matches('\n').count() + 1)
        }
        Origin::Set(argument) => format!("--set {argument}"),
    };
    let help = problem.help.as_ref();
    let help = help.map_or_else(String::new, |help| format!("; fix: {help}"));
    format!("{place} {problem}{help}")
}

#[test]
fn bad_configs_are_refused_with_all_their_problems() {
    let mut wrong = Vec::new();
    for file in files("bad") {
        let source = config::load(&file).unwrap();
        let expected = marked(&source.text, "^ ").join("\n");
        let found = parse(&source)
            .err()
            .map_or("nothing".to_owned(), |problems| {
                let lines = problems.problems.iter();
                let lines: Vec<_> = lines.map(|problem| line(problem, &source.text)).collect();
                lines.join("\n")
            });
        if found != expected {
            wrong.push(format!("== {}\n{found}\n", file.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as expected, but:\n{}",
        wrong.concat()
    );
}

#[test]
fn the_effective_config_gives_the_same_case_anywhere() {
    for file in files("good") {
        let case = parse(&config::load(&file).unwrap())
            .unwrap_or_else(|problems| panic!("{}\n{problems}", file.display()));
        let effective = source("other.toml", &case.effective);
        let again = config::parse(&effective, &[], Path::new("/nowhere"))
            .unwrap_or_else(|problems| panic!("{}\n{problems}", case.effective));
        assert_eq!(format!("{case:?}"), format!("{again:?}"));
    }
}

#[test]
fn defaults_are_filled_in() {
    let case = parse(&config::load(Path::new("tests/config/good/minimal.toml")).unwrap()).unwrap();
    assert_eq!(case.title, "minimal");
    assert_eq!(case.output.directory, Path::new("output/minimal"));
    assert_eq!(case.time.step, config::Step::Auto { safety: 0.9 });
    assert!(case.effective.contains("safety = 0.9"));
    assert!(case.effective.contains("every_steps = 100"));
}

#[test]
fn probes_are_read_as_often_as_diagnostics_unless_told() {
    let file = Path::new("tests/config/good/probes.toml");
    let case = parse(&config::load(file).unwrap()).unwrap();
    assert_eq!(case.output.probes.len(), 2);
    assert_eq!(case.output.probing, Some(case.output.diagnostics));
    assert!(
        case.effective
            .contains("[output.probing]\nevery_steps = 100")
    );
    let none = ["output.probes=[]".to_owned()];
    let case = config::parse(&config::load(file).unwrap(), &none, Path::new(FOLDER)).unwrap();
    assert_eq!((case.output.probes, case.output.probing), (vec![], None));
}

#[test]
fn overrides_win() {
    let file = Path::new("tests/config/good/overridden.toml");
    let case = parse(&config::load(file).unwrap()).unwrap();
    assert_eq!(case.time.step, config::Step::Fixed(0.1));
    assert_eq!(case.grid.cells, [4, 8]);
    let effective: toml::Table = case.effective.parse().unwrap();
    assert_eq!(effective["boundary"]["left"]["flux"].as_float(), Some(1.0));
    assert_eq!(effective["region"][0]["conductivity"].as_str(), Some("2*x"));
}

#[test]
fn the_report_shows_every_problem_in_its_place() {
    let text = "[domain]\nsize = [1.0, -1.0]\ncells = [0, 8]\n\n[material]\nconductivity = 1\n\
                heat_capacity = 1\n\n[initial]\ntemperature = 0\n\n[time]\nend = 1\n";
    let overrides = ["time.ende=3".to_owned()];
    let problems = config::parse(&source("a.toml", text), &overrides, Path::new("")).unwrap_err();
    let error = Error::from(problems);
    assert_eq!(error.kind, Kind::Input);
    assert_eq!(error.message, include_str!("config/report.txt").trim_end());
}

#[test]
fn files_that_cannot_be_configs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.toml");
    let message = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        config::load(&file).unwrap_err().message
    };
    assert!(message(b"").ends_with("case.toml is empty"));
    assert!(message(b" \n").ends_with("is empty"));
    assert!(message(b"title = \"\xff\"").ends_with("is not UTF-8 text (byte 9)"));
    assert!(message(b"\xef\xbb\xbftitle = 1").ends_with("starts with a byte order mark"));
    let directory = config::load(folder.path()).unwrap_err();
    assert!(directory.message.ends_with("is a directory"));
    let missing = config::load(&folder.path().join("none.toml")).unwrap_err();
    assert!(missing.message.starts_with("cannot read "), "{missing}");
    assert_eq!(missing.kind, Kind::Input);
}

#[test]
fn templates_are_cases() {
    for name in [None, Some("full"), Some("minimal")] {
        let text = config::template(name).unwrap();
        if let Err(problems) = config::parse(&source("t.toml", text), &[], Path::new("")) {
            panic!("{name:?}: {problems}");
        }
    }
    assert_eq!(
        config::template(Some("none")).unwrap_err().kind,
        Kind::Input
    );
}

#[test]
fn the_full_template_switched_on_is_a_case_with_every_key() {
    // No scheme and no method has a use for these keys beside the others.
    const UNFIT: [&str; 2] = ["safety = 0.9\n", "smoother = \"red-black\"\n"];
    let text = config::template(None).unwrap();
    let text = text
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| line.trim_start_matches('#').to_owned() + "\n")
        .collect::<String>();
    let fitting = UNFIT.iter().fold(text.clone(), |text, line| {
        assert!(text.contains(line));
        text.replace(line, "")
    });
    if let Err(problems) = config::parse(&source("t.toml", fitting), &[], Path::new("")) {
        panic!("{problems}");
    }
    let given: Value = toml::from_str(&text).unwrap();
    assert_has_every_key(&given, &config::json_schema());
}

/// Below a choice between tables, one is enough; of the tables of an array, one has the key.
fn assert_has_every_key(given: &Value, schema: &Value) {
    let tables = given
        .as_array()
        .map_or(std::slice::from_ref(given), Vec::as_slice);
    let schema = schema.get("items").unwrap_or(schema);
    let Some(members) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    for (key, schema) in members {
        let value = tables.iter().find_map(|table| table.get(key));
        let value = value.unwrap_or_else(|| panic!("{key} is not in {given}"));
        assert_has_every_key(value, schema);
        assert!(
            schema.get("description").is_some(),
            "{key} has no description"
        );
    }
}

#[test]
fn the_json_schema_knows_no_other_keys_and_no_null() {
    fn check(schema: &Value) {
        assert_ne!(*schema, Value::Null);
        assert_ne!(*schema, Value::String("null".to_owned()));
        if schema.get("properties").is_some_and(Value::is_object) {
            assert_eq!(schema["additionalProperties"], false, "{schema:#}");
        }
        match schema {
            Value::Array(items) => items.iter().for_each(check),
            Value::Object(members) => members.values().for_each(check),
            _ => {}
        }
    }
    check(&config::json_schema());
}

/// All texts of `good` and `bad`.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let files = files("good").into_iter().chain(files("bad"));
    files
        .map(|file| fs::read_to_string(file).unwrap())
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Lines of configs, shuffled, with pieces overwritten.
    #[test]
    fn no_text_makes_the_parser_panic(
        picks in prop::collection::vec((0..1000_usize, 0..1000_usize), 1..40),
        edits in prop::collection::vec((0..4000_usize, "[\\[\\]{}=\"#.,\\-0-9a-z\n]{0,3}"), 0..6),
        start in 0..1000_usize,
    ) {
        let mut text: Vec<_> = TEXTS[start % TEXTS.len()].chars().collect();
        for (file, line) in picks {
            let lines: Vec<_> = TEXTS[file % TEXTS.len()].lines().collect();
            text.extend(lines[line % lines.len()].chars().chain(['\n']));
        }
        for (place, piece) in edits {
            let place = place % text.len();
            let end = (place + piece.len()).min(text.len());
            text.splice(place..end, piece.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(problems) = parse(&source("mutated.toml", text)) {
            prop_assert!(!problems.to_string().is_empty());
        }
    }

    #[test]
    fn no_override_makes_the_parser_panic(
        path in "[a-z0-9.\\[\\]=\" ]{0,12}|(domain|region|output|boundary)\\.[a-z0-9]{0,5}(\\.[a-z]{1,4})?",
        value in "[\\[\\]{}=\"a-z0-9.,\n-]{0,12}",
        start in 0..1000_usize,
    ) {
        let text = &TEXTS[start % TEXTS.len()];
        let overrides = [format!("{path}={value}")];
        if let Err(problems) = config::parse(&source("a.toml", text), &overrides, Path::new(FOLDER)) {
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}
