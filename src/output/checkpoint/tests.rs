use std::{fs, path::Path};

use super::*;
use crate::{
    comm::{Local, Solo},
    field::{Field, Team, signed},
    operator::Accounts,
    output::{
        Marks, Requests,
        testing::{LAYOUTS, Run, grid, temperature},
    },
    simulation::{Clock, Pace},
    stepper::Counts,
};

/// The heat at a face or a cell of the whole grid.
fn heat(name: &str, i: usize, j: usize) -> f64 {
    let [i, j, name] = [i, j, name.len()].map(|number| f64::from(u32::try_from(number).unwrap()));
    1e3 * name + 0.1 * i - (0.7 * j).cos()
}

/// The state of a subdomain after some steps.
fn state<T: Real>(domain: &Domain, step: u64) -> (Field<T>, Accounts) {
    let mut u = Field::new(&Team::new(1).unwrap(), domain.cells, 1);
    let [x, y] = domain.start;
    for j in 0..domain.cells[1] {
        for i in 0..domain.cells[0] {
            let value = T::from_f64(temperature(x + i, y + j, step));
            u.set(signed(i), signed(j), value);
        }
    }
    let values = |array: &Array| -> Vec<f64> {
        let rows = array.start[1]..array.start[1] + array.cells[1];
        let columns = array.start[0]..array.start[0] + array.cells[0];
        rows.flat_map(|j| columns.clone().map(move |i| heat(&array.name, i, j)))
            .collect()
    };
    let [sides @ .., sources] = &heats(domain);
    let mut accounts = Accounts {
        sources: values(sources),
        source_seconds: 0.1 + 0.2,
        ..Accounts::default()
    };
    for ((side, array), wall) in Side::ALL.iter().zip(sides).zip(&mut accounts.walls) {
        if domain.has_wall(*side) {
            *wall = values(array);
        }
    }
    (u, accounts)
}

fn manifest<T: Real>(domain: &Domain, step: u64) -> Manifest {
    let mut clock = Clock::new(1.0, Pace::Fixed);
    while clock.step() < step {
        let steps = clock.next_steps(0.03, f64::INFINITY, 1);
        clock.tick(steps.len());
    }
    Manifest {
        program: "isotherm".into(),
        written: 1,
        config: "title = \"a\"\n".into(),
        clock,
        grid: domain.grid.cells,
        precision: T::NAME.into(),
        source_seconds: 0.1 + 0.2,
        counts: Counts::default(),
        positions: Marks::default().positions(),
        ranks: domain.ranks,
        shards: Vec::new(),
    }
}

/// Writes checkpoints of these steps from a process grid.
fn write<T: Real>(run: &Path, ranks: [usize; 2], steps: &[u64], keep: usize) {
    Local::run(ranks[0] * ranks[1], |comm| {
        let domain = Domain::new(grid(), ranks, [false; 2], comm.rank());
        for &step in steps {
            let (u, heat) = state::<T>(&domain, step);
            let manifest = manifest::<T>(&domain, step);
            let comm = comm.as_ref();
            let state = (&u, &domain);
            let store = Store::of(run);
            store
                .write(manifest, state, &heat, &[], keep, comm)
                .unwrap();
        }
    });
}

fn newest(run: &Path) -> (Option<u64>, usize) {
    let found = Store::of(run).newest(&Solo).unwrap();
    let step = found
        .checkpoint
        .map(|checkpoint| checkpoint.manifest.clock.step());
    (step, found.damaged.len())
}

fn every_layout_reads_every_layout<T: Real>() {
    for written in LAYOUTS {
        let scratch = tempfile::tempdir().unwrap();
        write::<T>(scratch.path(), written, &[5], 2);
        for ranks in LAYOUTS {
            Local::run(ranks[0] * ranks[1], |comm| {
                let comm = comm.as_ref();
                let domain = Domain::new(grid(), ranks, [false; 2], comm.rank());
                let found = Store::of(scratch.path()).newest(comm).unwrap();
                let checkpoint = found.checkpoint.unwrap();
                assert_eq!(checkpoint.manifest.clock, manifest::<T>(&domain, 5).clock);
                let (mut u, mut heat) = state::<T>(&domain, 0);
                let (expected, accounts) = state::<T>(&domain, 5);
                heat.sources.fill(0.0);
                heat.walls.iter_mut().for_each(|wall| wall.fill(0.0));
                heat.source_seconds = 0.0;
                checkpoint.read(&mut u, &mut heat, &domain, comm).unwrap();
                assert!(u.own_values() == expected.own_values());
                assert_eq!(heat, accounts);
            });
        }
    }
}

