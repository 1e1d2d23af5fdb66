//! Dot products, all with one order of summation:
//!
//! 1. 64 sums start at +0.0. Element `i` is accumulated by a fused multiply-add into sum `i mod 64`,
//!    in ascending order.
//! 2. The sums are added as a tree: sum `l` += sum `l + 32`, then `l + 16`, 8, 4, 2, 1.
//!
//! 64 sums are four registers of AVX-512 or eight of AVX2: enough independent chains to hide the latency
//! of a fused multiply-add even for a single dot product.

#![expect(
    clippy::inline_always,
    reason = "a function called from one with target features must be compiled with them"
)]

use std::ops::Range;

use crate::Cpu;
use crate::simd::{Kernel, Simd};

mod rows;
#[cfg(test)]
mod tests;
mod tile;

use rows::{ContiguousRows, Rows};
use tile::tile;

/// The number of rows that all queries visit before the next rows: with the queries, they fit in the
/// first-level cache at usual dimensions.
const STRIP_ROWS: usize = 8;

impl Cpu {
    /// Returns the dot product of `a` and `b`, which is 0.0 if they are empty.
    ///
    /// The order of summation is fixed: 64 sums, then a tree. Every level gives the same bits, except
    /// for the payload of a NaN. With ε = 2⁻²⁴ and `k` elements the error is at most
    /// `kε/(1−kε)·Σ|aᵢbᵢ|` (Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1),
    /// unless a product underflows.
    ///
    /// # Panics
    ///
    /// Panics if the lengths differ.
    pub fn dot(self, a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len(), "both vectors must be [dim]");
        self.run(Dot { a, b })
    }

    /// Computes the dot products of one query with many rows: `query` is `[dim]`, `rows` is
    /// `[n, dim]`, `out` is `[n]`. Each has the bits of [`dot`](Self::dot).
    ///
    /// # Panics
    ///
    /// Panics if `rows.len() != out.len() * query.len()`.
    pub fn dot_rows(self, query: &[f32], rows: &[f32], out: &mut [f32]) {
        assert_eq!(rows.len(), out.len() * query.len(), "rows must be [n, dim]");
        if query.is_empty() {
            out.fill(0.0);
        } else {
            self.dot_block(query, rows, query.len(), out);
        }
    }

    /// Computes the dot products of many queries with many rows: `queries` is `[m, dim]`, `rows` is
    /// `[n, dim]`, `out` is `[m, n]`. Each has the bits of [`dot`](Self::dot).
    ///
    /// A row is loaded once for several queries, and a few rows stay in the first-level cache until all
    /// queries have used them.
    ///
    /// # Panics
    ///
    /// Panics if `dim` is 0, or if the lengths do not fit.
    pub fn dot_block(self, queries: &[f32], rows: &[f32], dim: usize, out: &mut [f32]) {
        assert_ne!(dim, 0, "dim must not be 0");
        assert_eq!(queries.len() % dim, 0, "queries must be [m, dim]");
        assert_eq!(rows.len() % dim, 0, "rows must be [n, dim]");
        let pairs = (queries.len() / dim) * (rows.len() / dim);
        assert_eq!(out.len(), pairs, "out must be [m, n]");
        let queries = ContiguousRows {
            values: queries,
            dim,
        };
        let rows = ContiguousRows { values: rows, dim };
        self.run(DotBlock { queries, rows, out });
    }

    /// Computes the dot products of many queries with rows that are scattered in memory: `queries` is
    /// `[m, dim]`, `rows` are `n` slices of `dim` elements, `out` is `[m, n]`. Each has the bits of
    /// [`dot`](Self::dot).
    ///
    /// Several rows are read at a time, so that their cache misses overlap.
    ///
    /// # Panics
    ///
    /// Panics if `dim` is 0, or if the lengths do not fit.
    pub fn dot_gather(self, queries: &[f32], rows: &[&[f32]], dim: usize, out: &mut [f32]) {
        assert_ne!(dim, 0, "dim must not be 0");
        assert_eq!(queries.len() % dim, 0, "queries must be [m, dim]");
        assert!(
            rows.iter().all(|row| row.len() == dim),
            "every row must be [dim]"
        );
        assert_eq!(
            out.len(),
            queries.len() / dim * rows.len(),
            "out must be [m, n]"
        );
        let queries = ContiguousRows {
            values: queries,
            dim,
        };
        self.run(DotBlock { queries, rows, out });
    }
}

/// The dot product of two vectors of one length.
struct Dot<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

impl Kernel for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let [[product]] = tile(s, [self.a], [self.b]);
        product
    }
}

/// The dot products of `queries`, `[m, dim]`, and `rows`, `[n, dim]`. The lengths are checked, `dim` is
/// not 0.
struct DotBlock<'a, R> {
    queries: ContiguousRows<'a>,
    rows: R,
    /// `[m, n]`
    out: &'a mut [f32],
}

impl<R: Rows> Kernel for DotBlock<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { queries, rows, out } = self;
        let (m, n) = (queries.count(), rows.count());
        if m == 1 {
            tiles::<S, 1, 4>(s, queries, 0, rows, 0..n, out);
            return;
        }
        for first in (0..n).step_by(STRIP_ROWS) {
            let strip = first..n.min(first + STRIP_ROWS);
            let triples = m - m % 3;
            for q in (0..triples).step_by(3) {
                tiles::<S, 3, 2>(s, queries, q, rows, strip.clone(), out);
            }
            for q in triples..m {
                tiles::<S, 1, 2>(s, queries, q, rows, strip.clone(), out);
            }
        }
    }
}

/// Computes the dot products of `Q` queries, from the `q`-th, with the rows of a range, `R` rows at a
/// time; `out` is `[m, n]`.
#[inline(always)]
fn tiles<S: Simd, const Q: usize, const R: usize>(
    s: S,
    queries: impl Rows,
    q: usize,
    rows: impl Rows,
    range: Range<usize>,
    out: &mut [f32],
) {
    let n = rows.count();
    let mut tile_queries = [queries.row(q); Q];
    for (i, query) in tile_queries.iter_mut().enumerate() {
        *query = queries.row(q + i);
    }
    let mut r = range.start;
    while r + R <= range.end {
        let mut tile_rows = [rows.row(r); R];
        for (j, row) in tile_rows.iter_mut().enumerate() {
            *row = rows.row(r + j);
        }
        let products = tile(s, tile_queries, tile_rows);
        for (i, products) in products.iter().enumerate() {
            out[(q + i) * n + r..][..R].copy_from_slice(products);
        }
        r += R;
    }
    for r in r..range.end {
        for (i, [product]) in tile(s, tile_queries, [rows.row(r)]).into_iter().enumerate() {
            out[(q + i) * n + r] = product;
        }
    }
}
