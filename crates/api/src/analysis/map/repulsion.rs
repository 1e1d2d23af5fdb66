//! The repulsion between all points of a layout.
//!
//! Up to [`MAX_EXACT`] points, it is summed over all pairs. The repulsion of more points is interpolated from a
//! grid, as in the method of Linderman and others ("Fast interpolation-based t-SNE for improved visualization of
//! single-cell RNA-seq data", Nature Methods 16, 2019), in the form of fields (Pezzotti and others, "GPGPU linear
//! complexity t-SNE optimization", IEEE Transactions on Visualization and Computer Graphics 26, 2020): the points
//! are spread over the nodes of a grid, the grid is convolved with the kernel of the force, and each point reads
//! its force from the nodes around it. Points are spread and read with cubic B-splines, whose blur is divided out of
//! the spectrum of the kernel (Essmann and others, "A smooth particle mesh Ewald method", The Journal of Chemical
//! Physics 103, 1995).

use std::f64::consts::PI;

use rayon::prelude::*;

use super::fourier::{Fourier, Grid, LANES, Spectra};

/// A place on a map.
pub(super) type Point = [f32; 2];

/// The largest number of points whose repulsion is summed over all pairs.
const MAX_EXACT: usize = 300;

/// The distances of adjacent nodes to choose from, unless the grid would become too large. Forces change over a distance
/// of 1. Between points that are nearer than that, they are 1% too small on the finest of these grids, and 16% on the
/// coarsest.
const SPACINGS: [f64; 3] = [0.25, 0.35, 0.5];

/// The largest size of the grid. Half of it in each dimension has points.
const MAX_SIZE: usize = 2048;

/// The least size of the grid.
const MIN_SIZE: usize = 4 * LANES;

/// The number of nodes of a dimension among which a point is spread.
const SPREAD: usize = 4;

/// The fewest points that a thread takes at a time.
const MIN_POINTS: usize = 512;

/// The repulsion between points: the force on each, and the sum over all pairs that normalizes it.
#[derive(Default)]
pub(super) struct Repulsion {
    forces: Vec<Point>,
    field: Option<Field>,
}

/// A grid on which the repulsion of points is computed.
struct Field {
    spacing: f64,
    size: usize,
    fourier: Fourier,
    kernels: Spectra,
    grid: Grid,
    buffer: Grid,
}

/// The nodes among which a point is spread: the first of each dimension, and the weights of the nodes from there.
struct Nodes {
    first: [usize; 2],
    weights: [[f32; SPREAD]; 2],
}

impl Repulsion {
    /// Computes the repulsion of points: for each point the sum of (a − b) / (1 + |a − b|²)² over all others.
    /// Returns the sum of 1 / (1 + |a − b|²) over all ordered pairs of different points.
    pub(super) fn compute(&mut self, points: &[Point]) -> f64 {
        self.forces.resize(points.len(), [0.0; 2]);
        if points.len() <= MAX_EXACT {
            return self.compute_exactly(points);
        }
        let (low, span) = bounds(points);
        let (spacing, size) = grid_for(span);
        let field = match self.field.take() {
            // A grid that is larger than necessary does as well.
            Some(field) if is_same(field.spacing, spacing) && field.size >= size => field,
            _ => Field::new(spacing, size),
        };
        self.field
            .insert(field)
            .compute(points, low, &mut self.forces)
    }

    /// Returns the force on each point.
    pub(super) fn forces(&self) -> &[Point] {
        &self.forces
    }

    fn compute_exactly(&mut self, points: &[Point]) -> f64 {
        let mut total = 0.0;
        for (force, a) in self.forces.iter_mut().zip(points) {
            *force = [0.0; 2];
            let mut sum = 0.0;
            for b in points {
                let d = [a[0] - b[0], a[1] - b[1]];
                let near = 1.0 / (1.0 + d[0] * d[0] + d[1] * d[1]);
                sum += near;
                force[0] += d[0] * near * near;
                force[1] += d[1] * near * near;
            }
            // Each point is at distance 0 from itself.
            total += f64::from(sum) - 1.0;
        }
        total
    }
}

/// Returns the least coordinates of points, and the larger of the extents of the two dimensions.
fn bounds(points: &[Point]) -> (Point, f64) {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for point in points {
        for (axis, coordinate) in point.iter().enumerate() {
            low[axis] = low[axis].min(*coordinate);
            high[axis] = high[axis].max(*coordinate);
        }
    }
    let extent = |axis: usize| f64::from(high[axis]) - f64::from(low[axis]);
    (low, extent(0).max(extent(1)))
}

/// Returns the spacing and the size of a grid for points within an extent: the size that the coarsest of the
/// [`SPACINGS`] needs, and the finest spacing for which that size is enough.
fn grid_for(span: f64) -> (f64, usize) {
    let [.., mut coarsest] = SPACINGS;
    loop {
        if let Some(size) = size_for(span, coarsest) {
            let fits =
                |spacing: &f64| size_for(span, *spacing).is_some_and(|needed| needed <= size);
            let spacing = SPACINGS.into_iter().find(fits).unwrap_or(coarsest);
            return (spacing, size);
        }
        coarsest *= 1.25;
    }
}

