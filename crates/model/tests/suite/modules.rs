//! Comparison of modules other than transformers with sentence-transformers: static embeddings,
//! routers, layer normalizations and Dense modules of all kinds.
//!
//! `fixtures/modules/README.md` describes the golden numbers and how they were made.

use std::fs;
use std::path::{Path, PathBuf};

use cognate_model::{Checkpoint, Encoder, EncoderOptions, Precision, Role, TokenBatch};
use cognate_testing::copy_dir;
use ndarray::{Array2, ArrayView2};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::checkpoints::{fixtures, load, modules};
use crate::golden_file::GoldenFile;

/// The tolerance, relative to values above 1. Both sums are of numbers rounded to f32.
const TOLERANCE: f32 = 5e-6;

const ACTIVATIONS: [&str; 21] = [
    "Identity",
    "Tanh",
    "ReLU",
    "Sigmoid",
    "GELU",
    "SiLU",
    "Mish",
    "ELU",
    "CELU",
    "SELU",
    "LeakyReLU",
    "ReLU6",
    "Softplus",
    "Softsign",
    "Softshrink",
    "Tanhshrink",
    "LogSigmoid",
    "Hardtanh",
    "Hardsigmoid",
    "Hardswish",
    "Hardshrink",
];

fn folder(name: &str) -> PathBuf {
    fixtures().join("modules").join(name)
}

fn golden_file() -> GoldenFile {
    GoldenFile::read(folder("golden.safetensors"))
}

fn texts() -> Vec<String> {
    let file = fs::read_to_string(fixtures().join("tiny-texts.json")).unwrap();
    let list: Vec<Value> = serde_json::from_str(&file).unwrap();
    let text = |text: &Value| text["text"].as_str().unwrap().to_owned();
    list.iter().map(text).collect()
}

#[track_caller]
fn assert_close(name: &str, found: ArrayView2<'_, f32>) {
    let expected = golden_file().rows(name);
    assert_eq!(found.dim(), expected.dim(), "{name}");
    for ((index, found), expected) in found.indexed_iter().zip(&expected) {
        let bound = TOLERANCE * expected.abs().max(1.0);
        assert!(
            (found - expected).abs() <= bound,
            "{name} {index:?}: {found}, expected {expected}"
        );
    }
}

#[track_caller]
fn assert_documents(name: &str, dir: &Path) {
    let rows = load(dir).encode_documents(&texts()).unwrap();
    assert_close(name, rows.view());
}

/// Changes a field of a JSON file.
fn change(path: &Path, field: &str, value: Value) {
    let mut json: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    json[field] = value;
    fs::write(path, json.to_string()).unwrap();
}

/// Makes a checkpoint of a static embedding and other modules, given as (folder, class).
fn static_checkpoint(table: &str, others: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let list = [&[("", "StaticEmbedding")], others].concat();
    fs::write(dir.path().join("modules.json"), modules(&list)).unwrap();
    let prompts = "config_sentence_transformers.json";
    fs::copy(
        fixtures().join("tiny-bert").join(prompts),
        dir.path().join(prompts),
    )
    .unwrap();
    add_table(dir.path(), table);
    dir
}

fn add_table(dir: &Path, table: &str) {
    fs::create_dir_all(dir).unwrap();
    let table = folder("tables").join(format!("{table}.safetensors"));
    fs::copy(table, dir.join("model.safetensors")).unwrap();
    let tokenizer = dir.join("tokenizer.json");
    fs::copy(fixtures().join("tiny-bert/tokenizer.json"), &tokenizer).unwrap();
    change(&tokenizer, "truncation", Value::Null);
}

/// Writes a `router_config.json`, with modules given as (route, name, class).
fn write_router(dir: &Path, file: &str, list: &[(&str, &str, &str)], parameters: Value) {
    let mut json = json!({"types": {}, "structure": {}, "parameters": parameters});
    for (route, name, class) in list {
        json["types"][name] = format!("sentence_transformers.models.{class}").into();
        let route = &mut json["structure"][route];
        if route.is_null() {
            *route = json!([]);
        }
        route.as_array_mut().unwrap().push(json!(name));
    }
    fs::write(dir.join(file), json.to_string()).unwrap();
}

