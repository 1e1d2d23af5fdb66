//! Convolutions of square grids by the discrete Fourier transform, with the same bits for any number of threads.
//!
//! A transform of two dimensions is one of all rows, then one of all columns. [`LANES`] rows are transformed
//! together, so that each step is the same arithmetic on adjacent numbers. The spectrum is in bit-reversed order,
//! which is as good as any other for a product of two spectra.

use std::f64::consts::PI;

use rayon::prelude::*;

/// The number of rows that are transformed together.
pub(super) const LANES: usize = 16;

/// A square grid of complex numbers, `[size, size]`, in panels of [`LANES`] rows. The numbers of a column are
/// adjacent in a panel. The size is a power of two, at least [`LANES`].
pub(super) struct Grid {
    size: usize,
    pub(super) re: Vec<f32>,
    pub(super) im: Vec<f32>,
}

/// Two kernels of convolutions, as spectra in the order of [`Fourier`].
pub(super) struct Spectra {
    /// A complex kernel.
    re: Vec<f32>,
    im: Vec<f32>,
    /// A kernel that is real and even, whose spectrum is real too.
    even: Vec<f32>,
}

/// The discrete Fourier transform of grids of one size, by the algorithm of Cooley and Tukey ("An algorithm for
/// the machine calculation of complex Fourier series", Mathematics of Computation 19, 1965).
pub(super) struct Fourier {
    size: usize,
    /// The roots of unity e^(−2πik/size) for k below half of the size.
    roots: Vec<(f32, f32)>,
}

impl Grid {
    pub(super) fn zeros(size: usize) -> Self {
        Self {
            size,
            re: vec![0.0; size * size],
            im: vec![0.0; size * size],
        }
    }

    /// Returns the position of a number in `re` and `im`.
    pub(super) fn at(&self, row: usize, column: usize) -> usize {
        row / LANES * self.panel_len() + column * LANES + row % LANES
    }

    pub(super) fn panel_len(&self) -> usize {
        LANES * self.size
    }

    /// Returns the first panels, with their numbers.
    fn panels(
        &mut self,
        count: usize,
    ) -> impl IndexedParallelIterator<Item = (usize, (&mut [f32], &mut [f32]))> {
        let len = self.panel_len();
        let re = self.re.par_chunks_mut(len).take(count);
        re.zip(self.im.par_chunks_mut(len)).enumerate()
    }
}

impl Fourier {
    pub(super) fn new(size: usize) -> Self {
        let size_as_real = f64::from(u32::try_from(size).unwrap_or(u32::MAX));
        let root = |k: u32| {
            let angle = -2.0 * PI * f64::from(k) / size_as_real;
            #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
            (angle.cos() as f32, angle.sin() as f32)
        };
        let half = u32::try_from(size / 2).unwrap_or(u32::MAX);
        Self {
            size,
            roots: (0..half).map(root).collect(),
        }
    }

    /// Returns the frequency, below the size, that is at a position of a spectrum.
    fn frequency(&self, position: usize) -> usize {
        position.reverse_bits() >> (usize::BITS - self.size.trailing_zeros())
    }

    /// Returns the spectra of two kernels. `kernel` is a complex kernel, and `even` has a real and even one in its
    /// real part. `factor` scales the spectra, by the frequency of a dimension.
    pub(super) fn spectra(
        &self,
        mut kernel: Grid,
        mut even: Grid,
        factor: impl Fn(usize) -> f32,
    ) -> Spectra {
        let factors: Vec<f32> = (0..self.size)
            .map(|at| factor(self.frequency(at)))
            .collect();
        let mut spectrum = Grid::zeros(self.size);
        for grid in [&mut kernel, &mut even] {
            self.transform_rows(grid, self.size);
            let whole = &*grid;
            let panels = self.size / LANES;
            spectrum.panels(panels).for_each(|(panel, (re, im))| {
                transpose(&whole.re, re, panel, self.size);
                transpose(&whole.im, im, panel, self.size);
                self.forward(re, im);
                for (row, (re, im)) in re
                    .chunks_exact_mut(LANES)
                    .zip(im.chunks_exact_mut(LANES))
                    .enumerate()
                {
                    let columns = &factors[panel * LANES..];
                    for ((re, im), column) in re.iter_mut().zip(im).zip(columns) {
                        *re *= factors[row] * column;
                        *im *= factors[row] * column;
                    }
                }
            });
            std::mem::swap(grid, &mut spectrum);
        }
        Spectra {
            re: kernel.re,
            im: kernel.im,
            even: even.re,
        }
    }

