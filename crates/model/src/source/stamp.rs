use std::fs::Metadata;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// What a file system says about a file, from which a change of its contents can be seen without
/// reading them.
///
/// On Unix, the time of the last status change is part of it, which no program can set: a file that
/// was overwritten has another stamp even if its size and modification time were restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    bytes: u64,
    modified: Option<Time>,
    /// The time of the last status change, on Unix.
    changed: Option<Time>,
    /// The device and the inode, on Unix.
    identity: Option<(u64, u64)>,
}

/// Seconds and nanoseconds since 1970.
type Time = (i64, u32);

/// The time after which a change of a file is certain to change its stamp: file systems count time
/// in steps of up to two seconds.
const SETTLED: Duration = Duration::from_secs(2);

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let (changed, identity) = status(metadata);
        Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok().and_then(time),
            changed,
            identity,
        }
    }

    /// Returns whether a change of the file after `now` would give another stamp, which is not the
    /// case if the file has just been written.
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        let Some((now, _)) = now.checked_sub(SETTLED).and_then(time) else {
            return false;
        };
        let is_old = |time: Option<Time>| time.is_none_or(|(seconds, _)| seconds < now);
        self.modified.is_some() && is_old(self.modified) && is_old(self.changed)
    }
}

fn time(time: SystemTime) -> Option<Time> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos()))
}

#[cfg(unix)]
fn status(metadata: &Metadata) -> (Option<Time>, Option<(u64, u64)>) {
    use std::os::unix::fs::MetadataExt;

    let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or(0);
    (
        Some((metadata.ctime(), nanoseconds)),
        Some((metadata.dev(), metadata.ino())),
    )
}

#[cfg(not(unix))]
fn status(_: &Metadata) -> (Option<Time>, Option<(u64, u64)>) {
    (None, None)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn a_rewritten_file_has_another_stamp_even_with_its_old_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "1").unwrap();
        let metadata = fs::metadata(&path).unwrap();
        let before = Stamp::of(&metadata);
        assert_eq!(before, Stamp::of(&fs::metadata(&path).unwrap()));
        std::thread::sleep(Duration::from_millis(50));
        fs::write(&path, "2").unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(metadata.modified().unwrap()).unwrap();
        let after = Stamp::of(&fs::metadata(&path).unwrap());
        assert_eq!(after.modified, before.modified);
        assert_eq!(after == before, cfg!(not(unix)));
    }

    #[test]
    fn a_file_that_was_just_written_is_not_settled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "1").unwrap();
        let stamp = Stamp::of(&fs::metadata(&path).unwrap());
        assert!(!stamp.is_settled(SystemTime::now()));
        assert!(stamp.is_settled(SystemTime::now() + Duration::from_secs(4)));
    }
}