/// Queries go through a static embedding and a Dense module, documents through BERT.
fn router() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let list = [("", "Router"), ("1_Normalize", "Normalize")];
    fs::write(at("modules.json"), modules(&list)).unwrap();
    let prompts = "config_sentence_transformers.json";
    fs::copy(fixtures().join("tiny-bert").join(prompts), at(prompts)).unwrap();
    add_table(&at("query_0_StaticEmbedding"), "f32");
    copy_dir(&folder("dense_projection"), &at("query_1_Dense"));
    copy_dir(&fixtures().join("tiny-bert"), &at("document_0_Transformer"));
    copy_dir(
        &fixtures().join("tiny-bert/1_Pooling"),
        &at("document_1_Pooling"),
    );
    let list = [
        ("query", "query_0_StaticEmbedding", "StaticEmbedding"),
        ("query", "query_1_Dense", "Dense"),
        ("document", "document_0_Transformer", "Transformer"),
        ("document", "document_1_Pooling", "Pooling"),
    ];
    let parameters = json!({"default_route": "document", "allow_empty_key": true});
    write_router(dir.path(), "router_config.json", &list, parameters);
    dir
}

/// One BERT, then a Dense module for queries and one for documents, in the older layout.
fn asym() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&fixtures().join("tiny-bert"), dir.path());
    let list = [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        ("2_Asym", "Asym"),
    ];
    fs::write(dir.path().join("modules.json"), modules(&list)).unwrap();
    let asym = dir.path().join("2_Asym");
    for (route, activation) in [
        ("query", "linear.Identity"),
        ("document", "activation.Tanh"),
    ] {
        let dense = asym.join(format!("{route}_0_Dense"));
        copy_dir(&fixtures().join("dense"), &dense);
        let class = format!("torch.nn.modules.{activation}");
        change(
            &dense.join("config.json"),
            "activation_function",
            json!(class),
        );
    }
    let list = [
        ("query", "query_0_Dense", "Dense"),
        ("document", "document_0_Dense", "Dense"),
    ];
    write_router(
        &asym,
        "config.json",
        &list,
        json!({"allow_empty_key": true}),
    );
    dir
}

/// Returns the message of opening, loading or running a checkpoint, with its folder replaced by
/// `ckpt`.
fn refusal(dir: &Path) -> String {
    let error = Checkpoint::open(dir)
        .and_then(|checkpoint| Encoder::load(&checkpoint, EncoderOptions::default()))
        .and_then(|encoder| encoder.encode_documents(&texts()))
        .unwrap_err();
    error
        .to_string()
        .replace(&dir.display().to_string(), "ckpt")
}

#[test]
fn static_embeddings_of_every_table_agree() {
    for table in ["f64", "f32", "f16", "int8-weighted", "shared-rows"] {
        let dir = static_checkpoint(table, &[]);
        assert_documents(&format!("static.{table}"), dir.path());
    }
}

#[test]
fn tokens_and_stages_of_a_static_embedding_agree() {
    let dir = static_checkpoint("f32", &[("1_Normalize", "Normalize")]);
    let encoder = load(dir.path());
    assert_documents("normalized", dir.path());
    let queries = encoder.encode_queries(&texts()).unwrap();
    assert_close("query", queries.view());

    let tokens = encoder.tokenize(Role::Document, &texts()).unwrap();
    assert_eq!(tokens, golden_file().tokens());
    let rows = encoder.hidden_states(&tokens).unwrap();
    let pooled = encoder.pool(rows.view(), &tokens).unwrap();
    assert_close("static.f32", pooled.view());
    assert_eq!(encoder.max_tokens(), usize::MAX);
}

#[test]
fn a_static_embedding_does_not_depend_on_batches_or_threads() {
    let dir = static_checkpoint("shared-rows", &[("1_Normalize", "Normalize")]);
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    let many: Vec<_> = std::iter::repeat_n(texts(), 30).flatten().collect();
    let alone: Vec<_> = texts()
        .iter()
        .map(|text| load(dir.path()).encode_documents(&[text]).unwrap())
        .collect();
    for (threads, batch, precision) in [
        (1, None, Precision::F32),
        (3, Some(1), Precision::F32),
        (4, Some(50), Precision::Int8),
    ] {
        let mut options = EncoderOptions::default()
            .threads(threads)
            .precision(precision);
        if let Some(tokens) = batch {
            options = options.max_batch_tokens(tokens);
        }
        let rows = Encoder::load(&checkpoint, options)
            .unwrap()
            .encode_documents(&many)
            .unwrap();
        for (row, text) in rows.outer_iter().zip((0..texts().len()).cycle()) {
            assert_eq!(row, alone[text].row(0));
        }
    }
}

