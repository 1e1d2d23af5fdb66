use std::io;
use std::path::{Path, PathBuf};

use crate::Flaw;

/// The result of what can fail in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused; [`io_kind`](Self::io_kind) tells why.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried: `open`, `write`…
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is not what was written: restore it from a copy, or embed again.
    #[error("`{}` {damage}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// A file of another release.
    #[error("`{}` has format version {found}, this release reads {expected}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: u32,
        /// The version that this release reads.
        expected: u32,
    },
    /// A folder that should get a new index holds one.
    #[error("`{}` exists already", path.display())]
    AlreadyExists {
        /// The manifest of the index that is there.
        path: PathBuf,
    },
    /// An index cannot have vectors of this length.
    #[error("expected 1 to {} dimensions, found {found}", crate::header::MAX_DIM)]
    InvalidDimension {
        /// The length asked for.
        found: usize,
    },
    /// A vector, or a row of a matrix, has another length than those of the index.
    #[error("expected a vector of {expected} dimensions, found {found}")]
    DimensionMismatch {
        /// The dimensions of the index.
        expected: usize,
        /// The dimensions given.
        found: usize,
    },
    /// A row to be added has no direction. Nothing was added.
    #[error("row {row} {flaw}")]
    InvalidRow {
        /// The row of the matrix given, from 0.
        row: usize,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A query has no direction.
    #[error("query {query} {flaw}")]
    InvalidQuery {
        /// The row of the matrix given, from 0; 0 for a single query.
        query: usize,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// `k`, the number of hits wanted, is 0.
    #[error("expected `k` of at least 1, found 0")]
    InvalidK,
    /// The minimum score is not a number.
    #[error("expected a minimum score that is a number, found `NaN`")]
    InvalidMinScore,
    /// A row to be deleted does not exist. Nothing was deleted.
    #[error("row {row} does not exist, the index has {rows} rows")]
    UnknownRow {
        /// The greatest such row.
        row: u32,
        /// The rows of the index, deleted ones included.
        rows: u32,
    },
    /// An index cannot number so many rows.
    #[error("expected at most {} rows, found {found}", u32::MAX)]
    TooManyRows {
        /// The rows there would be.
        found: u64,
    },
    /// The progress callback asked to stop.
    #[error("cancelled after {done} of {total} rows")]
    Cancelled {
        /// Rows done by then.
        done: usize,
        /// Rows to do.
        total: usize,
    },
}

/// What is wrong with a file of an index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// It does not begin as segments, or their compact forms, begin.
    #[error("is not a Cognate segment")]
    NotASegment,
    /// It is shorter than its header says; an interrupted copy, for example.
    #[error("is truncated: expected {expected} bytes, found {found}")]
    Truncated {
        /// The length by the header.
        expected: u64,
        /// The length of the file.
        found: u64,
    },
    /// It is longer than its header says.
    #[error("is too long: expected {expected} bytes, found {found}")]
    TooLong {
        /// The length by the header.
        expected: u64,
        /// The length of the file.
        found: u64,
    },
    /// The header does not match its checksum, or says what no segment is.
    #[error("has a damaged header")]
    Header,
    /// The table of checksums does not match its own checksum.
    #[error("has a damaged table of checksums")]
    Table,
    /// The rotation of a compact form does not match its checksum.
    #[error("has a damaged rotation")]
    Rotation,
    /// A compact form was made of other rows than those it lies beside.
    #[error("is the compact form of other rows")]
    Foreign,
    /// A block of rows does not match its checksum.
    #[error("is damaged in rows {first} to {last}")]
    Rows {
        /// The first row of the block, counted in the file from 0.
        first: u32,
        /// The last one.
        last: u32,
    },
    /// A row matches its checksum, but another program than this wrote it.
    #[error("holds no unit vector in row {row}")]
    NotUnit {
        /// The row, counted in the file from 0.
        row: u32,
    },
    /// The manifest and the header contradict each other.
    #[error("holds {found} {unit}, the manifest says {expected}")]
    Contradiction {
        /// What was counted: `rows`, or `dimensions`.
        unit: &'static str,
        /// The number in the manifest.
        expected: usize,
        /// The number in the header.
        found: usize,
    },
    /// A manifest is not the JSON it should be.
    #[error("is not a manifest: {reason}")]
    Manifest {
        /// What is wrong.
        reason: String,
    },
}

