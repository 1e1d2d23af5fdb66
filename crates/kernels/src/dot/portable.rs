use super::{LANES, Tile};

/// The order of summation, written down as plainly as it goes.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Tile for Portable {
    fn tile<const Q: usize, const R: usize>(
        self,
        queries: [&[f32]; Q],
        rows: [&[f32]; R],
    ) -> [[f32; R]; Q] {
        queries.map(|query| rows.map(|row| dot(query, row)))
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (a, a_tail) = a.as_chunks::<LANES>();
    let (b, b_tail) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        accumulate(&mut lanes, a, b);
    }
    accumulate(&mut lanes, a_tail, b_tail);
    let mut half = LANES / 2;
    while half > 0 {
        let (low, high) = lanes.split_at_mut(half);
        low.iter_mut()
            .zip(high)
            .for_each(|(low, high)| *low += *high);
        half /= 2;
    }
    lanes[0]
}

fn accumulate(lanes: &mut [f32; LANES], a: &[f32], b: &[f32]) {
    for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
        *lane = a.mul_add(*b, *lane);
    }
}