#[test]
fn every_layout_reads_what_every_layout_wrote() {
    every_layout_reads_every_layout::<f64>();
    every_layout_reads_every_layout::<f32>();
}

#[test]
fn the_newest_are_kept_and_what_is_not_whole_does_not_count() {
    let scratch = tempfile::tempdir().unwrap();
    let store = Store::of(scratch.path());
    assert_eq!(newest(scratch.path()), (None, 0));
    write::<f64>(scratch.path(), [1, 2], &[1, 2, 3, 4], 3);
    assert_eq!(store.steps().unwrap(), [4, 3, 2]);
    let path = |name: &str| scratch.path().join(CHECKPOINTS).join(name);
    fs::rename(path("000000004"), path("000000004.tmp")).unwrap();
    fs::create_dir(path("notes")).unwrap();
    assert_eq!(newest(scratch.path()), (Some(3), 0));
    fs::remove_file(path("000000003/shard-00001")).unwrap();
    assert_eq!(newest(scratch.path()), (Some(2), 1));
    // A run that goes on from there comes by the same step again.
    write::<f64>(scratch.path(), [1, 1], &[3], 2);
    assert_eq!(newest(scratch.path()), (Some(3), 0));
    store.forget_after(2).unwrap();
    assert_eq!(store.steps().unwrap(), [2]);
    assert!(!path("000000004.tmp").exists());
    store.clear().unwrap();
    assert!(path("notes").exists());
    assert_eq!(newest(scratch.path()), (None, 0));
}

#[test]
fn no_flipped_byte_and_no_truncation_is_taken_for_whole() {
    let scratch = tempfile::tempdir().unwrap();
    write::<f64>(scratch.path(), [2, 1], &[3, 7], 2);
    let directory = scratch.path().join(CHECKPOINTS).join("000000007");
    for name in ["manifest.json", "shard-00000", "shard-00001"] {
        let path = directory.join(name);
        let good = fs::read(&path).unwrap();
        let ignored = |bytes: &[u8], what: &str| {
            fs::write(&path, bytes).unwrap();
            assert_eq!(newest(scratch.path()), (Some(3), 1), "{name}: {what}");
        };
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= [0x01, 0x20, 0xff][at % 3];
            ignored(&bad, &format!("byte {at}"));
            ignored(&good[..at], &format!("{at} bytes"));
        }
        ignored(&[&good[..], b"\n"].concat(), "longer");
        fs::write(&path, good).unwrap();
        assert_eq!(newest(scratch.path()), (Some(7), 0));
    }
}

