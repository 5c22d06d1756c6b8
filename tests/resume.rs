//! Runs that are stopped, killed or damaged, and gone on with: the same bits as from a run that never
//! was.

#[path = "common/process.rs"]
mod process;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use process::{Case, Outcome, Results, Running, are_the_same, files};
use rustix::process::Signal;

/// A size that divides by none of the numbers of ranks; walls and sources that move, so that all
/// accounts of heat are open.
const CASE: &str = r#"
[domain]
size = [2.0, 1.5]
cells = [61, 47]
origin = [-0.5, 0.25]

[material]
conductivity = [1.3, 0.7]
heat_capacity = 2.0

[[region]]
name = "disc"
shape = { circle = { center = [0.4, 0.9], radius = 0.5 } }
conductivity = [0.03, "0.5 + 0.4*sin(9*x)"]
heat_capacity = 2.5
source = "1e4*step(sin(400*t) - x)"

[[region]]
name = "bar"
shape = { rectangle = { min = [0.0, 0.3], max = [1.4, 0.7] } }
source = "1e3*x"

[initial]
temperature = "300 + 20*sin(7*x + 3*y) + 5*cos(31*x*y)"

[boundary]
left = { temperature = "300 + 10*sin(500*t)" }
right = { flux = "200*y" }
bottom = { convection = { coefficient = "5 + 2*x + sin(90*t)", ambient = 280 } }
top = { temperature = 310 }

[output]
snapshots = { every_time = 0.005 }
diagnostics = { every_steps = 3 }
probes = [
    { name = "centre", at = [0.5, 1.0] },
    { name = "block", mean = { min = [-0.1, 0.4], max = [1.2, 1.3] } },
    { name = "cut", from = [0, 0.5], to = [1, 1.5], points = 3 },
]
probing = { every_steps = 2 }
checkpoint = { every_steps = 2, keep = 2 }

[output.fields]
medium = true
compression = 4

[time]
end = 0.02
"#;

const EXPLICIT: &str = "step = 2e-4\n";

/// Two checkpoints come 9 steps after each other.
const EVERY_9: [&str; 2] = ["--set", "output.checkpoint.every_steps=9"];

/// Ends a run just after its second checkpoint.
const KILLED: (&str, &str) = ("ISOTHERM_FAULT", "renamed:0:2");

fn resume(case: &Case, arguments: &[&str]) -> Command {
    let mut command = case.isotherm(&["resume", "output/case"]);
    command.args(arguments);
    command
}

/// A case whose results in `alone` are those of a run that nobody stopped.
fn uninterrupted(time: &str, arguments: &[&str]) -> (Case, Results) {
    let case = Case::new(&format!("{CASE}{time}"));
    let alone = [&["--output", "alone", "--threads", "2"], arguments].concat();
    case.run(&alone).succeeds();
    let results = case.results("alone");
    (case, results)
}

/// The names and contents of all files in a directory but the lock, in which a process leaves its name.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let is_lock = |path: &PathBuf| path.ends_with(".lock");
    let files = files(directory).into_iter();
    let files = files.filter(|path| path.is_file() && !is_lock(path));
    files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// The checkpoints of the run in `output/case`, oldest first.
