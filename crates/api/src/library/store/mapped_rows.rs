//! The record of the rows whose vectors are mapped from vectors of a former model.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cognate_index::{Manifest, RowId, RowMap};
use roaring::RoaringBitmap;

use super::key;
use super::transaction::{ReadTxn, WriteTxn};
use crate::Result;

impl ReadTxn<'_> {
    /// Returns the rows whose vectors are mapped from vectors of a former model, none of them deleted.
    pub(crate) fn mapped_rows(&self) -> Result<RoaringBitmap> {
        let Some(text) = self.optional_meta(key::MAPPED_ROWS)? else {
            return Ok(RoaringBitmap::new());
        };
        decode(&text).ok_or_else(|| self.damaged(format!("`{}`", key::MAPPED_ROWS)))
    }
}

impl WriteTxn<'_> {
    /// Replaces the record of mapped rows. An empty one is not stored.
    pub(crate) fn set_mapped_rows(&self, rows: &RoaringBitmap) -> Result<()> {
        if rows.is_empty() {
            self.remove_meta(key::MAPPED_ROWS)
        } else {
            self.set_meta(key::MAPPED_ROWS, &encode(rows))
        }
    }

    /// Removes deleted rows from the record of mapped rows.
    pub(super) fn forget_deleted_mapped_rows(&self, manifest: &Manifest) -> Result<()> {
        let mapped = self.mapped_rows()?;
        if mapped.is_disjoint(manifest.deleted()) {
            return Ok(());
        }
        self.set_mapped_rows(&(mapped - manifest.deleted()))
    }

    /// Gives mapped rows the numbers that they have after compaction.
    pub(crate) fn renumber_mapped_rows(&self, map: &RowMap) -> Result<()> {
        let mapped = self.mapped_rows()?;
        if mapped.is_empty() {
            return Ok(());
        }
        let renumbered = mapped.iter().filter_map(|row| map.get(RowId::new(row)));
        self.set_mapped_rows(&renumbered.map(RowId::get).collect())
    }
}

/// Encodes a bitmap as base64 of its portable serialization, which other languages can read.
fn encode(rows: &RoaringBitmap) -> String {
    let mut bytes = Vec::with_capacity(rows.serialized_size());
    // Writing to a `Vec` does not fail.
    let _ = rows.serialize_into(&mut bytes);
    STANDARD.encode(bytes)
}

fn decode(text: &str) -> Option<RoaringBitmap> {
    let bytes = STANDARD.decode(text).ok()?;
    let mut remaining = bytes.as_slice();
    let rows = RoaringBitmap::deserialize_from(&mut remaining).ok()?;
    remaining.is_empty().then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_it_encoded_and_nothing_else() {
        for rows in [
            RoaringBitmap::new(),
            (3..70_000).collect(),
            [0, u32::MAX].into(),
        ] {
            let text = encode(&rows);
            assert_eq!(decode(&text), Some(rows));
            assert_eq!(decode(&text[4..]), None);
            assert_eq!(
                decode(&STANDARD.encode([STANDARD.decode(&text).unwrap(), vec![0]].concat())),
                None
            );
        }
        assert_eq!(decode("?"), None);
    }
}
