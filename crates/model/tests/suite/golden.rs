//! Comparison of every stage and every pooling mode with sentence-transformers, on a tiny checkpoint.
//!
//! `fixtures/README.md` describes the golden numbers and how they were made.

use std::fs;

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Role};
use cognate_testing::copy_dir;
use ndarray::{Array2, ArrayView2};
use serde_json::{Value, json};

use crate::checkpoints::{fixtures, load, modules, variant};
use crate::golden_file::GoldenFile;

/// The tolerance; the golden numbers differ from f64 by at most 4e-6 for values of 4 and more.
const TOLERANCE: f32 = 5e-6;

fn texts() -> Vec<String> {
    let file = fs::read_to_string(fixtures().join("tiny-texts.json")).unwrap();
    let list: Vec<Value> = serde_json::from_str(&file).unwrap();
    list.iter()
        .map(|text| text["text"].as_str().unwrap().to_owned())
        .collect()
}

fn golden_file() -> GoldenFile {
    GoldenFile::read(fixtures().join("tiny-golden.safetensors"))
}

fn golden(name: &str) -> Array2<f32> {
    golden_file().rows(name)
}

#[track_caller]
fn assert_close(found: ArrayView2<'_, f32>, expected: ArrayView2<'_, f32>) {
    assert_eq!(found.dim(), expected.dim());
    for ((index, found), expected) in found.indexed_iter().zip(expected) {
        let bound = TOLERANCE * expected.abs().max(1.0);
        assert!(
            (found - expected).abs() <= bound,
            "{index:?}: {found}, expected {expected}"
        );
    }
}

#[test]
fn tokens_hidden_states_pooled_and_normalized_agree() {
    let encoder = load(&fixtures().join("tiny-bert"));
    let tokens = encoder.tokenize(Role::Document, &texts()).unwrap();
    assert_eq!(tokens, golden_file().tokens());
    let hidden = encoder.hidden_states(&tokens).unwrap();
    assert_close(hidden.view(), golden("hidden").view());
    let pooled = encoder.pool(hidden.view(), &tokens).unwrap();
    assert_close(pooled.view(), golden("pooled.mean").view());
    let rows = encoder.encode_documents(&texts()).unwrap();
    assert_close(rows.view(), golden("normalized").view());
}

#[test]
fn every_pooling_mode_agrees() {
    const FLAGS: [(&str, &str); 6] = [
        ("cls", "pooling_mode_cls_token"),
        ("mean", "pooling_mode_mean_tokens"),
        ("max", "pooling_mode_max_tokens"),
        ("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"),
        ("weightedmean", "pooling_mode_weightedmean_tokens"),
        ("lasttoken", "pooling_mode_lasttoken"),
    ];
    const CONFIG: &str = "1_Pooling/config.json";
    let pooled_only = modules(&[("", "Transformer"), ("1_Pooling", "Pooling")]);
    for wanted in [
        "cls",
        "mean",
        "max",
        "mean_sqrt_len_tokens",
        "weightedmean",
        "lasttoken",
        "cls+mean",
    ] {
        let wants = |mode: &str| wanted.split('+').any(|part| part == mode);
        let flags = FLAGS.map(|(mode, flag)| (CONFIG, flag, json!(wants(mode))));
        let classic = variant(&flags);
        fs::write(classic.path().join("modules.json"), &pooled_only).unwrap();
        let expected = golden(&format!("pooled.{wanted}"));
        assert_close(
            load(classic.path())
                .encode_documents(&texts())
                .unwrap()
                .view(),
            expected.view(),
        );

        // The same modes, as recent releases of sentence-transformers write them.
        let mut names = FLAGS.map(|(_, flag)| (CONFIG, flag, Value::Null)).to_vec();
        names.push((
            CONFIG,
            "pooling_mode",
            json!(wanted.split('+').collect::<Vec<_>>()),
        ));
        let recent = variant(&names);
        fs::write(recent.path().join("modules.json"), &pooled_only).unwrap();
        assert_close(
            load(recent.path())
                .encode_documents(&texts())
                .unwrap()
                .view(),
            expected.view(),
        );

        if !wanted.contains('+') {
            let mut flags = flags.to_vec();
            flags.push((CONFIG, "include_prompt", json!(false)));
            let without = variant(&flags);
            fs::write(without.path().join("modules.json"), &pooled_only).unwrap();
            let expected = golden(&format!("query_no_prompt_pooled.{wanted}"));
            let rows = load(without.path()).encode_queries(&texts()).unwrap();
            assert_close(rows.view(), expected.view());
        }
    }
}

