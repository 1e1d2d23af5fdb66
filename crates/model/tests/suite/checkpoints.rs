use std::fs;
use std::path::{Path, PathBuf};

use cognate_model::{Checkpoint, Encoder, EncoderOptions};
use cognate_testing::copy_dir;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Copies the tiny checkpoint with changed fields, given as (file, field, value); a field set to null
/// is removed.
pub(crate) fn variant(changes: &[(&str, &str, Value)]) -> TempDir {
    variant_of("tiny-bert", changes)
}

/// Copies a checkpoint of the fixtures with changed fields, as [`variant`] does.
pub(crate) fn variant_of(checkpoint: &str, changes: &[(&str, &str, Value)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&fixtures().join(checkpoint), dir.path());
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

/// Loads the encoder of a checkpoint with default options.
pub(crate) fn load(dir: &Path) -> Encoder {
    Encoder::load(&Checkpoint::open(dir).unwrap(), EncoderOptions::default()).unwrap()
}

/// Returns a `modules.json` that lists modules, given as (path, class).
pub(crate) fn modules(classes: &[(&str, &str)]) -> String {
    let list = classes.iter().enumerate().map(|(idx, (path, class))| {
        json!({"idx": idx, "name": idx.to_string(), "path": path,
               "type": format!("sentence_transformers.models.{class}")})
    });
    Value::Array(list.collect()).to_string()
}
