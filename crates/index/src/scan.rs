//! The scan: every allowed row against every query.
//!
//! Rows are cut into blocks, which threads take one by one; each keeps the best hits of the
//! blocks it took, and the threads' hits are merged. Queries come in groups: a block is read from
//! memory once for a group. A score depends on the two vectors alone, and the best hits on the
//! scores alone, so none of this shows in the result.
//!
//! Where a segment has a compact form, that is read first, and only rows whose bound reaches the
//! worst of the best hits so far are read on: their rest in 8 bits, which gives a closer bound, and if
//! that reaches it too, in f32. What is left out could not have been a hit. That worst score is
//! shared between threads. Where bounds exclude too little to pay, the next blocks are read in f32 as
//! elsewhere.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use cognate_kernels::{BoundTerms, Candidate, Cpu, LeadingCodes, ResidualCodes};
use rayon::prelude::*;
use roaring::RoaringBitmap;

use crate::compact::{BLOCK_ROWS, Encoded};
use crate::flat::Placed;
use crate::top_k::TopK;
use crate::{FlatIndex, Hit, Result, SearchOptions};

/// The bytes of rows that a thread takes at a time, about.
const BLOCK_BYTES: usize = 1 << 20;

/// Rows whose scores are computed before they are looked at.
const STRIP_ROWS: usize = 64;

/// The queries of a group, at most, and the bytes they may have: many, so that what a bound lets pass
/// for one of them has often been read for another; their codes stay in the second-level cache.
pub(crate) const GROUP_QUERIES: usize = 256;
const GROUP_BYTES: usize = 512 << 10;

/// The bytes of the queries that meet a strip together: they stay in the second-level cache.
const STRIP_QUERY_BYTES: usize = 128 << 10;

/// How many rows before it is read a row that is read alone is asked for.
const AHEAD: usize = 4;

/// Rows of a block that are read in f32 when nothing is known of a query yet, at least: as many as
/// fill panels, so that there is something to compare bounds with.
const FIRST_ROWS: u32 = 512;

/// Rows of a panel.
#[expect(clippy::cast_possible_truncation, reason = "they are 16")]
const PANEL_ROWS: u32 = LeadingCodes::PANEL_ROWS as u32;

/// One allowed row in so many is too few to read the compact form of all.
const SPARSE: u64 = 16;

/// Rows of a block whose bounds are compared with the same floors.
const STEP_ROWS: u32 = 1024;

/// Of so many pairs of query and row one is read in f32 at most, or reading bounds does not pay. As
/// measured, the first bound takes a quarter of the time of a dot product among many, both together
/// less than it all, and one that is read alone ten times as long.
const LEAST_GAIN: usize = 3;
/// For many queries at once, where a row is read once for all of them.
const LEAST_GAIN_OF_MANY: usize = 16;
const MANY_QUERIES: usize = 4;

/// Blocks that are read in f32 before bounds are tried again, at most.
const MAX_WAIT: u32 = 64;

/// Products below which starting threads takes longer than the work.
const SMALL_WORK: usize = 1 << 20;

/// The best hits of each query; `queries` is `[m, dim]`, unit vectors, and the options are checked.
/// Fails if rows in a file are not what was written.
pub(crate) fn scan(
    index: &FlatIndex,
    queries: &[f32],
    options: &SearchOptions<'_>,
) -> Result<Vec<Vec<Hit>>> {
    let dim = index.dim();
    let allowed = allowed(index, options.rows());
    let blocks = blocks(index, allowed.as_ref());
    let scan = Scan {
        index,
        allowed: allowed.as_ref(),
        blocks: &blocks,
        options,
    };
    let group = (GROUP_BYTES / (dim * size_of::<f32>())).clamp(1, GROUP_QUERIES) * dim;
    let rows: usize = blocks.iter().map(|block| block.rows.len()).sum();
    let groups = queries.chunks(group);
    let hits: Result<Vec<Vec<Vec<Hit>>>> = if rows.saturating_mul(queries.len()) <= SMALL_WORK {
        groups
            .map(|queries| scan.on_one_thread(&Group::new(index, queries)))
            .collect()
    } else {
        groups
            .map(|queries| scan.on_many_threads(&Group::new(index, queries)))
            .collect()
    };
    Ok(hits?.into_iter().flatten().collect())
}

