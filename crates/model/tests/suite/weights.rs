//! Weights in several files, in PyTorch's format, as f64, changed by an adapter, or averaged.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use cognate_model::{Checkpoint, Encoder, EncoderOptions, ModelSource, Precision};
use cognate_testing::copy_dir;
use ndarray::Array2;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize_to_file};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::checkpoints::{fixtures, load, variant, variant_of};
use crate::golden_file::GoldenFile;

const WEIGHTS: &str = "model.safetensors";

/// A tensor with its bytes.
#[derive(Clone)]
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

type Tensors = BTreeMap<String, Tensor>;

fn read(path: &Path) -> Tensors {
    let bytes = fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |(name, view): (String, TensorView<'_>)| {
        let tensor = Tensor {
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            bytes: view.data().to_vec(),
        };
        (name, tensor)
    };
    file.tensors().into_iter().map(tensor).collect()
}

fn write(path: &Path, tensors: &Tensors) {
    let views = tensors.iter().map(|(name, tensor)| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes);
        (name, view.unwrap())
    });
    serialize_to_file(views, None, path).unwrap();
}

/// Changes every value of f32 tensors.
fn map(tensors: &Tensors, change: impl Fn(f32) -> f32) -> Tensors {
    let mut mapped = tensors.clone();
    for tensor in mapped
        .values_mut()
        .filter(|tensor| tensor.dtype == Dtype::F32)
    {
        for bytes in tensor.bytes.as_chunks_mut::<4>().0 {
            *bytes = change(f32::from_le_bytes(*bytes)).to_le_bytes();
        }
    }
    mapped
}

/// Writes an archive as `torch.save` does, with a state dictionary of f32 tensors.
fn write_torch(path: &Path, tensors: &Tensors) {
    let text = |text: &str| {
        let len = u32::try_from(text.len()).unwrap().to_le_bytes();
        [b"X", &len[..], text.as_bytes()].concat()
    };
    let number = |number: usize| [b"J", &u32::try_from(number).unwrap().to_le_bytes()[..]].concat();
    let mut pickle = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
    let mut archive = zip::ZipWriter::new(fs::File::create(path).unwrap());
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (key, (name, tensor)) in tensors.iter().enumerate() {
        assert_eq!(tensor.dtype, Dtype::F32);
        let count: usize = tensor.shape.iter().product();
        pickle.extend(text(name));
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        pickle.extend(text("storage"));
        pickle.extend(b"ctorch\nFloatStorage\n");
        pickle.extend(text(&key.to_string()));
        pickle.extend(text("cpu"));
        pickle.extend(number(count));
        pickle.extend(b"tQK\x00(");
        let steps = (0..tensor.shape.len()).map(|axis| tensor.shape[axis + 1..].iter().product());
        tensor
            .shape
            .iter()
            .for_each(|&size| pickle.extend(number(size)));
        pickle.extend(b"t(");
        steps.for_each(|step: usize| pickle.extend(number(step)));
        pickle.extend(b"t\x89ccollections\nOrderedDict\n)RtR");
        archive
            .start_file(format!("m/data/{key}"), options)
            .unwrap();
        archive.write_all(&tensor.bytes).unwrap();
    }
    pickle.extend(b"u.");
    archive.start_file("m/data.pkl", options).unwrap();
    archive.write_all(&pickle).unwrap();
    archive.finish().unwrap();
}

/// Splits the weights of a checkpoint into files with an index.
fn shard(dir: &Path, stem: &str, ending: &str, save: fn(&Path, &Tensors)) {
    let tensors = read(&dir.join(WEIGHTS));
    fs::remove_file(dir.join(WEIGHTS)).unwrap();
    let mut map = BTreeMap::new();
    for part in 0..3 {
        let file = format!("{stem}-{part}-of-3.{ending}");
        let names = tensors.iter().skip(part).step_by(3);
        let chosen: Tensors = names
            .map(|(name, tensor)| (name.clone(), tensor.clone()))
            .collect();
        map.extend(chosen.keys().map(|name| (name.clone(), file.clone())));
        save(&dir.join(file), &chosen);
    }
    let index = json!({"metadata": {"total_size": 1}, "weight_map": map}).to_string();
    fs::write(dir.join(format!("{stem}.{ending}.index.json")), index).unwrap();
}

const TEXTS: [&str; 2] = ["graph and proof", "a model of the first law of the system"];

fn embed(dir: &Path) -> (Array2<f32>, String) {
    let encoder = load(dir);
    let rows = encoder.encode_documents(&TEXTS).unwrap();
    (rows, encoder.fingerprint().to_owned())
}

