//! The layers of ARCHITECTURE.md: imports point down only, and each library has one place.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// From the bottom up. A module may name those in the rows above its own, and no other in its own.
const LAYERS: [&[&str]; 16] = [
    &["error", "grid"],
    &["comm"],
    &["field"],
    &["kernel", "boundary"],
    &["domain", "physics"],
    &["halo"],
    &["operator"],
    &["solver"],
    &["stepper"],
    &["simulation"],
    &["output", "study"],
    &["config"],
    &["launch"],
    &["cli"],
    &["commands"],
    &["lib", "main"],
];

/// Where a word may stand: in the files whose path below `src` starts so.
const PLACES: [(&str, &[&str]); 7] = [
    ("mpi::", &["comm/world.rs", "comm.rs"]),
    ("rayon", &["field/team.rs"]),
    ("hdf5_metno", &["output/hdf5"]),
    ("png::", &["output/canvas.rs", "physics/mask.rs"]),
    ("toml::", &["config"]),
    ("unsafe ", &["output/hdf5/raw.rs"]),
    // A closed standard error must not end a run: `output::note` speaks. That of a child is a log.
    ("stderr", &["output/progress.rs", "commands/scale/runs.rs"]),
];

const MOST_LINES: usize = 400;

/// A file below `src`, without its comments and without what only tests compile.
struct File {
    path: String,
    code: String,
    lines: usize,
}

impl File {
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }
}

fn paths(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(paths(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn files() -> Vec<File> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().take_while(|line| *line != "mod tests {");
        let code: Vec<_> = code
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        File {
            path: path
                .strip_prefix("src")
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/"),
            code: code.join("\n"),
            lines: text.lines().count(),
        }
    };
    let files: Vec<_> = paths(Path::new("src")).into_iter().map(read).collect();
    assert!(files.len() > 50, "the sources are not here");
    let of_tests = |path: &str| {
        ["/tests.rs", "/testing.rs"]
            .iter()
            .any(|end| path.ends_with(end))
    };
    files
        .into_iter()
        .filter(|file| !of_tests(&file.path))
        .collect()
}

/// The modules of this crate that the code names, through `crate::` or, in the binary, `isotherm::`.
fn named(code: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for root in ["crate::", "isotherm::"] {
        for (at, _) in code.match_indices(root) {
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(list) => modules.extend(heads(list)),
                None => modules.extend([word(rest)]),
            }
        }
    }
    modules
}

/// The first words of a list `a::b, c::{d, e}, f}`, up to its end.
fn heads(list: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(word(list[start..at].trim_start()));
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

/// The name at the start of a text.
fn word(text: &str) -> String {
    let part_of_name = |character: &char| character.is_alphanumeric() || *character == '_';
    text.chars().take_while(part_of_name).collect()
}

fn layer(module: &str) -> usize {
    LAYERS
        .iter()
        .position(|row| row.contains(&module))
        .unwrap_or_else(|| panic!("{module} is in no layer: draw it in ARCHITECTURE.md and here"))
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for file in files() {
        let module = file.module();
        for other in named(&file.code) {
            if other != module && layer(&other) >= layer(module) {
                wrong.push(format!("{} names {other}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// They see slices: no communicator, no error.
#[test]
fn kernels_know_only_the_numbers_of_a_field() {
    for file in files() {
        let known = match file.module() {
            "kernel" => vec!["field", "kernel"],
            "boundary" => vec!["boundary"],
            _ => continue,
        };
        let named = named(&file.code);
        let strange = named.iter().find(|other| !known.contains(&other.as_str()));
        assert_eq!(strange, None, "named by {}", file.path);
    }
}

#[test]
fn every_layer_exists() {
    let modules: BTreeSet<_> = files()
        .iter()
        .map(|file| file.module().to_owned())
        .collect();
    let drawn = LAYERS.concat().into_iter().map(str::to_owned).collect();
    assert_eq!(modules, drawn);
}

#[test]
fn each_library_has_its_place() {
    for (name, places) in PLACES {
        let naming: Vec<_> = files()
            .into_iter()
            .filter(|file| file.code.contains(name))
            .map(|file| file.path)
            .collect();
        assert!(
            !naming.is_empty(),
            "nobody names {name}: the table is out of date"
        );
        for path in naming {
            let allowed = places.iter().any(|place| path.starts_with(place));
            assert!(allowed, "{path} names {name}");
        }
    }
}

#[test]
fn no_file_is_long() {
    for file in files() {
        assert!(
            file.lines <= MOST_LINES,
            "{} has {} lines",
            file.path,
            file.lines
        );
    }
}

#[test]
fn names_are_found_in_every_kind_of_import() {
    let code =
        "use crate::{a::b, c::{d, e::{f, g}},\n    h, i as j};\nuse crate::k::l; crate::m::n()";
    assert_eq!(Vec::from_iter(named(code)), ["a", "c", "h", "i", "k", "m"]);
}
