//! Fingerprints must never change, because libraries store them.

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Precision};
use cognate_testing::copy_dir;
use serde_json::json;

use crate::checkpoints::{fixtures, load, modules, variant, variant_of};

#[test]
fn fingerprints_of_all_architectures_are_unchanged() {
    for (name, expected) in [
        ("tiny-bert", "d101df8154939e4de2bd37a93f46dfcb"),
        ("architectures/roberta", "04a168a20c1d4a1f78576cb1d425a02d"),
        (
            "architectures/xlm-roberta",
            "32012114d200f65910f430477735074b",
        ),
        ("architectures/mpnet", "1fa737c3a41bf1f2dcc918d49b395f25"),
        (
            "architectures/distilbert",
            "d0ef25f9e3d82cc58e487a52c85af31b",
        ),
        (
            "architectures/modernbert",
            "11b2e599e82ff2d7814800b53aa58c11",
        ),
        (
            "architectures/nomic-bert",
            "fd4484de690e984efed690826ddd0b24",
        ),
        ("architectures/qwen3", "d18b4c903fb217d28e3395586c56713a"),
    ] {
        // A copy, because the fingerprint must not depend on the folder.
        let dir = variant_of(name, &[]);
        assert_eq!(load(dir.path()).fingerprint(), expected, "{name}");
    }
}

#[test]
fn fingerprints_of_other_settings_are_unchanged() {
    let dense = variant(&[]);
    copy_dir(&fixtures().join("dense"), &dense.path().join("2_Dense"));
    let list = [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        ("2_Dense", "Dense"),
        ("3", "Normalize"),
    ];
    std::fs::write(dense.path().join("modules.json"), modules(&list)).unwrap();
    let pooling = json!([
        "cls",
        "weightedmean",
        "lasttoken",
        "max",
        "mean_sqrt_len_tokens"
    ]);
    for (dir, expected) in [
        (dense, "00578394606b5d7e0478be6195a2ee8c"),
        (
            variant(&[("1_Pooling/config.json", "pooling_mode", pooling)]),
            "13874d00e0a43ae605b5e2d9cbe85c1a",
        ),
        (
            variant(&[
                ("config.json", "hidden_act", json!("gelu_new")),
                ("sentence_bert_config.json", "do_lower_case", json!(true)),
                ("tokenizer_config.json", "strip_accents", json!(false)),
            ]),
            "f697460f2db9949a78921b2c70ea7d92",
        ),
    ] {
        assert_eq!(load(dir.path()).fingerprint(), expected);
    }
}

#[test]
fn the_fingerprint_depends_on_options_that_change_values() {
    let checkpoint = Checkpoint::open(fixtures().join("tiny-bert")).unwrap();
    let fingerprint = |options| {
        let encoder = Encoder::load(&checkpoint, options).unwrap();
        encoder.fingerprint().to_owned()
    };
    let options = EncoderOptions::default;
    let default = fingerprint(options());
    assert_ne!(fingerprint(options().max_tokens(20)), default);
    assert_ne!(fingerprint(options().truncate_dim(8)), default);
    assert_eq!(
        fingerprint(options().threads(1).max_batch_tokens(9)),
        default
    );
    // Embeddings in int8 are comparable with those in f32.
    let int8 = options().precision(Precision::Int8);
    assert_eq!(fingerprint(int8), default);
}
