use std::fmt::Write as _;

use cognate::{Draft, DraftFormat, MissedHit, MissedOptions, Paper, PaperReader};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::entry::{Entry, shortest};
use crate::mcp::filter::FilterArguments;
use crate::mcp::line::{one_line, shortened};
use crate::mcp::page::{PageArguments, PapersDocument};
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

/// The markup of a draft.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum FormatArgument {
    #[default]
    Plain,
    Markdown,
    Latex,
    Typst,
    Org,
    Rst,
}

impl From<FormatArgument> for DraftFormat {
    fn from(format: FormatArgument) -> Self {
        match format {
            FormatArgument::Plain => Self::Plain,
            FormatArgument::Markdown => Self::Markdown,
            FormatArgument::Latex => Self::Latex,
            FormatArgument::Typst => Self::Typst,
            FormatArgument::Org => Self::Org,
            FormatArgument::Rst => Self::Rst,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// The draft, or a part of it
    text: String,
    /// The markup of the draft
    #[serde(default)]
    format: FormatArgument,
    /// The references of the draft with their citation keys, as BibTeX or in any other format of references
    #[serde(default)]
    bibliography: String,
    #[serde(flatten)]
    filter: FilterArguments,
    #[serde(flatten)]
    page: PageArguments,
}

/// The most citations that an answer lists.
const MAX_LISTED: usize = 20;

/// The most characters of a citation or a sentence of the draft.
const MAX_TEXT: usize = 200;

#[derive(Debug, Serialize, JsonSchema)]
struct Document {
    #[serde(flatten)]
    papers: PapersDocument,
    /// The number of sentences of the draft that were compared
    sentences: usize,
    /// The ids of cited papers of the library, at most 20
    cited: Vec<String>,
    /// The citations of papers that the library does not have, at most 20
    cited_elsewhere: Vec<String>,
}

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "missed_citations",
        title: "Missed citations",
        purpose: "Find papers of the library that a draft should cite and does not, each with the sentence \
                  of the draft that it matches. Use it for a text that somebody writes, such as a \
                  related-work section.",
        effect: Effect::Reads,
    };
    Tool::new(&description, answer)
}

fn answer(context: &Context<'_>, arguments: Arguments) -> Result<(String, Document), Problem> {
    let draft = Draft::parse(&arguments.text, arguments.format.into());
    if draft.sentences().next().is_none() {
        return Err(Problem::new(
            Kind::EmptyQuery,
            "`text` has no sentence, expected a draft or a part of it",
        ));
    }
    let (references, unreadable) = references(&arguments.bibliography)?;
    let page = &arguments.page;
    let options = MissedOptions::default()
        .k(page.ranked(context.server.options())?)
        .filter(arguments.filter.filter()?);
    let report = context.library.missed(&draft, &references, &options)?;
    let mut page = page.page(&report.hits, |missed: &MissedHit, detail| {
        let mut entry = Entry::of_hit(&missed.hit, detail);
        let sentence = one_line(&missed.sentence);
        let sentence = shortened(&sentence, MAX_TEXT);
        entry.line(&format!(
            "matches ({:.3}): “{sentence}”",
            missed.sentence_score
        ));
        entry.insert("sentence", sentence.as_ref().into());
        entry.insert("sentence_score", shortest(missed.sentence_score));
        entry
    });
    if report.hits.is_empty() {
        page.note("the draft cites every paper of the library that passes the filters".to_owned());
    }
    if unreadable > 0 {
        page.note(format!(
            "{unreadable} references of the bibliography cannot be read"
        ));
    }
    let cited = report.found.iter().take(MAX_LISTED);
    let cited: Vec<String> = cited.map(|paper| paper.id.clone()).collect();
    let elsewhere = report.not_found.iter().take(MAX_LISTED);
    let elsewhere = elsewhere.map(|citation| {
        let label = one_line(citation.label());
        shortened(&label, MAX_TEXT).into_owned()
    });
    let cited_elsewhere: Vec<String> = elsewhere.collect();
    let mut text = page.text("most relevant first");
    let _ = writeln!(
        text,
        "{} sentences compared; {} papers of the library are cited, and {} others",
        report.sentences,
        report.found.len(),
        report.not_found.len()
    );
    let document = Document {
        papers: page.document(),
        sentences: report.sentences,
        cited,
        cited_elsewhere,
    };
    Ok((text, document))
}

/// Returns the references, and the number of those that cannot be read.
fn references(bibliography: &str) -> Result<(Vec<Paper>, usize), Problem> {
    let (mut papers, mut unreadable) = (Vec::new(), 0);
    if bibliography.trim().is_empty() {
        return Ok((papers, unreadable));
    }
    let reader = PaperReader::new(bibliography.as_bytes(), "bibliography");
    for record in reader.map_err(cognate::Error::from)? {
        match record {
            Ok(paper) => papers.push(paper),
            Err(cognate::PapersError::Record { .. }) => unreadable += 1,
            Err(error) => return Err(cognate::Error::from(error).into()),
        }
    }
    Ok((papers, unreadable))
}
