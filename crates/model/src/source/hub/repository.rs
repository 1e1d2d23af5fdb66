use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::source::hub_cache::Repository;

/// What a download writes. Each `etag` and `commit` must be a plain name.
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
        // `.locks/models--owner--name` beside `models--owner--name`.
        let folder = self.dir.file_name().unwrap_or_default();
        let locks = self.dir.with_file_name(".locks").join(folder);
        fs::create_dir_all(&locks)?;
        fs::create_dir_all(self.dir.join("blobs"))?;
        let lock = File::create(locks.join(format!("{etag}.lock")))?;
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
        // In a temporary folder and not as a temporary file, which other users could not read.
        let scratch = tempfile::tempdir_in(&refs)?;
        let file = scratch.path().join("main");
        fs::write(&file, commit)?;
        fs::rename(file, refs.join("main"))
    }
}

#[cfg(unix)]
fn symlink(target: &str, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Links need a privilege on Windows; without links, the contents are copied.
#[cfg(not(unix))]
fn symlink(_: &str, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
