use std::io::{BufWriter, IntoInnerError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use cognate::{Encoder, Role};
use ndarray::Array2;
use ndarray_npy::WriteNpyExt;

use crate::arguments::ModelArguments;
use crate::invocation::Invocation;
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
    /// `abstract`
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// File to write (.npy): float32, one row per text
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, _: &Invocation) -> Result<()> {
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
    let rows = embed(encoder, &texts, arguments.query, &mut progress)?;
    drop(progress);
    write(&rows, &arguments.output)?;
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
) -> Result<Array2<f32>> {
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
    Ok(embeddings.rows)
}

fn write(rows: &Array2<f32>, path: &Path) -> Result<()> {
    atomic_file::write(path, |file| {
        let write = || -> Result<()> {
            let mut writer = BufWriter::new(file);
            rows.write_npy(&mut writer)?;
            writer.into_inner().map_err(IntoInnerError::into_error)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write `{}`", path.display()))
    })
}
