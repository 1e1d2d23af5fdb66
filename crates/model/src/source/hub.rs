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

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::hub_cache::Repository;
use super::plain_name::plain;
use crate::checkpoint::MAX_TOKENIZER_BYTES;
use crate::config::MAX_JSON_BYTES;
use crate::regular_file;
use crate::weights::names_of_index;
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
    let (commit, mut names): (String, VecDeque<String>) = if let Some(pin) = request.pin {
        let names = pin.files.iter().map(|&(name, _)| name.to_owned());
        (pin.revision.to_owned(), names.collect())
    } else {
        let (commit, names) = Listing::fetch(&client, request.name)?.checkpoint()?;
        (commit, names.into())
    };
    let repository = Repository::new(request.cache, request.name);
    let mut files = Vec::new();
    while let Some(name) = names.pop_front() {
        let pinned = request.pin.and_then(|pin| pin.sha256(&name));
        let file = fetch_file(&client, &repository, request.name, &commit, &name, pinned)
            .map_err(|reason| format!("`{name}`: {reason}"))?;
        if name.ends_with(".index.json") {
            let contents = repository.blob(&file.etag);
            let named =
                files_of_index(&contents).map_err(|reason| format!("`{name}`: {reason}"))?;
            let folder = &name[..name.rfind('/').map_or(0, |slash| slash + 1)];
            names.extend(named.iter().map(|file| format!("{folder}{file}")));
        }
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

/// Returns the names of the files that an index of weights in the cache lists.
fn files_of_index(index: &Path) -> Result<Vec<String>, String> {
    let failed = |error: crate::Error| error.to_string();
    let contents = regular_file::read(index, MAX_JSON_BYTES).map_err(failed)?;
    let names = names_of_index(&contents)?;
    for name in &names {
        if !is_weights(&plain("name of a file of weights", name)?) {
            return Err(format!(
                "it names `{name}`, expected `.safetensors` or `.bin` files"
            ));
        }
    }
    Ok(names)
}

/// Returns whether the ending of a name is that of weights.
fn is_weights(name: &str) -> bool {
    let ending = Path::new(name).extension();
    ending.is_some_and(|ending| ending == "safetensors" || ending == "bin")
}

/// Returns the greatest length of a file, `None` for weights, which may have any.
fn max_bytes(name: &str) -> Option<u64> {
    match name.rsplit('/').next() {
        Some(name) if is_weights(name) => None,
        Some("tokenizer.json" | "vocab.txt") => Some(MAX_TOKENIZER_BYTES),
        _ => Some(MAX_JSON_BYTES),
    }
}
