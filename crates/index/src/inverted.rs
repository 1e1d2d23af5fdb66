//! An inverted index: the rows that have a term, scored by BM25, and the rows that have a tag.

mod bm25;
mod builder;
mod cursor;
mod dictionary;
mod document;
mod file;
mod merge;
mod phrase;
mod postings;
mod search;
mod segment;
mod varint;

use std::fmt;
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use roaring::RoaringBitmap;

pub(crate) use self::builder::MemoryTerms;
pub use self::document::Document;
pub(crate) use self::merge::{MergedRows, Terms, write_terms};
pub(crate) use self::segment::TermSegment;

use self::bm25::{Scorer, Statistics, to_float};
use self::cursor::{List, ListRows};
use self::phrase::phrase_postings;
use self::postings::{Block, Kind};
use self::search::{SegmentLists, best_rows};
use self::segment::{FoundTerm, dictionary_name};
use crate::{Manifest, Result, RowId, Storage};

/// The terms and tags of the rows of an index, in files beside the vectors.
///
/// An [`IndexWriter`](crate::IndexWriter) writes it with
/// [`append_documents`](crate::IndexWriter::append_documents). Like a
/// [`FlatIndex`](crate::FlatIndex), it is immutable, cloning it is cheap, and all methods can be called
/// from many threads at once.
///
/// ```
/// use cognate_index::{Document, IndexWriter, InvertedIndex, Phrase};
/// use ndarray::array;
///
/// let dir = tempfile::tempdir()?;
/// let mut writer = IndexWriter::create(dir.path(), 2)?;
/// let documents = [
///     Document::new(1).text(0, ["graph", "kernel"]).tag("2004", 0),
///     Document::new(2).text(0, ["kernel", "trick"]).tag("1998", 0),
/// ];
/// writer.append_documents(array![[1.0, 0.0], [0.0, 1.0]].view(), &documents)?;
/// writer.commit()?;
///
/// let index = InvertedIndex::open_manifest(dir.path(), writer.manifest())?;
/// let hits = index.search(&[Phrase::new(["trick"], 1)], [1.0, 1.0], 10, None)?;
/// assert_eq!(hits[0].row.get(), 1);
/// assert_eq!(index.rows_with_tag(b"2004")?.iter().collect::<Vec<_>>(), [0]);
/// assert_eq!(index.document_frequency("kernel")?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct InvertedIndex {
    segments: Arc<[TermSegmentAt]>,
    rows: u32,
    deleted: Arc<RoaringBitmap>,
    /// The number of terms of the rows that are not deleted.
    terms: Arc<OnceLock<u64>>,
}

/// The terms of a segment, and the number of its first row.
#[derive(Clone)]
struct TermSegmentAt {
    row_offset: u32,
    segment: Arc<TermSegment>,
}

/// Terms to search for that follow one another in a field, or one term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    terms: Vec<String>,
    times: u32,
}

impl Phrase {
    /// Makes a phrase that is searched for `times` times: its score counts that often.
    pub fn new<S: Into<String>>(terms: impl IntoIterator<Item = S>, times: u32) -> Self {
        Self {
            terms: terms.into_iter().map(Into::into).collect(),
            times,
        }
    }

    /// Returns the terms.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// Returns the number of times that the phrase is searched for.
    pub fn times(&self) -> u32 {
        self.times
    }
}

/// A row that has terms of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TextHit {
    /// The row.
    pub row: RowId,
    /// The BM25 score, above 0, higher is better.
    pub score: f64,
}

impl InvertedIndex {
    /// Opens the terms of the segments that a manifest names, with memory-mapped files.
    ///
    /// Opening checks headers, file lengths, tables of checksums, and that the files are those that the
    /// manifest means. A block of 16 KiB is compared with its checksum when it is used for the first
    /// time.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`](crate::Error::Io) if a file cannot be read,
    /// [`Error::Corrupt`](crate::Error::Corrupt) if it is damaged or another one, and
    /// [`Error::Version`](crate::Error::Version) if another release wrote it.
    ///
    /// # Complexity
    ///
    /// O(1) for each segment, apart from reading its checksums.
    pub fn open_manifest(dir: impl AsRef<Path>, manifest: &Manifest) -> Result<Self> {
        Self::open_sharing(dir.as_ref(), manifest, Storage::default(), None)
    }

    /// Opens the files that a newer manifest names. Files that this index has open are shared with it.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open_manifest`](Self::open_manifest).
    pub fn reopen(&self, dir: impl AsRef<Path>, manifest: &Manifest) -> Result<Self> {
        Self::open_sharing(dir.as_ref(), manifest, Storage::default(), Some(self))
    }

