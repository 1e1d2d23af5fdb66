//! Settings of sentence-transformers and of `config.json` that change an embedding: followed as the
//! reference follows them, or refused.

use std::fs;
use std::path::Path;

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Role};
use ndarray::Array2;
use safetensors::SafeTensors;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::checkpoints::{load, variant, variant_of};

const LONG: &str =
    "the theory of light is not the theory of matter so that a new model of the first law";
const SENTENCE: &str = "sentence_bert_config.json";
const PROMPTS: &str = "config_sentence_transformers.json";

/// Returns the tiny checkpoint with these settings of its transformer module.
fn with_settings(settings: &Value) -> TempDir {
    let dir = variant(&[]);
    fs::write(dir.path().join(SENTENCE), settings.to_string()).unwrap();
    dir
}

/// Returns the number of tokens that are read of a long text with each role.
fn tokens(encoder: &Encoder) -> [usize; 2] {
    let text = [LONG, LONG, LONG, LONG, LONG, LONG].join(" ");
    [Role::Query, Role::Document].map(|role| {
        let tokens = encoder.tokenize(role, &[&text]).unwrap().ids().len();
        assert_eq!(encoder.max_tokens_of(role), tokens);
        tokens
    })
}

/// Returns the message of opening and loading a checkpoint, with its folder replaced by `ckpt`.
fn refusal(dir: &Path) -> String {
    let loaded = Checkpoint::open(dir)
        .and_then(|checkpoint| Encoder::load(&checkpoint, EncoderOptions::default()));
    let message = loaded.unwrap_err().to_string();
    message.replace(&dir.display().to_string(), "ckpt")
}

fn embed(dir: &Path) -> Array2<f32> {
    load(dir)
        .encode_documents(&[LONG, "graph and proof"])
        .unwrap()
}

#[test]
fn lengths_are_read_in_the_order_of_the_reference() {
    for (settings, expected) in [
        (json!({"max_seq_length": 48}), [48, 48]),
        (
            json!({"max_seq_length": 48, "document_length": 8, "query_length": 6}),
            [6, 8],
        ),
        (json!({"document_length": 8}), [64, 8]),
        (json!({"max_seq_length": 8, "query_length": 40}), [40, 8]),
        (
            json!({"max_seq_length": 48, "processor_kwargs": {"model_max_length": 10}}),
            [10, 10],
        ),
        (
            json!({"tokenizer_args": {"model_max_length": 9},
                   "processor_kwargs": {"model_max_length": 5}}),
            [9, 9],
        ),
        (
            json!({"document_length": 8,
                   "processing_kwargs": {"text": {"max_length": 10}, "unknown": 3}}),
            [10, 10],
        ),
        (
            json!({"processing_kwargs": {"text": {"max_length": 10}, "common": {"max_length": 12}}}),
            [12, 12],
        ),
        (
            json!({"max_seq_length": 20, "document_length": 8,
                   "processing_kwargs": {"text": {"max_length": null}}}),
            [20, 20],
        ),
    ] {
        let dir = with_settings(&settings);
        assert_eq!(tokens(&load(dir.path())), expected, "{settings}");
    }
}

#[test]
fn the_lengths_of_roles_are_in_the_fingerprint_if_they_differ() {
    let fingerprint = |settings: Value| {
        let dir = with_settings(&settings);
        load(dir.path()).fingerprint().to_owned()
    };
    let plain = fingerprint(json!({"max_seq_length": 48}));
    let same = json!({"max_seq_length": 48, "document_length": 48, "query_length": null});
    assert_eq!(fingerprint(same), plain);
    let query = fingerprint(json!({"max_seq_length": 48, "query_length": 8}));
    let document = fingerprint(json!({"max_seq_length": 48, "document_length": 8}));
    assert_ne!(query, plain);
    assert_ne!(document, plain);
    assert_ne!(document, query);
}

