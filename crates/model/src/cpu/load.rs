use cognate_kernels::{
    AlignedBuffer, Cpu, Epilogue, Linear, LinearShape, QuantizedLinear, SharedBuffer,
};
use rayon::prelude::*;

use super::CpuTransformer;
use super::description::{
    Description, HeadNormTensors, LayerDescription, LinearTensors, NormKind, NormTensors,
    PositionProjections, PositionTable, RelativeBias, RelativePositions, RotaryFrequencies, Table,
};
use super::embeddings::{AddedEmbeddings, Embeddings};
use super::layer::{AttentionBlock, FeedForwardBlock, Layer};
use super::linear_reader::{LinearPart, LinearReader};
use super::norm::{HeadNorm, Norm};
use super::position_keys::PositionKeys;
use super::projection::Projection;
use super::rotary::RotaryTable;
use super::scratch_pool::ScratchPool;
use super::token_embeddings::TableShape;
use crate::Result;
use crate::packed::Parts;
use crate::weights::Weights;

impl CpuTransformer {
    /// Reads the weights and packs them, layers in parallel, on the current thread pool, or takes them
    /// from `parts` if they have been packed before; `int8` says whether to quantize them.
    /// `describe_layer` describes the layer with an index.
    pub(crate) fn load(
        cpu: Cpu,
        description: Description,
        describe_layer: impl Fn(usize) -> LayerDescription + Sync,
        weights: &Weights,
        parts: &Parts,
        int8: bool,
    ) -> Result<Self> {
        let loader = Loader {
            cpu,
            description: &description,
            weights,
            parts,
            int8,
        };
        // The token embeddings are about as large as all layers combined.
        let (embeddings, layers) = rayon::join(
            || loader.embeddings(),
            || {
                (0..description.num_layers)
                    .into_par_iter()
                    .map(|layer| loader.layer(layer, &describe_layer(layer)))
                    .collect::<Result<Vec<_>>>()
            },
        );
        let rotary_table = |frequencies: &RotaryFrequencies| {
            RotaryTable::new(frequencies.clone(), description.max_tokens)
        };
        Ok(Self {
            cpu,
            embeddings: embeddings?,
            rotary_tables: description.rotary.iter().map(rotary_table).collect(),
            layers: layers?,
            final_norm: loader.optional_norm(description.final_norm.as_ref())?,
            position_bias: loader.position_bias()?,
            int8,
            batch_buffers: ScratchPool::default(),
            scratch: ScratchPool::default(),
            saving: None,
            description,
        })
    }
}

/// Reads the parts of a transformer from the weights, or takes them from those packed before.
struct Loader<'a> {
    cpu: Cpu,
    description: &'a Description,
    weights: &'a Weights,
    parts: &'a Parts,
    int8: bool,
}

