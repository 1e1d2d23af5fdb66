//! Downloads from the Hugging Face Hub, or a mirror of it, into the cache of Hugging Face.
//!
//! Nothing that a server sends becomes a path unless it is a plain name, and no file gets its name
//! before its length, and its SHA-256 where that is known, have been compared.

mod client;
mod download;
mod listing;
mod remote_file;
mod repository;
mod request;

use std::path::PathBuf;

use super::hub_cache::Repository;
use crate::checkpoint::MAX_TOKENIZER_BYTES;
use crate::config::MAX_JSON_BYTES;
use client::Client;
use listing::Listing;
use remote_file::RemoteFile;
pub(super) use request::Request;

/// The Hub itself.
pub(super) const ENDPOINT: &str = "https://huggingface.co";

/// The contents of a model's files, in the cache but not yet in a snapshot.
pub(super) struct Fetched {
    repository: Repository,
    commit: String,
    is_main: bool,
    files: Vec<FetchedFile>,
}

struct FetchedFile {
    name: String,
    etag: String,
    sha256: String,
}

impl Fetched {
    /// Returns the folder of the snapshot.
    pub(super) fn folder(&self) -> PathBuf {
        self.repository.snapshot(&self.commit)
    }

    /// Returns the name and the SHA-256 of each file.
    pub(super) fn hashes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|file| (file.name.as_str(), file.sha256.as_str()))
    }

    /// Makes the snapshot.
    pub(super) fn publish(&self) -> Result<(), String> {
        let failed = |error| format!("cannot write `{}`: {error}", self.folder().display());
        for file in &self.files {
            self.repository
                .link(&self.commit, &file.name, &file.etag)
                .map_err(failed)?;
        }
        if self.is_main {
            self.repository.set_main(&self.commit).map_err(failed)?;
        }
        Ok(())
    }
}

/// Fetches the contents of the files of a checkpoint.
pub(super) fn fetch(request: &Request<'_>) -> Result<Fetched, String> {
    let client = Client::new(request)?;
    let (commit, names) = match request.pin {
        Some(pin) => {
            let names = pin.files.iter().map(|&(name, _)| name.to_owned());
            (pin.revision.to_owned(), names.collect())
        }
        None => Listing::fetch(&client, request.name)?.checkpoint()?,
    };
    let repository = Repository::new(request.cache, request.name);
    let mut files = Vec::new();
    for name in names {
        let pinned = request.pin.and_then(|pin| pin.sha256(&name));
        let file = fetch_file(&client, &repository, request.name, &commit, &name, pinned)
            .map_err(|reason| format!("`{name}`: {reason}"))?;
        files.push(file);
    }
    Ok(Fetched {
        repository,
        commit,
        is_main: request.pin.is_none(),
        files,
    })
}

fn fetch_file(
    client: &Client,
    repository: &Repository,
    model: &str,
    commit: &str,
    name: &str,
    pinned: Option<&str>,
) -> Result<FetchedFile, String> {
    let remote = RemoteFile::ask(client, &format!("/{model}/resolve/{commit}/{name}"))?;
    if let Some(found) = remote.commit.as_deref().filter(|&found| found != commit) {
        return Err(format!(
            "the Hub answers for commit `{found}`, expected `{commit}`"
        ));
    }
    if let (Some(expected), Some(found)) = (pinned, &remote.sha256)
        && expected != found
    {
        return Err(format!(
            "the Hub's file has SHA-256 {found}, expected {expected}"
        ));
    }
    let sha256 = pinned.or(remote.sha256.as_deref());
    let sha256 = download::blob(client, repository, &remote, sha256, max_bytes(name))?;
    Ok(FetchedFile {
        name: name.to_owned(),
        etag: remote.etag,
        sha256,
    })
}

/// Returns the greatest length of a file, `None` for weights, which may have any.
fn max_bytes(name: &str) -> Option<u64> {
    match name.rsplit('/').next() {
        Some("model.safetensors") => None,
        Some("tokenizer.json") => Some(MAX_TOKENIZER_BYTES),
        _ => Some(MAX_JSON_BYTES),
    }
}