#[test]
fn a_length_beyond_the_positions_is_lowered_with_a_note() {
    let dir = with_settings(&json!({"max_seq_length": 80, "document_length": 70}));
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    let notes: Vec<_> = checkpoint
        .notes()
        .iter()
        .map(|note| note.replace(&dir.path().display().to_string(), "ckpt"))
        .collect();
    assert_eq!(
        notes,
        [
            "`ckpt/sentence_bert_config.json`: `max_seq_length` is 80, and the model has positions \
             for 64 tokens: longer texts are truncated to 64",
            "`ckpt/sentence_bert_config.json`: `document_length` is 70, and the model has positions \
             for 64 tokens: longer texts are truncated to 64",
        ]
    );
    let encoder = load(dir.path());
    assert_eq!(encoder.notes(), checkpoint.notes());
    assert_eq!(tokens(&encoder), [64, 64]);
}

#[test]
fn rotary_positions_have_no_end() {
    for name in ["modernbert", "nomic-bert", "qwen3"] {
        let dir = variant_of(&format!("architectures/{name}"), &[]);
        let short = load(dir.path());
        let settings = json!({"max_seq_length": 80});
        fs::write(dir.path().join(SENTENCE), settings.to_string()).unwrap();
        let long = load(dir.path());
        assert!(long.notes().is_empty(), "{name}: {:?}", long.notes());
        assert_eq!(tokens(&long), [80, 80], "{name}");
        let texts = [LONG];
        let embed = |encoder: &Encoder| encoder.encode_documents(&texts).unwrap();
        assert_eq!(
            embed(&long),
            embed(&short),
            "{name}: a text that both read whole"
        );
    }
}

#[test]
fn the_number_format_of_the_reference_is_noted() {
    for (field, dtype, notes) in [
        ("torch_dtype", "bfloat16", 1),
        ("dtype", "float16", 1),
        ("dtype", "float32", 0),
    ] {
        let dir = variant(&[("config.json", field, json!(dtype))]);
        assert_eq!(Checkpoint::open(dir.path()).unwrap().notes().len(), notes);
    }
    let dir = with_settings(&json!({"model_args": {"torch_dtype": "float16"}}));
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    assert!(checkpoint.notes()[0].contains("`model_args.torch_dtype` is float16"));
}

#[test]
fn settings_that_are_not_followed_are_refused() {
    for (settings, expected) in [
        (
            json!({"max_seq_length": 2}),
            "max_seq_length `2`, expected more than the 2 special tokens of a text",
        ),
        (
            json!({"document_length": 0}),
            "document_length `0`, expected more than the 2 special tokens of a text",
        ),
        (
            json!({"max_seq_length": -1}),
            "max_seq_length `-1`, expected a number of tokens",
        ),
        (
            json!({"config_kwargs": {"hidden_act": "relu"}}),
            "config_kwargs.hidden_act `relu`, expected no argument that changes the model",
        ),
        (
            json!({"model_args": {"variant": "fp16"}}),
            "model_args.variant `fp16`, expected no argument that changes the model",
        ),
        (
            json!({"processor_kwargs": {"do_lower_case": false}}),
            "processor_kwargs.do_lower_case `false`, expected `model_max_length` alone",
        ),
        (
            json!({"processing_kwargs": {"text": {"truncation": false}}}),
            "processing_kwargs.text.truncation `false`, expected one of `true`, `longest_first`",
        ),
        (
            json!({"processing_kwargs": {"common": {"add_special_tokens": false}}}),
            "processing_kwargs.common.add_special_tokens `false`, expected `true`",
        ),
        (
            json!({"transformer_task": "fill-mask"}),
            "transformer_task `fill-mask`, expected `feature-extraction`",
        ),
        (
            json!({"query_expansion": {"strategy": "fixed"}}),
            "query_expansion `{\"strategy\":\"fixed\"}`, expected `null`",
        ),
        (
            json!({"module_output_name": "sentence_embedding",
                   "modality_config": {"text": {"method": "forward",
                                                "method_output_name": "pooler_output"}}}),
            "modality_config.text.method_output_name `pooler_output`, expected `last_hidden_state`",
        ),
        (
            json!({"module_output_name": "token_embeddings",
                   "modality_config": {"message": {}}}),
            "modality_config.message `{}`, expected none, because texts are not put into a chat \
             template",
        ),
        (
            json!({"add_eos": true}),
            "add_eos `true`, expected a setting of sentence-transformers",
        ),
    ] {
        let dir = with_settings(&settings);
        let expected = format!("`ckpt/{SENTENCE}`: unsupported {expected}");
        assert_eq!(refusal(dir.path()), expected);
    }
}

