//! Embeds the texts of simultaneous calls together.

mod documents;
mod queries;
mod turns;

use std::fmt;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::available_parallelism;

use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Progress};
use ndarray::Array2;

use self::turns::Turns;

/// An embedder that embeds the queries of simultaneous calls together, in batches of another embedder.
///
/// A call that finds the embedder free embeds its texts at once, so a lone caller never waits. The calls that
/// arrive while it is in use wait, and the next batch has the texts of all of them. If the wrapped embedder is an
/// [`Encoder`](cognate::Encoder) on a CPU, every embedding has the same bits as in a call of its own.
///
/// If a batch fails, each of its calls is tried again alone, so that a call gets only the errors of its own
/// texts. A panic of the wrapped embedder is an error too.
///
/// Documents are embedded in slices, and queries that wait take their turn between two slices, so that an
/// import keeps no search waiting for long. After some batches of queries, a slice takes its turn even if
/// more queries wait.
pub struct BatchingEmbedder {
    embedder: Arc<dyn Embed>,
    turns: Turns,
    limits: Limits,
}

/// How many batches there may be, and what one may have.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The largest number of batches of queries that the embedder has at the same time.
    batches: usize,
    /// The largest number of queries.
    queries: usize,
    /// The largest number of bytes of the queries, unless one call alone has more.
    query_bytes: usize,
    /// The largest number of documents.
    documents: usize,
    /// The largest number of bytes of the documents, unless one document alone has more.
    document_bytes: usize,
}

/// What a [`BatchingEmbedder`] has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchingCounts {
    /// The number of batches of queries.
    pub batches: u64,
    /// The number of queries in these batches.
    pub queries: u64,
    /// The number of slices of documents.
    pub slices: u64,
    /// The number of documents in these slices.
    pub documents: u64,
    /// The number of calls with queries that wait now.
    pub waiting_queries: usize,
    /// The number of calls with documents that wait now.
    pub waiting_documents: usize,
}

impl BatchingEmbedder {
    /// Creates an embedder that embeds with `embedder`.
    pub fn new(embedder: Arc<dyn Embed>) -> Self {
        let threads = available_parallelism().map_or(1, NonZero::get);
        Self {
            embedder,
            turns: Turns::default(),
            limits: Limits {
                batches: 1,
                queries: 128,
                query_bytes: 32 << 10,
                documents: 32 * threads,
                // Some twenty abstracts for each thread: about a tenth of a second for a small model.
                document_bytes: (32 << 10) * threads,
            },
        }
    }

    /// Sets the largest number of batches of queries that the embedder has at the same time. For a model on a CPU,
    /// one batch for each thread keeps all of them busy (see
    /// [`Encoder::parallel_calls`](cognate::Encoder::parallel_calls)); a GPU has one batch at a time. Default: 1.
    #[must_use]
    pub fn max_batches(mut self, batches: usize) -> Self {
        self.limits.batches = batches.max(1);
        self
    }

    /// Sets the largest number of queries that are embedded together. A call with more queries is a batch of
    /// its own. Default: 128.
    #[must_use]
    pub fn max_queries(mut self, queries: usize) -> Self {
        self.limits.queries = queries.max(1);
        self
    }

    /// Sets the largest number of bytes of queries that are embedded together. A call with longer queries is a
    /// batch of its own. Default: 32 KiB.
    #[must_use]
    pub fn max_query_bytes(mut self, bytes: usize) -> Self {
        self.limits.query_bytes = bytes;
        self
    }

    /// Sets the largest number and the largest number of bytes of the documents that are embedded between two
    /// batches of queries. A longer document is a slice of its own. Default: 32 documents and 32 KiB for each
    /// processor that the process may use.
    #[must_use]
    pub fn document_slices(mut self, documents: usize, bytes: usize) -> Self {
        self.limits.documents = documents.max(1);
        self.limits.document_bytes = bytes;
        self
    }

    /// Returns what has been done so far.
    pub fn counts(&self) -> BatchingCounts {
        self.turns.counts()
    }
}

impl fmt::Debug for BatchingEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchingEmbedder")
            .field("embedder", &self.embedder.info())
            .field("limits", &self.limits)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Embed for BatchingEmbedder {
    fn info(&self) -> EmbedderInfo {
        self.embedder.info()
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        documents::embed(self, texts, progress)
    }

    fn text_within_limit<'t>(&self, text: &'t str) -> Result<&'t str, BoxError> {
        self.embedder.text_within_limit(text)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        queries::embed(self, texts)
    }
}
