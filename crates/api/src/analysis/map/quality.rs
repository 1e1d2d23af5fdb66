//! How much of what is near stays near on a map.

use rayon::prelude::*;

use super::repulsion::Point;

/// The number of points that are looked at, if there are as many.
const SAMPLE: usize = 1000;

/// Returns the share of the points in `nearest` of a point that are as near to it on the map, 0 to 1: of the k nearest
/// points of a point, how many are among its k nearest on the map. It is the mean over the first points, which are a
/// random sample, and 1 if there is none with a neighbor.
///
/// # Complexity
///
/// O(points) for each of at most 1,000 points.
pub(super) fn share_kept(points: &[Point], nearest: &[Vec<u32>]) -> f32 {
    let sample = points.len().min(SAMPLE);
    let kept = |point: usize| {
        let list = &nearest[point];
        let [x, y] = points[point];
        let mut others: Vec<(f32, u32)> = (0_u32..)
            .zip(points)
            .filter(|(other, _)| *other as usize != point)
            .map(|(other, place)| {
                let (dx, dy) = (x - place[0], y - place[1]);
                (dx * dx + dy * dy, other)
            })
            .collect();
        let k = list.len();
        if k < others.len() {
            others.select_nth_unstable_by(k, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        let near = &others[..k];
        let is_kept = |&&one: &&u32| near.iter().any(|(_, other)| *other == one);
        list.iter().filter(is_kept).count()
    };
    let kept: usize = (0..sample).into_par_iter().map(kept).sum();
    let all: usize = nearest[..sample].iter().map(Vec::len).sum();
    if all == 0 {
        return 1.0;
    }
    let real = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    #[expect(clippy::cast_possible_truncation, reason = "a share, rounded to f32")]
    let share = (real(kept) / real(all)) as f32;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbors_that_are_near_are_counted() {
        let points = [[0.0, 0.0], [1.0, 0.0], [2.5, 0.0], [9.0, 0.0]];
        let share = |nearest: &[&[u32]]| {
            let nearest: Vec<Vec<u32>> = nearest.iter().map(|list| list.to_vec()).collect();
            share_kept(&points, &nearest)
        };
        assert_eq!(
            share(&[&[1], &[0], &[1], &[2]]).to_bits(),
            1.0_f32.to_bits()
        );
        assert_eq!(
            share(&[&[2], &[0], &[0], &[2]]).to_bits(),
            0.5_f32.to_bits()
        );
        let all: &[&[u32]] = &[&[1, 2, 3], &[0, 2, 3], &[0, 1, 3], &[2, 1, 0]];
        assert_eq!(share(all).to_bits(), 1.0_f32.to_bits());
        assert_eq!(share(&[&[], &[], &[], &[]]).to_bits(), 1.0_f32.to_bits());
        assert_eq!(share_kept(&[], &[]).to_bits(), 1.0_f32.to_bits());
    }
}