#[test]
fn settings_that_change_no_embedding_are_accepted() {
    let plain = with_settings(&json!({"max_seq_length": 48}));
    let settings = json!({
        "max_seq_length": 48,
        "transformer_task": "feature-extraction",
        "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
        "module_output_name": "token_embeddings",
        "unpad_inputs": false,
        "query_expansion": null,
        "model_args": {"attn_implementation": "eager", "trust_remote_code": true},
        "processor_kwargs": {"use_fast": true},
        "config_kwargs": {},
        "processing_kwargs": {"text": {"padding": true, "truncation": true}, "chat_template": {}},
    });
    let settings = with_settings(&settings);
    assert_eq!(embed(settings.path()), embed(plain.path()));
    assert_eq!(
        load(settings.path()).fingerprint(),
        load(plain.path()).fingerprint()
    );
}

#[test]
fn the_first_file_with_any_setting_counts() {
    let dir = with_settings(&json!({}));
    let path = dir.path().join("sentence_roberta_config.json");
    fs::write(path, json!({"max_seq_length": 7}).to_string()).unwrap();
    assert_eq!(tokens(&load(dir.path())), [7, 7]);
}

#[test]
fn a_prompt_of_null_is_empty() {
    let empty = variant(&[(
        PROMPTS,
        "prompts",
        json!({"query": "query: ", "document": ""}),
    )]);
    let null = variant(&[(
        PROMPTS,
        "prompts",
        json!({"query": "query: ", "document": null}),
    )]);
    assert_eq!(embed(null.path()), embed(empty.path()));
    assert_eq!(
        load(null.path()).fingerprint(),
        load(empty.path()).fingerprint()
    );
}

#[test]
fn a_default_prompt_must_exist() {
    for name in ["query", "passage"] {
        let dir = variant(&[
            (PROMPTS, "default_prompt_name", json!(name)),
            (PROMPTS, "prompts", json!({"passage": "passage: "})),
        ]);
        Checkpoint::open(dir.path()).unwrap();
    }
    let dir = variant(&[(PROMPTS, "default_prompt_name", json!("other"))]);
    assert_eq!(
        refusal(dir.path()),
        "`ckpt/config_sentence_transformers.json`: unsupported default_prompt_name `other`, expected \
         the name of one of the `prompts`"
    );
}

/// Returns the tiny checkpoint with a prompt for documents that the pooling leaves out.
fn without_prompt(prompt: &str, settings: &Value) -> TempDir {
    let dir = variant(&[
        (PROMPTS, "prompts", json!({"document": prompt})),
        ("1_Pooling/config.json", "include_prompt", json!(false)),
    ]);
    fs::write(dir.path().join(SENTENCE), settings.to_string()).unwrap();
    dir
}

#[test]
fn a_prompt_longer_than_the_model_leaves_the_last_token() {
    let dir = without_prompt(&format!("{LONG} "), &json!({"max_seq_length": 12}));
    let encoder = load(dir.path());
    let batch = encoder.tokenize(Role::Document, &["graph"]).unwrap();
    let hidden = encoder.hidden_states(&batch).unwrap();
    let rows = encoder.encode_documents(&["graph"]).unwrap();
    let last = hidden.row(11);
    let length = last.dot(&last).sqrt();
    for (value, expected) in rows.row(0).iter().zip(last) {
        assert!((value - expected / length).abs() < 1e-6);
    }
}

#[test]
fn a_prompt_that_leaves_nothing_is_refused() {
    let settings = json!({"max_seq_length": 40, "document_length": 8});
    let dir = without_prompt(&format!("{LONG} "), &settings);
    let message = refusal(dir.path());
    let start =
        "`ckpt/config_sentence_transformers.json`: unsupported prompts.document `a prompt of ";
    assert!(message.starts_with(start), "{message}");
    let end = "expected fewer than the 8 that are read of a document, because the pooling leaves out \
               the prompt (`include_prompt` is false)";
    assert!(message.ends_with(end), "{message}");
}