/// The rows to look at; none when that is all of them.
fn allowed(index: &FlatIndex, filter: Option<&RoaringBitmap>) -> Option<RoaringBitmap> {
    let deleted = index.deleted();
    match filter {
        Some(filter) => Some(filter - deleted),
        None if deleted.is_empty() => None,
        None => {
            let mut all = RoaringBitmap::new();
            if let Some(last) = index.rows().checked_sub(1) {
                all.insert_range(0..=u32::try_from(last).unwrap_or(u32::MAX));
            }
            Some(all - deleted)
        }
    }
}

/// Rows of one segment that a thread takes at once.
struct Block<'a> {
    placed: &'a Placed,
    /// Which one it is.
    segment: usize,
    /// Numbers in the index.
    rows: Range<u32>,
}

impl<'a> Block<'a> {
    /// The rows in compact form, if there is one.
    fn panels(&self) -> Option<LeadingCodes<'a>> {
        let Placed { first, segment } = self.placed;
        segment.compact()?.block(self.rows.start - first)
    }

    /// What the panels leave out of some rows, where those `reached` are to be read, counted from the
    /// first of them; none if it cannot be read.
    fn rests(&self, rows: Range<u32>, reached: &[Candidate]) -> Option<ResidualCodes<'a>> {
        let Placed { first, segment } = self.placed;
        let wanted = reached.iter().map(|reached| reached.row);
        let rows = rows.start - first..rows.end - first;
        segment.compact()?.rests(rows, wanted)
    }

    /// The values of consecutive rows.
    fn values(&self, rows: Range<u32>) -> Result<&'a [f32]> {
        let Placed { first, segment } = self.placed;
        segment.read(rows.start - first..rows.end - first)
    }
}

/// The blocks that have allowed rows.
fn blocks<'a>(index: &'a FlatIndex, allowed: Option<&RoaringBitmap>) -> Vec<Block<'a>> {
    let block_rows = BLOCK_BYTES / (index.dim() * size_of::<f32>());
    let block_rows = u32::try_from(block_rows).unwrap_or(u32::MAX).max(16);
    let mut blocks = Vec::new();
    for (segment, placed) in index.placed().iter().enumerate() {
        let end = placed.first + placed.segment.rows();
        let compact = placed.segment.compact().is_some();
        let mut next = placed.first;
        while next < end {
            if let Some(allowed) = allowed {
                match allowed.range(next..end).next() {
                    Some(row) => next = row,
                    None => break,
                }
            }
            if compact {
                // Blocks of a compact form begin where it has them.
                next -= (next - placed.first) % BLOCK_ROWS;
            }
            let len = if compact { BLOCK_ROWS } else { block_rows };
            let rows = next..end.min(next.saturating_add(len));
            next = rows.end;
            blocks.push(Block {
                placed,
                segment,
                rows,
            });
        }
    }
    blocks
}

/// Queries that go through the rows together.
struct Group<'a> {
    /// `[m, dim]`
    queries: &'a [f32],
    m: usize,
    /// The queries as the compact form of each segment needs them.
    encoded: Vec<Option<Encoded>>,
    /// For each query a score that the worst hit has at least, as [`ordered`] bits.
    floors: Vec<AtomicU32>,
    gain: Gain,
}

/// Whether bounds exclude so much that it pays to look at them, by the last block in which they were
/// looked at. Where they did not, the next blocks are read in f32, twice as many as the last time,
/// and then bounds are tried again: the floors are higher by then.
#[derive(Default)]
struct Gain {
    /// Blocks still to be read in f32 before bounds are tried, and those of the last time.
    wait: AtomicU32,
    last_wait: AtomicU32,
}

impl Gain {
    /// Whether bounds are looked at in the next block.
    fn pays(&self) -> bool {
        let less = |wait: u32| wait.checked_sub(1);
        self.wait
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_err()
    }

