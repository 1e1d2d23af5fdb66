//! What a reader leaves out of the records that it reads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::RecordLocation;

/// The maximum number of remarks that wait to be taken, and of names of fields that are counted.
const MAX_NOTES: usize = 1000;

/// A remark on a record that was read: something in it was left out or repaired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Remark {
    /// The location of the record.
    #[serde(flatten)]
    pub location: RecordLocation,
    /// A description of what was left out or repaired, and why.
    #[serde(rename = "what")]
    pub text: String,
}

/// Collects what the reader of a format leaves out. Clones share the collection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Arc<Mutex<Collected>>);

#[derive(Debug, Default)]
struct Collected {
    /// How often each field that is not read occurred with a value.
    ignored_fields: BTreeMap<String, u64>,
    /// Remarks on the record that is being read.
    current: Vec<String>,
    /// Remarks on earlier records.
    remarks: Vec<Remark>,
    is_incomplete: bool,
}

impl Notes {
    /// Counts a field that has a value and is not read.
    pub(crate) fn ignore_field(&self, name: &str) {
        self.ignore_fields(name, 1);
    }

    /// Counts a field that is not read and has a value in `count` records.
    pub(crate) fn ignore_fields(&self, name: &str, count: u64) {
        if count == 0 {
            return;
        }
        let mut collected = self.lock();
        let is_known = collected.ignored_fields.contains_key(name);
        if is_known || collected.ignored_fields.len() < MAX_NOTES {
            let total = collected.ignored_fields.entry(name.to_owned()).or_default();
            *total = total.saturating_add(count);
        }
    }

    /// Remarks on the record that is being read, which the reader yields next.
    pub(crate) fn remark(&self, text: impl Into<String>) {
        let mut collected = self.lock();
        if collected.current.len() < MAX_NOTES {
            collected.current.push(text.into());
        }
    }

    /// Remarks on a record at a location.
    pub(crate) fn remark_at(&self, location: RecordLocation, text: impl Into<String>) {
        let mut collected = self.lock();
        if collected.remarks.len() < MAX_NOTES {
            let text = text.into();
            collected.remarks.push(Remark { location, text });
        }
    }

    /// States that the record that is yielded next is an error behind which the file cannot be read.
    pub(crate) fn set_incomplete(&self) {
        self.lock().is_incomplete = true;
    }

    /// Returns whether the rest of the file cannot be read.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.lock().is_incomplete
    }

    /// Gives the remarks on the record that was being read its location.
    pub(crate) fn finish_record(&self, location: RecordLocation) {
        let texts = std::mem::take(&mut self.lock().current);
        for text in texts {
            self.remark_at(location, text);
        }
    }

    /// Returns the fields that are not read, with the number of their values.
    pub(crate) fn ignored_fields(&self) -> BTreeMap<String, u64> {
        self.lock().ignored_fields.clone()
    }

    /// Returns and removes the remarks on the records yielded so far.
    pub(crate) fn take_remarks(&self) -> Vec<Remark> {
        std::mem::take(&mut self.lock().remarks)
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
