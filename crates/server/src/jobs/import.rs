//! Adding the papers of a file to a library, as `cognate add` does.

use std::cell::RefCell;
use std::fs::File;
use std::io::Seek as _;
use std::ops::ControlFlow;
use std::path::PathBuf;

use cognate::{
    AddOptions, Format, Library, Paper, PaperReader, PapersError, RecordLocation, SameId,
};

use super::document::JobProgress;
use super::import_report::{ImportEvent, ImportRemarks, JobReport};
use super::job::Job;
use super::stop::Stop;
use crate::problem::{Kind, Problem};

/// A file of papers that a client sent, with the options of its import.
#[derive(Debug)]
pub(crate) struct Upload {
    name: String,
    file: File,
    format: Option<Format>,
    skip_bad: bool,
    replace: bool,
}

/// What the first reading of a file found.
#[derive(Debug, Default)]
struct Contents {
    papers: usize,
    /// The number of invalid records.
    invalid: usize,
    /// The first invalid record.
    first_invalid: Option<String>,
    /// The error behind which the file could not be read.
    incomplete: Option<String>,
    /// Whether the file is in Cognate's own format, in which ids name papers of a library.
    has_own_ids: bool,
}

impl Upload {
    /// Creates an upload of a file with a name. Its format is detected unless it is given.
    pub(crate) fn new(name: String, file: File, format: Option<Format>) -> Self {
        Self {
            name,
            file,
            format,
            skip_bad: false,
            replace: false,
        }
    }

    /// Sets whether invalid records are left out, instead of adding nothing.
    pub(crate) fn skip_bad(mut self, skip: bool) -> Self {
        self.skip_bad = skip;
        self
    }

    /// Sets whether papers replace those with the same id, with all fields.
    pub(crate) fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns a reader of the file from its start.
    fn reader(&self) -> Result<PaperReader<'static>, PapersError> {
        let cannot_read = |source| PapersError::Io {
            act: "read",
            path: PathBuf::from(&self.name),
            source,
        };
        let mut file = self.file.try_clone().map_err(cannot_read)?;
        file.rewind().map_err(cannot_read)?;
        PaperReader::from_file(file, &self.name, self.format)
    }

    /// Reads the file from start to end, so that every invalid record is known before the first paper is
    /// added.
    fn check(&self, job: &Job, remarks: &mut ImportRemarks) -> Result<Contents, Stop> {
        let mut contents = Contents::default();
        let mut reader = self.reader()?;
        job.set_format(reader.format().name());
        let mut has_names = false;
        while let Some(record) = reader.next() {
            if job.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let location = reader.location();
            match record {
                Ok(paper) => {
                    contents.papers += 1;
                    has_names |= !paper.id.bytes().all(|byte| byte.is_ascii_digit());
                }
                Err(error) => contents.note(error, location, remarks)?,
            }
            for remark in reader.take_remarks() {
                let event = ImportEvent::Changed { what: remark.text };
                remarks.add(Some(remark.location), event);
            }
        }
        for (field, values) in reader.ignored_fields() {
            remarks.add(None, ImportEvent::FieldNotRead { field, values });
        }
        // Ids that are mere numbers count the records of a file.
        contents.has_own_ids = reader.format() == Format::JsonLines && has_names;
        Ok(contents)
    }

    /// Reads the valid papers, and notes their locations.
    fn papers<'a>(
        &self,
        locations: &'a RefCell<Vec<Option<RecordLocation>>>,
    ) -> Result<impl Iterator<Item = cognate::Result<Paper>> + 'a, PapersError> {
        let mut reader = self.reader()?;
        Ok(std::iter::from_fn(move || {
            loop {
                match reader.next()? {
                    Ok(paper) => {
                        locations.borrow_mut().push(reader.location());
                        return Some(Ok(paper));
                    }
                    // The first reading has noted it.
                    Err(PapersError::Record { .. } | PapersError::Incomplete { .. }) => {}
                    Err(error) => return Some(Err(error.into())),
                }
            }
        }))
    }
}

impl Contents {
    /// Notes an error of the reader, or returns it if it is not about a record.
    fn note(
        &mut self,
        error: PapersError,
        location: Option<RecordLocation>,
        remarks: &mut ImportRemarks,
    ) -> Result<(), PapersError> {
        let message = error.to_string();
        match error {
            PapersError::Record { reason, .. } => {
                self.invalid += 1;
                self.first_invalid.get_or_insert(message);
                remarks.add(location, ImportEvent::LeftOut { reason });
            }
            PapersError::Incomplete { reason, .. } => {
                self.incomplete.get_or_insert(message);
                remarks.add(location, ImportEvent::Incomplete { reason });
            }
            error => return Err(error),
        }
        Ok(())
    }

    /// Returns why nothing is added, if so.
    fn refusal(&self, skip_bad: bool) -> Option<String> {
        let hint = "set `skip_bad` to add the others";
        match (&self.first_invalid, &self.incomplete) {
            (Some(first), _) if !skip_bad => Some(match self.invalid {
                1 => format!("{first}; nothing was added; {hint}"),
                all => format!(
                    "{first}; it is the first of {all} invalid records; nothing was added; {hint}"
                ),
            }),
            (_, Some(error)) if !skip_bad || self.papers == 0 => {
                Some(format!("{error}; nothing was added"))
            }
            _ if self.papers == 0 => {
                Some("the file has no valid papers; nothing was added".to_owned())
            }
            _ => None,
        }
    }
}

/// Adds the papers of an upload to a library.
///
/// # Errors
///
/// Returns an error if the job is cancelled, if the file has no papers or invalid records that are not to be
/// left out, and if the library cannot be written. What was committed stays.
pub(super) fn run(library: &Library, upload: &Upload, job: &Job) -> Result<JobReport, Stop> {
    let mut remarks = ImportRemarks::default();
    let contents = upload.check(job, &mut remarks);
    let outcome = contents.and_then(|contents| add(library, upload, job, contents, &mut remarks));
    job.set_remarks(remarks);
    outcome
}

fn add(
    library: &Library,
    upload: &Upload,
    job: &Job,
    contents: Contents,
    remarks: &mut ImportRemarks,
) -> Result<JobReport, Stop> {
    if let Some(reason) = contents.refusal(upload.skip_bad) {
        return Err(Problem::new(Kind::InvalidPapers, reason).into());
    }
    let total = Some(contents.papers);
    job.set_progress(JobProgress {
        total,
        ..JobProgress::default()
    });
    let options = AddOptions::default().same_id(match (upload.replace, contents.has_own_ids) {
        (true, _) => SameId::Replace,
        (false, true) => SameId::Update,
        (false, false) => SameId::Distinguish,
    });
    let locations = RefCell::new(Vec::new());
    let report = library.add_with(upload.papers(&locations)?, &options, &mut |state| {
        job.set_progress(JobProgress {
            total,
            papers: state.papers,
            embedded: state.embedded,
            committed: state.committed,
            ..JobProgress::default()
        });
        if job.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    let locations = locations.into_inner();
    remarks.add_all(&report.remarks, |position| {
        locations.get(position).copied().flatten()
    });
    let embedder = library.embedder_info();
    Ok(JobReport::new(
        &report,
        embedder,
        contents.invalid,
        contents.incomplete,
    ))
}