    /// Takes note of a block in which `read` of `looked_at` pairs of `m` queries were read in f32.
    fn note(&self, m: usize, looked_at: usize, read: usize) {
        let least = if m < MANY_QUERIES {
            LEAST_GAIN
        } else {
            LEAST_GAIN_OF_MANY
        };
        if read * least > looked_at {
            // Threads may come here together; which of them is heard does not matter.
            let wait = (2 * self.last_wait.load(Ordering::Relaxed)).clamp(1, MAX_WAIT);
            self.last_wait.store(wait, Ordering::Relaxed);
            self.wait.store(wait, Ordering::Relaxed);
        }
    }
}

impl<'a> Group<'a> {
    fn new(index: &FlatIndex, queries: &'a [f32]) -> Self {
        let m = queries.len() / index.dim();
        let encode = |placed: &Placed| Some(placed.segment.compact()?.encode(queries));
        Self {
            queries,
            m,
            encoded: index.placed().iter().map(encode).collect(),
            floors: (0..m).map(|_| AtomicU32::new(0)).collect(),
            gain: Gain::default(),
        }
    }

    /// For each query the score below which no row is a hit, as far as a thread and the others
    /// know.
    fn floors(&self, best: &[TopK]) -> impl Iterator<Item = f32> {
        let floors = self.floors.iter().zip(best);
        floors.map(|(floor, best)| {
            let others = from_ordered(floor.load(Ordering::Relaxed));
            best.floor().max(others)
        })
    }

    /// Raises the floors to those of a thread.
    fn raise_floors(&self, best: &[TopK]) {
        for (floor, best) in self.floors.iter().zip(best) {
            floor.fetch_max(ordered(best.floor()), Ordering::Relaxed);
        }
    }
}

/// Bits in the order of the numbers; 0 is below all of them.
fn ordered(x: f32) -> u32 {
    let bits = x.to_bits();
    if x.is_sign_negative() {
        !bits
    } else {
        bits | 1 << 31
    }
}

fn from_ordered(bits: u32) -> f32 {
    match bits {
        0 => f32::NEG_INFINITY,
        _ if bits >> 31 == 1 => f32::from_bits(bits & !(1 << 31)),
        _ => f32::from_bits(!bits),
    }
}

/// What the groups of queries have in common.
struct Scan<'a> {
    index: &'a FlatIndex,
    allowed: Option<&'a RoaringBitmap>,
    blocks: &'a [Block<'a>],
    options: &'a SearchOptions<'a>,
}

/// What a thread knows about a group of queries.
struct State {
    best: Vec<TopK>,
    /// Scratch space for the scores of a strip, `[m, rows]`.
    scores: Vec<f32>,
    /// Scratch space for bounds, and those that reach the floor.
    reach: Vec<BoundTerms>,
    reached: Vec<Candidate>,
}

