use cognate_kernels::Cpu;

use super::*;
use crate::Checkpoint;
use crate::native::PostNormEncoder;
use crate::testing::fixture;

const POST_NORM: [&str; 5] = [
    "tiny-bert",
    "architectures/roberta",
    "architectures/xlm-roberta",
    "architectures/mpnet",
    "architectures/distilbert",
];

const OTHERS: [&str; 3] = [
    "architectures/modernbert",
    "architectures/nomic-bert",
    "architectures/qwen3",
];

fn checkpoint(name: &str) -> (TransformerConfig, WeightsFile) {
    let checkpoint = Checkpoint::open(fixture(name)).unwrap();
    let weights = WeightsFile::open(checkpoint.weights_path()).unwrap();
    (checkpoint.transformer, weights)
}

fn encoder(name: &str, precision: Precision, padded: bool) -> CandleEncoder {
    let (config, weights) = checkpoint(name);
    let (mut encoder, _) = CandleEncoder::load(&config, weights, Device::Cpu, precision).unwrap();
    encoder.padded = padded;
    encoder
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
    for ((place, found), expected) in found.indexed_iter().zip(expected) {
        let bound = tolerance * expected.abs().max(1.0);
        assert!(
            (found - expected).abs() <= bound,
            "{name} {place:?}: {found}, expected {expected}"
        );
    }
}

#[test]
fn the_bert_family_agrees_with_its_native_twin() {
    for name in POST_NORM {
        let (config, weights) = checkpoint(name);
        let TransformerConfig::PostNorm(config) = config else {
            unreachable!("{name}")
        };
        let (native, read) = PostNormEncoder::load(Cpu::detect(), &config, weights, false).unwrap();
        let expected = native.forward(&batch(), 1).unwrap();
        for padded in [false, true] {
            let found = encoder(name, Precision::F32, padded).forward(&batch(), 1);
            assert_close(name, 1e-5, &found.unwrap(), &expected);
        }
        let (config, weights) = checkpoint(name);
        let twin = CandleEncoder::load(&config, weights, Device::Cpu, Precision::F32);
        assert_eq!(twin.unwrap().1, read, "{name}: other tensors were read");
    }
}

#[test]
fn padding_changes_nothing() {
    for name in OTHERS {
        let expected = encoder(name, Precision::F32, false).forward(&batch(), 1);
        let found = encoder(name, Precision::F32, true).forward(&batch(), 1);
        assert_close(name, 1e-5, &found.unwrap(), &expected.unwrap());
    }
}

/// As a GPU does it; candle's CPU has products in f16, not in bf16.
#[test]
fn half_precision_stays_near() {
    for name in POST_NORM.into_iter().chain(OTHERS) {
        let expected = encoder(name, Precision::F32, false).forward(&batch(), 1);
        let found = encoder(name, Precision::F16, true).forward(&batch(), 1);
        assert_close(name, 0.05, &found.unwrap(), &expected.unwrap());
    }
}

#[test]
fn alone_on_a_cpu_a_sequence_does_not_depend_on_its_neighbours() {
    for name in OTHERS {
        let encoder = encoder(name, Precision::F32, false);
        let together = encoder.forward(&batch(), 1).unwrap();
        let mut start = 0;
        for ids in batch().sequences() {
            let alone = encoder.forward(&TokenBatch::from_sequences([ids]), 1);
            for (row, expected) in alone.unwrap().outer_iter().enumerate() {
                assert_eq!(together.row(start + row), expected, "{name}");
            }
            start += ids.len();
        }
    }
}

#[test]
fn what_a_model_has_no_vector_for_is_refused() {
    let encoder = encoder("architectures/qwen3", Precision::F32, false);
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
fn sequences_of_about_one_length_go_together() {
    let lengths = [0, 100, 75, 74, 7, 15, 8, 0, 1];
    let groups = by_length(&lengths);
    assert_eq!(
        groups,
        [
            vec![1, 2],
            vec![3],
            vec![5, 6, 4],
            vec![8],
            vec![0],
            vec![7]
        ]
    );
}