#[test]
fn the_limit_in_the_tokenizer_of_a_static_embedding_is_followed() {
    for direction in ["Right", "Left"] {
        let dir = static_checkpoint("f32", &[]);
        let limit = json!({"direction": direction, "max_length": 3, "strategy": "LongestFirst",
                           "stride": 0});
        change(&dir.path().join("tokenizer.json"), "truncation", limit);
        assert_documents(&format!("truncated.{direction}"), dir.path());
        assert_eq!(load(dir.path()).max_tokens(), 3);
    }
    let dir = static_checkpoint("f32", &[]);
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default().max_tokens(3)).unwrap();
    let mut proceed = |_| std::ops::ControlFlow::Continue(());
    let embeddings = encoder
        .encode_with(Role::Document, &texts(), &mut proceed)
        .unwrap();
    assert_close("truncated.Right", embeddings.rows.view());
    assert!(embeddings.truncation.tokens > 0);
}

#[test]
fn layer_normalization_and_dropout_agree() {
    let list = [("1_LayerNorm", "LayerNorm"), ("2_Dropout", "Dropout")];
    let dir = static_checkpoint("f32", &list);
    copy_dir(&folder("layer_norm"), &dir.path().join("1_LayerNorm"));
    assert_documents("layer_norm", dir.path());
}

fn with_dense(module: &str) -> TempDir {
    let dir = static_checkpoint("f32", &[("1_Dense", "Dense")]);
    copy_dir(&folder(module), &dir.path().join("1_Dense"));
    dir
}

#[test]
fn dense_modules_with_a_residual_agree() {
    for module in ["dense_residual", "dense_projection"] {
        assert_documents(module, with_dense(module).path());
    }
}

#[test]
fn every_activation_agrees() {
    for activation in ACTIVATIONS {
        let dir = with_dense("dense_residual");
        let config = dir.path().join("1_Dense/config.json");
        let path = if activation == "Identity" {
            "linear"
        } else {
            "activation"
        };
        for class in [
            format!("torch.nn.modules.{path}.{activation}"),
            format!("torch.nn.{activation}"),
        ] {
            change(&config, "use_residual", json!(false));
            change(&config, "activation_function", json!(class));
            assert_documents(&format!("activation.{activation}"), dir.path());
        }
    }
}

#[test]
fn routers_send_queries_and_documents_to_their_modules() {
    for (name, dir) in [("router", router()), ("asym", asym())] {
        let encoder = load(dir.path());
        let queries = encoder.encode_queries(&texts()).unwrap();
        assert_close(&format!("{name}.query"), queries.view());
        let documents = encoder.encode_documents(&texts()).unwrap();
        assert_close(&format!("{name}.document"), documents.view());

        let checkpoint = Checkpoint::open(dir.path()).unwrap();
        let truncated =
            Encoder::load(&checkpoint, EncoderOptions::default().truncate_dim(5)).unwrap();
        assert_eq!(truncated.dim(), 5);
        let rows = truncated.encode_queries(&texts()).unwrap();
        assert_eq!(rows, queries.slice(ndarray::s![.., ..5]));
    }
}

#[test]
fn the_stages_of_a_router_are_refused() {
    let encoder = load(router().path());
    let batch = TokenBatch::new(vec![7, 8], vec![0, 2]).unwrap();
    let hidden = encoder.hidden_states(&batch).unwrap_err().to_string();
    assert_eq!(
        hidden,
        "`hidden_states` needs the same modules for queries and documents, and the checkpoint has \
         different ones"
    );
    encoder
        .pool(Array2::zeros((2, 32)).view(), &batch)
        .unwrap_err();
}