#[test]
fn a_text_that_swallows_its_prompt_is_an_error() {
    // The prompt alone is a word of three tokens; with the text, it is a word too long to be known.
    let dir = without_prompt("abc", &json!({"max_seq_length": 40}));
    let long_word = "a".repeat(200);
    let error = load(dir.path())
        .encode_documents(&[" graph", &long_word])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "text 1 has 3 tokens, expected more than the 4 of the prompt, which the pooling leaves out \
         (`include_prompt` is false)"
    );
}

#[test]
fn code_of_a_checkpoint_is_refused() {
    let qwen3 = "architectures/qwen3";
    let own = json!({"AutoModel": "both_ways.BothWays"});
    let nomic = json!({
        "AutoConfig": "nomic-ai/nomic-bert-2048--configuration_hf_nomic_bert.NomicBertConfig",
        "AutoModel": "modeling_hf_nomic_bert.NomicBertModel",
    });
    let copy = json!({"AutoModel": "someone/else--modeling_hf_nomic_bert.NomicBertModel"});
    let none = "expected no code of its own, which is not run";
    for (dir, expected) in [
        (
            variant_of(
                qwen3,
                &[
                    ("config.json", "auto_map", own.clone()),
                    ("config.json", "architectures", json!(["BothWays"])),
                ],
            ),
            format!("config.json`: unsupported auto_map.AutoModel `both_ways.BothWays`, {none}"),
        ),
        (
            variant_of(qwen3, &[("config.json", "auto_map", own)]),
            format!("config.json`: unsupported auto_map.AutoModel `both_ways.BothWays`, {none}"),
        ),
        (
            variant(&[(
                "tokenizer_config.json",
                "auto_map",
                json!({"AutoTokenizer": ["own.Tokenizer", null]}),
            )]),
            format!(
                "tokenizer_config.json`: unsupported auto_map.AutoTokenizer `own.Tokenizer`, {none}"
            ),
        ),
        (
            variant_of(
                "architectures/nomic-bert",
                &[("config.json", "auto_map", copy)],
            ),
            format!(
                "config.json`: unsupported auto_map.AutoModel \
                 `someone/else--modeling_hf_nomic_bert.NomicBertModel`, {none}, or the code of \
                 `nomic-ai/nomic-bert-2048`, `configuration_hf_nomic_bert`, `modeling_hf_nomic_bert`"
            ),
        ),
    ] {
        assert_eq!(refusal(dir.path()), format!("`ckpt/{expected}"));
    }
    let known = variant_of(
        "architectures/nomic-bert",
        &[("config.json", "auto_map", nomic)],
    );
    let plain = variant_of("architectures/nomic-bert", &[]);
    assert_eq!(embed(known.path()), embed(plain.path()));
}

#[test]
fn settings_that_no_architecture_follows_are_refused() {
    for (field, value, expected) in [
        (
            "architectures",
            json!(["BertModel", "OtherModel"]),
            "architectures `OtherModel`, expected a class of the model_type `bert`: `BertModel` or \
             `BertFor…`, `JinaBertModel` or `JinaBertFor…`",
        ),
        (
            "add_cross_attention",
            json!(true),
            "add_cross_attention `true`, expected `false`",
        ),
        (
            "is_decoder",
            json!(true),
            "is_decoder `true`, expected `false`",
        ),
        (
            "pruned_heads",
            json!({"0": [1]}),
            "pruned_heads `{\"0\":[1]}`, expected no pruned heads",
        ),
        (
            "quantization_config",
            json!({"quant_method": "bitsandbytes"}),
            "quantization_config `bitsandbytes`, expected `null`",
        ),
        (
            "transformers_weights",
            json!("other.safetensors"),
            "transformers_weights `other.safetensors`, expected `model.safetensors`",
        ),
    ] {
        let dir = variant(&[("config.json", field, value)]);
        let expected = format!("`ckpt/config.json`: unsupported {expected}");
        assert_eq!(refusal(dir.path()), expected);
    }
    let both_ways = variant_of(
        "architectures/qwen3",
        &[("config.json", "use_bidirectional_attention", json!(true))],
    );
    assert_eq!(
        refusal(both_ways.path()),
        "`ckpt/config.json`: unsupported use_bidirectional_attention `true`, expected `false`"
    );
}

