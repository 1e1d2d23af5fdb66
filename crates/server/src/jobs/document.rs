//! A job as JSON.

use cognate::MapStage;
use serde::Serialize;
use utoipa::ToSchema;

use super::import_report::{ImportRemark, JobReport};
use super::map_report::MapReport;
use crate::problem::ProblemDocument;

/// A job: an import of papers or the layout of a map, which runs after its request was answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct JobDocument {
    /// The version of the form of all documents.
    #[schema(example = 1)]
    pub(crate) version: u32,
    /// The id of the job.
    #[schema(example = "3f1c9a5be07d2468")]
    pub(crate) id: String,
    /// What the job does.
    pub(crate) kind: JobKind,
    /// The name of the library that gets the papers or the map.
    #[schema(example = "papers")]
    pub(crate) library: String,
    /// The name of the file, as the request gave it; present if the job adds papers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "refs.bib")]
    pub(crate) file: Option<String>,
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
    /// How much was done.
    pub(crate) progress: JobProgress,
    /// What an import did; present if the job has added papers and is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = JobReport, required = false)]
    pub(crate) report: Option<JobReport>,
    /// The map that was made; present if the job has made one and is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MapReport, required = false)]
    pub(crate) map: Option<MapReport>,
    /// What was left out of the file or changed, in the order of the file: the first 1,000 remarks.
    pub(crate) remarks: Vec<ImportRemark>,
    /// The number of all remarks.
    pub(crate) total_remarks: usize,
    /// Why the job failed; present if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ProblemDocument, required = false)]
    pub(crate) problem: Option<ProblemDocument>,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobKind {
    /// It adds papers.
    Import,
    /// It lays out a map.
    Map,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobState {
    /// It waits until earlier jobs of the library have ended.
    Waiting,
    /// It reads the file, adds papers, or lays out a map.
    Running,
    /// All papers are in the library, or the map can be read.
    Done,
    /// An error ended it; papers that were committed before are in the library.
    Failed,
    /// It was cancelled; papers that were committed before are in the library.
    Cancelled,
}

/// How much a job has done.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct JobProgress {
    /// The stage of the layout of a map: `neighbors`, `layout` or `topics`; absent for an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "layout")]
    pub(crate) stage: Option<MapStage>,
    /// The share of the work on a map that is done, 0 to 1, which is an estimate; absent for an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64, required = false, example = 0.5)]
    pub(crate) share: Option<f64>,
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
