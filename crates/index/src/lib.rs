//! Exact cosine search over unit vectors, in memory and in checksummed files.
//!
//! [`FlatIndex`] holds vectors and finds those nearest to a query. It passes over none that could be
//! among them, so the answer is exact; it is not an approximate index that trades hits for time. It
//! knows rows by number, not what they stand for.
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
//! [`IndexBuilder`] makes an index in memory. [`IndexWriter`] makes one on disk and lets it grow:
//! what it consists of is said by a [`Manifest`], and replacing that is the commit.
//! [`SearchOptions`] restricts a search to some rows or to a minimum score.
//!
//! # Guarantees
//!
//! - Every row is a unit vector: the one place that makes them refuses rows without a direction,
//!   and keeps a row whose norm is within 10⁻⁶ of 1 bit for bit.
//! - The hits are the `k` best by score, and by ascending row where scores are equal. A score is
//!   the f32 dot product of the two unit vectors in the order of summation that
//!   [`cognate_kernels`] documents.
//! - Hits and scores are the same bits for one query or many, on one thread or many, mapped or in
//!   memory, in one segment or many, with any instruction set.
//! - A row keeps its number, until [`IndexWriter::merge`] drops deleted rows and tells where the
//!   others moved. Their order never changes.
//! - A file is complete under its final name, or not there. After a crash at any instant an index
//!   opens as it was at the last commit. Damage to a file is an error when what is damaged is used
//!   first, if not when it is opened; [`FlatIndex::verify`] reads everything.
//!
//! # Segments and compact forms
//!
//! Rows lie in segments. One of at least 16,384 rows of 32 to 1,024 dimensions has beside it a
//! compact form, where that pays: the rows rotated so that the first dimensions hold most of what
//! there is, all of it in 8 bits, and norms of what that leaves out. From the first dimensions
//! follows an upper bound of every score, with all rounding counted; where it reaches the worst of
//! the hits so far, the others give a closer one, and only rows whose second bound reaches it too
//! are read in f32. So hits and scores are those of reading everything, on any data; how much is read
//! depends on the data. What defeats the bounds is read in f32 soon.
//!
//! A compact form takes a quarter to a third of the bytes of its rows, lies in a file
//! `segment-….codes` beside theirs, and can be lost: without it, or where a block of it is damaged,
//! rows are read in f32.
//!
//! # Complexity
//!
//! A search reads of every allowed row a part in compact form, and few again in f32, or all in f32: it
//! takes about as long as memory takes to deliver these bytes, `rows · dim · 4` of them where bounds
//! do not pay. A batch reads them once for up to 64 queries. Appending
//! `n` rows writes O(n · log(rows)) of them on average, and O(dim²) operations go into each that is
//! written in compact form; deleting writes none. Merging writes every row that is left once.
//!
//! # Features
//!
//! - `mmap` (default): files are mapped, so that opening takes no time and memory is shared with
//!   the page cache. Without it they are read and checked when an index is opened, and the crate
//!   has no unsafe code.

#![cfg_attr(not(any(feature = "mmap", test)), forbid(unsafe_code))]
mod builder;
mod check;
mod checksums;
mod compact;
mod durable;
mod encode;
mod error;
mod flat;
mod header;
mod hit;
mod manifest;
#[cfg(feature = "mmap")]
mod map;
mod merge;
mod open;
mod options;
mod rotation;
mod scan;
mod search;
mod segment;
mod start;
mod top_k;
mod unit;
mod writer;

pub use builder::IndexBuilder;
pub use error::{Damage, Error, Result};
pub use flat::FlatIndex;
pub use hit::{Hit, RowId};
pub use manifest::Manifest;
pub use merge::RowMap;
pub use open::Storage;
pub use options::SearchOptions;
pub use unit::Flaw;
pub use writer::IndexWriter;
