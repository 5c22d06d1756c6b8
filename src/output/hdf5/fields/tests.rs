use super::*;
use crate::{
    error::Kind,
    output::testing::{LAYOUTS, Run, grid, temperature},
    simulation::Cadence,
};
use hdf5_metno::File;
use std::{
    thread,
    time::{Duration, Instant},
};

const HEADING: Heading<'_> = Heading {
    title: "A title",
    config: "title = \"A title\"\n",
};

fn write<T: Real>(path: &Path, ranks: [usize; 2], storage: Storage) {
    write_extract::<T>(path, ranks, storage, &Extract::all(grid()));
}

fn write_extract<T: Real>(path: &Path, ranks: [usize; 2], storage: Storage, extract: &Extract) {
    Run::new(grid(), ranks).each(|rank| {
        let (comm, frames) = (rank.comm.as_ref(), Frames::default());
        let (extract, how) = (extract.clone(), (storage, Io::Auto));
        let file = FieldsFile::open(path, &HEADING, extract, how, &frames, comm).unwrap();
        let snapshots = crate::output::Snapshots::new(file, Some(Cadence::EveryTime(0.3)));
        rank.simulate_as::<T>(vec![Box::new(snapshots)]).unwrap();
        assert_eq!((frames.whole(), frames.times().frames), (5, 5));
    });
}

/// A file on `path` for all cells.
fn open(path: &Path, comm: &dyn Communicator) -> Result<FieldsFile, Error> {
    let how = (Storage::default(), Io::Auto);
    FieldsFile::open(
        path,
        &HEADING,
        Extract::all(grid()),
        how,
        &Frames::default(),
        comm,
    )
}

#[test]
fn every_layout_writes_the_field() {
    for ranks in LAYOUTS {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("fields.vtkhdf");
        write::<f64>(&path, ranks, Storage::default());
        let file = File::open(&path).unwrap();
        let field = file.dataset("/temperature").unwrap();
        assert_eq!(field.shape(), [5, 11, 13]);
        assert_eq!(field.read_raw::<f64>().unwrap(), expected());
        let times = file.dataset("/time").unwrap().read_raw::<f64>().unwrap();
        assert_eq!(times[..], [0.0, 0.3, 0.6, 3.0 * 0.3, 1.0]);
        for path in ["/VTKHDF/Steps/Values", "/time"] {
            assert_eq!(
                file.dataset(path).unwrap().read_raw::<f64>().unwrap(),
                times
            );
        }
        let offsets = file.dataset("/VTKHDF/Steps/CellDataOffsets/temperature");
        assert_eq!(offsets.unwrap().read_raw::<i64>().unwrap(), [0, 1, 2, 3, 4]);
        let steps = file.group("/VTKHDF/Steps").unwrap();
        let count: i64 = steps.attr("NSteps").unwrap().read_scalar().unwrap();
        assert_eq!(count, 5);
        let x = file.dataset("/x").unwrap().read_raw::<f64>().unwrap();
        assert_eq!(x.len(), 13);
        assert_eq!(x[2..3], grid().center(2, 0)[..1]);
    }
}

fn expected() -> Vec<f64> {
    [0, 3, 6, 9, 10]
        .iter()
        .flat_map(|&step| (0..11).flat_map(move |j| (0..13).map(move |i| temperature(i, j, step))))
        .collect()
}

#[test]
fn an_extract_has_its_cells_in_their_places_from_every_layout() {
    let extract = Extract::new(grid(), [2..12, 1..11], 4);
    for ranks in LAYOUTS {
        for compression in [None, Some(3)] {
            let scratch = tempfile::tempdir().unwrap();
            let path = scratch.path().join("fields.vtkhdf");
            let storage = Storage {
                single: false,
                compression,
            };
            write_extract::<f64>(&path, ranks, storage, &extract);
            let file = File::open(&path).unwrap();
            let field = file.dataset("/temperature").unwrap();
            assert_eq!(field.shape(), [5, 3, 3]);
            let of_all = expected();
            let kept = |frame: usize, [i, j]: [usize; 2]| of_all[(frame * 11 + j) * 13 + i];
            let cells = [1, 5, 9]
                .iter()
                .flat_map(|&j| [2, 6, 10].map(|i| [i, j]))
                .collect::<Vec<_>>();
            let kept = (0..5).flat_map(|frame| cells.iter().map(move |&cell| kept(frame, cell)));
            assert_eq!(
                field.read_raw::<f64>().unwrap(),
                kept.collect::<Vec<_>>(),
                "{ranks:?}"
            );
            let x = file.dataset("/x").unwrap().read_raw::<f64>().unwrap();
            assert_eq!(x, [2, 6, 10].map(|i| grid().center(i, 0)[0]));
            let image = file.group("/VTKHDF").unwrap();
            let numbers = |name| image.attr(name).unwrap().read_raw::<f64>().unwrap();
            let (origin, spacing) = (numbers("Origin"), numbers("Spacing"));
            assert!((spacing[0] - 0.008).abs() < 1e-15 && (spacing[1] - 0.004).abs() < 1e-15);
            assert!((origin[0] + 0.5 * spacing[0] - x[0]).abs() < 1e-15);
            let extent = image.attr("WholeExtent").unwrap().read_raw::<u64>();
            assert_eq!(extent.unwrap(), [0, 3, 0, 3, 0, 0]);
        }
    }
}

