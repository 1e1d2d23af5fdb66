use cognate::{Mode, PaperHit, Query};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::mcp::entry::Entry;
use crate::mcp::filter::{DateArguments, FilterArguments};
use crate::mcp::page::{Page, PageArguments, PapersDocument};
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

/// How papers are ranked.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ModeArgument {
    #[default]
    Hybrid,
    Vector,
    Keyword,
}

impl From<ModeArgument> for Mode {
    fn from(mode: ModeArgument) -> Self {
        match mode {
            ModeArgument::Hybrid => Self::Hybrid,
            ModeArgument::Vector => Self::Vector,
            ModeArgument::Keyword => Self::Keyword,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// What the papers are about: a question, a description or an abstract, in natural language; words in
    /// double quotes are a phrase
    query: String,
    /// Words or phrases that no paper of the answer may have
    #[serde(default)]
    without: Vec<String>,
    /// Ranking by meaning and words (hybrid), by meaning (vector) or by words (keyword)
    #[serde(default)]
    mode: ModeArgument,
    #[serde(flatten)]
    filter: FilterArguments,
    #[serde(flatten)]
    dates: DateArguments,
    #[serde(flatten)]
    page: PageArguments,
}

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "search_papers",
        title: "Search papers",
        purpose: "Find papers of the library by a text: similar in meaning, sharing words, or both. Use it \
                  first for any question about a subject. For papers like one that you know, use \
                  related_papers; to read a paper of the answer, get_papers.",
        effect: Effect::Reads,
    };
    Tool::new(&description, answer)
}

fn answer(
    context: &Context<'_>,
    arguments: Arguments,
) -> Result<(String, PapersDocument), Problem> {
    let options = context.server.options();
    let length = arguments.query.len();
    if length > options.max_query_bytes {
        return Err(Problem::new(
            Kind::TooLarge,
            format!(
                "`query` has {length} bytes, expected at most {}; for a whole draft, use missed_citations",
                options.max_query_bytes
            ),
        ));
    }
    let mode = Mode::from(arguments.mode);
    // A search by keywords needs no model without it.
    let query = Query::text(&arguments.query)
        .score_context(mode != Mode::Keyword)
        .without_words(&arguments.without)
        .mode(mode)
        .filter(arguments.dates.add_to(arguments.filter.filter()?)?);
    let page = ranked_page(context, query, &arguments.page)?;
    Ok((page.text("best first"), page.document()))
}

/// Returns a page of the hits of a query. A page without hits says why.
///
/// # Errors
///
/// Returns the problems of the query.
pub(super) fn ranked_page(
    context: &Context<'_>,
    query: Query,
    page: &PageArguments,
) -> Result<Page, Problem> {
    let query = query.k(page.ranked(context.server.options())?);
    let hits: Vec<PaperHit> = context.library.search(&query)?;
    let mut page = page.page(&hits, Entry::of_hit);
    if hits.is_empty() {
        for reason in context.library.explain_no_hits(&query)? {
            page.note(reason.to_string());
        }
    }
    Ok(page)
}