#[test]
fn mappings_of_a_router_decide_before_the_names_of_routes() {
    let list = [
        ("fast", "query_0_StaticEmbedding", "StaticEmbedding"),
        ("fast", "query_1_Dense", "Dense"),
        ("document", "query_0_StaticEmbedding", "StaticEmbedding"),
        ("document", "query_1_Dense", "Dense"),
        ("slow", "document_0_Transformer", "Transformer"),
        ("slow", "document_1_Pooling", "Pooling"),
    ];
    for mappings in [
        json!({"('query', 'text')": "fast", "('document', None)": "slow", "(None, None)": "fast"}),
        json!({"('query',None)": "fast", "(None, \"text\")": "slow"}),
        json!({"('query', 'text')": "fast", "(None, None)": "slow", "(None, ('image', 'text'))": "fast"}),
    ] {
        let dir = router();
        let parameters = json!({"default_route": "slow", "route_mappings": mappings});
        write_router(dir.path(), "router_config.json", &list, parameters);
        let encoder = load(dir.path());
        let queries = encoder.encode_queries(&texts()).unwrap();
        assert_close("router.query", queries.view());
        let documents = encoder.encode_documents(&texts()).unwrap();
        assert_close("router.document", documents.view());
    }
}

#[test]
fn routes_that_are_the_same_are_one() {
    let dir = router();
    let list = [
        ("query", "document_0_Transformer", "Transformer"),
        ("query", "document_1_Pooling", "Pooling"),
        ("document", "document_0_Transformer", "Transformer"),
        ("document", "document_1_Pooling", "Pooling"),
    ];
    write_router(dir.path(), "router_config.json", &list, json!({}));
    let encoder = load(dir.path());
    assert_close(
        "router.document",
        encoder.encode_documents(&texts()).unwrap().view(),
    );
    assert_eq!(
        encoder.fingerprint(),
        load(&fixtures().join("tiny-bert")).fingerprint()
    );
    let batch = TokenBatch::new(vec![7, 8], vec![0, 2]).unwrap();
    encoder.hidden_states(&batch).unwrap();
}

#[test]
fn fingerprints_of_static_embeddings_and_routers_are_unchanged() {
    let dense = with_dense("dense_projection");
    let changed = static_checkpoint("f32", &[]);
    let limit = json!({"direction": "Right", "max_length": 3, "strategy": "LongestFirst",
                       "stride": 0});
    change(&changed.path().join("tokenizer.json"), "truncation", limit);
    let normalized = static_checkpoint("f32", &[("1_Normalize", "Normalize")]);
    let found = [
        static_checkpoint("f32", &[]),
        static_checkpoint("f16", &[]),
        static_checkpoint("shared-rows", &[]),
        normalized,
        changed,
        dense,
        router(),
        asym(),
    ]
    .map(|dir| load(dir.path()).fingerprint().to_owned());
    assert_eq!(
        found,
        [
            "579aecc001c596e13b3bdecc4657d1be",
            "6527449d2ca6cc8515f9484e8b640a14",
            "005c672f0d81e2520be94b7b03cc327c",
            "439890b711d2bbdc7074459beeb4a819",
            "9fa6acf135e6c3c3e91c336998029ec0",
            "04a7fb8cc29f47f5b43cef29169f20ca",
            "25f4688ec9f10f5df5c4fc78b64c16be",
            "c1b431e4ff2a90a93d0c9f75f35c4c39",
        ]
    );
}

