use std::fmt::Write as _;
use std::ops::ControlFlow;

use cognate::{AddOptions, Error, Format, Paper, PaperReader, PapersError, SameId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::tool::{Context, Description, Effect, Tool};
use crate::problem::{Kind, Problem};

#[derive(Debug, Deserialize, JsonSchema)]
struct Arguments {
    /// Records of papers: BibTeX, RIS, CSL-JSON, JSON Lines, CSV or any other format of references
    text: String,
    /// The format, such as bibtex; by default it is detected
    #[serde(default)]
    #[schemars(with = "String")]
    format: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Document {
    /// The number of papers that are new in the library
    added: usize,
    /// The number of papers of the library that got new fields
    updated: usize,
    /// The number of papers that the library had
    unchanged: usize,
    /// What is wrong with records that were left out
    invalid: Vec<String>,
}

/// The most invalid records that an answer lists.
const MAX_LISTED: usize = 10;

pub(super) fn tool() -> Tool {
    let description = Description {
        name: "add_papers",
        title: "Add papers",
        purpose: "Add papers to the library from records such as BibTeX. A paper that the library has gets \
                  the fields that it lacks. Use it only if the person asks for it, and with records from a \
                  catalog, not from memory.",
        effect: Effect::Adds,
    };
    Tool::new(&description, answer)
}

fn answer(context: &Context<'_>, arguments: Arguments) -> Result<(String, Document), Problem> {
    let (papers, has_own_ids, invalid) = read(&arguments)?;
    if papers.is_empty() {
        let mut detail = "`text` has no record of a paper".to_owned();
        for message in invalid.iter().take(MAX_LISTED) {
            let _ = write!(detail, "; {message}");
        }
        return Err(Problem::new(Kind::InvalidPapers, detail));
    }
    let options = AddOptions::default().same_id(if has_own_ids {
        SameId::Update
    } else {
        SameId::Distinguish
    });
    let papers = papers.into_iter().map(Ok::<Paper, Error>);
    let report = context.library.add_with(papers, &options, &mut |_| {
        if context.stop.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    let document = Document {
        added: report.added,
        updated: report.updated,
        unchanged: report.unchanged,
        invalid: invalid.iter().take(MAX_LISTED).cloned().collect(),
    };
    let mut text = format!(
        "added {}, updated {}, unchanged {}\n",
        report.added, report.updated, report.unchanged
    );
    if !invalid.is_empty() {
        let _ = writeln!(text, "{} records were left out:", invalid.len());
    }
    for message in &document.invalid {
        let _ = writeln!(text, "   {message}");
    }
    Ok((text, document))
}

/// Returns the papers of a text, whether their ids come from a library, and what is wrong with the
/// other records.
fn read(arguments: &Arguments) -> Result<(Vec<Paper>, bool, Vec<String>), Problem> {
    let text = arguments.text.as_bytes();
    let reader = match &arguments.format {
        Some(format) => {
            let format: Format = format.parse().map_err(Error::from)?;
            PaperReader::with_format(text, "text", format)
        }
        None => PaperReader::new(text, "text"),
    };
    let reader = reader.map_err(Error::from)?;
    // Keys of a bibliography are names of its own, and may name another paper in the library.
    let is_own_format = reader.format() == Format::JsonLines;
    let (mut papers, mut invalid) = (Vec::new(), Vec::new());
    for record in reader {
        match record {
            Ok(paper) => papers.push(paper),
            Err(error @ PapersError::Record { .. }) => invalid.push(error.to_string()),
            Err(error) => return Err(Error::from(error).into()),
        }
    }
    let is_number = |paper: &Paper| paper.id.bytes().all(|byte| byte.is_ascii_digit());
    let has_own_ids = is_own_format && !papers.iter().all(is_number);
    Ok((papers, has_own_ids, invalid))
}
