use std::io::Read as _;

use serde::Deserialize;

use super::client::Client;
use crate::source::plain_name::{is_plain_name, plain};

/// The list of a repository's files, at the newest commit of its branch `main`.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Debug, Deserialize)]
struct Sibling {
    rfilename: String,
}

/// The greatest length of a listing in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// The greatest number of files of a checkpoint.
const MAX_FILES: usize = 100;

impl Listing {
    pub(super) fn fetch(client: &Client, model: &str) -> Result<Self, String> {
        let response = client.get_quickly(&format!("/api/models/{model}/revision/main"))?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("the Hub answers {status}"));
        }
        let mut text = Vec::new();
        let reader = response.into_body().into_reader();
        reader
            .take(MAX_BYTES + 1)
            .read_to_end(&mut text)
            .map_err(|error| format!("the list of files was cut short: {error}"))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(format!("the list of files has more than {MAX_BYTES} bytes"));
        }
        serde_json::from_slice(&text)
            .map_err(|error| format!("the list of files cannot be understood: {error}"))
    }

    /// Returns the commit, and the names of the files that a checkpoint needs.
    pub(super) fn checkpoint(self) -> Result<(String, Vec<String>), String> {
        let commit = plain("commit", &self.sha)?;
        let all = self.siblings.into_iter().map(|sibling| sibling.rfilename);
        let names: Vec<_> = all.filter(|name| is_wanted(name)).collect();
        if names.len() > MAX_FILES {
            let found = names.len();
            return Err(format!(
                "the repository has {found} files of modules, expected at most {MAX_FILES}"
            ));
        }
        if names
            .iter()
            .any(|name| name == "config.json" || name == "modules.json")
        {
            Ok((commit, names))
        } else {
            Err("the repository has neither `modules.json` nor `config.json`".to_owned())
        }
    }
}

/// Returns whether a checkpoint needs the file: configuration and weights, in the folder itself and
/// in the folders of modules (`1_Pooling`), but not in the folders of other formats (`onnx`,
/// `openvino`).
fn is_wanted(file: &str) -> bool {
    let (is_in_place, name) = match file.rsplit_once('/') {
        None => (true, file),
        Some((folder, name)) => (is_module(folder), name),
    };
    let is_settings = matches!(
        name,
        "config.json"
            | "modules.json"
            | "tokenizer.json"
            | "tokenizer_config.json"
            | "config_sentence_transformers.json"
    ) || (is_plain_name(name)
        && name.starts_with("sentence_")
        && name.ends_with("_config.json"));
    is_in_place && (is_settings || name == "model.safetensors")
}

/// Returns whether a folder is named like that of a module: a number, then a name.
fn is_module(folder: &str) -> bool {
    is_plain_name(folder)
        && folder.split_once('_').is_some_and(|(number, _)| {
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_checkpoint_are_wanted_and_no_others() {
        for file in [
            "config.json",
            "tokenizer.json",
            "model.safetensors",
            "sentence_bert_config.json",
            "1_Pooling/config.json",
            "2_Dense/model.safetensors",
        ] {
            assert!(is_wanted(file), "{file}");
        }
        for file in [
            "README.md",
            "vocab.json",
            "onnx/model.onnx",
            "onnx/config.json",
            "pytorch_model.bin",
            "a/b",
            "/config.json",
            "../config.json",
            "1_/../../config.json",
            "1_\\..\\x/config.json",
            "sentence_/../_config.json",
        ] {
            assert!(!is_wanted(file), "{file}");
        }
    }

    #[test]
    fn a_commit_that_is_a_path_is_refused() {
        let listing = |sha: &str| {
            let text = serde_json::json!({"sha": sha, "siblings": [{"rfilename": "config.json"}]});
            serde_json::from_value::<Listing>(text).unwrap()
        };
        let (commit, names) = listing("abc").checkpoint().unwrap();
        assert_eq!((commit.as_str(), names.len()), ("abc", 1));
        for sha in ["../../etc", "/etc", "", ".."] {
            let error = listing(sha).checkpoint().unwrap_err();
            assert!(error.contains("commit is"), "{error}");
        }
    }
}
