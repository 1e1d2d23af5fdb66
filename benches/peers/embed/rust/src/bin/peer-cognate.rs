//! This repository's encoder or reranker, with its default options.

use anyhow::{Context, Result};
use cognate_model::{
    Checkpoint, Device, Encoder, EncoderOptions, Precision, Reranker, RerankerOptions,
};
use embed_peers::{Embed, Options, serve};
use ndarray::Array2;

enum Cognate {
    Encoder(Encoder),
    Reranker(Reranker),
}

impl Cognate {
    fn load(options: &Options) -> Result<Self> {
        let checkpoint = Checkpoint::open(&options.model)?;
        let precision: Precision = options.precision.parse()?;
        if options.rerank {
            let reranker = RerankerOptions::default()
                .threads(options.threads)
                .precision(precision);
            return Ok(Self::Reranker(Reranker::load(&checkpoint, reranker)?));
        }
        let device = if options.cuda {
            Device::Cuda(0)
        } else {
            Device::Cpu
        };
        let encoder = EncoderOptions::default()
            .threads(options.threads)
            .device(device)
            .precision(precision);
        Ok(Self::Encoder(Encoder::load(&checkpoint, encoder)?))
    }
}

impl Embed for Cognate {
    // Both form their own batches, by tokens.
    fn embed(&mut self, texts: &[String], _batch: usize) -> Result<Array2<f32>> {
        match self {
            Self::Encoder(encoder) => Ok(encoder.encode_documents(texts)?),
            Self::Reranker(reranker) => {
                let (query, documents) = texts.split_first().context("there is no query")?;
                let scores = reranker.scores(query, documents)?;
                Ok(Array2::from_shape_vec((scores.len(), 1), scores)?)
            }
        }
    }
}

fn main() -> Result<()> {
    serve(Cognate::load)
}
