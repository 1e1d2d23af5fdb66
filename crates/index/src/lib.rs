//! Exact cosine search over unit vectors, in memory and in checksummed files.
//!
//! [`FlatIndex`] holds vectors and finds the ones most similar to a query. It is not an approximate
//! index: it returns the exact top `k`, for any data. It is not a document store either: it knows
//! rows by number, and the caller knows what the rows stand for.
//!
//! ```
//! use cognate_index::{IndexBuilder, RowId};
//! use ndarray::array;
//!
//! let mut builder = IndexBuilder::new(3)?;
//! builder.append(array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.8, 0.0]].view())?;
//! let index = builder.build();
//!
//! let hits = index.search(array![0.0, 2.0, 0.0].view(), 2)?;
//! assert_eq!(hits[0].row, RowId::new(1));
//! assert_eq!(hits[0].score, 1.0);
//! assert_eq!(hits[1].row, RowId::new(2));
//! # Ok::<(), cognate_index::Error>(())
//! ```
//!
//! [`IndexBuilder`] builds an index in memory, and [`FlatIndex::save`] writes it to disk.
//! [`IndexWriter`] writes an index on disk and appends to it; a [`Manifest`] lists the content of the
//! index, and replacing the manifest is the commit. [`SearchOptions`] restricts a search to some rows or
//! to a minimum score. [`unit_vector`] normalizes a vector the way an index does.
//!
//! Rows on disk may have a [`Document`] each: terms, by which an [`InvertedIndex`] finds the rows with the
//! highest BM25 scores, and tags, which select rows. The crate does not split texts into terms.
//!
//! # Ids of your own
//!
//! Rows have dense numbers, so in memory, a list of ids in the order of appending is enough:
//! `ids[hit.row.index()]`. On disk, the [`Document`] of a row carries an id along, through every merge and
//! compaction: a number as its key, which [`InvertedIndex::key`] returns for a row, and any bytes as a
//! tag, by which [`InvertedIndex::rows_with_tag`] finds rows, for example to delete them.
//!
//! ```
//! use cognate_index::{Document, FlatIndex, IndexWriter, InvertedIndex, Manifest};
//! use ndarray::array;
//!
//! let dir = tempfile::tempdir()?;
//! let mut writer = IndexWriter::create(dir.path(), 2)?;
//! let documents = [
//!     Document::new(7001).tag("2017-attention", 0),
//!     Document::new(7002).tag("2019-bert", 0),
//! ];
//! writer.append_documents(array![[1.0, 0.0], [0.0, 1.0]].view(), &documents)?;
//! writer.commit()?;
//!
//! let manifest = Manifest::read(dir.path())?;
//! let index = FlatIndex::open_manifest(dir.path(), &manifest)?;
//! let ids = InvertedIndex::open_manifest(dir.path(), &manifest)?;
//! let hit = index.search(array![0.1, 0.9].view(), 1)?[0];
//! assert_eq!(ids.key(hit.row)?, Some(7002));
//!
//! writer.delete(&ids.rows_with_tag(b"2017-attention")?)?;
//! let map = writer.compact()?;
//! writer.commit()?;
//! let ids = InvertedIndex::open_manifest(dir.path(), &Manifest::read(dir.path())?)?;
//! assert_eq!(ids.key(map.get(hit.row).expect("it was not deleted"))?, Some(7002));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! - Every row is a unit vector. Rows that are zero or not finite are refused, and a row whose norm
//!   is within 10⁻⁶ of 1 is kept bit for bit.
//! - Hits are the `k` best rows in descending order of their scores, rows with equal scores in
//!   ascending order. A score is the f32 dot product of the two unit vectors, in the order of
//!   summation that [`cognate_kernels`] documents.
//! - Hits and the bits of their scores are independent of the number of queries in a batch, the
//!   number of threads, the storage (mapped or in memory), the number of segments, and the
//!   instruction set.
//! - Row numbers are stable until [`IndexWriter::compact`] drops deleted rows and returns a
//!   [`RowMap`] with the new numbers. The order of rows never changes.
//! - A file is complete under its final name, or absent. After a crash at any instant, an index opens
//!   as it was at the last commit. Damage to rows is an error when a file is opened or, at the latest,
//!   when the damaged part is first used; [`FlatIndex::verify`] checks everything.
//!
//! # Segments and quantized codes
//!
//! Rows are stored in segments. A segment with at least 16,384 rows of 32 to 1,024 dimensions also
//! has quantized codes, if they are expected to make searches faster: the rows are rotated so that
//! the leading dimensions hold most of their variance, and stored in 8 bits with the norms of what
//! the codes leave out. The leading dimensions give an upper bound of each score, with all rounding
//! accounted for. Rows whose bound reaches the k-th best score so far get a tighter bound from the
//! remaining dimensions, and only rows that pass both bounds are scored in f32. Hits and scores are
//! thus those of an exhaustive scan, on any data; only the time depends on the data. Where the bounds
//! prune too few rows, a search soon falls back to the exhaustive scan.
//!
//! The quantized codes of a segment are in a file `segment-….codes` beside the rows, and take a
//! quarter to a third of their bytes. They are derived data: without the file, or where a block of it
//! is damaged, rows are read in f32, and [`IndexWriter::rebuild`] computes the codes again.
//!
//! # Documents
//!
//! The terms of a segment are in a file `segment-….terms` beside the rows. Scores by BM25 depend on the
//! rows that are not deleted only, and are the same bits whatever the segments and threads; the top `k` is
//! exact. Blocks of the file are compared with their checksums when they are first used, and
//! [`IndexWriter::rebuild_terms`] writes a damaged file again from documents.
//!
//! # Complexity
//!
//! A search reads the quantized leading dimensions of every allowed row and few rows in f32, or every
//! allowed row in f32. Its time is about that of reading these bytes from memory: at most
//! `rows · dim · 4`. A batch reads them once for up to 256 queries.
//!
//! Appending `n` rows writes O(n · log(rows)) rows on average, with O(dim²) operations for each row
//! that is quantized. Deleting rows writes nothing but the manifest. Compacting writes every
//! remaining row once.
//!
//! # Features
//!
//! - `mmap` (default): maps files into memory, so that opening an index takes little time and memory
//!   is shared with the page cache. Without it, files are read and checked when an index is opened,
//!   and the crate has no unsafe code.
//!
//! # Dependencies in the public API
//!
//! Vectors are [`ndarray`] views, and sets of rows are [`roaring`] bitmaps. Both crates are
//! re-exported; a release with another major version of either is a breaking change of this crate.

#![cfg_attr(not(any(feature = "mmap", test)), forbid(unsafe_code))]

mod builder;
mod check;
mod checksums;
mod compact;
mod compaction_folder;
mod damage;
mod durable;
mod error;
mod file_names;
mod flat;
mod flaw;
mod hit;
mod inverted;
mod limits;
mod manifest;
mod neighbors;
mod normalize;
mod open;
mod options;
mod preamble;
mod progress;
mod quantized;
mod rebuild_terms;
mod row_map;
mod save;
mod scan;
mod search;
mod segment;
mod segment_files;
mod storage;
mod top_k;
mod validate;
mod writer;

pub use builder::IndexBuilder;
pub use compact::Compaction;
pub use damage::Damage;
pub use error::{Error, Result};
pub use flat::FlatIndex;
pub use flaw::Flaw;
pub use hit::{Hit, RowId};
pub use inverted::{Document, InvertedIndex, Phrase, TextHit};
pub use manifest::Manifest;
pub use normalize::unit_vector;
pub use options::SearchOptions;
pub use progress::Progress;
pub use row_map::RowMap;
pub use storage::Storage;
pub use writer::IndexWriter;

pub use {ndarray, roaring};
