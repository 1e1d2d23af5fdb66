//! Research papers: what one is, how papers are read from files and written to files, and what a
//! draft cites.
//!
//! A [`Paper`] has an id, a title and an abstract, and whatever else is known about it. A
//! [`PaperReader`] reads papers from files in many [`Format`]s, and a [`PaperWriter`] writes them in
//! an [`ExportFormat`]. A [`Draft`] is a paper that is still being written: its sentences and its
//! citations. [`identifiers`] normalizes DOIs, arXiv identifiers and titles, and [`text`] splits prose
//! into words and sentences.
//!
//! ```
//! use cognate_papers::{ExportFormat, PaperReader, PaperWriter};
//!
//! let bibtex = "@article{shannon1948, title = {A Mathematical Theory of Communication}, year = 1948}";
//! let mut writer = PaperWriter::new(Vec::new(), ExportFormat::Ris);
//! for paper in PaperReader::new(bibtex.as_bytes(), "refs.bib")? {
//!     let paper = paper?;
//!     assert_eq!(paper.year, Some(1948));
//!     writer.write(&paper)?;
//! }
//! let ris = String::from_utf8(writer.finish()?)?;
//! assert!(ris.contains("TI  - A Mathematical Theory of Communication"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate does not search papers and knows no model; the crate `cognate` does that, and re-exports
//! this one's types.
//!
//! # Guarantees
//!
//! - No record is dropped silently: a [`PaperReader`] yields an [`Error::Record`] with file and line for
//!   each record that is not a paper, and continues with the next record.
//! - Memory is bounded: a reader holds one record at a time, of at most 64 MiB.
//! - A paper written as JSON lines and read again is the same paper.
//!
//! # Features
//!
//! - `parquet`: reads Apache Parquet files. Without it, such a file is an [`Error::UnknownFormat`].

#![forbid(unsafe_code)]

mod draft;
mod error;
pub mod identifiers;
mod location;
mod names;
mod paper;
mod read;
pub mod text;
mod write;

pub use draft::{Citation, Draft, DraftFormat};
pub use error::{BoxError, Error, Result};
pub use location::RecordLocation;
pub use paper::Paper;
pub use read::formats::Format;
pub use read::paper_reader::PaperReader;
pub use read::text_reader::{TextReader, TextRecord};
pub use write::ExportFormat;
pub use write::paper_writer::PaperWriter;