#[test]
fn several_files_and_the_format_of_pytorch_give_the_same_bits_and_fingerprint() {
    for name in ["tiny-bert", "architectures/qwen3"] {
        let whole = variant_of(name, &[]);
        let expected = embed(whole.path());
        let sharded = variant_of(name, &[]);
        shard(sharded.path(), "model", "safetensors", write);
        let torch = variant_of(name, &[]);
        write_torch(
            &torch.path().join("pytorch_model.bin"),
            &read(&torch.path().join(WEIGHTS)),
        );
        fs::remove_file(torch.path().join(WEIGHTS)).unwrap();
        let both = variant_of(name, &[]);
        shard(both.path(), "pytorch_model", "bin", write_torch);
        for dir in [&sharded, &torch, &both] {
            assert_eq!(embed(dir.path()), expected, "{name}");
        }
        // As in transformers, the safetensors file is read if both are there.
        fs::write(whole.path().join("pytorch_model.bin"), "not read").unwrap();
        assert_eq!(embed(whole.path()), expected);
    }
}

#[test]
fn weights_as_f64_are_rounded_to_f32() {
    let dir = variant(&[]);
    let expected = embed(dir.path()).0;
    let mut tensors = read(&dir.path().join(WEIGHTS));
    for tensor in tensors.values_mut() {
        let values = tensor.bytes.as_chunks().0.iter();
        tensor.bytes = values
            .flat_map(|bytes| f64::from(f32::from_le_bytes(*bytes)).to_le_bytes())
            .collect();
        tensor.dtype = Dtype::F64;
    }
    write(&dir.path().join(WEIGHTS), &tensors);
    assert_eq!(embed(dir.path()).0, expected);
}

#[test]
fn an_adapter_gives_the_embeddings_of_the_reference_and_a_fingerprint_of_its_own() {
    let golden = GoldenFile::read(fixtures().join("weights/golden.safetensors"));
    let texts: Vec<Value> =
        serde_json::from_slice(&fs::read(fixtures().join("tiny-texts.json")).unwrap()).unwrap();
    let texts: Vec<_> = texts
        .iter()
        .map(|text| text["text"].as_str().unwrap())
        .collect();
    let mut fingerprints = vec![load(&fixtures().join("tiny-bert")).fingerprint().to_owned()];
    for name in ["adapter", "adapter_patterns"] {
        let dir = variant(&[]);
        copy_dir(&fixtures().join("weights").join(name), dir.path());
        let encoder = load(dir.path());
        let (found, expected) = (encoder.encode_documents(&texts).unwrap(), golden.rows(name));
        assert_eq!(found.dim(), expected.dim());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 3e-6,
                "{name}: {found}, expected {expected}"
            );
        }
        fingerprints.push(encoder.fingerprint().to_owned());
    }
    fingerprints.sort();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 3);
}

#[test]
fn an_adapter_alone_changes_the_model_that_it_names() {
    let beside = variant(&[]);
    copy_dir(&fixtures().join("weights/adapter"), beside.path());
    let base = fixtures().join("tiny-bert");
    let alone = variant(&[]);
    copy_dir(&fixtures().join("weights/adapter"), alone.path());
    for file in ["config.json", WEIGHTS] {
        fs::remove_file(alone.path().join(file)).unwrap();
    }
    let set_base = |name: &str| set(alone.path(), "base_model_name_or_path", json!(name));
    set_base(base.to_str().unwrap());
    assert_eq!(embed(alone.path()), embed(beside.path()));
    set_base("owner/model");
    let error = Checkpoint::open(alone.path()).unwrap_err().to_string();
    let expected =
        "adapter_config.json`: unsupported base_model_name_or_path `owner/model`, expected";
    assert!(error.contains(expected), "{error}");
}

