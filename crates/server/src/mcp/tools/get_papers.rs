use cognate::{Lookup, Paper};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::entry::{Detail, Entry};
use crate::mcp::page::{Page, PapersDocument, SizeArguments};
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// Papers, each by its id, DOI, arXiv identifier or title
    ids: Vec<String>,
    /// How much of each paper: ids, compact (bibliographic data and the beginning of the abstract) or full
    /// (all fields)
    #[serde(default = "full")]
    detail: Detail,
    /// Number of ids to skip; take it from `next_offset` of the answer before
    #[serde(default)]
    offset: usize,
    #[serde(flatten)]
    size: SizeArguments,
}

fn full() -> Detail {
    Detail::Full
}

#[derive(Debug, Serialize, JsonSchema)]
struct Document {
    #[serde(flatten)]
    papers: PapersDocument,
    /// The ids that name no paper
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_found: Vec<NotFound>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NotFound {
    /// The id as it was given
    id: String,
    /// What is wrong, with the ids that are spelled most like it
    problem: String,
}

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "get_papers",
        title: "Get papers",
        purpose: "Read papers of the library: abstract, authors, identifiers, venue, references and \
                  versions. Use it for papers that another tool has found, or whose id, DOI, arXiv \
                  identifier or title you know.",
        effect: Effect::Reads,
    };
    Tool::new(&description, answer)
}

fn answer(context: &Context<'_>, arguments: Arguments) -> Result<(String, Document), Problem> {
    let most = context.server.options().max_k;
    if arguments.ids.is_empty() || arguments.ids.len() > most {
        return Err(Problem::new(
            Kind::InvalidOption,
            format!(
                "`ids` has {} items, expected 1 to {most}",
                arguments.ids.len()
            ),
        ));
    }
    let rest = arguments.ids.get(arguments.offset..).unwrap_or_default();
    let mut papers = Vec::new();
    let mut not_found = Vec::new();
    let mut places = Vec::new();
    let found = context.library.lookup_all(rest)?;
    for (place, (id, lookup)) in rest.iter().zip(found).enumerate() {
        match lookup {
            Lookup::Exact(paper) | Lookup::Found { paper, .. } => {
                places.push(arguments.offset + place);
                papers.push(paper);
            }
            other => {
                if let Err(error) = other.into_paper(id) {
                    let problem = error.to_string();
                    let id = id.clone();
                    not_found.push(NotFound { id, problem });
                }
            }
        }
    }
    if papers.is_empty() && !not_found.is_empty() {
        let problems: Vec<&str> = not_found.iter().map(|one| one.problem.as_str()).collect();
        return Err(Problem::new(Kind::UnknownPaper, problems.join("; ")));
    }
    let versions = |paper: &Paper| context.library.versions(&paper.id).unwrap_or_default();
    let entry = |paper: &Paper, detail| {
        let versions = match detail {
            Detail::Full => versions(paper),
            Detail::Ids | Detail::Compact => Vec::new(),
        };
        Entry::of_paper(paper, &versions, detail)
    };
    let mut page = Page::new(&papers, &places, arguments.detail, arguments.size, entry);
    for one in &not_found {
        page.note(one.problem.clone());
    }
    let document = Document {
        papers: page.document(),
        not_found,
    };
    Ok((page.text("in the order of `ids`"), document))
}