fn checkpoints(case: &Case) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(case.path("output/case/checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

/// Flips a bit in the middle of the temperatures of a checkpoint.
fn damage(checkpoint: &Path) {
    let shard = checkpoint.join("shard-00000");
    let mut bytes = fs::read(&shard).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(shard, bytes).unwrap();
}

#[test]
fn a_killed_run_goes_on_with_other_threads_and_depths() {
    let (case, alone) = uninterrupted(EXPLICIT, &EVERY_9);
    let killed = Outcome::of(
        case.isotherm(&["run", "case.toml", "--threads", "1"])
            .args(EVERY_9)
            .envs([KILLED]),
    );
    assert_eq!(killed.status.code(), None, "{killed:?}");
    let depth = ["--threads", "2", "--set", "parallel.halo_depth=5"];
    Outcome::of(resume(&case, &depth).envs([KILLED]));
    Outcome::of(&mut resume(&case, &["--threads", "3"])).succeeds();
    let results = case.results("output/case");
    are_the_same::<f64>(&results, &alone, "other threads and depths");
    assert_eq!(results.report()["run"]["resumed_after_step"], 36);
    assert_eq!(alone.report()["run"]["resumed_after_step"].as_u64(), None);

    let finished = Outcome::of(&mut resume(&case, &[]));
    finished.succeeds();
    assert!(
        finished.stderr.contains("is finished"),
        "{}",
        finished.stderr
    );
    are_the_same::<f64>(&results, &alone, "a run that was finished");
}

#[test]
fn a_frame_that_was_under_way_is_written_anew() {
    let (case, alone) = uninterrupted(EXPLICIT, &EVERY_9);
    for point in ["frame", "flushed", "counted"] {
        let run = ["run", "case.toml", "--overwrite"];
        let fault = ("ISOTHERM_FAULT", format!("{point}:0:3"));
        Outcome::of(case.isotherm(&run).args(EVERY_9).envs([fault]));
        // Whoever looks before the run goes on sees all frames that were whole.
        let told = Outcome::of(&mut case.isotherm(&["info", "output/case"]));
        told.succeeds();
        assert!(told.stdout.contains("  2 frames\n"), "{point}: {told:?}");
        Outcome::of(&mut resume(&case, &[])).succeeds();
        are_the_same::<f64>(&case.results("output/case"), &alone, point);
    }
}

#[test]
fn a_run_that_is_not_there_is_refused_and_one_that_is_may_be_started_or_gone_on_with() {
    let (case, alone) = uninterrupted(EXPLICIT, &EVERY_9);
    let before = case.files();
    Outcome::of(&mut resume(&case, &[])).fails(2, &["output/case holds no checkpoint"]);
    assert_eq!(case.files(), before);
    let run = |point: &str| {
        let arguments = ["run", "case.toml", "--resume"];
        Outcome::of(
            case.isotherm(&arguments)
                .args(EVERY_9)
                .env("ISOTHERM_FAULT", point),
        )
    };
    // Before its first checkpoint, behind it, and not at all.
    assert!(!run("synced:0").status.success());
    let left = case.files();
    let other = ["run", "case.toml", "--resume", "--set", "time.step=1e-4"];
    Outcome::of(&mut case.isotherm(&other)).fails(2, &["is another one: time.step"]);
    assert_eq!(case.files(), left);
    assert!(!run("renamed:0:3").status.success());
    run("").succeeds();
    let results = case.results("output/case");
    assert_eq!(results.report()["run"]["resumed_after_step"], 27);
    are_the_same::<f64>(&results, &alone, "run --resume");
    assert!(run("").stderr.contains("is finished"));
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_it_taken() {
    let (case, alone) = uninterrupted(EXPLICIT, &EVERY_9);
    Outcome::of(case.isotherm(&["run", "case.toml"]).args(EVERY_9)).succeeds();
    let [_, newest] = &checkpoints(&case)[..] else {
        panic!("two are kept")
    };
    damage(newest);
    let resumed = Outcome::of(&mut resume(&case, &[]));
    resumed.succeeds();
    let newest = newest
        .strip_prefix(case.path(""))
        .unwrap()
        .display()
        .to_string();
    assert!(resumed.stderr.contains(&newest), "{}", resumed.stderr);
    assert!(resumed.stderr.contains("is damaged"), "{}", resumed.stderr);
    let results = case.results("output/case");
    assert_eq!(results.report()["run"]["resumed_after_step"], 99);
    are_the_same::<f64>(&results, &alone, "an older checkpoint");

    for checkpoint in checkpoints(&case) {
        damage(&checkpoint);
    }
    let before = contents(&case.path("output/case"));
    Outcome::of(&mut resume(&case, &[])).fails(74, &["no checkpoint is whole", &newest]);
    assert!(
        contents(&case.path("output/case")) == before,
        "something was touched"
    );
}

#[test]
fn another_run_is_not_gone_on_with() {
    let (case, _) = uninterrupted(EXPLICIT, &EVERY_9);
    Outcome::of(
        case.isotherm(&["run", "case.toml"])
            .args(EVERY_9)
            .envs([KILLED]),
    );
    let before = contents(&case.path("output/case"));
    let refused = |set: &[&str], parts: &[&str]| {
        let set: Vec<_> = set.iter().flat_map(|set| ["--set", set]).collect();
        Outcome::of(&mut resume(&case, &set)).fails(2, parts);
        assert!(contents(&case.path("output/case")) == before, "{set:?}");
    };
    refused(
        &["material.heat_capacity=3", "region.1.source=7"],
        &[
            "material.heat_capacity (3.0, was 2.0)",
            "region[1].source (7.0, was \"1e3*x\")",
        ],
    );
    refused(&["time.step=1e-4"], &["time.step (0.0001, was 0.0002)"]);
    refused(
        &["domain.cells=[61, 48]"],
        &["domain.cells[1] (48, was 47)"],
    );
    refused(&["parallel.precision=f32"], &["parallel.precision"]);
    refused(&["output.probes.0.name=other"], &["output.probes[0].name"]);
    refused(&["time.end=1e-3"], &["lies before the checkpoint"]);
    refused(&["output.snapshots=7"], &["output.snapshots"]);
    refused(
        &["output.directory=elsewhere"],
        &["output.directory=elsewhere", "its own directory"],
    );
    let run = ["run", "case.toml", "--resume", "--set", "time.step=1e-4"];
    Outcome::of(&mut case.isotherm(&run)).fails(2, &["time.step"]);
}

#[test]
fn a_longer_span_goes_on_from_the_end() {
    let (case, alone) = uninterrupted(EXPLICIT, &EVERY_9);
    let half = ["--set", "time.end=0.01", "--quiet"];
    case.run(&half).succeeds();
    let more = [
        "--set",
        "time.end=0.02",
        "--set",
        "output.snapshots.every_time=1",
    ];
    Outcome::of(&mut resume(&case, &more)).succeeds();
    let results = case.results("output/case");
    results.are_whole();
    let cells = 61 * 47;
    let last = |results: &Results| {
        let frames = results.temperature::<f64>();
        frames[frames.len() - cells..].to_vec()
    };
    assert!(last(&results) == last(&alone));
    assert_eq!(results.times(), [0.0, 0.005, 0.01, 0.02]);
    let config = String::from_utf8(results.bytes("config.toml")).unwrap();
    assert!(config.contains("end = 0.02"));
}

/// A run that takes some seconds, without checkpoints on its way.
const LONG: [&str; 10] = [
    "--set",
    "time.end=20",
    "--set",
    "output.snapshots.every_time=3",
    "--set",
    "output.diagnostics.every_steps=1000",
    "--set",
    "output.probing.every_steps=1000",
    "--set",
    "output.checkpoint={ every_wall = \"1h\" }",
];

fn long_run(case: &Case) -> Command {
    let mut command = case.isotherm(&["run", "case.toml"]);
    command.args(LONG);
    command
}

#[test]
fn a_stopped_run_loses_nothing() {
    let (case, alone) = uninterrupted(EXPLICIT, &LONG);
    let stopped = |running: Running, why: &str| {
        running.end().fails(
            75,
            &["stopped by", why, "`isotherm resume output/case` goes on"],
        );
        assert!(!checkpoints(&case).is_empty());
    };
    let running = Running::start(&mut long_run(&case));
    running.signal(Signal::USR1);
    stopped(running, "SIGUSR1");

    let limited = Running::start(&mut resume(&case, &["--wall-limit", "2s"]));
    stopped(limited, "the wall-clock limit");

    let running = Running::start(&mut resume(&case, &[]));
    let stop = case.path("output/case/stop");
    fs::write(&stop, "").unwrap();
    stopped(running, "the stop file");
    assert!(!stop.exists());

    // One that nobody saw does not stop the next run.
    fs::write(&stop, "").unwrap();
    let mut in_slurm = resume(&case, &[]);
    in_slurm.env("SLURM_JOB_END_TIME", "1000000000");
    Outcome::of(&mut in_slurm).fails(75, &["the wall-clock limit"]);
    assert!(!stop.exists());
    Outcome::of(&mut resume(&case, &[])).succeeds();
    are_the_same::<f64>(&case.results("output/case"), &alone, "stops");
}

#[test]
fn sigusr2_asks_for_a_checkpoint_and_the_run_goes_on() {
    let case = Case::new(&format!("{CASE}{EXPLICIT}"));
    let running = Running::start(long_run(&case).args(["--set", "time.end=1e6"]));
    let directory = case.path("output/case/checkpoints/");
    running.signal(Signal::USR2);
    let is_there = || fs::read_dir(&directory).is_ok_and(|mut entries| entries.next().is_some());
    assert!((0..1000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        is_there()
    }));
    running.signal(Signal::INT);
    running.end().fails(75, &["stopped by SIGINT"]);
    assert_eq!(checkpoints(&case).len(), 2);
}

#[test]
fn without_checkpoints_a_run_stops_and_says_that_it_cannot_go_on() {
    let case = Case::new(&format!("{CASE}{EXPLICIT}"));
    let none = ["--set", "output.checkpoint={ keep = 0 }"];
    let running = Running::start(long_run(&case).args(none));
    running.signal(Signal::TERM);
    running
        .end()
        .fails(75, &["stopped by SIGTERM", "output.checkpoint.keep = 0"]);
    assert!(!case.path("output/case/checkpoints").exists());
}

/// On ranks that are processes.
#[cfg(feature = "mpi")]
mod ranks {
    use super::*;
    use hdf5_metno::H5Type;
    use process::{ISOTHERM, mpirun};
    use rustix::process::{Pid, kill_process};
    use std::time::Instant;

    const STEP: &str = "step = 1e-3\n";

    /// A run is killed and gone on with on 1, 2, 3, 4 and 6 ranks, and ends with the same bits as alone.
    fn on_any_ranks<T: H5Type + bytemuck::Pod>(time: &str, arguments: &[&str]) {
        let (case, alone) = uninterrupted(time, arguments);
        let run = [&["run", "case.toml", "--threads", "1"], arguments].concat();
        let killed = Outcome::of(case.isotherm(&run).envs([KILLED]));
        assert!(!killed.status.success(), "{killed:?}");
        let resume = ["resume", "output/case", "--threads", "1"];
        for ranks in [3, 4, 6] {
            let killed = Outcome::of(mpirun(&case, ranks, ISOTHERM, &resume).envs([KILLED]));
            assert!(!killed.status.success(), "{killed:?}");
        }
        Outcome::of(&mut mpirun(&case, 2, ISOTHERM, &resume)).succeeds();
        let results = case.results("output/case");
        are_the_same::<T>(&results, &alone, "1, 3, 4, 6 and 2 ranks");
        let report = results.report();
        assert!(
            report["run"]["resumed_after_step"].as_u64() > Some(15),
            "{report}"
        );
    }

    #[test]
    fn a_frame_of_several_ranks_that_was_under_way_is_written_anew() {
        let (case, alone) = uninterrupted(EXPLICIT, &EVERY_9);
        for [io, other, rank] in [["collective", "gather", "1"], ["gather", "collective", "0"]] {
            for point in ["frame", "counted"] {
                let io = format!("output.io={io}");
                let run = ["run", "case.toml", "--overwrite", "--set", &io];
                let fault = ("ISOTHERM_FAULT", format!("{point}:{rank}:3"));
                let mut killed = mpirun(&case, 3, ISOTHERM, &run);
                let killed = Outcome::of(killed.args(EVERY_9).envs([fault]));
                assert!(!killed.status.success(), "{killed:?}");
                let told = Outcome::of(&mut case.isotherm(&["info", "output/case"]));
                told.succeeds();
                assert!(told.stdout.contains("  2 frames\n"), "{point}: {told:?}");
                let other = format!("output.io={other}");
                let resume = ["resume", "output/case", "--set", &other];
                Outcome::of(&mut mpirun(&case, 2, ISOTHERM, &resume)).succeeds();
                are_the_same::<f64>(&case.results("output/case"), &alone, point);
            }
        }
    }

    #[test]
    fn a_rank_that_hangs_is_named_and_the_run_goes_on_from_its_checkpoint() {
        let (case, alone) = uninterrupted(EXPLICIT, &EVERY_9);
        let run = [
            "run",
            "case.toml",
            "--overwrite",
            "--set",
            "parallel.watchdog=5s",
        ];
        for (fault, words) in [
            (
                "halfway:1:2:hang",
                "rank 1 is stuck in `checkpoints` for 5 s",
            ),
            ("frame:0:4:hang", "rank 0 is stuck in `checkpoints` for 5 s"),
        ] {
            let start = Instant::now();
            let mut hanging = mpirun(&case, 3, ISOTHERM, &run);
            let hanging = hanging.args(EVERY_9).env("ISOTHERM_FAULT", fault);
            Outcome::of(hanging).fails(70, &[words, "raise parallel.watchdog"]);
            assert!(start.elapsed() < Duration::from_secs(30));
            Outcome::of(&mut mpirun(&case, 2, ISOTHERM, &["resume", "output/case"])).succeeds();
            are_the_same::<f64>(&case.results("output/case"), &alone, fault);
        }
    }

    #[test]
    fn ctrl_c_under_the_graceful_launcher_leaves_time_for_a_checkpoint() {
        let (case, alone) = uninterrupted(EXPLICIT, &LONG);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/mpirun-graceful");
        let mut command = case.command(script);
        command.envs(process::MPI_SETTINGS);
        command.args(["-n", "2", ISOTHERM, "run", "case.toml"]);
        let running = Running::start(command.args(LONG));
        running.signal(Signal::INT);
        let outcome = running.end();
        assert_eq!(outcome.status.code(), Some(75), "{outcome:?}");
        assert!(
            outcome.stderr.contains("asked the run to stop"),
            "{outcome:?}"
        );
        Outcome::of(&mut super::resume(&case, &[])).succeeds();
        are_the_same::<f64>(&case.results("output/case"), &alone, "Ctrl-C");
    }

    #[test]
    fn explicit_steps_go_on_with_the_same_bits() {
        on_any_ranks::<f64>(EXPLICIT, &EVERY_9);
    }

    #[test]
    fn single_precision_goes_on_with_the_same_bits() {
        let single = ["--set", "parallel.precision=f32"];
        on_any_ranks::<f32>(
            "",
            &[&single[..], &["--set", "output.checkpoint.every_steps=90"]].concat(),
        );
    }

    #[test]
    fn long_steps_go_on_with_the_same_bits() {
        on_any_ranks::<f64>(&format!("{STEP}scheme = 'rkl2'"), &[]);
    }

    #[test]
    fn implicit_steps_go_on_with_the_same_bits() {
        let euler = format!("{STEP}scheme = 'backward-euler'\n");
        on_any_ranks::<f64>(&format!("{euler}[solver]\nmethod = 'ppcg'"), &[]);
        let nicolson = format!("{STEP}scheme = 'crank-nicolson'\n");
        let multigrid = "[solver]\npreconditioner = 'multigrid'";
        on_any_ranks::<f64>(&format!("{nicolson}{multigrid}"), &[]);
    }

    #[test]
    fn steps_of_any_length_go_on_with_the_same_bits() {
        on_any_ranks::<f64>(
            "step = { tolerance = 1e-2 }\nscheme = 'tr-bdf2'\n[solver]\npreconditioner = 'multigrid'",
            &["--set", "parallel.precision=mixed"],
        );
    }

    #[test]
    fn other_solvers_go_on_with_the_same_bits() {
        let theta = format!("{STEP}scheme = 'theta'\ntheta = 0.6\n");
        for solver in [
            "method = 'multigrid'",
            "method = 'chebyshev'\npreconditioner = 'jacobi'",
            "method = 'jacobi'",
            "preconditioner = 'jacobi'",
        ] {
            on_any_ranks::<f64>(&format!("{theta}[solver]\n{solver}"), &[]);
        }
    }

    #[test]
    fn a_signal_to_one_rank_stops_all_and_loses_nothing() {
        let (case, alone) = uninterrupted(EXPLICIT, &LONG);
        let run = ["run", "case.toml", "--threads", "1"];
        let running = Running::start(mpirun(&case, 3, ISOTHERM, &run).args(LONG));
        let folder = fs::canonicalize(case.path("")).unwrap();
        let is_rank = |process: &PathBuf| {
            let here = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder);
            let exe = fs::read_link(process.join("exe"));
            here && exe.is_ok_and(|exe| exe == Path::new(ISOTHERM))
        };
        let processes = fs::read_dir("/proc")
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let ranks: Vec<_> = processes.filter(is_rank).collect();
        assert_eq!(ranks.len(), 3);
        let id = ranks[1]
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::USR1).unwrap();
        running.end().fails(75, &["stopped by SIGUSR1"]);

        // mpirun hands this one on after a second, and kills what is left after another: that is enough for a
        // checkpoint, but where others keep the machine busy.
        let newest = || {
            let mut whole = checkpoints(&case).into_iter();
            whole.rfind(|path| path.extension().is_none())
        };
        let before = newest();
        let resume = ["resume", "output/case", "--threads", "1"];
        let is_saved = (0..3).any(|_| {
            let running = Running::start(&mut mpirun(&case, 2, ISOTHERM, &resume));
            running.signal(Signal::TERM);
            running.end();
            newest() != before
        });
        assert!(is_saved, "three times no checkpoint after SIGTERM");
        Outcome::of(&mut super::resume(&case, &[])).succeeds();
        are_the_same::<f64>(&case.results("output/case"), &alone, "signals");
    }

    #[test]
    fn a_steady_state_is_there_or_is_not() {
        let steady = CASE
            .replace("end = 0.02", "scheme = 'steady'")
            .replace("snapshots = { every_time = 0.005 }", "")
            .replace("step(sin(400*t) - x)", "step(0.5 - x)")
            .replace("10*sin(500*t)", "y")
            .replace(" + sin(90*t)", "");
        let case = Case::new(&steady);
        case.run(&["--output", "alone"]).succeeds();
        let run = ["run", "case.toml", "--resume"];
        let killed =
            Outcome::of(mpirun(&case, 3, ISOTHERM, &run).env("ISOTHERM_FAULT", "synced:0"));
        assert!(!killed.status.success(), "{killed:?}");
        Outcome::of(&mut mpirun(&case, 4, ISOTHERM, &run)).succeeds();
        are_the_same::<f64>(
            &case.results("output/case"),
            &case.results("alone"),
            "4 ranks",
        );
        let finished = Outcome::of(&mut mpirun(&case, 2, ISOTHERM, &["resume", "output/case"]));
        finished.succeeds();
        assert_eq!(finished.stderr.matches("is finished").count(), 1);
    }
}
