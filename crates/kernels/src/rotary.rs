#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::Cpu;
use crate::heads::check_heads;
use crate::simd::{Kernel, LANES, Simd};

/// The angles of rotary position embeddings (<https://arxiv.org/abs/2104.09864>), which the caller
/// computes.
#[derive(Clone, Copy, Debug)]
pub struct Rotary<'a> {
    /// The cosines, `[positions, head_size / 2]`.
    pub cos: &'a [f32],
    /// The sines, `[positions, head_size / 2]`.
    pub sin: &'a [f32],
    /// The number of values of a head, which is even.
    pub head_size: usize,
}

impl Cpu {
    /// Rotates the first `heads` heads of every row by the position of the row: row i is at
    /// `first_position + i`. Rows are `stride` apart, and the last one may end after its heads.
    ///
    /// Value i of a head, x, and value `i + head_size / 2`, y, become `x · cos − y · sin` and
    /// `y · cos + x · sin`. The product with the sine is rounded, then a fused multiply-add adds the
    /// other. Every level gives the same bits.
    ///
    /// # Panics
    ///
    /// Panics if `head_size` is odd or 0, if a row is shorter than its heads, or if the tables end
    /// before the last position.
    pub fn rotate(
        self,
        rotary: Rotary<'_>,
        first_position: usize,
        x: &mut [f32],
        stride: usize,
        heads: usize,
    ) {
        let size = rotary.head_size;
        assert!(
            size != 0 && size.is_multiple_of(2),
            "head_size must be even and not 0"
        );
        let width = heads * size;
        check_heads(x, stride, width);
        let start = first_position * (size / 2);
        let end = start + x.len().div_ceil(stride) * (size / 2);
        assert!(
            rotary.cos.len() >= end && rotary.sin.len() >= end,
            "the tables of cosines and sines end before the last position"
        );
        if width != 0 {
            self.run(Rotate {
                x,
                stride,
                width,
                cos: &rotary.cos[start..end],
                sin: &rotary.sin[start..end],
                half: size / 2,
            });
        }
    }
}

struct Rotate<'a> {
    x: &'a mut [f32],
    stride: usize,
    /// The values of a row that are rotated.
    width: usize,
    /// The cosines of each row, `[rows, half]`.
    cos: &'a [f32],
    /// The sines of each row, `[rows, half]`.
    sin: &'a [f32],
    half: usize,
}

impl Kernel for Rotate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let half = self.half;
        let angles = self.cos.chunks_exact(half).zip(self.sin.chunks_exact(half));
        for (row, (cos, sin)) in self.x.chunks_mut(self.stride).zip(angles) {
            let ((cos, cos_tail), (sin, sin_tail)) =
                (cos.as_chunks::<LANES>(), sin.as_chunks::<LANES>());
            let cos_tail = s.load_partial(cos_tail, 0.0);
            let sin_tail = s.load_partial(sin_tail, 0.0);
            for head in row[..self.width].chunks_exact_mut(2 * half) {
                let (first, second) = head.split_at_mut(half);
                let (first, first_tail) = first.as_chunks_mut::<LANES>();
                let (second, second_tail) = second.as_chunks_mut::<LANES>();
                for ((first, second), (cos, sin)) in
                    first.iter_mut().zip(second).zip(cos.iter().zip(sin))
                {
                    let [x, y] = turn(s, [s.load(first), s.load(second)], s.load(cos), s.load(sin));
                    s.store(x, first);
                    s.store(y, second);
                }
                if !first_tail.is_empty() {
                    let [x, y] = [&*first_tail, &*second_tail].map(|x| s.load_partial(x, 0.0));
                    let [x, y] = turn(s, [x, y], cos_tail, sin_tail);
                    s.store_partial(x, first_tail);
                    s.store_partial(y, second_tail);
                }
            }
        }
    }
}

/// Rotates 16 pairs of values.
#[inline(always)]
fn turn<S: Simd>(s: S, [x, y]: [S::F; 2], cos: S::F, sin: S::F) -> [S::F; 2] {
    let minus_y = s.sub(s.splat(0.0), y);
    [
        s.fma(x, cos, s.mul(minus_y, sin)),
        s.fma(y, cos, s.mul(x, sin)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    #[test]
    fn every_level_equals_the_reference_at_every_size() {
        for (rows, heads, size, gap) in [
            (1, 1, 2, 0),
            (5, 3, 10, 7),
            (4, 2, 32, 1),
            (9, 4, 64, 64),
            (3, 1, 66, 3),
            (6, 2, 96, 0),
            (2, 0, 8, 1),
        ] {
            let (half, stride, first) = (size / 2, heads * size + gap, 3);
            let angles: Vec<f32> = numbers(1, (first + rows) * half)
                .iter()
                .map(|x| 7.0 * x)
                .collect();
            let [cos, sin] =
                [f32::cos, f32::sin].map(|f| angles.iter().map(|x| f(*x)).collect::<Vec<_>>());
            // The last row ends after its heads.
            let x = numbers(2, (rows - 1) * stride + heads * size);
            let mut expected = x.clone();
            for (row, values) in expected.chunks_mut(stride).enumerate() {
                for head in values[..heads * size].chunks_mut(size) {
                    for i in 0..half {
                        let (x, y) = (head[i], head[i + half]);
                        let angle = (first + row) * half + i;
                        head[i] = x.mul_add(cos[angle], -(y * sin[angle]));
                        head[i + half] = y.mul_add(cos[angle], x * sin[angle]);
                    }
                }
            }
            for cpu in Cpu::available() {
                let rotary = Rotary {
                    cos: &cos,
                    sin: &sin,
                    head_size: size,
                };
                let mut found = x.clone();
                cpu.rotate(rotary, first, &mut found, stride, heads);
                assert_eq!(found, expected, "{cpu:?} {size}");
            }
        }
    }

    #[test]
    #[should_panic = "the tables of cosines and sines end before the last position"]
    fn a_position_past_the_tables_panics() {
        let rotary = Rotary {
            cos: &[1.0; 4],
            sin: &[0.0; 4],
            head_size: 4,
        };
        Cpu::detect().rotate(rotary, 1, &mut [0.0; 8], 4, 1);
    }
}
