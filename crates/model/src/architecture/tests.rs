use ndarray::Array2;

use super::*;
use crate::candle::CandleEncoder;
use crate::testing::fixture;
use crate::{Checkpoint, TokenBatch};

const BERT_FAMILY: [&str; 5] = [
    "tiny-bert",
    "architectures/roberta",
    "architectures/xlm-roberta",
    "architectures/mpnet",
    "architectures/distilbert",
];

const CANDLE_ONLY: [&str; 3] = [
    "architectures/modernbert",
    "architectures/nomic-bert",
    "architectures/qwen3",
];

fn checkpoint(name: &str) -> (Arc<dyn TransformerConfig>, WeightsFile) {
    let checkpoint = Checkpoint::open(fixture(name)).unwrap();
    let weights = WeightsFile::open(checkpoint.weights_path()).unwrap();
    (checkpoint.transformer.config, weights)
}

fn load_candle(name: &str, precision: Precision, padded: bool) -> CandleEncoder {
    let (config, weights) = checkpoint(name);
    let loaded = config.load_candle(weights, Device::Cpu, precision);
    loaded.unwrap().0.padded(padded)
}

/// Sequences of many lengths, with the padding token of RoBERTa among their tokens.
fn batch() -> TokenBatch {
    let lengths = [48, 3, 47, 1, 0, 12, 30, 5, 48, 17, 2];
    let ids = |&length: &usize| -> Vec<u32> {
        (0..length)
            .map(|at| (at * at + 7 * length) % 360)
            .map(|id| id.try_into().unwrap())
            .collect()
    };
    let sequences: Vec<_> = lengths.iter().map(ids).collect();
    TokenBatch::from_sequences(sequences.iter().map(Vec::as_slice))
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
fn candle_agrees_with_the_cpu_kernels_on_the_bert_family() {
    for name in BERT_FAMILY {
        let (config, weights) = checkpoint(name);
        let (kernels, digest) = config.load_cpu(weights, Precision::F32).unwrap();
        let expected = kernels.forward(&batch(), 1).unwrap();
        for padded in [false, true] {
            let found = load_candle(name, Precision::F32, padded).forward(&batch(), 1);
            assert_close(name, 1e-5, &found.unwrap(), &expected);
        }
        let (config, weights) = checkpoint(name);
        let candle = config.load_candle(weights, Device::Cpu, Precision::F32);
        assert_eq!(candle.unwrap().1, digest, "{name}: other tensors were read");
    }
}

#[test]
fn padding_does_not_change_hidden_states() {
    for name in CANDLE_ONLY {
        let expected = load_candle(name, Precision::F32, false).forward(&batch(), 1);
        let found = load_candle(name, Precision::F32, true).forward(&batch(), 1);
        assert_close(name, 1e-5, &found.unwrap(), &expected.unwrap());
    }
}

/// Runs f16 with padding, as a GPU does. Candle's CPU backend has matrix products in f16, but not in
/// bf16.
#[test]
fn half_precision_stays_close_to_f32() {
    for name in BERT_FAMILY.into_iter().chain(CANDLE_ONLY) {
        let expected = load_candle(name, Precision::F32, false).forward(&batch(), 1);
        let found = load_candle(name, Precision::F16, true).forward(&batch(), 1);
        assert_close(name, 0.05, &found.unwrap(), &expected.unwrap());
    }
}

#[test]
fn on_a_cpu_a_sequence_does_not_depend_on_its_batch() {
    for name in CANDLE_ONLY {
        let encoder = load_candle(name, Precision::F32, false);
        let batched = encoder.forward(&batch(), 1).unwrap();
        let mut start = 0;
        for ids in batch().sequences() {
            let alone = encoder.forward(&TokenBatch::from_sequences([ids]), 1);
            for (row, expected) in alone.unwrap().outer_iter().enumerate() {
                assert_eq!(batched.row(start + row), expected, "{name}");
            }
            start += ids.len();
        }
    }
}

#[test]
fn refuses_tokens_and_positions_without_an_embedding() {
    let encoder = load_candle("architectures/qwen3", Precision::F32, false);
    let message = |ids: &[u32]| {
        let batch = TokenBatch::from_sequences([ids]);
        encoder.forward(&batch, 1).unwrap_err().to_string()
    };
    let expected = "tokens of a text, most: expected 48, found 49";
    assert_eq!(message(&[0; 49]), expected);
    let expected = "token id, largest: expected 575, found 576";
    assert_eq!(message(&[576]), expected);
}

#[test]
fn names_in_the_registry_are_unique_and_unambiguous() {
    for (at, known) in REGISTRY.iter().enumerate() {
        for other in &REGISTRY[at + 1..] {
            assert_ne!(known.model_type, other.model_type);
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
