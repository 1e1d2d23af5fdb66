use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use cognate::{Mode, Query};

use crate::arguments::{
    HitArguments, LibraryArguments, RankingArguments, RerankArguments, StoredModelArguments,
};
use crate::hits::{self, explained_hits_text};
use crate::invocation::Invocation;
use crate::output::print;
use crate::reranking::Reranking;
use crate::{model, no_papers};

/// Find papers by a text: similar in meaning, sharing words, or both
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
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
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let library = invocation.open_library(&arguments.library)?;
    if arguments.text.trim().is_empty() {
        bail!("the query is empty, expected a text");
    }
    let library = if arguments.needs_embedder() {
        model::attach(library, &arguments.model)?
    } else {
        library
    };
    let precision = library.embedder_info().precision.parse()?;
    let reranking = Reranking::load(&arguments.rerank, precision)?;

    let start = Instant::now();
    let query = Query::text(&arguments.text)
        .feedback(arguments.feedback)
        .smooth(arguments.smooth);
    let query = arguments.hits.apply(arguments.ranking.apply(query));
    let query = query.score_context(arguments.needs_embedder());
    let hits = match &reranking {
        Some(reranking) => {
            reranking.search(&library, query.clone(), &arguments.text, arguments.hits.k)?
        }
        None => library.search(&query)?,
    };
    let took_ms = start.elapsed().as_secs_f64() * 1e3;
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
            took_ms,
        );
    }
    if hits.is_empty() {
        no_papers::explain_query(&library, &query)?;
    }
    print(&explained_hits_text(&hits, &explanations))
}
