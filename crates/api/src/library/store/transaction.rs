//! Reading and writing papers and metadata within one transaction.

use std::cell::Cell;
use std::ops::Deref;
use std::path::Path;
use std::str::FromStr;

use cognate_index::{Manifest, RowId, RowMap};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, ToSql, Transaction, params_from_iter};

use super::damage::{ID_INDEX, damaged, store_error};
use super::key;
use super::schema::{
    COLUMNS, INSERT_PAPER, StoredPaper, TextHash, UPDATE_PAPER, checksum, column_values, set_meta,
};
use crate::embed::EmbedderInfo;
use crate::library::background_similarity::BackgroundSimilarity;
use crate::text_recipe::TextRecipe;
use crate::{Error, Paper, Result};

/// The pragma that holds the version of the tables.
const VERSION: &str = "user_version";

/// The number of papers that [`WriteTxn::renumber`] holds in memory at a time.
const RENUMBER_BATCH: usize = 256;

/// The generations at which the two indexes of the file were last compared with what they index. A
/// changed byte in an index could hide a paper.
#[derive(Debug, Default)]
pub(super) struct VerifiedIndexes {
    pub(super) ids: Cell<Option<i64>>,
    pub(super) keywords: Cell<Option<i64>>,
}

/// A consistent view of `papers.sqlite`, which commits of other processes do not change.
pub(crate) struct ReadTxn<'a> {
    pub(super) transaction: Transaction<'a>,
    path: &'a Path,
    act: &'static str,
    pub(super) verified: &'a VerifiedIndexes,
}

/// A change of `papers.sqlite`, of which nothing happens before [`commit`](Self::commit). It reads
/// what it has written.
pub(crate) struct WriteTxn<'a>(ReadTxn<'a>);

impl<'a> Deref for WriteTxn<'a> {
    type Target = ReadTxn<'a>;

    fn deref(&self) -> &ReadTxn<'a> {
        &self.0
    }
}

impl<'a> ReadTxn<'a> {
    pub(super) fn new(
        transaction: Transaction<'a>,
        path: &'a Path,
        verified: &'a VerifiedIndexes,
    ) -> Self {
        Self {
            transaction,
            path,
            act: "read",
            verified,
        }
    }

