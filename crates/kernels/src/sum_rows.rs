#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use crate::Cpu;
use crate::simd::{Kernel, LANES, Simd};

/// How many rows ahead a row is prefetched.
const AHEAD: usize = 6;

impl Cpu {
    /// Writes the sum of some rows of `table`, `[n, dim]`, to `sums`, `[dim]`. Row i of the sum is row
    /// `rows[i]` of the table, multiplied by `factors[i]` if there are factors.
    ///
    /// Each value is summed in the order of the rows, so every level gives the same bits.
    ///
    /// # Panics
    ///
    /// Panics if `dim` is 0, if a row is not in the table, or if there is not one factor for each row.
    pub fn sum_rows(self, table: &[f32], rows: &[u32], factors: Option<&[f32]>, sums: &mut [f32]) {
        assert!(!sums.is_empty(), "dim must not be 0");
        if let Some(factors) = factors {
            assert_eq!(factors.len(), rows.len(), "a row needs a factor");
        }
        self.run(SumRows {
            table,
            rows,
            factors,
            sums,
        });
    }
}

struct SumRows<'a> {
    table: &'a [f32],
    rows: &'a [u32],
    factors: Option<&'a [f32]>,
    sums: &'a mut [f32],
}

impl Kernel for SumRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        match self.factors {
            None => self.columns::<S, false>(s),
            Some(_) => self.columns::<S, true>(s),
        }
    }
}

impl SumRows<'_> {
    #[inline(always)]
    fn columns<S: Simd, const SCALED: bool>(&mut self, s: S) {
        let dim = self.sums.len();
        let mut column = 0;
        // A level with wide tiles has the registers for many sums, and so reads each row once.
        while S::TILE_VECTORS >= 4 && column + 16 * LANES <= dim {
            self.block::<S, SCALED, 16>(s, column);
            column += 16 * LANES;
        }
        while column + 4 * LANES <= dim {
            self.block::<S, SCALED, 4>(s, column);
            column += 4 * LANES;
        }
        while column + LANES <= dim {
            self.block::<S, SCALED, 1>(s, column);
            column += LANES;
        }
        if column < dim {
            self.last(s, column);
        }
    }

    /// Sums whole vectors of columns.
    #[inline(always)]
    fn block<S: Simd, const SCALED: bool, const V: usize>(&mut self, s: S, column: usize) {
        let dim = self.sums.len();
        let mut sums = [s.splat(0.0); V];
        for (i, &row) in self.rows.iter().enumerate() {
            if let Some(&row) = self.rows.get(i + AHEAD)
                && let Some(values) = self.table.get(row as usize * dim + column..)
            {
                for line in values.as_chunks::<LANES>().0.iter().take(V) {
                    s.prefetch(line);
                }
            }
            let values = &self.table[row as usize * dim + column..][..V * LANES];
            let (values, _) = values.as_chunks::<LANES>();
            for v in 0..V {
                sums[v] = s.add(sums[v], self.value::<S, SCALED>(s, i, s.load(&values[v])));
            }
        }
        let (to, _) = self.sums[column..].as_chunks_mut::<LANES>();
        for v in 0..V {
            s.store(sums[v], &mut to[v]);
        }
    }

    /// Sums the columns after the last whole vector.
    #[inline(always)]
    fn last<S: Simd>(&mut self, s: S, column: usize) {
        let dim = self.sums.len();
        let mut sum = s.splat(0.0);
        for (i, &row) in self.rows.iter().enumerate() {
            let values = &self.table[row as usize * dim..][column..dim];
            let values = s.load_partial(values, 0.0);
            let value = if self.factors.is_some() {
                self.value::<S, true>(s, i, values)
            } else {
                values
            };
            sum = s.add(sum, value);
        }
        s.store_partial(sum, &mut self.sums[column..]);
    }

    #[inline(always)]
    fn value<S: Simd, const SCALED: bool>(&self, s: S, i: usize, values: S::F) -> S::F {
        match self.factors {
            Some(factors) if SCALED => s.mul(values, s.splat(factors[i])),
            _ => values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    #[test]
    fn every_level_equals_sums_in_the_order_of_the_rows() {
        for dim in [1, 7, 16, 17, 64, 100, 256, 300, 513] {
            let table = numbers(3, 40 * dim);
            let rows: Vec<u32> = (0..23).map(|i| i * i % 40).collect();
            let weights = numbers(4, rows.len());
            for count in [0, 1, 5, 23] {
                for factors in [None, Some(&weights[..count])] {
                    let mut expected = vec![0.0; dim];
                    for (i, &row) in rows[..count].iter().enumerate() {
                        let row = &table[row as usize * dim..][..dim];
                        for (sum, value) in expected.iter_mut().zip(row) {
                            *sum += factors.map_or(*value, |factors| value * factors[i]);
                        }
                    }
                    for cpu in Cpu::available() {
                        let mut found = vec![f32::NAN; dim];
                        cpu.sum_rows(&table, &rows[..count], factors, &mut found);
                        assert_eq!(found, expected, "{cpu:?} {dim} {count}");
                    }
                }
            }
        }
    }
}
