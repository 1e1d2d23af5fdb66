//! A job, which one task runs and any number of requests watch.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::document::{JobDocument, JobKind, JobProgress, JobState};
use super::import_report::{ImportRemarks, JobReport};
use super::map_report::MapReport;
use crate::problem::Problem;

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    id: String,
    kind: JobKind,
    library: String,
    cancel: CancellationToken,
    ended: OnceLock<Instant>,
    document: watch::Sender<(u64, JobDocument)>,
}

/// What a job did.
#[derive(Debug)]
pub(super) enum Outcome {
    Import(JobReport),
    Map(MapReport),
}

impl Job {
    /// Creates a job that waits. An import has the name of its file. `salt` makes the id differ from the ids of other
    /// jobs.
    pub(crate) fn new(kind: JobKind, library: &str, file: Option<&str>, salt: usize) -> Self {
        // Each `RandomState` has other random keys.
        let id = format!("{:016x}", RandomState::new().hash_one(salt));
        let document = JobDocument {
            version: 1,
            id: id.clone(),
            kind,
            library: library.to_owned(),
            file: file.map(str::to_owned),
            state: JobState::Waiting,
            created: seconds(),
            ended: None,
            format: None,
            progress: JobProgress::default(),
            report: None,
            map: None,
            remarks: Vec::new(),
            total_remarks: 0,
            problem: None,
        };
        Self {
            id,
            kind,
            library: library.to_owned(),
            cancel: CancellationToken::new(),
            ended: OnceLock::new(),
            document: watch::Sender::new((1, document)),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn kind(&self) -> JobKind {
        self.kind
    }

    /// Returns the name of the library that the job changes.
    pub(crate) fn library(&self) -> &str {
        &self.library
    }

    /// Returns whether another request for the same can be given this job: it makes a map, and is not to stop.
    pub(crate) fn is_shared(&self) -> bool {
        self.kind == JobKind::Map && !self.is_cancelled()
    }

    /// Returns whether the job changes the library with a name.
    pub(crate) fn is_of(&self, library: &str) -> bool {
        self.library == library
    }

    /// Returns the time at which the job ended.
    pub(crate) fn ended(&self) -> Option<Instant> {
        self.ended.get().copied()
    }

    /// Returns the job as JSON.
    pub(crate) fn document(&self) -> JobDocument {
        self.document.borrow().1.clone()
    }

    /// Watches the job. The number with each document increases with each change.
    pub(crate) fn watch(&self) -> watch::Receiver<(u64, JobDocument)> {
        self.document.subscribe()
    }

    /// Asks the job to stop.
    pub(crate) fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Returns whether the job is to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Waits until the job is to stop.
    pub(crate) async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Notes that it is the turn of the job.
    pub(super) fn start(&self) {
        self.change(|document| document.state = JobState::Running);
    }

    /// Notes the format of the file.
    pub(super) fn set_format(&self, format: &'static str) {
        self.change(|document| document.format = Some(format));
    }

    /// Notes how far the job has come.
    pub(super) fn set_progress(&self, progress: JobProgress) {
        self.change(|document| document.progress = progress);
    }

    /// Notes what was left out of the file or changed.
    pub(super) fn set_remarks(&self, remarks: ImportRemarks) {
        self.change(|document| {
            document.remarks = remarks.first;
            document.total_remarks = remarks.total;
        });
    }

    /// Ends the job: with what it did, with a problem, or, without a problem, because it was cancelled.
    pub(super) fn end(&self, outcome: Result<Outcome, Option<Problem>>) {
        // A watcher that sees the end finds the job ended.
        self.ended.get_or_init(Instant::now);
        self.change(|document| {
            document.ended = Some(seconds());
            document.state = match outcome {
                Ok(_) => JobState::Done,
                Err(Some(_)) => JobState::Failed,
                Err(None) => JobState::Cancelled,
            };
            match outcome {
                Ok(Outcome::Import(report)) => document.report = Some(report),
                Ok(Outcome::Map(report)) => document.map = Some(report),
                Err(problem) => document.problem = problem.map(Problem::into_document),
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut JobDocument)) {
        self.document.send_modify(|(revision, document)| {
            *revision += 1;
            change(document);
        });
    }
}

/// Returns the time in seconds since the start of 1970, UTC.
fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
