//! The references of a draft: of the files given, and of those that the draft names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cognate::{Draft, Paper, PaperReader, PapersError};

use crate::output::{count, note, unbroken};

/// The number of invalid references of a file to print; further ones are only counted.
const MAX_MESSAGES: usize = 5;

/// Reads the references. Invalid ones are reported on stderr and left out.
///
/// A file that cannot be read is an error if it was given, unless `skip_bad` is set.
pub(super) fn read(given: &[PathBuf], draft: &Draft, skip_bad: bool) -> Result<Vec<Paper>> {
    let mut references = Vec::new();
    let mut seen = HashSet::new();
    for path in given {
        if is_new(path, &mut seen) {
            let read = read_file(path, &mut references);
            let read =
                read.with_context(|| format!("cannot read the references `{}`", path.display()));
            match read {
                Err(error) if skip_bad => note(&unbroken(&format!("skipped: {error:#}"))),
                other => other?,
            }
        }
    }
    // A draft without citation keys would cite all references of the files that it names.
    let has_keys = draft
        .citations()
        .iter()
        .any(|citation| citation.key.is_some());
    let named = if has_keys {
        draft.bibliographies()
    } else {
        &[]
    };
    for path in named {
        if is_new(path, &mut seen)
            && let Err(error) = read_file(path, &mut references)
        {
            let error = anyhow::Error::from(error);
            note(&unbroken(&format!(
                "cannot read the references `{}`: {error:#}",
                path.display()
            )));
        }
    }
    Ok(references)
}

/// Returns whether a file is not among those that were read already.
fn is_new(path: &Path, seen: &mut HashSet<PathBuf>) -> bool {
    let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    seen.insert(canonical)
}

fn read_file(path: &Path, references: &mut Vec<Paper>) -> Result<(), PapersError> {
    let mut invalid = 0;
    for record in PaperReader::open(path)? {
        match record {
            Ok(paper) => references.push(paper),
            Err(error @ PapersError::Record { .. }) => {
                invalid += 1;
                if invalid <= MAX_MESSAGES {
                    note(&unbroken(&format!("skipped: {error}")));
                }
            }
            Err(error) => return Err(error),
        }
    }
    if invalid > MAX_MESSAGES {
        let more = count(invalid - MAX_MESSAGES, "more invalid reference");
        note(&format!("and {more} of `{}`", path.display()));
    }
    Ok(())
}