    /// Replaces the first `rows` rows of `grid`, whose others are zero, by the rows of their convolution with the
    /// complex kernel. Returns the sum of the products of all pairs of numbers of the grid and the even kernel of
    /// their distance. `buffer` has the same size, and any content.
    pub(super) fn convolve(
        &self,
        grid: &mut Grid,
        rows: usize,
        buffer: &mut Grid,
        kernels: &Spectra,
    ) -> f64 {
        self.transform_rows(grid, rows);
        let from = &*grid;
        let panels = self.size / LANES;
        let sums: Vec<f64> = buffer
            .panels(panels)
            .map(|(panel, (re, im))| {
                transpose(&from.re, re, panel, self.size);
                transpose(&from.im, im, panel, self.size);
                self.forward(re, im);
                let at = panel * re.len();
                let sum = multiply(re, im, kernels, at);
                self.inverse(re, im);
                sum
            })
            .collect();
        let from = &*buffer;
        grid.panels(rows / LANES).for_each(|(panel, (re, im))| {
            transpose(&from.re, re, panel, self.size);
            transpose(&from.im, im, panel, self.size);
            self.inverse(re, im);
        });
        sums.iter().sum()
    }

    /// Transforms each of the first `rows` rows.
    fn transform_rows(&self, grid: &mut Grid, rows: usize) {
        let panels = grid.panels(rows / LANES);
        panels.for_each(|(_, (re, im))| self.forward(re, im));
    }

    /// Transforms the rows of a panel into bit-reversed order (decimation in frequency).
    fn forward(&self, re: &mut [f32], im: &mut [f32]) {
        let mut half = self.size / 2;
        while half > 0 {
            let stride = self.size / 2 / half;
            self.for_each_pair(re, im, half, |a, b, k| {
                let (cos, sin) = self.roots[k * stride];
                for lane in 0..LANES {
                    let (re, im) = (a.0[lane] - b.0[lane], a.1[lane] - b.1[lane]);
                    a.0[lane] += b.0[lane];
                    a.1[lane] += b.1[lane];
                    b.0[lane] = re * cos - im * sin;
                    b.1[lane] = re * sin + im * cos;
                }
            });
            half /= 2;
        }
    }

    /// Transforms the rows of a panel back from bit-reversed order (decimation in time). The result is `size`
    /// times as large as the numbers were.
    fn inverse(&self, re: &mut [f32], im: &mut [f32]) {
        let mut half = 1;
        while half < self.size {
            let stride = self.size / 2 / half;
            self.for_each_pair(re, im, half, |a, b, k| {
                let (cos, sin) = self.roots[k * stride];
                for lane in 0..LANES {
                    let re = b.0[lane] * cos + b.1[lane] * sin;
                    let im = b.1[lane] * cos - b.0[lane] * sin;
                    b.0[lane] = a.0[lane] - re;
                    b.1[lane] = a.1[lane] - im;
                    a.0[lane] += re;
                    a.1[lane] += im;
                }
            });
            half *= 2;
        }
    }

    /// Calls `act` with each pair of columns that are `half` apart in blocks of twice that many, and the position
    /// of the first in its block.
    fn for_each_pair(
        &self,
        re: &mut [f32],
        im: &mut [f32],
        half: usize,
        act: impl Fn(Columns<'_>, Columns<'_>, usize),
    ) {
        let block = 2 * half * LANES;
        for (re, im) in re.chunks_exact_mut(block).zip(im.chunks_exact_mut(block)) {
            let (re_a, re_b) = re.split_at_mut(block / 2);
            let (im_a, im_b) = im.split_at_mut(block / 2);
            let a = re_a.as_chunks_mut().0.iter_mut();
            let a = a.zip(im_a.as_chunks_mut().0);
            let b = re_b.as_chunks_mut().0.iter_mut();
            let b = b.zip(im_b.as_chunks_mut().0);
            for (k, (a, b)) in a.zip(b).enumerate() {
                act(a, b, k);
            }
        }
    }
}