/// Returns the size of a grid with a spacing for points within an extent, or `None` if it is too large.
fn size_for(span: f64, spacing: f64) -> Option<usize> {
    // The nodes of a point begin at it and end three nodes after it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, which is too large"
    )]
    let nodes = ((span / spacing).ceil() as usize).saturating_add(SPREAD + 1);
    let size = nodes.saturating_mul(2).checked_next_power_of_two()?;
    (size <= MAX_SIZE).then_some(size.max(MIN_SIZE))
}

#[expect(clippy::float_cmp, reason = "spacings are computed by the same steps")]
fn is_same(a: f64, b: f64) -> bool {
    a == b
}

impl Field {
    fn new(spacing: f64, size: usize) -> Self {
        let fourier = Fourier::new(size);
        Self {
            spacing,
            size,
            kernels: kernels(&fourier, spacing, size),
            fourier,
            grid: Grid::zeros(size),
            buffer: Grid::zeros(size),
        }
    }

    /// Computes the forces on points, of which `low` are the least coordinates, and returns the sum over all
    /// pairs.
    fn compute(&mut self, points: &[Point], low: Point, forces: &mut [Point]) -> f64 {
        let rows = self.size / 2;
        #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
        let per_unit = (1.0 / self.spacing) as f32;
        let nodes = |point: &Point| Nodes::of(*point, low, per_unit);
        self.spread(points, &nodes);
        let fourier = &self.fourier;
        let sum = fourier.convolve(&mut self.grid, rows, &mut self.buffer, &self.kernels);
        let grid = &self.grid;
        forces
            .par_iter_mut()
            .with_min_len(MIN_POINTS)
            .zip(points)
            .for_each(|(force, point)| *force = nodes(point).read(grid));
        // The sum has the pair of each point with itself, whose distance is 0.
        sum - f64::from(u32::try_from(points.len()).unwrap_or(u32::MAX))
    }

    /// Spreads points over the grid. Each panel of the grid is filled by one thread, with its points in order.
    fn spread(&mut self, points: &[Point], nodes: &(impl Fn(&Point) -> Nodes + Sync)) {
        let panels = self.size / 2 / LANES;
        let first_panel = |point: &Point| nodes(point).first[0] / LANES;
        let panel_of: Vec<usize> = points
            .par_iter()
            .with_min_len(MIN_POINTS)
            .map(first_panel)
            .collect();
        let (starts, order) = sort_by_panel(&panel_of, panels);
        let len = self.grid.panel_len();
        let re = self.grid.re.par_chunks_mut(len).take(panels);
        let im = self.grid.im.par_chunks_mut(len);
        re.zip(im).enumerate().for_each(|(panel, (re, im))| {
            re.fill(0.0);
            im.fill(0.0);
            // The nodes of points in the panel before may reach into this one.
            for from in panel.saturating_sub(1)..=panel {
                for &point in &order[starts[from]..starts[from + 1]] {
                    nodes(&points[point]).add_to(re, panel);
                }
            }
        });
    }
}

/// Sorts points by their panels. Returns where the points of each panel start, and the points, in order for each
/// panel.
fn sort_by_panel(panel_of: &[usize], panels: usize) -> (Vec<usize>, Vec<usize>) {
    let mut starts = vec![0; panels + 1];
    for &panel in panel_of {
        starts[panel + 1] += 1;
    }
    for panel in 0..panels {
        starts[panel + 1] += starts[panel];
    }
    let mut next = starts.clone();
    let mut order = vec![0; panel_of.len()];
    for (point, &panel) in panel_of.iter().enumerate() {
        order[next[panel]] = point;
        next[panel] += 1;
    }
    (starts, order)
}

/// Returns the spectra of the kernels of the force, (x + iy) / (1 + x² + y²)², and of the sum, 1 / (1 + x² + y²).
fn kernels(fourier: &Fourier, spacing: f64, size: usize) -> Spectra {
    let (mut force, mut sum) = (Grid::zeros(size), Grid::zeros(size));
    let signed = |at: usize| {
        let distance = at.min(size - at);
        let distance = spacing * f64::from(u32::try_from(distance).unwrap_or(u32::MAX));
        // No two points are half of the grid apart, so the sign there means nothing.
        if at > size / 2 { -distance } else { distance }
    };
    for row in 0..size {
        for column in 0..size {
            let (x, y) = (signed(column), signed(row));
            let near = 1.0 / (1.0 + x * x + y * y);
            let at = force.at(row, column);
            #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
            let (x, y, near) = (
                (x * near * near) as f32,
                (y * near * near) as f32,
                near as f32,
            );
            (force.re[at], force.im[at], sum.re[at]) = (x, y, near);
        }
    }
    let size = f64::from(u32::try_from(size).unwrap_or(u32::MAX));
    fourier.spectra(force, sum, |frequency| {
        let frequency = f64::from(u32::try_from(frequency).unwrap_or(u32::MAX));
        // The spectrum of a cubic B-spline at the nodes. It blurs twice: when points are spread and when they are
        // read. A transform and its inverse together multiply by the size of each dimension.
        let blur = (2.0 + (2.0 * PI * frequency / size).cos()) / 3.0;
        #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
        let factor = (1.0 / (blur * blur * size)) as f32;
        factor
    })
}

