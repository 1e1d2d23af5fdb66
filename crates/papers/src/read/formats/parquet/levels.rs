//! The repetition levels of a Parquet page, which tell where a list begins.

/// Reads levels in the hybrid of run lengths and bit packing that pages have.
pub(super) struct Levels<B> {
    bytes: B,
    at: usize,
    /// The number of bits of a level.
    width: u32,
    run: Run,
}

/// The levels that were begun and not returned yet.
enum Run {
    /// A number of equal levels.
    Equal { level: i16, left: usize },
    /// A number of levels from a bit of the bytes on.
    Packed { bit: usize, left: usize },
}

impl<B: AsRef<[u8]>> Levels<B> {
    /// Starts to read levels from 0 to `max`.
    pub(super) fn new(bytes: B, max: i16) -> Self {
        Self {
            bytes,
            at: 0,
            width: u16::BITS - max.unsigned_abs().leading_zeros(),
            run: Run::Equal { level: 0, left: 0 },
        }
    }

    /// Starts the next run, or returns `None` at the end of the bytes.
    fn next_run(&mut self) -> Option<()> {
        let mut rest = &self.bytes.as_ref()[self.at..];
        let before = rest.len();
        let header = unsigned(&mut rest)?;
        let count = usize::try_from(header >> 1).ok()?;
        let mut taken = before - rest.len();
        self.run = if header & 1 == 1 {
            let bit = (self.at + taken) * 8;
            // A group of eight levels takes as many bytes as a level has bits.
            taken += count.checked_mul(self.width as usize)?.min(rest.len());
            Run::Packed {
                bit,
                left: count.checked_mul(8)?,
            }
        } else {
            let size = self.width.div_ceil(8) as usize;
            let value = rest.get(..size)?.iter().rev();
            let level = value.fold(0_i16, |level, &byte| level << 8 | i16::from(byte));
            taken += size;
            Run::Equal { level, left: count }
        };
        self.at += taken;
        Some(())
    }
}

impl<B: AsRef<[u8]>> Iterator for Levels<B> {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        loop {
            match &mut self.run {
                Run::Equal { left: 0, .. } | Run::Packed { left: 0, .. } => self.next_run()?,
                Run::Equal { level, left } => {
                    *left -= 1;
                    return Some(*level);
                }
                Run::Packed { bit, left } => {
                    *left -= 1;
                    let bytes = self.bytes.as_ref();
                    let mut level = 0;
                    for at in 0..self.width as usize {
                        let byte = *bytes.get((*bit + at) / 8)?;
                        level |= i16::from(byte >> ((*bit + at) % 8) & 1) << at;
                    }
                    *bit += self.width as usize;
                    return Some(level);
                }
            }
        }
    }
}

/// Takes an unsigned integer of variable length (LEB128) from the start of `rest`, or returns `None` if
/// it is cut off or has more than 64 bits.
pub(super) fn unsigned(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (at, &byte) in rest.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        let shifted = bits.checked_shl(7 * u32::try_from(at).ok()?)?;
        if shifted >> (7 * at) != bits {
            return None;
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            *rest = &rest[at + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_runs_and_packed_groups() {
        // Three times 1; a group of eight packed bits; twice 0.
        let levels = Levels::new([6, 1, 3, 0b0110_0101, 4, 0], 1);
        let expected = [1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0];
        assert_eq!(levels.collect::<Vec<_>>(), expected);
        // Two bits per level: 2, 1, 3, 0, 0, 0, 0, 0.
        let levels = Levels::new([3, 0b0011_0110, 0], 2);
        assert_eq!(levels.collect::<Vec<_>>(), [2, 1, 3, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn levels_end_where_the_bytes_are_cut_off() {
        assert_eq!(Levels::new([3], 1).count(), 0);
        assert_eq!(Levels::new([6], 1).count(), 0);
        assert_eq!(Levels::new([0x80; 12], 1).count(), 0);
        assert_eq!(Levels::new([0xff; 12], 1).count(), 0);
    }

    #[test]
    fn integers_of_variable_length_have_at_most_64_bits() {
        let read = |bytes: &[u8]| unsigned(&mut &*bytes);
        assert_eq!(read(&[0x96, 1]), Some(150));
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(read(&max), Some(u64::MAX));
        let beyond = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert_eq!(read(&beyond), None);
        assert_eq!(read(&[0x80]), None);
    }
}
