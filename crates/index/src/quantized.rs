//! Quantized codes: rows in 8 bits with proven bounds, which decide which rows are read in f32.
//!
//! Rows are rotated so that the leading dimensions hold most of their variance (PCA), and quantized
//! to 8 bits. A search computes an upper bound of every score from the leading dimensions, and a
//! tighter second bound from the residual dimensions for the rows whose first bound reaches the
//! threshold, which is the k-th best score so far.
//!
//! # First bound
//!
//! Let `R` be an orthogonal matrix, `q` a query and `x` a row, both unit vectors; `z = Rq` and
//! `y = Rx`. The leading dimensions of `y` are stored as `scale · c`, where `c` are codes of 8 bits,
//! together with the quantization error `error = ‖y_leading − scale · c‖` and the residual norm
//! `‖y_residual‖`. The leading dimensions of the query are quantized as `step · d`, where `d` are
//! codes of 8 bits. By the Cauchy–Schwarz inequality
//!
//! ```text
//! q·x = z·y + qᵀ(I − RᵀR)x
//! z·y = z_leading·(scale c) + z_leading·(y_leading − scale c) + z_residual·y_residual
//!     ≤ z_leading·(scale c) + ‖z_leading‖ · error             + ‖z_residual‖ · ‖y_residual‖
//! z_leading·(scale c) ≤ step · scale · (d·c) + ‖z_leading − step d‖ · ‖scale c‖
//! ```
//!
//! `d·c` is an exact sum of integers. Dimensions are stored in pairs of one with large values and
//! one with small values, whose codes sum to at most 127 apart from rounding, so that a pair of
//! products fits in 16 bits. `‖scale c‖ ≤ ‖y_leading‖ + error`, where the error is at most
//! `√leading / 127` times the norm: the largest value of a row is at most its norm, and `scale` is
//! at most twice that divided by 127. The norm of a row is below 1.005.
//!
//! The following terms for rounding are added to the right-hand side:
//!
//! - `‖RᵀR − I‖` in the Frobenius norm, measured, because the rotation is not exactly orthogonal.
//! - `(⌈dim/64⌉ + 7) · 2⁻²⁴` for the score itself: [`dot`](cognate_kernels::Cpu::dot) puts each
//!   product through this many roundings, and unit vectors have `Σ|qᵢxᵢ| ≤ 1`.
//! - 2 · 10⁻⁶ for the bound itself: the sum of codes, its product with the step, and three fused
//!   multiply-adds are rounded to f32. All of these values are below 4, so each rounding error is at
//!   most 2⁻²³.
//! - 10⁻⁹ for the rotations, which are computed in f64 with errors below 10⁻¹¹, and for values so
//!   small that their rounding error is not proportional to them.
//!
//! Norms are computed in f64, increased by a relative 10⁻⁹, and rounded up to f32.
//!
//! Hence no score is above its bound, and a row whose bound is below the k-th best score so far is
//! not a hit.
//!
//! # Second bound
//!
//! The residual dimensions of a row are stored too, as `scale' · c'` with 8-bit codes, with the
//! error `error' = ‖y_residual − scale' · c'‖`; those of the query are quantized as `step' · d'` with
//! 16 bits. They are stored row by row, apart from the leading dimensions, and are read only for
//! rows that pass the first bound. In the same way
//!
//! ```text
//! z_residual·y_residual ≤ step' · scale' · (d'·c') + ‖z_residual − step' d'‖ · ‖scale' c'‖
//!                       + ‖z_residual‖ · error'
//! ```
//!
//! and this replaces the term `‖z_residual‖ · ‖y_residual‖` of the first bound. Each row stores a
//! bound correction, `correction ≥ error' − residual_norm`, where `residual_norm` is the rounded
//! value that the first bound uses, and the difference is rounded up. Then
//!
//! ```text
//! bound' = bound + step' · scale' · (d'·c') + ‖z_residual‖ · correction + slack'
//! ```
//!
//! where `slack'` is `1.2 · ‖z_residual − step' d'‖` plus the same 2 · 10⁻⁶ and 10⁻⁹ as above: a sum
//! of codes, its product with the step, two fused multiply-adds and an addition are rounded, all of
//! values below 4. The second bound exceeds the score only by the error of 8-bit codes in all
//! dimensions, so few rows pass it that are not hits.
//!
//! # Sources
//!
//! Bounds from a rotation and residual norms: `ADSampling` (<https://arxiv.org/abs/2303.09855>,
//! where they are estimates) and PDX-BOND (<https://arxiv.org/abs/2503.04422>). Small codes with
//! bounds: the VA-file (Weber, Schek and Blott, *A Quantitative Analysis and Performance Study for
//! Similarity-Search Methods in High-Dimensional Spaces*, VLDB 1998).

mod file;
mod layout;
mod leading_dims;
mod query;
mod rotation;
mod row_codes;
mod rows;
mod scalar;

pub(crate) use layout::BLOCK_ROWS;
pub(crate) use query::EncodedQueries;
pub(crate) use rows::QuantizedRows;

#[cfg(test)]
mod tests;
