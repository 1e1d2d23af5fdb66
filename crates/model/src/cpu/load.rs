use cognate_kernels::{Cpu, Linear, LinearShape, QuantizedLinear, Weights};
use rayon::prelude::*;

use super::PostNormEncoder;
use super::layer::{Layer, Norm};
use super::projection::Projection;
use super::scratch_pool::ScratchPool;
use super::token_embeddings::TokenEmbeddings;
use crate::Result;
use crate::architecture::post_norm::{
    PostNormConfig, TOKEN_EMBEDDINGS, TensorNames, expand_buckets,
};
use crate::weights::WeightsFile;

impl PostNormEncoder {
    /// Reads the weights and packs them, layers in parallel, on the current thread pool; `int8` says
    /// whether to quantize them.
    ///
    /// Returns the encoder together with the digest of the tensors read, for the fingerprint.
    pub(crate) fn load(
        cpu: Cpu,
        config: &PostNormConfig,
        weights: WeightsFile,
        int8: bool,
    ) -> Result<(Self, Vec<u8>)> {
        let names = &config.variant.tensor_names;
        let weights = weights.with_prefix(names.prefixes, TOKEN_EMBEDDINGS);
        let loader = Loader {
            cpu,
            config,
            names,
            weights: &weights,
            int8,
        };
        // The token embeddings are about as large as all layers combined.
        let (token_embeddings, layers) = rayon::join(
            || loader.token_embeddings(),
            || {
                (0..config.num_hidden_layers)
                    .into_par_iter()
                    .map(|layer| loader.layer(layer))
                    .collect::<Result<Vec<_>>>()
            },
        );
        let encoder = Self {
            cpu,
            token_embeddings: token_embeddings?,
            layers: layers?,
            position_embeddings: loader.position_embeddings()?,
            embedding_norm: loader.norm("embeddings.LayerNorm")?,
            position_bias: loader.position_bias()?,
            int8,
            config: config.clone(),
            batch_buffers: ScratchPool::default(),
            scratch: ScratchPool::default(),
        };
        Ok((encoder, weights.digest()))
    }
}

/// Reads the parts of an encoder from the weights.
struct Loader<'a> {
    cpu: Cpu,
    config: &'a PostNormConfig,
    names: &'static TensorNames,
    weights: &'a WeightsFile,
    int8: bool,
}

impl Loader<'_> {
    fn token_embeddings(&self) -> Result<TokenEmbeddings> {
        let shape = [self.config.vocab_size, self.config.hidden_size];
        let values = self.weights.tensor(TOKEN_EMBEDDINGS, &shape)?;
        Ok(if self.int8 {
            TokenEmbeddings::quantized(&values, self.config.hidden_size)
        } else {
            TokenEmbeddings::F32(values)
        })
    }

    fn layer(&self, layer: usize) -> Result<Layer> {
        let PostNormConfig {
            hidden_size: hidden,
            intermediate_size: intermediate,
            hidden_act,
            ..
        } = *self.config;
        let name = |part: &str| format!("{}.{layer}.{part}", self.names.layers);
        let shape = |outputs, inputs| LinearShape { outputs, inputs };
        // In the order in which they run: queries, keys and values; output; up; down.
        let shapes = [
            shape(3 * hidden, hidden),
            shape(hidden, hidden),
            shape(intermediate, hidden),
            shape(hidden, intermediate),
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

    /// Reads the three input projections of attention as one, with the queries divided by the
    /// square root of the head size.
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
        // Checkpoints converted from TensorFlow use the names `gamma` and `beta`.
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

    /// Adds the position embeddings to each token type embedding in turn.
    fn position_embeddings(&self) -> Result<Vec<f32>> {
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
        let Some(buckets) = self.config.variant.relative_attention_num_buckets else {
            return Ok(None);
        };
        let heads = self.config.num_attention_heads;
        let name = "encoder.relative_attention_bias.weight";
        let biases = self.weights.tensor(name, &[buckets, heads])?;
        Ok(Some(expand_buckets(
            &biases,
            heads,
            self.config.max_tokens(),
        )))
    }
}
