//! Settings of GTE, Jina embeddings 2, T5 and DeBERTa, and tensors in other layouts.

use std::fs;
use std::path::Path;

use cognate_model::Checkpoint;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};

use crate::architectures::{assert_agrees_in, checkpoint};
use crate::checkpoints::variant_of;
use cognate_testing::copy_dir;

/// Returns the error message of opening a checkpoint of the fixtures with other values of fields of
/// `config.json`, without the path of the file.
fn refusal(name: &str, changes: &[(&str, Value)]) -> String {
    let changes: Vec<_> = changes
        .iter()
        .map(|(field, value)| ("config.json", *field, value.clone()))
        .collect();
    let dir = variant_of(&format!("architectures/{name}"), &changes);
    let error = Checkpoint::open(dir.path()).unwrap_err().to_string();
    let path = dir.path().join("config.json").display().to_string();
    let prefix = format!("`{path}`: unsupported ");
    error.strip_prefix(&prefix).unwrap_or(&error).to_owned()
}

#[test]
fn settings_that_do_not_run_are_named_with_the_supported_values() {
    let ntk = |factor: Value| json!({"type": "ntk", "factor": factor});
    for (name, field, value, expected) in [
        (
            "new",
            "rope_scaling",
            json!({"type": "linear", "factor": 2.0}),
            "rope_scaling.type `linear`, expected one of `default`, `ntk`",
        ),
        (
            "new",
            "rope_scaling",
            ntk(json!(0.5)),
            "rope_scaling.factor `0.5`, expected at least 1",
        ),
        (
            "new",
            "rope_scaling",
            json!({"type": "ntk", "factor": 2.0, "mixed_b": 0.5}),
            "rope_scaling.mixed_b `0.5`, expected `null`",
        ),
        (
            "new",
            "layer_norm_type",
            json!("rms_norm"),
            "layer_norm_type `rms_norm`, expected `layer_norm`",
        ),
        (
            "new",
            "logn_attention_scale",
            json!(true),
            "logn_attention_scale `true`, expected `false`",
        ),
        (
            "gte",
            "position_embedding_type",
            json!("absolute"),
            "position_embedding_type `absolute`, expected `rope`",
        ),
        (
            "jina-bert",
            "feed_forward_type",
            json!("original"),
            "feed_forward_type `original`, expected one of `geglu`, `reglu`",
        ),
        (
            "jina-bert",
            "position_embedding_type",
            json!("absolute"),
            "position_embedding_type `absolute`, expected `alibi`",
        ),
        (
            "jina-bert",
            "max_position_embeddings",
            json!(1_u64 << 40),
            "max_position_embeddings `1099511627776`, expected at most 5592405",
        ),
        (
            "t5",
            "feed_forward_proj",
            json!("tanh"),
            "feed_forward_proj `tanh`, expected `relu`, `gelu`, `gelu_new` or `silu`, alone or \
             after `gated-`",
        ),
        (
            "t5",
            "relative_attention_max_distance",
            json!(64),
            "relative_attention_max_distance `64`, expected `128`",
        ),
        (
            "t5",
            "relative_attention_num_buckets",
            json!(2),
            "relative_attention_num_buckets `2`, expected at least 4",
        ),
        (
            "t5",
            "is_decoder",
            json!(true),
            "is_decoder `true`, expected `false`",
        ),
        (
            "deberta-v2",
            "conv_kernel_size",
            json!(3),
            "conv_kernel_size `3`, expected `0`",
        ),
        (
            "deberta-v2",
            "type_vocab_size",
            json!(2),
            "type_vocab_size `2`, expected `0`",
        ),
        (
            "deberta-v2",
            "embedding_size",
            json!(16),
            "embedding_size `16`, expected `24`",
        ),
        (
            "deberta-v2",
            "relative_attention",
            Value::Null,
            "relative_attention `false`, expected `true`",
        ),
        (
            "deberta-v2",
            "pos_att_type",
            json!(["c2c"]),
            "pos_att_type `[c2c]`, expected one or both of `c2p`, `p2c`",
        ),
        (
            "deberta-v2",
            "max_relative_positions",
            json!(5),
            "max_relative_positions `5`, expected more than half of position_buckets, 8, and one",
        ),
    ] {
        assert_eq!(refusal(name, &[(field, value)]), expected);
    }
}

/// Rewrites the tensors of a copy of a checkpoint.
fn with_tensors(
    name: &str,
    dir: &Path,
    rewrite: impl for<'a> Fn(&str, TensorView<'a>) -> Vec<(String, TensorView<'a>)>,
) {
    copy_dir(&checkpoint(name), dir);
    let path = dir.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let rewritten: Vec<_> = tensors
        .iter()
        .flat_map(|(name, tensor)| rewrite(name, tensor))
        .collect();
    let rewritten = safetensors::serialize(rewritten, None).unwrap();
    drop(tensors);
    fs::write(path, rewritten).unwrap();
}

#[test]
fn tensors_with_a_prefix_are_found() {
    for (name, prefix) in [
        ("new", "new."),
        ("gte", "new."),
        ("jina-bert", "bert."),
        ("deberta-v2", "deberta."),
    ] {
        let dir = tempfile::tempdir().unwrap();
        with_tensors(name, dir.path(), |name, tensor| {
            vec![(format!("{prefix}{name}"), tensor)]
        });
        assert_agrees_in(dir.path(), name);
    }
}

#[test]
fn queries_keys_and_values_of_gte_may_be_tensors_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    with_tensors("new", dir.path(), |name, tensor| {
        let Some((layer, ending)) = name.split_once("qkv_proj") else {
            return vec![(name.to_owned(), tensor)];
        };
        let mut shape = tensor.shape().to_vec();
        shape[0] /= 3;
        let size = tensor.data().len() / 3;
        let parts = ["q_proj", "k_proj", "v_proj"].iter().enumerate();
        parts
            .map(|(at, part)| {
                let data = &tensor.data()[at * size..(at + 1) * size];
                let view = TensorView::new(tensor.dtype(), shape.clone(), data).unwrap();
                (format!("{layer}{part}{ending}"), view)
            })
            .collect()
    });
    let path = dir.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config["pack_qkv"] = json!(false);
    fs::write(path, config.to_string()).unwrap();
    assert_agrees_in(dir.path(), "new");
}

/// The encoder of T5 uses embeddings of its own, if the file has them.
#[test]
fn token_embeddings_of_t5_may_have_the_name_of_the_encoder() {
    let dir = tempfile::tempdir().unwrap();
    with_tensors("t5", dir.path(), |name, tensor| {
        let name = if name == "shared.weight" {
            "encoder.embed_tokens.weight"
        } else {
            name
        };
        vec![(name.to_owned(), tensor)]
    });
    assert_agrees_in(dir.path(), "t5");
    with_tensors("t5", dir.path(), |name, tensor| {
        let mut tensors = vec![(name.to_owned(), tensor.clone())];
        if name == "shared.weight" {
            tensors.push(("encoder.embed_tokens.weight".to_owned(), tensor));
        }
        tensors
    });
    assert_agrees_in(dir.path(), "t5");
}
