//! Error messages for checkpoints and options that are not supported.

use std::error::Error as _;
use std::fs;
use std::path::Path;

use cognate_model::{Checkpoint, Device, Encoder, EncoderOptions, Precision};
use cognate_testing::copy_dir;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::checkpoints::{fixtures, load, modules, variant, variant_of};

/// Returns the error message of opening or loading a checkpoint, with its folder replaced by `ckpt`.
fn refusal(dir: &Path, options: EncoderOptions) -> String {
    let error = match Checkpoint::open(dir) {
        Ok(checkpoint) => Encoder::load(&checkpoint, options).unwrap_err(),
        Err(error) => error,
    };
    error
        .to_string()
        .replace(&dir.display().to_string(), "ckpt")
}

#[track_caller]
fn assert_refused(changes: &[(&str, &str, Value)], expected: &str) {
    let dir = variant(changes);
    assert_eq!(refusal(dir.path(), EncoderOptions::default()), expected);
}

#[test]
fn a_missing_file_is_named() {
    for (file, expected) in [
        ("config.json", "the configuration of a transformer, in JSON"),
        (
            "tokenizer.json",
            "a tokenizer in the format of the tokenizers library, or the vocabulary `vocab.txt` of BERT",
        ),
        ("model.safetensors", "weights in the safetensors format"),
        (
            "1_Pooling/config.json",
            "the configuration of a pooling module, in JSON",
        ),
    ] {
        let dir = variant(&[]);
        fs::remove_file(dir.path().join(file)).unwrap();
        let expected = format!("`ckpt/{file}` is missing, expected {expected}");
        assert_eq!(refusal(dir.path(), EncoderOptions::default()), expected);
    }
}

#[test]
fn an_unsupported_setting_is_named_with_the_supported_values() {
    assert_refused(
        &[
            ("config.json", "model_type", json!("longt5")),
            (
                "config.json",
                "architectures",
                json!(["LongT5EncoderModel"]),
            ),
        ],
        "`ckpt/config.json`: unsupported architecture `LongT5EncoderModel`, expected one of \
         `BertModel`, `RobertaModel`, `XLMRobertaModel`, `CamembertModel`, `MPNetModel`, \
         `DistilBertModel`, `ModernBertModel`, `NomicBertModel`, `Qwen3Model`, `Qwen2Model`, \
         `MistralModel`, `LlamaModel`, `Gemma3TextModel`, `NewModel`, `GteModel`, \
         `JinaBertModel`, `T5Model`, `DebertaV2Model`",
    );
    assert_refused(
        &[(
            "config.json",
            "position_embedding_type",
            json!("relative_key"),
        )],
        "`ckpt/config.json`: unsupported position_embedding_type `relative_key`, expected \
         `absolute`",
    );
    assert_refused(
        &[("1_Pooling/config.json", "pooling_mode", json!("median"))],
        "`ckpt/1_Pooling/config.json`: unsupported pooling_mode `median`, expected one of `cls`, \
         `max`, `mean`, `mean_sqrt_len_tokens`, `weightedmean`, `lasttoken`",
    );
    let dir = variant(&[]);
    let list = modules(&[
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        ("2_LSTM", "LSTM"),
    ]);
    fs::write(dir.path().join("modules.json"), list).unwrap();
    assert_eq!(
        refusal(dir.path(), EncoderOptions::default()),
        "`ckpt/modules.json`: unsupported module 2 `sentence_transformers.models.LSTM`, expected \
         `Transformer` and `Pooling`, or `StaticEmbedding`, then any of `Dense`, `LayerNorm`, \
         `Dropout`, `Normalize`"
    );
}

