//! Dot products, all with one order of summation:
//!
//! 1. 64 lanes start at +0.0; element `i` is accumulated by fused multiply-add into lane
//!    `i mod 64`, in ascending order. Lanes that get no element of the tail stay as they are.
//! 2. The lanes are summed as a tree: lane `l` += lane `l + 32`, then `l + 16`, 8, 4, 2, 1.
//!
//! 64 lanes are four AVX-512 registers or eight of AVX2: enough independent chains to hide the
//! latency of a fused multiply-add with one dot product alone.

#![expect(
    clippy::inline_always,
    reason = "what a function with target features calls must be compiled with them"
)]

use std::ops::Range;

use crate::Cpu;
use crate::cpu::Level;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(test)]
mod tests;

/// The lanes of the order of summation.
const LANES: usize = 64;

/// Rows that one group of queries visits before the next group does: with the queries, they fit
/// the first-level cache at usual dimensions.
const STRIP: usize = 8;

impl Cpu {
    /// The dot product of `a` and `b`; 0.0 when they are empty.
    ///
    /// The order of summation is fixed: 64 lanes, then a tree. Every level gives the same bits
    /// (which NaN comes out, if one does, is not fixed). With ε = 2⁻²⁴ and `k` elements the error
    /// is at most `kε/(1−kε)·Σ|aᵢbᵢ|` (Higham, *Accuracy and Stability of Numerical Algorithms*,
    /// section 3.1), unless it underflows.
    ///
    /// # Panics
    ///
    /// When the lengths differ.
    pub fn dot(self, a: &[f32], b: &[f32]) -> f32 {
        let mut out = [0.0];
        self.dot_rows(a, b, &mut out);
        out[0]
    }

    /// The dot products of one query with many rows: `query` is `[dim]`, `rows` is `[n, dim]`,
    /// `out` is `[n]`. Each is what [`dot`](Self::dot) gives.
    ///
    /// # Panics
    ///
    /// When `rows.len() != out.len() * query.len()`.
    pub fn dot_rows(self, query: &[f32], rows: &[f32], out: &mut [f32]) {
        assert_eq!(rows.len(), out.len() * query.len(), "rows must be [n, dim]");
        if query.is_empty() {
            out.fill(0.0);
        } else {
            self.dot_block(query, rows, query.len(), out);
        }
    }

    /// The dot products of many queries with many rows: `queries` is `[m, dim]`, `rows` is
    /// `[n, dim]`, `out` is `[m, n]`. Each is what [`dot`](Self::dot) gives.
    ///
    /// A row is read once for several queries, and a block of rows that fits a cache is read into
    /// it once for all.
    ///
    /// # Panics
    ///
    /// When `dim` is 0, or the lengths are not those of such matrices.
    pub fn dot_block(self, queries: &[f32], rows: &[f32], dim: usize, out: &mut [f32]) {
        assert_ne!(dim, 0, "dim must not be 0");
        assert_eq!(queries.len() % dim, 0, "queries must be [m, dim]");
        assert_eq!(rows.len() % dim, 0, "rows must be [n, dim]");
        let pairs = (queries.len() / dim) * (rows.len() / dim);
        assert_eq!(out.len(), pairs, "out must be [m, n]");
        dispatch(self, queries, Packed { values: rows, dim }, dim, out);
    }

    /// The same as [`dot_block`](Self::dot_block) with rows that lie anywhere in memory: `queries`
    /// is `[m, dim]`, `rows` are `n` slices of `dim` elements, `out` is `[m, n]`.
    ///
    /// Several rows are read at a time, so that one need not wait for the other.
    ///
    /// # Panics
    ///
    /// When `dim` is 0, or the lengths are not those of such matrices.
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
        dispatch(self, queries, rows, dim, out);
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "functions with target features are called from ordinary code"
)]
fn dispatch(cpu: Cpu, queries: &[f32], rows: impl Rows, dim: usize, out: &mut [f32]) {
    match cpu.level() {
        Level::Portable => block(portable::Portable, queries, rows, dim, out),
        // SAFETY: a `Cpu` of this level is made only where AVX2 and FMA were detected.
        Level::Avx2 => unsafe { avx2::dot_block(queries, rows, dim, out) },
        // SAFETY: a `Cpu` of these levels is made only where AVX-512F was detected.
        Level::Avx512 | Level::Avx512Vnni => unsafe { avx512::dot_block(queries, rows, dim, out) },
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn dispatch(cpu: Cpu, queries: &[f32], rows: impl Rows, dim: usize, out: &mut [f32]) {
    match cpu.level() {
        Level::Portable => block(portable::Portable, queries, rows, dim, out),
    }
}

/// Rows of one length, packed or gathered.
trait Rows: Copy {
    fn count(&self) -> usize;
    fn row(&self, i: usize) -> &[f32];
}

#[derive(Clone, Copy)]
struct Packed<'a> {
    values: &'a [f32],
    dim: usize,
}

impl Rows for Packed<'_> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.values.len() / self.dim
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }
}

impl Rows for &[&[f32]] {
    #[inline(always)]
    fn count(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &[f32] {
        self[i]
    }
}

/// The dot products of a few queries with a few rows, by one instruction set.
trait Tile: Copy {
    /// All slices have the same length.
    fn tile<const Q: usize, const R: usize>(
        self,
        queries: [&[f32]; Q],
        rows: [&[f32]; R],
    ) -> [[f32; R]; Q];
}

/// Cuts `[m, dim] × [n, dim]` into tiles. The lengths are checked, `dim` is not 0.
#[inline(always)]
fn block(tile: impl Tile, queries: &[f32], rows: impl Rows, dim: usize, out: &mut [f32]) {
    let n = rows.count();
    let queries = Packed {
        values: queries,
        dim,
    };
    let m = queries.count();
    if m == 1 {
        tiles::<1, 4>(tile, queries, 0, rows, 0..n, out);
        return;
    }
    for first in (0..n).step_by(STRIP) {
        let strip = first..n.min(first + STRIP);
        let triples = m - m % 3;
        for q in (0..triples).step_by(3) {
            tiles::<3, 2>(tile, queries, q, rows, strip.clone(), out);
        }
        for q in triples..m {
            tiles::<1, 2>(tile, queries, q, rows, strip.clone(), out);
        }
    }
}

/// `Q` queries from the `q`-th on with the rows of a range, `R` at a time; `out` is `[m, n]`.
#[inline(always)]
fn tiles<const Q: usize, const R: usize>(
    tile: impl Tile,
    queries: impl Rows,
    q: usize,
    rows: impl Rows,
    range: Range<usize>,
    out: &mut [f32],
) {
    let n = rows.count();
    let mut some_queries = [queries.row(q); Q];
    for (i, query) in some_queries.iter_mut().enumerate() {
        *query = queries.row(q + i);
    }
    let mut r = range.start;
    while r + R <= range.end {
        let mut some_rows = [rows.row(r); R];
        for (j, row) in some_rows.iter_mut().enumerate() {
            *row = rows.row(r + j);
        }
        let products = tile.tile(some_queries, some_rows);
        for (i, products) in products.iter().enumerate() {
            out[(q + i) * n + r..][..R].copy_from_slice(products);
        }
        r += R;
    }
    for r in r..range.end {
        for (i, [product]) in tile
            .tile(some_queries, [rows.row(r)])
            .into_iter()
            .enumerate()
        {
            out[(q + i) * n + r] = product;
        }
    }
}

/// The tail of a slice, filled up with zeros.
#[cfg(target_arch = "x86_64")]
fn padded(tail: &[f32]) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes[..tail.len()].copy_from_slice(tail);
    lanes
}
