//! candle-transformers' BERT; batching, padding and pooling follow candle's own example.

use std::fs;

use anyhow::{Error, Result, ensure};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use embed_peers::{Embed, Options, batches_by_length, serve, spread};
use ndarray::{Array2, ArrayView2};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokenizers::{Encoding, Tokenizer, TruncationParams};

/// The `max_seq_length` of this checkpoint in sentence-transformers.
const MAX_TOKENS: usize = 256;

struct Candle {
    model: BertModel,
    hidden_size: usize,
    tokenizer: Tokenizer,
    /// One pool of all threads, or one pool per thread.
    pools: Vec<ThreadPool>,
}

impl Candle {
    fn load(options: &Options) -> Result<Self> {
        ensure!(options.precision == "f32", "candle's BERT runs in f32 here");
        let config: Config = serde_json::from_slice(&fs::read(options.model.join("config.json"))?)?;
        let weights = [options.model.join("model.safetensors")];
        // SAFETY: no other process writes to the file while this process runs.
        let weights =
            unsafe { VarBuilder::from_mmaped_safetensors(&weights, DType::F32, &Device::Cpu)? };
        let mut tokenizer =
            Tokenizer::from_file(options.model.join("tokenizer.json")).map_err(Error::msg)?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams {
                max_length: MAX_TOKENS,
                ..TruncationParams::default()
            }))
            .map_err(Error::msg)?;
        let (pools, width) = match options.mode.as_str() {
            "workers" => (options.threads, 1),
            _ => (1, options.threads),
        };
        let pools = (0..pools).map(|_| ThreadPoolBuilder::new().num_threads(width).build());
        Ok(Self {
            model: BertModel::load(weights, &config)?,
            hidden_size: config.hidden_size,
            tokenizer,
            pools: pools.collect::<Result<_, _>>()?,
        })
    }
}

/// Runs one padded batch and returns `[n, hidden_size]`, each row of length 1.
fn forward(model: &BertModel, encodings: &[&Encoding]) -> Result<Vec<f32>> {
    let longest = encodings.iter().map(|text| text.len()).max().unwrap_or(0);
    let shape = (encodings.len(), longest);
    let mut ids = vec![0u32; shape.0 * shape.1];
    let mut mask = vec![0f32; shape.0 * shape.1];
    for (row, text) in encodings.iter().enumerate() {
        let here = row * longest..row * longest + text.len();
        ids[here.clone()].copy_from_slice(text.get_ids());
        mask[here].fill(1.0);
    }
    let ids = Tensor::from_vec(ids, shape, &Device::Cpu)?;
    let mask = Tensor::from_vec(mask, shape, &Device::Cpu)?;
    let hidden = model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
    // Mean over the tokens that are not padding, as a matrix product.
    let sum = mask.unsqueeze(1)?.matmul(&hidden)?.squeeze(1)?;
    let mean = sum.broadcast_div(&mask.sum_keepdim(1)?)?;
    let unit = mean.broadcast_div(&mean.sqr()?.sum_keepdim(1)?.sqrt()?)?;
    Ok(unit.flatten_all()?.to_vec1()?)
}

impl Embed for Candle {
    fn embed(&mut self, texts: &[String], batch: usize) -> Result<Array2<f32>> {
        let encodings = self
            .tokenizer
            .encode_batch(texts.to_vec(), true)
            .map_err(Error::msg)?;
        let lengths: Vec<usize> = encodings.iter().map(Encoding::len).collect();
        let batches = batches_by_length(&lengths, batch);
        let model = &self.model;
        let answers = spread(&mut self.pools, &batches, |pool, batch| {
            let batch: Vec<&Encoding> = batch.iter().map(|&text| &encodings[text]).collect();
            pool.install(|| forward(model, &batch))
        })?;
        let mut rows = Array2::zeros((texts.len(), self.hidden_size));
        for (index, answer) in answers {
            let answer = ArrayView2::from_shape((batches[index].len(), self.hidden_size), &answer)?;
            for (&text, row) in batches[index].iter().zip(answer.outer_iter()) {
                rows.row_mut(text).assign(&row);
            }
        }
        Ok(rows)
    }
}

fn main() -> Result<()> {
    serve(Candle::load)
}
