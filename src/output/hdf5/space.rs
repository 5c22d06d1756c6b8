//! Room on the disk, made sure of before it is needed: when a collective write runs out of it,
//! MPI libraries were seen to lose data without an error, and to wait forever.

use std::{fs::OpenOptions, io, path::Path};

use rustix::{
    fs::{FallocateFlags, fallocate, fstatvfs},
    io::Errno,
};

/// Reserves `bytes` behind the end of a file, whose length stays what it is. Where the file
/// system cannot reserve, looks whether that much is free.
pub fn reserve(path: &Path, bytes: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    let end = file.metadata()?.len();
    match fallocate(&file, FallocateFlags::KEEP_SIZE, end, bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let system = fstatvfs(&file)?;
            if system.f_bavail.saturating_mul(system.f_frsize) < bytes {
                return Err(Errno::NOSPC.into());
            }
            Ok(())
        }
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_reserved_and_what_does_not_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        reserve(file.path(), 1 << 16).unwrap();
        assert_eq!(file.as_file().metadata().unwrap().len(), 0);
        assert!(reserve(file.path(), 1 << 62).is_err());
    }
}
