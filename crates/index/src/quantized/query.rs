//! Encoding of queries.

use cognate_kernels::{BoundTerms, LeadingCodes, QueryCodes};
use ndarray::ArrayView1;

use super::layout::Layout;
use super::rotation::Rotation;
use super::scalar::{
    MAX_CODE, code, norm, paired_position, quantization_error, round_up, split, step_for,
};

/// Queries, quantized for the codes of one segment.
#[derive(Debug, PartialEq)]
pub(crate) struct EncodedQueries {
    leading: EncodedPart,
    residual: EncodedPart,
}

/// Some dimensions of queries in the form of [`QueryCodes`].
#[derive(Debug, Default, PartialEq)]
struct EncodedPart {
    words: Vec<i32>,
    bound_terms: Vec<BoundTerms>,
}

impl EncodedQueries {
    /// Rotates and quantizes queries, `[m, dim]`, unit vectors.
    pub(super) fn new(rotation: &Rotation, layout: Layout, queries: &[f32]) -> Self {
        let rotated = rotation.apply(queries);
        let mut leading = EncodedPart::default();
        let mut residual = EncodedPart::default();
        #[expect(clippy::cast_precision_loss, reason = "there are few dimensions")]
        let roundings = (layout.dim.div_ceil(64) + 7) as f64;
        for z in rotated.outer_iter() {
            let (z_leading, z_residual) = split(z, layout.leading);
            let (step, error) = leading.push_leading(z_leading, layout.leading);
            let slack = max_leading_norm(layout.leading) * error
                + 1.00001 * rotation.distortion()
                + 1.00001 * roundings / f64::from(1 << 24)
                + 2e-6
                + 1e-9;
            let residual_norm = round_up(norm(z_residual.iter().copied()));
            leading.bound_terms.push(BoundTerms {
                scale: step,
                leading_norm: round_up(norm(z_leading.iter().copied())),
                residual_norm,
                slack: round_up(slack),
                threshold: f32::NEG_INFINITY,
            });
            let (step, error) = residual.push_residual(z_residual, layout.residual_pairs());
            residual.bound_terms.push(BoundTerms {
                scale: step,
                leading_norm: 0.0,
                residual_norm,
                slack: round_up(1.2 * error + 2e-6 + 1e-9),
                threshold: f32::NEG_INFINITY,
            });
        }
        Self { leading, residual }
    }

    /// Returns the leading dimensions, the input of [`first_pass`](cognate_kernels::Cpu::first_pass), with
    /// the score threshold of each query. `scratch` holds memory for the result.
    pub(crate) fn leading<'a>(
        &'a self,
        thresholds: impl Iterator<Item = f32>,
        scratch: &'a mut Vec<BoundTerms>,
    ) -> QueryCodes<'a> {
        self.leading.with_thresholds(thresholds, scratch)
    }

    /// Returns the residual dimensions, the input of [`refine`](cognate_kernels::Cpu::refine), with
    /// the score threshold of each query. `scratch` holds memory for the result.
    pub(crate) fn residual<'a>(
        &'a self,
        thresholds: impl Iterator<Item = f32>,
        scratch: &'a mut Vec<BoundTerms>,
    ) -> QueryCodes<'a> {
        self.residual.with_thresholds(thresholds, scratch)
    }
}

impl EncodedPart {
    fn with_thresholds<'a>(
        &'a self,
        thresholds: impl Iterator<Item = f32>,
        scratch: &'a mut Vec<BoundTerms>,
    ) -> QueryCodes<'a> {
        scratch.clone_from(&self.bound_terms);
        for (terms, threshold) in scratch.iter_mut().zip(thresholds) {
            terms.threshold = threshold;
        }
        QueryCodes::new(&self.words, scratch)
    }

    /// Appends the leading dimensions of a query as codes of 8 bits. Returns their step and their
    /// quantization error.
    fn push_leading(&mut self, z: ArrayView1<'_, f64>, leading: usize) -> (f32, f64) {
        let step = step_for(z, MAX_CODE);
        let mut bytes = vec![0; leading];
        for i in 0..leading {
            let code = i32::from(z.get(i).map_or(0, |&x| code(x, step)));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the sum is between 1 and 255"
            )]
            let byte = (code + LeadingCodes::OFFSET) as u8;
            bytes[paired_position(i, leading)] = byte;
        }
        let (groups, _) = bytes.as_chunks();
        self.words
            .extend(groups.iter().map(|group| i32::from_le_bytes(*group)));
        (step, quantization_error(z, step))
    }

    /// Appends the residual dimensions of a query as `pairs` pairs of codes of 16 bits. Returns their
    /// step and their quantization error.
    fn push_residual(&mut self, z: ArrayView1<'_, f64>, pairs: usize) -> (f32, f64) {
        let step = step_for(z, max_residual_code(2 * pairs));
        let code = |i: usize| z.get(i).map_or(0, |&x| code(x, step));
        self.words.extend((0..pairs).map(|pair| {
            let (low, high) = (code(2 * pair), code(2 * pair + 1));
            i32::from(low) & 0xffff | i32::from(high) << 16
        }));
        (step, quantization_error(z, step))
    }
}

/// Returns an upper bound of the norm of the quantized leading dimensions of a row.
#[expect(clippy::cast_precision_loss, reason = "there are few dimensions")]
fn max_leading_norm(leading: usize) -> f64 {
    1.005 * (1.0 + (leading as f64).sqrt() / MAX_CODE)
}

/// Returns the largest code of `dims` residual dimensions of a query for which the sum of products
/// with the codes of a row stays below 2³¹.
fn max_residual_code(dims: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are few dimensions")]
    let dims = dims.max(1) as f64;
    (f64::from(i32::MAX) / (MAX_CODE * dims))
        .floor()
        .min(32_767.0)
}
