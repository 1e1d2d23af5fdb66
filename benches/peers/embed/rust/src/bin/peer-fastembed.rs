//! fastembed-rs, on the ONNX file that ONNX Runtime runs fastest.

use std::fs;

use anyhow::{Context, Result};
use embed_peers::{Embed, Options, batches_by_length, serve, spread};
use fastembed::{
    InitOptionsUserDefined, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel,
};
use ndarray::{Array2, ArrayView1};

/// The `max_seq_length` of this checkpoint in sentence-transformers.
const MAX_TOKENS: usize = 256;

/// One session of all threads, or one session per thread.
struct Fastembed(Vec<TextEmbedding>);

impl Fastembed {
    fn load(options: &Options) -> Result<Self> {
        let graph = options.graph.as_ref().context("`--graph` is missing")?;
        let read = |name: &str| fs::read(options.model.join(name));
        let tokenizer = TokenizerFiles {
            tokenizer_file: read("tokenizer.json")?,
            config_file: read("config.json")?,
            special_tokens_map_file: read("special_tokens_map.json")?,
            tokenizer_config_file: read("tokenizer_config.json")?,
        };
        let (sessions, width) = match options.mode.as_str() {
            "workers" => (options.threads, 1),
            _ => (1, options.threads),
        };
        let session = |_| -> Result<TextEmbedding> {
            let model = UserDefinedEmbeddingModel::new(fs::read(graph)?, tokenizer.clone())
                .with_pooling(Pooling::Mean);
            let options = InitOptionsUserDefined::new()
                .with_max_length(MAX_TOKENS)
                .with_intra_threads(width);
            Ok(TextEmbedding::try_new_from_user_defined(model, options)?)
        };
        Ok(Self((0..sessions).map(session).collect::<Result<_>>()?))
    }
}

impl Embed for Fastembed {
    // fastembed pads to the longest text of a batch but does not sort. It does not expose token
    // counts, so texts are sorted by their length in bytes.
    fn embed(&mut self, texts: &[String], batch: usize) -> Result<Array2<f32>> {
        let lengths: Vec<usize> = texts.iter().map(String::len).collect();
        let batches = batches_by_length(&lengths, batch);
        let answers = spread(&mut self.0, &batches, |session, batch| {
            let batch: Vec<&str> = batch.iter().map(|&text| texts[text].as_str()).collect();
            Ok(session.embed(&batch, Some(batch.len()))?)
        })?;
        let dim = answers.first().map_or(0, |(_, rows)| rows[0].len());
        let mut rows = Array2::zeros((texts.len(), dim));
        for (index, answer) in answers {
            for (&text, row) in batches[index].iter().zip(&answer) {
                rows.row_mut(text).assign(&ArrayView1::from(row));
            }
        }
        Ok(rows)
    }
}

fn main() -> Result<()> {
    serve(Fastembed::load)
}
