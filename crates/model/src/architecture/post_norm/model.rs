use candle_core::{Module, Result, Tensor};
use candle_nn::Linear;
#[cfg(feature = "cuda")]
use cognate_kernels::cuda;

use super::config::PostNormConfig;
use super::position_bias::expand_buckets;
use super::variant::{TOKEN_EMBEDDINGS, TensorNames};
#[cfg(feature = "cuda")]
use crate::TokenBatch;
#[cfg(feature = "cuda")]
use crate::candle::fused;
use crate::candle::{
    Activation, AttentionMask, LayerNorm, MaskKind, Model, PaddedBatch, Tensors, split_heads,
};
use crate::config::token_positions;

/// A transformer of the BERT family on candle, for GPUs.
#[derive(Debug)]
pub(super) struct PostNorm {
    config: PostNormConfig,
    token_embeddings: Tensor,
    /// The sum of the position embedding and the embedding of token type 0,
    /// `[positions, hidden_size]`.
    position_embeddings: Tensor,
    embedding_norm: LayerNorm,
    layers: Vec<Layer>,
    /// `[heads, 2 · span − 1]` in f32, indexed by the distance between query and key; `None` if the
    /// variant has no such bias.
    position_bias: Option<Tensor>,
}

#[derive(Debug)]
struct Layer {
    qkv: Linear,
    output: Linear,
    attention_norm: LayerNorm,
    up: Linear,
    activation: Activation,
    down: Linear,
    output_norm: LayerNorm,
}

impl PostNorm {
    pub(super) fn load(config: &PostNormConfig, tensors: &Tensors) -> crate::Result<Self> {
        let names = &config.variant.tensor_names;
        let (width, epsilon) = (config.hidden_size, config.layer_norm_eps);
        let token_embeddings = tensors.tensor(TOKEN_EMBEDDINGS, &[config.vocab_size, width])?;
        Ok(Self {
            token_embeddings,
            position_embeddings: position_embeddings(config, tensors)?,
            embedding_norm: tensors.layer_norm("embeddings.LayerNorm", width, epsilon)?,
            layers: tensors.layers(config.num_hidden_layers, |layer| {
                let name = |part: &str| format!("{}.{layer}.{part}", names.layers);
                Layer::load(config, tensors, names, name)
            })?,
            position_bias: position_bias(config, tensors)?,
            config: config.clone(),
        })
    }

    fn attention_mask(&self, batch: &PaddedBatch<'_>) -> Result<AttentionMask> {
        let Some(biases) = &self.position_bias else {
            return AttentionMask::new(batch, MaskKind::All);
        };
        let (heads, distances) = biases.dims2()?;
        let (span, longest) = (distances.div_ceil(2), batch.longest());
        #[expect(clippy::cast_possible_truncation, reason = "positions are small")]
        let distances: Vec<u32> = (0..longest)
            .flat_map(|query| (0..longest).map(move |key| (span - 1 + key - query) as u32))
            .collect();
        let distances = Tensor::new(distances, batch.device())?;
        let bias = biases.index_select(&distances, 1)?;
        AttentionMask::with_bias(batch, &bias.reshape((heads, longest, longest))?)
    }
}

impl Model for PostNorm {
    fn forward(&self, batch: &PaddedBatch<'_>) -> Result<Tensor> {
        #[expect(clippy::cast_possible_truncation, reason = "positions are small")]
        let positions = batch.map_tokens(|ids| {
            let positions = token_positions(ids, self.config.pad_token_id);
            positions.into_iter().map(|at| at as u32).collect()
        })?;
        let tokens = self.token_embeddings.index_select(&batch.ids()?, 0)?;
        let embedded = (tokens + self.position_embeddings.index_select(&positions, 0)?)?;
        let mask = self.attention_mask(batch)?;
        let mut x = self.embedding_norm.forward(&embedded)?;
        for layer in &self.layers {
            x = layer.forward(&x, batch, &mask, self.config.num_attention_heads)?;
        }
        Ok(x)
    }

    #[cfg(feature = "cuda")]
    fn supports_packed(&self) -> bool {
        let (config, device) = (&self.config, self.token_embeddings.device());
        let sizes = [
            config.hidden_size,
            config.intermediate_size,
            config.head_size(),
        ];
        device.is_cuda()
            && config.hidden_size <= cuda::MAX_WIDTH
            && config.head_size() <= cuda::MAX_HEAD_SIZE
            && sizes.iter().all(|size| size.is_multiple_of(cuda::PACK))
    }

