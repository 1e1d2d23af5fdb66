//! Adding files of papers to a library, with progress and interruption.

use std::time::Duration;

use anyhow::{Result, bail};
use cognate::{AddReport, Error, Library};

use crate::interrupt;
use crate::output::{count, thousands};
use crate::paper_files::PaperFiles;
use crate::progress::Progress;

/// Adds the papers of `files` and returns how long that took.
pub(crate) fn add(library: &Library, files: &PaperFiles) -> Result<(AddReport, Duration)> {
    interrupt::watch()?;
    let mut progress = Progress::new(files.len(), "papers");
    let outcome = library.add_with(files.papers(), &mut |state| {
        progress.update(state.papers);
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
                "interrupted: {done} of {all} are in the library; run the same command again to \
                 add the others"
            )
        }
        Err(error) => Err(error.into()),
    }
}
