//! The checkpoints of a run directory: writing, finding and removing them.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::statvfs;

use super::{
    CHECKPOINTS, Checkpoint, Manifest, accounts, heats,
    manifest::MANIFEST,
    shard::{Array, Damage, Header, Reader, Seal, Writer},
    temperatures,
};
use crate::{
    comm::{Communicator, Reduce, agree, all_gather, from_first},
    domain::Domain,
    error::Error,
    field::{Field, Real},
    operator::Accounts,
    output::{fault, run_directory::failed},
};

/// Ends the names of directories that are not complete, or not any more.
const PARTIAL: &str = ".tmp";

/// Bytes for a manifest and the directory, generously.
const BESIDES: u64 = 1 << 18;

/// The directory that holds the checkpoints of a run.
#[derive(Debug, Clone)]
pub struct Store {
    run: PathBuf,
    path: PathBuf,
}

/// What was found in a store.
#[derive(Debug)]
pub struct Newest {
    /// The newest checkpoint that is whole.
    pub checkpoint: Option<Checkpoint>,
    /// Those that are newer and not whole, and why.
    pub damaged: Vec<String>,
}

impl Store {
    /// That of a run directory, which need not exist.
    #[must_use]
    pub fn of(run: &Path) -> Self {
        Self {
            run: run.to_path_buf(),
            path: run.join(CHECKPOINTS),
        }
    }

    /// The run directory.
    #[must_use]
    pub fn run(&self) -> &Path {
        &self.run
    }

    fn checkpoint(&self, step: u64) -> PathBuf {
        self.path.join(format!("{step:09}"))
    }

    /// The steps of all checkpoints, whole or not, newest first.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the directory cannot be read.
    pub fn steps(&self) -> Result<Vec<u64>, Error> {
        let names = names(&self.path)?;
        let step = |name: &String| {
            name.parse()
                .ok()
                .filter(|step| *name == format!("{step:09}"))
        };
        let mut steps: Vec<u64> = names.iter().filter_map(step).collect();
        steps.sort_unstable_by(|a, b| b.cmp(a));
        Ok(steps)
    }

    /// The newest checkpoint of which every byte is as it was written. Collective; ranks share the reading.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if the directory cannot be read.
    pub fn newest(&self, comm: &dyn Communicator) -> Result<Newest, Error> {
        let steps = from_first(comm, || self.steps())?;
        let mut damaged = Vec::new();
        for step in steps {
            let path = self.checkpoint(step);
            match check(&path, step, comm) {
                Ok(manifest) => {
                    return Ok(Newest {
                        checkpoint: Some(Checkpoint { path, manifest }),
                        damaged,
                    });
                }
                Err(error) => damaged.push(format!("{}: {}", path.display(), error.message)),
            }
        }
        Ok(Newest {
            checkpoint: None,
            damaged,
        })
    }

    /// Writes a checkpoint of the state `u` and of the heat that came in, whole or not at all, and then removes
    /// all but the newest `keep`. `manifest` says all about it but its shards; `files` are those
    /// that its positions speak of. Collective.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written; the ones before it are left as they are.
    pub fn write<T: Real>(
        &self,
        manifest: Manifest,
        (u, domain): (&Field<T>, &Domain),
        heat: &Accounts,
        files: &[PathBuf],
        keep: usize,
        comm: &dyn Communicator,
    ) -> Result<(), Error> {
        let parts: Vec<(Array, &[f64])> = heats(domain)
            .into_iter()
            .zip(accounts(heat))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        let arrays = parts.iter().map(|(array, _)| array.clone());
        let header = Header {
            step: manifest.clock.step(),
            grid: domain.grid.cells,
            arrays: std::iter::once(temperatures::<T>(domain))
                .chain(arrays)
                .collect(),
        };
        let whole = self.checkpoint(header.step);
        let partial = whole.with_extension(&PARTIAL[1..]);
        let written = self.write_partial(&partial, &header, (u, &parts), comm);
        let written = written.and_then(|shards| {
            let rename =
                || self.complete(&Manifest { shards, ..manifest }, files, &whole, &partial);
            agree(comm, on_first(comm, rename))
        });
        if written.is_err() && comm.rank() == 0 {
            // Best effort: the error to report is the one that came first.
            let _ = fs::remove_dir_all(&partial);
        }
        written?;
        fault::point("renamed", comm.rank());
        agree(comm, on_first(comm, || self.prune(keep)))
    }