    pub(super) fn store_error(&self) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        store_error(self.act, self.path)
    }

    /// Returns the error that names the damaged part of the file.
    pub(crate) fn damaged(&self, what: String) -> Error {
        self.store_error()(damaged(what))
    }

    /// Returns the number of commits so far.
    pub(crate) fn generation(&self) -> Result<i64> {
        self.parse_meta(key::GENERATION)
    }

    /// Returns the manifest, which names the segments of live vectors.
    pub(crate) fn manifest(&self) -> Result<Manifest> {
        let json = self.meta(key::MANIFEST)?;
        let dir = self.path.parent().unwrap_or(self.path);
        Manifest::from_json(&json, self.path).map_err(Error::index(dir))
    }

    /// Returns the description of the embedder that made the vectors.
    pub(crate) fn embedder_info(&self) -> Result<EmbedderInfo> {
        Ok(EmbedderInfo {
            model: self.meta(key::MODEL)?,
            precision: self.meta(key::PRECISION)?,
            fingerprint: self.meta(key::FINGERPRINT)?,
            dim: self.parse_meta(key::DIM)?,
        })
    }

    /// Returns the name of the recipe that made the embedded texts: the default one if none is stored.
    pub(crate) fn text_recipe(&self) -> Result<String> {
        let stored = self.optional_meta(key::TEXT_RECIPE)?;
        Ok(stored.unwrap_or_else(|| TextRecipe::DEFAULT_NAME.to_owned()))
    }

    /// Returns the distribution of cosines between random papers, as last sampled.
    pub(crate) fn background_similarity(&self) -> Result<Option<BackgroundSimilarity>> {
        let json = self.meta(key::BACKGROUND_SIMILARITY)?;
        serde_json::from_str(&json)
            .map_err(|_| self.damaged(format!("`{}`", key::BACKGROUND_SIMILARITY)))
    }

    pub(super) fn parse_meta<T: FromStr>(&self, key: &str) -> Result<T> {
        self.meta(key)?
            .parse()
            .map_err(|_| self.damaged(format!("`{key}`")))
    }

    fn meta(&self, key: &str) -> Result<String> {
        self.optional_meta(key)?
            .ok_or_else(|| self.damaged(format!("`{key}`, which is missing")))
    }

    pub(super) fn optional_meta(&self, key: &str) -> Result<Option<String>> {
        let meta = || {
            let sql = "SELECT key, value, checksum FROM meta WHERE key = ?";
            let mut select = self.transaction.prepare_cached(sql)?;
            let value = select.query_row([key], |row| {
                let expected = checksum([row.get_ref(0)?, row.get_ref(1)?]);
                if row.get_ref(2)?.as_i64_or_null()? == Some(expected) {
                    row.get(1)
                } else {
                    Err(damaged(format!("`{key}`")))
                }
            });
            value.optional()
        };
        meta().map_err(self.store_error())
    }

    /// Returns the paper with this id, or `None` if the library has none.
    ///
    /// The first time that an id is not found, the index of ids is compared with the table: a
    /// changed byte in the index would otherwise go unnoticed, and the paper might be added twice.
    /// That takes as long as reading all papers.
    pub(crate) fn find(&self, id: &str) -> Result<Option<StoredPaper>> {
        match self.select_one("id = ?", id)? {
            Some(stored) if stored.paper.id != id => Err(self.damaged(ID_INDEX.to_owned())),
            Some(stored) => Ok(Some(stored)),
            None => self.check_id_index().map(|()| None),
        }
    }

    /// Returns the paper whose vector is in `row`.
    pub(crate) fn paper_at(&self, row: RowId) -> Result<Paper> {
        self.stored_at(row).map(|stored| stored.paper)
    }

    /// Returns the paper whose vector is in `row`, with the hash of its text.
    pub(crate) fn stored_at(&self, row: RowId) -> Result<StoredPaper> {
        self.select_one("row = ?", row.get())?
            .ok_or_else(|| self.damaged(format!("the paper in row {row}, which is missing")))
    }

    fn select_one(&self, condition: &str, value: impl ToSql) -> Result<Option<StoredPaper>> {
        let select_one = || {
            let sql = format!("SELECT {COLUMNS} FROM papers WHERE {condition}");
            let mut select = self.transaction.prepare_cached(&sql)?;
            select.query_row([value], StoredPaper::from_row).optional()
        };
        select_one().map_err(self.store_error())
    }

    /// Calls `act` with every paper, in row order.
    ///
    /// Fails at the end if the number of papers differs from the number of live vectors, since
    /// damage to the file may hide papers.
    pub(crate) fn for_each(&self, mut act: impl FnMut(StoredPaper)) -> Result<()> {
        let mut found = 0;
        let mut read_all = || {
            // `NOT INDEXED` reads the table itself: a damaged index could hide a paper.
            let sql = format!("SELECT {COLUMNS} FROM papers NOT INDEXED ORDER BY row");
            let mut select = self.transaction.prepare_cached(&sql)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                act(StoredPaper::from_row(row)?);
                found += 1;
            }
            Ok(())
        };
        read_all().map_err(self.store_error())?;
        self.check_count(found)
    }

    /// Returns all ids, in row order.
    pub(crate) fn ids(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        self.for_each(|stored| ids.push(stored.paper.id))?;
        Ok(ids)
    }
}

impl<'a> WriteTxn<'a> {
    /// Creates a transaction. `act` is the word for the change in errors, such as `write`.
    pub(super) fn new(
        transaction: Transaction<'a>,
        path: &'a Path,
        act: &'static str,
        verified: &'a VerifiedIndexes,
    ) -> Self {
        Self(ReadTxn {
            transaction,
            path,
            act,
            verified,
        })
    }

    /// Replaces the distribution of cosines between random papers.
    pub(crate) fn set_background_similarity(&self, sampled: &BackgroundSimilarity) -> Result<()> {
        let json = serde_json::to_string(&Some(sampled)).unwrap_or_default();
        self.set_meta(key::BACKGROUND_SIMILARITY, &json)
    }

    /// Removes the distribution of cosines between random papers, so that it is sampled again when
    /// the change is committed.
    pub(crate) fn forget_background_similarity(&self) -> Result<()> {
        self.set_meta(key::BACKGROUND_SIMILARITY, "null")
    }

    /// Replaces the description of the embedder that made the vectors.
    pub(crate) fn set_embedder_info(&self, info: &EmbedderInfo) -> Result<()> {
        self.set_meta(key::MODEL, &info.model)?;
        self.set_meta(key::PRECISION, &info.precision)?;
        self.set_meta(key::FINGERPRINT, &info.fingerprint)?;
        self.set_meta(key::DIM, &info.dim.to_string())
    }

    /// Returns the version of the tables.
    pub(super) fn format_version(&self) -> Result<i64> {
        let version = self
            .transaction
            .pragma_query_value(None, VERSION, |row| row.get(0));
        version.map_err(self.store_error())
    }

    /// Records the version of the tables.
    pub(super) fn set_format_version(&self, version: i64) -> Result<()> {
        self.transaction
            .pragma_update(None, VERSION, version)
            .map_err(self.store_error())
    }

    /// Records the name of the recipe that makes the embedded texts.
    pub(crate) fn set_text_recipe(&self, name: &str) -> Result<()> {
        self.set_meta(key::TEXT_RECIPE, name)
    }

