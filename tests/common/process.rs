//! The program as a process, and what it leaves behind.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::{
    ffi::OsStr,
    fs,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
};

use hdf5_metno::{File, H5Type};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub const ISOTHERM: &str = env!("CARGO_BIN_EXE_isotherm");

/// By these a launcher would be known.
const LAUNCHERS: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "SLURM_STEP_ID", "PMI_RANK"];

/// What Open MPI and MPICH need here, where ranks are more than cores. A hang ends with a failure.
pub const MPI_SETTINGS: [(&str, &str); 5] = [
    ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
    ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
    ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
    ("OMPI_MCA_hwloc_base_binding_policy", "none"),
    ("MPIEXEC_TIMEOUT", "60"),
];

/// A folder with a config, mostly `case.toml`. The program is started in it, and writes to
/// `output/case`.
pub struct Case {
    folder: TempDir,
}

impl Case {
    pub fn new(config: &str) -> Self {
        Self::named("case.toml", config)
    }

    pub fn named(name: &str, config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), config).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that will find no trace of a launcher that started the tests.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        for name in LAUNCHERS {
            command.env_remove(name);
        }
        command
    }

    /// `isotherm` with arguments.
    pub fn isotherm(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(ISOTHERM);
        command.args(arguments);
        command
    }

    /// `isotherm run case.toml` with arguments, to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.isotherm(&["run", "case.toml"]).args(arguments))
    }

    /// The results in the folder's directory `name`.
    pub fn results(&self, name: &str) -> Results {
        Results {
            directory: self.path(name),
        }
    }

    /// Names of all files and directories, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        files(self.folder.path())
    }
}

/// A program under mpirun.
pub fn mpirun(case: &Case, ranks: usize, program: &str, arguments: &[&str]) -> Command {
    let mut command = case.command("mpirun");
    command
        .envs(MPI_SETTINGS)
        .args(["-n", &ranks.to_string(), program])
        .args(arguments);
    command
}

/// All that is in a directory and below, sorted.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

/// How a process ended.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn of(command: &mut Command) -> Self {
        let output = command.stdin(Stdio::null()).output().unwrap();
        Self {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn succeeds(&self) {
        assert!(self.status.success(), "{self:#?}");
    }

    /// One message with all the parts, and the exit status.
    #[track_caller]
    pub fn fails(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status.code(), Some(status), "{self:#?}");
        let messages = self.stderr.lines().filter(|line| line.starts_with("error"));
        assert_eq!(messages.count(), 1, "{}", self.stderr);
        // The report of a config is broken into lines of a frame.
        let words = self.stderr.split_whitespace().filter(|word| *word != "│");
        let text = words.collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(text.contains(part), "no `{part}` in:\n{}", self.stderr);
        }
    }
}

