use super::*;
use crate::comm::{Local, Solo};

#[test]
fn a_second_run_is_refused_until_the_first_has_ended() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a/b");
    let first = RunDirectory::claim(&path, false, &[], &Solo).unwrap();
    let refused = RunDirectory::claim(&path, true, &[], &Solo).unwrap_err();
    assert_eq!(refused.kind, Kind::Occupied);
    assert!(
        refused.message.contains(path.to_str().unwrap()),
        "{refused}"
    );
    assert!(refused.message.contains("process"), "{refused}");
    drop(first);
    RunDirectory::claim(&path, false, &[], &Solo).unwrap();
}

#[test]
fn an_input_in_the_directory_is_not_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    let config = scratch.path().join(CONFIG);
    fs::write(&config, "mine").unwrap();
    let inputs = [scratch.path().join(".").join(CONFIG)];
    let refused = RunDirectory::claim(scratch.path(), true, &inputs, &Solo).unwrap_err();
    assert_eq!(refused.kind, Kind::Input);
    assert_eq!(fs::read_to_string(&config).unwrap(), "mine");
    RunDirectory::claim(scratch.path(), true, &[], &Solo).unwrap();
    assert!(!config.exists());
}

#[test]
fn every_rank_gets_the_same_refusal() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("notes.txt"), "mine").unwrap();
    let errors = Local::run(3, |comm| {
        RunDirectory::claim(scratch.path(), false, &[], comm.as_ref()).unwrap_err()
    });
    assert_eq!(errors[0].kind, Kind::Occupied);
    assert!(errors[0].message.contains("notes.txt"), "{}", errors[0]);
    assert!(errors[0].help.as_ref().unwrap().contains("--overwrite"));
    assert!(errors.iter().all(|error| *error == errors[0]));
    assert_eq!(
        fs::read_dir(scratch.path()).unwrap().count(),
        1,
        "no lock is left"
    );
}

#[test]
fn ranks_that_see_another_directory_refuse_it_and_leave_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let own = |rank: usize| scratch.path().join(rank.to_string());
    fs::create_dir(own(1)).unwrap();
    fs::write(own(1).join(LOCK), "process 1 on another").unwrap();
    let errors = Local::run(3, |comm| {
        RunDirectory::claim(&own(comm.rank()), false, &[], comm.as_ref()).unwrap_err()
    });
    assert!(
        errors[0].message.contains("rank 1 does not see"),
        "{}",
        errors[0]
    );
    assert!(errors.iter().all(|error| *error == errors[0]));
    assert!(!own(0).exists() && !own(2).exists());
}

#[test]
fn overwriting_removes_the_own_files_and_keeps_all_others() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    for name in [
        CONFIG,
        FIELDS,
        "final.png.partial",
        "notes.txt",
        "old.vtkhdf",
    ] {
        fs::write(path(name), "x").unwrap();
    }
    fs::create_dir(path("figures")).unwrap();
    let directory = RunDirectory::claim(scratch.path(), true, &[], &Solo).unwrap();
    for name in [CONFIG, FIELDS, "final.png.partial"] {
        assert!(!path(name).exists(), "{name} is left");
    }
    for name in ["notes.txt", "old.vtkhdf", "figures"] {
        assert!(path(name).exists(), "{name} is gone");
    }
    directory.write_config("title = 1\n", &Solo).unwrap();
    assert_eq!(fs::read_to_string(path(CONFIG)).unwrap(), "title = 1\n");
}

#[test]
fn a_directory_below_a_file_cannot_be_made() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = RunDirectory::claim(&file.join("run"), false, &[], &Solo).unwrap_err();
    assert_eq!(error.kind, Kind::Storage);
    assert!(error.message.contains("Not a directory"), "{error}");
}

#[test]
fn a_failed_claim_leaves_nothing_that_it_created() {
    let scratch = tempfile::tempdir().unwrap();
    let name = "n".repeat(300);
    let path = scratch.path().join("new").join(name);
    RunDirectory::claim(&path, false, &[], &Solo).unwrap_err();
    assert!(!scratch.path().join("new").exists());
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let scratch = tempfile::tempdir().unwrap();
    let target = scratch.path().join("report.json");
    fs::create_dir(&target).unwrap();
    let error = write_whole(&target, b"{}").unwrap_err();
    assert_eq!(error.kind, Kind::Storage);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
}
