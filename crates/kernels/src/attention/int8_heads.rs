use std::ops::Range;

use bytemuck::cast_slice_mut;

use super::panel::{PANEL_VECTORS, Panel};
use super::quantize::{QuantizeKeys, QuantizeQueries, QuantizeValues};
use super::score::{CodeProducts, Score};
use super::scratch::AttentionScratch;
use super::sequence::{Part, Sequence};
use super::softmax::ExponentialCodes;
use super::weigh::{Factors, ScaledFactors};
use crate::simd::{GROUP, LANES};
use crate::tile::Rows;

impl Sequence<'_> {
    /// Computes the attention of `queries` from 8-bit codes, whose products are summed exactly, in the
    /// heads that share the keys of `key_head`.
    ///
    /// The steps are the same as in [`float_heads`](Self::float_heads).
    pub(super) fn int8_heads(
        &self,
        key_head: usize,
        queries: Range<usize>,
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let (cpu, tokens, head_size) = (self.cpu, self.tokens, self.attention.head_size);
        let padded_size = head_size.next_multiple_of(LANES);
        let (words, groups) = (padded_size / GROUP, tokens.div_ceil(GROUP));
        let codes = &mut scratch.codes;
        let keys: &mut [i32] = cast_slice_mut(codes.keys.first(tokens * words));
        let values: &mut [i32] = cast_slice_mut(codes.values.first(groups * padded_size));
        let value_scales = codes.value_scales.first(padded_size);
        let key_scale = cpu.run(QuantizeKeys {
            rows: self.rows(Part::Keys, key_head, 0),
            tokens,
            size: head_size,
            words: keys,
        });
        cpu.run(QuantizeValues {
            rows: self.rows(Part::Values, key_head, 0),
            tokens,
            size: head_size,
            words: values,
            scales: value_scales,
        });
        for head in self.attention.heads_of(key_head) {
            let bias = self.bias(head, &queries, &mut scratch.bias);
            for panel in Panel::split(cpu, queries.clone()) {
                let Panel { vectors, .. } = panel;
                let width = panel.width();
                let panel_keys = self.attention.mask.keys_of(&panel, tokens);
                let key_groups = panel_keys.range.len().div_ceil(GROUP);
                let packed = scratch.queries.first(padded_size * width);
                let scores = scratch.scores.first(panel_keys.range.len() * width);
                let query_codes: &mut [i32] = cast_slice_mut(codes.queries.first(words * width));
                let weights: &mut [i32] = cast_slice_mut(codes.weights.first(key_groups * width));
                let [mut scales, mut offsets] = [[[0.0; LANES]; PANEL_VECTORS]; 2];
                self.pack_queries(head, &panel, packed);
                cpu.run(QuantizeQueries {
                    packed,
                    vectors,
                    key_scale,
                    words: query_codes,
                    scales: scales.as_flattened_mut(),
                    offsets: offsets.as_flattened_mut(),
                });
                let score = Score {
                    products: CodeProducts {
                        keys: Rows {
                            values: keys,
                            stride: words,
                            step: 1,
                        },
                        groups: words,
                        queries: query_codes,
                        scales: scales.as_flattened(),
                        offsets: offsets.as_flattened(),
                    },
                    keys: &panel_keys,
                    vectors,
                    bias: bias.map(|bias| bias.starting_at(panel.first)),
                    scores,
                };
                let largest = score.compute(cpu);
                let sums = cpu.run(ExponentialCodes {
                    scores,
                    vectors,
                    largest,
                    codes: weights,
                });
                let first_group = panel_keys.range.start / GROUP;
                let products = ScaledFactors {
                    codes: Factors {
                        weights,
                        panel_width: width,
                        steps: first_group..first_group + key_groups,
                        all_steps: groups,
                        values,
                    },
                    scales: value_scales,
                };
                cpu.run(self.weigh(head, &panel, products, sums.as_flattened(), &queries, out));
            }
        }
    }
}