/// The real and imaginary parts of a column of a panel.
type Columns<'a> = (&'a mut [f32; LANES], &'a mut [f32; LANES]);

/// Copies the columns `panel` · [`LANES`] and following of a grid of `size` into a panel, as its rows.
fn transpose(from: &[f32], panel_of: &mut [f32], panel: usize, size: usize) {
    let block = LANES * LANES;
    for (from, to) in from
        .chunks_exact(LANES * size)
        .zip(panel_of.chunks_exact_mut(block))
    {
        let from = &from[panel * block..][..block];
        for row in 0..LANES {
            for column in 0..LANES {
                to[row * LANES + column] = from[column * LANES + row];
            }
        }
    }
}

/// Multiplies a part of a spectrum, from position `at` on, with the complex kernel. Returns the sum of the squares
/// of the spectrum, weighted by the even kernel.
fn multiply(re: &mut [f32], im: &mut [f32], kernels: &Spectra, at: usize) -> f64 {
    let range = at..at + re.len();
    let kernel = kernels.re[range.clone()]
        .iter()
        .zip(&kernels.im[range.clone()]);
    let kernel = kernel.zip(&kernels.even[range]);
    let mut sum = 0.0;
    for ((re, im), ((kernel_re, kernel_im), even)) in re.iter_mut().zip(im).zip(kernel) {
        sum += f64::from((*re * *re + *im * *im) * even);
        let product = *re * kernel_re - *im * kernel_im;
        *im = *re * kernel_im + *im * kernel_re;
        *re = product;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Random;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "numbers are small")]
    fn a_convolution_agrees_with_sums() {
        for size in [16, 32, 64] {
            let rows = size / 2;
            let mut random = Random::new(size as u64);
            let mut value = || random.below(1000) as f32 / 500.0 - 1.0;
            let mut grid = Grid::zeros(size);
            let mut placed = Vec::new();
            for row in 0..rows.max(LANES) {
                for column in 0..size / 2 {
                    let at = grid.at(row, column);
                    grid.re[at] = value();
                    placed.push((row, column, f64::from(grid.re[at])));
                }
            }
            // A kernel at the distance of two numbers, of which negative ones are at the end.
            let kernel = |dy: usize, dx: usize| {
                let signed = |d: usize| {
                    if d > size / 2 {
                        d as f64 - size as f64
                    } else {
                        d as f64
                    }
                };
                let (y, x) = (signed(dy), signed(dx));
                let near = 1.0 / (1.0 + x * x + y * y);
                (x * near, (y + 0.5) * near, near)
            };
            let (mut complex, mut even) = (Grid::zeros(size), Grid::zeros(size));
            for row in 0..size {
                for column in 0..size {
                    let (re, im, near) = kernel(row, column);
                    let at = complex.at(row, column);
                    #[expect(clippy::cast_possible_truncation, reason = "rounded to f32")]
                    let (re, im, near) = (re as f32, im as f32, near as f32);
                    (complex.re[at], complex.im[at], even.re[at]) = (re, im, near);
                }
            }
            let fourier = Fourier::new(size);
            let scale = 1.0 / size as f32;
            let spectra = fourier.spectra(complex, even, |_| scale);
            let mut buffer = Grid::zeros(size);
            let sum = fourier.convolve(&mut grid, rows.max(LANES), &mut buffer, &spectra);
            let mut expected_sum = 0.0;
            for &(row, column, own) in &placed {
                let mut expected = (0.0, 0.0);
                for &(y, x, value) in &placed {
                    let wrapped = |a: usize, b: usize| (a + size - b) % size;
                    let (re, im, near) = kernel(wrapped(row, y), wrapped(column, x));
                    expected.0 += value * re;
                    expected.1 += value * im;
                    expected_sum += own * value * near;
                }
                let at = grid.at(row, column);
                assert!((f64::from(grid.re[at]) - expected.0).abs() < 1e-3);
                assert!((f64::from(grid.im[at]) - expected.1).abs() < 1e-3);
            }
            assert!((sum - expected_sum).abs() < 1e-3 * placed.len() as f64);
        }
    }
}
