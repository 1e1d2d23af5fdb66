use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// An exclusive lock on writing a library, released on drop.
///
/// A process holds the lock for a commit and not while it embeds texts, so that two processes can add
/// papers at the same time. The operating system releases the lock of a process that dies.
#[derive(Debug)]
pub(crate) struct WriteLock {
    _file: File,
}

/// The longest time to wait for the lock, far longer than a commit takes.
const MAX_WAIT: Duration = Duration::from_mins(1);

impl WriteLock {
    pub(crate) fn acquire(dir: &Path) -> Result<Self> {
        Self::acquire_within(dir, MAX_WAIT)
    }

    fn acquire_within(dir: &Path, max_wait: Duration) -> Result<Self> {
        let path = dir.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io("write", &path))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if start.elapsed() < max_wait => {
                    thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Locked {
                        dir: dir.to_owned(),
                        seconds: max_wait.as_secs(),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path)(source)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_held_by_one_process_and_refused_to_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let held = WriteLock::acquire(dir.path()).unwrap();
        let error = WriteLock::acquire_within(dir.path(), Duration::from_millis(30)).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("is being written by another process, waited 0 seconds")
        );
        drop(held);
        WriteLock::acquire_within(dir.path(), Duration::ZERO).unwrap();
    }
}
