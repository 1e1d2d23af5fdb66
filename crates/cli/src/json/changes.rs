//! The documents of commands that change a library or write a file.

use cognate::{AddRemark, AddReport, EmbedderInfo, Paper, Precision, Truncation, UpgradeReport};
use serde::Serialize;

/// The content of the document of `add`.
#[derive(Debug, Serialize)]
pub(crate) struct AddDocument<'a> {
    /// Whether the library was made by this command.
    created: bool,
    model: &'a str,
    precision: &'a str,
    added: usize,
    updated: usize,
    unchanged: usize,
    /// The number of records that were left out, because they are not valid.
    invalid: usize,
    renamed: usize,
    merged: usize,
    replaced: usize,
    embedded: usize,
    truncation: Truncation,
    /// Why a file could not be read to its end.
    incomplete: Option<&'a str>,
}

/// What `add` knows besides the report of the library.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddedFiles<'a> {
    pub(crate) created: bool,
    pub(crate) invalid: usize,
    pub(crate) incomplete: Option<&'a str>,
}

impl<'a> AddDocument<'a> {
    pub(crate) fn new(
        report: &AddReport,
        embedder: &'a EmbedderInfo,
        files: AddedFiles<'a>,
    ) -> Self {
        let count = |is_counted: fn(&AddRemark) -> bool| {
            report
                .remarks
                .iter()
                .filter(|&remark| is_counted(remark))
                .count()
        };
        Self {
            created: files.created,
            model: &embedder.model,
            precision: &embedder.precision,
            added: report.added,
            updated: report.updated,
            unchanged: report.unchanged,
            invalid: files.invalid,
            renamed: count(|remark| matches!(remark, AddRemark::Renamed { .. })),
            merged: count(|remark| matches!(remark, AddRemark::Merged { .. })),
            replaced: count(|remark| matches!(remark, AddRemark::Replaced { .. })),
            embedded: report.embedded,
            truncation: report.truncation,
            incomplete: files.incomplete,
        }
    }
}

/// The content of the document of `remove`.
#[derive(Debug, Serialize)]
pub(crate) struct RemoveDocument<'a> {
    /// Whether the papers were only looked up, and are still in the library.
    pub(crate) dry_run: bool,
    /// The number of papers that were removed, or would be.
    pub(crate) removed: usize,
    /// The number of papers that are left in the library, or would be.
    pub(crate) left: usize,
    /// The papers that were removed, or would be.
    pub(crate) papers: &'a [Paper],
}

/// The content of the document of `embed`.
#[derive(Debug, Serialize)]
pub(crate) struct EmbedDocument<'a> {
    pub(crate) output: String,
    pub(crate) texts: usize,
    pub(crate) dim: usize,
    pub(crate) model: &'a str,
    pub(crate) precision: Precision,
    pub(crate) fingerprint: &'a str,
    pub(crate) truncation: Truncation,
}

/// The content of the document of `upgrade`.
#[derive(Debug, Serialize)]
pub(crate) struct UpgradeDocument<'a> {
    pub(crate) papers: usize,
    pub(crate) model: &'a str,
    pub(crate) precision: &'a str,
    #[serde(flatten)]
    pub(crate) report: &'a UpgradeReport,
}
