//! Sizes of the caches of a core, as Linux tells them.

use std::{fs, path::Path};

use serde::Serialize;

use crate::comm::{Communicator, Reduce};

/// Where Linux describes the caches of the first core.
const FOLDER: &str = "/sys/devices/system/cpu/cpu0/cache";

/// What most processors have at least, for where the system does not tell.
const USUAL: Caches = Caches {
    l1: 32 << 10,
    l2: 512 << 10,
    last: None,
};

/// Sizes of caches in bytes, of data or of both data and instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Caches {
    /// Of a core; 32 KiB where the system does not tell.
    pub l1: usize,
    /// Of a core; 512 KiB where the system does not tell.
    pub l2: usize,
    /// The last one before memory, which cores share; absent where the system does not tell.
    pub last: Option<usize>,
}

impl Caches {
    /// The smallest sizes on any of the ranks' machines. Collective.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "sizes of caches are far below 2^53"
    )]
    pub(super) fn of_the_same_size(comm: &dyn Communicator) -> Self {
        let own = Self::read(Path::new(FOLDER));
        let mut sizes = [own.l1, own.l2, own.last.unwrap_or(0)].map(|size| size as f64);
        comm.all_reduce(&mut sizes, Reduce::Min);
        let [l1, l2, last] = sizes.map(|size| size as usize);
        Self {
            l1,
            l2,
            last: (last > 0).then_some(last),
        }
    }

    fn read(folder: &Path) -> Self {
        let mut caches = USUAL;
        let mut highest = 0;
        for index in 0.. {
            let text = |name: &str| {
                let path = folder.join(format!("index{index}")).join(name);
                fs::read_to_string(path).map(|text| text.trim().to_owned())
            };
            let (Ok(level), Ok(kind), Ok(size)) = (text("level"), text("type"), text("size"))
            else {
                break;
            };
            let (Ok(level), Some(size)) = (level.parse::<u32>(), bytes(&size)) else {
                continue;
            };
            if kind == "Instruction" {
                continue;
            }
            match level {
                1 => caches.l1 = size,
                2 => caches.l2 = size,
                _ => {}
            }
            if level > highest {
                (highest, caches.last) = (level, Some(size));
            }
        }
        caches
    }
}

/// A size as in `48K`.
fn bytes(text: &str) -> Option<usize> {
    let (number, unit) = match text.strip_suffix('K') {
        Some(number) => (number, 1 << 10),
        None => match text.strip_suffix('M') {
            Some(number) => (number, 1 << 20),
            None => (text, 1),
        },
    };
    Some(number.parse::<usize>().ok()? * unit).filter(|&size| size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_files_are_understood() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Caches::read(folder.path()), USUAL);
        let caches = [
            ("1", "Data", "48K"),
            ("1", "Instruction", "64K"),
            ("2", "Unified", "1024K"),
            ("3", "Unified", "32M"),
        ];
        for (index, (level, kind, size)) in caches.into_iter().enumerate() {
            let folder = folder.path().join(format!("index{index}"));
            fs::create_dir(&folder).unwrap();
            for (name, text) in [("level", level), ("type", kind), ("size", size)] {
                fs::write(folder.join(name), format!("{text}\n")).unwrap();
            }
        }
        let expected = Caches {
            l1: 48 << 10,
            l2: 1 << 20,
            last: Some(32 << 20),
        };
        assert_eq!(Caches::read(folder.path()), expected);
    }
}
