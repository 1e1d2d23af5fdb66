use std::ops::ControlFlow;

use cognate::{Filter, Listing, Paper, Query, SortBy, Strategy};
use schemars::JsonSchema;
use serde::Deserialize;

use super::search_papers::ranked_page;
use crate::mcp::entry::Entry;
use crate::mcp::filter::{FilterArguments, date};
use crate::mcp::page::{PageArguments, PapersDocument};
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

/// Which date of a paper counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum DateArgument {
    #[default]
    Added,
    Published,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// Only papers of this day or later: YYYY, YYYY-MM or YYYY-MM-DD
    #[serde(default)]
    #[schemars(with = "String")]
    since: Option<String>,
    /// The day that counts: when a paper came to the library (added) or when it was published
    #[serde(default)]
    by: DateArgument,
    /// Order by similarity to the papers of this list, such as liked, which are left out; without it, the
    /// latest come first
    #[serde(default)]
    #[schemars(with = "String")]
    like_list: Option<String>,
    #[serde(flatten)]
    filter: FilterArguments,
    #[serde(flatten)]
    page: PageArguments,
}

/// The most papers of a list that a query has.
const MAX_LIKED: usize = 1_000;

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "new_papers",
        title: "New papers",
        purpose: "List the papers that came to the library lately, or that were published lately, the \
                  latest first or the most similar to a list first. Use it to catch up; for a subject, use \
                  search_papers with `since`.",
        effect: Effect::Reads,
    };
    Tool::new(&description, answer)
}

fn answer(
    context: &Context<'_>,
    arguments: Arguments,
) -> Result<(String, PapersDocument), Problem> {
    let mut filter = arguments.filter.filter()?;
    if let Some(since) = &arguments.since {
        let since = date("since", since)?;
        filter = match arguments.by {
            DateArgument::Added => filter.added_since(since),
            DateArgument::Published => filter.published_since(since),
        };
    }
    if let Some(list) = &arguments.like_list {
        let query = Query::papers(liked(context, list)?)
            .score_context(true)
            .strategy(Strategy::NearestExample)
            .filter(filter);
        let page = ranked_page(context, query, &arguments.page)?;
        let order = format!("most similar to the list {list} first");
        return Ok((page.text(&order), page.document()));
    }
    let page = &arguments.page;
    let listing = Listing::default()
        .filter(filter.clone())
        .sort_by(match arguments.by {
            DateArgument::Added => SortBy::Added,
            DateArgument::Published => SortBy::Published,
        })
        .reverse(true)
        .limit(page.ranked(context.server.options())?);
    let mut papers = Vec::new();
    context.library.list(&listing, |paper| {
        papers.push(paper);
        ControlFlow::Continue(())
    })?;
    let mut page = page.page(&papers, |paper: &Paper, detail| {
        let mut entry = Entry::of_paper(paper, &[], detail);
        let day = match arguments.by {
            DateArgument::Added => paper.added,
            DateArgument::Published => paper.publication_date(),
        };
        if let Some(day) = day {
            let (name, verb) = match arguments.by {
                DateArgument::Added => ("added", "added"),
                DateArgument::Published => ("published", "published"),
            };
            entry.line(&format!("{verb} {day}"));
            entry.insert(name, day.to_string().into());
        }
        entry
    });
    if papers.is_empty() {
        for reason in context.library.explain_no_papers(&filter)? {
            page.note(reason.to_string());
        }
    }
    Ok((page.text("latest first"), page.document()))
}

/// Returns the ids of the papers of a list.
fn liked(context: &Context<'_>, list: &str) -> Result<Vec<String>, Problem> {
    let listing = Listing::default()
        .filter(Filter::default().list(list))
        .sort_by(SortBy::Added)
        .reverse(true)
        .limit(MAX_LIKED);
    let mut ids = Vec::new();
    context.library.list(&listing, |paper| {
        ids.push(paper.id);
        ControlFlow::Continue(())
    })?;
    if ids.is_empty() {
        let detail = format!("the list `{list}` has no papers to be similar to");
        return Err(Problem::new(Kind::EmptyQuery, detail));
    }
    Ok(ids)
}