#[test]
fn a_frame_that_cannot_be_written_is_told_of_when_it_is_waited_for() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("fields.vtkhdf");
    let errors = Run::new(grid(), [2, 1]).each(|rank| {
        let comm = rank.comm.as_ref();
        let file = open(&path, comm).unwrap();
        let team = Team::new(1).unwrap();
        let u = Field::<f64>::new(&team, rank.domain.cells, 1);
        let append = |time| file.append(time, &u, &rank.domain, &team, comm);
        append(0.0).unwrap();
        file.frames().settle(comm).unwrap();
        comm.barrier();
        if comm.rank() == 0 {
            std::fs::write(
                &path,
                "no file of frames any more, but as long as a superblock is",
            )
            .unwrap();
        }
        comm.barrier();
        append(1.0).unwrap();
        let error = append(2.0).unwrap_err();
        assert_eq!(file.frames().whole(), 1);
        error
    });
    for error in errors {
        assert_eq!(error.kind, Kind::Storage);
        assert!(error.message.contains("cannot open"), "{error}");
    }
}

#[test]
fn single_precision_is_kept_and_doubles_are_rounded_to_it() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("fields.vtkhdf");
    let storage = Storage {
        single: true,
        compression: None,
    };
    let expected: Vec<f32> = expected().iter().map(|&u| f32::from_f64(u)).collect();
    for (ranks, double) in [([2, 2], false), ([1, 3], true)] {
        let _ = std::fs::remove_file(&path);
        if double {
            write::<f64>(&path, ranks, storage);
        } else {
            write::<f32>(&path, ranks, storage);
        }
        let field = File::open(&path).unwrap().dataset("/temperature").unwrap();
        assert_eq!(field.dtype().unwrap().size(), 4);
        assert_eq!(field.read_raw::<f32>().unwrap(), expected);
    }
}

#[test]
fn compression_loses_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("fields.vtkhdf");
    let storage = Storage {
        single: false,
        compression: Some(6),
    };
    write::<f64>(&path, [2, 2], storage);
    let field = File::open(&path).unwrap().dataset("/temperature").unwrap();
    assert_eq!(field.read_raw::<f64>().unwrap(), expected());
    assert_eq!(field.filters().len(), 3);
    assert!(field.storage_size() < 5 * 11 * 13 * 8 * 3 / 4);
}

#[test]
fn properties_are_there_at_all_times_from_every_layout() {
    let property = Property {
        name: "conductivity",
        units: "W m-1 K-1",
        words: "thermal conductivity",
    };
    for ranks in LAYOUTS {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("fields.vtkhdf");
        Run::new(grid(), ranks).each(|rank| {
            let (comm, team) = (rank.comm.as_ref(), Team::new(2).unwrap());
            let file = open(&path, comm).unwrap();
            let domain = &rank.domain;
            let mut own = Field::new(&team, domain.cells, 0);
            for j in 0..domain.cells[1] {
                for (i, value) in own.own_row_mut(j).iter_mut().enumerate() {
                    *value = temperature(domain.start[0] + i, domain.start[1] + j, 99);
                }
            }
            file.add_property(property, &own, domain, &team, comm)
                .unwrap();
            let snapshots = crate::output::Snapshots::new(file, None);
            rank.simulate(vec![Box::new(snapshots)]).unwrap();
        });
        let file = File::open(&path).unwrap();
        let field = file.dataset("/conductivity").unwrap();
        assert_eq!(field.shape(), [1, 11, 13]);
        let expected = (0..143).map(|k| temperature(k % 13, k / 13, 99));
        let expected: Vec<f64> = expected.collect();
        assert_eq!(field.read_raw::<f64>().unwrap(), expected);
        let offsets = |name: &str| {
            let path = format!("/VTKHDF/Steps/CellDataOffsets/{name}");
            file.dataset(&path).unwrap().read_raw::<i64>().unwrap()
        };
        assert_eq!(offsets("conductivity"), [0, 0]);
        assert_eq!(offsets("temperature"), [0, 1]);
    }
}

#[test]
fn every_chunk_has_a_checksum_that_is_checked() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("fields.vtkhdf");
    write::<f64>(&path, [1, 1], Storage::default());
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = temperature(4, 5, 6).to_le_bytes();
    let at = bytes
        .windows(8)
        .position(|window| window == needle)
        .unwrap();
    bytes[at + 2] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let field = File::open(&path).unwrap().dataset("/temperature").unwrap();
    assert!(field.read_raw::<f64>().is_err());
}

#[test]
fn an_existing_file_and_a_missing_directory_are_refused_on_every_rank() {
    let scratch = tempfile::tempdir().unwrap();
    let existing = scratch.path().join("fields.vtkhdf");
    std::fs::write(&existing, "mine").unwrap();
    let missing = scratch.path().join("none/fields.vtkhdf");
    for (path, reason) in [(existing, "File exists"), (missing, "No such file")] {
        let errors =
            Run::new(grid(), [1, 2]).each(|rank| open(&path, rank.comm.as_ref()).err().unwrap());
        for error in errors {
            assert_eq!(error.kind, Kind::Storage);
            assert!(error.message.contains(path.to_str().unwrap()), "{error}");
            assert!(error.message.contains(reason), "{error}");
        }
    }
}

#[test]
fn a_reader_makes_the_writer_wait() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("fields.vtkhdf");
    Run::new(grid(), [1, 1]).each(|rank| {
        let file = open(&path, rank.comm.as_ref()).unwrap();
        let reader = std::fs::File::open(&path).unwrap();
        reader.lock_shared().unwrap();
        let wait = Duration::from_millis(500);
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(move || {
                thread::sleep(wait);
                drop(reader);
            });
            let snapshots = crate::output::Snapshots::new(file, None);
            rank.simulate(vec![Box::new(snapshots)]).unwrap();
        });
        assert!(start.elapsed() >= wait);
    });
    let field = File::open(&path).unwrap().dataset("/temperature").unwrap();
    assert_eq!(field.shape(), [2, 11, 13]);
}