impl Nodes {
    fn of(point: Point, low: Point, per_unit: f32) -> Self {
        let mut nodes = Self {
            first: [0; 2],
            weights: [[0.0; SPREAD]; 2],
        };
        // Rows are y, and columns are x.
        for (dimension, axis) in [1, 0].into_iter().enumerate() {
            // The nodes of a point are counted from the first one of the first point.
            let at = (point[axis] - low[axis]) * per_unit;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not negative, and less than the size of the grid"
            )]
            let first = at as usize;
            #[expect(clippy::cast_precision_loss, reason = "less than the size of the grid")]
            let t = at - first as f32;
            let s = 1.0 - t;
            nodes.first[dimension] = first;
            nodes.weights[dimension] = [
                s * s * s / 6.0,
                (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0,
                (4.0 - 6.0 * s * s + 3.0 * s * s * s) / 6.0,
                t * t * t / 6.0,
            ];
        }
        nodes
    }

    /// Adds the point to its nodes in a panel.
    fn add_to(&self, values: &mut [f32], panel: usize) {
        let [first_row, first_column] = self.first;
        for (row, row_weight) in (first_row..).zip(self.weights[0]) {
            if row / LANES == panel {
                for (column, weight) in (first_column..).zip(self.weights[1]) {
                    values[column * LANES + row % LANES] += row_weight * weight;
                }
            }
        }
    }

    /// Returns the value of a grid at the point.
    fn read(&self, grid: &Grid) -> Point {
        let [first_row, first_column] = self.first;
        let mut value = [0.0; 2];
        for (column, column_weight) in (first_column..).zip(self.weights[1]) {
            for (row, weight) in (first_row..).zip(self.weights[0]) {
                let (at, weight) = (grid.at(row, column), column_weight * weight);
                value[0] += weight * grid.re[at];
                value[1] += weight * grid.im[at];
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Random;

    #[expect(clippy::cast_precision_loss, reason = "numbers are small")]
    fn random_points(count: usize, extent: f32) -> Vec<Point> {
        let mut random = Random::new(count as u64);
        let mut value = || (random.below(1_000_000) as f32 / 1e6 - 0.5) * extent;
        (0..count).map(|_| [value(), value() / 2.0]).collect()
    }

    #[test]
    fn the_grid_gives_the_forces_of_all_pairs() {
        for (count, extent) in [(500, 1e-3), (500, 20.0), (2000, 60.0), (700, 200.0)] {
            let points = random_points(count, extent);
            let (mut exact, mut grid) = (Repulsion::default(), Repulsion::default());
            exact.forces.resize(count, [0.0; 2]);
            let exact_sum = exact.compute_exactly(&points);
            let sum = grid.compute(&points);
            let largest = exact.forces().iter().flatten();
            let largest = largest.fold(0.0_f32, |most, force| most.max(force.abs()));
            for (found, expected) in grid.forces().iter().zip(exact.forces()) {
                for (found_one, expected_one) in found.iter().zip(expected) {
                    let difference = (found_one - expected_one).abs();
                    // The widest points have the coarsest of the grids.
                    let tolerance = if extent > 100.0 { 0.2 } else { 0.05 };
                    assert!(
                        difference <= tolerance * largest.max(0.05),
                        "{count} {extent}: {found:?} {expected:?}"
                    );
                }
            }
            let tolerance = 0.02 * f64::from(u32::try_from(count).unwrap());
            assert!(
                (sum - exact_sum).abs() < tolerance.max(0.01 * exact_sum),
                "{sum} {exact_sum}"
            );
        }
    }

    #[test]
    fn a_grid_has_room_for_its_points() {
        for span in [0.0, 1.0, 13.0, 14.0, 250.0, 252.0, 1e4, 1e9] {
            let (spacing, size) = grid_for(span);
            assert!(span / spacing + 4.0 < f64::from(u32::try_from(size / 2).unwrap()));
            assert!((MIN_SIZE..=MAX_SIZE).contains(&size), "{span}: {size}");
        }
    }

    #[test]
    fn the_forces_have_the_same_bits_for_any_number_of_threads() {
        let points = random_points(3000, 40.0);
        let compute = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let mut repulsion = Repulsion::default();
            let sum = pool.build().unwrap().install(|| repulsion.compute(&points));
            let bits = repulsion.forces().iter().flatten().map(|x| x.to_bits());
            (sum.to_bits(), bits.collect::<Vec<_>>())
        };
        let one = compute(1);
        assert!(compute(2) == one && compute(3) == one && compute(4) == one);
    }
}
