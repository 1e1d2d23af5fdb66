//! Reading and writing papers and metadata within one transaction.

use std::ops::{ControlFlow, Deref};
use std::path::Path;
use std::str::FromStr;

use cognate_index::Manifest;
use rusqlite::{OptionalExtension, Row, Transaction, params, params_from_iter};

use super::damage::{damaged, store_error};
use super::key;
use super::list_cache::ListCache;
use super::list_directory::ListDirectory;
use super::schema::{
    COLUMNS, INSERT_PAPER, LIST_ENTRIES_TABLE, StoredPaper, TextHash, UPGRADE_TO_4, UPGRADE_TO_5,
    UPGRADE_TO_6, checksum, column_values, set_meta, sql_key,
};
use crate::embed::EmbedderInfo;
use crate::library::background_similarity::BackgroundSimilarity;
use crate::text_recipe::TextRecipe;
use crate::{Error, Paper, Result};

/// The pragma that holds the version of the tables.
const VERSION: &str = "user_version";

/// The order in which papers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyOrder {
    Ascending,
    Descending,
}

/// A consistent view of `papers.sqlite`, which commits of other processes do not change.
pub(crate) struct ReadTxn<'a> {
    pub(super) transaction: Transaction<'a>,
    path: &'a Path,
    act: &'static str,
    pub(super) lists: &'a ListCache,
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
        act: &'static str,
        lists: &'a ListCache,
    ) -> Self {
        Self {
            transaction,
            path,
            act,
            lists,
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

    /// Returns a hash of the manifest. It tells whether papers and vectors are the same, whatever the library is that
    /// has them: the manifest has checksums of all files of vectors and terms.
    pub(crate) fn manifest_hash(&self) -> Result<[u8; 16]> {
        let mut hash = [0; 16];
        let json = self.manifest()?.to_json();
        hash.copy_from_slice(&blake3::hash(json.as_bytes()).as_bytes()[..16]);
        Ok(hash)
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

    /// Returns [`Error::TextRecipeMismatch`] if the papers were embedded by another recipe.
    pub(crate) fn check_text_recipe(&self, recipe: &TextRecipe) -> Result<()> {
        let expected = self.text_recipe()?;
        if expected == recipe.name() || self.count()? == 0 {
            return Ok(());
        }
        Err(Error::TextRecipeMismatch {
            dir: self.path.parent().unwrap_or(self.path).to_owned(),
            expected,
            found: recipe.name().to_owned(),
        })
    }

    /// Returns the number of papers, which equals the number of live vectors.
    pub(crate) fn count(&self) -> Result<u64> {
        let manifest = self.manifest()?;
        Ok(u64::from(manifest.rows()) - manifest.deleted().len())
    }

    /// Returns the paper with this id, found by reading one paper after another, or `None` if there is none.
    pub(crate) fn find_by_reading_all(&self, id: &str) -> Result<Option<Paper>> {
        let mut found = None;
        self.for_each(|stored| {
            if stored.paper.id != id {
                return ControlFlow::Continue(());
            }
            found = Some(stored.paper);
            ControlFlow::Break(())
        })?;
        Ok(found)
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

    pub(super) fn meta(&self, key: &str) -> Result<String> {
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

    /// Returns the paper with this key.
    pub(crate) fn paper(&self, key: u64) -> Result<StoredPaper> {
        let select = || {
            let sql = format!("SELECT {COLUMNS} FROM papers WHERE key = ?");
            let mut select = self.transaction.prepare_cached(&sql)?;
            select
                .query_row([sql_key(key)], StoredPaper::from_row)
                .optional()
        };
        let found = select().map_err(self.store_error())?;
        found.ok_or_else(|| self.damaged(format!("the paper with the key {key}, which is missing")))
    }

    /// Returns the key of the paper that `earlier` papers come before, in ascending order of keys.
    pub(crate) fn nth_key(&self, earlier: u32) -> Result<u64> {
        let select = || {
            let sql = "SELECT key FROM papers NOT INDEXED ORDER BY key LIMIT 1 OFFSET ?";
            let mut select = self.transaction.prepare_cached(sql)?;
            let key = |row: &Row<'_>| Ok(row.get::<_, i64>(0)?.cast_unsigned());
            select.query_row([earlier], key).optional()
        };
        let found = select().map_err(self.store_error())?;
        found.ok_or_else(|| {
            self.damaged(format!(
                "its table of papers, which has only {earlier} or fewer"
            ))
        })
    }

    /// Returns up to `count` papers with at least this key, in ascending order of keys.
    pub(crate) fn papers_from(&self, key: u64, count: u32) -> Result<Vec<StoredPaper>> {
        let select = || {
            let sql = format!(
                "SELECT {COLUMNS} FROM papers NOT INDEXED WHERE key >= ? ORDER BY key LIMIT ?"
            );
            let mut select = self.transaction.prepare_cached(&sql)?;
            let found = select.query_map(params![sql_key(key), count], StoredPaper::from_row)?;
            found.collect::<rusqlite::Result<Vec<_>>>()
        };
        select().map_err(self.store_error())
    }

    /// Calls `act` with every paper in ascending order of keys, which is the order of rows, until it breaks.
    ///
    /// Fails at the end if the number of papers differs from the number of live vectors, since
    /// damage to the file may hide papers.
    pub(crate) fn for_each(&self, act: impl FnMut(StoredPaper) -> ControlFlow<()>) -> Result<()> {
        self.for_each_in(KeyOrder::Ascending, act)
    }

    /// Does the same as [`for_each`](Self::for_each), in either order.
    pub(crate) fn for_each_in(
        &self,
        order: KeyOrder,
        mut act: impl FnMut(StoredPaper) -> ControlFlow<()>,
    ) -> Result<()> {
        let order = match order {
            KeyOrder::Ascending => "ASC",
            KeyOrder::Descending => "DESC",
        };
        let mut found = 0;
        let mut read_all = || {
            // `NOT INDEXED` reads the table itself: a damaged index could hide a paper.
            let sql = format!("SELECT {COLUMNS} FROM papers NOT INDEXED ORDER BY key {order}");
            let mut select = self.transaction.prepare_cached(&sql)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                found += 1;
                if act(StoredPaper::from_row(row)?).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        };
        match read_all().map_err(self.store_error())? {
            ControlFlow::Break(()) => Ok(()),
            ControlFlow::Continue(()) => self.check_count(found),
        }
    }
}

impl<'a> WriteTxn<'a> {
    /// Creates a transaction. `act` is the word for the change in errors, such as `write`.
    pub(super) fn new(
        transaction: Transaction<'a>,
        path: &'a Path,
        act: &'static str,
        lists: &'a ListCache,
    ) -> Self {
        Self(ReadTxn::new(transaction, path, act, lists))
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
    pub(crate) fn format_version(&self) -> Result<i64> {
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

    /// Returns a key that is higher than the key of any paper.
    pub(crate) fn next_key(&self) -> Result<u64> {
        let sql = "SELECT max(key) FROM papers";
        let highest: Option<i64> = self
            .transaction
            .query_row(sql, [], |row| row.get(0))
            .map_err(self.store_error())?;
        let next = highest.map_or(0, |key| key.saturating_add(1));
        Ok(u64::try_from(next).unwrap_or_default())
    }

    /// Inserts a paper. No stored paper may have its key or its id.
    pub(crate) fn insert(&self, key: u64, text_hash: &TextHash, paper: &Paper) -> Result<()> {
        let insert = || {
            let mut statement = self.transaction.prepare_cached(INSERT_PAPER)?;
            statement.execute(params_from_iter(column_values(key, text_hash, paper)))
        };
        insert().map(drop).map_err(self.store_error())
    }

    /// Deletes the paper with this key.
    pub(crate) fn delete(&self, key: u64) -> Result<()> {
        let delete = || {
            self.transaction
                .prepare_cached("DELETE FROM papers WHERE key = ?")?
                .execute([sql_key(key)])
        };
        delete().map(drop).map_err(self.store_error())
    }

    /// Turns the tables of formats 2 and 3 into the tables of format 4.
    pub(super) fn upgrade_tables_to_4(&self) -> Result<()> {
        self.transaction
            .execute_batch(UPGRADE_TO_4)
            .map_err(self.store_error())?;
        self.remove_meta(key::KEYWORDS_CHECKSUM)
    }

    /// Turns the tables of format 4 into the tables of format 5.
    pub(super) fn upgrade_tables_to_5(&self) -> Result<()> {
        self.transaction
            .execute_batch(UPGRADE_TO_5)
            .map_err(self.store_error())
    }

    /// Turns the tables of format 5 into the tables of format 6.
    pub(super) fn upgrade_tables_to_6(&self) -> Result<()> {
        self.transaction
            .execute_batch(UPGRADE_TO_6)
            .and_then(|()| self.transaction.execute_batch(LIST_ENTRIES_TABLE))
            .map_err(self.store_error())?;
        self.store_list_directory(&ListDirectory::default())
    }

    /// Commits a change of lists, which leaves papers as they are.
    pub(crate) fn commit_lists(self, directory: ListDirectory) -> Result<()> {
        let store_error = self.store_error();
        self.set_list_directory(directory)?;
        self.0.transaction.commit().map_err(store_error)
    }

    /// Commits the change together with the new manifest, and returns the new generation.
    pub(crate) fn commit(self, manifest: &Manifest) -> Result<i64> {
        let store_error = self.store_error();
        let generation = self.generation()? + 1;
        self.forget_deleted_mapped_rows(manifest)?;
        let commit = || {
            set_meta(&self.0.transaction, key::MANIFEST, &manifest.to_json())?;
            set_meta(
                &self.0.transaction,
                key::GENERATION,
                &generation.to_string(),
            )?;
            self.0.transaction.commit()
        };
        commit().map_err(store_error)?;
        Ok(generation)
    }
}
