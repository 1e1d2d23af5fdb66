use cognate_kernels::{Cpu, Linear, LinearShape, QuantizedLinear, Weights};
use rayon::prelude::*;

use super::CpuTransformer;
use super::description::{
    Description, HeadNormTensors, LayerDescription, LinearTensors, NormKind, NormTensors,
    PositionTable, Table, TensorRows,
};
use super::embeddings::{AddedEmbeddings, Embeddings};
use super::layer::{AttentionBlock, FeedForwardBlock, Layer};
use super::norm::{HeadNorm, Norm};
use super::projection::Projection;
use super::rotary::RotaryTable;
use super::scratch_pool::ScratchPool;
use super::token_embeddings::TokenEmbeddings;
use crate::Result;
use crate::weights::WeightsFile;

impl CpuTransformer {
    /// Reads the weights and packs them, layers in parallel, on the current thread pool; `int8` says
    /// whether to quantize them. `describe_layer` describes the layer with an index.
    ///
    /// Returns the transformer together with the digest of the tensors read, for the fingerprint.
    pub(crate) fn load(
        cpu: Cpu,
        description: Description,
        describe_layer: impl Fn(usize) -> LayerDescription + Sync,
        weights: WeightsFile,
        int8: bool,
    ) -> Result<(Self, Vec<u8>)> {
        let weights = weights.with_prefix(description.prefixes, description.token_embeddings);
        let loader = Loader {
            cpu,
            description: &description,
            weights: &weights,
            int8,
        };
        // The token embeddings are about as large as all layers combined.
        let (embeddings, layers) = rayon::join(
            || loader.embeddings(),
            || {
                (0..description.num_layers)
                    .into_par_iter()
                    .map(|layer| loader.layer(&describe_layer(layer)))
                    .collect::<Result<Vec<_>>>()
            },
        );
        let rotary_table =
            |&theta: &f32| RotaryTable::new(theta, description.heads.size, description.max_tokens);
        let transformer = Self {
            cpu,
            embeddings: embeddings?,
            rotary_tables: description.rotary_thetas.iter().map(rotary_table).collect(),
            layers: layers?,
            final_norm: loader.optional_norm(description.final_norm.as_ref())?,
            position_bias: loader.position_bias()?,
            int8,
            batch_buffers: ScratchPool::default(),
            scratch: ScratchPool::default(),
            description,
        };
        Ok((transformer, weights.digest()))
    }
}

/// A linear layer of a description, with its shape.
struct LinearPart<'a> {
    tensors: &'a LinearTensors,
    shape: LinearShape,
    /// The number of outputs, from the first one on, that are queries and must be divided by the
    /// square root of the head size.
    scaled_outputs: usize,
}

/// Reads the parts of a transformer from the weights.
struct Loader<'a> {
    cpu: Cpu,
    description: &'a Description,
    weights: &'a WeightsFile,
    int8: bool,
}

