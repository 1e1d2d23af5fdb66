//! Comparison of every architecture except BERT with sentence-transformers, on tiny checkpoints.
//!
//! `fixtures/architectures/README.md` describes the golden numbers and how they were made.

use std::fs;
use std::path::{Path, PathBuf};

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Role};
use cognate_testing::copy_dir;
use ndarray::{ArrayView2, Axis, Slice};
use safetensors::SafeTensors;
use serde_json::{Value, json};

use crate::checkpoints::{fixtures, load, variant_of};
use crate::golden_file::GoldenFile;

/// The tolerance of hidden and pooled states. The golden numbers differ from f64 by at most 1e-5 for
/// values up to 5, while leaving out any part of a model changes them by at least 6e-2, and another
/// form of GELU by 1e-3.
const TOLERANCE: f32 = 2e-5;

/// The tolerance of unit rows, whose golden numbers differ from f64 by at most 8e-7.
pub(crate) const UNIT_TOLERANCE: f32 = 2e-6;

pub(crate) fn checkpoint(name: &str) -> PathBuf {
    fixtures().join("architectures").join(name)
}

pub(crate) fn texts() -> Vec<String> {
    let read = |name: &str| -> Vec<Value> {
        serde_json::from_slice(&fs::read(fixtures().join(name)).unwrap()).unwrap()
    };
    let texts = [read("tiny-texts.json"), read("architectures/texts.json")].concat();
    texts
        .iter()
        .map(|text| text["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Reads the golden numbers of one checkpoint.
pub(crate) fn golden(name: &str) -> GoldenFile {
    GoldenFile::read(checkpoint(name).join("golden.safetensors"))
}

#[track_caller]
pub(crate) fn assert_close(
    what: &str,
    tolerance: f32,
    found: ArrayView2<'_, f32>,
    expected: ArrayView2<'_, f32>,
) {
    assert_eq!(found.dim(), expected.dim(), "{what}");
    for ((index, found), expected) in found.indexed_iter().zip(expected) {
        let bound = tolerance * expected.abs().max(1.0);
        assert!(
            (found - expected).abs() <= bound,
            "{what} {index:?}: {found}, expected {expected}"
        );
    }
}

/// Compares every stage of the checkpoint in `dir` with the golden numbers of `name`.
#[track_caller]
pub(crate) fn assert_agrees_in(dir: &Path, name: &str) {
    let golden = golden(name);
    let encoder = load(dir);
    let tokens = encoder.tokenize(Role::Document, &texts()).unwrap();
    assert_eq!(tokens, golden.tokens());
    let hidden = encoder.hidden_states(&tokens).unwrap();
    let expected = golden.rows("hidden");
    assert_close("hidden", TOLERANCE, hidden.view(), expected.view());
    let pooled = encoder.pool(hidden.view(), &tokens).unwrap();
    let expected = golden.rows("pooled");
    assert_close("pooled", TOLERANCE, pooled.view(), expected.view());
    let rows = encoder.encode_documents(&texts()).unwrap();
    let expected = golden.rows("normalized");
    assert_close("normalized", UNIT_TOLERANCE, rows.view(), expected.view());
}

#[track_caller]
fn assert_agrees(name: &str) {
    assert_agrees_in(&checkpoint(name), name);
}

#[test]
fn roberta_agrees() {
    assert_agrees("roberta");
}

#[test]
fn xlm_roberta_agrees() {
    assert_agrees("xlm-roberta");
}

#[test]
fn mpnet_agrees() {
    assert_agrees("mpnet");
}

#[test]
fn distilbert_agrees() {
    assert_agrees("distilbert");
}

#[test]
fn modernbert_agrees() {
    assert_agrees("modernbert");
}

#[test]
fn nomic_bert_agrees() {
    assert_agrees("nomic-bert");
}

#[test]
fn qwen3_agrees() {
    assert_agrees("qwen3");
}

#[test]
fn gte_agrees_with_scaled_rotations() {
    assert_agrees("new");
}

#[test]
fn gte_of_transformers_agrees() {
    assert_agrees("gte");
}

#[test]
fn jina_bert_agrees() {
    assert_agrees("jina-bert");
}

#[test]
fn jina_bert_for_code_agrees() {
    assert_agrees("jina-bert-code");
}

#[test]
fn t5_agrees_with_a_dense_module() {
    assert_agrees("t5");
}

#[test]
fn gated_t5_agrees() {
    assert_agrees("t5-gated");
}

#[test]
fn deberta_agrees() {
    assert_agrees("deberta-v2");
}

#[test]
fn deberta_with_projections_of_positions_agrees() {
    assert_agrees("deberta-v2-unshared");
}

/// The tokenizer classes of BERT, DistilBERT and MPNet build their normalizer from the settings, or
/// from defaults, whatever `tokenizer.json` says; the general class follows the file.
#[test]
fn tokenizer_settings_override_the_tokenizer_file_as_in_transformers() {
    let tokens = |name: &str, lowercase: bool, settings: &[(&str, Value)]| {
        let mut changes = vec![(
            "tokenizer.json",
            "normalizer",
            json!({"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                   "strip_accents": null, "lowercase": lowercase}),
        )];
        let settings = settings.iter().cloned();
        changes.extend(settings.map(|(field, value)| ("tokenizer_config.json", field, value)));
        let encoder = load(variant_of(name, &changes).path());
        let batch = encoder.tokenize(Role::Document, &["A Planet"]).unwrap();
        batch.ids().to_vec()
    };
    for name in [
        "tiny-bert",
        "architectures/distilbert",
        "architectures/mpnet",
    ] {
        let lower = tokens(name, true, &[]);
        let cased = tokens(name, true, &[("do_lower_case", json!(false))]);
        assert_ne!(cased, lower, "{name}");
        assert_eq!(tokens(name, false, &[]), lower, "{name}");
        let no_setting = ("do_lower_case", Value::Null);
        assert_eq!(
            tokens(name, false, std::slice::from_ref(&no_setting)),
            lower,
            "{name}"
        );
        let no_class = ("tokenizer_class", Value::Null);
        assert_eq!(
            tokens(name, false, &[no_setting, no_class]),
            lower,
            "{name}"
        );
        let general = ("tokenizer_class", json!("PreTrainedTokenizerFast"));
        assert_eq!(tokens(name, false, &[general]), cased, "{name}");
    }
}

#[test]
fn tokenizer_settings_change_the_fingerprint() {
    let fingerprint = |field, value| {
        let changes = [("tokenizer_config.json", field, value)];
        let encoder = load(variant_of("tiny-bert", &changes).path());
        encoder.fingerprint().to_owned()
    };
    let default = load(&fixtures().join("tiny-bert")).fingerprint().to_owned();
    assert_ne!(fingerprint("do_lower_case", json!(false)), default);
    assert_ne!(fingerprint("strip_accents", json!(false)), default);
    assert_eq!(fingerprint("mask_token", json!("[OTHER]")), default);
}

#[test]
fn tokenizer_settings_decide_about_a_leading_space() {
    let tokens = |text: &str, space: bool, setting: Value| {
        let bytes = json!({"type": "ByteLevel", "add_prefix_space": space, "trim_offsets": true,
                           "use_regex": true});
        let dir = variant_of(
            "architectures/roberta",
            &[
                ("tokenizer.json", "pre_tokenizer", bytes),
                ("tokenizer_config.json", "add_prefix_space", setting),
            ],
        );
        let batch = load(dir.path()).tokenize(Role::Document, &[text]);
        batch.unwrap().ids().to_vec()
    };
    let bare = tokens("planet", false, json!(false));
    let spaced = tokens(" planet", false, json!(false));
    assert_ne!(bare, spaced);
    assert_eq!(tokens("planet", false, json!(true)), spaced);
    assert_eq!(tokens("planet", true, json!(false)), bare);
    assert_eq!(tokens("planet", true, Value::Null), bare);
}

#[test]
fn batches_and_threads_do_not_change_a_bit() {
    for name in [
        "roberta",
        "modernbert",
        "nomic-bert",
        "qwen3",
        "qwen2",
        "mistral",
        "gemma3",
        "new",
        "jina-bert-code",
        "t5",
        "deberta-v2",
    ] {
        let checkpoint = Checkpoint::open(checkpoint(name)).unwrap();
        let rows = |options: EncoderOptions, texts: &[String]| {
            let encoder = Encoder::load(&checkpoint, options).unwrap();
            encoder.encode_documents(texts).unwrap()
        };
        let options = EncoderOptions::default;
        let batched = rows(options().threads(2), &texts());
        let small_batches = rows(options().threads(1).max_batch_tokens(70), &texts());
        assert_eq!(batched, small_batches, "{name}");
        let few = rows(options(), &texts()[3..5]);
        assert_eq!(
            batched.slice_axis(Axis(0), Slice::from(3..5)),
            few,
            "{name}"
        );
    }
}

/// A model that was saved with a head has a prefix before all tensor names.
#[test]
fn tensors_with_a_prefix_are_found() {
    for (name, prefix) in [
        ("roberta", "roberta."),
        ("mpnet", "mpnet."),
        ("distilbert", "distilbert."),
        ("modernbert", "model."),
        ("qwen3", "model."),
        ("qwen2", "model."),
        ("mistral", "model."),
    ] {
        let dir = tempfile::tempdir().unwrap();
        copy_dir(&checkpoint(name), dir.path());
        let path = dir.path().join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let renamed = tensors
            .iter()
            .map(|(name, tensor)| (format!("{prefix}{name}"), tensor));
        let renamed = safetensors::serialize(renamed.collect::<Vec<_>>(), None).unwrap();
        drop(tensors);
        fs::write(&path, renamed).unwrap();
        assert_agrees_in(dir.path(), name);
    }
}

#[test]
fn prompts_agree_with_last_token_pooling() {
    let rows = load(&checkpoint("qwen3")).encode_queries(&texts()).unwrap();
    let expected = golden("qwen3").rows("query");
    assert_close("query", UNIT_TOLERANCE, rows.view(), expected.view());
}

#[test]
fn configurations_written_by_transformers_5_agree() {
    for name in ["modernbert", "nomic-bert", "qwen3", "qwen2", "mistral"] {
        let dir = tempfile::tempdir().unwrap();
        copy_dir(&checkpoint(name), dir.path());
        let recent = dir.path().join("config-transformers-5.json");
        fs::rename(recent, dir.path().join("config.json")).unwrap();
        assert_agrees_in(dir.path(), name);
    }
}