    pub(super) fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        set_meta(&self.transaction, key, value)
            .map(drop)
            .map_err(self.store_error())
    }

    pub(super) fn remove_meta(&self, key: &str) -> Result<()> {
        self.transaction
            .execute("DELETE FROM meta WHERE key = ?", [key])
            .map(drop)
            .map_err(self.store_error())
    }

    /// Inserts a paper whose vector is in `row`. No stored paper may have its id.
    pub(crate) fn insert(&self, row: RowId, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        self.write_paper(INSERT_PAPER, row, text_hash, paper)?;
        self.add_keywords(row, paper).map_err(self.store_error())
    }

    /// Replaces the metadata of a paper that keeps its vector.
    pub(crate) fn update(&self, row: RowId, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        let before = self.paper_at(row)?;
        self.write_paper(UPDATE_PAPER, row, text_hash, paper)?;
        if (&before.title, &before.abstract_text) == (&paper.title, &paper.abstract_text) {
            return Ok(());
        }
        self.remove_keywords(row)
            .and_then(|()| self.add_keywords(row, paper))
            .map_err(self.store_error())
    }

    fn write_paper(
        &self,
        sql: &str,
        row: RowId,
        text_hash: &TextHash,
        paper: &Paper,
    ) -> Result<()> {
        let write = || {
            let mut statement = self.transaction.prepare_cached(sql)?;
            statement.execute(params_from_iter(column_values(row, text_hash, paper)))
        };
        write().map(drop).map_err(self.store_error())
    }

    /// Deletes the paper in `row`.
    pub(crate) fn delete(&self, row: RowId) -> Result<()> {
        let delete = || {
            self.remove_keywords(row)?;
            self.transaction
                .prepare_cached("DELETE FROM papers WHERE row = ?")?
                .execute([row.get()])
        };
        delete().map(drop).map_err(self.store_error())
    }

    /// Moves every paper to the row that its vector has after compaction, and rebuilds the keyword
    /// index, whose entries name rows.
    pub(crate) fn renumber(&self, map: &RowMap) -> Result<()> {
        let Some(first) = map.dropped().min() else {
            return Ok(());
        };
        self.renumber_mapped_rows(map)?;
        let expected = u64::from(map.rows() - first) - map.dropped().len();
        let found = self.renumber_from(first, map).map_err(self.store_error())?;
        if found == expected {
            return self.rebuild_keywords();
        }
        let what =
            format!("its table of papers, which has {found} of {expected} from row {first} on");
        Err(self.damaged(what))
    }

    /// Returns the number of papers from row `first` on, all of which it moves.
    fn renumber_from(&self, first: u32, map: &RowMap) -> rusqlite::Result<u64> {
        let sql = format!(
            "SELECT {COLUMNS} FROM papers NOT INDEXED WHERE row >= ? ORDER BY row \
             LIMIT {RENUMBER_BATCH}"
        );
        let mut select = self.transaction.prepare(&sql)?;
        let sql = "UPDATE papers SET row = ?, checksum = ? WHERE row = ?";
        let mut update = self.transaction.prepare(sql)?;
        let mut next = i64::from(first);
        let mut found = 0;
        loop {
            // A batch is read to its end before its papers move, each down to a free row.
            let batch = select.query_map([next], StoredPaper::from_row)?;
            let batch = batch.collect::<rusqlite::Result<Vec<_>>>()?;
            let Some(last) = batch.last() else {
                return Ok(found);
            };
            next = i64::from(last.row.get()) + 1;
            found += batch.len() as u64;
            for stored in batch {
                let row = stored.row;
                let new = map.get(row).ok_or_else(|| {
                    damaged(format!("the paper in row {row}, which has no vector"))
                })?;
                let values = column_values(new, &stored.text_hash, &stored.paper);
                let checksum = values.last().map_or(ValueRef::Null, ValueRef::from);
                let checksum = checksum.as_i64()?;
                update.execute([i64::from(new.get()), checksum, i64::from(row.get())])?;
            }
        }
    }

    /// Commits the change together with the new manifest, and returns the new generation.
    pub(crate) fn commit(self, manifest: &Manifest) -> Result<i64> {
        let store_error = self.store_error();
        let generation = self.generation()? + 1;
        self.forget_deleted_mapped_rows(manifest)?;
        self.store_keywords_checksum().map_err(self.store_error())?;
        let ReadTxn {
            transaction,
            verified,
            ..
        } = self.0;
        let commit = || {
            set_meta(&transaction, key::MANIFEST, &manifest.to_json())?;
            set_meta(&transaction, key::GENERATION, &generation.to_string())?;
            transaction.commit()
        };
        commit().map_err(store_error)?;
        // SQLite's own changes to an intact index leave it intact.
        for verified in [&verified.ids, &verified.keywords] {
            if verified.get() == Some(generation - 1) {
                verified.set(Some(generation));
            }
        }
        Ok(generation)
    }
}