impl Scan<'_> {
    fn start(&self, group: &Group<'_>) -> State {
        let best = (0..group.m)
            .map(|_| TopK::new(self.options.k(), self.options.floor()))
            .collect();
        State {
            best,
            scores: vec![0.0; group.m * STRIP_ROWS],
            reach: Vec::new(),
            reached: Vec::new(),
        }
    }

    fn on_one_thread(&self, group: &Group<'_>) -> Result<Vec<Vec<Hit>>> {
        let mut state = self.start(group);
        for block in self.blocks {
            self.step(group, &mut state, block)?;
        }
        Ok(sorted(state.best))
    }

    fn on_many_threads(&self, group: &Group<'_>) -> Result<Vec<Vec<Hit>>> {
        let best = self
            .blocks
            .par_iter()
            .try_fold(
                || self.start(group),
                |mut state, block| self.step(group, &mut state, block).map(|()| state),
            )
            .map(|state| Ok(state?.best))
            .try_reduce_with(|a, b| Ok(a.into_iter().zip(b).map(|(a, b)| a.merge(b)).collect()))
            .unwrap_or_else(|| Ok(self.start(group).best))?;
        Ok(sorted(best))
    }

    /// Takes in a block.
    fn step(&self, group: &Group<'_>, state: &mut State, block: &Block<'_>) -> Result<()> {
        if let Some(encoded) = &group.encoded[block.segment]
            && self.is_dense(block)
            && group.gain.pays()
            && let Some(panels) = block.panels()
        {
            self.reached_rows(group, state, block, encoded, panels)
        } else {
            self.rows(group.queries, state, block, block.rows.clone())
        }
    }

    /// Whether so many rows of a block are allowed that all are worth a look.
    fn is_dense(&self, block: &Block<'_>) -> bool {
        self.allowed.is_none_or(|allowed| {
            let count = allowed.range_cardinality(block.rows.clone());
            count * SPARSE >= block.rows.len() as u64
        })
    }

    /// Takes in the rows of a block whose bounds reach the floor, best bound first.
    fn reached_rows(
        &self,
        group: &Group<'_>,
        state: &mut State,
        block: &Block<'_>,
        encoded: &Encoded,
        panels: LeadingCodes<'_>,
    ) -> Result<()> {
        let mut from = block.rows.start;
        if group.floors(&state.best).any(|x| x == f32::NEG_INFINITY) {
            let wanted = u32::try_from(self.options.k()).unwrap_or(u32::MAX);
            let first = wanted.saturating_mul(2).clamp(FIRST_ROWS, BLOCK_ROWS);
            let first = first.next_multiple_of(PANEL_ROWS);
            from = from.saturating_add(first).min(block.rows.end);
            self.rows(group.queries, state, block, block.rows.start..from)?;
        }
        group.raise_floors(&state.best);
        let (mut looked_at, mut read) = (0, 0);
        while from < block.rows.end {
            let rows = from..block.rows.end.min(from + STEP_ROWS);
            from = rows.end;
            let places = rows.start - block.rows.start..rows.end - block.rows.start;
            let panels = panels.slice_rows(places.start as usize..places.end as usize);
            self.reach(group, state, block, encoded, panels, &rows);
            looked_at += rows.len() * group.m;
            read += self.read_reached(group, state, block, rows.start)?;
        }
        group.gain.note(group.m, looked_at, read);
        Ok(())
    }

    /// Finds the pairs of query and row whose bounds reach the floors, counting rows from the first.
    fn reach(
        &self,
        group: &Group<'_>,
        state: &mut State,
        block: &Block<'_>,
        encoded: &Encoded,
        panels: LeadingCodes<'_>,
        rows: &Range<u32>,
    ) {
        let State {
            best,
            reach,
            reached,
            ..
        } = state;
        reached.clear();
        let queries = encoded.heads(group.floors(best), reach);
        Cpu::detect().first_pass(queries, panels, reached);
        // The last panel may be longer than the segment.
        let len = rows.end - rows.start;
        reached.retain(|reached| {
            reached.row < len
                && self
                    .allowed
                    .is_none_or(|allowed| allowed.contains(rows.start + reached.row))
        });
        if let Some(rests) = block.rests(rows.clone(), reached) {
            let queries = encoded.rests(group.floors(best), reach);
            Cpu::detect().refine(queries, rests, reached);
        }
    }

    /// Takes in the rows that were reached, counted from `first`, best bound first; returns how many
    /// were read.
    fn read_reached(
        &self,
        group: &Group<'_>,
        state: &mut State,
        block: &Block<'_>,
        first: u32,
    ) -> Result<usize> {
        let State { best, reached, .. } = state;
        reached.sort_unstable_by(|a, b| {
            a.query
                .cmp(&b.query)
                .then_with(|| b.bound.total_cmp(&a.bound))
        });
        let dim = self.index.dim();
        let mut read = 0;
        for (at, pair) in reached.iter().enumerate() {
            // Most of them will be read.
            if let Some(later) = reached.get(at + AHEAD) {
                let row = first + later.row;
                Cpu::detect().prefetch(block.values(row..row + 1)?);
            }
            let (query, row) = (pair.query as usize, first + pair.row);
            let best = &mut best[query];
            if pair.bound >= best.floor() {
                let query = &group.queries[query * dim..][..dim];
                let score = Cpu::detect().dot(query, block.values(row..row + 1)?);
                best.push(row, score);
                read += 1;
            }
        }
        group.raise_floors(best);
        Ok(read)
    }

    /// Takes in rows of a block in f32.
    fn rows(
        &self,
        queries: &[f32],
        state: &mut State,
        block: &Block<'_>,
        rows: Range<u32>,
    ) -> Result<()> {
        match self.allowed {
            None => self.all_rows(queries, state, block, rows),
            Some(allowed) => self.some_rows(queries, state, block, allowed, rows),
        }
    }

    fn all_rows(
        &self,
        queries: &[f32],
        state: &mut State,
        block: &Block<'_>,
        rows: Range<u32>,
    ) -> Result<()> {
        let dim = self.index.dim();
        let values = block.values(rows.clone())?;
        let firsts = rows.step_by(STRIP_ROWS);
        for (strip, first) in values.chunks(STRIP_ROWS * dim).zip(firsts) {
            let n = strip.len() / dim;
            let scores = &mut state.scores[..state.best.len() * n];
            let together = queries_of_strip(dim);
            for (queries, scores) in queries
                .chunks(together * dim)
                .zip(scores.chunks_mut(together * n))
            {
                Cpu::detect().dot_block(queries, strip, dim, scores);
            }
            push(&mut state.best, scores, first..);
        }
        Ok(())
    }

    fn some_rows(
        &self,
        queries: &[f32],
        state: &mut State,
        block: &Block<'_>,
        allowed: &RoaringBitmap,
        rows: Range<u32>,
    ) -> Result<()> {
        let dim = self.index.dim();
        let mut ids = allowed.range(rows);
        let mut strip = [0; STRIP_ROWS];
        loop {
            let strip = &*ids.next_many(&mut strip);
            if strip.is_empty() {
                return Ok(());
            }
            let mut rows: [&[f32]; STRIP_ROWS] = [&[]; STRIP_ROWS];
            for (values, id) in rows.iter_mut().zip(strip) {
                *values = block.values(*id..*id + 1)?;
            }
            let rows = &rows[..strip.len()];
            let scores = &mut state.scores[..state.best.len() * rows.len()];
            let together = queries_of_strip(dim);
            for (queries, scores) in queries
                .chunks(together * dim)
                .zip(scores.chunks_mut(together * rows.len()))
            {
                Cpu::detect().dot_gather(queries, rows, dim, scores);
            }
            push(&mut state.best, scores, strip.iter().copied());
        }
    }
}

