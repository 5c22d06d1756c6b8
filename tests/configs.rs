//! Every file in `configs` is a case that can be run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

fn configs() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir("configs")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn isotherm(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_isotherm"))
        .args(arguments)
        .output()
        .expect("the program starts");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {messages}");
    String::from_utf8(output.stdout).unwrap()
}

/// An override that makes the cells four times longer and wider, and the run some 256 times faster.
fn coarser(config: &str) -> String {
    let text = fs::read_to_string(config).unwrap();
    let keys: toml::Table = text.parse().unwrap();
    let cells = keys["domain"]["cells"].as_array().unwrap();
    let [nx, ny] = [0, 1].map(|axis| cells[axis].as_integer().unwrap() / 4);
    format!("domain.cells=[{nx},{ny}]")
}

/// The heat that is there without having come in, relative to the heat in play.
fn imbalance(directory: &Path) -> f64 {
    let text = fs::read_to_string(directory.join("diagnostics.csv")).unwrap();
    let (first, last) = (text.lines().next().unwrap(), text.lines().last().unwrap());
    let at = first.split(',').position(|name| name == "balance_relative");
    last.split(',')
        .nth(at.unwrap())
        .unwrap()
        .parse()
        .expect(last)
}

fn run(config: &str, overrides: &[&str], directory: &Path) {
    let cells = coarser(config);
    let output = directory.to_str().unwrap();
    let common = ["--threads", "1", "--quiet", "--output", output];
    let arguments = [&["run", config, "--set", &cells], overrides, &common].concat();
    isotherm(&arguments);
    for name in ["config.toml", "fields.vtkhdf", "final.png", "report.json"] {
        assert!(directory.join(name).is_file(), "{config}: {name}");
    }
    let imbalance = imbalance(directory).abs();
    let tolerance = if config.contains("single") {
        1e-6
    } else {
        1e-12
    };
    assert!(imbalance < tolerance, "{config}: {imbalance:e}");
}

#[test]
fn every_config_is_valid_and_runs_on_a_coarser_grid() {
    let results = TempDir::new().unwrap();
    let earlier = results.path().join("earlier");
    run("configs/regions.toml", &[], &earlier);
    let file = format!(
        "initial.temperature.file={:?}",
        earlier.join("fields.vtkhdf")
    );
    for config in configs() {
        let name = config.file_stem().unwrap();
        let continues = name == "initial-file";
        let overrides: &[&str] = if continues { &["--set", &file] } else { &[] };
        let config = config.to_str().unwrap();
        let cells = coarser(config);
        let given: &[&str] = if continues { &["--set", &cells] } else { &[] };
        let plan = isotherm(&[&["check", config], overrides, given].concat());
        assert!(plan.contains("is valid"), "{plan}");
        run(config, overrides, &results.path().join(name));
    }
}

#[test]
fn the_table_lists_every_config() {
    let table = fs::read_to_string("configs/README.md").unwrap();
    for config in configs() {
        let name = config.file_name().unwrap().to_str().unwrap();
        assert!(table.contains(&format!("[{name}]({name})")), "{name}");
    }
}
