//! Libraries of earlier formats, which are upgraded when they are opened.

use std::path::Path;

use cognate_index::IndexWriter;

use crate::library::change::collect_garbage;
use crate::library::folder::vectors_dir;
use crate::library::lock::WriteLock;
use crate::library::rebuild::rebuild_terms;
use crate::library::store::{FIRST_WITH_TERMS, Store, WriteTxn};
use crate::{Error, Result};

/// Upgrades a library of an earlier format, in one transaction. The vectors stay as they are, and the terms of all
/// papers are written beside them, in files of their own: an upgrade that fails or is killed leaves a library of the
/// earlier format that the earlier release can read.
pub(super) fn upgrade(dir: &Path, store: Store) -> Result<Store> {
    {
        let connection = store.connect()?;
        let _lock = WriteLock::acquire(dir)?;
        let papers = connection.write("upgrade")?;
        // Another process may have upgraded it meanwhile.
        if let Some(earlier) = papers.upgrade()? {
            let vectors = vectors_dir(dir);
            let manifest = papers.manifest()?;
            let mut writer = IndexWriter::with_manifest(&vectors, manifest.clone());
            let upgraded = write_terms(earlier, &mut writer, &papers, dir)
                .and_then(|()| papers.commit(writer.manifest()));
            if let Err(error) = upgraded {
                let mut writer = IndexWriter::with_manifest(&vectors, manifest);
                collect_garbage(&mut writer, &vectors);
                return Err(error);
            }
            collect_garbage(&mut writer, &vectors);
        }
    }
    store.use_log()?;
    store.check_schema()?;
    Ok(store)
}

/// Writes the terms of all papers of a library of the format `earlier`.
fn write_terms(
    earlier: i64,
    writer: &mut IndexWriter,
    papers: &WriteTxn<'_>,
    dir: &Path,
) -> Result<()> {
    if earlier < FIRST_WITH_TERMS {
        writer.identify_files();
    } else {
        let renewed = writer.renew_terms();
        renewed.map_err(Error::index(&vectors_dir(dir)))?;
    }
    rebuild_terms(writer, papers, dir).map(drop)
}