/// Writes the table of a checkpoint with other tensors.
fn write_tensors(dir: &Path, tensors: &[(&str, Dtype, Vec<usize>, Vec<u8>)]) {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (*name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    fs::write(dir.join("model.safetensors"), bytes).unwrap();
}

#[test]
fn a_table_of_int8_without_weights_is_the_mean_of_its_codes() {
    let dir = static_checkpoint("f32", &[]);
    let codes: Vec<u8> = (0..=250).cycle().take(364 * 8).collect();
    write_tensors(
        dir.path(),
        &[("embeddings", Dtype::I8, vec![364, 8], codes.clone())],
    );
    let encoder = load(dir.path());
    let tokens = encoder.tokenize(Role::Document, &texts()).unwrap();
    let rows = encoder.encode_documents(&texts()).unwrap();
    for (ids, row) in tokens.sequences().zip(rows.outer_iter()) {
        for (column, &found) in row.iter().enumerate() {
            let code = |&id: &u32| f64::from(codes[id as usize * 8 + column].cast_signed());
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let mean = ids.iter().map(code).sum::<f64>() / ids.len().max(1) as f64;
            assert!(
                (f64::from(found) - mean).abs() < 1e-5,
                "{found}, expected {mean}"
            );
        }
    }
}

#[test]
fn tables_that_are_not_understood_are_refused() {
    let f32s = |count: usize| vec![0; count * 4];
    let table = || ("embeddings", Dtype::F32, vec![364, 8], f32s(364 * 8));
    let long = |numbers: &[i64]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    };
    for (tensors, message) in [
        (
            vec![("table", Dtype::F32, vec![364, 8], f32s(364 * 8))],
            "tensor `table`: found a tensor that no module reads, expected `embeddings`, `mapping`, \
             `weights` alone",
        ),
        (
            vec![("mapping", Dtype::I64, vec![1], long(&[0]))],
            "tensor `embedding.weight`: found nothing, expected a table of token embeddings, \
             `embedding.weight` or `embeddings`",
        ),
        (
            vec![("embedding.weight", Dtype::F32, vec![364], f32s(364))],
            "tensor `embedding.weight`: found shape [364], expected shape [tokens, dimensions]",
        ),
        (
            vec![("embedding.weight", Dtype::I32, vec![364, 8], f32s(364 * 8))],
            "tensor `embedding.weight`: found type `I32`, expected ",
        ),
        (
            vec![table(), ("mapping", Dtype::I64, vec![2], long(&[363, 364]))],
            "tensor `mapping`: found 364, expected a row of the table, 0 to 363",
        ),
        (
            vec![table(), ("mapping", Dtype::I64, vec![1], long(&[-1]))],
            "tensor `mapping`: found -1, expected a row of the table, 0 to 363",
        ),
        (
            vec![table(), ("mapping", Dtype::F32, vec![1], f32s(1))],
            "tensor `mapping`: found type `F32` and shape [1], expected a list of integers",
        ),
        (
            vec![table(), ("weights", Dtype::F32, vec![3], f32s(3))],
            "tensor `weights`: found shape [3], expected shape [364]",
        ),
        (
            vec![
                ("embedding.weight", Dtype::F32, vec![364, 8], f32s(364 * 8)),
                ("weights", Dtype::F32, vec![364], f32s(364)),
            ],
            "tensor `weights`: found a tensor that no module reads, expected `embedding.weight` alone",
        ),
    ] {
        let dir = static_checkpoint("f32", &[]);
        write_tensors(dir.path(), &tensors);
        let message = format!("`ckpt/model.safetensors`: {message}");
        let found = refusal(dir.path());
        assert!(found.starts_with(&message), "{found}\nexpected\n{message}");
    }
    // A token without a row is an error where it occurs, as in sentence-transformers.
    let dir = static_checkpoint("f32", &[]);
    write_tensors(
        dir.path(),
        &[("embeddings", Dtype::F32, vec![9, 8], f32s(72))],
    );
    assert_eq!(
        refusal(dir.path()),
        "token id, largest: expected 8, found 289"
    );
}

#[test]
fn modules_that_are_not_supported_are_refused_by_name() {
    const EXPECTED: &str = "`Transformer` and `Pooling`, or `StaticEmbedding`, then any of `Dense`, \
                            `LayerNorm`, `Dropout`, `Normalize`";
    for (list, position, class) in [
        (vec!["BoW"], 0, "BoW"),
        (vec!["WordEmbeddings", "Pooling"], 0, "WordEmbeddings"),
        (vec!["CLIPModel"], 0, "CLIPModel"),
        (vec!["StaticEmbedding", "Pooling"], 1, "Pooling"),
        (vec!["StaticEmbedding", "CNN"], 1, "CNN"),
        (
            vec!["Transformer", "WordWeights", "Pooling"],
            1,
            "WordWeights",
        ),
        (vec!["Transformer", "LSTM", "Pooling"], 1, "LSTM"),
        (vec!["Transformer", "Dense", "Pooling"], 1, "Dense"),
    ] {
        let dir = static_checkpoint("f32", &[]);
        let list: Vec<_> = list.iter().map(|class| ("", *class)).collect();
        fs::write(dir.path().join("modules.json"), modules(&list)).unwrap();
        assert_eq!(
            refusal(dir.path()),
            format!(
                "`ckpt/modules.json`: unsupported module {position} \
                 `sentence_transformers.models.{class}`, expected {EXPECTED}"
            )
        );
    }
    let dir = static_checkpoint("f32", &[]);
    let list = |python_type: &str, name: &str| {
        json!([{"name": name, "path": "", "type": python_type},
               {"name": "1", "path": "", "type": "sentence_transformers.models.Normalize"}])
    };
    for (list, expected) in [
        (
            list("custom_st.StaticEmbedding", "0"),
            "module 0 `custom_st.StaticEmbedding`, expected a class of `sentence_transformers`",
        ),
        (
            list("sentence_transformers.models.StaticEmbedding", "1"),
            "name of module 1 `1`, expected a name that no other module has",
        ),
    ] {
        fs::write(dir.path().join("modules.json"), list.to_string()).unwrap();
        let expected = format!("`ckpt/modules.json`: unsupported {expected}");
        assert_eq!(refusal(dir.path()), expected);
    }
}

