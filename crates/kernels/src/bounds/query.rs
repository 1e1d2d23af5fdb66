/// The quantized codes of several queries, with the terms of the bounds of their dot products.
#[derive(Clone, Copy, Debug)]
pub struct QueryCodes<'a> {
    pub(super) words: &'a [i32],
    pub(super) terms: &'a [BoundTerms],
}

impl<'a> QueryCodes<'a> {
    /// Combines the codes of `m` queries with their `terms`, `[m]`.
    ///
    /// For [`first_pass`](crate::Cpu::first_pass), `words` is `[m, groups]`: four codes from −127 to
    /// 127 each, with [`OFFSET`](crate::LeadingCodes::OFFSET) added, the first in the lowest byte. For
    /// [`refine`](crate::Cpu::refine), it is `[m, pairs]`: two 16-bit codes each, the first in the
    /// lower half.
    pub fn new(words: &'a [i32], terms: &'a [BoundTerms]) -> Self {
        Self { words, terms }
    }
}

/// The terms by which a query enters the bound of its dot product with a row.
///
/// `products` is the exact sum of the products of codes, and the factors of the row are those of
/// [`LeadingCodes`](crate::LeadingCodes) and [`ResidualCodes`](crate::ResidualCodes):
///
/// ```text
/// first pass: bound = (scale · products) · row_scale
///                     + leading_norm · row_error + residual_norm · row_residual_norm + slack
/// refinement: bound += (scale · products) · row_scale + residual_norm · row_correction + slack
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BoundTerms {
    /// The quantization step of the query's codes.
    pub scale: f32,
    /// The norm of the query's leading dimensions: the factor of the quantization error of a row.
    /// The refinement does not use it.
    pub leading_norm: f32,
    /// The norm of the query's residual dimensions: the factor of the residual norm of a row, or of
    /// its bound correction.
    pub residual_norm: f32,
    /// The part of the bound that is the same for all rows.
    pub slack: f32,
    /// The smallest bound with which a row is a candidate.
    pub threshold: f32,
}

/// A row whose bound reaches the threshold of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// The index of the query.
    pub query: u32,
    /// The index of the row.
    pub row: u32,
    /// The upper bound of the dot product.
    pub bound: f32,
}
