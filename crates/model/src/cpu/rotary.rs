use std::sync::{Arc, Mutex, PoisonError};

use cognate_kernels::{Cpu, Rotary};

use super::description::RotaryFrequencies;

/// The cosines and sines of a rotary position embedding, computed for the positions of the longest
/// text so far.
#[derive(Debug)]
pub(super) struct RotaryTable {
    frequencies: RotaryFrequencies,
    max_positions: usize,
    angles: Mutex<Arc<Angles>>,
}

/// The cosine and sine of each angle, `[positions, head_size / 2]` each.
#[derive(Debug, Default)]
pub(super) struct Angles {
    head_size: usize,
    positions: usize,
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl RotaryTable {
    pub(super) fn new(frequencies: RotaryFrequencies, max_positions: usize) -> Self {
        Self {
            frequencies,
            max_positions,
            angles: Mutex::default(),
        }
    }

    /// Returns the angles of at least `positions` positions, which are at most `max_positions`.
    pub(super) fn angles(&self, positions: usize) -> Arc<Angles> {
        /// The number of positions of a typical document.
        const MIN_POSITIONS: usize = 512;
        let mut angles = self.angles.lock().unwrap_or_else(PoisonError::into_inner);
        if angles.positions < positions {
            // Twice as many each time, so that growing text by text takes linear time.
            let positions = positions.next_power_of_two().max(MIN_POSITIONS);
            let positions = positions.min(self.max_positions);
            *angles = Arc::new(Angles::new(&self.frequencies, positions));
        }
        Arc::clone(&angles)
    }
}

impl Angles {
    fn new(frequencies: &RotaryFrequencies, positions: usize) -> Self {
        let half = frequencies.of_pairs.len();
        let mut angles = Self {
            head_size: 2 * half,
            positions,
            cos: Vec::with_capacity(positions * half),
            sin: Vec::with_capacity(positions * half),
        };
        for position in 0..positions {
            for frequency in &frequencies.of_pairs {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "positions are small, and transformers computes the angles in f32 too"
                )]
                let angle = f64::from(position as f32 * frequency);
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "rounds to the nearest value of the table's number format"
                )]
                let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
                angles.cos.push(cos * frequencies.scale);
                angles.sin.push(sin * frequencies.scale);
            }
        }
        angles
    }
}

/// The rotation of the queries and keys of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rotation<'a> {
    pub(super) angles: &'a Angles,
    /// The first row of each text of the batch, and the number of rows.
    pub(super) offsets: &'a [usize],
}

impl Rotation<'_> {
    /// Rotates the first `heads` heads of `rows`, each `stride` wide, which are the rows of the
    /// batch from `first_row` on.
    pub(super) fn apply(
        self,
        cpu: Cpu,
        first_row: usize,
        rows: &mut [f32],
        stride: usize,
        heads: usize,
    ) {
        let rotary = Rotary {
            cos: &self.angles.cos,
            sin: &self.angles.sin,
            head_size: self.angles.head_size,
        };
        let last_row = first_row + rows.len() / stride;
        // The text of the first row: the last one that starts at or before it.
        let text = self.offsets.partition_point(|&start| start <= first_row) - 1;
        for bounds in self.offsets[text..].windows(2) {
            let (start, end) = (bounds[0].max(first_row), bounds[1].min(last_row));
            if start >= last_row {
                break;
            }
            if start < end {
                let rows = &mut rows[(start - first_row) * stride..(end - first_row) * stride];
                cpu.rotate(rotary, start - bounds[0], rows, stride, heads);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THETA: f32 = 10_000.0;
    const HEAD_SIZE: usize = 6;

    /// Rotates one head by its position, straight from the definition.
    fn rotated(head: &[f32], position: usize) -> Vec<f32> {
        let half = HEAD_SIZE / 2;
        let angle = |at: usize| {
            #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
            let (position, exponent) = (position as f64, 2.0 * at as f64 / HEAD_SIZE as f64);
            #[expect(clippy::cast_possible_truncation, reason = "a reference needs no f64")]
            let angle = (position / f64::from(THETA).powf(exponent)) as f32;
            angle
        };
        let first = |at: usize| head[at] * angle(at).cos() - head[at + half] * angle(at).sin();
        let second = |at: usize| head[at + half] * angle(at).cos() + head[at] * angle(at).sin();
        (0..half).map(first).chain((0..half).map(second)).collect()
    }

    #[test]
    fn the_table_grows_with_the_texts_and_keeps_its_values() {
        let table = RotaryTable::new(RotaryFrequencies::of_base(THETA, HEAD_SIZE), 2000);
        let few = table.angles(3);
        assert_eq!(few.positions, 512);
        let more = table.angles(513);
        assert_eq!(more.positions, 1024);
        assert_eq!(few.cos, more.cos[..few.cos.len()]);
        assert_eq!(few.sin, more.sin[..few.sin.len()]);
        assert_eq!(table.angles(1025).positions, 2000);
        assert_eq!(table.angles(1).positions, 2000);
    }

    #[test]
    fn each_row_is_rotated_by_its_position_in_its_text() {
        const HEADS: usize = 2;
        const STRIDE: usize = HEADS * HEAD_SIZE + 1;
        let lengths = [3, 0, 2, 4, 0];
        let mut offsets = vec![0];
        for length in lengths {
            offsets.push(offsets[offsets.len() - 1] + length);
        }
        let positions: Vec<usize> = lengths.iter().flat_map(|&length| 0..length).collect();
        let value = |at: usize| f32::from(u8::try_from(at * 37 % 101).unwrap()) / 50.0 - 1.0;
        let rows: Vec<f32> = (0..positions.len() * STRIDE).map(value).collect();
        let mut expected = rows.clone();
        for (row, &position) in expected.chunks_mut(STRIDE).zip(&positions) {
            for head in row[..HEADS * HEAD_SIZE].chunks_mut(HEAD_SIZE) {
                let rotated = rotated(head, position);
                head.copy_from_slice(&rotated);
            }
        }
        let table = RotaryTable::new(RotaryFrequencies::of_base(THETA, HEAD_SIZE), 10);
        let angles = table.angles(4);
        let rotation = Rotation {
            angles: &angles,
            offsets: &offsets,
        };
        for chunk in 1..=positions.len() {
            let mut found = rows.clone();
            for (index, rows) in found.chunks_mut(chunk * STRIDE).enumerate() {
                rotation.apply(Cpu::detect(), index * chunk, rows, STRIDE, HEADS);
            }
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
    }
}
