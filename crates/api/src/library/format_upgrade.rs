//! Libraries of earlier formats, which are upgraded when they are opened.

use std::path::Path;

use cognate_index::IndexWriter;

use crate::Result;
use crate::library::folder::vectors_dir;
use crate::library::lock::WriteLock;
use crate::library::rebuild::rebuild_terms;
use crate::library::store::{FIRST_WITH_TERMS, Store};

/// Upgrades a library of an earlier format, in one transaction. The vectors stay as they are; if there are
/// none yet, the terms of all papers are written beside them.
pub(super) fn upgrade(dir: &Path, store: Store) -> Result<Store> {
    {
        let connection = store.connect()?;
        let _lock = WriteLock::acquire(dir)?;
        let papers = connection.write("upgrade")?;
        // Another process may have upgraded it meanwhile.
        if let Some(earlier) = papers.upgrade()? {
            let mut writer = IndexWriter::with_manifest(vectors_dir(dir), papers.manifest()?);
            if earlier < FIRST_WITH_TERMS {
                writer.identify_files();
                rebuild_terms(&mut writer, &papers, dir)?;
            }
            papers.commit(writer.manifest())?;
        }
    }
    store.use_log()?;
    store.check_schema()?;
    Ok(store)
}
