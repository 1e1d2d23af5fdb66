//! Warnings of commands that need the papers of a library and not its vectors.

use anyhow::Result;
use cognate::{Fault, Library};

use crate::damage;
use crate::failure::message_of;
use crate::output::note;

/// Warns of the files of vectors and terms that are lost, says how to get them back, and returns them.
pub(crate) fn warn(library: &Library) -> Result<Vec<Fault>> {
    let faults = library.unusable_files()?;
    for fault in &faults {
        let advice = damage::advice(fault.is_repairable, fault.is_in_vectors);
        note(&format!("warning: {}; {advice}", message_of(&fault.error)));
    }
    Ok(faults)
}
