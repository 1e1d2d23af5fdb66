use std::time::Duration;

use anyhow::{Result, bail};
use cognate::{AddOptions, AddReport, Error, Library, Truncation};

use crate::arguments::AddArguments;
use crate::input::PaperFiles;
use crate::output::{count, note, print, thousands};
use crate::progress::Progress;
use crate::{interrupt, library};

pub(crate) fn run(arguments: &AddArguments) -> Result<()> {
    let dir = &arguments.library.library;
    let found = library::find(dir)?;
    let files = PaperFiles::check(&arguments.files, arguments.format, arguments.skip_bad)?;
    if files.len() == 0 {
        bail!("there is no paper in the input, nothing was added");
    }
    let writable = library::open_or_create(dir, found, &arguments.model)?;
    let (report, elapsed) = add(&writable.library, &files)?;
    print(&summary(&report, elapsed, writable.max_tokens))
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
            count(truncation.total_tokens, "token"),
        )
    })
}

/// Says on stderr what of the texts the model did not read, if anything.
pub(crate) fn note_cut_off(truncation: &Truncation, texts: usize, max_tokens: usize) {
    if let Some(cut) = cut_off(truncation, texts, max_tokens) {
        note(&cut);
    }
}