    #[cfg(feature = "cuda")]
    fn forward_packed(&self, batch: &TokenBatch) -> Result<Tensor> {
        let device = self.token_embeddings.device();
        let positions = batch
            .sequences()
            .map(|ids| token_positions(ids, self.config.pad_token_id));
        #[expect(clippy::cast_possible_truncation, reason = "positions are small")]
        let positions: Vec<u32> = positions.flatten().map(|at| at as u32).collect();
        let norm = fused::norm(&self.embedding_norm);
        let mut x = cuda::embed(
            &self.token_embeddings,
            &self.position_embeddings,
            batch.ids(),
            &positions,
            norm,
        )?;
        let tiles = cuda::Tiles::new(&fused::lengths(batch), x.dtype(), device)?;
        for layer in &self.layers {
            let heads = self.config.num_attention_heads;
            x = layer.forward_packed(&x, &tiles, heads, self.position_bias.as_ref())?;
        }
        Ok(x)
    }
}

impl Layer {
    fn load(
        config: &PostNormConfig,
        tensors: &Tensors,
        names: &TensorNames,
        name: impl Fn(&str) -> String,
    ) -> crate::Result<Self> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let norm = |part| tensors.layer_norm(&name(part), hidden, config.layer_norm_eps);
        let qkv = [names.query, names.key, names.value].map(&name);
        Ok(Self {
            qkv: tensors.fused_linear(&qkv, hidden, hidden)?,
            output: tensors.linear(&name(names.output), hidden, hidden)?,
            attention_norm: norm(names.attention_norm)?,
            up: tensors.linear(&name(names.up), intermediate, hidden)?,
            activation: Activation::Hidden(config.hidden_act),
            down: tensors.linear(&name(names.down), hidden, intermediate)?,
            output_norm: norm(names.output_norm)?,
        })
    }

    fn forward(
        &self,
        x: &Tensor,
        batch: &PaddedBatch<'_>,
        mask: &AttentionMask,
        heads: usize,
    ) -> Result<Tensor> {
        let (q, k, v) = split_heads(&self.qkv.forward(x)?, batch, heads)?;
        let attended = self.output.forward(&mask.attend(&q, &k, &v)?)?;
        let x = self.attention_norm.forward(&(attended + x)?)?;
        let intermediate = self.activation.forward(&self.up.forward(&x)?)?;
        self.output_norm
            .forward(&(self.down.forward(&intermediate)? + x)?)
    }

    /// Computes the same as [`forward`](Self::forward) for packed tokens, `[T, hidden_size]`.
    #[cfg(feature = "cuda")]
    fn forward_packed(
        &self,
        x: &Tensor,
        tiles: &cuda::Tiles,
        heads: usize,
        position_bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (qkv, bias) = fused::product(&self.qkv, x)?;
        let context = cuda::attention(&qkv, bias, tiles, heads, position_bias)?;
        let (attended, bias) = fused::product(&self.output, &context)?;
        let x = cuda::add_norm(&attended, bias, x, fused::norm(&self.attention_norm))?;
        let (product, bias) = fused::product(&self.up, &x)?;
        let activation = fused::activation(self.activation)?;
        let intermediate = cuda::bias_activation(&product, bias, activation)?;
        let (product, bias) = fused::product(&self.down, &intermediate)?;
        cuda::add_norm(&product, bias, &x, fused::norm(&self.output_norm))
    }
}

/// Reads the position embeddings and adds the embedding of token type 0 to each.
///
/// The sum is computed on the host, because the first addition on a GPU may compile a kernel.
fn position_embeddings(config: &PostNormConfig, tensors: &Tensors) -> crate::Result<Tensor> {
    let (positions, width) = (config.max_position_embeddings, config.hidden_size);
    let name = "embeddings.position_embeddings.weight";
    let mut values = tensors.values(name, &[positions, width])?;
    if config.type_vocab_size > 0 {
        let name = "embeddings.token_type_embeddings.weight";
        let types = tensors.values(name, &[config.type_vocab_size, width])?;
        for position in values.chunks_exact_mut(width) {
            position.iter_mut().zip(&types).for_each(|(x, y)| *x += y);
        }
    }
    tensors.tensor_from_values(values, (positions, width))
}

fn position_bias(config: &PostNormConfig, tensors: &Tensors) -> crate::Result<Option<Tensor>> {
    let Some(buckets) = config.variant.relative_attention_num_buckets else {
        return Ok(None);
    };
    let (heads, span) = (config.num_attention_heads, config.max_tokens());
    let name = "encoder.relative_attention_bias.weight";
    let bias_of_buckets = tensors.values(name, &[buckets, heads])?;
    let bias = expand_buckets(&bias_of_buckets, heads, span);
    let bias = Tensor::from_vec(bias, (heads, 2 * span - 1), tensors.device());
    tensors.on_device(bias).map(Some)
}