    fn open_sharing(
        dir: &Path,
        manifest: &Manifest,
        storage: Storage,
        open: Option<&Self>,
    ) -> Result<Self> {
        let mut rows = 0;
        let mut segments = Vec::with_capacity(manifest.segments().len());
        for entry in manifest.segments() {
            let path = dir.join(&entry.file);
            let checksum = entry.terms.ok_or_else(|| entry.without_terms(&path))?;
            let shared = open.into_iter().flat_map(|open| open.segments.iter());
            let shared = shared.map(|at| &at.segment).find(|segment| {
                segment.path().with_extension("") == path.with_extension("")
                    && segment.checksum() == checksum
            });
            segments.push(TermSegmentAt {
                row_offset: rows,
                segment: match shared {
                    Some(segment) => Arc::clone(segment),
                    None => Arc::new(TermSegment::open_beside(
                        &path, entry.rows, checksum, storage,
                    )?),
                },
            });
            rows += entry.rows;
        }
        Ok(Self {
            segments: segments.into(),
            rows,
            deleted: Arc::new(manifest.deleted().clone()),
            terms: Arc::default(),
        })
    }

    /// Returns the number of rows, deleted ones included.
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Returns the key of a row, or `None` if the row does not exist or is deleted.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if the file is damaged there.
    pub fn key(&self, row: RowId) -> Result<Option<u64>> {
        let row = row.get();
        if row >= self.rows || self.deleted.contains(row) {
            return Ok(None);
        }
        let next = self.segments.partition_point(|at| at.row_offset <= row);
        let at = &self.segments[next - 1];
        at.segment.file.key(row - at.row_offset).map(Some)
    }

    /// Returns the number of rows that have a term in a text field.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a file is damaged there.
    ///
    /// # Complexity
    ///
    /// O(log(terms)) for each segment, and for a segment with deleted rows as many steps as it has deleted
    /// rows, or rows with the term, whichever is less.
    pub fn document_frequency(&self, term: &str) -> Result<u64> {
        let name = dictionary_name(Kind::Term, term.as_bytes());
        let mut found = 0;
        for at in &*self.segments {
            if let Some(term) = at.segment.find(&name)? {
                found += self.live_count(at, &term)?;
            }
        }
        Ok(found)
    }

    /// Returns the rows that have a tag.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a file is damaged there.
    pub fn rows_with_tag(&self, tag: &[u8]) -> Result<RoaringBitmap> {
        Ok(self
            .values_of_tag(tag)?
            .into_iter()
            .map(|(row, _)| row.get())
            .collect())
    }

    /// Returns the rows that have a tag, in ascending order, each with the number that belongs to it.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a file is damaged there.
    pub fn values_of_tag(&self, tag: &[u8]) -> Result<Vec<(RowId, u32)>> {
        let name = dictionary_name(Kind::Tag, tag);
        let mut found = Vec::new();
        for at in &*self.segments {
            if let Some(term) = at.segment.find(&name)? {
                at.segment.for_each_posting(&term, |posting| {
                    let row = posting.row + at.row_offset;
                    if !self.deleted.contains(row) {
                        found.push((RowId::new(row), posting.frequencies[0]));
                    }
                })?;
            }
        }
        Ok(found)
    }

    /// Returns the rows that have any tag of a range, such as one prefix.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a file is damaged there.
    pub fn rows_with_tags(&self, first: &[u8], end: Bound<&[u8]>) -> Result<RoaringBitmap> {
        let mut rows = RoaringBitmap::new();
        for at in &*self.segments {
            for term in Self::tags_between(at, first, end)? {
                let mut found = Vec::with_capacity(term.entry.count as usize);
                at.segment
                    .for_each_posting(&term, |posting| found.push(posting.row + at.row_offset))?;
                // The rows of a list are in ascending order, so that this does not fail.
                rows |= RoaringBitmap::from_sorted_iter(found).unwrap_or_default();
            }
        }
        Ok(rows - &*self.deleted)
    }

