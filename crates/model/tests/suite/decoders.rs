//! Comparison of decoders with sentence-transformers, on tiny checkpoints, and what they refuse.
//!
//! `fixtures/architectures/README.md` describes the golden numbers and how they were made.

use std::fs;

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Precision};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::architectures::{
    UNIT_TOLERANCE, assert_agrees_in, assert_close, checkpoint, golden, texts,
};
use crate::checkpoints::{load, variant_of};

/// Copies the checkpoint `name` with one of the files beside its `config.json` in place of it, and
/// without prompts.
fn with_config(name: &str, config: &str) -> TempDir {
    let mut changes = vec![("config_sentence_transformers.json", "prompts", json!({}))];
    if config == "config-llama.json" {
        // The class of Llama would build another tokenizer than that of the file.
        let class = json!("PreTrainedTokenizerFast");
        changes.push(("tokenizer_config.json", "tokenizer_class", class));
    }
    let dir = variant_of(&format!("architectures/{name}"), &changes);
    let config = dir.path().join(config);
    fs::rename(config, dir.path().join("config.json")).unwrap();
    dir
}

/// Compares unit rows with a `config.json` of another name with the golden numbers.
#[track_caller]
fn assert_variant_agrees(name: &str, variant: &str) {
    let dir = with_config(name, &format!("config-{variant}.json"));
    let rows = load(dir.path()).encode_documents(&texts()).unwrap();
    let expected = golden(name).rows(&format!("normalized.{variant}"));
    let what = format!("{name} {variant}");
    assert_close(&what, UNIT_TOLERANCE, rows.view(), expected.view());
}

#[test]
fn qwen2_agrees() {
    assert_agrees_in(&checkpoint("qwen2"), "qwen2");
}

#[test]
fn mistral_agrees() {
    assert_agrees_in(&checkpoint("mistral"), "mistral");
}

#[test]
fn gemma3_agrees() {
    for config in ["config.json", "config-transformers-5.json"] {
        assert_agrees_in(with_config("gemma3", config).path(), "gemma3");
    }
}

#[test]
fn prompts_agree() {
    for name in ["qwen2", "mistral", "gemma3"] {
        let rows = load(&checkpoint(name)).encode_queries(&texts()).unwrap();
        let expected = golden(name).rows("query");
        assert_close(name, UNIT_TOLERANCE, rows.view(), expected.view());
    }
    let rows = load(&checkpoint("gemma3")).encode_documents(&texts());
    let expected = golden("gemma3").rows("document");
    assert_close(
        "document",
        UNIT_TOLERANCE,
        rows.unwrap().view(),
        expected.view(),
    );
}

#[test]
fn sliding_windows_agree() {
    for variant in ["window", "layer-types"] {
        assert_variant_agrees("qwen2", variant);
    }
    assert_variant_agrees("mistral", "no-window");
    assert_variant_agrees("gemma3", "pattern");
}

/// The field `is_causal` is not one that transformers documents, but it decides about the mask.
#[test]
fn bidirectional_and_causal_attention_agree() {
    for variant in ["bidirectional", "bidirectional-window"] {
        assert_variant_agrees("qwen2", variant);
    }
    assert_variant_agrees("mistral", "bidirectional");
    for variant in ["causal", "not-causal", "neither"] {
        assert_variant_agrees("gemma3", variant);
    }
}

#[test]
fn scaled_rotations_agree() {
    for variant in ["linear", "llama3", "yarn", "yarn-options"] {
        assert_variant_agrees("qwen2", variant);
    }
    assert_variant_agrees("gemma3", "linear");
}

#[test]
fn llama_agrees() {
    assert_variant_agrees("mistral", "llama");
}

#[test]
fn every_setting_that_changes_values_changes_the_fingerprint() {
    for name in ["qwen2", "mistral", "gemma3"] {
        let mut fingerprints = vec![load(&checkpoint(name)).fingerprint().to_owned()];
        for file in fs::read_dir(checkpoint(name)).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            if file.starts_with("config-") && file != "config-transformers-5.json" {
                let dir = with_config(name, &file);
                fingerprints.push(load(dir.path()).fingerprint().to_owned());
            }
        }
        let all = fingerprints.len();
        fingerprints.sort();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), all, "{name}");
    }
}

