use std::collections::BTreeSet;
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

    /// Returns the commit, and the names of the files that a checkpoint needs, except those that an
    /// index of weights names.
    pub(super) fn checkpoint(self) -> Result<(String, Vec<String>), String> {
        let commit = plain("commit", &self.sha)?;
        let all = self.siblings.into_iter().map(|sibling| sibling.rfilename);
        let all: BTreeSet<_> = all.filter(|name| is_wanted(name)).collect();
        let names: Vec<_> = all
            .iter()
            .filter(|name| is_preferred(name, &all))
            .cloned()
            .collect();
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

/// The names of weights, in the order of preference. transformers reads the first that a folder has.
const WEIGHTS: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

/// The names of the weights of an adapter, in the order of preference.
const ADAPTERS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];

/// Returns whether the folder of a file has no other file that is read in its place.
fn is_preferred(file: &str, all: &BTreeSet<String>) -> bool {
    let start = file.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, name) = file.split_at(start);
    let has = |better: &&str| all.contains(&format!("{folder}{better}"));
    [&WEIGHTS[..], &ADAPTERS].into_iter().all(|names| {
        let place = names.iter().position(|known| *known == name);
        place.is_none_or(|place| !names[..place].iter().any(has))
    })
}

/// Returns whether a checkpoint needs the file: configuration and weights, in the folder itself and
/// in the folders of modules (`1_Pooling`), but not in the folders of other formats (`onnx`,
/// `openvino`).
fn is_wanted(file: &str) -> bool {
    let (is_in_place, name) = match file.rsplit_once('/') {
        None => (true, file),
        // A router after the pooling has folders of modules in its own.
        Some((folder, name)) => {
            let mut folders = folder.splitn(3, '/');
            (folders.all(is_module), name)
        }
    };
    let is_settings = matches!(
        name,
        "config.json"
            | "modules.json"
            | "tokenizer.json"
            | "tokenizer_config.json"
            | "config_sentence_transformers.json"
            | "router_config.json"
            | "adapter_config.json"
            | "vocab.txt"
            | "added_tokens.json"
            | "special_tokens_map.json"
    ) || (is_plain_name(name)
        && name.starts_with("sentence_")
        && name.ends_with("_config.json"));
    is_in_place && (is_settings || WEIGHTS.contains(&name) || ADAPTERS.contains(&name))
}

/// Returns whether a folder is named like that of a module: a number, then a name, after the name of a
/// route if the module is part of one.
fn is_module(folder: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = folder.split('_').peekable();
    let is_numbered = loop {
        match (parts.next(), parts.peek()) {
            (Some(part), Some(_)) if is_number(part) => break true,
            (Some(_), Some(_)) => {}
            _ => break false,
        }
    };
    is_plain_name(folder) && is_numbered
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_files_of_a_checkpoint_are_wanted_and_no_others() {
        for file in [
            "config.json",
            "tokenizer.json",
            "model.safetensors",
            "sentence_bert_config.json",
            "1_Pooling/config.json",
            "2_Asym/query_0_Dense/model.safetensors",
            "2_Dense/model.safetensors",
            "query_0_Transformer/model.safetensors.index.json",
        ] {
            assert!(is_wanted(file), "{file}");
        }
        for file in [
            "README.md",
            "vocab.json",
            "onnx/model.onnx",
            "onnx/config.json",
            "pytorch_model.pt",
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
    fn of_weights_in_several_formats_one_is_fetched() {
        let wanted = |files: &[&str]| -> Vec<String> {
            let siblings: Vec<_> = files
                .iter()
                .map(|file| json!({"rfilename": file}))
                .collect();
            let text = json!({"sha": "abc", "siblings": siblings});
            let listing: Listing = serde_json::from_value(text).unwrap();
            listing.checkpoint().unwrap().1
        };
        assert_eq!(
            wanted(&[
                "config.json",
                "pytorch_model.bin",
                "model.safetensors",
                "2_Dense/pytorch_model.bin",
            ]),
            [
                "2_Dense/pytorch_model.bin",
                "config.json",
                "model.safetensors"
            ]
        );
        assert_eq!(
            wanted(&[
                "config.json",
                "pytorch_model.bin",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
                "adapter_model.bin",
                "adapter_config.json",
            ]),
            [
                "adapter_config.json",
                "adapter_model.bin",
                "config.json",
                "model.safetensors.index.json"
            ]
        );
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
