use std::fs;
use std::path::{Path, PathBuf};

use cognate_model::{Checkpoint, Encoder, EncoderOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A copy of the tiny checkpoint with changed fields: (file, field, value).
pub(crate) fn variant(changes: &[(&str, &str, Value)]) -> TempDir {
    variant_of("tiny-bert", changes)
}

/// A copy of one of the checkpoints below `fixtures`, with changed fields.
pub(crate) fn variant_of(checkpoint: &str, changes: &[(&str, &str, Value)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&fixtures().join(checkpoint), dir.path());
    for (file, field, value) in changes {
        let path = dir.path().join(file);
        let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        if value.is_null() {
            json.as_object_mut().unwrap().remove(*field);
        } else {
            json[*field] = value.clone();
        }
        fs::write(&path, json.to_string()).unwrap();
    }
    dir
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn load(dir: &Path) -> Encoder {
    Encoder::load(&Checkpoint::open(dir).unwrap(), EncoderOptions::default()).unwrap()
}

pub(crate) fn modules(classes: &[(&str, &str)]) -> String {
    let list = classes.iter().enumerate().map(|(idx, (path, class))| {
        json!({"idx": idx, "name": idx.to_string(), "path": path,
               "type": format!("sentence_transformers.models.{class}")})
    });
    Value::Array(list.collect()).to_string()
}