/// Sets a field of `adapter_config.json`.
fn set(dir: &Path, field: &str, value: Value) {
    let path = dir.join("adapter_config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config[field] = value;
    fs::write(path, config.to_string()).unwrap();
}

/// Returns the error of loading the tiny checkpoint with an adapter after a change.
fn refusal(change: impl Fn(&Path)) -> String {
    let dir = variant(&[]);
    copy_dir(&fixtures().join("weights/adapter"), dir.path());
    change(dir.path());
    let error = match Checkpoint::open(dir.path()) {
        Ok(checkpoint) => Encoder::load(&checkpoint, EncoderOptions::default()).unwrap_err(),
        Err(error) => error,
    };
    error
        .to_string()
        .replace(&dir.path().display().to_string(), "ckpt")
}

#[test]
fn what_an_adapter_does_besides_is_refused_by_name() {
    for (field, value, expected) in [
        (
            "peft_type",
            json!("IA3"),
            "peft_type `IA3`, expected `LORA`",
        ),
        (
            "peft_type",
            json!(null),
            "peft_type `(none)`, expected `LORA`",
        ),
        ("use_dora", json!(true), "use_dora `true`, expected nothing"),
        ("bias", json!("all"), "bias `all`, expected `none`"),
        (
            "init_lora_weights",
            json!("pissa"),
            "init_lora_weights `\"pissa\"`, expected",
        ),
        (
            "layers_to_transform",
            json!([0]),
            "layers_to_transform `[0]`, expected nothing",
        ),
        (
            "a_new_setting",
            json!({"a": 1}),
            "a_new_setting `{\"a\":1}`, expected nothing",
        ),
        (
            "target_modules",
            json!(null),
            "target_modules `(none)`, expected a list of names",
        ),
        ("r", json!(0), "r `0`, expected a whole number"),
        (
            "alpha_pattern",
            json!({"query": 1, "self.query": 2}),
            "alpha_pattern `two for",
        ),
        ("rank_pattern", json!({"(": 1}), "rank_pattern `"),
    ] {
        let error = refusal(|dir| set(dir, field, value.clone()));
        let expected = format!("`ckpt/adapter_config.json`: unsupported {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
    let weights = "adapter_model.safetensors";
    let error = refusal(|dir| fs::remove_file(dir.join(weights)).unwrap());
    assert!(
        error.starts_with("`ckpt/adapter_model.safetensors` is missing"),
        "{error}"
    );
    let error = refusal(|dir| set(dir, "target_modules", json!(["query"])));
    assert!(
        error.contains("self.value.lora_A.weight`: found a change of something else"),
        "{error}"
    );
    let error = refusal(|dir| set(dir, "r", json!(2)));
    assert!(
        error.contains("found shape [32, 4], expected shape [32, 2]"),
        "{error}"
    );
    let edit = |change: fn(&mut Tensors)| {
        refusal(|dir| {
            let mut tensors = read(&dir.join(weights));
            change(&mut tensors);
            write(&dir.join(weights), &tensors);
        })
    };
    let error = edit(|tensors| drop(tensors.pop_first()));
    assert!(error.contains("found it without `"), "{error}");
    let error = edit(|tensors| {
        let (name, tensor) = tensors.pop_first().unwrap();
        tensors.insert(name.replace("lora_A", "lora_A.default"), tensor);
    });
    assert!(
        error.contains("found a tensor that the model does not have"),
        "{error}"
    );
    let error = edit(|tensors| {
        let tensor = tensors.values().next().unwrap().clone();
        tensors.insert("base_model.model.extra.weight".to_owned(), tensor);
    });
    assert!(
        error.contains("`base_model.model.extra.weight`: found a tensor that the model"),
        "{error}"
    );
}

/// Makes two checkpoints with the tokenizer and configuration of the tiny one, and one with the mean of
/// their weights.
fn soup() -> [TempDir; 3] {
    let [first, second, mean] = [(); 3].map(|()| variant(&[]));
    let tensors = read(&first.path().join(WEIGHTS));
    write(
        &second.path().join(WEIGHTS),
        &map(&tensors, |x| x * 0.7 + 0.01),
    );
    #[expect(clippy::cast_possible_truncation, reason = "the mean, rounded once")]
    let average = |x: f32| f64::midpoint(f64::from(x), f64::from(x * 0.7 + 0.01)) as f32;
    write(&mean.path().join(WEIGHTS), &map(&tensors, average));
    [first, second, mean]
}

#[test]
fn an_average_of_checkpoints_is_the_checkpoint_with_the_average_of_the_weights() {
    let [first, second, mean] = soup();
    let expected = embed(mean.path());
    assert_ne!(expected.1, embed(first.path()).1);
    let checkpoints = [&first, &second].map(|dir| Checkpoint::open(dir.path()).unwrap());
    let average = Checkpoint::average(&checkpoints).unwrap();
    let encoder = Encoder::load(&average, EncoderOptions::default()).unwrap();
    let rows = encoder.encode_documents(&TEXTS).unwrap();
    assert_eq!((rows, encoder.fingerprint().to_owned()), expected);

    // By its name, which finds it again.
    let cache = tempfile::tempdir().unwrap();
    let source = ModelSource::new(cache.path()).offline(true);
    let name = format!("{}+{}", first.path().display(), second.path().display());
    let model = source.resolve(&name).unwrap();
    let opened = model.open().unwrap();
    let again = source
        .find_on_disk(opened.name(), &mut |_| {})
        .unwrap()
        .unwrap();
    let encoder = Encoder::load(&again.open().unwrap(), EncoderOptions::default()).unwrap();
    assert_eq!(encoder.fingerprint(), expected.1);
    let error = source
        .resolve(&format!("{name}+./nowhere"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the model `./nowhere` was not found"),
        "{error}"
    );
    // A folder whose name has a `+` is a folder.
    let plus = cache.path().join("a+b");
    fs::create_dir(&plus).unwrap();
    copy_dir(first.path(), &plus);
    let found = source.resolve(plus.to_str().unwrap()).unwrap();
    assert_eq!(embed(found.dir()), embed(first.path()));
}

#[test]
fn checkpoints_that_differ_are_not_averaged() {
    let base = || variant(&[]);
    let other_tokenizer = base();
    let path = other_tokenizer.path().join("tokenizer.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("\"lowercase\": true", "\"lowercase\": false", 1),
    )
    .unwrap();
    for (other, expected) in [
        (
            variant(&[("config.json", "hidden_act", json!("relu"))]),
            "architecture in an average",
        ),
        (
            variant_of("architectures/distilbert", &[]),
            "in an average of checkpoints",
        ),
        (
            variant(&[("sentence_bert_config.json", "max_seq_length", json!(30))]),
            "settings of the transformer in an average",
        ),
        (
            variant(&[("1_Pooling/config.json", "pooling_mode", json!("cls"))]),
            "modules in an average",
        ),
        (other_tokenizer, "tokenizer.json in an average"),
    ] {
        let first = base();
        let checkpoints = [&first, &other].map(|dir| Checkpoint::open(dir.path()).unwrap());
        let error = Checkpoint::average(&checkpoints).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(
            error.contains(&first.path().display().to_string()),
            "{error}"
        );
    }
    assert!(Checkpoint::average(&[]).is_err());
}

/// Packed weights must not outlive a change of any file that they were made from.
#[test]
fn packed_weights_follow_every_file_of_the_weights() {
    let [first, second, _] = soup();
    copy_dir(&fixtures().join("weights/adapter"), second.path());
    shard(first.path(), "model", "safetensors", write);
    let cache = tempfile::tempdir().unwrap();
    // Files that were just written are not cached.
    std::thread::sleep(std::time::Duration::from_millis(3100));
    let run = |precision| {
        let checkpoints = [&first, &second].map(|dir| Checkpoint::open(dir.path()).unwrap());
        let average = Checkpoint::average(&checkpoints).unwrap();
        let options = EncoderOptions::default().precision(precision);
        let cached = options.clone().weights_cache(cache.path());
        [options, cached].map(|options| {
            let encoder = Encoder::load(&average, options).unwrap();
            encoder.wait_for_weights_cache();
            let rows = encoder.encode_documents(&TEXTS).unwrap();
            (rows, encoder.fingerprint().to_owned())
        })
    };
    let files = || fs::read_dir(cache.path()).map_or(0, Iterator::count);
    for precision in [Precision::F32, Precision::Int8] {
        let [expected, packed] = run(precision);
        assert_eq!(packed, expected);
        assert_eq!(run(precision)[1], expected, "from the cache");
    }
    assert!(files() >= 2, "packed weights were kept");
    for (dir, file) in [
        (&first, "model-1-of-3.safetensors"),
        (&second, WEIGHTS),
        (&second, "adapter_model.safetensors"),
    ] {
        let path = dir.path().join(file);
        write(&path, &map(&read(&path), |x| x * 1.25));
        let [expected, packed] = run(Precision::F32);
        assert_eq!(packed, expected, "{file}");
    }
    let before = run(Precision::F32)[0].clone();
    set(second.path(), "lora_alpha", json!(2));
    let [expected, packed] = run(Precision::F32);
    assert_ne!(expected, before);
    assert_eq!(packed, expected, "adapter_config.json");
}

#[test]
fn a_tensor_that_nothing_reads_is_refused_also_with_packed_weights() {
    let dir = variant(&[]);
    let cache = tempfile::tempdir().unwrap();
    let path = dir.path().join(WEIGHTS);
    let mut tensors = read(&path);
    let stray = tensors["pooler.dense.weight"].clone();
    tensors.insert("linear.weight".to_owned(), stray);
    write(&path, &tensors);
    std::thread::sleep(std::time::Duration::from_millis(3100));
    for _ in 0..2 {
        let checkpoint = Checkpoint::open(dir.path()).unwrap();
        let options = EncoderOptions::default().weights_cache(cache.path());
        let error = Encoder::load(&checkpoint, options).unwrap_err().to_string();
        assert!(
            error.contains("tensors that nothing reads (1): `linear.weight`"),
            "{error}"
        );
    }
}
