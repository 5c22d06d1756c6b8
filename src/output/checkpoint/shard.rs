//! The file in which one rank keeps its part of a checkpoint.
//!
//! ```text
//! "isothchk"            8 bytes
//! version, byte order   2 x u32, of which the second is 0x01020304
//! length                u32, of the header
//! header                JSON: whose part it is, and the arrays that follow
//! crc32                 u32, of all that is above
//! blocks                of 1 MiB, the last may be shorter; each followed by its crc32
//! ```
//!
//! The blocks hold the arrays one after the other, row by row. Numbers are as the machine has them.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
};

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

const MAGIC: [u8; 8] = *b"isothchk";
const VERSION: u32 = 1;
const BYTE_ORDER: u32 = 0x0102_0304;

/// Bytes before the header.
const PREFIX: usize = MAGIC.len() + 3 * CRC;
const CRC: usize = size_of::<u32>();
const BLOCK: usize = 1 << 20;

/// More bytes than a header takes.
const MOST_HEADER: usize = 1 << 16;

/// What is wrong with a file, in words.
pub type Damage = String;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub step: u64,
    /// Cells of the whole grid along x and y.
    pub grid: [usize; 2],
    pub arrays: Vec<Array>,
}

/// Values on a block of a grid; that of a side is one cell wide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Array {
    pub name: String,
    /// The first one, and how many there are, along x and y.
    pub start: [usize; 2],
    pub cells: [usize; 2],
    /// Of each value: 4 for f32, 8 for f64.
    pub bytes: usize,
}

impl Array {
    /// Bytes of all values.
    pub fn size(&self) -> Option<usize> {
        let [nx, ny] = self.cells;
        nx.checked_mul(ny)?.checked_mul(self.bytes)
    }
}

/// What a whole file was when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    pub bytes: u64,
    /// Of all but the checksums in the file: that of bytes with their own checksum behind them depends on
    /// their number alone.
    pub crc32: u32,
}

impl Header {
    fn payload(&self) -> Option<usize> {
        let mut sizes = self.arrays.iter().map(Array::size);
        sizes.try_fold(0_usize, |sum, size| sum.checked_add(size?))
    }

    /// Bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        let payload = self.payload().expect("it is in memory");
        (prologue(self).len() + CRC + payload + payload.div_ceil(BLOCK) * CRC) as u64
    }
}

/// All that comes before the first checksum.
fn prologue(header: &Header) -> Vec<u8> {
    let json = serde_json::to_vec(header).expect("it has a JSON form");
    let length = u32::try_from(json.len()).expect("a header is short");
    let mut bytes = MAGIC.to_vec();
    for number in [VERSION, BYTE_ORDER, length] {
        bytes.extend(number.to_ne_bytes());
    }
    bytes.extend(json);
    bytes
}

/// Writes a shard.
pub struct Writer<W> {
    out: W,
    /// What is not yet written.
    block: Vec<u8>,
    written: u64,
    crc: Hasher,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W, header: &Header) -> std::io::Result<Self> {
        let mut writer = Self {
            out,
            block: Vec::with_capacity(BLOCK),
            written: 0,
            crc: Hasher::new(),
        };
        writer.write(prologue(header))?;
        Ok(writer)
    }

    /// Adds values of the arrays.
    pub fn put(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == BLOCK {
                self.end_block()?;
            }
        }
        Ok(())
    }

    fn end_block(&mut self) -> std::io::Result<()> {
        let block = std::mem::take(&mut self.block);
        self.block = self.write(block)?;
        self.block.clear();
        Ok(())
    }

    /// Writes bytes and their checksum; gives the space back.
    fn write(&mut self, mut bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        self.crc.update(&bytes);
        let crc = crc32fast::hash(&bytes);
        bytes.extend(crc.to_ne_bytes());
        self.written += bytes.len() as u64;
        self.out.write_all(&bytes)?;
        Ok(bytes)
    }

    pub fn finish(mut self) -> std::io::Result<(W, Seal)> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        let seal = Seal {
            bytes: self.written,
            crc32: self.crc.finalize(),
        };
        Ok((self.out, seal))
    }
}

/// Reads a shard, and believes nothing.
pub struct Reader<R> {
    input: R,
    pub header: Header,
    /// Of the arrays that are not yet read from the file.
    left: usize,
    block: Vec<u8>,
    /// Bytes of the block that were handed out.
    taken: usize,
    read: u64,
    crc: Hasher,
}

impl Reader<File> {
    pub fn open(path: &Path) -> Result<Self, Damage> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let length = file.metadata().map_err(|error| error.to_string())?.len();
        Self::new(file, length)
    }
}

