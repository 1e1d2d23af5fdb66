use std::time::Duration;

use anyhow::{Result, bail};
use cognate::{AddOptions, AddReport, EmbedderInfo, Error, Library, Truncation};

use crate::arguments::{AddArguments, ModelArguments};
use crate::input::PaperFiles;
use crate::output::{count, note, print, thousands};
use crate::progress::Progress;
use crate::{interrupt, model};

pub(crate) fn run(arguments: &AddArguments) -> Result<()> {
    let dir = &arguments.library.library;
    let existing = match Library::open(dir) {
        Ok(library) => Some(library),
        Err(Error::NotALibrary { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let files = PaperFiles::check(&arguments.files, arguments.skip_bad)?;
    if files.len() == 0 {
        bail!("there is no paper in the input, nothing was added");
    }
    let stored = existing.as_ref().map(Library::embedder_info);
    let encoder = load_model(&arguments.model, stored)?;
    let max_tokens = encoder.max_tokens();
    let library = match existing {
        Some(library) => library.with_embedder(encoder)?,
        None => Library::open_or_create(dir, encoder)?,
    };
    let (report, elapsed) = add(&library, &files)?;
    print(&summary(&report, elapsed, max_tokens))
}

/// Loads the model that the arguments ask for, or else the one that made the library.
pub(crate) fn load_model(
    arguments: &ModelArguments,
    stored: Option<&EmbedderInfo>,
) -> Result<cognate::Encoder> {
    let precision = match (arguments.precision, stored) {
        (None, Some(stored)) => stored.precision.parse()?,
        _ => arguments.precision(),
    };
    let name = match (&arguments.model, stored) {
        (None, Some(stored)) => &stored.model,
        _ => arguments.model(),
    };
    model::load(name, precision)
}

/// Adds the papers of `files`, showing how far it is.
pub(crate) fn add(library: &Library, files: &PaperFiles) -> Result<(AddReport, Duration)> {
    interrupt::watch()?;
    let mut progress = Progress::new(files.len(), "papers");
    let outcome = library.add_with(files.papers(), &AddOptions::default(), &mut |state| {
        progress.at(state.papers);
        interrupt::check()
    });
    let elapsed = progress.elapsed();
    drop(progress);
    match outcome {
        Ok(report) => Ok((report, elapsed)),
        Err(Error::Cancelled { committed }) => {
            let done = thousands(committed);
            let all = count(files.len(), "paper");
            bail!(
                "stopped: {done} of {all} are in the library; the same command goes on from there"
            )
        }
        Err(error) => Err(error.into()),
    }
}

fn summary(report: &AddReport, elapsed: Duration, max_tokens: usize) -> String {
    let seconds = elapsed.as_secs_f64();
    let mut text = format!(
        "added {}, updated {}, unchanged {}; {} embedded in {seconds:.1} s\n",
        thousands(report.added),
        thousands(report.updated),
        thousands(report.unchanged),
        count(report.embedded, "text"),
    );
    if let Some(cut) = cut_off(&report.truncation, report.embedded, max_tokens) {
        text.push_str(&cut);
        text.push('\n');
    }
    text
}

/// Says what of the texts the model did not read, if anything.
pub(crate) fn cut_off(truncation: &Truncation, texts: usize, max_tokens: usize) -> Option<String> {
    (truncation.texts > 0).then(|| {
        format!(
            "texts longer than the {max_tokens} tokens that the model reads: {} of {}; cut off: {} \
             of {}",
            thousands(truncation.texts),
            thousands(texts),
            thousands(truncation.tokens),
            count(truncation.of_tokens, "token"),
        )
    })
}

/// Says on stderr what of the texts the model did not read, if anything.
pub(crate) fn note_cut_off(truncation: &Truncation, texts: usize, max_tokens: usize) {
    if let Some(cut) = cut_off(truncation, texts, max_tokens) {
        note(&cut);
    }
}