    /// Writes the shards of all ranks. Collective.
    fn write_partial<T: Real>(
        &self,
        partial: &Path,
        header: &Header,
        values: (&Field<T>, &[(Array, &[f64])]),
        comm: &dyn Communicator,
    ) -> Result<Vec<Seal>, Error> {
        let bytes = header.file_bytes();
        let mut all = [i64::try_from(bytes).expect("a file is shorter")];
        comm.all_reduce_integers(&mut all, Reduce::Sum);
        let needed = all[0].cast_unsigned() + BESIDES;
        agree(comm, on_first(comm, || self.make_room(partial, needed)))?;

        let path = partial.join(shard_name(comm.rank()));
        let written = write_shard(&path, header, values, comm.rank()).map_err(|error| {
            failed(&format!("write {bytes} bytes to"), &path, &error)
                .with_help("make room, then go on with `isotherm resume`")
        });
        let seal = agree(comm, written)?;
        fault::point("written", comm.rank());
        let verified = match verify(&path) {
            Ok(found) if found == seal => Ok(()),
            Ok(_) => Err("it holds something else".to_owned()),
            Err(damage) => Err(damage),
        };
        let verified = verified.map_err(|damage| {
            let path = path.display();
            Error::storage(format!("{path} is not what was written to it: {damage}"))
        });
        agree(comm, verified)?;
        Ok(all_gather(comm, &seal))
    }

    /// Makes the directory for an incomplete checkpoint, if there is room for so many bytes.
    fn make_room(&self, partial: &Path, bytes: u64) -> Result<(), Error> {
        let create = |path| {
            fs::create_dir_all(path).map_err(|error| failed("create the directory", path, &error))
        };
        create(&self.path)?;
        for name in names(&self.path)? {
            if name.ends_with(PARTIAL) {
                remove(&self.path.join(name))?;
            }
        }
        let system = statvfs(&self.path)
            .map_err(|error| failed("look at the file system of", &self.path, &error.into()))?;
        let free = system.f_bavail.saturating_mul(system.f_frsize);
        if free < bytes {
            let path = partial.display();
            let message = format!(
                "no room for the checkpoint {path}: it takes {bytes} bytes, {free} are free"
            );
            return Err(
                Error::storage(message).with_help("make room, then go on with `isotherm resume`")
            );
        }
        create(partial)
    }

    /// Gives a checkpoint whose shards are written its manifest and its name.
    fn complete(
        &self,
        manifest: &Manifest,
        files: &[PathBuf],
        whole: &Path,
        partial: &Path,
    ) -> Result<(), Error> {
        // Its positions must not speak of what the disk has not got.
        for file in files {
            sync(file)?;
        }
        let path = partial.join(MANIFEST);
        fs::write(&path, manifest.text()).map_err(|error| failed("write", &path, &error))?;
        sync(&path)?;
        if Manifest::read(partial).as_ref() != Ok(manifest) {
            let message = format!("{} is not what was written to it", path.display());
            return Err(Error::storage(message));
        }
        sync(partial)?;
        fault::point("synced", 0);
        // A run that went on from an earlier checkpoint comes by a damaged one again.
        remove(whole)?;
        fs::rename(partial, whole).map_err(|error| failed("rename", partial, &error))?;
        sync(&self.path)
    }