/// A process that runs on its own; killed if it is dropped.
pub struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    /// Starts a run that is not quiet and waits until it has begun to step.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("process grid") {
            assert_ne!(
                stderr.read_line(&mut said).unwrap(),
                0,
                "ended early: {said}"
            );
        }
        Self { child, stderr }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end.
    pub fn end(mut self) -> Outcome {
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        Outcome {
            status: self.child.wait().unwrap(),
            stdout: String::new(),
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run left behind.
pub struct Results {
    pub directory: PathBuf,
}

impl Results {
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let path = self.directory.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn report(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes("report.json")).unwrap()
    }

    pub fn times(&self) -> Vec<f64> {
        self.read("time")
    }

    /// All frames, one after the other.
    pub fn temperature<T: H5Type>(&self) -> Vec<T> {
        self.read("temperature")
    }

    fn read<T: H5Type>(&self, dataset: &str) -> Vec<T> {
        let file = File::open(self.directory.join("fields.vtkhdf")).unwrap();
        let dataset = file.dataset(dataset).unwrap();
        assert!(dataset.dtype().unwrap().is::<T>(), "no conversion");
        dataset.read_raw().unwrap()
    }

    /// A column of the diagnostics.
    pub fn column(&self, name: &str) -> Vec<f64> {
        self.column_of("diagnostics.csv", name)
    }

    /// A column of a CSV file.
    pub fn column_of(&self, file: &str, name: &str) -> Vec<f64> {
        let text = String::from_utf8(self.bytes(file)).unwrap();
        let mut lines = text.lines();
        let header: Vec<_> = lines.next().unwrap().split(',').collect();
        let index = header.iter().position(|other| *other == name).unwrap();
        lines
            .map(|line| {
                let values: Vec<_> = line.split(',').collect();
                assert_eq!(values.len(), header.len());
                values[index].parse().unwrap()
            })
            .collect()
    }

    /// Whether the run was asked for probes.
    pub fn has_probes(&self) -> bool {
        let config = String::from_utf8(self.bytes("config.toml")).unwrap();
        config.contains("[[output.probes]]")
    }

    /// Every file is there, whole, and they tell of the same end.
    #[track_caller]
    pub fn are_whole(&self) {
        let mut names: Vec<_> = fs::read_dir(&self.directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| name != ".lock");
        names.sort();
        let mut expected = vec![
            "checkpoints",
            "config.toml",
            "diagnostics.csv",
            "fields.vtkhdf",
            "final.png",
            "report.json",
        ];
        if self.has_probes() {
            expected.insert(5, "probes.csv");
        }
        assert_eq!(names, expected);
        png::Decoder::new(std::io::Cursor::new(self.bytes("final.png")))
            .read_info()
            .unwrap()
            .finish()
            .unwrap();
        let last = |name| self.column(name).last().copied();
        assert_eq!(last("step"), self.report()["run"]["steps"].as_f64());
        assert_eq!(self.times().last().copied(), last("time"));
        if self.has_probes() {
            let probed = self.column_of("probes.csv", "time");
            assert_eq!(probed.last().copied(), last("time"));
        }
    }
}

/// Two runs left the same results, bit for bit.
#[track_caller]
pub fn are_the_same<T: H5Type + bytemuck::Pod>(
    results: &Results,
    expected: &Results,
    layout: &str,
) {
    results.are_whole();
    let (found, frames) = (results.temperature::<T>(), expected.temperature::<T>());
    let bits = bytemuck::cast_slice::<T, u8>;
    assert!(
        bits(&found) == bits(&frames),
        "fields differ under {layout}"
    );
    assert_eq!(results.times(), expected.times());
    let probes = expected.has_probes().then_some("probes.csv");
    for name in ["diagnostics.csv", "final.png"].into_iter().chain(probes) {
        assert!(
            results.bytes(name) == expected.bytes(name),
            "{name} differs under {layout}"
        );
    }
}

/// What `isotherm bench` on two threads a rank has printed and left in the case's `rates.json` and
/// `roofline.png` is all there, and every rate is a rate.
#[track_caller]
pub fn bench_is_whole(case: &Case, table: &str, ranks: usize) {
    for part in [
        "triad",
        "f32 per cell, L2",
        " fused, ",
        "fused / plain",
        "2 threads",
    ] {
        assert!(table.contains(part), "{part} is not in\n{table}");
    }
    let text = fs::read_to_string(case.path("rates.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&json["ranks"], &json["rounds"]),
        (&ranks.into(), &1.into())
    );
    assert_eq!(json["threads"], serde_json::json!([1, 2]));
    let caches = ["l1", "l2"].map(|name| json["caches"][name].as_u64().unwrap());
    assert!(caches[0] > 0 && caches[1] > 0);
    let check = |rows: &serde_json::Value, count: usize, words: &[&str], numbers: &[&str]| {
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), count);
        for row in rows {
            for name in words {
                assert!(row[name].is_string(), "{name} in {row}");
            }
            for name in numbers {
                let number = row[name].as_f64().unwrap();
                assert!(number.is_finite() && number > 0.0, "{name} in {row}");
            }
        }
    };
    let kind = &["precision", "coefficients"];
    check(
        &json["bandwidth"],
        2,
        &[],
        &["threads", "scale", "triad", "best"],
    );
    let numbers = ["working_set", "rows_at_once", "threads", "rate"];
    check(
        &json["kernels"],
        32,
        &["precision", "coefficients", "cache"],
        &numbers,
    );
    let numbers = [
        "steps_at_once",
        "threads",
        "rate",
        "bytes_per_update",
        "of_bound",
    ];
    let words = ["precision", "coefficients", "method", "bound"];
    check(&json["steps"], 16, &words, &numbers);
    let ratios = &json["ratios"];
    check(&ratios["fused_over_plain"], 8, kind, &["threads", "ratio"]);
    let words = ["coefficients", "method"];
    check(&ratios["f32_over_f64"], 8, &words, &["threads", "ratio"]);
    let words = ["precision", "coefficients", "method"];
    check(&ratios["all_threads_over_one"], 8, &words, &["ratio"]);
    let exchange = &json["exchange"];
    assert_eq!(exchange.is_null(), ranks == 1);
    if ranks > 1 {
        for name in ["sweep", "hidden", "first"] {
            assert!(
                exchange[name].as_f64().unwrap() > 0.0,
                "{name} in {exchange}"
            );
        }
        for name in ["hidden_cost", "first_cost", "halo_hidden"] {
            assert!(
                exchange[name].as_f64().unwrap().is_finite(),
                "{name} in {exchange}"
            );
        }
    }
    let png = fs::read(case.path("roofline.png")).unwrap();
    let decoder = png::Decoder::new(io::Cursor::new(png));
    let info = decoder.read_info().unwrap().info().clone();
    let title = info.utf8_text[0].get_text().unwrap();
    assert!(title.starts_with("Roofline"), "{title}");
}
