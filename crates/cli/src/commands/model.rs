mod comparison;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use cognate::{CheckpointSummary, Encoder, Precision, Role, RouteSummary};
use serde::Serialize;

use self::comparison::{Comparison, Verdict};
use crate::arguments::{DeviceArguments, JsonArguments};
use crate::invocation::Invocation;
use crate::json::Header;
use crate::model::AnyModel;
use crate::output::{one_line, present, shortened, thousands};
use crate::progress::Progress;
use crate::text_file::read_texts;
use crate::{interrupt, model};

/// Show what a model is, and compare its embeddings with given ones
///
/// The model is loaded, so that everything that keeps it from running is an error. With --compare, the
/// exit status is 1 if its embeddings of the texts differ from those in the file by 0.00005 or more.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Numeric precision: f32 or int8 on a CPU; f32, f16 or bf16 on a GPU
    #[arg(long, default_value_t)]
    precision: Precision,
    #[command(flatten)]
    device: DeviceArguments,
    /// Compare with the embeddings in this file (.npy): float32 or float64, one row for each text
    #[arg(long, value_name = "FILE", requires = "input")]
    compare: Option<PathBuf>,
    /// Texts to embed: .txt with one text per line, or .jsonl (.gz, .zst) with `text`, or `title` and
    /// `abstract`
    #[arg(long, value_name = "FILE", requires = "compare")]
    input: Option<PathBuf>,
    /// Embed the texts as queries, not as documents; no difference for models without prompts
    #[arg(long, requires = "compare")]
    query: bool,
    #[command(flatten)]
    output: JsonArguments,
    /// Model on the Hugging Face Hub, or a folder
    #[arg(value_name = "NAME|DIR")]
    model: String,
}

#[derive(Debug, Serialize)]
struct ModelDocument<'a> {
    model: &'a str,
    folder: String,
    precision: Precision,
    /// The number of values of an embedding.
    dim: Option<usize>,
    /// The most tokens that are read of a document, or of both texts of a pair; `None` without a limit.
    max_tokens: Option<usize>,
    /// The most tokens that are read of a query.
    max_query_tokens: Option<usize>,
    fingerprint: Option<&'a str>,
    #[serde(flatten)]
    summary: CheckpointSummary,
    /// What is followed in part, and what else a user should know.
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
}

pub(crate) fn run(arguments: &Arguments, _: &Invocation) -> Result<()> {
    let start = Instant::now();
    let (checkpoint, model) = model::load_any(
        &arguments.model,
        arguments.precision,
        arguments.device.device,
    )?;
    let comparison = match (&arguments.compare, &arguments.input, &model) {
        (Some(given), Some(input), AnyModel::Encoder(encoder)) => {
            let given_rows = comparison::read(given)?;
            let texts = read_texts(input)?;
            let rows = embed(encoder, &texts, arguments.query)?;
            Some(Comparison::new(
                &rows,
                &given_rows,
                &given.display().to_string(),
            )?)
        }
        (Some(_), _, AnyModel::CrossEncoder(_)) => bail!(
            "`{}` is a cross-encoder: it scores pairs of texts, and has no embeddings to compare",
            arguments.model
        ),
        _ => None,
    };
    let verdict = comparison.as_ref().map(|comparison| comparison.verdict);
    let (dim, max_tokens, fingerprint) = match &model {
        AnyModel::Encoder(encoder) => (
            Some(encoder.dim()),
            [Role::Document, Role::Query].map(|role| encoder.max_tokens_of(role)),
            Some(encoder.fingerprint()),
        ),
        AnyModel::CrossEncoder(reranker) => (None, [reranker.max_tokens(); 2], None),
    };
    let [max_tokens, max_query_tokens] =
        max_tokens.map(|tokens| (tokens < usize::MAX).then_some(tokens));
    let document = ModelDocument {
        model: checkpoint.name(),
        folder: checkpoint.dir().display().to_string(),
        precision: arguments.precision,
        dim,
        max_tokens,
        max_query_tokens,
        fingerprint,
        summary: checkpoint.summary(),
        notes: checkpoint.notes(),
        comparison,
    };
    if arguments.output.json {
        Header::new("model", start.elapsed()).print(&document)?;
    } else {
        let mut fields = fields(&document);
        let text: String = fields
            .iter()
            .map(|(name, value)| line(name, value))
            .collect();
        let mut comparison_text = String::new();
        if let (Some(comparison), Some(given)) = (&document.comparison, &arguments.compare) {
            let compared = comparison.fields(&given.display().to_string());
            let lines = compared
                .iter()
                .map(|(name, value)| format!("{name:<INDENT$}{value}\n"));
            comparison_text = lines.collect();
            fields.extend(compared);
        }
        present(|| text + &comparison_text, |page| page.fields(&fields))?;
    }
    match verdict {
        None | Some(Verdict::Same) => Ok(()),
        Some(_) => bail!("the embeddings differ from the given ones"),
    }
}