#[test]
fn an_unsupported_setting_of_an_architecture_is_named_with_the_supported_values() {
    let refused = |name: &str, field: &str, value: &Value| {
        let checkpoint = format!("architectures/{name}");
        let dir = variant_of(&checkpoint, &[("config.json", field, value.clone())]);
        let message = refusal(dir.path(), EncoderOptions::default());
        let prefix = "`ckpt/config.json`: unsupported ";
        message.strip_prefix(prefix).unwrap_or(&message).to_owned()
    };
    for (name, field, value, expected) in [
        (
            "mpnet",
            "relative_attention_num_buckets",
            json!(64),
            "relative_attention_num_buckets `64`, expected `32`",
        ),
        (
            "modernbert",
            "norm_bias",
            json!(true),
            "norm_bias `true`, expected `false`",
        ),
        (
            "modernbert",
            "attention_bias",
            json!(true),
            "attention_bias `true`, expected `false`",
        ),
        (
            "modernbert",
            "mlp_bias",
            json!(true),
            "mlp_bias `true`, expected `false`",
        ),
        (
            "modernbert",
            "hidden_activation",
            json!("silu"),
            "hidden_activation `silu`, expected one of `gelu`, `gelu_new`, `gelu_pytorch_tanh`, \
             `gelu_fast`, `relu`",
        ),
        (
            "modernbert",
            "global_attn_every_n_layers",
            json!(0),
            "global_attn_every_n_layers `0`, expected at least 1",
        ),
        (
            "modernbert",
            "layer_types",
            json!(["full_attention", "chunked_attention"]),
            "layer_types `chunked_attention`, expected one of `full_attention`, \
             `sliding_attention`",
        ),
        (
            "modernbert",
            "layer_types",
            json!(["full_attention"]),
            "layer_types `a list of 1`, expected a list of num_hidden_layers, 2",
        ),
        (
            "modernbert",
            "rope_parameters",
            json!({"sliding_attention": {"rope_type": "yarn"}}),
            "rope_parameters.sliding_attention.rope_type `yarn`, expected `default`",
        ),
        (
            "nomic-bert",
            "rotary_scaling_factor",
            json!(2.0),
            "rotary_scaling_factor `2`, expected `null`",
        ),
        (
            "nomic-bert",
            "rotary_emb_scale_base",
            json!(512.0),
            "rotary_emb_scale_base `512`, expected `null`",
        ),
        (
            "nomic-bert",
            "rotary_emb_fraction",
            json!(0.5),
            "rotary_emb_fraction `0.5`, expected `1`",
        ),
        (
            "nomic-bert",
            "rotary_emb_base",
            json!(0),
            "rotary_emb_base `0`, expected a positive number",
        ),
        (
            "nomic-bert",
            "use_rms_norm",
            json!(true),
            "use_rms_norm `true`, expected `false`",
        ),
        (
            "nomic-bert",
            "prenorm",
            json!(true),
            "prenorm `true`, expected `false`",
        ),
        (
            "nomic-bert",
            "activation_function",
            json!("gelu"),
            "activation_function `gelu`, expected `swiglu`",
        ),
        (
            "nomic-bert",
            "qkv_proj_bias",
            json!(true),
            "qkv_proj_bias `true`, expected `false`",
        ),
        (
            "nomic-bert",
            "num_experts",
            json!(8),
            "num_experts `8`, expected `0`",
        ),
        (
            "nomic-bert",
            "n_head",
            json!(5),
            "num_attention_heads `5`, expected a divisor of hidden_size, 32",
        ),
        (
            "qwen3",
            "attention_bias",
            json!(true),
            "attention_bias `true`, expected `false`",
        ),
        (
            "qwen3",
            "hidden_act",
            json!("gelu"),
            "hidden_act `gelu`, expected `silu`",
        ),
        (
            "qwen3",
            "rope_scaling",
            json!({"type": "dynamic", "factor": 2.0}),
            "rope_scaling.rope_type `dynamic`, expected one of `default`, `linear`, `llama3`, `yarn`",
        ),
        (
            "qwen3",
            "num_key_value_heads",
            json!(3),
            "num_key_value_heads `3`, expected a divisor of num_attention_heads, 4",
        ),
        (
            "qwen3",
            "head_dim",
            json!(15),
            "size of a head `15`, expected an even number",
        ),
    ] {
        assert_eq!(refused(name, field, &value), expected);
    }
}