impl Loader<'_> {
    /// Returns the values of a tensor.
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<SharedBuffer> {
        // No tensor has a shape whose product overflows.
        let len = shape.iter().fold(1, |len: usize, &n| len.saturating_mul(n));
        self.parts.part(name, len, || {
            let mut reader = self.weights.reader(name, shape)?;
            let mut values = AlignedBuffer::zeroed(len);
            reader.read(values.as_mut_slice())?;
            Ok(values.into())
        })
    }

    fn embeddings(&self) -> Result<Embeddings> {
        let Description {
            hidden_size,
            vocab_size,
            embedding_scale,
            ..
        } = *self.description;
        let own = self.description.own_token_embeddings;
        let own = own.filter(|name| self.weights.has(name));
        let name = own.unwrap_or(self.description.token_embeddings);
        let table = TableShape {
            rows: vocab_size,
            width: hidden_size,
            int8: self.int8,
        };
        let packed = self.parts.part(name, table.packed_len(), || {
            let mut reader = self.weights.reader(name, &[vocab_size, hidden_size])?;
            table.pack(|rows| {
                reader.read(rows)?;
                for x in rows {
                    *x *= embedding_scale;
                }
                Ok(())
            })
        })?;
        Ok(Embeddings {
            tokens: table.embeddings(&packed),
            added: self.added_embeddings()?,
            norm: self.optional_norm(self.description.embedding_norm.as_ref())?,
        })
    }

    /// Adds the position embeddings to each token type embedding in turn.
    fn added_embeddings(&self) -> Result<Option<AddedEmbeddings>> {
        let width = self.description.hidden_size;
        let types = self.description.token_types;
        let positions = self.description.positions;
        let position_table = positions.map(|positions: PositionTable| positions.table);
        let sums = match (types, position_table) {
            (None, None) => return Ok(None),
            (Some(table), None) | (None, Some(table)) => {
                self.tensor(table.name, &[table.rows, width])?
            }
            (Some(types), Some(positions)) => {
                let rows = types.rows.saturating_mul(positions.rows);
                let len = rows.saturating_mul(width);
                self.parts.part("added embeddings", len, || {
                    let read = |table: Table| self.weights.tensor(table.name, &[table.rows, width]);
                    let (types, positions) = (read(types)?, read(positions)?);
                    let mut sums = AlignedBuffer::zeroed(len);
                    let sums_of_type = sums.as_mut_slice().chunks_exact_mut(positions.len());
                    for (token_type, sums) in types.chunks_exact(width).zip(sums_of_type) {
                        for (sums, position) in sums
                            .chunks_exact_mut(width)
                            .zip(positions.chunks_exact(width))
                        {
                            let pairs = position.iter().zip(token_type);
                            for (sum, (a, b)) in sums.iter_mut().zip(pairs) {
                                *sum = a + b;
                            }
                        }
                    }
                    Ok(sums.into())
                })?
            }
        };
        Ok(Some(AddedEmbeddings {
            sums,
            positions: positions.map(|positions| (positions.table.rows, positions.pad_token_id)),
        }))
    }

    fn position_bias(&self) -> Result<Option<SharedBuffer>> {
        let Some(bias) = self.description.position_bias else {
            return Ok(None);
        };
        let heads = self.description.heads.queries;
        let span = self.description.max_tokens;
        let len = heads.saturating_mul(span.saturating_mul(2).saturating_sub(1));
        let expanded = match bias {
            RelativeBias::Learned(bias) => self.parts.part("position bias", len, || {
                let values = self.weights.tensor(bias.name, &[bias.buckets, heads])?;
                Ok((bias.expand)(&values, heads, span)[..].into())
            })?,
            RelativeBias::Linear(slopes) => linear_biases(&slopes(heads), span)[..].into(),
        };
        Ok(Some(expanded))
    }

    fn layer(&self, index: usize, layer: &LayerDescription) -> Result<Layer> {
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
            scaled_outputs: match (&layer.query_norm, &layer.joint_norms) {
                (None, None) => heads.query_width(),
                _ => 0,
            },
            ..part(&layer.qkv, heads.qkv_width(), hidden)
        };
        let output = part(&layer.output, hidden, heads.query_width());
        let up = part(&layer.up, intermediate, hidden);
        let down = part(&layer.down, hidden, intermediate);
        // In the order in which they run.
        let (qkv, output, gate, up, down) = if let Some(gate) = &layer.gate {
            let gate = part(gate, intermediate, hidden);
            let packed = self.pack_all(index, [qkv, output, gate, up, down])?;
            let [qkv, output, gate, up, down] = packed;
            (qkv, output, Some(gate), up, down)
        } else {
            let [qkv, output, up, down] = self.pack_all(index, [qkv, output, up, down])?;
            (qkv, output, None, up, down)
        };
        Ok(Layer {
            attention: AttentionBlock {
                input_norm: self.optional_norm(layer.attention_norms.input.as_ref())?,
                heads,
                qkv,
                query_norm: self.head_norm(layer.query_norm.as_ref(), self.query_scale())?,
                key_norm: self.head_norm(layer.key_norm.as_ref(), 1.0)?,
                joint_norms: self.joint_norms(layer.joint_norms.as_ref())?,
                position_keys: self.position_keys(index, layer.positions.as_ref())?,
                rotary: layer.rotary,
                mask: layer.mask,
                output,
                result_norm: self.optional_norm(layer.attention_norms.result.as_ref())?,
                sum_norm: self.optional_norm(layer.attention_norms.sum.as_ref())?,
            },
            feed_forward: FeedForwardBlock {
                input_norm: self.optional_norm(layer.feed_forward_norms.input.as_ref())?,
                gate,
                up,
                activation: layer.activation,
                down,
                result_norm: self.optional_norm(layer.feed_forward_norms.result.as_ref())?,
                sum_norm: self.optional_norm(layer.feed_forward_norms.sum.as_ref())?,
            },
        })
    }

    /// Reads the linear layers of the layer with this index and packs them one after the other.
    fn pack_all<const N: usize>(
        &self,
        index: usize,
        linears: [LinearPart<'_>; N],
    ) -> Result<[Projection; N]> {
        let shapes = linears.each_ref().map(|linear| linear.shape);
        let name = format!("layer {index}");
        let cpu = self.cpu;
        let scale = self.query_scale();
        let mut reader = LinearReader::new(self.weights, &linears, scale);
        Ok(if self.int8 {
            let len = QuantizedLinear::packed_len(cpu, shapes);
            let packed = self.parts.part(&name, len, || {
                let packed = QuantizedLinear::pack(cpu, shapes, &mut reader)?;
                reader.finish()?;
                Ok(packed)
            })?;
            QuantizedLinear::from_packed(cpu, shapes, &packed)
                .map(|linear| Projection::Int8(cpu, linear))
        } else {
            let len = Linear::packed_len(cpu, shapes);
            let packed = self.parts.part(&name, len, || {
                let packed = Linear::pack(cpu, shapes, &mut reader)?;
                reader.finish()?;
                Ok(packed)
            })?;
            Linear::from_packed(cpu, shapes, &packed).map(Projection::F32)
        })
    }

    /// Reads the norms of the queries of all heads together, and of the keys. The norm of the queries
    /// has their scale.
    fn joint_norms(&self, tensors: Option<&[NormTensors; 2]>) -> Result<Option<[Norm; 2]>> {
        let Some([queries, keys]) = tensors else {
            return Ok(None);
        };
        let mut queries = self.norm(queries)?;
        queries.multiply(self.query_scale());
        Ok(Some([queries, self.norm(keys)?]))
    }

    /// Computes the keys and queries that the layer with this index makes of relative positions.
    fn position_keys(
        &self,
        index: usize,
        projections: Option<&PositionProjections>,
    ) -> Result<Option<PositionKeys>> {
        let (Some(positions), Some(projections)) =
            (&self.description.relative_positions, projections)
        else {
            return Ok(None);
        };
        let (cpu, heads) = (self.cpu, self.description.heads);
        let vectors = |name: &str, tensors: Option<&LinearTensors>, is_scaled: bool| {
            let Some(tensors) = tensors else {
                return Ok(Vec::new());
            };
            let name = format!("position {name} {index}");
            let len = positions.table.rows.saturating_mul(heads.query_width());
            let vectors = self.parts.part(&name, len, || {
                self.position_vectors(positions, tensors, is_scaled)
            })?;
            Ok(PositionKeys::split(cpu, heads, &vectors))
        };
        Ok(Some(PositionKeys {
            cpu,
            rows: positions.rows[..].into(),
            keys: vectors("keys", projections.key.as_ref(), false)?,
            queries: vectors("queries", projections.query.as_ref(), true)?,
        }))
    }

    /// Projects the embeddings of relative positions, and returns `[rows, query_width]`; `is_scaled`
    /// says whether the result has the scale of queries.
    fn position_vectors(
        &self,
        positions: &RelativePositions,
        tensors: &LinearTensors,
        is_scaled: bool,
    ) -> Result<SharedBuffer> {
        let (cpu, inputs) = (self.cpu, self.description.hidden_size);
        let Table { name, rows } = positions.table;
        let mut embeddings = self.weights.tensor(name, &[rows, inputs])?;
        if let Some(norm) = self.optional_norm(positions.norm.as_ref())? {
            norm.apply(cpu, &mut embeddings);
        }
        let outputs = self.description.heads.query_width();
        let shapes = [LinearShape { outputs, inputs }];
        let linears = [LinearPart {
            tensors,
            shape: shapes[0],
            scaled_outputs: if is_scaled { outputs } else { 0 },
        }];
        let mut reader = LinearReader::new(self.weights, &linears, self.query_scale());
        let packed = Linear::pack(cpu, shapes, &mut reader)?;
        reader.finish()?;
        let [linear] = Linear::from_packed(cpu, shapes, &packed);
        let mut vectors = AlignedBuffer::zeroed(rows * outputs);
        linear.apply(&embeddings, Epilogue::Identity, vectors.as_mut_slice());
        Ok(vectors.into())
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
        let read = |ending| self.tensor(&format!("{name}.{ending}"), &[width]);
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
                shift: AlignedBuffer::zeroed(width).into(),
                epsilon,
            },
            NormKind::RootMeanSquare => Norm::RootMeanSquare {
                scale: read("weight")?,
                epsilon,
            },
            NormKind::ZeroCenteredRootMeanSquare => {
                let scale: Vec<f32> = read("weight")?.iter().map(|weight| 1.0 + weight).collect();
                Norm::RootMeanSquare {
                    scale: scale[..].into(),
                    epsilon,
                }
            }
        })
    }

    /// Reads a root mean square norm of heads, and multiplies its scale by `factor`.
    fn head_norm(
        &self,
        tensors: Option<&HeadNormTensors>,
        factor: f32,
    ) -> Result<Option<HeadNorm>> {
        let Some(tensors) = tensors else {
            return Ok(None);
        };
        let HeadNormTensors {
            ref name,
            epsilon,
            zero_centered,
        } = *tensors;
        let offset = if zero_centered { 1.0 } else { 0.0 };
        let size = self.description.heads.size;
        let mut scale = self.tensor(&format!("{name}.weight"), &[size])?.to_vec();
        for scale in &mut scale {
            *scale = (offset + *scale) * factor;
        }
        Ok(Some(HeadNorm { scale, epsilon }))
    }

    /// Returns the factor of the queries.
    #[expect(clippy::cast_precision_loss, reason = "a head is small")]
    fn query_scale(&self) -> f32 {
        let Description {
            heads,
            attention_scale,
            ..
        } = self.description;
        attention_scale.unwrap_or_else(|| 1.0 / (heads.size as f32).sqrt())
    }
}

/// Returns the biases by distance, `[heads, 2 · span − 1]`, that fall with the slope of each head.
#[expect(
    clippy::cast_precision_loss,
    reason = "positions are small, and the reference computes the biases in f32 too"
)]
fn linear_biases(slopes: &[f32], span: usize) -> Vec<f32> {
    let distances = (0..2 * span - 1).map(|at| at.abs_diff(span - 1) as f32);
    let of_head = |slope: f32| distances.clone().map(move |distance| -slope * distance);
    slopes.iter().copied().flat_map(of_head).collect()
}
