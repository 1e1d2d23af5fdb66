//! Connections to `papers.sqlite`, one for each thread that reads or writes at a time.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

/// The longest time to wait for another process that holds the file, which is for moments only.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The largest number of connections that are kept open without being used.
const MAX_IDLE: usize = 8;

/// The length in bytes to which the write-ahead log is cut after a large change.
const LOG_LEN: i64 = 16 << 20;

/// A pool of connections. Each is used by one thread at a time.
#[derive(Debug)]
pub(super) struct Pool {
    path: PathBuf,
    access: Access,
    idle: Mutex<Vec<Connection>>,
}

/// How the file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Other processes may write, and this one too.
    Shared,
    /// The file is on a medium that cannot be written, so nothing can change it.
    ReadOnlyMedium,
}

/// A connection of a pool, to which it returns when dropped.
pub(super) struct PooledConnection<'a> {
    connection: Option<Connection>,
    pool: &'a Pool,
}

impl Pool {
    /// Opens an existing file.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let shared = connect(path, Access::Shared, OpenFlags::empty());
        let (connection, access) = match shared {
            Ok(connection) => (connection, Access::Shared),
            // Readers of a write-ahead log write to files beside it, unless nothing can change.
            Err(error) if needs_writing(&error) && !has_log(path) => {
                let access = Access::ReadOnlyMedium;
                let connection = connect(path, access, OpenFlags::empty());
                (connection.map_err(|_| error)?, access)
            }
            Err(error) => return Err(error),
        };
        Ok(Self::new(path, connection, access))
    }

    /// Opens a file, which is created if it does not exist.
    pub(super) fn create(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_CREATE;
        let connection = connect(path, Access::Shared, flags)?;
        Ok(Self::new(path, connection, Access::Shared))
    }

    fn new(path: &Path, connection: Connection, access: Access) -> Self {
        Self {
            path: path.to_owned(),
            access,
            idle: Mutex::new(vec![connection]),
        }
    }

    /// Returns a connection that no other thread uses.
    pub(super) fn get(&self) -> rusqlite::Result<PooledConnection<'_>> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path, self.access, OpenFlags::empty())?,
        };
        Ok(PooledConnection {
            connection: Some(connection),
            pool: self,
        })
    }
}

impl Deref for PooledConnection<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        // The connection is taken out when this is dropped, so it is there.
        #[expect(clippy::unwrap_used, reason = "it is there until this is dropped")]
        self.connection.as_ref().unwrap()
    }
}

impl Drop for PooledConnection<'_> {
    fn drop(&mut self) {
        let mut idle = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = self.connection.take()
            && idle.len() < MAX_IDLE
        {
            idle.push(connection);
        }
    }
}

fn connect(path: &Path, access: Access, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // A relative path such as `file:x` would be read as a URI.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let no_mutex = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match access {
        Access::Shared => {
            let flags = flags | no_mutex | OpenFlags::SQLITE_OPEN_READ_WRITE;
            Connection::open_with_flags(&path, flags)?
        }
        Access::ReadOnlyMedium => {
            let flags = no_mutex | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable_uri(&path), flags)?
        }
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A commit is on disk when it returns.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_LEN)?;
    // Fails now if the file cannot be read at all.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Returns whether a file could not be opened because commits are in a log beside it, which can only be
/// read where the folder can be written.
pub(super) fn is_leftover_log(path: &Path, error: &rusqlite::Error) -> bool {
    needs_writing(error) && has_log(path)
}

/// Returns whether an error may come from a folder that cannot be written.
fn needs_writing(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Returns whether commits may be in a write-ahead log that was not merged into the file.
fn has_log(path: &Path) -> bool {
    fs::metadata(log_path(path)).is_ok_and(|log| log.len() > 0)
}

/// Returns the path of the write-ahead log of a file.
pub(super) fn log_path(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Returns the URI of a file that nothing changes, in the syntax of `SQLite`.
fn immutable_uri(path: &Path) -> String {
    let path = path.to_string_lossy();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    format!("file:{path}?immutable=1")
}
