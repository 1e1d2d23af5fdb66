//! Research papers: their data, files that contain them, and drafts that cite them.
//!
//! A [`Paper`] has an id, a title, an abstract and bibliographic data. A [`PaperReader`] reads
//! papers from files in any [`Format`], and a [`PaperWriter`] writes papers in an [`ExportFormat`].
//! A [`Draft`] is a paper that is being written: its sentences and its citations. The module
//! [`identifiers`] normalizes DOIs, arXiv identifiers and titles, and the module [`text`] splits
//! prose into sentences and words.
//!
//! The crate neither searches papers nor embeds them. The crate `cognate` does, and re-exports the
//! types of this crate.
//!
//! # Examples
//!
//! Convert a bibliography from BibTeX to RIS:
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
//! # Guarantees
//!
//! - A [`PaperReader`] drops no record silently: it yields an [`Error::Record`] with file and line
//!   for each record that is not a paper, and continues with the next record.
//! - A record larger than 64 MiB, or with more than 1,048,576 values, is such an error, so memory is
//!   bounded in files of any size. The exception is BibTeX, whose reader keeps the entries that other
//!   entries may inherit fields from. A paper has at most 4 MiB of texts.
//! - A [`Paper`] that was read from JSON lines, written as [`ExportFormat::JsonLines`] and read again
//!   is the same paper. So is one written as [`ExportFormat::Csv`], except that a semicolon before white
//!   space in a category, a reference or a note becomes a comma.
//! - [`ExportFormat::Bibtex`], [`ExportFormat::Ris`] and [`ExportFormat::CslJson`] keep every field that they have a
//!   place for. What a library notes about a paper, [`Paper::added`] and [`Paper::lists`], is in JSON and CSV alone.
//!
//! # Complexity
//!
//! Readers, writers and [`Draft::parse`] take time linear in the size of their input.
//!
//! # Features
//!
//! - `parquet` (off by default): reads Apache Parquet files. Without it, such a file is recognized
//!   and rejected with an [`Error::UnknownFormat`] that names the feature.

#![forbid(unsafe_code)]

mod date;
mod details;
mod draft;
mod enum_names;
mod error;
pub mod identifiers;
mod kind;
mod list_entry;
mod location;
mod name;
mod paper;
mod read;
mod table;
pub mod text;
mod write;

pub use date::PartialDate;
pub use details::Details;
pub use draft::{Citation, Draft, DraftFormat, DraftOptions};
pub use error::{BoxError, Error, Result};
pub use kind::PaperKind;
pub use list_entry::ListEntry;
pub use location::RecordLocation;
pub use name::Name;
pub use paper::Paper;
pub use read::formats::Format;
pub use read::notes::Remark;
pub use read::paper_reader::PaperReader;
pub use read::text_reader::{TextReader, TextRecord};
pub use write::ExportFormat;
pub use write::paper_writer::PaperWriter;
