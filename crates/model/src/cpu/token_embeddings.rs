use bytemuck::{cast_slice, cast_slice_mut};
use cognate_kernels::{AlignedBuffer, SharedBuffer};

use crate::Result;

/// The number of values that are quantized at a time, while they are in the second-level cache.
const BLOCK_VALUES: usize = 64 * 1024;

/// The number of f32 in a cache line, at which parts of a buffer start.
const LINE: usize = 16;

/// The embeddings of all tokens, `[vocab_size, hidden_size]`.
#[derive(Debug)]
pub(super) enum TokenEmbeddings {
    F32(SharedBuffer),
    /// Quantized codes from −127 to 127, with one scale for each row.
    Int8 {
        /// The codes as bytes, `[vocab_size, hidden_size]`.
        codes: SharedBuffer,
        /// `[vocab_size]`
        scales: SharedBuffer,
    },
}

/// The packed form of the embeddings, in one buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableShape {
    pub(super) rows: usize,
    pub(super) width: usize,
    pub(super) int8: bool,
}

impl TableShape {
    /// Returns the number of floats of the buffer.
    pub(super) fn packed_len(self) -> usize {
        let values = self.rows * self.width;
        if self.int8 {
            self.scales_len() + values.div_ceil(size_of::<f32>())
        } else {
            values
        }
    }

    /// Returns the number of floats that the scales take in the buffer, before the codes.
    fn scales_len(self) -> usize {
        self.rows.next_multiple_of(LINE)
    }

    /// Packs the rows that `read` reads in order, a block at a time.
    pub(super) fn pack(
        self,
        mut read: impl FnMut(&mut [f32]) -> Result<()>,
    ) -> Result<SharedBuffer> {
        let mut packed = AlignedBuffer::zeroed(self.packed_len());
        if !self.int8 {
            read(packed.as_mut_slice())?;
            return Ok(packed.into());
        }
        let (scales, codes) = packed.as_mut_slice().split_at_mut(self.scales_len());
        let codes: &mut [i8] = cast_slice_mut(codes);
        let block_rows = (BLOCK_VALUES / self.width).max(1);
        let mut block = vec![0.0; block_rows.min(self.rows) * self.width];
        for (scales, codes) in scales[..self.rows]
            .chunks_mut(block_rows)
            .zip(codes.chunks_mut(block_rows * self.width))
        {
            let block = &mut block[..scales.len() * self.width];
            read(block)?;
            let rows = block.chunks_exact(self.width);
            for ((row, scale), codes) in rows.zip(scales).zip(codes.chunks_mut(self.width)) {
                *scale = quantize(row, codes);
            }
        }
        Ok(packed.into())
    }

    /// Returns the embeddings in a buffer of [`packed_len`](Self::packed_len) floats.
    pub(super) fn embeddings(self, packed: &SharedBuffer) -> TokenEmbeddings {
        if self.int8 {
            TokenEmbeddings::Int8 {
                codes: packed.slice(self.scales_len()..packed.len()),
                scales: packed.slice(0..self.rows),
            }
        } else {
            TokenEmbeddings::F32(packed.clone())
        }
    }
}

/// Quantizes a row to 8 bits and returns its scale.
fn quantize(row: &[f32], codes: &mut [i8]) -> f32 {
    let largest = row.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let scale = (largest / 127.0).max(f32::MIN_POSITIVE);
    for (code, x) in codes.iter_mut().zip(row) {
        // Rounds to the nearest integer, ties to even: between 1.5 · 2²³ and 2²⁴ adjacent f32 values
        // differ by 1, so the sum is rounded, and its last byte is the integer.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the last byte is an integer from -127 to 127"
        )]
        let rounded = (x / scale + 12_582_912.0).to_bits() as i8;
        *code = rounded;
    }
    scale
}

impl TokenEmbeddings {
    /// Adds the embedding of token `id` to `row`, `[hidden_size]`.
    pub(super) fn add(&self, id: usize, row: &mut [f32]) {
        let width = row.len();
        match self {
            Self::F32(values) => {
                for (to, value) in row.iter_mut().zip(&values[id * width..][..width]) {
                    *to += value;
                }
            }
            Self::Int8 { codes, scales } => {
                let codes: &[i8] = cast_slice(codes.as_bytes());
                for (to, &code) in row.iter_mut().zip(&codes[id * width..][..width]) {
                    *to += f32::from(code) * scales[id];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantized_row_is_within_half_a_quantization_step_in_every_block() {
        // Three blocks of rows, the last one shorter, with a row of zeros; the width is odd.
        let shape = TableShape {
            rows: 2 * (BLOCK_VALUES / 33) + 5,
            width: 33,
            int8: true,
        };
        let value = |i: usize| {
            if i / 33 == 7 {
                0.0
            } else {
                let step = u16::try_from(i * 37 % 1001).unwrap();
                (f32::from(step) - 500.0) / 500.0
            }
        };
        let mut next = 0;
        let packed = shape
            .pack(|block| {
                for x in block {
                    *x = value(next);
                    next += 1;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(next, shape.rows * shape.width);
        assert_eq!(packed.len(), shape.packed_len());
        let table = shape.embeddings(&packed);
        for id in 0..shape.rows {
            let mut row = [0.0; 33];
            table.add(id, &mut row);
            for (i, found) in row.into_iter().enumerate() {
                let value = value(id * 33 + i);
                assert!((found - value).abs() <= 0.501 / 127.0, "{found} {value}");
                assert!(id != 7 || found.to_bits() == 0);
            }
        }
    }
}