#[test]
fn a_tensor_that_contradicts_the_configuration_is_named() {
    for (name, field, value, expected) in [
        (
            "modernbert",
            "vocab_size",
            577,
            "`embeddings.tok_embeddings.weight`: found shape [576, 32], expected shape [577, 32]",
        ),
        (
            "nomic-bert",
            "n_layer",
            3,
            "`encoder.layers.2.attn.Wqkv.weight`: found nothing, expected shape [96, 32]",
        ),
        (
            "qwen3",
            "head_dim",
            8,
            "`layers.0.self_attn.q_proj.weight`: found shape [64, 32], expected shape [32, 32]",
        ),
    ] {
        let checkpoint = format!("architectures/{name}");
        let dir = variant_of(&checkpoint, &[("config.json", field, json!(value))]);
        let message = refusal(dir.path(), EncoderOptions::default());
        let expected = format!("`ckpt/model.safetensors`: tensor {expected}");
        assert_eq!(message, expected);
    }
}

#[test]
fn truncated_files_are_named_and_have_a_cause() {
    for (file, message) in [
        (
            "config.json",
            "`ckpt/config.json` cannot be understood, expected the configuration of a transformer, \
             in JSON",
        ),
        (
            "modules.json",
            "`ckpt/modules.json` cannot be understood, expected a list of modules",
        ),
    ] {
        let dir = variant(&[]);
        let path = dir.path().join(file);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        assert_eq!(refusal(dir.path(), EncoderOptions::default()), message);
        assert!(Checkpoint::open(dir.path()).unwrap_err().source().is_some());
    }
    let whole = fs::read(fixtures().join("tiny-bert/model.safetensors")).unwrap();
    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        let dir = variant(&[]);
        fs::write(dir.path().join("model.safetensors"), &whole[..length]).unwrap();
        let expected = format!(
            "`ckpt/model.safetensors`: the weights cannot be loaded; fetch the file again if it was \
             cut short, it has {length} bytes"
        );
        assert_eq!(refusal(dir.path(), EncoderOptions::default()), expected);
    }
}