impl<R: Read> Reader<R> {
    /// Reads the header of a file of so many bytes.
    pub fn new(mut input: R, length: u64) -> Result<Self, Damage> {
        let mut bytes = vec![0; PREFIX];
        read(&mut input, &mut bytes)?;
        if bytes[..MAGIC.len()] != MAGIC {
            return Err("it is no part of a checkpoint".into());
        }
        let number = |bytes: &[u8], k: usize| {
            let at = MAGIC.len() + k * CRC;
            u32::from_ne_bytes(bytes[at..at + CRC].try_into().expect("four bytes"))
        };
        if number(&bytes, 1) == BYTE_ORDER.swap_bytes() {
            return Err("it is from a machine with another order of bytes".into());
        }
        if number(&bytes, 0) != VERSION {
            return Err(format!(
                "its format is {}, not {VERSION}",
                number(&bytes, 0)
            ));
        }
        let json = number(&bytes, 2) as usize;
        if json > MOST_HEADER {
            return Err("its header is damaged".into());
        }
        bytes.resize(PREFIX + json + CRC, 0);
        read(&mut input, &mut bytes[PREFIX..])?;
        let (content, crc) = bytes.split_at(PREFIX + json);
        let header = serde_json::from_slice(&content[PREFIX..]).ok();
        let header: Header = header
            .filter(|_| crc32fast::hash(content).to_ne_bytes() == crc)
            .ok_or("its header is damaged")?;
        let payload = header.payload().ok_or("its header is damaged")?;
        if header.file_bytes() != length {
            let expected = header.file_bytes();
            return Err(format!("it has {length} bytes instead of {expected}"));
        }
        let mut whole = Hasher::new();
        whole.update(content);
        Ok(Self {
            input,
            header,
            left: payload,
            block: Vec::new(),
            taken: 0,
            read: bytes.len() as u64,
            crc: whole,
        })
    }

    /// The next values of the arrays.
    pub fn take(&mut self, mut into: &mut [u8]) -> Result<(), Damage> {
        while !into.is_empty() {
            if self.taken == self.block.len() {
                self.next_block()?;
            }
            let rest = &self.block[self.taken..];
            let count = rest.len().min(into.len());
            let (now, later) = into.split_at_mut(count);
            now.copy_from_slice(&rest[..count]);
            self.taken += count;
            into = later;
        }
        Ok(())
    }

    fn next_block(&mut self) -> Result<(), Damage> {
        let length = self.left.min(BLOCK);
        if length == 0 {
            return Err("it ends too early".into());
        }
        self.block.resize(length + CRC, 0);
        read(&mut self.input, &mut self.block)?;
        let (values, crc) = self.block.split_at(length);
        if crc32fast::hash(values).to_ne_bytes() != crc {
            return Err(format!("it is damaged behind byte {}", self.read));
        }
        self.crc.update(values);
        self.read += self.block.len() as u64;
        self.block.truncate(length);
        self.left -= length;
        self.taken = 0;
        Ok(())
    }

    /// Reads what is left, and tells what the whole file is.
    pub fn finish(mut self) -> Result<Seal, Damage> {
        while self.left > 0 {
            self.next_block()?;
        }
        Ok(Seal {
            bytes: self.read,
            crc32: self.crc.finalize(),
        })
    }
}

fn read(input: &mut impl Read, into: &mut [u8]) -> Result<(), Damage> {
    input
        .read_exact(into)
        .map_err(|error| format!("it cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cells: [usize; 2]) -> Header {
        let array = |name: &str, cells, bytes| Array {
            name: name.into(),
            start: [3, 4],
            cells,
            bytes,
        };
        Header {
            step: 7,
            grid: [20, 30],
            arrays: vec![array("a", cells, 8), array("b", [1, 3], 4)],
        }
    }

    /// A shard whose values are the low bytes of their places, put in pieces of `piece` bytes.
    fn shard(header: &Header, piece: usize) -> (Vec<u8>, Seal) {
        let values: Vec<u8> = (0..header.payload().unwrap())
            .map(|k| (k % 251).to_le_bytes()[0])
            .collect();
        let mut writer = Writer::new(Vec::new(), header).unwrap();
        for piece in values.chunks(piece) {
            writer.put(piece).unwrap();
        }
        writer.finish().unwrap()
    }

    fn verify(bytes: &[u8]) -> Result<Seal, Damage> {
        Reader::new(bytes, bytes.len() as u64)?.finish()
    }

    #[test]
    fn what_was_put_is_taken_in_pieces_of_any_size() {
        let header = header([300, 1000]);
        let (bytes, seal) = shard(&header, 1 << 19);
        assert_eq!(shard(&header, 12_345).0, bytes);
        assert_eq!(bytes.len() as u64, header.file_bytes());
        assert_eq!(verify(&bytes), Ok(seal));
        let (other, _) = shard(
            &Header {
                step: 8,
                ..header.clone()
            },
            1 << 19,
        );
        assert_eq!(other.len(), bytes.len());
        assert_ne!(verify(&other), Ok(seal));
        let mut reader = Reader::new(&bytes[..], bytes.len() as u64).unwrap();
        assert_eq!(reader.header, header);
        let mut piece = vec![0; 100_003];
        let mut at = 0;
        while at + piece.len() <= header.payload().unwrap() {
            reader.take(&mut piece).unwrap();
            assert!(
                (at..)
                    .zip(&piece)
                    .all(|(k, byte)| (k % 251) == usize::from(*byte))
            );
            at += piece.len();
        }
    }

    #[test]
    fn no_flipped_byte_and_no_truncation_goes_unnoticed() {
        let (bytes, _) = shard(&header([5, 4]), 100);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                verify(&bad).unwrap_err();
            }
            verify(&bytes[..at]).unwrap_err();
        }
        let longer = [&bytes[..], &[0]].concat();
        verify(&longer).unwrap_err();
    }
}
