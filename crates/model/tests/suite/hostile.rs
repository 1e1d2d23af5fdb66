//! Checkpoints from somebody who means harm: each is an error, within seconds, and without a panic,
//! a wait, or more memory than its files have.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use cognate_model::{Checkpoint, Encoder, EncoderOptions};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

use crate::checkpoints::{fixtures, modules, variant, variant_of};

/// Returns the error of opening, loading or running a checkpoint, with its folder replaced by
/// `ckpt`.
#[track_caller]
fn refusal(dir: &Path) -> String {
    let start = Instant::now();
    let error = Checkpoint::open(dir)
        .and_then(|checkpoint| Encoder::load(&checkpoint, EncoderOptions::default()))
        .and_then(|encoder| encoder.encode_documents(&["a graph of quartz"]))
        .unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20));
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(&error) {
        message = format!("{message}: {source}");
    }
    message.replace(&dir.display().to_string(), "ckpt")
}

#[test]
fn sizes_beyond_the_weights_are_refused_before_anything_is_allocated() {
    let huge = [1u64 << 31, 1 << 40, 1 << 62, (1 << 63) - 4, u64::MAX - 3];
    for (name, fields) in [
        (
            "tiny-bert",
            &[
                "hidden_size",
                "intermediate_size",
                "num_hidden_layers",
                "vocab_size",
            ][..],
        ),
        (
            "architectures/mpnet",
            &["hidden_size", "intermediate_size", "vocab_size"],
        ),
        (
            "architectures/modernbert",
            &["intermediate_size", "num_hidden_layers", "vocab_size"],
        ),
        (
            "architectures/nomic-bert",
            &["n_inner", "n_layer", "vocab_size"],
        ),
        (
            "architectures/qwen3",
            &[
                "intermediate_size",
                "num_hidden_layers",
                "vocab_size",
                "head_dim",
            ],
        ),
    ] {
        for field in fields {
            for value in huge {
                let dir = variant_of(name, &[("config.json", field, json!(value))]);
                let message = refusal(dir.path());
                assert!(
                    message.starts_with("`ckpt/config.json`: unsupported "),
                    "{name} {field} {value}: {message}"
                );
            }
        }
    }
}

