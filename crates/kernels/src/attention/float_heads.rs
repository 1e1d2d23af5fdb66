use std::ops::Range;

use super::pack::PackValues;
use super::panel::Panel;
use super::score::{FloatProducts, Score};
use super::scratch::AttentionScratch;
use super::sequence::{Part, Sequence};
use super::softmax::Exponentials;
use super::weigh::Factors;
use crate::simd::LANES;

impl Sequence<'_> {
    /// Computes the attention of `queries` in f32, in the heads that share the keys of `key_head`.
    ///
    /// Each step is a kernel of its own: in one function of all steps, the compiler runs out of
    /// registers in the inner loops.
    pub(super) fn float_heads(
        &self,
        key_head: usize,
        queries: Range<usize>,
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let (cpu, tokens, head_size) = (self.cpu, self.tokens, self.attention.head_size);
        let keys = self.rows(Part::Keys, key_head, 0);
        let padded_size = head_size.next_multiple_of(LANES);
        let values = scratch.values.first(tokens * padded_size);
        cpu.run(PackValues {
            rows: self.rows(Part::Values, key_head, 0),
            tokens,
            size: head_size,
            packed: values,
        });
        for head in self.attention.heads_of(key_head) {
            let bias = self.bias(head, &queries, &mut scratch.bias);
            for panel in Panel::split(cpu, queries.clone()) {
                let Panel { vectors, .. } = panel;
                let width = panel.width();
                let panel_keys = self.attention.mask.keys_of(&panel, tokens);
                let packed = scratch.queries.first(padded_size * width);
                let scores = scratch.scores.first(panel_keys.range.len() * width);
                self.pack_queries(head, &panel, packed);
                let score = Score {
                    products: FloatProducts {
                        keys,
                        head_size,
                        queries: packed,
                    },
                    keys: &panel_keys,
                    vectors,
                    bias: bias.map(|bias| bias.starting_at(panel.first)),
                    scores,
                };
                let largest = score.compute(cpu);
                let sums = cpu.run(Exponentials {
                    scores,
                    vectors,
                    largest,
                });
                let products = Factors {
                    weights: scores,
                    panel_width: width,
                    steps: panel_keys.range,
                    all_steps: tokens,
                    values,
                };
                cpu.run(self.weigh(head, &panel, products, sums.as_flattened(), &queries, out));
            }
        }
    }
}