#[test]
fn a_class_with_a_head_is_the_same_transformer() {
    let plain = variant(&[]);
    for classes in [
        json!(["BertForMaskedLM"]),
        json!(["BertLMHeadModel"]),
        json!([]),
    ] {
        let dir = variant(&[("config.json", "architectures", classes)]);
        assert_eq!(embed(dir.path()), embed(plain.path()));
    }
}

#[test]
fn missing_fields_have_the_defaults_of_transformers() {
    for (name, field, value) in [
        ("tiny-bert", "hidden_act", "gelu"),
        ("architectures/distilbert", "activation", "gelu"),
        ("architectures/mpnet", "hidden_act", "gelu"),
        ("architectures/qwen3", "hidden_act", "silu"),
    ] {
        let stated = variant_of(name, &[("config.json", field, json!(value))]);
        let missing = variant_of(name, &[("config.json", field, Value::Null)]);
        assert_eq!(embed(missing.path()), embed(stated.path()), "{name}");
    }
}

#[test]
fn distilbert_reads_its_own_names() {
    let plain = variant_of("architectures/distilbert", &[]);
    let bert_names = variant_of(
        "architectures/distilbert",
        &[
            // Ignored by transformers for this architecture.
            ("config.json", "hidden_act", json!("relu")),
            ("config.json", "intermediate_size", json!(7)),
            // The same as `dim`.
            ("config.json", "hidden_size", json!(32)),
        ],
    );
    assert_eq!(embed(bert_names.path()), embed(plain.path()));
    let other = variant_of(
        "architectures/distilbert",
        &[("config.json", "hidden_size", json!(64))],
    );
    assert_eq!(
        refusal(other.path()),
        "`ckpt/config.json`: unsupported dim `32`, expected the `hidden_size` of the same file, 64"
    );
}

/// Adds a prefix to the names of all tensors of a checkpoint.
fn add_prefix(dir: &Path, prefix: &str) {
    let path = dir.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let renamed = tensors
        .iter()
        .map(|(name, view)| (format!("{prefix}{name}"), view));
    fs::write(&path, safetensors::serialize(renamed, None).unwrap()).unwrap();
}

#[test]
fn tensors_may_have_the_prefix_of_their_architecture() {
    for (name, prefix) in [
        ("tiny-bert", "bert."),
        ("architectures/roberta", "roberta."),
        ("architectures/xlm-roberta", "roberta."),
        ("architectures/mpnet", "mpnet."),
        ("architectures/distilbert", "distilbert."),
        ("architectures/modernbert", "model."),
        ("architectures/nomic-bert", "nomic_bert."),
        ("architectures/nomic-bert", "bert."),
        ("architectures/qwen3", "model."),
    ] {
        let plain = variant_of(name, &[]);
        let prefixed = variant_of(name, &[]);
        add_prefix(prefixed.path(), prefix);
        assert_eq!(embed(prefixed.path()), embed(plain.path()), "{name}");
    }
}

#[test]
fn without_a_list_of_modules_a_language_model_gives_its_last_token() {
    let classes = json!(["Qwen3ForCausalLM"]);
    let dir = variant_of(
        "architectures/qwen3",
        &[("config.json", "architectures", classes)],
    );
    fs::remove_file(dir.path().join("modules.json")).unwrap();
    let encoder = load(dir.path());
    let batch = encoder.tokenize(Role::Document, &[LONG]).unwrap();
    let hidden = encoder.hidden_states(&batch).unwrap();
    let rows = encoder.encode_documents(&[LONG]).unwrap();
    assert_eq!(rows.row(0), hidden.row(hidden.nrows() - 1));
}

#[test]
fn without_a_list_of_modules_a_chat_template_is_refused() {
    let template = json!("{{ messages }}");
    let dir = variant(&[("tokenizer_config.json", "chat_template", template)]);
    Checkpoint::open(dir.path()).unwrap();
    fs::remove_file(dir.path().join("modules.json")).unwrap();
    assert_eq!(
        refusal(dir.path()),
        "`ckpt/tokenizer_config.json`: unsupported chat_template `for each text`, expected a \
         `modules.json`, with which texts are read without the template"
    );
}
