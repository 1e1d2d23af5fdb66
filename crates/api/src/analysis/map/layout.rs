//! The layout itself: t-SNE (van der Maaten and Hinton, "Visualizing data using t-SNE", Journal of Machine Learning
//! Research 9, 2008), in which near papers attract each other and all points repel each other.
//!
//! In each epoch, every point moves by a force that follows from the places of all points after the epoch before.
//! Each sum has one order, so the layout has the same bits for any number of threads.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::affinities::{Affinities, real};
use super::repulsion::{Point, Repulsion};

/// The number of epochs in which attraction is exaggerated, so that groups find each other.
const EARLY_EPOCHS: usize = 250;

/// The factor by which attraction is exaggerated.
const EXAGGERATION: f32 = 12.0;

/// The share of a movement that continues in the next epoch: in the early epochs, and afterwards.
const MOMENTUM: [f32; 2] = [0.5, 0.8];

/// The longest movement in an epoch along each axis.
const MAX_STEP: f32 = 5.0;

/// The fewest points that a thread takes at a time.
const MIN_POINTS: usize = 256;

/// How a point moves.
#[derive(Clone, Copy)]
struct Motion {
    step: Point,
    /// The factor of the learning rate along each axis, which grows while a point goes on in one direction (Jacobs,
    /// "Increased rates of convergence through learning rate adaptation", Neural Networks 1, 1988).
    gain: Point,
}