/// Copies the tiny checkpoint with one tensor changed; `change` maps its type, shape and bytes to new
/// ones, or to `None` to remove it.
fn with_tensor(
    name: &str,
    change: impl Fn(Dtype, Vec<usize>, Vec<u8>) -> Option<Tensor>,
) -> TempDir {
    let dir = variant(&[]);
    let path = dir.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let changed: Vec<(String, Tensor)> = tensors
        .iter()
        .filter_map(|(found, view)| {
            let (shape, data) = (view.shape().to_vec(), view.data().to_vec());
            let tensor = if found == name {
                change(view.dtype(), shape, data)?
            } else {
                (view.dtype(), shape, data)
            };
            Some((found.to_owned(), tensor))
        })
        .collect();
    let views = changed.iter().map(|(name, (dtype, shape, data))| {
        (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    dir
}

type Tensor = (Dtype, Vec<usize>, Vec<u8>);

#[test]
fn a_missing_or_invalid_tensor_is_named() {
    const NAME: &str = "encoder.layer.1.output.dense.bias";
    for (dir, found, expected) in [
        (with_tensor(NAME, |_, _, _| None), "nothing", "shape [32]"),
        (
            with_tensor(NAME, |dtype, _, data| Some((dtype, vec![4, 8], data))),
            "shape [4, 8]",
            "shape [32]",
        ),
        (
            with_tensor(NAME, |_, shape, data| Some((Dtype::I32, shape, data))),
            "type `I32`",
            "one of `F32`, `F16`, `BF16`, `F64`",
        ),
        (
            with_tensor(NAME, |dtype, shape, mut data| {
                data[20..24].copy_from_slice(&f32::NAN.to_le_bytes());
                Some((dtype, shape, data))
            }),
            "NaN at value 5",
            "finite numbers",
        ),
        (
            with_tensor(NAME, |dtype, shape, mut data| {
                data[..4].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
                Some((dtype, shape, data))
            }),
            "-inf at value 0",
            "finite numbers",
        ),
    ] {
        for precision in [Precision::F32, Precision::Int8] {
            let options = EncoderOptions::default().precision(precision);
            assert_eq!(
                refusal(dir.path(), options),
                format!(
                    "`ckpt/model.safetensors`: tensor `{NAME}`: found {found}, expected {expected}"
                )
            );
        }
    }
}

#[test]
fn weights_in_16_bits_are_read() {
    // Numbers that are exact in 16 bits give the same embedding in every format.
    const NAME: &str = "encoder.layer.1.output.dense.bias";
    let values: Vec<f32> = (0..32u8).map(|i| (f32::from(i) - 16.0) / 64.0).collect();
    let bytes = |dtype| -> Vec<u8> {
        let bytes = |&value: &f32| match dtype {
            Dtype::F16 => half::f16::from_f32(value).to_le_bytes().to_vec(),
            Dtype::BF16 => half::bf16::from_f32(value).to_le_bytes().to_vec(),
            _ => value.to_le_bytes().to_vec(),
        };
        values.iter().flat_map(bytes).collect()
    };
    let [f32, f16, bf16] = [Dtype::F32, Dtype::F16, Dtype::BF16].map(|dtype| {
        let dir = with_tensor(NAME, |_, shape, _| Some((dtype, shape, bytes(dtype))));
        load(dir.path())
            .encode_documents(&["graph and proof"])
            .unwrap()
    });
    assert_eq!(f16, f32);
    assert_eq!(bf16, f32);
}

#[test]
fn weights_that_contradict_the_configuration_are_refused() {
    for (field, value, tensor) in [
        (
            "num_hidden_layers",
            3,
            "encoder.layer.2.attention.self.query.weight",
        ),
        ("vocab_size", 365, "embeddings.word_embeddings.weight"),
    ] {
        let dir = variant(&[("config.json", field, json!(value))]);
        let message = refusal(dir.path(), EncoderOptions::default());
        let start = format!("`ckpt/model.safetensors`: tensor `{tensor}`: found ");
        assert!(message.starts_with(&start), "{field}: {message}");
    }
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let dir = variant(&[]);
    let options = EncoderOptions::default;
    for (options, expected) in [
        (
            options().max_tokens(65),
            "`max_tokens` is 65, expected at most 64",
        ),
        (
            options().truncate_dim(0),
            "`truncate_dim` is 0, expected 1 to 32",
        ),
        (
            options().truncate_dim(33),
            "`truncate_dim` is 33, expected 1 to 32",
        ),
        (options().threads(0), "`threads` is 0, expected at least 1"),
        (
            options().max_batch_tokens(0),
            "`max_batch_tokens` is 0, expected at least 1",
        ),
        (
            options().precision(Precision::BF16),
            "`precision` is `bf16`, expected one of `f32`, `int8` on `cpu`",
        ),
        (
            options().device(Device::Cuda(0)).precision(Precision::Int8),
            "`precision` is `int8`, expected one of `f32`, `f16`, `bf16` on `cuda:0`",
        ),
    ] {
        assert_eq!(refusal(dir.path(), options), expected);
    }
}

#[test]
fn a_folder_without_a_list_of_modules_uses_mean_pooling() {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&fixtures().join("tiny-bert"), dir.path());
    fs::remove_file(dir.path().join("modules.json")).unwrap();
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default()).unwrap();
    let rows = encoder.encode_documents(&["graph and proof"]).unwrap();
    let length = rows.row(0).dot(&rows.row(0)).sqrt();
    assert!((length - 1.0).abs() > 1e-3, "not normalized: {length}");
}
