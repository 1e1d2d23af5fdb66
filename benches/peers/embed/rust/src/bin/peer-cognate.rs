//! This repository's encoder, with its default options.

use anyhow::Result;
use cognate_model::{Checkpoint, Device, Encoder, EncoderOptions};
use embed_peers::{Embed, serve};
use ndarray::Array2;

struct Cognate(Encoder);

impl Embed for Cognate {
    // The encoder forms its own batches, by tokens.
    fn embed(&mut self, texts: &[String], _batch: usize) -> Result<Array2<f32>> {
        Ok(self.0.encode_documents(texts)?)
    }
}

fn main() -> Result<()> {
    serve(|options| {
        let checkpoint = Checkpoint::open(&options.model)?;
        let device = if options.cuda {
            Device::Cuda(0)
        } else {
            Device::Cpu
        };
        let encoder = EncoderOptions::default()
            .threads(options.threads)
            .device(device)
            .precision(options.precision.parse()?);
        Ok(Cognate(Encoder::load(&checkpoint, encoder)?))
    })
}
