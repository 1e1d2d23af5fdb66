//! Comparison of cross-encoders with transformers and sentence-transformers, on tiny checkpoints.
//!
//! `fixtures/cross_encoders/README.md` describes the golden numbers and how they were made.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use cognate_model::{
    Checkpoint, Encoder, EncoderOptions, Error, Precision, Reranker, RerankerOptions, TokenBatch,
};
use safetensors::Dtype;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::architectures::assert_close;
use crate::checkpoints::{fixtures, variant_of};
use crate::golden_file::GoldenFile;

const CROSS_ENCODERS: [&str; 6] = [
    "bert",
    "roberta",
    "mpnet",
    "distilbert",
    "deberta-v2",
    "gte",
];

/// The tolerance. The golden numbers differ from f64 by at most 6e-6 for values up to 3, while leaving
/// out any part of a head changes a logit by at least 1e-2.
const TOLERANCE: f32 = 1e-5;

fn load(dir: &Path) -> Reranker {
    Reranker::load(&Checkpoint::open(dir).unwrap(), RerankerOptions::default()).unwrap()
}

fn tiny(name: &str) -> Reranker {
    load(&fixtures().join("cross_encoders").join(name))
}

fn golden(name: &str) -> GoldenFile {
    let dir = fixtures().join("cross_encoders").join(name);
    GoldenFile::read(dir.join("golden.safetensors"))
}

/// Reads a vector of f32.
fn values(golden: &GoldenFile, name: &str) -> Vec<f32> {
    golden.numbers(name, &[Dtype::F32], f32::from_le_bytes).1
}

fn token_types(golden: &GoldenFile) -> Vec<u32> {
    let types = [Dtype::I32, Dtype::U32];
    golden.numbers("token_types", &types, u32::from_le_bytes).1
}

fn changed(name: &str, changes: &[(&str, &str, Value)]) -> TempDir {
    variant_of(&format!("cross_encoders/{name}"), changes)
}

