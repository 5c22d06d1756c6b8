//! Chunks as they stand in a file: values and Fletcher's checksum of them. The library computes that for one 16-bit
//! word after the other, and copies each chunk once more; here it is as fast as memory.

use hdf5_metno::{Dataset, Result};

use super::raw;
use crate::field::Real;

/// Bytes of the checksum.
const SEAL: usize = 4;

/// Sums that are kept side by side, for the processor to take several at once.
const LANES: usize = 16;

/// Words that a sum takes before it could exceed 32 bits.
const TURNS: usize = 256;

/// A chunk of `rows` rows of `columns` values and room for the checksum.
pub struct Chunk<S> {
    /// Behind the values there is one more, whose first bytes are the checksum's place.
    values: Vec<S>,
}

impl<S: Real> Chunk<S> {
    pub fn new(rows: usize, columns: usize) -> Self {
        Self {
            values: vec![S::ZERO; rows * columns + 1],
        }
    }

    pub fn values(&mut self) -> &mut [S] {
        self.values.split_last_mut().expect("there is one more").1
    }

    /// Its bytes as they stand in the file, the checksum last.
    fn bytes(&mut self) -> &mut [u8] {
        let length = size_of_val(self.values()) + SEAL;
        &mut bytemuck::cast_slice_mut::<S, u8>(&mut self.values)[..length]
    }

    /// Writes it to where it begins in a dataset without filters but the checksum, which it returns.
    pub fn write(&mut self, dataset: &Dataset, start: [usize; 3]) -> Result<u32> {
        let bytes = self.bytes();
        let (values, place) = bytes.split_at_mut(bytes.len() - SEAL);
        let seal = fletcher32(values);
        place.copy_from_slice(&seal.to_le_bytes());
        raw::write_chunk(dataset, start, bytes)?;
        Ok(seal)
    }

    /// Reads what the dataset holds. Whether that has the checksum `seal`, and says so.
    pub fn read(&mut self, dataset: &Dataset, start: [usize; 3], seal: u32) -> Result<bool> {
        let bytes = self.bytes();
        let is_whole = raw::read_chunk(dataset, start, bytes)?;
        let (values, place) = bytes.split_at(bytes.len() - SEAL);
        Ok(is_whole && *place == seal.to_le_bytes() && fletcher32(values) == seal)
    }
}

/// Fletcher's checksum of an even number of bytes, as the filter of HDF5 defines it: the sum of big-endian 16-bit
/// words, and the sum of these sums after each word, modulo 65535 (J. G. Fletcher, IEEE Trans. Commun. 30, 247, 1982).
fn fletcher32(bytes: &[u8]) -> u32 {
    const MODULUS: u64 = 65535;
    // The sum, and that of the sums, of little-endian words: to swap the bytes of a word is to multiply it by 256
    // modulo 65535, and is left to the end.
    let (mut sum, mut sums) = (0_u64, 0_u64);
    for block in bytes.chunks(2 * LANES * TURNS) {
        // Each lane sums every 16th word. The sum of the sums counts a word once for each word from it on: 16 times
        // as often as in its lane, less the number of its lane.
        let (mut lane, mut lanes) = ([0_u32; LANES], [0_u32; LANES]);
        let turns = block.chunks_exact(2 * LANES);
        let rest = turns.remainder();
        let words = (turns.len() * LANES) as u64;
        for turn in turns {
            for k in 0..LANES {
                lane[k] += u32::from(u16::from_le_bytes([turn[2 * k], turn[2 * k + 1]]));
                lanes[k] += lane[k];
            }
        }
        sums += words * (sum % MODULUS);
        for (k, (sum_of_lane, sum_of_sums)) in (0..).zip(lane.into_iter().zip(lanes)) {
            sum += u64::from(sum_of_lane);
            sums += LANES as u64 * u64::from(sum_of_sums) - k * u64::from(sum_of_lane);
        }
        for word in rest.chunks_exact(2) {
            sum += u64::from(u16::from_le_bytes([word[0], word[1]]));
            sums += sum % MODULUS;
        }
        sums %= MODULUS;
    }
    if sum == 0 {
        return 0;
    }
    // Sums that are folded and not divided become 65535 where the remainder is 0.
    let folded = |sum: u64| match 256 * (sum % MODULUS) % MODULUS {
        0 => MODULUS,
        rest => rest,
    };
    u32::try_from(folded(sums) << 16 | folded(sum)).expect("two numbers of 16 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Word for word as it is defined.
    fn by_definition(bytes: &[u8]) -> u32 {
        let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
        let (mut first, mut second) = (0_u32, 0_u32);
        for word in bytes.chunks_exact(2) {
            first = fold(first + u32::from(u16::from_be_bytes([word[0], word[1]])));
            second = fold(second + first);
        }
        fold(second) << 16 | fold(first)
    }

    proptest! {
        #[test]
        fn the_checksum_is_the_one_that_is_defined(
            start in prop::collection::vec(any::<u8>(), 0..200),
            length in 0..40_000usize,
            fill in prop::sample::select(vec![0, 1, 0x7f, 0xff]),
        ) {
            let mut bytes = start;
            bytes.resize(bytes.len().max(length) / 2 * 2, fill);
            prop_assert_eq!(fletcher32(&bytes), by_definition(&bytes));
        }
    }

    #[test]
    fn sums_do_not_overflow() {
        let bytes = vec![0xff; 1 << 22];
        assert_eq!(fletcher32(&bytes), by_definition(&bytes));
        assert_eq!(fletcher32(&[0; 4096]), 0);
    }
}
