//! Adding files of papers to a library, with progress and interruption.

use std::time::Duration;

use anyhow::{Result, bail};
use cognate::{AddOptions, AddRemark, AddReport, Error, Library, SameId};

use crate::import_report::{Event, ImportReport};
use crate::interrupt;
use crate::output::{count, note, one_line, shortened, thousands};
use crate::paper_files::{Messages, PaperFiles};
use crate::progress::Progress;

/// What was added.
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) report: AddReport,
    pub(crate) elapsed: Duration,
}

/// Adds the papers of `files`. If `replaces` is set, papers replace those with their ids; if
/// `lists_truncated` is set, papers with a text that is too long for the model are listed.
pub(crate) fn add(
    library: &Library,
    files: &PaperFiles,
    replaces: bool,
    lists_truncated: bool,
) -> Result<Added> {
    interrupt::watch()?;
    let mut progress = Progress::new(files.len(), "papers");
    let mut total = AddReport::default();
    for (run, has_own_ids) in files.runs() {
        let options = AddOptions::default().same_id(match (replaces, has_own_ids) {
            (true, _) => SameId::Replace,
            (false, true) => SameId::Update,
            (false, false) => SameId::Distinguish,
        });
        let options = options.list_truncated(lists_truncated);
        let first = files.returned();
        let outcome = library.add_with(files.papers(run), &options, &mut |state| {
            progress.update(first + state.papers);
            interrupt::check()
        });
        match outcome {
            Ok(report) => total.append(report, first),
            Err(Error::Cancelled { committed }) => {
                drop(progress);
                let done = thousands(first + committed);
                let all = count(files.len(), "paper");
                bail!(
                    "interrupted: {done} of {all} are in the library; run the same command again \
                     to add the others"
                )
            }
            Err(error) => return Err(error.into()),
        }
    }
    let elapsed = progress.elapsed();
    Ok(Added {
        report: total,
        elapsed,
    })
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
                    "{}: `{id}` is the id of another paper, {other}; kept as `{new_id}`",
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
            AddRemark::Truncated {
                position,
                id,
                bytes,
                bytes_read,
            } => {
                let event = Event::Truncated {
                    id,
                    bytes: *bytes,
                    bytes_read: *bytes_read,
                };
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
