//! A job as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::import_report::{ImportRemark, JobReport};
use crate::problem::ProblemDocument;

/// A job: an import of papers that runs after its request was answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct JobDocument {
    /// The version of the form of all documents.
    #[schema(example = 1)]
    pub(crate) version: u32,
    /// The id of the job.
    #[schema(example = "3f1c9a5be07d2468")]
    pub(crate) id: String,
    /// The name of the library that gets the papers.
    #[schema(example = "papers")]
    pub(crate) library: String,
    /// The name of the file, as the request gave it.
    #[schema(example = "refs.bib")]
    pub(crate) file: String,
    /// How far the job is.
    pub(crate) state: JobState,
    /// The time of the request, in seconds since the start of 1970, UTC.
    #[schema(example = 1_796_054_400)]
    pub(crate) created: u64,
    /// The time at which the job ended, in seconds since the start of 1970, UTC; absent while it runs or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false, example = 1_796_054_402)]
    pub(crate) ended: Option<u64>,
    /// The format of the file; absent until the file is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "bibtex")]
    pub(crate) format: Option<&'static str>,
    /// The number of papers that were processed.
    pub(crate) progress: JobProgress,
    /// What was done; present if the job is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = JobReport, required = false)]
    pub(crate) report: Option<JobReport>,
    /// What was left out of the file or changed, in the order of the file: the first 1,000 remarks.
    pub(crate) remarks: Vec<ImportRemark>,
    /// The number of all remarks.
    pub(crate) total_remarks: usize,
    /// Why the job failed; present if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ProblemDocument, required = false)]
    pub(crate) problem: Option<ProblemDocument>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobState {
    /// It waits until earlier jobs of the library have ended.
    Waiting,
    /// It reads the file or adds papers.
    Running,
    /// All papers are in the library.
    Done,
    /// An error ended it; papers that were committed before are in the library.
    Failed,
    /// It was cancelled; papers that were committed before are in the library.
    Cancelled,
}

/// The number of papers that a job has processed.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct JobProgress {
    /// The number of valid papers in the file; absent until the file was read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = usize, required = false)]
    pub(crate) total: Option<usize>,
    /// The number of papers processed.
    pub(crate) papers: usize,
    /// The number of these papers whose text was embedded.
    pub(crate) embedded: usize,
    /// The number of papers that are in the library.
    pub(crate) committed: usize,
}

impl JobState {
    /// Returns whether a job in this state has ended.
    pub(crate) fn is_end(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}