    /// Removes all checkpoints but the newest `keep`.
    fn prune(&self, keep: usize) -> Result<(), Error> {
        let mut older = self.steps()?.into_iter().skip(keep);
        older.try_for_each(|step| remove(&self.checkpoint(step)))
    }

    /// Removes the checkpoints of later steps, which are not whole where a run goes on from this one. Were
    /// they left, they would count among those that are kept.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if they cannot be removed.
    pub fn forget_after(&self, step: u64) -> Result<(), Error> {
        let steps = self.steps()?.into_iter();
        let mut later = steps.filter(|other| *other > step);
        later.try_for_each(|step| remove(&self.checkpoint(step)))
    }

    /// Removes all checkpoints, and the directory if nothing else is in it.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if they cannot be removed.
    pub fn clear(&self) -> Result<(), Error> {
        self.prune(0)?;
        for name in names(&self.path)? {
            if name.ends_with(PARTIAL) {
                remove(&self.path.join(name))?;
            }
        }
        let _ = fs::remove_dir(&self.path);
        Ok(())
    }
}

/// The manifest of a checkpoint of which every byte is as it was written. Collective.
fn check(path: &Path, step: u64, comm: &dyn Communicator) -> Result<Manifest, Error> {
    let manifest = from_first(comm, || {
        let manifest = Manifest::read(path).map_err(Error::storage)?;
        if manifest.clock.step() != step {
            return Err(Error::storage(format!("{MANIFEST} is of another step")));
        }
        Ok(manifest)
    })?;
    let mine = manifest.shards.iter().enumerate();
    let mut mine = mine.skip(comm.rank()).step_by(comm.size());
    let checked = mine.try_for_each(|(rank, seal)| {
        let name = shard_name(rank);
        match verify(&path.join(&name)) {
            Ok(found) if found == *seal => Ok(()),
            Ok(_) => Err(format!("{name} is another one than the manifest tells of")),
            Err(damage) => Err(format!("{name}: {damage}")),
        }
    });
    agree(comm, checked.map_err(Error::storage))?;
    Ok(manifest)
}

/// What a shard is, if all of it is as it was written.
fn verify(path: &Path) -> Result<Seal, Damage> {
    Reader::open(path)?.finish()
}

pub(super) fn shard_name(rank: usize) -> String {
    format!("shard-{rank:05}")
}

fn write_shard<T: Real>(
    path: &Path,
    header: &Header,
    (u, parts): (&Field<T>, &[(Array, &[f64])]),
    rank: usize,
) -> io::Result<Seal> {
    let mut writer = Writer::new(File::create_new(path)?, header)?;
    for j in 0..u.cells()[1] {
        writer.put(bytemuck::cast_slice(u.own_row(j)))?;
    }
    fault::point("halfway", rank);
    for (_, values) in parts {
        writer.put(bytemuck::cast_slice(values))?;
    }
    let (file, seal) = writer.finish()?;
    file.sync_all()?;
    Ok(seal)
}

/// What rank 0 has to do.
fn on_first(
    comm: &dyn Communicator,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    if comm.rank() == 0 { work() } else { Ok(()) }
}

/// Names of what is in a directory; none if it is not there.
fn names(directory: &Path) -> Result<Vec<String>, Error> {
    let unreadable = |error: io::Error| failed("read the directory", directory, &error);
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry.map_err(unreadable)?.file_name());
    let names = entries.map(name).collect::<Result<Vec<_>, Error>>()?;
    Ok(names
        .into_iter()
        .filter_map(|name| name.into_string().ok())
        .collect())
}

/// Removes a checkpoint. What is left of it if that breaks off is not taken for one.
fn remove(checkpoint: &Path) -> Result<(), Error> {
    let _ = fs::remove_file(checkpoint.join(MANIFEST));
    match fs::remove_dir_all(checkpoint) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", checkpoint, &error))
        }
        _ => Ok(()),
    }
}

/// Waits until the disk has got a file or a directory.
fn sync(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| failed("write", path, &error))
}
