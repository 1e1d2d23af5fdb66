#![cfg(feature = "hub")]

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use hf_hub::api::sync::{ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};

/// A request for the files of a model on the Hub.
pub(super) struct Request {
    pub(super) name: String,
    pub(super) revision: String,
    pub(super) cache: PathBuf,
    pub(super) endpoint: Option<String>,
    pub(super) token: Option<String>,
}

/// A message from the thread that fetches.
enum Step {
    /// The Hub has answered with the list of files.
    Reached,
    /// All files are in this folder.
    Fetched(PathBuf),
}

/// Fetches the files of a checkpoint into the cache and returns their folder.
///
/// Only the first answer has a time limit, because a blocked connection hangs there, whereas a
/// download may legitimately take long. The requests run on their own thread, which is abandoned if
/// it hangs.
pub(super) fn fetch(request: Request, timeout: Duration) -> Result<PathBuf, String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let outcome = fetch_files(&request, &sender);
        // Sending fails if the time limit has passed and the receiver is gone.
        let _ = sender.send(outcome.map(Step::Fetched));
    });
    let no_answer = || "the request ended without an answer".to_owned();
    match receiver.recv_timeout(timeout) {
        Ok(Ok(Step::Reached)) => {}
        Ok(Ok(Step::Fetched(dir))) => return Ok(dir),
        Ok(Err(reason)) => return Err(reason),
        Err(RecvTimeoutError::Timeout) => {
            return Err(format!(
                "no answer within {} seconds",
                timeout.as_secs_f32()
            ));
        }
        Err(RecvTimeoutError::Disconnected) => return Err(no_answer()),
    }
    match receiver.recv() {
        Ok(Ok(Step::Fetched(dir))) => Ok(dir),
        Ok(Err(reason)) => Err(reason),
        Ok(Ok(Step::Reached)) | Err(_) => Err(no_answer()),
    }
}

fn fetch_files(request: &Request, steps: &Sender<Result<Step, String>>) -> Result<PathBuf, String> {
    let mut builder =
        ApiBuilder::from_cache(Cache::new(request.cache.clone())).with_progress(false);
    if let Some(token) = &request.token {
        builder = builder.with_token(Some(token.clone()));
    }
    if let Some(endpoint) = &request.endpoint {
        builder = builder.with_endpoint(endpoint.clone());
    }
    let api = builder.build().map_err(reason)?;
    let repo = Repo::with_revision(
        request.name.clone(),
        RepoType::Model,
        request.revision.clone(),
    );
    let repo = api.repo(repo);

    let info = repo.info().map_err(reason)?;
    let _ = steps.send(Ok(Step::Reached));
    let mut dir = None;
    for file in info.siblings.iter().map(|sibling| &sibling.rfilename) {
        if is_wanted(file) {
            let path = repo
                .get(file)
                .map_err(|error| format!("`{file}`: {}", reason(error)))?;
            if file == "config.json" || file == "modules.json" {
                dir = path.parent().map(Path::to_owned);
            }
        }
    }
    dir.ok_or_else(|| "the repository has neither `modules.json` nor `config.json`".to_owned())
}

/// Returns whether a checkpoint needs the file: configuration and weights, in the folder itself and
/// in the folders of modules (`1_Pooling`), but not in the folders of other formats (`onnx`,
/// `openvino`).
fn is_wanted(file: &str) -> bool {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let is_module = folder.split_once('_').is_some_and(|(number, name)| {
        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && !name.contains('/')
    });
    let is_json = Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "json");
    (folder.is_empty() || is_module) && (is_json || name == "model.safetensors")
}

/// Formats an error with its chain of causes on one line.
fn reason(error: ApiError) -> String {
    let mut error: &dyn std::error::Error = &error;
    let mut reason = error.to_string();
    while let Some(source) = error.source() {
        let cause = source.to_string();
        if !reason.contains(&cause) {
            reason = format!("{reason}: {cause}");
        }
        error = source;
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetches_the_files_of_a_checkpoint_and_no_others() {
        for file in [
            "config.json",
            "tokenizer.json",
            "model.safetensors",
            "1_Pooling/config.json",
        ] {
            assert!(is_wanted(file), "{file}");
        }
        for file in [
            "README.md",
            "onnx/model.onnx",
            "onnx/config.json",
            "pytorch_model.bin",
            "a/b",
        ] {
            assert!(!is_wanted(file), "{file}");
        }
    }
}
