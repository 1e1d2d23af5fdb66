use std::path::{Path, PathBuf};
use std::{fs, io};

use super::plain_name::is_plain_name;
use crate::regular_file;

/// The folder of a model in the cache of Hugging Face, which other programs read and write too:
/// <https://huggingface.co/docs/huggingface_hub/guides/manage-cache>.
///
/// Contents are files in `blobs`, named by their `ETag`. A snapshot, named by its commit, has links to
/// them under the names in the repository.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    pub(super) dir: PathBuf,
}

impl Repository {
    /// Returns the folder of the model `name`, `owner/name`, in `cache`.
    pub(super) fn new(cache: &Path, name: &str) -> Self {
        let folder = format!("models--{}", name.replace('/', "--"));
        Self {
            dir: cache.join(folder),
        }
    }

    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.dir.join("snapshots").join(commit)
    }

    /// Returns the commit of the branch `main`, or `None` if it is unknown or not a plain name.
    pub(super) fn main(&self) -> Option<String> {
        const MAX_BYTES: u64 = 1000;
        let bytes = regular_file::read(&self.dir.join("refs/main"), MAX_BYTES).ok()?;
        let commit = str::from_utf8(&bytes).ok()?.trim();
        is_plain_name(commit).then(|| commit.to_owned())
    }

    /// Removes a file of a snapshot, and the contents that it links to, if these are in the cache.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        let contents = path.canonicalize();
        fs::remove_file(path)?;
        if let (Ok(contents), Ok(blobs)) = (contents, self.dir.join("blobs").canonicalize())
            && contents.parent() == Some(&blobs)
        {
            fs::remove_file(contents)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_that_is_a_path_is_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::new(dir.path(), "a/b");
        let refs = dir.path().join("models--a--b/refs");
        fs::create_dir_all(&refs).unwrap();
        for (text, commit) in [
            ("abc\n", Some("abc")),
            ("../../../other", None),
            ("/etc", None),
            ("", None),
        ] {
            fs::write(refs.join("main"), text).unwrap();
            assert_eq!(repository.main().as_deref(), commit, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn removing_a_link_keeps_what_lies_outside_the_cache() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside");
        fs::write(&outside, "precious").unwrap();
        let repository = Repository::new(dir.path(), "a/b");
        let snapshot = repository.snapshot("c1");
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(dir.path().join("models--a--b/blobs")).unwrap();
        let path = snapshot.join("config.json");
        std::os::unix::fs::symlink(&outside, &path).unwrap();
        repository.remove(&path).unwrap();
        assert!(fs::symlink_metadata(&path).is_err());
        assert!(outside.exists());
    }
}
