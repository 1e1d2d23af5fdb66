//! Comparison of token ids with transformers, on tiny checkpoints with changed files.
//!
//! `fixtures/tokenizers/make.py` made the expected ids.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Reranker, RerankerOptions, Role};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::checkpoints::{fixtures, load, variant, variant_of};

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names in the file")]
struct Cases {
    texts: Vec<String>,
    query: String,
    cases: Vec<Case>,
}

/// A checkpoint with changed fields and whole files, and the ids of the texts.
#[derive(Deserialize)]
struct Case {
    name: String,
    checkpoint: String,
    changes: Vec<(String, String, Value)>,
    files: BTreeMap<String, Value>,
    ids: Vec<Vec<u32>>,
    #[serde(default)]
    token_types: Vec<Vec<u32>>,
}

impl Case {
    /// Makes the changed copy of the checkpoint.
    fn dir(&self) -> TempDir {
        let changes: Vec<_> = self
            .changes
            .iter()
            .map(|(file, field, value)| (file.as_str(), field.as_str(), value.clone()))
            .collect();
        let dir = variant_of(&self.checkpoint, &changes);
        for (file, content) in &self.files {
            if file == "vocab.txt" {
                replace_by_vocabulary(dir.path());
            } else {
                fs::write(dir.path().join(file), content.to_string()).unwrap();
            }
        }
        dir
    }
}

/// Replaces `tokenizer.json` by a `vocab.txt` with the tokens of its model.
fn replace_by_vocabulary(dir: &Path) {
    let path = dir.join("tokenizer.json");
    let file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let vocabulary: BTreeMap<_, _> = file["model"]["vocab"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(token, id)| (id.as_u64().unwrap(), token.as_str()))
        .collect();
    let lines: Vec<_> = vocabulary.into_values().collect();
    fs::write(dir.join("vocab.txt"), lines.join("\n") + "\n").unwrap();
    fs::remove_file(path).unwrap();
}

