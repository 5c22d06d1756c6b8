//! `isotherm slurm`: the numbers in its job scripts, and what it refuses.

#[path = "common/process.rs"]
mod process;

use std::{fs, process::Command};

use process::{Case, Outcome};

const CONFIG: &str = r#"
[domain]
size = [1.0, 1.0]
cells = [1000, 2000]

[material]
conductivity = 1.0
heat_capacity = 1.0

[initial]
temperature = "300 + x"

[time]
end = 0.001
step = 5e-8
"#;

const MACHINE: &str = "\
modules='gcc openmpi'
partition=short
launcher='mpirun -n {ranks}'
cores=12
numa_domains=2
memory=10000
time_limit=01:00:00
rate=1e6
";

fn case(machine: &str) -> Case {
    let case = Case::new(CONFIG);
    fs::write(case.path("machine.sh"), machine).unwrap();
    case
}

fn slurm(case: &Case, arguments: &[&str]) -> Outcome {
    let command = ["slurm", "case.toml", "--machine", "machine.sh"];
    Outcome::of(&mut case.isotherm(&[&command[..], arguments].concat()))
}

/// The value of an option of sbatch in a script.
#[track_caller]
fn option<'a>(script: &'a str, name: &str) -> &'a str {
    let start = format!("#SBATCH --{name}=");
    let found = script.lines().find_map(|line| line.strip_prefix(&start));
    found.unwrap_or_else(|| panic!("no {name} in:\n{script}"))
}

/// Nodes, ranks on each, threads of each.
#[track_caller]
fn shape(script: &str) -> [usize; 3] {
    ["nodes", "ntasks-per-node", "cpus-per-task"].map(|name| option(script, name).parse().unwrap())
}

#[test]
fn a_script_follows_from_node_config_and_rate() {
    let case = case(MACHINE);
    let outcome = slurm(&case, &["--set", "title=\"it's\""]);
    outcome.succeeds();
    let script = outcome.stdout;
    assert_eq!(shape(&script), [1, 2, 6]);
    // Three fields of 8 MB on each of two ranks, a quarter more: 29 MiB, and 256 MiB for the program.
    assert_eq!(option(&script, "mem"), "570M");
    // 20000 steps of 2e6 cells at 12e6 a second are 3333.3 s: above the limit with half more.
    assert_eq!(option(&script, "time"), "01:00:00");
    assert!(
        script
            .contains("20000 steps, at 1.00e6 cell updates a second and core, of the machine file")
    );
    assert!(script.contains("take about 2 jobs"), "{script}");
    assert_eq!(option(&script, "partition"), "short");
    assert!(!script.contains("--account"), "{script}");
    assert_eq!(option(&script, "signal"), "B:USR1@120");
    for line in [
        "modules='gcc openmpi'",
        "launcher='mpirun -n {ranks}'",
        r#"start "$ranks" "$threads" run --resume 'case.toml' --set 'title="it'\''s"'"#,
    ] {
        assert!(
            script.lines().any(|found| found == line),
            "no {line} in:\n{script}"
        );
    }
    fs::write(case.path("job"), &script).unwrap();
    let parsed = Command::new("bash")
        .arg("-n")
        .arg(case.path("job"))
        .status();
    assert!(parsed.unwrap().success());

    // 333.3 s: half more and five minutes are 800 s.
    let outcome = slurm(
        &case,
        &["--set", "time.end=0.0001", "--output", "chip.sbatch"],
    );
    outcome.succeeds();
    let script = fs::read_to_string(case.path("chip.sbatch")).unwrap();
    assert_eq!(option(&script, "time"), "00:14:00");
    let reasons: Vec<_> = outcome.stdout.lines().collect();
    assert_eq!(reasons.len(), 5);
    for reason in reasons {
        assert!(
            script.contains(&format!("\n# {reason}\n")),
            "no {reason} in:\n{script}"
        );
    }
}

