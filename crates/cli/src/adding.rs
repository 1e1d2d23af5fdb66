//! Adding files of papers to a library, with progress and interruption.

use std::time::Duration;

use anyhow::{Result, bail};
use cognate::{AddOptions, AddRemark, AddReport, Error, Library};

use crate::import_report::{Event, ImportReport};
use crate::interrupt;
use crate::output::{count, note, one_line, shortened, thousands};
use crate::paper_files::{Messages, PaperFiles};
use crate::progress::Progress;

/// Adds the papers of `files` and returns how long that took.
pub(crate) fn add(
    library: &Library,
    files: &PaperFiles,
    options: &AddOptions,
) -> Result<(AddReport, Duration)> {
    interrupt::watch()?;
    let mut progress = Progress::new(files.len(), "papers");
    let outcome = library.add_with(files.papers(), options, &mut |state| {
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

/// Prints what happened to papers whose ids were there already, and adds it to the report.
pub(crate) fn report_remarks(
    remarks: &[AddRemark],
    files: &PaperFiles,
    report: &mut ImportReport,
) -> Result<()> {
    let (mut messages, mut merged) = (Messages::default(), 0_usize);
    let quoted = |title: &str| format!("“{}”", one_line(&shortened(title)));
    for remark in remarks {
        let (position, event) = match remark {
            AddRemark::Renamed {
                position,
                id,
                new_id,
                title,
                other_title,
            } => {
                let event = Event::Renamed {
                    id,
                    new_id,
                    title,
                    other_title,
                };
                let other = quoted(other_title);
                messages.add(&format!(
                    "{}: `{id}` is the id of another paper, {other}; added as `{new_id}`",
                    place(files, *position)
                ));
                (*position, event)
            }
            AddRemark::Merged {
                position,
                id,
                fields,
            } => {
                merged += 1;
                (*position, Event::Merged { id, kept: fields })
            }
            AddRemark::Replaced {
                position,
                id,
                title,
                other_title,
            } => {
                let event = Event::Replaced {
                    id,
                    title,
                    other_title,
                };
                let other = quoted(other_title);
                messages.add(&format!(
                    "{}: `{id}` replaces another paper, {other}",
                    place(files, *position)
                ));
                (*position, event)
            }
            _ => continue,
        };
        let (file, location) = files.location(position).unwrap_or_default();
        report.add(file, location, event)?;
    }
    messages.print();
    if merged > 0 {
        let records = count(merged, "record");
        let lack = if merged == 1 { "lacks" } else { "lack" };
        note(&format!(
            "{records} {lack} fields that the library has, which stay as they are; --replace \
             removes them"
        ));
    }
    Ok(())
}

/// Returns the file and the location of the paper at a position.
fn place(files: &PaperFiles, position: usize) -> String {
    match files.location(position) {
        Some((file, Some(location))) => format!("{file}:{location}"),
        Some((file, None)) => file.to_owned(),
        None => String::new(),
    }
}
