mod several;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use cognate::{Mode, Query};

use crate::arguments::{
    HitArguments, LibrariesArguments, RankingArguments, RerankArguments, StoredModelArguments,
};
use crate::hits::{self, explained_hits_text};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::model;
use crate::output::{note, print, step};
use crate::reranking::Reranking;

/// Find papers by a text: similar in meaning, sharing words, or both
///
/// With several --library, each library ranks its own papers, and the lists are merged: each keeps its
/// order, and the n-th hit of a library is placed by the n-th highest cosine among its hits, because
/// cosines of one model are comparable between libraries and keyword scores are not. A paper of several
/// libraries is one hit. Libraries with different models are merged by rank.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibrariesArguments,
    #[command(flatten)]
    model: StoredModelArguments,
    #[command(flatten)]
    hits: HitArguments,
    #[command(flatten)]
    ranking: RankingArguments,
    /// Smooth the scores of the best papers over similar papers, which finds what is written on a
    /// subject rather than one known paper
    #[arg(long)]
    smooth: bool,
    /// Search again with the query moved toward the best N papers (pseudo-relevance feedback)
    #[arg(long, value_name = "N", default_value_t = 0)]
    feedback: usize,
    #[command(flatten)]
    rerank: RerankArguments,
    /// Explain each hit by the most similar sentences and the shared words
    #[arg(long)]
    explain: bool,
    /// Text to search for; keyword search takes words in double quotes as a phrase
    text: String,
}

impl Arguments {
    /// Returns whether the text must be embedded, which takes most of the time of a search: unless it
    /// is searched for by keywords, and nothing else is asked for that depends on cosines.
    fn needs_embedder(&self) -> bool {
        self.ranking.mode != Mode::Keyword || self.hits.min_score.is_some() || self.explain
    }

    fn query(&self) -> Query {
        let query = Query::text(&self.text)
            .feedback(self.feedback)
            .smooth(self.smooth);
        let query = self.hits.apply(self.ranking.apply(query));
        query.score_context(self.needs_embedder())
    }
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let located = invocation.libraries(&arguments.library)?;
    if arguments.text.trim().is_empty() {
        bail!("the query is empty, expected a text");
    }
    let [located] = &located[..] else {
        return several::run(arguments, &located);
    };
    let library = located.open()?;
    let library = if arguments.needs_embedder() {
        model::attach(library, &arguments.model)?
    } else {
        library
    };
    let precision = library.embedder_info().precision.parse()?;
    let reranking = Reranking::load(&arguments.rerank, precision)?;

    let start = Instant::now();
    let query = arguments.query();
    let hits = match &reranking {
        Some(reranking) => reranking.search(&library, query, &arguments.text, arguments.hits.k)?,
        None => library.search(&query)?,
    };
    step("searched", start);
    let header = Header::new("search", start.elapsed()).library(library.dir());
    let explanations = if arguments.explain {
        library.explain(&arguments.text, &hits)?
    } else {
        Vec::new()
    };
    if let Some(format) = arguments.hits.format() {
        let raw_cells = arguments.hits.raw_cells();
        return hits::write(
            &hits,
            &explanations,
            format,
            raw_cells,
            &arguments.text,
            &header,
        );
    }
    if hits.is_empty() {
        note("no paper matches the filters");
    }
    print(&explained_hits_text(&hits, &explanations))
}