/// Queries that meet a strip together.
fn queries_of_strip(dim: usize) -> usize {
    (STRIP_QUERY_BYTES / (dim * size_of::<f32>())).max(1)
}

fn sorted(best: Vec<TopK>) -> Vec<Vec<Hit>> {
    best.into_iter().map(TopK::into_sorted).collect()
}

/// Takes in the scores of a strip, `[m, rows]`; there is at least one query.
fn push(best: &mut [TopK], scores: &[f32], rows: impl Iterator<Item = u32> + Clone) {
    let n = scores.len() / best.len();
    for (best, scores) in best.iter_mut().zip(scores.chunks_exact(n)) {
        for (row, score) in rows.clone().zip(scores) {
            best.push(row, *score);
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::IndexBuilder;

    #[test]
    fn bits_are_in_the_order_of_the_numbers() {
        let numbers = [f32::NEG_INFINITY, -1.0, -0.5, -0.0, 0.0, 1e-40, 0.5, 1.0];
        assert!(numbers.is_sorted_by_key(|x| ordered(*x)));
        for x in numbers {
            assert_eq!(from_ordered(ordered(x)).to_bits(), x.to_bits());
        }
        assert_eq!(from_ordered(0).to_bits(), f32::NEG_INFINITY.to_bits());
    }

    #[test]
    fn bounds_are_looked_at_less_often_where_they_do_not_pay() {
        const DIM: usize = 32;
        const ROWS: usize = 8 * BLOCK_ROWS as usize;
        // Besides few directions, all rows have as much of the last one.
        let mut rows = Array2::from_shape_fn((ROWS, DIM), |(i, j)| {
            let z = ((i * DIM + j + 1) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let z = (z ^ (z >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 40;
            (z as f32 / 8_388_608.0 - 1.0) / (1.0 + j as f32).sqrt()
        });
        for mut row in rows.outer_iter_mut() {
            row[DIM - 1] = 0.0;
            row[DIM - 1] = 0.3 * row.dot(&row).sqrt();
        }
        let mut builder = IndexBuilder::new(DIM).unwrap();
        builder.append(rows.view()).unwrap();
        let index = builder.build();
        let along = index.values(5).unwrap().to_vec();
        // What all have alike tells none of them from another.
        let mut across = vec![0.0; DIM];
        across[DIM - 1] = 1.0;
        for (query, pays) in [(along, true), (across, false)] {
            let group = Group::new(&index, &query);
            assert!(group.encoded[0].is_some(), "there is a compact form");
            let blocks = blocks(&index, None);
            let scan = Scan {
                index: &index,
                allowed: None,
                blocks: &blocks,
                options: &SearchOptions::new(10),
            };
            let hits = scan.on_one_thread(&group).unwrap();
            // Of the eight blocks the first does not pay, so one is left out, then two.
            let last_wait = group.gain.last_wait.load(Ordering::Relaxed);
            assert_eq!(last_wait, if pays { 0 } else { 4 });
            // The same by reading everything.
            let mut best = TopK::new(10, f32::NEG_INFINITY);
            for row in 0..index.rows {
                best.push(row, Cpu::detect().dot(&query, index.values(row).unwrap()));
            }
            assert_eq!(hits[0], best.into_sorted());
        }
    }

    #[test]
    fn queries_that_meet_a_strip_in_parts_get_what_each_gets_alone() {
        const DIM: usize = 2500;
        let together = queries_of_strip(DIM);
        let value = |i: usize, j: usize| ((i * 31 + j * 17) % 101) as f32 - 50.0;
        let mut builder = IndexBuilder::new(DIM).unwrap();
        let rows = Array2::from_shape_fn((90, DIM), |(i, j)| value(i, j));
        builder.append(rows.view()).unwrap();
        let index = builder.build();
        let queries: Vec<f32> = (0..90)
            .flat_map(|row| index.values(row).unwrap().to_vec())
            .collect();
        assert!(together < 90 && 90 % together > 0, "{together}");
        let some: RoaringBitmap = (0..90).filter(|row| row % 3 > 0).collect();
        for options in [SearchOptions::new(5), SearchOptions::new(5).filter(&some)] {
            let all = scan(&index, &queries, &options).unwrap();
            for (query, hits) in queries.chunks(DIM).zip(all) {
                assert_eq!(scan(&index, query, &options).unwrap(), [hits]);
            }
        }
    }

    #[test]
    fn blocks_hold_every_allowed_row_once_and_in_order() {
        // 4096 dimensions: 64 rows to a block.
        let mut builder = IndexBuilder::new(4096).unwrap();
        builder.append(Array2::ones((200, 4096)).view()).unwrap();
        let index = builder
            .build()
            .appended(Array2::ones((90, 4096)).view())
            .unwrap();
        assert_eq!(index.segments(), 2);
        let filters = [
            None,
            Some((0..290).collect()),
            Some(RoaringBitmap::new()),
            Some([0, 63, 64, 199, 200, 289, 290, 1000].into()),
            Some((100..120).chain(280..400).collect()),
        ];
        for filter in filters {
            let blocks = blocks(&index, filter.as_ref());
            let is_allowed = |row: &u32| filter.as_ref().is_none_or(|filter| filter.contains(*row));
            let found = blocks
                .iter()
                .flat_map(|block| block.rows.clone())
                .filter(is_allowed);
            assert!(found.eq((0..290).filter(is_allowed)));
            for block in &blocks {
                assert!(is_allowed(&block.rows.start) && block.rows.len() <= 64);
                let end = block.placed.first + block.placed.segment.rows();
                assert!(block.placed.first <= block.rows.start && block.rows.end <= end);
            }
        }
    }
}