/// These checkpoints have random weights, which amplify rounding errors much more than trained ones.
#[test]
fn int8_is_close() {
    for name in ["qwen2", "mistral", "gemma3"] {
        let checkpoint = Checkpoint::open(checkpoint(name)).unwrap();
        let rows = |precision| {
            let options = EncoderOptions::default().precision(precision);
            let encoder = Encoder::load(&checkpoint, options).unwrap();
            encoder.encode_documents(&texts()).unwrap()
        };
        let (exact, int8) = (rows(Precision::F32), rows(Precision::Int8));
        for (exact, int8) in exact.outer_iter().zip(int8.outer_iter()) {
            let cosine = exact.dot(&int8);
            assert!(cosine > 0.99, "{name}: {cosine}");
        }
    }
}

#[test]
fn unsupported_settings_are_named() {
    for (name, field, value, expected) in [
        (
            "qwen2",
            "use_bidirectional_attention",
            json!(true),
            "use_bidirectional_attention `true`, expected `false`",
        ),
        (
            "qwen2",
            "rope_scaling",
            json!({"type": "dynamic", "factor": 2.0}),
            "rope_scaling.rope_type `dynamic`, expected one of `default`, `linear`, `llama3`, `yarn`",
        ),
        (
            "qwen2",
            "rope_scaling",
            json!({"type": "linear"}),
            "rope_scaling.factor `(none)`, expected a positive number",
        ),
        (
            "qwen2",
            "rope_scaling",
            json!({"rope_type": "yarn", "factor": 4.0, "beta_fast": -1}),
            "rope_scaling.beta_fast `-1`, expected a positive number",
        ),
        (
            "qwen2",
            "rope_parameters",
            json!({"full_attention": {"rope_theta": 10.0}}),
            "rope_parameters.full_attention `an object`, expected one rotary position embedding \
             for all layers",
        ),
        (
            "qwen2",
            "partial_rotary_factor",
            json!(0.5),
            "partial_rotary_factor `0.5`, expected `1`",
        ),
        (
            "qwen2",
            "layer_types",
            json!(["full_attention"]),
            "layer_types `a list of 1`, expected a list of num_hidden_layers, 2",
        ),
        (
            "qwen2",
            "layer_types",
            json!(["full_attention", "sliding_attention"]),
            "sliding_window `(none)`, expected a number, because layers attend within a window",
        ),
        (
            "qwen2",
            "layer_types",
            json!(["full_attention", "chunked_attention"]),
            "layer_types `chunked_attention`, expected one of `full_attention`, \
             `sliding_attention`",
        ),
        (
            "qwen2",
            "hidden_act",
            json!("gelu"),
            "hidden_act `gelu`, expected `silu`",
        ),
        (
            "mistral",
            "layer_types",
            json!(["full_attention", "sliding_attention"]),
            "layer_types `full_attention`, expected `sliding_attention`",
        ),
        (
            "mistral",
            "sliding_window",
            json!(0),
            "sliding_window `0`, expected at least 1",
        ),
        (
            "mistral",
            "attention_bias",
            json!(true),
            "attention_bias `true`, expected `false`",
        ),
        (
            "gemma3",
            "attn_logit_softcapping",
            json!(50.0),
            "attn_logit_softcapping `50`, expected `null`",
        ),
        (
            "gemma3",
            "query_pre_attn_scalar",
            json!(0),
            "query_pre_attn_scalar `0`, expected a positive number",
        ),
        (
            "gemma3",
            "rope_scaling",
            json!({"rope_type": "yarn", "factor": 4.0}),
            "rope_scaling.rope_type `yarn`, expected one of `default`, `linear`",
        ),
        (
            "gemma3",
            "rope_parameters",
            json!({"sliding_attention": {"rope_type": "llama3"}}),
            "rope_parameters.sliding_attention.rope_type `llama3`, expected one of `default`, \
             `linear`",
        ),
        (
            "gemma3",
            "hidden_activation",
            json!("silu"),
            "hidden_activation `silu`, expected one of `gelu`, `gelu_new`, `gelu_pytorch_tanh`, \
             `gelu_fast`, `relu`",
        ),
    ] {
        let change = ("config.json", field, value);
        let dir = variant_of(&format!("architectures/{name}"), &[change]);
        let message = Checkpoint::open(dir.path()).unwrap_err().to_string();
        let path = dir.path().join("config.json");
        let expected = format!("`{}`: unsupported {expected}", path.display());
        assert_eq!(message, expected, "{name} {field}");
    }
}

/// In Python, `null` is not causal, and a missing field is.
#[test]
fn is_causal_must_not_be_null() {
    let dir = variant_of("architectures/qwen2", &[]);
    let path = dir.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config["is_causal"] = Value::Null;
    fs::write(&path, config.to_string()).unwrap();
    let message = Checkpoint::open(dir.path()).unwrap_err().to_string();
    let expected = "unsupported is_causal `null`, expected one of `true`, `false`";
    assert!(message.ends_with(expected), "{message}");
}