fn queries() -> Vec<String> {
    let path = fixtures().join("cross_encoders/queries.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn documents() -> Vec<String> {
    let path = fixtures().join("tiny-texts.json");
    let list: Vec<Value> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let text = |text: &Value| text["text"].as_str().unwrap().to_owned();
    list.iter().map(text).collect()
}

/// Tokenizes all pairs in the order of the golden numbers: each query with all documents.
fn tokens(reranker: &Reranker) -> TokenBatch {
    let batches: Vec<_> = queries()
        .iter()
        .map(|query| reranker.tokenize(query, &documents()).unwrap())
        .collect();
    let types = batches.iter().flat_map(|batch| {
        let none = || vec![0; batch.ids().len()];
        batch.token_types().map_or_else(none, <[u32]>::to_vec)
    });
    let types = types.collect();
    TokenBatch::from_sequences(batches.iter().flat_map(TokenBatch::sequences))
        .with_token_types(types)
        .unwrap()
}

fn all_scores(reranker: &Reranker) -> Vec<f32> {
    queries()
        .iter()
        .flat_map(|query| reranker.scores(query, &documents()).unwrap())
        .collect()
}

#[track_caller]
fn assert_near(what: &str, found: &[f32], expected: &[f32]) {
    let column = |values: &[f32]| {
        ndarray::Array2::from_shape_vec((values.len(), 1), values.to_vec()).unwrap()
    };
    assert_close(
        what,
        TOLERANCE,
        column(found).view(),
        column(expected).view(),
    );
}

#[test]
fn tokens_pooled_logits_and_scores_agree() {
    for name in CROSS_ENCODERS {
        let (reranker, golden) = (tiny(name), golden(name));
        let tokens = tokens(&reranker);
        let expected = golden.tokens().with_token_types(token_types(&golden));
        assert_eq!(tokens, expected.unwrap(), "{name}");
        assert_eq!(tokens.token_types().is_some(), name == "bert", "{name}");
        let hidden = reranker.hidden_states(&tokens).unwrap();
        let pooled = reranker.pool(hidden.view(), &tokens).unwrap();
        let expected = golden.rows("pooled");
        assert_close(name, TOLERANCE, pooled.view(), expected.view());
        let logits = reranker.logits(pooled.view()).unwrap();
        assert_near(name, &logits, &values(&golden, "logits"));
        assert_near(name, &all_scores(&reranker), &values(&golden, "scores"));
    }
}

#[test]
fn the_checkpoint_sets_the_activation_and_the_default_is_a_sigmoid() {
    let sigmoid: fn(f32) -> f32 = |logit| 1.0 / (1.0 + (-logit).exp());
    let identity: fn(f32) -> f32 = |logit| logit;
    let config = "config.json";
    let whole = "config_sentence_transformers.json";
    let recent = |class: &str| json!({"activation_fn": format!("torch.nn.modules.{class}")});
    for (name, file, field, value, activation) in [
        (
            "bert",
            config,
            "sentence_transformers",
            Value::Null,
            sigmoid,
        ),
        (
            "bert",
            config,
            "sentence_transformers",
            recent("activation.Tanh"),
            f32::tanh,
        ),
        (
            "roberta",
            config,
            "sentence_transformers",
            recent("linear.Identity"),
            identity,
        ),
        (
            "mpnet",
            config,
            "sbert_ce_default_activation_function",
            Value::Null,
            sigmoid,
        ),
        (
            "mpnet",
            config,
            "sentence_transformers",
            recent("activation.Sigmoid"),
            sigmoid,
        ),
        ("distilbert", whole, "activation_fn", Value::Null, sigmoid),
        (
            "distilbert",
            whole,
            "activation_fn",
            json!("torch.nn.Identity"),
            identity,
        ),
    ] {
        let dir = changed(name, &[(file, field, value)]);
        let logits = values(&golden(name), "logits");
        let expected: Vec<_> = logits.into_iter().map(activation).collect();
        assert_near(name, &all_scores(&load(dir.path())), &expected);
    }
}

#[test]
fn a_score_depends_on_its_pair_alone() {
    let query = &queries()[0];
    for precision in [Precision::F32, Precision::Int8] {
        for name in CROSS_ENCODERS {
            let dir = fixtures().join("cross_encoders").join(name);
            let checkpoint = Checkpoint::open(dir).unwrap();
            let options = |threads, tokens| {
                let options = RerankerOptions::default().precision(precision);
                options.threads(threads).max_batch_tokens(tokens)
            };
            let one = Reranker::load(&checkpoint, options(1, 1)).unwrap();
            let alone: Vec<f32> = documents()
                .iter()
                .map(|document| one.scores(query, &[document]).unwrap()[0])
                .collect();
            for (threads, tokens) in [(1, 100), (2, 60), (3, 1000)] {
                let batched = Reranker::load(&checkpoint, options(threads, tokens)).unwrap();
                assert_eq!(
                    batched.scores(query, &documents()).unwrap(),
                    alone,
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn int8_stays_close_to_f32() {
    for name in CROSS_ENCODERS {
        let checkpoint = Checkpoint::open(fixtures().join("cross_encoders").join(name)).unwrap();
        let options = RerankerOptions::default().precision(Precision::Int8);
        let reranker = Reranker::load(&checkpoint, options).unwrap();
        let tokens = tokens(&reranker);
        let hidden = reranker.hidden_states(&tokens).unwrap();
        let pooled = reranker.pool(hidden.view(), &tokens).unwrap();
        let logits = reranker.logits(pooled.view()).unwrap();
        let expected = values(&golden(name), "logits");
        let spread = expected.iter().fold(f32::MIN, |a, &b| a.max(b))
            - expected.iter().fold(f32::MAX, |a, &b| a.min(b));
        for (found, expected) in logits.iter().zip(expected) {
            let difference = (found - expected).abs();
            assert!(difference < spread / 6.0, "{name}: {found} {expected}");
        }
    }
}

#[test]
fn truncated_tokens_are_counted() {
    let checkpoint = Checkpoint::open(fixtures().join("cross_encoders/bert")).unwrap();
    let options = RerankerOptions::default().max_tokens(8);
    let reranker = Reranker::load(&checkpoint, options).unwrap();
    let documents = ["a b c d e f g", "a b", ""];
    let mut seen = Vec::new();
    let scored = reranker.scores_with("a b c", &documents, &mut |progress| {
        seen.push((progress.done, progress.total));
        ControlFlow::Continue(())
    });
    let truncation = scored.unwrap().truncation;
    // 5 of the 3 + 7 tokens fit; 2 tokens of the query and 3 of the document are kept.
    assert_eq!(
        (truncation.texts, truncation.tokens, truncation.total_tokens),
        (1, 5, 18)
    );
    assert_eq!(seen.last(), Some(&(3, 3)));
    let cancelled = reranker.scores_with("a b c", &documents, &mut |_| ControlFlow::Break(()));
    assert!(cancelled.unwrap_err().is_cancelled());
    assert!(reranker.scores::<&str>("a b c", &[]).unwrap().is_empty());
}

/// Returns the error message of opening or loading a checkpoint, with its folder replaced by `ckpt`.
fn refusal(dir: &Path, options: RerankerOptions) -> String {
    let error = match Checkpoint::open(dir) {
        Ok(checkpoint) => Reranker::load(&checkpoint, options).unwrap_err(),
        Err(error) => error,
    };
    let dir = dir.display().to_string();
    error.to_string().replace(&dir, "ckpt")
}

#[test]
fn a_checkpoint_that_is_not_a_cross_encoder_with_one_label_is_refused() {
    const CLASSES: &str = "expected one of `BertForSequenceClassification`, \
        `RobertaForSequenceClassification`, `XLMRobertaForSequenceClassification`, \
        `CamembertForSequenceClassification`, `MPNetForSequenceClassification`, \
        `DistilBertForSequenceClassification`, `NewForSequenceClassification`, \
        `GteForSequenceClassification`, `DebertaV2ForSequenceClassification`";
    let config = "config.json";
    for (name, file, field, value, expected) in [
        (
            "bert",
            config,
            "architectures",
            json!(["BertModel"]),
            format!("`ckpt/config.json`: unsupported architecture `BertModel`, {CLASSES}"),
        ),
        (
            "bert",
            config,
            "architectures",
            Value::Null,
            format!("`ckpt/config.json`: unsupported architecture `(none)`, {CLASSES}"),
        ),
        (
            "bert",
            config,
            "id2label",
            json!({"0": "no", "1": "maybe", "2": "yes"}),
            "`ckpt/config.json`: unsupported num_labels `3`, expected `1`".to_owned(),
        ),
        (
            "roberta",
            config,
            "id2label",
            Value::Null,
            "`ckpt/config.json`: unsupported num_labels `2`, expected `1`".to_owned(),
        ),
        (
            "bert",
            config,
            "sentence_transformers",
            json!({"activation_fn": "torch.nn.modules.activation.Softmax"}),
            "`ckpt/config.json`: unsupported sentence_transformers.activation_fn \
             `torch.nn.modules.activation.Softmax`, expected one of these classes of `torch.nn`: \
             `Identity`, `Tanh`, `ReLU`, `Sigmoid`, `GELU`, `SiLU`, `Mish`, `ELU`, `CELU`, `SELU`, \
             `LeakyReLU`, `ReLU6`, `Softplus`, `Softsign`, `Softshrink`, `Tanhshrink`, `LogSigmoid`, \
             `Hardtanh`, `Hardsigmoid`, `Hardswish`, `Hardshrink`"
                .to_owned(),
        ),
        (
            "distilbert",
            "config_sentence_transformers.json",
            "default_prompt_name",
            json!("web"),
            "`ckpt/config_sentence_transformers.json`: unsupported default_prompt_name `web`, \
             expected none"
                .to_owned(),
        ),
    ] {
        let dir = changed(name, &[(file, field, value)]);
        assert_eq!(refusal(dir.path(), RerankerOptions::default()), expected);
    }
    let modern = variant_of(
        "architectures/modernbert",
        &[(
            config,
            "architectures",
            json!(["ModernBertForSequenceClassification"]),
        )],
    );
    assert_eq!(
        refusal(modern.path(), RerankerOptions::default()),
        format!(
            "`ckpt/config.json`: unsupported architecture `ModernBertForSequenceClassification`, \
             {CLASSES}"
        )
    );
    let one = changed(
        "roberta",
        &[
            (config, "id2label", Value::Null),
            (config, "num_labels", json!(1)),
        ],
    );
    assert_eq!(all_scores(&load(one.path())), all_scores(&tiny("roberta")));
}

#[test]
fn an_encoder_refuses_a_cross_encoder_and_a_reranker_other_modules() {
    let checkpoint = Checkpoint::open(fixtures().join("cross_encoders/distilbert")).unwrap();
    let error = Encoder::load(&checkpoint, EncoderOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().ends_with(
        "unsupported model_type `CrossEncoder`, expected `SentenceTransformer` for embeddings"
    ));
    let dir = changed("distilbert", &[]);
    let list = json!([
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.Transformer"},
        {"idx": 1, "name": "1", "path": "1_LogitScore", "type": "sentence_transformers.LogitScore"},
    ]);
    fs::write(dir.path().join("modules.json"), list.to_string()).unwrap();
    assert_eq!(
        refusal(dir.path(), RerankerOptions::default()),
        "`ckpt/modules.json`: unsupported modules `Transformer, LogitScore`, expected \
         `Transformer` alone"
    );
    let other = changed(
        "distilbert",
        &[(
            "config_sentence_transformers.json",
            "model_type",
            json!("SparseEncoder"),
        )],
    );
    assert_eq!(
        refusal(other.path(), RerankerOptions::default()),
        "`ckpt/config_sentence_transformers.json`: unsupported model_type `SparseEncoder`, \
         expected one of `SentenceTransformer`, `CrossEncoder`"
    );
}

#[test]
fn weights_and_options_that_do_not_fit_are_refused() {
    let defaults = RerankerOptions::default;
    let dir = changed("bert", &[("config.json", "hidden_size", json!(64))]);
    let message = refusal(dir.path(), defaults());
    assert!(
        message.starts_with("`ckpt/model.safetensors`: tensor `bert."),
        "{message}"
    );
    // The transformer is complete, but a tensor of the head is missing.
    let dir = changed(
        "roberta",
        &[(
            "config.json",
            "architectures",
            json!(["RobertaForSequenceClassification"]),
        )],
    );
    let path = dir.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let without = tensors
        .iter()
        .filter(|(name, _)| *name != "classifier.out_proj.weight");
    let without = safetensors::serialize(without.collect::<Vec<_>>(), None).unwrap();
    drop(tensors);
    fs::write(&path, without).unwrap();
    assert_eq!(
        refusal(dir.path(), defaults()),
        "`ckpt/model.safetensors`: tensor `classifier.out_proj.weight`: found nothing, expected \
         shape [1, 32]"
    );
    let dir = changed("bert", &[]);
    for (options, expected) in [
        (
            defaults().max_tokens(65),
            "`max_tokens` is 65, expected at most 64",
        ),
        (
            defaults().max_tokens(3),
            "`max_tokens` is 3, expected more than the 3 special tokens of a pair",
        ),
        (defaults().threads(0), "`threads` is 0, expected at least 1"),
        (
            defaults().precision(Precision::F16),
            "`precision` is `f16`, expected one of `f32`, `int8` on `cpu`",
        ),
    ] {
        assert_eq!(refusal(dir.path(), options), expected);
    }
}

#[test]
fn tokenizer_settings_decide_about_token_types() {
    let settings = "tokenizer_config.json";
    for (field, value, expected) in [
        (
            "model_input_names",
            json!(["input_ids", "attention_mask"]),
            false,
        ),
        (
            "model_input_names",
            json!(["input_ids", "token_type_ids"]),
            true,
        ),
        ("tokenizer_class", json!("PreTrainedTokenizerFast"), false),
        ("tokenizer_class", json!("BertTokenizerFast"), true),
        ("tokenizer_class", Value::Null, true),
    ] {
        let dir = changed("bert", &[(settings, field, value)]);
        let batch = load(dir.path()).tokenize("a", &["b"]).unwrap();
        assert_eq!(batch.token_types().is_some(), expected, "{field}");
    }
}