impl Loader<'_> {
    fn embeddings(&self) -> Result<Embeddings> {
        let Description {
            hidden_size,
            vocab_size,
            ..
        } = *self.description;
        let name = self.description.token_embeddings;
        let values = self.weights.tensor(name, &[vocab_size, hidden_size])?;
        let tokens = if self.int8 {
            TokenEmbeddings::quantized(&values, hidden_size)
        } else {
            TokenEmbeddings::F32(values)
        };
        Ok(Embeddings {
            tokens,
            added: self.added_embeddings()?,
            norm: self.optional_norm(self.description.embedding_norm.as_ref())?,
        })
    }

    /// Adds the position embeddings to each token type embedding in turn.
    fn added_embeddings(&self) -> Result<Option<AddedEmbeddings>> {
        let width = self.description.hidden_size;
        let read = |table: Table| self.weights.tensor(table.name, &[table.rows, width]);
        let types = self.description.token_types.map(read).transpose()?;
        let positions = self.description.positions;
        let read = |positions: PositionTable| read(positions.table);
        let sums = match (types, positions.map(read).transpose()?) {
            (None, None) => return Ok(None),
            (Some(table), None) | (None, Some(table)) => table,
            (Some(types), Some(positions)) => {
                let mut sums = Vec::with_capacity(types.len() / width * positions.len());
                for token_type in types.chunks_exact(width) {
                    for position in positions.chunks_exact(width) {
                        sums.extend(position.iter().zip(token_type).map(|(a, b)| a + b));
                    }
                }
                sums
            }
        };
        Ok(Some(AddedEmbeddings {
            sums,
            positions: positions.map(|positions| (positions.table.rows, positions.pad_token_id)),
        }))
    }

    fn position_bias(&self) -> Result<Option<Vec<f32>>> {
        let Some(bias) = self.description.position_bias else {
            return Ok(None);
        };
        let heads = self.description.heads.queries;
        let values = self.weights.tensor(bias.name, &[bias.buckets, heads])?;
        let span = self.description.max_tokens;
        Ok(Some((bias.expand)(&values, heads, span)))
    }

    fn layer(&self, layer: &LayerDescription) -> Result<Layer> {
        let Description {
            hidden_size: hidden,
            intermediate_size: intermediate,
            heads,
            ..
        } = *self.description;
        let part = |tensors, outputs, inputs| LinearPart {
            tensors,
            shape: LinearShape { outputs, inputs },
            scaled_outputs: 0,
        };
        let qkv = LinearPart {
            // A norm of the queries removes every scale before it, so it has the scale itself.
            scaled_outputs: match layer.query_norm {
                None => heads.query_width(),
                Some(_) => 0,
            },
            ..part(&layer.qkv, heads.qkv_width(), hidden)
        };
        let output = part(&layer.output, hidden, heads.query_width());
        let up = part(&layer.up, intermediate, hidden);
        let down = part(&layer.down, hidden, intermediate);
        // In the order in which they run.
        let (qkv, output, gate, up, down) = if let Some(gate) = &layer.gate {
            let gate = part(gate, intermediate, hidden);
            let packed = self.pack_all([qkv, output, gate, up, down])?;
            let [qkv, output, gate, up, down] = packed;
            (qkv, output, Some(gate), up, down)
        } else {
            let [qkv, output, up, down] = self.pack_all([qkv, output, up, down])?;
            (qkv, output, None, up, down)
        };
        Ok(Layer {
            attention: AttentionBlock {
                input_norm: self.optional_norm(layer.attention_norms.input.as_ref())?,
                heads,
                qkv,
                query_norm: self.head_norm(layer.query_norm.as_ref(), query_scale(heads.size))?,
                key_norm: self.head_norm(layer.key_norm.as_ref(), 1.0)?,
                rotary: layer.rotary,
                mask: layer.mask,
                output,
                sum_norm: self.optional_norm(layer.attention_norms.sum.as_ref())?,
            },
            feed_forward: FeedForwardBlock {
                input_norm: self.optional_norm(layer.feed_forward_norms.input.as_ref())?,
                gate,
                up,
                activation: layer.activation,
                down,
                sum_norm: self.optional_norm(layer.feed_forward_norms.sum.as_ref())?,
            },
        })
    }

    /// Reads linear layers and packs them one after the other.
    fn pack_all<const N: usize>(&self, parts: [LinearPart<'_>; N]) -> Result<[Projection; N]> {
        let shapes = parts.each_ref().map(|part| part.shape);
        let mut last_tensor = LastTensor::default();
        let read = |index: usize| self.linear(&parts[index], &mut last_tensor);
        let cpu = self.cpu;
        Ok(if self.int8 {
            QuantizedLinear::pack_all(cpu, shapes, read)?
                .map(|linear| Projection::Int8(cpu, linear))
        } else {
            Linear::pack_all(cpu, shapes, read)?.map(Projection::F32)
        })
    }

    fn linear(
        &self,
        part: &LinearPart<'_>,
        last_tensor: &mut LastTensor,
    ) -> Result<Weights<'static>> {
        let LinearShape { outputs, inputs } = part.shape;
        let mut values = Vec::new();
        let mut bias = Vec::new();
        for tensor in &part.tensors.parts {
            let more = self.rows(tensor, inputs, last_tensor)?;
            if values.is_empty() {
                values = more;
                values.reserve_exact(outputs * inputs - values.len());
            } else {
                values.extend(more);
            }
            if part.tensors.has_bias {
                let name = format!("{}.bias", tensor.name);
                let more = self.weights.tensor(&name, &[tensor.of])?;
                bias.extend_from_slice(&more[tensor.rows.clone()]);
            }
        }
        bias.resize(outputs, 0.0);
        if part.scaled_outputs > 0 {
            let scale = query_scale(self.description.heads.size);
            let queries = &mut values[..part.scaled_outputs * inputs];
            let biases = &mut bias[..part.scaled_outputs];
            queries.iter_mut().chain(biases).for_each(|x| *x *= scale);
        }
        Ok(Weights {
            values: values.into(),
            bias: bias.into(),
        })
    }

    /// Reads some rows of a tensor of weights.
    fn rows(
        &self,
        tensor: &TensorRows,
        inputs: usize,
        last_tensor: &mut LastTensor,
    ) -> Result<Vec<f32>> {
        let name = format!("{}.weight", tensor.name);
        let read = || self.weights.tensor(&name, &[tensor.of, inputs]);
        if tensor.rows == (0..tensor.of) {
            return read();
        }
        if last_tensor.name != name {
            last_tensor.values = read()?;
            last_tensor.name = name;
        }
        let rows = tensor.rows.start * inputs..tensor.rows.end * inputs;
        Ok(last_tensor.values[rows].to_vec())
    }

    fn optional_norm(&self, tensors: Option<&NormTensors>) -> Result<Option<Norm>> {
        tensors.map(|tensors| self.norm(tensors)).transpose()
    }

    fn norm(&self, tensors: &NormTensors) -> Result<Norm> {
        let NormTensors {
            kind,
            ref name,
            epsilon,
        } = *tensors;
        let width = self.description.hidden_size;
        let read = |ending| self.weights.tensor(&format!("{name}.{ending}"), &[width]);
        // Checkpoints converted from TensorFlow use the names `gamma` and `beta`.
        let from_tensorflow = self.weights.has(&format!("{name}.gamma"));
        Ok(match kind {
            NormKind::Layer => Norm::Layer {
                scale: read(if from_tensorflow { "gamma" } else { "weight" })?,
                shift: read(if from_tensorflow { "beta" } else { "bias" })?,
                epsilon,
            },
            NormKind::LayerWithoutBias => Norm::Layer {
                scale: read("weight")?,
                shift: vec![0.0; width],
                epsilon,
            },
            NormKind::RootMeanSquare => Norm::RootMeanSquare {
                scale: read("weight")?,
                epsilon,
            },
        })
    }

    /// Reads a root mean square norm of heads, and multiplies its scale by `factor`.
    fn head_norm(
        &self,
        tensors: Option<&HeadNormTensors>,
        factor: f32,
    ) -> Result<Option<HeadNorm>> {
        let Some(HeadNormTensors { name, epsilon }) = tensors else {
            return Ok(None);
        };
        let size = self.description.heads.size;
        let mut scale = self.weights.tensor(&format!("{name}.weight"), &[size])?;
        scale.iter_mut().for_each(|scale| *scale *= factor);
        Ok(Some(HeadNorm {
            scale,
            epsilon: *epsilon,
        }))
    }
}

/// The values of the last tensor of which some rows were read, because the next layer often has the
/// other rows.
#[derive(Default)]
struct LastTensor {
    name: String,
    values: Vec<f32>,
}

/// Returns the factor of the queries, one over the square root of the head size.
#[expect(clippy::cast_precision_loss, reason = "a head is small")]
fn query_scale(head_size: usize) -> f32 {
    1.0 / (head_size as f32).sqrt()
}