/// Moves points from their start to a layout. `progress` is called before each epoch with the number of epochs done.
/// Returns `None` if it breaks.
pub(super) fn lay_out(
    affinities: &Affinities,
    mut points: Vec<Point>,
    epochs: usize,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Option<Vec<Point>> {
    let still = Motion {
        step: [0.0; 2],
        gain: [1.0; 2],
    };
    let mut motions = vec![still; points.len()];
    let mut repulsion = Repulsion::default();
    for epoch in 0..epochs {
        if progress(epoch).is_break() {
            return None;
        }
        let is_early = epoch < EARLY_EPOCHS.min(epochs / 3);
        let exaggeration = if is_early { EXAGGERATION } else { 1.0 };
        // The rate at which a layout grows and does not oscillate (Belkina and others, "Automated optimized
        // parameters for t-distributed stochastic neighbor embedding", Nature Communications 10, 2019).
        let rate = real(points.len()) / exaggeration;
        let momentum = MOMENTUM[usize::from(!is_early)];
        // A single point has no pair, and no force to normalize.
        let sum = repulsion.compute(&points).max(f64::from(f32::MIN_POSITIVE));
        #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
        let normalization = (1.0 / sum) as f32;
        let old = &points;
        motions
            .par_iter_mut()
            .with_min_len(MIN_POINTS)
            .zip(repulsion.forces())
            .enumerate()
            .for_each(|(point, (motion, repelled))| {
                let attracted = attraction(affinities, old, point);
                for (axis, attracted) in attracted.into_iter().enumerate() {
                    let gradient = exaggeration * attracted - repelled[axis] * normalization;
                    let (step, gain) = (&mut motion.step[axis], &mut motion.gain[axis]);
                    *gain = if (gradient > 0.0) == (*step > 0.0) {
                        (*gain * 0.8).max(0.01)
                    } else {
                        *gain + 0.2
                    };
                    *step = (momentum * *step - rate * *gain * gradient).clamp(-MAX_STEP, MAX_STEP);
                }
            });
        for (point, motion) in points.iter_mut().zip(&motions) {
            for (coordinate, step) in point.iter_mut().zip(motion.step) {
                *coordinate += step;
            }
        }
        center(&mut points);
    }
    Some(points)
}

/// Returns the sum of the attraction by other points, as the distance from them.
fn attraction(affinities: &Affinities, points: &[Point], point: usize) -> Point {
    let [x, y] = points[point];
    let mut sum = [0.0; 2];
    for &(other, weight) in affinities.of(point) {
        let other = points[other as usize];
        let (dx, dy) = (x - other[0], y - other[1]);
        let force = weight / (1.0 + dx * dx + dy * dy);
        sum[0] += force * dx;
        sum[1] += force * dy;
    }
    sum
}

/// Moves the mean of points to the origin.
fn center(points: &mut [Point]) {
    let count = f64::from(u32::try_from(points.len().max(1)).unwrap_or(u32::MAX));
    for axis in 0..2 {
        let sum: f64 = points.iter().map(|point| f64::from(point[axis])).sum();
        #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
        let mean = (sum / count) as f32;
        for point in points.iter_mut() {
            point[axis] -= mean;
        }
    }
}

/// Moves and scales points so that they fill the square from −1 to 1 in one dimension at least.
pub(super) fn fit(points: &mut [Point]) {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for point in points.iter() {
        for (axis, coordinate) in point.iter().enumerate() {
            low[axis] = low[axis].min(*coordinate);
            high[axis] = high[axis].max(*coordinate);
        }
    }
    let radius = ((high[0] - low[0]) / 2.0).max((high[1] - low[1]) / 2.0);
    let scale = if radius > 0.0 { 1.0 / radius } else { 0.0 };
    for point in points {
        for (axis, coordinate) in point.iter_mut().enumerate() {
            let middle = low[axis] + (high[axis] - low[axis]) / 2.0;
            *coordinate = ((*coordinate - middle) * scale).clamp(-1.0, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Random;

    /// Returns the lists of neighbors of points in groups of `size`, each near the others of its group.
    fn grouped(groups: usize, size: usize, k: usize) -> Vec<Vec<u32>> {
        let mut random = Random::new(3);
        let list = |point: usize| {
            let first = point / size * size;
            let mut list = Vec::new();
            while list.len() < k {
                let other = first + random.below(size);
                if other != point && !list.contains(&u32::try_from(other).unwrap()) {
                    list.push(u32::try_from(other).unwrap());
                }
            }
            list
        };
        (0..groups * size).map(list).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers are small")]
    fn starts(count: usize) -> Vec<Point> {
        let mut random = Random::new(9);
        let mut value = || random.below(1000) as f32 * 1e-7;
        (0..count).map(|_| [value(), value()]).collect()
    }

    fn laid_out(groups: usize, size: usize, epochs: usize) -> Vec<Point> {
        let affinities = Affinities::new(&grouped(groups, size, 5));
        let proceed = &mut |_| ControlFlow::Continue(());
        let mut points = lay_out(&affinities, starts(groups * size), epochs, proceed).unwrap();
        fit(&mut points);
        points
    }

    #[test]
    fn groups_are_apart() {
        // Summed over all pairs, and on a grid.
        for (groups, size) in [(6, 20), (10, 60)] {
            let points = laid_out(groups, size, 600);
            let near = |a: &Point, b: &Point| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
            for (point, place) in points.iter().enumerate() {
                let others = points
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != point);
                let nearest = others.min_by(|a, b| near(place, a.1).total_cmp(&near(place, b.1)));
                let (nearest, _) = nearest.unwrap();
                assert_eq!(nearest / size, point / size, "{point} {nearest}");
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for (groups, size) in [(6, 20), (20, 60)] {
            let laid_out = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let points = pool.build().unwrap().install(|| laid_out(groups, size, 60));
                let bits = points.into_iter().flatten().map(f32::to_bits);
                bits.collect::<Vec<_>>()
            };
            let one = laid_out(1);
            assert!(laid_out(2) == one && laid_out(3) == one && laid_out(4) == one);
        }
    }

    #[test]
    fn few_points_fill_the_square() {
        for count in 0..6_u32 {
            let lists =
                (0..count).map(|point| (0..count).filter(|other| *other != point).collect());
            let affinities = Affinities::new(&lists.collect::<Vec<_>>());
            let proceed = &mut |_| ControlFlow::Continue(());
            let mut points = lay_out(&affinities, starts(count as usize), 300, proceed).unwrap();
            fit(&mut points);
            assert!(
                points.iter().flatten().all(|x| (-1.0..=1.0).contains(x)),
                "{points:?}"
            );
            if count > 1 {
                let largest = points
                    .iter()
                    .flatten()
                    .fold(0.0_f32, |most, x| most.max(x.abs()));
                assert!((largest - 1.0).abs() < 1e-6, "{points:?}");
            }
        }
    }

    #[test]
    fn progress_can_cancel() {
        let affinities = Affinities::new(&grouped(2, 10, 3));
        let mut calls = Vec::new();
        let stop = &mut |epoch| {
            calls.push(epoch);
            if epoch == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        assert!(lay_out(&affinities, starts(20), 50, stop).is_none());
        assert_eq!(calls, [0, 1, 2]);
    }
}
