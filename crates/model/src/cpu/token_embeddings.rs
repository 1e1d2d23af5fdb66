/// The embeddings of all tokens, `[vocab_size, hidden_size]`.
#[derive(Debug)]
pub(super) enum TokenEmbeddings {
    F32(Vec<f32>),
    /// Quantized codes from −127 to 127, with one scale for each row.
    Int8 {
        codes: Vec<i8>,
        scales: Vec<f32>,
    },
}

impl TokenEmbeddings {
    /// Quantizes each row of `values` to 8 bits.
    pub(super) fn quantized(values: &[f32], width: usize) -> Self {
        let mut codes = Vec::with_capacity(values.len());
        let mut scales = Vec::with_capacity(values.len() / width);
        for row in values.chunks_exact(width) {
            let largest = row.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
            let scale = (largest / 127.0).max(f32::MIN_POSITIVE);
            // Rounds to the nearest integer, ties to even: between 1.5 · 2²³ and 2²⁴ adjacent f32
            // values differ by 1, so the sum is rounded, and its last byte is the integer.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the last byte is an integer from -127 to 127"
            )]
            let code = |x: &f32| (x / scale + 12_582_912.0).to_bits() as i8;
            codes.extend(row.iter().map(code));
            scales.push(scale);
        }
        Self::Int8 { codes, scales }
    }

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
    fn a_quantized_row_is_within_half_a_quantization_step() {
        let values = [0.5, -1.0, 0.25, 0.001, 0.0, 0.0, 0.0, 0.0];
        let table = TokenEmbeddings::quantized(&values, 4);
        let mut rows = [0.0; 8];
        table.add(0, &mut rows[..4]);
        table.add(1, &mut rows[4..]);
        for (found, value) in rows.iter().zip(values) {
            assert!((found - value).abs() <= 0.501 / 127.0, "{found} {value}");
        }
        assert_eq!(rows[4..], [0.0; 4]);
    }
}
