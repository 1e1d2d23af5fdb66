use std::fmt::Write as _;

use cognate::{Explanation, Filter, Mode, Paper, PaperHit, Query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::mcp::entry::{Detail, Entry, PaperDocument, shortest};
use crate::mcp::line::one_line;
use crate::mcp::paper_names;
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// The paper to explain, by its id, DOI, arXiv identifier or title
    id: String,
    /// The text that was searched for
    #[serde(default)]
    query: String,
    /// Instead of a text, the papers to which it is related
    #[serde(default)]
    like: Vec<String>,
}

/// Where a query comes from.
enum Origin {
    Text(String),
    Papers(Vec<String>),
}

#[derive(Debug, Serialize, JsonSchema)]
struct Document {
    /// The paper, with its similarity to the query
    #[schemars(with = "PaperDocument")]
    paper: Map<String, Value>,
    /// The sentence of the query that is nearest to a sentence of the paper
    query_sentence: String,
    /// The sentence of the paper that is nearest to a sentence of the query
    paper_sentence: String,
    /// The cosine similarity of the two sentences, -1 to 1
    #[schemars(with = "f32")]
    sentence_score: Value,
    /// The words that query and paper share
    words: Vec<String>,
}

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "explain_match",
        title: "Explain a match",
        purpose: "Say why a paper matches a text or other papers: the two most similar sentences, their \
                  similarity and the shared words. Use it to check a paper of an answer before you rely on \
                  it.",
        effect: Effect::Reads,
    };
    Tool::new(&description, answer)
}

fn answer(context: &Context<'_>, arguments: Arguments) -> Result<(String, Document), Problem> {
    let library = context.library;
    let paper = library.lookup(&arguments.id)?.into_paper(&arguments.id)?;
    let origin = match (arguments.query.trim(), &arguments.like[..]) {
        ("", []) => {
            let detail = "`query` and `like` are missing, expected one of them";
            return Err(Problem::new(Kind::EmptyQuery, detail));
        }
        (_, []) => Origin::Text(arguments.query),
        ("", like) => Origin::Papers(paper_names::ids(library, like)?),
        _ => {
            let detail = "`query` and `like` are both given, expected one of them";
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
    };
    let hits = [hit(context, &origin, &paper)?];
    let explanations = match &origin {
        Origin::Text(text) => library.explain(text, &hits)?,
        Origin::Papers(ids) => library.explain_related(ids, &hits)?,
    };
    let Some(explanation) = explanations.into_iter().next() else {
        return Err(Problem::internal());
    };
    let mut entry = Entry::of_hit(&hits[0], Detail::Compact);
    // The paper was not ranked.
    entry.document.remove("rank");
    let text = entry.text.strip_prefix("1. ").unwrap_or(&entry.text);
    let text = explained(text, &explanation);
    let document = Document {
        paper: entry.document,
        query_sentence: one_line(&explanation.query_sentence),
        paper_sentence: one_line(&explanation.paper_sentence),
        sentence_score: shortest(explanation.score),
        words: explanation.words,
    };
    Ok((text, document))
}

/// Returns the paper as a hit of a query, with its cosine.
fn hit(context: &Context<'_>, origin: &Origin, paper: &Paper) -> Result<PaperHit, Problem> {
    let query = match origin {
        Origin::Text(text) => Query::text(text),
        Origin::Papers(ids) if ids.contains(&paper.id) => {
            let detail = format!(
                "`like` has the paper `{}` itself, expected others",
                paper.id
            );
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
        Origin::Papers(ids) => Query::papers(ids).smooth(false),
    };
    let query = query
        .mode(Mode::Vector)
        .every_version(true)
        .score_context(true);
    let find = |query: &Query| -> Result<Option<PaperHit>, Problem> {
        let hits = context.library.search(query)?;
        let mut hits = hits.into_iter();
        let hit = hits.find(|hit| hit.paper.id == paper.id);
        Ok(hit.map(|mut hit| {
            hit.rank = 1;
            hit
        }))
    };
    // Few papers have the same year, author and venue, so that few must be read. The cosine is the same.
    let narrow = query.clone().filter(narrow(paper)).k(NARROW);
    if let Some(hit) = find(&narrow)? {
        return Ok(hit);
    }
    let all = query.k(context.library.len()?.max(1));
    find(&all)?.ok_or_else(Problem::internal)
}

/// The number of papers to read before all of them are.
const NARROW: usize = 1_000;

/// Returns a filter that a paper passes, with few others.
fn narrow(paper: &Paper) -> Filter {
    let mut filter = Filter::default();
    if let Some(year) = paper.year {
        filter = filter.years(year..=year);
    }
    if let Some(author) = paper.authors.first() {
        filter = filter.author(author.full());
    }
    if let Some(venue) = &paper.venue {
        filter = filter.venue(venue);
    }
    filter
}

fn explained(entry: &str, explanation: &Explanation) -> String {
    let mut text = entry.to_owned();
    let _ = writeln!(
        text,
        "   query: “{}”",
        one_line(&explanation.query_sentence)
    );
    let _ = writeln!(
        text,
        "   paper, similarity {:.3}: “{}”",
        explanation.score,
        one_line(&explanation.paper_sentence)
    );
    if !explanation.words.is_empty() {
        let words = one_line(&explanation.words.join(", "));
        let _ = writeln!(text, "   shared words: {words}");
    }
    text
}
