mod several;

use std::time::Instant;

use anyhow::Result;
use clap::Args;
use cognate::{Mode, Query, QueryText};

use crate::arguments::values::not_negative;
use crate::arguments::{
    HitArguments, LibrariesArguments, RankingArguments, RerankArguments, StoredModelArguments,
};
use crate::failure::wrong_usage;
use crate::hits;
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{note, one_line, shortened, step};
use crate::reranking::Reranking;
use crate::{model, no_papers, standard_input};

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
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        value_parser = not_negative,
        allow_negative_numbers = true
    )]
    feedback: usize,
    #[command(flatten)]
    rerank: RerankArguments,
    /// Explain each hit
    ///
    /// By the most similar sentences and the shared words.
    #[arg(long)]
    explain: bool,
    /// Text to search for, in one or more arguments: words in double quotes are a phrase, and -word
    /// leaves out papers with that word. `-`, or no text in a pipe, reads the text from standard input
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
}

/// The command line that an error without a text shows.
const EXAMPLE: &str = "cognate search small world networks";

impl Arguments {
    /// Returns whether the text must be embedded, which takes most of the time of a search: unless it
    /// is searched for by keywords, and nothing else is asked for that depends on cosines.
    fn needs_embedder(&self) -> bool {
        self.ranking.mode != Mode::Keyword || self.hits.min_score.is_some() || self.explain
    }

    fn query(&self, text: &QueryText) -> Query {
        let query = text.query().feedback(self.feedback).smooth(self.smooth);
        let query = self.hits.apply(self.ranking.apply(query));
        query.score_context(self.needs_embedder())
    }
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let typed = standard_input::query_text(&arguments.text, EXAMPLE)?;
    let text = QueryText::parse(&typed);
    report_exclusions(&text)?;
    let libraries = invocation.libraries(&arguments.library)?;
    let [located] = &libraries[..] else {
        return several::run(arguments, &typed, &text, &libraries);
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
    let query = arguments.query(&text);
    let mut hits = match &reranking {
        Some(reranking) => {
            reranking.search(&library, query.clone(), &text.text, arguments.hits.k)?
        }
        None => library.search(&query)?,
    };
    arguments.hits.sort.arrange(&mut hits);
    step("searched", start);
    let header = Header::new("search", start.elapsed()).library(library.dir());
    let explanations = if arguments.explain {
        library.explain(&text.text, &hits)?
    } else {
        Vec::new()
    };
    if let Some(format) = arguments.hits.format() {
        let raw_cells = arguments.hits.raw_cells();
        hits::write(&hits, &explanations, format, raw_cells, &typed, &header)?;
    } else {
        if hits.is_empty() {
            no_papers::explain_query(&library, &query)?;
        }
        hits::present(&hits, &explanations)?;
    }
    arguments.hits.check_found(&hits)
}

/// Says which words are left out: a hyphen of a pasted text may not be meant so.
fn report_exclusions(text: &QueryText) -> Result<()> {
    if text.without.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = text
        .without
        .iter()
        .map(|words| format!("`{}`", one_line(&shortened(words))))
        .collect();
    let words = words.join(", ");
    if text.text.is_empty() {
        return Err(wrong_usage(&format!(
            "the query only leaves out {words}, expected a text to search for too, as in `{EXAMPLE}`"
        )));
    }
    note(&format!(
        "leaving out papers with {words}; a space after the hyphen makes it part of the text"
    ));
    Ok(())
}