#[test]
fn a_size_beyond_the_weights_is_named_with_what_the_weights_have() {
    let dir = variant(&[("config.json", "intermediate_size", json!(1u64 << 40))]);
    let message = refusal(dir.path());
    let start = "`ckpt/config.json`: unsupported num_hidden_layers × hidden_size × \
                 intermediate_size `2 × 32 × 1099511627776`, expected at most ";
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn sizes_that_no_tensor_bounds_have_limits() {
    for (name, field, value, expected) in [
        (
            "tiny-bert",
            "type_vocab_size",
            17u64,
            "`17`, expected at most 16",
        ),
        (
            "architectures/modernbert",
            "max_position_embeddings",
            1 << 40,
            "`1099511627776`, expected at most ",
        ),
        (
            "architectures/qwen3",
            "max_position_embeddings",
            u64::MAX,
            "`18446744073709551615`, expected at most ",
        ),
        (
            "architectures/nomic-bert",
            "pad_vocab_size_multiple",
            u64::MAX - 1,
            "expected at most",
        ),
    ] {
        let dir = variant_of(name, &[("config.json", field, json!(value))]);
        let message = refusal(dir.path());
        assert!(message.contains(expected), "{name}: {message}");
    }
}

#[cfg(unix)]
#[test]
fn devices_and_folders_in_place_of_files_are_refused() {
    for file in [
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "modules.json",
    ] {
        let dir = variant(&[]);
        fs::remove_file(dir.path().join(file)).unwrap();
        std::os::unix::fs::symlink("/dev/zero", dir.path().join(file)).unwrap();
        let expected = format!("`ckpt/{file}` is a device, expected a regular file");
        assert_eq!(refusal(dir.path()), expected);

        fs::remove_file(dir.path().join(file)).unwrap();
        fs::create_dir(dir.path().join(file)).unwrap();
        let expected = format!("`ckpt/{file}` is a folder, expected a regular file");
        assert_eq!(refusal(dir.path()), expected);
    }
}

/// Opening a named pipe would wait for a writer.
#[cfg(unix)]
#[test]
fn named_pipes_in_place_of_files_are_refused_at_once() {
    for file in [
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.safetensors",
    ] {
        let dir = variant(&[]);
        let path = dir.path().join(file);
        fs::remove_file(&path).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap();
        assert!(made.success());
        let expected = format!("`ckpt/{file}` is a named pipe, expected a regular file");
        assert_eq!(refusal(dir.path()), expected);
    }
}

#[test]
fn files_of_absurd_length_are_refused_unread() {
    for (file, limit) in [
        ("config.json", 4 << 20),
        ("config_sentence_transformers.json", 4 << 20),
        ("modules.json", 4 << 20),
        ("tokenizer.json", 128 << 20),
    ] {
        let dir = variant(&[]);
        // A hole, which takes no room on the disk.
        let hole = fs::File::create(dir.path().join(file)).unwrap();
        hole.set_len(1 << 40).unwrap();
        let expected = format!("`ckpt/{file}` has 1099511627776 bytes, expected at most {limit}");
        assert_eq!(refusal(dir.path()), expected);
    }
}

#[test]
fn a_prompt_longer_than_any_text_is_refused() {
    let file = "config_sentence_transformers.json";
    let prompts = json!({"document": "a ".repeat(100_000)});
    let dir = variant(&[(file, "prompts", prompts)]);
    assert_eq!(
        refusal(dir.path()),
        "`ckpt/config_sentence_transformers.json`: unsupported length of the prompt `document` in \
         bytes `200000`, expected at most 32768"
    );
    let prompts = json!({"document": "a ".repeat(10_000_000)});
    let dir = variant(&[(file, "prompts", prompts)]);
    assert!(refusal(dir.path()).contains("expected at most 4194304"));
}

#[test]
fn a_long_list_of_modules_and_modules_outside_the_checkpoint_are_refused() {
    let dir = variant(&[]);
    let mut list = vec![("", "Transformer"), ("1_Pooling", "Pooling")];
    list.extend(std::iter::repeat_n(("2_Normalize", "Normalize"), 1000));
    fs::write(dir.path().join("modules.json"), modules(&list)).unwrap();
    assert_eq!(
        refusal(dir.path()),
        "`ckpt/modules.json`: unsupported number of modules `1002`, expected at most 64"
    );
    let elsewhere = fixtures().join("tiny-bert").display().to_string();
    for path in ["../../etc", &elsewhere, "1_Pooling/../.."] {
        let dir = variant(&[]);
        let list = modules(&[(path, "Transformer"), ("1_Pooling", "Pooling")]);
        fs::write(dir.path().join("modules.json"), list).unwrap();
        assert_eq!(
            refusal(dir.path()),
            format!(
                "`ckpt/modules.json`: unsupported path of a module `{path}`, expected a folder in \
                 the folder of the checkpoint"
            )
        );
    }
}

/// A tensor without values takes no room, whatever its other dimensions are.
#[test]
fn a_dense_module_of_absurd_size_is_refused() {
    for (inputs, outputs, expected) in [
        (
            0,
            1u64 << 40,
            "unsupported in_features `0`, expected at least 1",
        ),
        (32, 0, "unsupported out_features `0`, expected at least 1"),
        (
            32,
            1 << 40,
            "tensor `linear.weight`: found shape [1099511627776, 0], expected shape [1099511627776, 32]",
        ),
    ] {
        let dir = variant(&[]);
        let list = modules(&[
            ("", "Transformer"),
            ("1_Pooling", "Pooling"),
            ("2_Dense", "Dense"),
        ]);
        fs::write(dir.path().join("modules.json"), list).unwrap();
        let folder = dir.path().join("2_Dense");
        fs::create_dir(&folder).unwrap();
        let config = json!({
            "in_features": inputs,
            "out_features": outputs,
            "bias": false,
            "activation_function": "torch.nn.modules.linear.Identity",
        });
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
        let shape = vec![usize::try_from(outputs).unwrap(), 0];
        let empty = TensorView::new(Dtype::F32, shape, &[]).unwrap();
        let tensors = [("linear.weight", empty)];
        let bytes = safetensors::serialize(tensors, None).unwrap();
        fs::write(folder.join("model.safetensors"), bytes).unwrap();
        let message = refusal(dir.path());
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_header_of_absurd_length_is_refused() {
    let dir = variant(&[]);
    let path = dir.path().join("model.safetensors");
    let mut bytes = (17u64 << 20).to_le_bytes().to_vec();
    bytes.resize((17 << 20) + 8, b' ');
    fs::write(&path, bytes).unwrap();
    assert!(
        refusal(dir.path()).ends_with("the header has 17825792 bytes, expected at most 16777216")
    );
}

/// The shape that a header claims must fit its bytes, and `config.json` the shape.
#[test]
fn a_header_that_claims_more_than_the_file_has_is_refused() {
    let file = fs::read(fixtures().join("tiny-bert/model.safetensors")).unwrap();
    let (length, _) = SafeTensors::read_metadata(&file).unwrap();
    let header: Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    for rows in [1u64 << 40, 1 << 62] {
        let mut header = header.clone();
        header["embeddings.word_embeddings.weight"]["shape"][0] = json!(rows);
        let header = header.to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&file[8 + length..]);
        let dir = variant(&[("config.json", "vocab_size", json!(rows))]);
        fs::write(dir.path().join("model.safetensors"), bytes).unwrap();
        let message = refusal(dir.path());
        assert!(
            message.contains("the weights cannot be loaded"),
            "{message}"
        );
    }
}

fn with_tokenizer(field: &str, value: Value) -> tempfile::TempDir {
    variant(&[
        ("tokenizer.json", field, value),
        // The class that uses the file as it is.
        (
            "tokenizer_config.json",
            "tokenizer_class",
            json!("PreTrainedTokenizerFast"),
        ),
    ])
}

#[test]
fn a_tokenizer_that_multiplies_texts_is_refused() {
    let grow = json!({
        "type": "Replace",
        "pattern": {"String": "a"},
        "content": "a".repeat(1000),
    });
    let four = json!({"type": "Sequence", "normalizers": [grow, grow, grow, grow]});
    let message = refusal(with_tokenizer("normalizer", four).path());
    assert!(
        message.contains("the normalizer of the tokenizer makes"),
        "{message}"
    );
}

#[test]
fn a_tokenizer_whose_regular_expression_runs_away_is_refused() {
    let split = json!({
        "type": "Split",
        "pattern": {"Regex": r"(?:(?=([a-z ]+))\1?[a-z ]*)+7|(?:([a-z ]*)\2*)+8"},
        "behavior": "Isolated",
        "invert": false,
    });
    let dir = with_tokenizer("pre_tokenizer", split);
    let message = refusal(dir.path());
    assert!(
        message.contains("a regular expression of the tokenizer"),
        "{message}"
    );
}