#[test]
fn nodes_ranks_and_threads_meet_what_is_given() {
    let shape_of = |machine: &str, arguments: &[&str]| {
        let outcome = slurm(&case(machine), arguments);
        outcome.succeeds();
        shape(&outcome.stdout)
    };
    assert_eq!(shape_of(MACHINE, &["--nodes", "3"]), [3, 2, 6]);
    assert_eq!(shape_of(MACHINE, &["--threads", "4"]), [1, 3, 4]);
    assert_eq!(
        shape_of(MACHINE, &["--set", "parallel.threads=12"]),
        [1, 1, 12]
    );
    assert_eq!(
        shape_of(MACHINE, &["--set", "parallel.ranks=[2, 2]"]),
        [1, 4, 3]
    );
    // More ranks than a node has cores.
    assert_eq!(
        shape_of(MACHINE, &["--set", "parallel.ranks=[4, 4]"]),
        [2, 8, 1]
    );
    // Ranks take 285 MiB each on one node, and 271 on two.
    let small = MACHINE.replace("memory=10000", "memory=550");
    assert_eq!(shape_of(&small, &[]), [2, 2, 6]);
    let any = MACHINE.replace("memory=10000", "memory=");
    assert_eq!(shape_of(&any, &[]), [1, 2, 6]);
}

#[test]
fn the_rate_is_measured_where_no_other_is_told() {
    let case = case(&MACHINE.replace("rate=1e6", "rate="));
    let outcome = slurm(&case, &["--set", "time.end=1e-6"]);
    outcome.succeeds();
    assert!(
        outcome
            .stdout
            .contains("a second and core, measured here, take 0 s"),
        "{}",
        outcome.stdout
    );
    assert_eq!(option(&outcome.stdout, "time"), "00:06:00");
    let outcome = slurm(&case, &["--set", "time.scheme=backward-euler"]);
    outcome.succeeds();
    assert!(
        outcome.stdout.contains("cannot be foretold"),
        "{}",
        outcome.stdout
    );
    assert_eq!(option(&outcome.stdout, "time"), "01:00:00");
    let outcome = slurm(&case, &["--time", "5m"]);
    outcome.succeeds();
    assert_eq!(option(&outcome.stdout, "time"), "00:05:00");
    assert_eq!(option(&outcome.stdout, "signal"), "B:USR1@100");
}

#[test]
fn what_does_not_fit_the_machine_is_refused() {
    let refused = |machine: &str, arguments: &[&str], parts: &[&str]| {
        let case = case(machine);
        let before = case.files();
        slurm(&case, arguments).fails(2, parts);
        assert_eq!(case.files(), before);
    };
    refused(
        &format!("{MACHINE}acount=me\n"),
        &[],
        &[
            "machine.sh:9: unknown name `acount`",
            "did you mean `account`?",
        ],
    );
    refused(
        MACHINE,
        &["--threads", "13"],
        &["13 threads of a rank", "12 cores", "--threads 12"],
    );
    refused(
        MACHINE,
        &["--time", "2h"],
        &["above the limit of the machine, 01:00:00"],
    );
    refused(
        &MACHINE.replace("memory=10000", "memory=530"),
        &["--nodes", "1"],
        &["need 570 MiB, and it has 530 MiB", "use more nodes"],
    );
    refused(
        MACHINE,
        &["--nodes", "2", "--set", "parallel.ranks=[3, 1]"],
        &["3 ranks cannot be divided among 2 nodes of 12 cores"],
    );
    refused(
        &MACHINE.replace("time_limit=01:00:00", ""),
        &["--set", "time.scheme=backward-euler"],
        &["cannot be foretold", "give --time"],
    );
    refused(
        MACHINE,
        &["--set", "time.edn=1"],
        &["time.edn: unknown key"],
    );
    for input in ["case.toml", "machine.sh"] {
        refused(
            MACHINE,
            &["--output", input],
            &[input, "is read, and not replaced"],
        );
    }
    let case = case(MACHINE);
    let none = ["slurm", "case.toml", "--machine", "none.sh"];
    Outcome::of(&mut case.isotherm(&none)).fails(2, &["cannot read none.sh", "generic.sh"]);
}

/// The machine files of the project are read by both the scripts and the command.
#[test]
fn the_machines_of_the_project_are_sound() {
    for machine in ["generic", "laptop"] {
        let text = fs::read_to_string(format!("slurm/machines/{machine}.sh")).unwrap();
        slurm(&case(&text), &["--set", "time.end=1e-6"]).succeeds();
    }
}
