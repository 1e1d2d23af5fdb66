use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::plain_name::is_plain_name;
use crate::regular_file;

/// The folder of a model in the cache of Hugging Face, which other programs read and write too:
/// <https://huggingface.co/docs/huggingface_hub/guides/manage-cache>.
///
/// Contents are files in `blobs`, named by their `ETag`. A snapshot, named by its commit, has links to
/// them under the names in the repository.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    dir: PathBuf,
    #[cfg_attr(
        not(feature = "hub"),
        expect(dead_code, reason = "only the Hub needs it")
    )]
    locks: PathBuf,
}

impl Repository {
    /// Returns the folder of the model `name`, `owner/name`, in `cache`.
    pub(super) fn new(cache: &Path, name: &str) -> Self {
        let folder = format!("models--{}", name.replace('/', "--"));
        Self {
            locks: cache.join(".locks").join(&folder),
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

/// What a download writes. Each `etag` and `commit` must be a plain name.
#[cfg(feature = "hub")]
impl Repository {
    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.dir.join("blobs").join(etag)
    }

    /// Returns the path of a download that is not complete.
    pub(super) fn incomplete(&self, etag: &str) -> PathBuf {
        self.dir.join("blobs").join(format!("{etag}.incomplete"))
    }

    /// Waits until no other process downloads the same contents, and returns the lock.
    pub(super) fn lock(&self, etag: &str) -> io::Result<File> {
        fs::create_dir_all(&self.locks)?;
        fs::create_dir_all(self.dir.join("blobs"))?;
        let lock = File::create(self.locks.join(format!("{etag}.lock")))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Links `file` of a snapshot to contents, in place of what it was before.
    pub(super) fn link(&self, commit: &str, file: &str, etag: &str) -> io::Result<()> {
        let path = self.snapshot(commit).join(file);
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder)?;
        // From `snapshots/<commit>` up to the repository, and from the folders in between.
        let up = "../".repeat(2 + file.matches('/').count());
        let target = format!("{up}blobs/{etag}");
        // Made under another name and renamed, so that the file is never missing.
        let scratch = tempfile::tempdir_in(folder)?;
        let link = scratch.path().join("link");
        if symlink(&target, &link).is_err() {
            fs::copy(self.blob(etag), &link)?;
        }
        fs::rename(&link, &path)
    }

    /// Sets the commit of the branch `main`.
    pub(super) fn set_main(&self, commit: &str) -> io::Result<()> {
        let refs = self.dir.join("refs");
        fs::create_dir_all(&refs)?;
        let mut file = NamedTempFile::new_in(&refs)?;
        file.write_all(commit.as_bytes())?;
        file.persist(refs.join("main"))?;
        Ok(())
    }
}

#[cfg(all(feature = "hub", unix))]
fn symlink(target: &str, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Links need a privilege on Windows; without links, the contents are copied.
#[cfg(all(feature = "hub", not(unix)))]
fn symlink(_: &str, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
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

    #[cfg(feature = "hub")]
    #[test]
    fn links_have_the_layout_of_hugging_face_and_are_removed_with_their_contents() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::new(dir.path(), "a/b");
        drop(repository.lock("e1").unwrap());
        assert!(dir.path().join(".locks/models--a--b/e1.lock").is_file());
        fs::write(repository.blob("e1"), "contents").unwrap();
        for file in ["config.json", "1_Pooling/config.json"] {
            repository.link("c1", file, "e1").unwrap();
            repository.link("c1", file, "e1").unwrap();
            let path = dir.path().join("models--a--b/snapshots/c1").join(file);
            assert_eq!(fs::read_to_string(&path).unwrap(), "contents");
            if cfg!(unix) {
                let up = if file.contains('/') {
                    "../../.."
                } else {
                    "../.."
                };
                let target = fs::read_link(&path).unwrap();
                assert_eq!(target, Path::new(up).join("blobs/e1"));
            }
        }
        repository.set_main("c1").unwrap();
        assert_eq!(repository.main().as_deref(), Some("c1"));

        let path = repository.snapshot("c1").join("config.json");
        repository.remove(&path).unwrap();
        assert!(fs::symlink_metadata(&path).is_err());
        assert_eq!(repository.blob("e1").exists(), cfg!(not(unix)));
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