#[test]
fn parts_of_other_checkpoints_are_noticed() {
    let [scratch, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    write::<f64>(scratch.path(), [2, 1], &[3, 7], 2);
    write::<f32>(other.path(), [2, 1], &[3, 7], 2);
    let path = |name: &str| scratch.path().join(CHECKPOINTS).join(name);
    let others = other.path().join(CHECKPOINTS).join("000000007");
    let ignored = |what: &str| {
        assert_eq!(newest(scratch.path()), (Some(3), 1), "{what}");
    };
    let shards = ["000000007/shard-00000", "000000007/shard-00001"].map(path);
    let good = shards.each_ref().map(|shard| fs::read(shard).unwrap());
    let restore = || {
        for (shard, good) in shards.iter().zip(&good) {
            fs::write(shard, good).unwrap();
        }
        assert_eq!(newest(scratch.path()), (Some(7), 0));
    };
    fs::write(&shards[0], &good[1]).unwrap();
    fs::write(&shards[1], &good[0]).unwrap();
    ignored("swapped shards");
    restore();
    fs::copy(path("000000003/shard-00001"), &shards[1]).unwrap();
    ignored("a shard of another step");
    fs::copy(others.join("shard-00001"), &shards[1]).unwrap();
    ignored("a shard of another run");
    fs::remove_file(&shards[1]).unwrap();
    ignored("a missing shard");
    restore();
    fs::copy(
        others.join("manifest.json"),
        path("000000007/manifest.json"),
    )
    .unwrap();
    ignored("the manifest of another run");
    fs::copy(
        path("000000003/manifest.json"),
        path("000000007/manifest.json"),
    )
    .unwrap();
    ignored("the manifest of another step");
    fs::remove_file(path("000000003/manifest.json")).unwrap();
    assert_eq!(newest(scratch.path()), (None, 2));
}

#[test]
fn what_cannot_be_written_is_an_error_on_every_rank_and_leaves_what_there_was() {
    let scratch = tempfile::tempdir().unwrap();
    write::<f64>(scratch.path(), [2, 1], &[3], 2);
    // Where a directory must be made, there is a file.
    let blocked = scratch.path().join("blocked");
    fs::create_dir(&blocked).unwrap();
    fs::write(blocked.join(CHECKPOINTS), "").unwrap();
    let errors = Local::run(2, |comm| {
        let domain = Domain::new(grid(), [2, 1], [false; 2], comm.rank());
        let (u, heat) = state::<f64>(&domain, 7);
        let manifest = manifest::<f64>(&domain, 7);
        let state = (&u, &domain);
        let store = Store::of(&blocked);
        store
            .write(manifest, state, &heat, &[], 2, comm.as_ref())
            .unwrap_err()
    });
    for error in errors {
        assert_eq!(error.kind.exit_status(), 74);
        assert!(error.message.contains("blocked/checkpoints"), "{error}");
    }
    assert_eq!(newest(scratch.path()), (Some(3), 0));
}

/// A run of ten steps of 0.1 s on these ranks, and what stopped it.
fn run(
    path: &Path,
    ranks: [usize; 2],
    when: &When,
    ask: impl Fn(&mut Requests, usize) + Sync,
) -> Vec<Option<String>> {
    Run::new(grid(), ranks).each(|rank| {
        let comm = rank.comm.as_ref();
        let mut requests = Requests::silent(path.join("stop"), None);
        ask(&mut requests, comm.rank());
        let clock = Clock::new(1.0, Pace::Even);
        let (observer, stopped) =
            Checkpoints::new(path, when.clone(), requests, "", &clock, &Marks::default());
        rank.simulate(vec![Box::new(observer)]).unwrap();
        stopped.get().map(|error| error.message.clone())
    })
}

const NEVER: When = When {
    every_steps: None,
    every_time: None,
    every_wall: None,
    keep: 20,
};

#[test]
fn checkpoints_are_written_when_they_are_due_and_at_the_end() {
    let steps = |when: &When| {
        let scratch = tempfile::tempdir().unwrap();
        let stopped = run(scratch.path(), [2, 2], when, |_, _| {});
        assert!(stopped.iter().all(Option::is_none));
        let mut steps = Store::of(scratch.path()).steps().unwrap();
        steps.reverse();
        steps
    };
    assert_eq!(steps(&NEVER), [10]);
    let every_steps = Some(4);
    assert_eq!(
        steps(&When {
            every_steps,
            ..NEVER
        }),
        [4, 8, 10]
    );
    // The clock on the wall is looked at after the first step, and then now and then.
    let by_wall = steps(&When {
        every_wall: Some(std::time::Duration::ZERO),
        ..NEVER
    });
    assert!(
        by_wall.starts_with(&[1]) && by_wall.ends_with(&[10]),
        "{by_wall:?}"
    );
    let nothing = When {
        every_steps,
        keep: 0,
        ..NEVER
    };
    assert!(steps(&nothing).is_empty());
    // In whole steps of 0.1 s.
    let every_time = Some(0.25);
    assert_eq!(
        steps(&When {
            every_time,
            ..NEVER
        }),
        [3, 5, 8, 10]
    );
}

#[test]
fn a_stop_asked_of_one_rank_leaves_a_checkpoint_of_that_step_on_all() {
    for ranks in LAYOUTS {
        let scratch = tempfile::tempdir().unwrap();
        let last = ranks[0] * ranks[1] - 1;
        let stopped = run(scratch.path(), ranks, &NEVER, |requests, rank| {
            requests.raise("SIGTERM", rank == last);
        });
        for message in stopped {
            let message = message.unwrap();
            assert!(message.contains("SIGTERM after step 1,"), "{message}");
        }
        assert_eq!(newest(scratch.path()), (Some(1), 0));
    }
}
