use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cognate::{Encoder, Role, TextReader};
use ndarray::Array2;
use ndarray_npy::WriteNpyExt;

use crate::arguments::EmbedArguments;
use crate::commands::add::note_cut_off;
use crate::output::{count, print};
use crate::progress::Progress;
use crate::{interrupt, model};

pub(crate) fn run(arguments: &EmbedArguments) -> Result<()> {
    let texts = read_texts(&arguments.input)?;
    let model = &arguments.model;
    let encoder = model::load(model.model(), model.precision(), model.device.device)?;
    interrupt::watch()?;
    let mut progress = Progress::new(texts.len(), "texts");
    let rows = embed(&encoder, &texts, arguments.query, &mut progress)?;
    drop(progress);
    write(&rows, &arguments.output)?;
    let (output, dim) = (arguments.output.display(), rows.ncols());
    print(&format!(
        "wrote {} of {dim} values to `{output}`\n",
        count(rows.nrows(), "row")
    ))
}

fn read_texts(path: &Path) -> Result<Vec<String>> {
    let name = path.display();
    let texts: Vec<String> = match path.extension().and_then(|extension| extension.to_str()) {
        Some("txt") => {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
            text.lines().map(str::to_owned).collect()
        }
        Some("jsonl" | "gz" | "zst") => TextReader::open(path)?
            .map(|record| record.map(|record| record.text))
            .collect::<Result<_, _>>()?,
        _ => bail!(
            "`{name}` has an unknown extension, expected `.txt`, `.jsonl`, `.jsonl.gz` or \
             `.jsonl.zst`"
        ),
    };
    if texts.is_empty() {
        bail!("`{name}` holds no text");
    }
    Ok(texts)
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
        progress.at(state.done);
        interrupt::check()
    })?;
    note_cut_off(&embeddings.truncation, texts.len(), encoder.max_tokens());
    Ok(embeddings.rows)
}

/// Writes under another name first, so that a file of this name is always whole.
fn write(rows: &Array2<f32>, path: &Path) -> Result<()> {
    let part = path.with_added_extension("part");
    let write = || -> Result<()> {
        let mut writer = BufWriter::new(File::create(&part)?);
        rows.write_npy(&mut writer)?;
        writer.into_inner()?.sync_all()?;
        fs::rename(&part, path)?;
        Ok(())
    };
    let outcome = write().with_context(|| format!("cannot write `{}`", path.display()));
    if outcome.is_err() {
        // What could not be written whole is of no use; that it stays is not worse.
        let _ = fs::remove_file(&part);
    }
    outcome
}