impl Damage {
    /// That of a block of `block_rows` of `rows` rows; the last one may be shorter.
    pub(crate) fn rows_of_block(block: u32, block_rows: u32, rows: u32) -> Self {
        let first = block.saturating_mul(block_rows);
        let last = rows.min(first.saturating_add(block_rows)) - 1;
        Self::Rows { first, last }
    }
}

impl Error {
    /// The kind of the error of the file system, where one is the cause.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Io { source, .. } => Some(source.kind()),
            _ => None,
        }
    }

    /// Whether it is about a file that can be made again from the others, and does no harm until it
    /// is: see [`IndexWriter::rebuild`](crate::IndexWriter::rebuild).
    pub fn is_rebuildable(&self) -> bool {
        match self {
            Self::Io { path, .. } | Self::Corrupt { path, .. } | Self::Version { path, .. } => path
                .extension()
                .is_some_and(|extension| extension == "codes"),
            _ => false,
        }
    }

    /// Whether the progress callback ended the work.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }

    pub(crate) fn io(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            act,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn corrupt(path: &Path, damage: Damage) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            damage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_pinned() {
        let path = || PathBuf::from("lib/segment-00000003.vec");
        let corrupt = |damage| Error::corrupt(&path(), damage).to_string();
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        for (found, expected) in [
            (
                Error::io("open", &path())(denied()).to_string(),
                "cannot open `lib/segment-00000003.vec`",
            ),
            (
                Error::Version {
                    path: path(),
                    found: 3,
                    expected: 1,
                }
                .to_string(),
                "`lib/segment-00000003.vec` has format version 3, this release reads 1",
            ),
            (
                corrupt(Damage::NotASegment),
                "`lib/segment-00000003.vec` is not a Cognate segment",
            ),
            (
                corrupt(Damage::Truncated {
                    expected: 1000,
                    found: 10,
                }),
                "`lib/segment-00000003.vec` is truncated: expected 1000 bytes, found 10",
            ),
            (
                corrupt(Damage::Rows {
                    first: 682,
                    last: 1363,
                }),
                "`lib/segment-00000003.vec` is damaged in rows 682 to 1363",
            ),
            (
                corrupt(Damage::Contradiction {
                    unit: "rows",
                    expected: 5,
                    found: 6,
                }),
                "`lib/segment-00000003.vec` holds 6 rows, the manifest says 5",
            ),
            (
                Error::InvalidDimension { found: 0 }.to_string(),
                "expected 1 to 65536 dimensions, found 0",
            ),
            (
                Error::DimensionMismatch {
                    expected: 384,
                    found: 768,
                }
                .to_string(),
                "expected a vector of 384 dimensions, found 768",
            ),
            (
                Error::InvalidRow {
                    row: 7,
                    flaw: Flaw::Zero,
                }
                .to_string(),
                "row 7 has no direction: every component is 0",
            ),
            (
                Error::InvalidQuery {
                    query: 0,
                    flaw: Flaw::NotFinite {
                        component: 3,
                        found: f32::NAN,
                    },
                }
                .to_string(),
                "query 0 holds `NaN` in component 3, expected finite numbers",
            ),
            (
                Error::InvalidK.to_string(),
                "expected `k` of at least 1, found 0",
            ),
            (
                Error::UnknownRow { row: 9, rows: 9 }.to_string(),
                "row 9 does not exist, the index has 9 rows",
            ),
        ] {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_kind_of_an_io_error_can_be_asked() {
        let error = Error::io("open", Path::new("x"))(io::ErrorKind::StorageFull.into());
        assert_eq!(error.io_kind(), Some(io::ErrorKind::StorageFull));
        assert_eq!(Error::InvalidK.io_kind(), None);
        assert!(Error::Cancelled { done: 1, total: 2 }.is_cancelled());
    }
}
