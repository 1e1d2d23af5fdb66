use cognate::{ExportFormat, Paper, PaperWriter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::page::SizeArguments;
use crate::mcp::paper_names;
use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

/// The format of the citations.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum FormatArgument {
    #[default]
    Bibtex,
    Ris,
    CslJson,
    Csv,
    Markdown,
    Jsonl,
}

impl From<FormatArgument> for ExportFormat {
    fn from(format: FormatArgument) -> Self {
        match format {
            FormatArgument::Bibtex => Self::Bibtex,
            FormatArgument::Ris => Self::Ris,
            FormatArgument::CslJson => Self::CslJson,
            FormatArgument::Csv => Self::Csv,
            FormatArgument::Markdown => Self::Markdown,
            FormatArgument::Jsonl => Self::JsonLines,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// Papers, each by its id, DOI, arXiv identifier or title
    ids: Vec<String>,
    /// The format of the citations
    #[serde(default)]
    format: FormatArgument,
    /// Number of ids to skip; take it from `next_offset` of the answer before
    #[serde(default)]
    offset: usize,
    #[serde(flatten)]
    size: SizeArguments,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Document {
    /// The format of the citations
    format: FormatArgument,
    /// The citations
    citations: String,
    /// The number of papers in `citations`
    papers: usize,
    /// The offset of the papers that follow; absent if these are the last
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
}

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "export_citations",
        title: "Export citations",
        purpose: "Write papers of the library as citations for a bibliography, in BibTeX or another \
                  format. Use it instead of writing citations yourself: every field comes from the library.",
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
    let papers = paper_names::papers(context.library, rest)?;
    let format = arguments.format.into();
    // Papers together take no more characters than each alone, with a beginning and an end of its own.
    let mut left = arguments.size.max_chars;
    let mut fitting = 0;
    for paper in &papers {
        let chars = written(std::slice::from_ref(paper), format)?
            .chars()
            .count();
        if chars > left && fitting > 0 {
            break;
        }
        if chars > left {
            return Err(Problem::new(
                Kind::InvalidOption,
                format!(
                    "the citation of `{}` has {chars} characters, more than `max_chars` {}; set \
                     `max_chars` higher",
                    paper.id, arguments.size.max_chars
                ),
            ));
        }
        left -= chars;
        fitting += 1;
    }
    let citations = written(&papers[..fitting], format)?;
    let document = Document {
        format: arguments.format,
        citations: citations.clone(),
        papers: fitting,
        next_offset: (fitting < papers.len()).then_some(arguments.offset + fitting),
    };
    let text = match document.next_offset {
        Some(offset) => format!(
            "{citations}\nNote: `max_chars` {} leaves no room for the others; go on with `offset` {offset}\n",
            arguments.size.max_chars
        ),
        None => citations,
    };
    Ok((text, document))
}

fn written(papers: &[Paper], format: ExportFormat) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    let mut writer = PaperWriter::new(&mut bytes, format);
    // Writing into memory does not fail.
    let written = papers.iter().try_for_each(|paper| writer.write(paper));
    written
        .and_then(|()| writer.finish().map(drop))
        .map_err(|_| Problem::internal())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
