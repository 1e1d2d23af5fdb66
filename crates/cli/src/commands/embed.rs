use std::io::{self, BufWriter, IntoInnerError, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use cognate::{Embeddings, Encoder, Role};
use ndarray::Array2;
use ndarray_npy::{WriteNpyError, WriteNpyExt};

use crate::arguments::{JsonArguments, ModelArguments};
use crate::failure::wrong_usage;
use crate::invocation::Invocation;
use crate::json::{EmbedDocument, Header};
use crate::model::ModelName;
use crate::output::{count, print_sentences};
use crate::progress::Progress;
use crate::text_file::read_texts;
use crate::{atomic_file, interrupt, model, truncation};

/// Write the embeddings of texts to a .npy file
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Embed the texts as queries, not as documents; no difference for models without prompts
    #[arg(long)]
    query: bool,
    /// Texts: .txt with one text per line, or .jsonl (.gz, .zst) with `text`, or `title` and
    /// `abstract`; `-` for either from standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// File to write (.npy): float32, one row per text; `-` for standard output
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    format: JsonArguments,
}

pub(crate) fn run(arguments: &Arguments, _: &Invocation) -> Result<()> {
    let to_stdout = arguments.output == Path::new("-");
    if to_stdout && io::stdout().is_terminal() {
        return Err(wrong_usage(
            "`--output -` writes binary numbers, which a terminal cannot show, expected a pipe or a file",
        ));
    }
    if to_stdout && arguments.format.json {
        return Err(wrong_usage(
            "`--output -` and `--json` both write to standard output, expected a file for the embeddings",
        ));
    }
    let texts = read_texts(&arguments.input)?;
    let model = &arguments.model;
    let encoder = model::load(
        ModelName::of_user(model.name()),
        model.precision(),
        model.device.device,
    )?;
    model::report_notes(encoder);
    interrupt::watch()?;
    let mut progress = Progress::new(texts.len(), "texts");
    let embeddings = embed(encoder, &texts, arguments.query, &mut progress)?;
    let took = progress.elapsed();
    drop(progress);
    let rows = &embeddings.rows;
    if to_stdout {
        return write_npy(rows, io::stdout().lock());
    }
    write(rows, &arguments.output)?;
    if arguments.format.json {
        return Header::new("embed", took).print(&EmbedDocument {
            output: arguments.output.display().to_string(),
            texts: rows.nrows(),
            dim: rows.ncols(),
            model: model.name(),
            precision: model.precision(),
            fingerprint: encoder.fingerprint(),
            truncation: embeddings.truncation,
        });
    }
    let (output, dim) = (arguments.output.display(), rows.ncols());
    print_sentences(&format!(
        "wrote {} of {dim} values to `{output}`\n",
        count(rows.nrows(), "row")
    ))
}

fn embed(
    encoder: &Encoder,
    texts: &[String],
    as_queries: bool,
    progress: &mut Progress,
) -> Result<Embeddings> {
    let role = if as_queries {
        Role::Query
    } else {
        Role::Document
    };
    let embeddings = encoder.encode_with(role, texts, &mut |state| {
        progress.update(state.done);
        interrupt::check()
    })?;
    truncation::report(
        &embeddings.truncation,
        texts.len(),
        encoder.max_tokens_of(role),
    );
    Ok(embeddings)
}

fn write(rows: &Array2<f32>, path: &Path) -> Result<()> {
    atomic_file::write(path, |file| {
        write_npy(rows, file).with_context(|| format!("cannot write `{}`", path.display()))
    })
}

fn write_npy(rows: &Array2<f32>, output: impl Write) -> Result<()> {
    let mut writer = BufWriter::new(output);
    match rows.write_npy(&mut writer) {
        // The reader of a pipe may have closed it.
        Err(WriteNpyError::Io(error)) => return Err(error.into()),
        written => written?,
    }
    writer.into_inner().map_err(IntoInnerError::into_error)?;
    Ok(())
}