#[test]
fn routers_that_sentence_transformers_refuses_are_refused() {
    let list = [
        ("query", "query_0_StaticEmbedding", "StaticEmbedding"),
        ("doc", "document_0_Transformer", "Transformer"),
        ("doc", "document_1_Pooling", "Pooling"),
    ];
    for (parameters, expected) in [
        (
            json!({}),
            "structure `doc, query`, expected a route `document`",
        ),
        (
            json!({"default_route": "document"}),
            "parameters.default_route `document`, expected one of the routes, doc, query",
        ),
        (
            json!({"route_mappings": {"('document', 'text')": "text"}}),
            "parameters.route_mappings[('document', 'text')] `text`, expected one of the routes, doc, \
             query",
        ),
        (
            json!({"route_mappings": {"('document', 'text')": "doc"}}),
            // 8 values of the table, and 32 of BERT.
            "dimensions of queries and documents `8 and 32`, expected the same number",
        ),
    ] {
        let dir = router();
        write_router(dir.path(), "router_config.json", &list, parameters);
        let message = refusal(dir.path());
        let expected = format!("unsupported {expected}");
        assert!(
            message.ends_with(&expected),
            "{message}\nexpected\n{expected}"
        );
        assert!(message.starts_with("`ckpt/"), "{message}");
    }
    for (types, expected) in [
        (
            "Router",
            "structure.query[0] `sentence_transformers.models.Router`, expected ",
        ),
        (
            "SpladePooling",
            "structure.query[0] `sentence_transformers.models.SpladePooling`, expected ",
        ),
    ] {
        let dir = router();
        let list = [
            ("query", "query_0_StaticEmbedding", types),
            ("document", "document_0_Transformer", "Transformer"),
            ("document", "document_1_Pooling", "Pooling"),
        ];
        write_router(dir.path(), "router_config.json", &list, json!({}));
        let message = refusal(dir.path());
        let expected = format!("`ckpt/router_config.json`: unsupported {expected}");
        assert!(
            message.starts_with(&expected),
            "{message}\nexpected\n{expected}"
        );
    }
    let dir = router();
    let list = [
        ("query", "../query_0_StaticEmbedding", "StaticEmbedding"),
        ("document", "document_0_Transformer", "Transformer"),
        ("document", "document_1_Pooling", "Pooling"),
    ];
    write_router(dir.path(), "router_config.json", &list, json!({}));
    assert!(refusal(dir.path()).contains("unsupported path of a module"));
}

#[test]
fn dense_modules_that_read_or_write_something_else_are_refused() {
    for (field, value, expected) in [
        (
            "module_input_name",
            json!("token_embeddings"),
            "`sentence_embedding`",
        ),
        (
            "module_output_name",
            json!("token_embeddings"),
            "`sentence_embedding`",
        ),
        (
            "activation_function",
            json!("Identity"),
            "one of these classes of `torch.nn`: ",
        ),
        (
            "activation_function",
            json!("transformers.activations.GELUActivation"),
            "one of these classes of `torch.nn`: ",
        ),
        (
            "activation_function",
            json!("torch.nn.modules.activation.Softmax"),
            "one of these classes of `torch.nn`: ",
        ),
    ] {
        let dir = with_dense("dense_residual");
        change(
            &dir.path().join("1_Dense/config.json"),
            field,
            value.clone(),
        );
        let value = value.as_str().unwrap();
        let expected = format!(
            "`ckpt/1_Dense/config.json`: unsupported {field} `{value}`, expected {expected}"
        );
        let message = refusal(dir.path());
        assert!(
            message.starts_with(&expected),
            "{message}\nexpected\n{expected}"
        );
    }
    // Its tensors must be those of the configuration.
    let dir = with_dense("dense_projection");
    change(
        &dir.path().join("1_Dense/config.json"),
        "use_residual",
        json!(false),
    );
    assert_eq!(
        refusal(dir.path()),
        "`ckpt/1_Dense/model.safetensors`: tensor `residual.weight`: found a tensor that no module \
         reads, expected `linear.weight`, `linear.bias` alone"
    );
    let dir = static_checkpoint("f32", &[("1_Normalize", "Normalize")]);
    fs::create_dir(dir.path().join("1_Normalize")).unwrap();
    let config = json!({"module_input_name": "token_embeddings"});
    fs::write(
        dir.path().join("1_Normalize/config.json"),
        config.to_string(),
    )
    .unwrap();
    assert_eq!(
        refusal(dir.path()),
        "`ckpt/1_Normalize/config.json`: unsupported module_input_name `token_embeddings`, expected \
         `sentence_embedding`"
    );
}

