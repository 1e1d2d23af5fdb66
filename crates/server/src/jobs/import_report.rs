//! What an import did, as JSON: the fields that `cognate add --json` prints, and the events that
//! `cognate add --report` writes.

use cognate::{AddRemark, AddReport, EmbedderInfo, RecordLocation, Truncation};
use serde::Serialize;
use utoipa::ToSchema;

/// What an import did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct JobReport {
    /// The name of the model that embedded the papers.
    model: String,
    /// The number format of the model.
    precision: String,
    /// The number of new papers.
    added: usize,
    /// The number of records of papers that were in the library with another text or other metadata.
    updated: usize,
    /// The number of records that changed nothing.
    unchanged: usize,
    /// The number of records that were left out, because they are not valid.
    invalid: usize,
    /// The number of papers that got a new id, because another paper has theirs.
    renamed: usize,
    /// The number of papers with fields that stayed as they were, because the record has no value for them.
    merged: usize,
    /// The number of papers that replaced another one.
    replaced: usize,
    /// The number of texts that were embedded.
    embedded: usize,
    /// The texts that are longer than the model reads.
    #[schema(value_type = TruncationDocument)]
    truncation: Truncation,
    /// Why the file could not be read to its end, or `null`.
    incomplete: Option<String>,
}

/// The texts that are longer than the model reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `cognate::Truncation`")]
pub(crate) struct TruncationDocument {
    /// The number of texts that are longer than the model reads.
    texts: usize,
    /// The number of their tokens that the model does not read.
    tokens: usize,
    /// The number of tokens of all texts.
    total_tokens: usize,
}

/// Something in a file that was left out or changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ImportRemark {
    /// The line on which the record begins, counted from 1; absent in formats without lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = usize, required = false)]
    line: Option<usize>,
    /// The number of the record, counted from 1; present in formats without lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = usize, required = false)]
    record: Option<usize>,
    /// What happened.
    #[serde(flatten)]
    event: ImportEvent,
}

/// What happened to a record, with the data of the kind of event.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum ImportEvent {
    /// A record is not in the library, because it is not valid.
    LeftOut {
        /// Why the record is not valid.
        reason: String,
    },
    /// The rest of the file was not read.
    Incomplete {
        /// Why reading stopped.
        reason: String,
    },
    /// Something in a record was left out or repaired.
    Changed {
        /// What was left out or repaired.
        what: String,
    },
    /// A field or a column is not read.
    FieldNotRead {
        /// The name of the field.
        field: String,
        /// The number of records in which it has a value.
        values: u64,
    },
    /// A paper has a new id, because another paper has its id.
    Renamed {
        /// The id with which the paper came.
        id: String,
        /// The id of the paper in the library.
        new_id: String,
        /// The title of the paper.
        title: String,
        /// The title of the paper that has the id.
        other_title: String,
    },
    /// Fields that have no value in a record stay as they are in the library.
    Merged {
        /// The id of the paper.
        id: String,
        /// The names of the fields.
        kept: Vec<String>,
    },
    /// A paper replaced another one.
    Replaced {
        /// The id of both papers.
        id: String,
        /// The title of the paper.
        title: String,
        /// The title of the paper that was replaced.
        other_title: String,
    },
}

/// The first remarks of an import, and the number of all.
#[derive(Debug, Default)]
pub(crate) struct ImportRemarks {
    pub(crate) first: Vec<ImportRemark>,
    pub(crate) total: usize,
}

impl ImportRemarks {
    const MAX: usize = 1000;

    pub(crate) fn add(&mut self, location: Option<RecordLocation>, event: ImportEvent) {
        self.total += 1;
        if self.first.len() == Self::MAX {
            return;
        }
        let (line, record) = match location {
            Some(RecordLocation::Line(line)) => (Some(line), None),
            Some(RecordLocation::Record(record)) => (None, Some(record)),
            _ => (None, None),
        };
        self.first.push(ImportRemark {
            line,
            record,
            event,
        });
    }

    /// Adds the remarks of a library on papers, whose locations `location` returns by their position.
    pub(crate) fn add_all(
        &mut self,
        remarks: &[AddRemark],
        location: impl Fn(usize) -> Option<RecordLocation>,
    ) {
        for remark in remarks {
            let (position, event) = match remark.clone() {
                AddRemark::Renamed {
                    position,
                    id,
                    new_id,
                    title,
                    other_title,
                } => {
                    let event = ImportEvent::Renamed {
                        id,
                        new_id,
                        title,
                        other_title,
                    };
                    (position, event)
                }
                AddRemark::Merged {
                    position,
                    id,
                    fields,
                } => {
                    let kept = fields.into_iter().map(str::to_owned).collect();
                    (position, ImportEvent::Merged { id, kept })
                }
                AddRemark::Replaced {
                    position,
                    id,
                    title,
                    other_title,
                } => {
                    let event = ImportEvent::Replaced {
                        id,
                        title,
                        other_title,
                    };
                    (position, event)
                }
                _ => continue,
            };
            self.add(location(position), event);
        }
    }
}

impl JobReport {
    pub(crate) fn new(
        report: &AddReport,
        embedder: &EmbedderInfo,
        invalid: usize,
        incomplete: Option<String>,
    ) -> Self {
        let count = |is_counted: fn(&AddRemark) -> bool| {
            let remarks = report.remarks.iter();
            remarks.filter(|&remark| is_counted(remark)).count()
        };
        Self {
            model: embedder.model.clone(),
            precision: embedder.precision.clone(),
            added: report.added,
            updated: report.updated,
            unchanged: report.unchanged,
            invalid,
            renamed: count(|remark| matches!(remark, AddRemark::Renamed { .. })),
            merged: count(|remark| matches!(remark, AddRemark::Merged { .. })),
            replaced: count(|remark| matches!(remark, AddRemark::Replaced { .. })),
            embedded: report.embedded,
            truncation: report.truncation,
            incomplete,
        }
    }
}
