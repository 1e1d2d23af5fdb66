//! Encoding of rotated rows.

use cognate_kernels::LeadingCodes;
use ndarray::ArrayView1;

use super::scalar::{
    MAX_CODE, code, norm, paired_position, quantization_error, round_up, split, step_for,
};

/// Writes the leading dimensions of a rotated row to a lane of a panel. Returns the residual norm as
/// it is stored there.
pub(super) fn encode_leading(
    y: ArrayView1<'_, f64>,
    leading: usize,
    panel: &mut [f32],
    lane: usize,
) -> f32 {
    const LANES: usize = LeadingCodes::PANEL_ROWS;
    const GROUP: usize = LeadingCodes::GROUP;
    let (values, residual) = split(y, leading);
    let (codes, factors) = panel.split_at_mut(leading * LANES / GROUP);
    let codes: &mut [[i8; GROUP]] = bytemuck::cast_slice_mut(codes);
    let value = |i: usize| values.get(i).copied().unwrap_or_default();
    let pair_sums = (0..leading / 2).map(|i| (value(i) + value(leading - 1 - i)).abs());
    let largest = values.iter().map(|x| x.abs()).chain(pair_sums);
    let scale = round_up(largest.fold(0.0, f64::max) / MAX_CODE);
    let mut sum = 0;
    for (i, &x) in values.iter().enumerate() {
        let code = row_code(x, scale);
        let position = paired_position(i, leading);
        codes[position / GROUP * LANES + lane][position % GROUP] = code;
        sum += i32::from(code);
    }
    let residual_norm = round_up(norm(residual.iter().copied()));
    let (starts, factors) = factors.split_at_mut(LANES);
    bytemuck::cast_slice_mut(starts)[lane] = -LeadingCodes::OFFSET * sum;
    factors[lane] = scale;
    factors[LANES + lane] = round_up(quantization_error(values, scale));
    factors[2 * LANES + lane] = residual_norm;
    residual_norm
}

/// Writes the residual dimensions of a rotated row, whose residual norm is stored as
/// `residual_norm`: codes, scale and bound correction.
pub(super) fn encode_residual(
    y: ArrayView1<'_, f64>,
    leading: usize,
    residual_norm: f32,
    row: &mut [f32],
) {
    let (codes, factors) = row.split_at_mut(row.len() - 2);
    let codes: &mut [i8] = bytemuck::cast_slice_mut(codes);
    let (_, residual) = split(y, leading);
    let scale = step_for(residual, MAX_CODE);
    for (stored, &x) in codes.iter_mut().zip(residual) {
        *stored = row_code(x, scale);
    }
    let error = quantization_error(residual, scale);
    factors[0] = scale;
    factors[1] = round_up(error - f64::from(residual_norm));
}

#[expect(clippy::cast_possible_truncation, reason = "the code is at most 127")]
fn row_code(x: f64, scale: f32) -> i8 {
    code(x, scale) as i8
}
