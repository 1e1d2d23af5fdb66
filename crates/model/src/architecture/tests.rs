use ndarray::{Array1, Array2, Axis, concatenate};

use super::*;
use crate::pooling::{Pooling, PoolingMode};
use crate::testing::fixture;
use crate::{Checkpoint, TokenBatch};

mod packed;

const CHECKPOINTS: [&str; 19] = [
    "tiny-bert",
    "architectures/roberta",
    "architectures/xlm-roberta",
    "architectures/mpnet",
    "architectures/distilbert",
    "architectures/modernbert",
    "architectures/nomic-bert",
    "architectures/qwen3",
    "architectures/qwen2",
    "architectures/mistral",
    "architectures/gemma3",
    "architectures/new",
    "architectures/gte",
    "architectures/jina-bert",
    "architectures/jina-bert-code",
    "architectures/t5",
    "architectures/t5-gated",
    "architectures/deberta-v2",
    "architectures/deberta-v2-unshared",
];

/// The checkpoints whose architecture has an implementation for GPUs too.
const WITH_CANDLE: &[&str] = CHECKPOINTS.split_at(8).0;

fn checkpoint(name: &str) -> (Arc<dyn TransformerConfig>, Weights) {
    let checkpoint = Checkpoint::open(fixture(name)).unwrap();
    let module = checkpoint.transformer_module().unwrap();
    let weights = Weights::open(&module.weights).unwrap();
    (Arc::clone(&module.transformer.config), weights)
}

fn load(name: &str, cpu: Cpu, int8: bool) -> CpuTransformer {
    let (config, weights) = checkpoint(name);
    load_on_cpu(&*config, cpu, weights, int8, None).unwrap().0
}

fn load_candle(name: &str, precision: Precision) -> (Box<dyn Backend>, Vec<u8>) {
    let (config, weights) = checkpoint(name);
    load_on_gpu(&*config, weights, Device::Cpu, precision).unwrap()
}

fn sequences(lengths: &[usize]) -> Vec<Vec<u32>> {
    let ids = |&length: &usize| -> Vec<u32> {
        (0..length)
            .map(|at| (at * at + 7 * length) % 360)
            .map(|id| id.try_into().unwrap())
            .collect()
    };
    lengths.iter().map(ids).collect()
}

fn batch_of(lengths: &[usize]) -> TokenBatch {
    TokenBatch::from_sequences(sequences(lengths).iter().map(Vec::as_slice))
}

/// Sequences of many lengths, with the padding token of RoBERTa among their tokens.
fn batch() -> TokenBatch {
    batch_of(&[48, 3, 47, 1, 0, 12, 30, 5, 48, 17, 2])
}

/// Runs each sequence of a batch alone.
fn forward_one_by_one(backend: &dyn Backend, batch: &TokenBatch) -> Array2<f32> {
    let rows: Vec<_> = batch
        .sequences()
        .map(|ids| {
            let alone = TokenBatch::from_sequences([ids]);
            backend.forward(&alone, 1).unwrap()
        })
        .collect();
    let rows: Vec<_> = rows.iter().map(|rows| rows.view()).collect();
    concatenate(Axis(0), &rows).unwrap()
}

#[track_caller]
fn assert_close(name: &str, tolerance: f32, found: &Array2<f32>, expected: &Array2<f32>) {
    assert_eq!(found.dim(), expected.dim(), "{name}");
    for ((index, found), expected) in found.indexed_iter().zip(expected) {
        let bound = tolerance * expected.abs().max(1.0);
        assert!(
            (found - expected).abs() <= bound,
            "{name} {index:?}: {found}, expected {expected}"
        );
    }
}

#[test]
fn the_cpu_kernels_agree_with_candle() {
    for name in WITH_CANDLE {
        let (config, weights) = checkpoint(name);
        let (kernels, read) = load_on_cpu(&*config, Cpu::detect(), weights, false, None).unwrap();
        let found = kernels.forward(&batch(), 1).unwrap();
        let (candle, candle_digest) = load_candle(name, Precision::F32);
        assert_eq!(
            digest(&read),
            candle_digest,
            "{name}: other tensors were read"
        );
        let expected = forward_one_by_one(&*candle, &batch());
        assert_close(name, 1e-5, &found, &expected);
        let padded = candle.forward(&batch(), 1).unwrap();
        assert_close(name, 1e-5, &padded, &expected);
    }
}

/// Runs f16 with padding, as a GPU does. Candle's CPU backend has matrix products in f16, but not in
/// bf16.
#[test]
fn half_precision_stays_close_to_f32() {
    for name in WITH_CANDLE {
        let expected = load_candle(name, Precision::F32).0.forward(&batch(), 1);
        let found = load_candle(name, Precision::F16).0.forward(&batch(), 1);
        assert_close(name, 0.05, &found.unwrap(), &expected.unwrap());
    }
}