fn embed(encoder: &Encoder, texts: &[String], as_queries: bool) -> Result<ndarray::Array2<f32>> {
    let role = if as_queries {
        Role::Query
    } else {
        Role::Document
    };
    interrupt::watch()?;
    let mut progress = Progress::new(texts.len(), "texts");
    let embeddings = encoder.encode_with(role, texts, &mut |state| {
        progress.update(state.done);
        interrupt::check()
    })?;
    Ok(embeddings.rows)
}

/// A value with its name.
type Field = (&'static str, String);

/// The width of the names of lines.
const INDENT: usize = 13;

/// The largest width of a line for a program.
const WIDTH: usize = 80;

/// Returns what a person should know about a model, as named values.
fn fields(document: &ModelDocument<'_>) -> Vec<Field> {
    let summary = &document.summary;
    let kind = if summary.is_cross_encoder {
        "cross-encoder, which scores a query and a document"
    } else {
        "encoder, which embeds texts"
    };
    let mut fields = vec![("model", document.model.to_owned())];
    if document.folder != document.model {
        fields.push(("folder", document.folder.clone()));
    }
    fields.push(("kind", kind.to_owned()));
    let roles = [
        ("", Some(&summary.document)),
        ("queries", summary.query.as_ref()),
    ];
    for (role, route) in roles {
        if let Some(route) = route {
            fields.push((role_name("architecture", role), architecture(route)));
            fields.push((role_name("modules", role), route.modules.join(", ")));
        }
    }
    if let Some(dim) = document.dim {
        fields.push(("embedding", format!("{} values", thousands(dim))));
    }
    if summary.query_prompt != summary.document_prompt || !summary.query_prompt.is_empty() {
        let quoted = |prompt: &str| format!("“{}”", shortened(&prompt.replace(['\r', '\n'], " ")));
        let (query, document) = (
            quoted(&summary.query_prompt),
            quoted(&summary.document_prompt),
        );
        fields.push((
            "prompts",
            format!("{query} before queries, {document} before documents"),
        ));
    }
    let length = if document.max_query_tokens == document.max_tokens {
        length(document.max_tokens, "text")
    } else {
        let documents = length(document.max_tokens, "document");
        format!(
            "{documents}, {}",
            length(document.max_query_tokens, "query")
        )
    };
    fields.push(("length", length));
    let precisions = summary
        .cpu_precisions
        .iter()
        .map(|precision| precision.name());
    let precisions = precisions.collect::<Vec<_>>().join(" or ");
    fields.push(("precision", format!("{precisions} on a CPU")));
    if let Some(fingerprint) = document.fingerprint {
        fields.push((
            "fingerprint",
            format!("{fingerprint} in {}", document.precision),
        ));
    }
    for note in document.notes {
        fields.push(("note", note.clone()));
    }
    fields
}

/// Returns the name of a line about the texts of a role.
fn role_name(name: &'static str, role: &'static str) -> &'static str {
    if role.is_empty() { name } else { role }
}

fn architecture(route: &RouteSummary) -> String {
    let name = &route.architecture;
    match route.sizes {
        Some(sizes) => format!(
            "{name}: {} layers, {} values wide, {} in between; {} tokens in the vocabulary, {} positions",
            sizes.layers,
            thousands(sizes.hidden),
            thousands(sizes.intermediate),
            thousands(sizes.vocabulary),
            thousands(sizes.positions),
        ),
        None => format!("{name}: a table of token embeddings"),
    }
}

/// Formats how much of a text of a kind is read.
fn length(max_tokens: Option<usize>, kind: &str) -> String {
    match max_tokens {
        Some(tokens) => format!("at most {} tokens of a {kind}", thousands(tokens)),
        None => format!("all of a {kind}"),
    }
}

/// Formats a named value, and breaks it at spaces into lines of at most [`WIDTH`] columns.
fn line(name: &str, value: &str) -> String {
    let mut text = format!("{name:<INDENT$}");
    let mut column = INDENT;
    for word in one_line(value).split(' ') {
        let width = word.chars().count();
        if column > INDENT {
            if column + 1 + width > WIDTH {
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', INDENT));
                column = INDENT;
            } else {
                text.push(' ');
                column += 1;
            }
        }
        text += word;
        column += width;
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_continue_below_their_start() {
        let words = "word ".repeat(40);
        let text = line("modules", &words);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        let mut lines = text.lines();
        assert!(
            lines
                .next()
                .is_some_and(|line| line.starts_with("modules      word word"))
        );
        assert!(lines.all(|line| line.starts_with("             word")));
        assert_eq!(text.matches("word").count(), 40);
        let long = "x".repeat(100);
        assert_eq!(line("folder", &long), format!("folder       {long}\n"));
    }
}
