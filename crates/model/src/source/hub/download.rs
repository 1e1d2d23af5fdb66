use std::fs::{self, File};
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use ureq::Body;
use ureq::http::{Response, StatusCode};

use super::client::Client;
use super::remote_file::{RemoteFile, header};
use crate::source::hub_cache::Repository;
use crate::source::sha256::Hasher;
use crate::source::verify;

/// Makes the contents of a file complete in the cache, and returns their SHA-256.
///
/// `sha256` is what they must have, if that is known. A part that an earlier download left is
/// continued only then, because only a hash tells whether it belongs to these contents. `max_bytes`
/// is the greatest length that is accepted.
pub(super) fn blob(
    client: &Client,
    repository: &Repository,
    remote: &RemoteFile,
    sha256: Option<&str>,
    max_bytes: Option<u64>,
) -> Result<String, String> {
    if let (Some(bytes), Some(limit)) = (remote.bytes, max_bytes)
        && bytes > limit
    {
        return Err(format!("it has {bytes} bytes, expected at most {limit}"));
    }
    let path = repository.blob(&remote.etag);
    let failed = |error: std::io::Error| format!("cannot write `{}`: {error}", path.display());
    let _lock = repository.lock(&remote.etag).map_err(failed)?;
    if let Some(found) = complete(&path, remote, sha256) {
        return Ok(found);
    }
    let incomplete = repository.incomplete(&remote.etag);
    let mut part = Part::open(&incomplete).map_err(failed)?;
    if sha256.is_none() || remote.bytes.is_none_or(|bytes| part.length > bytes) {
        part.clear().map_err(failed)?;
    }
    let was_continued = part.length > 0;
    let mut outcome = part.fetch(client, remote, sha256, max_bytes);
    if matches!(outcome, Err(Failure::OtherContents(_))) && was_continued {
        part.clear().map_err(failed)?;
        outcome = part.fetch(client, remote, sha256, max_bytes);
    }
    match outcome {
        Ok(found) => {
            part.file.sync_all().map_err(failed)?;
            fs::rename(&incomplete, &path).map_err(failed)?;
            Ok(found)
        }
        Err(failure) => {
            let is_useful = matches!(failure, Failure::Interrupted(_)) && sha256.is_some();
            if !is_useful {
                // What cannot be removed is not continued either.
                let _ = fs::remove_file(&incomplete);
            }
            let (Failure::Interrupted(reason) | Failure::OtherContents(reason)) = failure;
            Err(reason)
        }
    }
}

/// Returns the SHA-256 of contents that are in the cache already, or `None` if they are missing or
/// not those that are expected.
fn complete(path: &Path, remote: &RemoteFile, sha256: Option<&str>) -> Option<String> {
    let (found, _) = verify::hash(path).ok()?;
    let fits = match sha256 {
        Some(expected) => found == expected,
        None => remote.bytes.is_some() && fs::metadata(path).ok().map(|m| m.len()) == remote.bytes,
    };
    fits.then_some(found)
}

/// Why a download failed.
enum Failure {
    /// No answer, or no more bytes.
    Interrupted(String),
    /// The contents are not those that are expected.
    OtherContents(String),
}

/// A download that is not complete.
struct Part {
    file: File,
    length: u64,
}

impl Part {
    fn open(path: &Path) -> std::io::Result<Self> {
        // A link or a pipe under this name is none of our downloads.
        if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
            fs::remove_file(path)?;
        }
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    fn clear(&mut self) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.length = 0;
        Ok(())
    }

    /// Fetches what is missing and compares the whole. Returns the SHA-256.
    fn fetch(
        &mut self,
        client: &Client,
        remote: &RemoteFile,
        sha256: Option<&str>,
        max_bytes: Option<u64>,
    ) -> Result<String, Failure> {
        let write_error =
            |error: std::io::Error| Failure::Interrupted(format!("cannot write it: {error}"));
        let mut bytes = remote.bytes;
        let is_complete = self.length > 0 && bytes == Some(self.length);
        if !is_complete {
            let response = client
                .get(&remote.path, self.length)
                .map_err(Failure::Interrupted)?;
            match response.status() {
                StatusCode::OK => {
                    self.clear().map_err(write_error)?;
                    bytes = bytes.or_else(|| header(&response, "content-length")?.parse().ok());
                }
                StatusCode::PARTIAL_CONTENT if starts_at(&response, self.length) => {}
                StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                    let reason = "the Hub does not continue the download where it ended";
                    return Err(Failure::OtherContents(reason.to_owned()));
                }
                status => return Err(Failure::Interrupted(format!("the Hub answers {status}"))),
            }
            if bytes.is_none() && sha256.is_none() {
                let reason = "the Hub gives neither its length nor its SHA-256";
                return Err(Failure::OtherContents(reason.to_owned()));
            }
            let limit = bytes.or(max_bytes);
            self.append(response, limit)?;
        }
        let mut hasher = Hasher::default();
        self.file.seek(SeekFrom::Start(0)).map_err(write_error)?;
        let length = hasher.update_from(&mut self.file).map_err(write_error)?;
        let found = hasher.finish();
        if let Some(bytes) = bytes.filter(|&bytes| bytes != length) {
            let reason = format!("it was cut short after {length} of {bytes} bytes");
            return Err(Failure::Interrupted(reason));
        }
        match sha256 {
            Some(expected) if found != expected => Err(Failure::OtherContents(format!(
                "the downloaded file has SHA-256 {found}, expected {expected}; it was removed"
            ))),
            _ => Ok(found),
        }
    }

    /// Adds the body of a response. `limit` is the greatest length of the whole.
    fn append(&mut self, response: Response<Body>, limit: Option<u64>) -> Result<(), Failure> {
        let interrupted = |error: std::io::Error, length: u64| {
            Failure::Interrupted(format!("it was cut short after {length} bytes: {error}"))
        };
        let end = SeekFrom::Start(self.length);
        self.file
            .seek(end)
            .map_err(|error| interrupted(error, self.length))?;
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = match body.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) => return Err(interrupted(error, self.length)),
            };
            if limit.is_some_and(|limit| self.length + read as u64 > limit) {
                let limit = limit.unwrap_or_default();
                let reason = format!("it has more than {limit} bytes");
                return Err(Failure::OtherContents(reason));
            }
            self.file
                .write_all(&buffer[..read])
                .map_err(|error| interrupted(error, self.length))?;
            self.length += read as u64;
        }
    }
}

/// Returns whether the body of a response begins at the byte `start` of the file.
fn starts_at(response: &Response<Body>, start: u64) -> bool {
    header(response, "content-range")
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split('-').next()?.trim().parse().ok())
        == Some(start)
}
