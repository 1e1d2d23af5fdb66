//! Checks of Parquet's delta encodings of byte arrays, whose decoders trust the lengths in a page.
//!
//! The encodings are described in <https://parquet.apache.org/docs/file-format/data-pages/encodings/>.

use super::levels::unsigned;

/// Checks the values of a page in the encoding `DELTA_LENGTH_BYTE_ARRAY`: lengths, then all bytes.
/// `max` is the maximum number of values.
pub(super) fn check_lengths(page: &[u8], max: usize) -> Result<usize, &'static str> {
    let mut bytes = 0_usize;
    let (count, end) = integers(page, max, |length| {
        let length = usize::try_from(length).map_err(|_| "a negative length of a text")?;
        bytes = bytes.saturating_add(length);
        Ok(())
    })?;
    if bytes > page.len() - end {
        return Err("texts that are longer than their page");
    }
    Ok(count)
}

/// Checks the values of a page in the encoding `DELTA_BYTE_ARRAY`: lengths of prefixes, then suffixes
/// in the encoding that [`check_lengths`] checks.
pub(super) fn check_prefixes(page: &[u8], max: usize) -> Result<(), &'static str> {
    let (prefixes, end) = integers(page, max, |_| Ok(()))?;
    let suffixes = check_lengths(&page[end..], max)?;
    if prefixes != suffixes {
        return Err("different numbers of prefixes and suffixes");
    }
    Ok(())
}

/// Returns the number of values of a page in the encoding `DELTA_BINARY_PACKED`.
pub(super) fn count(page: &[u8], max: usize) -> Result<usize, &'static str> {
    Header::read(&mut &*page, max).map(|header| header.count)
}

/// The header of a sequence of integers.
struct Header {
    values_per_miniblock: usize,
    miniblocks: usize,
    count: usize,
    first: i64,
}

impl Header {
    fn read(rest: &mut &[u8], max: usize) -> Result<Self, &'static str> {
        let truncated = "a header that is cut off";
        let mut next = || unsigned(rest).ok_or(truncated);
        let (block, miniblocks, count, first) = (next()?, next()?, next()?, next()?);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count > max {
            return Err("a sequence of more values than its page has");
        }
        let sizes = usize::try_from(block).ok().zip(miniblocks.try_into().ok());
        match sizes {
            Some((block, miniblocks))
                if block > 0
                    && block.is_multiple_of(128)
                    && miniblocks > 0
                    && block.is_multiple_of(miniblocks)
                    && (block / miniblocks).is_multiple_of(32) =>
            {
                Ok(Self {
                    values_per_miniblock: block / miniblocks,
                    miniblocks,
                    count,
                    first: signed(first),
                })
            }
            _ => Err("blocks of a wrong size"),
        }
    }
}

/// Passes the integers at the start of `page` to `each`, as `DELTA_BINARY_PACKED` of 32 bits encodes
/// them. Returns their number and the position of their end.
fn integers(
    page: &[u8],
    max: usize,
    mut each: impl FnMut(i32) -> Result<(), &'static str>,
) -> Result<(usize, usize), &'static str> {
    let truncated = "a block that is cut off";
    let mut rest = page;
    let header = Header::read(&mut rest, max)?;
    // Sums wrap, as they do in the decoder.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "integers of 32 bits are meant"
    )]
    let wrapped = |value: i64| value as i32;
    let mut value = wrapped(header.first);
    let mut left = header.count;
    if left > 0 {
        each(value)?;
        left -= 1;
    }
    while left > 0 {
        let min_delta = signed(unsigned(&mut rest).ok_or(truncated)?);
        if i32::try_from(min_delta).is_err() {
            return Err("a difference that is too large");
        }
        let (widths, deltas) = rest.split_at_checked(header.miniblocks).ok_or(truncated)?;
        rest = deltas;
        for &width in widths {
            if left == 0 {
                break;
            }
            if width > 32 {
                return Err("integers of more than 32 bits");
            }
            let bytes = header.values_per_miniblock / 8 * usize::from(width);
            let (packed, after) = rest.split_at_checked(bytes).ok_or(truncated)?;
            rest = after;
            let count = left.min(header.values_per_miniblock);
            for at in 0..count {
                let delta = i64::from(unpacked(packed, at, width));
                value = value.wrapping_add(wrapped(min_delta + delta));
                each(value)?;
            }
            left -= count;
        }
    }
    Ok((header.count, page.len() - rest.len()))
}

/// Returns the integer at an index of integers of `width` bits, the lowest bits first.
fn unpacked(packed: &[u8], at: usize, width: u8) -> u32 {
    let bit = at * usize::from(width);
    let bytes = packed[bit / 8..].iter().take(5);
    let word = bytes
        .rev()
        .fold(0_u64, |word, &byte| word << 8 | u64::from(byte));
    let mask = (1_u64 << width) - 1;
    u32::try_from(word >> (bit % 8) & mask).unwrap_or_default()
}

/// Decodes the zigzag form of a signed integer.
fn signed(zigzag: u64) -> i64 {
    (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacks_integers_across_bytes() {
        // 3, 5, 7, 1 and 6 in three bits each.
        let packed = [0b1110_1011, 0b0110_0011];
        let values: Vec<u32> = (0..5).map(|at| unpacked(&packed, at, 3)).collect();
        assert_eq!(values, [3, 5, 7, 1, 6]);
        assert_eq!(unpacked(&[0xff; 5], 1, 32), 0xff);
        assert_eq!(unpacked(&[], 7, 0), 0);
    }

    #[test]
    fn a_sequence_of_equal_integers_may_be_long_but_not_longer_than_the_page_has_values() {
        let too_many = "a sequence of more values than its page has";
        // Blocks of 2^30 values in one miniblock of 0 bits; 2^31 values; the first one is 1.
        let page = [
            0x80, 0x80, 0x80, 0x80, 0x04, 1, 0x80, 0x80, 0x80, 0x80, 0x08, 2, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(check_lengths(&page, 1 << 24), Err(too_many));
        assert_eq!(count(&page, 1 << 24), Err(too_many));
        // Blocks of 128 values; 3 values of length 1; three bytes.
        let page = [0x80, 1, 4, 3, 2, 0, 0, 0, 0, 0, b'a', b'b', b'c'];
        assert_eq!(check_lengths(&page, 3), Ok(3));
        assert_eq!(
            check_lengths(&page[..12], 3),
            Err("texts that are longer than their page")
        );
        assert_eq!(check_lengths(&page, 2), Err(too_many));
    }
}