fn cases() -> Cases {
    let bytes = fs::read(fixtures().join("tokenizers/cases.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn is_pair(case: &Case) -> bool {
    case.checkpoint.starts_with("cross_encoders")
}

#[test]
fn texts_have_the_ids_of_transformers() {
    let Cases { texts, cases, .. } = cases();
    let cases: Vec<_> = cases.iter().filter(|case| !is_pair(case)).collect();
    assert!(cases.len() > 40, "{}", cases.len());
    for case in cases {
        let dir = case.dir();
        let encoder = load(dir.path());
        let found = encoder.tokenize(Role::Document, &texts).unwrap();
        let found: Vec<_> = found.sequences().collect();
        for ((text, found), expected) in texts.iter().zip(found).zip(&case.ids) {
            assert_eq!(found, expected, "{}: `{text}`", case.name);
        }
    }
}

#[test]
fn pairs_have_the_ids_and_types_of_transformers() {
    let Cases {
        texts,
        query,
        cases,
    } = cases();
    let texts: Vec<_> = texts.iter().filter(|text| !text.is_empty()).collect();
    let cases: Vec<_> = cases.iter().filter(|case| is_pair(case)).collect();
    assert!(cases.len() >= 5, "{}", cases.len());
    for case in cases {
        let dir = case.dir();
        let checkpoint = Checkpoint::open(dir.path()).unwrap();
        let reranker = Reranker::load(&checkpoint, RerankerOptions::default()).unwrap();
        let found = reranker.tokenize(&query, &texts).unwrap();
        let ids: Vec<_> = found.sequences().collect();
        assert_eq!(ids, case.ids, "{}", case.name);
        let types = found.token_types().unwrap_or_default();
        let expected = case.token_types.concat();
        assert_eq!(types, expected, "{}", case.name);
    }
}

/// What a former release read otherwise must not have the fingerprint that it had.
#[test]
fn what_changes_the_tokens_changes_the_fingerprint() {
    let Cases { texts, cases, .. } = cases();
    for case in cases.iter().filter(|case| !is_pair(case)) {
        let (original, changed) = (variant_of(&case.checkpoint, &[]), case.dir());
        let (original, changed) = (load(original.path()), load(changed.path()));
        let tokens = |encoder: &Encoder| encoder.tokenize(Role::Document, &texts).unwrap();
        if tokens(&original) != tokens(&changed) {
            assert_ne!(
                original.fingerprint(),
                changed.fingerprint(),
                "{}",
                case.name
            );
        }
    }
    let fingerprint = |file: &str, field: &str, value: Value| {
        let changes = [(file, field, value)];
        load(variant(&changes).path()).fingerprint().to_owned()
    };
    let plain = fingerprint("tokenizer_config.json", "mask_token", json!("[MASK]"));
    for (field, value, changes) in [
        ("truncation_side", json!("right"), false),
        ("truncation_side", json!("left"), true),
        ("added_tokens_decoder", json!({}), false),
        ("extra_special_tokens", json!(["[SEP]"]), false),
        ("extra_special_tokens", json!(["[DOI]"]), true),
        ("split_special_tokens", json!(true), true),
    ] {
        let found = fingerprint("tokenizer_config.json", field, value.clone());
        assert_eq!(found != plain, changes, "{field} {value}");
    }
}

#[test]
fn truncation_on_the_left_counts_and_names_what_is_kept() {
    let dir = variant(&[("tokenizer_config.json", "truncation_side", json!("left"))]);
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    let options = EncoderOptions::default().max_tokens(5);
    let encoder = Encoder::load(&checkpoint, options).unwrap();
    let text = "the age of a star";
    let whole = load(dir.path()).tokenize(Role::Document, &[text]).unwrap();
    let total = whole.ids().len() - 2;
    let tokens = encoder.tokenize(Role::Document, &[text]).unwrap();
    let mut progress = |_| ControlFlow::Continue(());
    let rows = encoder
        .encode_with(Role::Document, &[text], &mut progress)
        .unwrap();
    assert_eq!(tokens.ids()[0], whole.ids()[0]);
    assert_eq!(tokens.ids()[1..], whole.ids()[whole.ids().len() - 4..]);
    assert_eq!(rows.truncation.tokens, total - 3);
    assert_eq!(rows.truncation.total_tokens, total);
    let read = encoder.text_within_limit(Role::Document, text).unwrap();
    assert!(text.ends_with(read) && read.len() < text.len(), "{read}");
    let alone = encoder.tokenize(Role::Document, &[read]).unwrap();
    assert_eq!(alone, tokens);
}

#[track_caller]
fn assert_refused(dir: &Path, expected: &str) {
    let encoder = Checkpoint::open(dir)
        .and_then(|checkpoint| Encoder::load(&checkpoint, EncoderOptions::default()));
    let message = encoder.unwrap_err().to_string();
    let message = message.replace(&dir.display().to_string(), "");
    assert!(message.contains(expected), "{message}");
}

#[test]
fn tokenizers_that_are_not_supported_are_refused_by_name() {
    let settings = |field: &str, value: Value| variant(&[("tokenizer_config.json", field, value)]);
    for (field, value, expected) in [
        (
            "tokenizer_class",
            json!("BertJapaneseTokenizer"),
            "`/tokenizer_config.json`: unsupported tokenizer_class `BertJapaneseTokenizer`, \
             expected one of `BertTokenizer`, ",
        ),
        (
            "tokenizer_class",
            json!("XLMRobertaTokenizer"),
            "`/tokenizer.json`: unsupported model.type `WordPiece`, expected the model of \
             `XLMRobertaTokenizer`, `Unigram`",
        ),
        (
            "truncation_side",
            json!("both"),
            "`/tokenizer_config.json`: unsupported truncation_side `both`, expected `left` or \
             `right`",
        ),
        (
            "fast_tokenizer_files",
            json!(["tokenizer.4.0.0.json"]),
            "`/tokenizer_config.json`: unsupported fast_tokenizer_files `tokenizer.4.0.0.json`, \
             expected `tokenizer.json`",
        ),
    ] {
        assert_refused(settings(field, value).path(), expected);
    }
    let config = variant(&[
        ("tokenizer_config.json", "tokenizer_class", Value::Null),
        ("config.json", "tokenizer_class", json!("HerbertTokenizer")),
    ]);
    assert_refused(
        config.path(),
        "`/config.json`: unsupported tokenizer_class `HerbertTokenizer`",
    );
}

#[test]
fn a_vocabulary_of_another_format_is_refused_with_what_to_do() {
    let dir = variant(&[]);
    fs::remove_file(dir.path().join("tokenizer.json")).unwrap();
    assert_refused(
        dir.path(),
        "`/tokenizer.json` is missing, expected a tokenizer in the format of the tokenizers \
         library, or the vocabulary `vocab.txt` of BERT",
    );
    fs::write(dir.path().join("spiece.model"), "").unwrap();
    assert_refused(
        dir.path(),
        "which Python's transformers makes of the other files with \
         `AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)`",
    );
    let roberta = [(
        "tokenizer_config.json",
        "tokenizer_class",
        json!("RobertaTokenizer"),
    )];
    let dir = variant(&roberta);
    replace_by_vocabulary(dir.path());
    assert_refused(dir.path(), "`/vocab.txt`: unsupported class");
}

/// The tokenizers library panics where an added token is normalized to nothing.
#[test]
fn an_added_token_without_text_is_an_error() {
    let strip = json!({"type": "Strip", "strip_left": true, "strip_right": true});
    let changes = [("tokenizer.json", "normalizer", strip)];
    // One of its added tokens consists of spaces.
    let encoder = load(variant_of("architectures/modernbert", &changes).path());
    let error = encoder.tokenize(Role::Document, &["naïve café — “quotes” …"]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("text 0 cannot be tokenized"), "{error}");
    encoder.tokenize(Role::Document, &["graph"]).unwrap();
}