    /// Calls `take` with every tag of a range that a row has, the deleted ones included, until it breaks. A
    /// tag may come once for each segment; within a segment, tags come in ascending order.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a file is damaged there.
    pub fn for_each_tag(
        &self,
        first: &[u8],
        end: Bound<&[u8]>,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut flow = ControlFlow::Continue(());
        for at in &*self.segments {
            at.segment
                .for_each_from(&dictionary_name(Kind::Tag, first), |term| {
                    let is_within = is_before(&term, end);
                    if is_within {
                        flow = take(&term.name[1..]);
                    }
                    is_within && flow.is_continue()
                })?;
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `take` with the terms of texts that begin with `prefix`, and the number of rows of each, the deleted
    /// ones included, until it breaks. A term may come once for each segment, whose numbers add up; within a
    /// segment, terms come in ascending order.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a file is damaged there.
    pub fn for_each_term(
        &self,
        prefix: &str,
        mut take: impl FnMut(&str, u32) -> ControlFlow<()>,
    ) -> Result<()> {
        let first = dictionary_name(Kind::Term, prefix.as_bytes());
        let mut flow = ControlFlow::Continue(());
        for at in &*self.segments {
            at.segment.for_each_from(&first, |term| {
                let is_within = term.name.starts_with(&first);
                if is_within && let Ok(text) = str::from_utf8(&term.name[1..]) {
                    flow = take(text, term.entry.count);
                }
                is_within && flow.is_continue()
            })?;
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `take` with every tag of a range that a row has, and the number of its rows, of those in `allowed` if
    /// it is given, until it breaks. A tag may come once for each segment, whose numbers add up, and with the
    /// number 0.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a file is damaged there.
    ///
    /// # Complexity
    ///
    /// Linear in the tags; with `allowed`, and in segments with deleted rows, also in the rows that have them.
    pub fn count_tags(
        &self,
        first: &[u8],
        end: Bound<&[u8]>,
        allowed: Option<&RoaringBitmap>,
        mut take: impl FnMut(&[u8], u64) -> ControlFlow<()>,
    ) -> Result<()> {
        for at in &*self.segments {
            let allowed = allowed.map(|allowed| RowSet::of(allowed, at));
            for term in Self::tags_between(at, first, end)? {
                let count = match &allowed {
                    None => self.live_count(at, &term)?,
                    Some(allowed) => {
                        let mut count = 0;
                        at.segment.for_each_posting(&term, |posting| {
                            count += u64::from(allowed.contains(posting.row));
                        })?;
                        count
                    }
                };
                if take(&term.name[1..], count).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn tags_between(at: &TermSegmentAt, first: &[u8], end: Bound<&[u8]>) -> Result<Vec<FoundTerm>> {
        let mut terms = Vec::new();
        at.segment
            .for_each_from(&dictionary_name(Kind::Tag, first), |term| {
                let is_within = is_before(&term, end);
                if is_within {
                    terms.push(term);
                }
                is_within
            })?;
        Ok(terms)
    }

    /// Returns the `k` rows with the highest BM25 scores for any of the phrases, best first, ties in
    /// ascending row order. `weights` are the weights of an occurrence in the two fields, and `filter` has
    /// the rows that may be hits, if not all.
    ///
    /// The score of a row depends on the rows that are not deleted, and on nothing else: not on segments,
    /// threads, or the order of changes.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Corrupt`](crate::Error::Corrupt) if a file is damaged where it is read.
    ///
    /// # Complexity
    ///
    /// At most linear in the rows that have any of the terms; rows that cannot be among the best are
    /// skipped. A phrase of several terms also reads their positions in the rows that have all of them.
    pub fn search(
        &self,
        phrases: &[Phrase],
        weights: [f64; 2],
        k: usize,
        filter: Option<&RoaringBitmap>,
    ) -> Result<Vec<TextHit>> {
        let mut segments: Vec<SegmentLists<'_>> = self
            .segments
            .iter()
            .map(|at| SegmentLists {
                segment: &at.segment,
                row_offset: at.row_offset,
                lists: Vec::new(),
            })
            .collect();
        let statistics = Statistics {
            rows: u64::from(self.rows) - self.deleted.len(),
            terms: self.live_terms()?,
            weights,
        };
        let in_segments = |phrase| {
            let segments = self.segments.iter();
            let rows = segments.map(|at| self.rows_of_phrase(at, phrase));
            rows.collect::<Result<Vec<_>>>()
        };
        let found: Vec<Vec<_>> = phrases.par_iter().map(in_segments).collect::<Result<_>>()?;
        for (phrase, rows) in phrases.iter().zip(found) {
            let found = rows.iter().flatten().map(|(_, count)| count).sum();
            let scorer = Scorer::new(&statistics, found, phrase.times);
            for (segment, rows) in segments.iter_mut().zip(rows) {
                segment
                    .lists
                    .extend(rows.map(|(rows, _)| List { rows, scorer }));
            }
        }
        let best = best_rows(&segments, k, filter, &self.deleted)?;
        let hit = |(row, score)| TextHit {
            row: RowId::new(row),
            score: to_float(score),
        };
        Ok(best.into_iter().map(hit).collect())
    }

    /// Returns the rows of a segment that have a phrase, and the number of those that are not deleted.
    fn rows_of_phrase<'a>(
        &self,
        at: &'a TermSegmentAt,
        phrase: &Phrase,
    ) -> Result<Option<(ListRows<'a>, u64)>> {
        let mut terms = Vec::with_capacity(phrase.terms.len());
        for term in &phrase.terms {
            let name = dictionary_name(Kind::Term, term.as_bytes());
            match at.segment.find(&name)? {
                Some(term) => terms.push(term),
                None => return Ok(None),
            }
        }
        let rows = match terms.as_slice() {
            [] => return Ok(None),
            [term] => {
                let count = self.live_count(at, term)?;
                (ListRows::Term(at.segment.postings(term)?), count)
            }
            terms => {
                let is_live = |row: u32| !self.deleted.contains(row + at.row_offset);
                let found = phrase_postings(&at.segment, terms, &is_live)?;
                let count = found.len() as u64;
                (ListRows::Phrase(found), count)
            }
        };
        Ok((rows.1 > 0).then_some(rows))
    }

    /// Returns the number of rows of a segment that have a term and are not deleted.
    fn live_count(&self, at: &TermSegmentAt, term: &FoundTerm) -> Result<u64> {
        let count = term.entry.count;
        let range = at.row_offset..at.row_offset + at.segment.rows();
        let deleted = self.deleted.range_cardinality(range.clone());
        if deleted == 0 {
            return Ok(count.into());
        }
        let mut dead = 0;
        if u64::from(count) <= deleted {
            at.segment.for_each_posting(term, |posting| {
                dead += u64::from(self.deleted.contains(posting.row + at.row_offset));
            })?;
        } else {
            let postings = at.segment.postings(term)?;
            let mut block = Block::new();
            let (mut number, mut decoded) = (0, None);
            for row in self.deleted.range(range) {
                let row = row - at.row_offset;
                number = postings.block_of(number, row);
                if number >= postings.blocks() {
                    break;
                }
                if decoded != Some(number) {
                    at.segment.decode(&postings, number, &mut block)?;
                    decoded = Some(number);
                }
                dead += u64::from(block.rows().binary_search(&row).is_ok());
            }
        }
        Ok(u64::from(count).saturating_sub(dead))
    }

    /// Returns the number of terms of the rows that are not deleted.
    fn live_terms(&self) -> Result<u64> {
        if let Some(terms) = self.terms.get() {
            return Ok(*terms);
        }
        let mut terms = 0;
        for at in &*self.segments {
            terms += at.segment.file.terms();
            let range = at.row_offset..at.row_offset + at.segment.rows();
            for row in self.deleted.range(range) {
                let row = row - at.row_offset;
                for length in at.segment.file.lengths(row..row + 1)? {
                    terms = terms.saturating_sub(u32::from_le_bytes(*length).into());
                }
            }
        }
        Ok(*self.terms.get_or_init(|| terms))
    }
}

/// Rows of a segment, counted from its first row, one bit each.
struct RowSet(Vec<u64>);

impl RowSet {
    fn of(rows: &RoaringBitmap, at: &TermSegmentAt) -> Self {
        let len = at.segment.rows();
        let mut bits = vec![0_u64; len.div_ceil(64) as usize];
        for row in rows.range(at.row_offset..at.row_offset + len) {
            let row = row - at.row_offset;
            bits[(row / 64) as usize] |= 1 << (row % 64);
        }
        Self(bits)
    }

    fn contains(&self, row: u32) -> bool {
        let bits = self.0.get((row / 64) as usize);
        bits.is_some_and(|bits| bits >> (row % 64) & 1 == 1)
    }
}

/// Returns whether a term is a tag before the end of a range.
fn is_before(term: &FoundTerm, end: Bound<&[u8]>) -> bool {
    term.kind() == Kind::Tag
        && match end {
            Bound::Included(end) => &term.name[1..] <= end,
            Bound::Excluded(end) => &term.name[1..] < end,
            Bound::Unbounded => true,
        }
}

impl fmt::Debug for InvertedIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvertedIndex")
            .field("rows", &self.rows)
            .field("deleted", &self.deleted.len())
            .field("segments", &self.segments.len())
            .finish_non_exhaustive()
    }
}
