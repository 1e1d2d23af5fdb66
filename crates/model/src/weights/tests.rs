use std::fs;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize_to_file};

use super::*;
use crate::Error;

/// Writes a file of f32 tensors, each given by its name and values.
fn write(path: &Path, tensors: &[(&str, &[f32])]) {
    let bytes: Vec<(&str, Vec<u8>, usize)> = tensors
        .iter()
        .map(|(name, values)| (*name, bytemuck::cast_slice(values).to_vec(), values.len()))
        .collect();
    let views = bytes.iter().map(|(name, bytes, len)| {
        (
            *name,
            TensorView::new(Dtype::F32, vec![*len], bytes).unwrap(),
        )
    });
    serialize_to_file(views, None, path).unwrap();
}

fn folder(tensors: &[(&str, &[f32])]) -> (tempfile::TempDir, WeightsFiles) {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("model.safetensors"), tensors);
    let files = WeightsFiles::find(dir.path(), "weights").unwrap();
    (dir, files)
}

#[test]
fn an_average_has_the_values_and_the_digest_of_the_averaged_tensors() {
    let (a, b, c) = ([1.0, -3.0, 0.1], [2.0, 1.0, 0.2], [6.0, 2.0, 0.3]);
    let dirs = [
        folder(&[("bert.w", &a)]),
        folder(&[("w", &b)]),
        folder(&[("bert.w", &c)]),
    ];
    let files = WeightsFiles::averaged(dirs.iter().map(|(_, files)| files));
    let open = |files| Weights::open(files).unwrap().with_prefix(&["bert."], "w");
    let average = open(&files);
    let found = average.tensor("w", &[3]).unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "the mean, rounded once")]
    let mean = |i: usize| (a.map(f64::from)[i] + b.map(f64::from)[i] + c.map(f64::from)[i]) as f32;
    assert_eq!(found[..2], [3.0, 0.0]);
    assert!((found[2] - mean(2) / 3.0).abs() < 1e-7);
    // As if the averaged tensors had been saved.
    let (_dir, saved) = folder(&[("bert.w", &found)]);
    let saved = open(&saved);
    saved.tensor("w", &[3]).unwrap();
    assert_eq!(average.digest(), saved.digest());
    // Blocks do not change the values.
    let mut reader = average.reader("w", &[3]).unwrap();
    let mut values = [0.0; 3];
    reader.read(&mut values[..1]).unwrap();
    reader.read(&mut values[1..]).unwrap();
    assert_eq!(values[..], found[..]);
}

#[test]
fn a_member_of_an_average_without_a_tensor_is_named() {
    let (dirs, files): (Vec<_>, Vec<_>) = [folder(&[("w", &[1.0])]), folder(&[("v", &[1.0])])]
        .into_iter()
        .unzip();
    let average = Weights::open(&WeightsFiles::averaged(&files)).unwrap();
    let error = average.tensor("w", &[1]).unwrap_err().to_string();
    let path = dirs[1].path().join("model.safetensors");
    assert!(
        error.starts_with(&format!("`{}`: tensor `w`: found nothing", path.display())),
        "{error}"
    );
}

#[test]
fn unread_tensors_are_refused_by_name_unless_they_are_heads_buffers_or_layers_beyond() {
    let check = |names: &[&str]| {
        let mut tensors: Vec<(&str, &[f32])> = vec![("bert.layer.0.w", &[1.0])];
        tensors.extend(names.iter().map(|&name| (name, &[1.0][..])));
        let (_dir, files) = folder(&tensors);
        let weights = Weights::open(&files)
            .unwrap()
            .with_prefix(&["bert."], "layer.0.w");
        let inventory = weights.inventory(&["bert."]);
        weights.tensor("layer.0.w", &[1]).unwrap();
        inventory.check(weights.hashes().keys(), 1)
    };
    for harmless in [
        "bert.pooler.dense.weight",
        "pooler.dense.bias",
        "cls.predictions.decoder.bias",
        "bert.embeddings.position_ids",
        "layer.0.rotary_emb.inv_freq",
        "vocab_projector.bias",
        "lm_head.weight",
        "classifier.weight",
        "bert.layer.1.w",
    ] {
        check(&[harmless]).unwrap();
    }
    for stray in [
        "linear.weight",
        "bert.linear.weight",
        "bert.layer.0.bias",
        "layer.0.w",
        "layer.0.query.lora_A.weight",
        "bert.embeddings.extra.weight",
    ] {
        let error = check(&[stray]).unwrap_err().to_string();
        let expected = format!("unsupported tensors that nothing reads (1): `{stray}`, expected");
        assert!(error.contains(&expected), "{error}");
    }
    let error = check(&["a", "b", "c", "d", "e"]).unwrap_err().to_string();
    assert!(
        error.contains("(5), such as `a`, `b`, `c`, `d`, expected"),
        "{error}"
    );
}

#[test]
fn an_index_must_name_files_of_the_folder_that_have_the_tensors() {
    let (dir, _) = folder(&[("a", &[1.0]), ("b", &[2.0])]);
    let path = |name: &str| dir.path().join(name);
    fs::rename(path("model.safetensors"), path("one.safetensors")).unwrap();
    write(&path("two.safetensors"), &[("c", &[3.0])]);
    let open = |map: serde_json::Value| {
        let index = serde_json::json!({"metadata": {}, "weight_map": map});
        fs::write(path("model.safetensors.index.json"), index.to_string()).unwrap();
        Weights::open(&WeightsFiles::find(dir.path(), "weights")?)
    };
    let (one, two) = ("one.safetensors", "two.safetensors");
    let weights = open(serde_json::json!({"a": one, "b": one, "c": two})).unwrap();
    assert_eq!(weights.tensor("c", &[1]).unwrap(), [3.0]);
    assert_eq!(weights.sources().count(), 3);
    for (map, expected) in [
        (
            serde_json::json!({"a": two, "c": two}),
            "tensor `a`: found nothing",
        ),
        (
            serde_json::json!({"a": "three.safetensors"}),
            "three.safetensors` is missing",
        ),
        (
            serde_json::json!({"a": "../one.safetensors"}),
            "file of the tensor `a`",
        ),
        (
            serde_json::json!({"a": "/etc/passwd"}),
            "file of the tensor `a`",
        ),
        (serde_json::json!({"a": ".."}), "file of the tensor `a`"),
    ] {
        let error = open(map).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    write(&path("two.safetensors"), &[("a", &[3.0])]);
    let error = open(serde_json::json!({"b": one, "a": two})).unwrap_err();
    assert!(matches!(error, Error::Tensor { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("two.safetensors`: tensor `a`: found it in"),
        "{error}"
    );
}