#[test]
fn a_module_for_another_width_is_refused() {
    let list = [("1_Dense", "Dense"), ("2_LayerNorm", "LayerNorm")];
    let dir = static_checkpoint("f32", &list);
    copy_dir(&folder("dense_projection"), &dir.path().join("1_Dense"));
    copy_dir(&folder("layer_norm"), &dir.path().join("2_LayerNorm"));
    assert_eq!(
        refusal(dir.path()),
        "`ckpt/2_LayerNorm/model.safetensors`: tensor `norm.weight`: found a module for 8 values, \
         expected 32, the number that the module before it gives"
    );
}

#[test]
fn a_table_of_16_bits_has_a_note() {
    let f16 = static_checkpoint("f16", &[]);
    let notes = Checkpoint::open(f16.path()).unwrap().notes().to_vec();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("the table is in float16"), "{notes:?}");
    assert_eq!(load(f16.path()).notes(), notes);
    let f32 = static_checkpoint("f32", &[]);
    assert!(Checkpoint::open(f32.path()).unwrap().notes().is_empty());
}

/// The reference implementation of the mean: in f64, from the numbers of the file.
#[test]
fn the_table_is_read_as_the_file_has_it() {
    let bytes = fs::read(folder("tables/f16.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let data = tensors.tensor("embedding.weight").unwrap();
    let table: Vec<f32> = (data.data().as_chunks().0.iter())
        .map(|&bytes| half::f16::from_le_bytes(bytes).to_f32())
        .collect();
    let encoder = load(static_checkpoint("f16", &[]).path());
    let batch = TokenBatch::new((0..364).collect(), vec![0, 364]).unwrap();
    let rows = encoder.hidden_states(&batch).unwrap();
    assert_eq!(rows.as_slice().unwrap(), table);
}

/// The rows of a call come from a tokenizer of its own for BERT's word pieces; the stages use the general
/// one.
#[test]
fn both_tokenizers_of_a_static_embedding_give_the_same_rows() {
    const PARTS: [&str; 40] = [
        " ", "  ", "\t", "\n", "\r", "the", "graph", "Quantum", "ization", "zq", "x", "7", "89",
        ".", ",", "-", "[", "]", "[UNK]", "[MASK]", "[mask]", "##", "#", "_", "é", "e\u{301}",
        "\u{301}", "\u{a0}", "–", "“", "µ", "子", "量", "\0", "\u{b}", "\u{7f}", "\u{fffd}", "Σ",
        "İ", "\u{200b}",
    ];
    let mut state = 1_u64;
    let mut below = move |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        (state >> 33) as usize % bound
    };
    let texts: Vec<String> = (0..20_000)
        .map(|_| {
            // Most texts have parts of ASCII alone.
            let parts = if below(3) == 0 { PARTS.len() } else { 17 };
            (0..below(9)).map(|_| PARTS[below(parts)]).collect()
        })
        .collect();
    let encoder = load(static_checkpoint("f32", &[]).path());
    let tokens = encoder.tokenize(Role::Document, &texts).unwrap();
    let rows = encoder.hidden_states(&tokens).unwrap();
    let pooled = encoder.pool(rows.view(), &tokens).unwrap();
    let found = encoder.encode_documents(&texts).unwrap();
    for ((expected, found), text) in pooled.outer_iter().zip(found.outer_iter()).zip(&texts) {
        for (expected, found) in expected.iter().zip(found) {
            assert!((expected - found).abs() < 1e-5, "{text:?}");
        }
    }
}