#[test]
fn a_dense_module_agrees() {
    let dir = variant(&[]);
    copy_dir(&fixtures().join("dense"), &dir.path().join("2_Dense"));
    let list = [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        ("2_Dense", "Dense"),
        ("3", "Normalize"),
    ];
    fs::write(dir.path().join("modules.json"), modules(&list)).unwrap();
    let encoder = load(dir.path());
    assert_eq!(encoder.dim(), 16);
    assert_close(
        encoder.encode_documents(&texts()).unwrap().view(),
        golden("dense").view(),
    );
}

#[test]
fn prompts_agree() {
    let encoder = load(&fixtures().join("tiny-bert"));
    assert_close(
        encoder.encode_queries(&texts()).unwrap().view(),
        golden("query").view(),
    );
    let without = variant(&[("1_Pooling/config.json", "include_prompt", json!(false))]);
    let rows = load(without.path()).encode_queries(&texts()).unwrap();
    assert_close(rows.view(), golden("query_no_prompt_pooling").view());
}

#[test]
fn truncated_embeddings_agree_for_option_and_checkpoint() {
    let checkpoint = Checkpoint::open(fixtures().join("tiny-bert")).unwrap();
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default().truncate_dim(8)).unwrap();
    assert_eq!(encoder.dim(), 8);
    assert_close(
        encoder.encode_documents(&texts()).unwrap().view(),
        golden("truncated").view(),
    );
    let dir = variant(&[(
        "config_sentence_transformers.json",
        "truncate_dim",
        json!(8),
    )]);
    let rows = load(dir.path()).encode_documents(&texts()).unwrap();
    assert_close(rows.view(), golden("truncated").view());
}

#[test]
fn activations_agree() {
    for act in ["gelu_new", "relu"] {
        let dir = variant(&[("config.json", "hidden_act", json!(act))]);
        let rows = load(dir.path()).encode_documents(&texts()).unwrap();
        assert_close(rows.view(), golden(act).view());
    }
}

#[test]
fn the_text_within_the_limit_has_the_tokens_of_the_whole_text() {
    let checkpoint = Checkpoint::open(fixtures().join("tiny-bert")).unwrap();
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default().max_tokens(6)).unwrap();
    for (text, read) in [
        ("", ""),
        ("c", "c"),
        ("c d e f", "c d e f"),
        ("c d e f g h", "c d e f"),
        (" c, d. e", " c, d."),
        ("é ü à ô â", "é ü à ô"),
    ] {
        assert_eq!(
            encoder.text_within_limit(Role::Document, text).unwrap(),
            read
        );
    }
    // The prompt, `query: `, counts toward the limit too.
    let read = encoder.text_within_limit(Role::Query, "c d e f").unwrap();
    assert_eq!(read, "c d");
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default().max_tokens(12)).unwrap();
    let text = "é a b c d e f g h i j k l m n";
    let read = encoder.text_within_limit(Role::Query, text).unwrap();
    assert!(!read.is_empty() && read.len() < text.len(), "{read}");
    let ids = |text| {
        encoder
            .tokenize(Role::Query, &[text])
            .unwrap()
            .ids()
            .to_vec()
    };
    assert_eq!(ids(read), ids(text));
    assert_ne!(ids(read), ids(&read[..read.len() - 1]));
}

#[test]
fn truncated_tokens_are_counted() {
    let checkpoint = Checkpoint::open(fixtures().join("tiny-bert")).unwrap();
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default().max_tokens(6)).unwrap();
    let texts = ["a b c", "a b c d", "a b c d e f g", ""];
    let encoded = encoder
        .encode_with(Role::Document, &texts, &mut |_| {
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    let truncation = encoded.truncation;
    assert_eq!(
        (truncation.texts, truncation.tokens, truncation.total_tokens),
        (1, 3, 14)
    );
}