#[test]
fn models_without_an_implementation_for_gpus_are_refused_there() {
    for name in &CHECKPOINTS[WITH_CANDLE.len()..] {
        let (config, weights) = checkpoint(name);
        let loaded = load_on_gpu(&*config, weights, Device::Cpu, Precision::F32);
        let message = loaded.unwrap_err().to_string();
        let expected = "expected `cpu` for a model of this architecture";
        assert!(message.ends_with(expected), "{name}: {message}");
    }
}

/// Runs the AVX2 and portable code even on a machine that has a better instruction set.
#[test]
fn all_instruction_sets_and_thread_counts_give_the_same_bits() {
    // One batch whose columns are divided among threads, and one whose rows are.
    let batches = [
        batch_of(&[5, 1]),
        batch_of(&[48, 3, 0, 41, 17, 48, 48, 48, 48]),
    ];
    for name in CHECKPOINTS {
        for int8 in [false, true] {
            for batch in &batches {
                let expected = load(name, Cpu::portable(), int8).forward(batch, 1).unwrap();
                for cpu in Cpu::available() {
                    let transformer = load(name, cpu, int8);
                    for threads in 1..5 {
                        let found = transformer.forward(batch, threads).unwrap();
                        assert_eq!(found, expected, "{name} {int8} {cpu:?} {threads}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_sequence_does_not_depend_on_its_batch() {
    for name in CHECKPOINTS {
        for int8 in [false, true] {
            let transformer = load(name, Cpu::detect(), int8);
            let found = transformer.forward(&batch(), 1).unwrap();
            let expected = forward_one_by_one(&transformer, &batch());
            assert_eq!(found, expected, "{name} {int8}");
        }
    }
}

/// These checkpoints have random weights, which amplify rounding errors much more than trained ones.
#[test]
fn int8_stays_close_to_f32() {
    const MIN_MEAN_COSINE: f32 = 0.997;
    for name in CHECKPOINTS {
        let [expected, found] = [false, true].map(|int8| {
            let transformer = load(name, Cpu::detect(), int8);
            transformer.forward(&batch(), 1).unwrap()
        });
        let cosines = found.outer_iter().zip(expected.outer_iter());
        let cosines: Array1<f32> = cosines
            .map(|(a, b)| a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt())
            .collect();
        let mean = cosines.mean().unwrap();
        assert!(mean >= MIN_MEAN_COSINE, "{name}: {mean}");
    }
}

/// Poolings of single tokens skip most of the last layer, and give the same bits.
#[test]
fn poolings_of_single_tokens_equal_those_of_all_hidden_states() {
    let batch = batch_of(&[48, 3, 47, 12, 30, 5, 48, 17, 4]);
    for modes in [
        vec![PoolingMode::Cls],
        vec![PoolingMode::LastToken],
        vec![PoolingMode::Cls, PoolingMode::LastToken],
        vec![PoolingMode::LastToken, PoolingMode::Cls],
    ] {
        let pooling = Pooling {
            modes,
            include_prompt: false,
        };
        for (name, int8) in CHECKPOINTS
            .iter()
            .flat_map(|name| [(name, false), (name, true)])
        {
            let kernels = load(name, Cpu::detect(), int8);
            for prompt_tokens in [0, 2, 3] {
                for threads in [1, 3] {
                    let hidden = kernels.forward(&batch, threads).unwrap();
                    let expected = pooling.apply(hidden.view(), &batch, prompt_tokens).unwrap();
                    let found = kernels
                        .pooled(&batch, &pooling, prompt_tokens, threads)
                        .unwrap();
                    assert!(
                        found.map(|value| value.to_bits()) == expected.map(|value| value.to_bits()),
                        "{name}, int8 {int8}, {pooling:?}, {prompt_tokens}, {threads} threads"
                    );
                }
            }
        }
    }
}

#[test]
fn refuses_tokens_and_positions_without_an_embedding() {
    let kernels = load("architectures/qwen3", Cpu::detect(), false);
    let candle = load_candle("architectures/qwen3", Precision::F32).0;
    for backend in [&kernels as &dyn Backend, &*candle] {
        let message = |ids: &[u32]| {
            let batch = TokenBatch::from_sequences([ids]);
            backend.forward(&batch, 1).unwrap_err().to_string()
        };
        let expected = "tokens of a text, most: expected 48, found 49";
        assert_eq!(message(&[0; 49]), expected);
        let expected = "token id, largest: expected 575, found 576";
        assert_eq!(message(&[576]), expected);
    }
}

#[test]
fn names_in_the_registry_are_unique_and_unambiguous() {
    for (at, known) in REGISTRY.iter().enumerate() {
        for other in &REGISTRY[at + 1..] {
            let names = |known: &Architecture| (known.model_type, known.class_prefix);
            assert_ne!(names(known), names(other));
            // An earlier entry must not claim the classes of a later one.
            assert!(
                !other.class_prefix.starts_with(known.class_prefix),
                "{} and {}",
                known.class_prefix,
                other.class_prefix
            );
        }
    }
}
