//! Comparison with the golden numbers on a GPU.

use cognate_model::{Checkpoint, Device, Encoder, EncoderOptions, Error, Precision};

use crate::architectures::{assert_close, checkpoint, golden, texts};

const CHECKPOINTS: [&str; 7] = [
    "roberta",
    "xlm-roberta",
    "mpnet",
    "distilbert",
    "modernbert",
    "nomic-bert",
    "qwen3",
];

/// The tolerances of hidden states and of unit rows. They are wide, because the random weights of
/// these checkpoints amplify rounding errors a hundred times more than those of a trained model.
const BOUNDS: [(Precision, f32, f32); 3] = [
    (Precision::F32, 1e-4, 1e-5),
    (Precision::F16, 0.1, 0.02),
    (Precision::BF16, 0.8, 0.15),
];

fn load(name: &str, device: Device, precision: Precision) -> Result<Encoder, Error> {
    let options = EncoderOptions::default()
        .device(device)
        .precision(precision);
    Encoder::load(&Checkpoint::open(checkpoint(name)).unwrap(), options)
}

/// Compares every architecture in every number format.
fn assert_agrees_on(device: Device) {
    for (precision, hidden_bound, unit_bound) in BOUNDS {
        for name in CHECKPOINTS {
            let what = format!("{name} in {precision} on {device}");
            let encoder = load(name, device, precision).unwrap();
            let golden = golden(name);
            let hidden = encoder.hidden_states(&golden.tokens()).unwrap();
            let expected = golden.rows("hidden");
            assert_close(&what, hidden_bound, hidden.view(), expected.view());
            let rows = encoder.encode_documents(&texts()).unwrap();
            let expected = golden.rows("normalized");
            assert_close(&what, unit_bound, rows.view(), expected.view());
        }
    }
}

#[test]
#[ignore = "needs a GPU, and the feature `cuda` or `metal`"]
fn every_architecture_agrees_on_a_gpu() {
    let mut reasons = Vec::new();
    for device in [Device::Cuda(0), Device::Metal(0)] {
        match load("distilbert", device, Precision::F32) {
            Ok(_) => return assert_agrees_on(device),
            Err(Error::Device { device, source }) => reasons.push(format!("{device}: {source}")),
            Err(error) => panic!("{device}: {error}"),
        }
    }
    panic!("there is no GPU: {}", reasons.join("; "));
}

#[test]
fn a_missing_gpu_is_an_error_of_the_device() {
    for device in [Device::Cuda(9_999), Device::Metal(9_999)] {
        let error = load("qwen3", device, Precision::F32).unwrap_err();
        let expected = format!("the device `{device}` cannot be used");
        assert_eq!(error.to_string(), expected);
    }
}
