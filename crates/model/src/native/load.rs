use cognate_kernels::{Cpu, Linear, LinearShape, QuantizedLinear, Weights};
use rayon::prelude::*;

use super::PostNormEncoder;
use super::layer::{Layer, Norm};
use super::pool::Pool;
use super::position_bias;
use super::projection::Projection;
use super::words::WordTable;
use crate::Result;
use crate::config::{PostNormConfig, TensorNames, WORDS};
use crate::weights::WeightsFile;

impl PostNormEncoder {
    /// Reads the weights and packs them, layers in parallel, on the current pool; in 8 bits when
    /// `int8` says so.
    ///
    /// Returns what was read, for the fingerprint, beside the encoder.
    pub(crate) fn load(
        cpu: Cpu,
        config: &PostNormConfig,
        weights: WeightsFile,
        int8: bool,
    ) -> Result<(Self, Vec<u8>)> {
        let names = TensorNames::of(config.family);
        let weights = weights.with_prefix(names.prefixes, WORDS);
        let loader = Loader {
            cpu,
            config,
            names,
            weights: &weights,
            int8,
        };
        // The table of words is about as large as all layers together.
        let (words, layers) = rayon::join(
            || loader.words(),
            || {
                (0..config.num_hidden_layers)
                    .into_par_iter()
                    .map(|layer| loader.layer(layer))
                    .collect::<Result<Vec<_>>>()
            },
        );
        let encoder = Self {
            cpu,
            words: words?,
            layers: layers?,
            positions: loader.positions()?,
            embedding_norm: loader.norm("embeddings.LayerNorm")?,
            position_bias: loader.position_bias()?,
            int8,
            config: config.clone(),
            batches: Pool::default(),
            scratch: Pool::default(),
        };
        Ok((encoder, weights.digest()))
    }
}

struct Loader<'a> {
    cpu: Cpu,
    config: &'a PostNormConfig,
    names: &'static TensorNames,
    weights: &'a WeightsFile,
    int8: bool,
}

impl Loader<'_> {
    fn words(&self) -> Result<WordTable> {
        let shape = [self.config.vocab_size, self.config.hidden_size];
        let values = self.weights.tensor(WORDS, &shape)?;
        Ok(if self.int8 {
            WordTable::quantized(&values, self.config.hidden_size)
        } else {
            WordTable::F32(values)
        })
    }

    fn layer(&self, layer: usize) -> Result<Layer> {
        let PostNormConfig {
            hidden_size: narrow,
            intermediate_size: wide,
            hidden_act,
            ..
        } = *self.config;
        let name = |part: &str| format!("{}.{layer}.{part}", self.names.layers);
        let shape = |outputs, inputs| LinearShape { outputs, inputs };
        // In the order in which they work.
        let shapes = [
            shape(3 * narrow, narrow),
            shape(narrow, narrow),
            shape(wide, narrow),
            shape(narrow, wide),
        ];
        let read = |part| match part {
            0 => self.queries_keys_values(name),
            1 => self.linear(&name(self.names.output), shapes[part]),
            2 => self.linear(&name(self.names.up), shapes[part]),
            _ => self.linear(&name(self.names.down), shapes[part]),
        };
        let cpu = self.cpu;
        let [qkv, output, up, down] = if self.int8 {
            QuantizedLinear::pack_all(cpu, shapes, read)?
                .map(|linear| Projection::Int8(cpu, linear))
        } else {
            Linear::pack_all(cpu, shapes, read)?.map(Projection::F32)
        };
        Ok(Layer {
            qkv,
            output,
            attention_norm: self.norm(&name(self.names.attention_norm))?,
            up,
            hidden_act,
            down,
            output_norm: self.norm(&name(self.names.output_norm))?,
        })
    }

    /// The three projections of attention as one, the queries scaled by the root of the head size.
    fn queries_keys_values(&self, name: impl Fn(&str) -> String) -> Result<Weights<'static>> {
        let width = self.config.hidden_size;
        #[expect(clippy::cast_precision_loss, reason = "a head is small")]
        let scale = 1.0 / (self.config.head_size() as f32).sqrt();
        let mut weights = Vec::with_capacity(3 * width * width);
        let mut bias = Vec::with_capacity(3 * width);
        for part in [self.names.query, self.names.key, self.names.value] {
            let name = name(part);
            weights.extend(
                self.weights
                    .tensor(&format!("{name}.weight"), &[width, width])?,
            );
            bias.extend(self.weights.tensor(&format!("{name}.bias"), &[width])?);
            if part == self.names.query {
                weights
                    .iter_mut()
                    .chain(&mut bias)
                    .for_each(|value| *value *= scale);
            }
        }
        Ok(Weights {
            values: weights.into(),
            bias: bias.into(),
        })
    }

    fn linear(&self, name: &str, shape: LinearShape) -> Result<Weights<'static>> {
        let LinearShape { outputs, inputs } = shape;
        let weights = format!("{name}.weight");
        let values = self.weights.tensor(&weights, &[outputs, inputs])?;
        let bias = self.weights.tensor(&format!("{name}.bias"), &[outputs])?;
        Ok(Weights {
            values: values.into(),
            bias: bias.into(),
        })
    }

    fn norm(&self, name: &str) -> Result<Norm> {
        // Checkpoints converted from TensorFlow have these names.
        let (scale, shift) = if self.weights.has(&format!("{name}.gamma")) {
            ("gamma", "beta")
        } else {
            ("weight", "bias")
        };
        let width = [self.config.hidden_size];
        Ok(Norm {
            scale: self.weights.tensor(&format!("{name}.{scale}"), &width)?,
            shift: self.weights.tensor(&format!("{name}.{shift}"), &width)?,
            epsilon: self.config.layer_norm_eps,
        })
    }

    /// The vectors of the positions, added to that of each token type in turn.
    fn positions(&self) -> Result<Vec<f32>> {
        let (config, width) = (self.config, self.config.hidden_size);
        let shape = [config.max_position_embeddings, width];
        let name = "embeddings.position_embeddings.weight";
        let positions = self.weights.tensor(name, &shape)?;
        if config.type_vocab_size == 0 {
            return Ok(positions);
        }
        let shape = [config.type_vocab_size, width];
        let name = "embeddings.token_type_embeddings.weight";
        let types = self.weights.tensor(name, &shape)?;
        let mut sums = Vec::with_capacity(config.type_vocab_size * positions.len());
        for token_type in types.chunks_exact(width) {
            for position in positions.chunks_exact(width) {
                sums.extend(position.iter().zip(token_type).map(|(a, b)| a + b));
            }
        }
        Ok(sums)
    }

    fn position_bias(&self) -> Result<Option<Vec<f32>>> {
        let Some(buckets) = self.config.relative_attention_num_buckets else {
            return Ok(None);
        };
        let heads = self.config.num_attention_heads;
        let name = "encoder.relative_attention_bias.weight";
        let biases = self.weights.tensor(name, &[buckets, heads])?;
        Ok(Some(position_bias::by_distance(
            &biases,
            heads,
            self.config.max_tokens(),
        )))
    }
}
