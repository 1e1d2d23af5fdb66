//! Warnings of commands that need the papers of a library and not its vectors.

use anyhow::Result;
use cognate::Library;

use crate::damage;
use crate::failure::message;
use crate::output::note;

/// Warns of the files of vectors and terms that are lost, and says how to get them back.
pub(crate) fn warn(library: &Library) -> Result<()> {
    for fault in library.unusable_files()? {
        let advice = damage::advice(fault.is_repairable, fault.is_in_vectors);
        let fault = message(&fault.error.into());
        note(&format!("warning: {fault}; {advice}"));
    }
    Ok(())
}
