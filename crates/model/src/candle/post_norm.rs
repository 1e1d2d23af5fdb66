use candle_core::{Module, Result, Tensor};
use candle_nn::Linear;
#[cfg(feature = "cuda")]
use cognate_kernels::cuda;

use super::Model;
use super::attention::{Sight, View, split_heads};
#[cfg(feature = "cuda")]
use super::fused;
use super::layers::{Activation, LayerNorm};
use super::padded::Padded;
use super::tensors::Tensors;
#[cfg(feature = "cuda")]
use crate::TokenBatch;
use crate::config::{PostNormConfig, TensorNames, WORDS};
use crate::native::position_bias;

/// A transformer of the BERT family: the twin of the native one, for GPUs.
#[derive(Debug)]
pub(super) struct PostNorm {
    config: PostNormConfig,
    words: Tensor,
    /// Position and first token type in one, `[positions, hidden_size]`.
    positions: Tensor,
    embedding_norm: LayerNorm,
    layers: Vec<Layer>,
    /// `[heads, 2 · span − 1]` in f32, by the distance of a key, where the family has one.
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
        let names = TensorNames::of(config.family);
        let (width, epsilon) = (config.hidden_size, config.layer_norm_eps);
        let words = tensors.tensor(WORDS, &[config.vocab_size, width])?;
        Ok(Self {
            words,
            positions: positions(config, tensors)?,
            embedding_norm: tensors.layer_norm("embeddings.LayerNorm", width, epsilon)?,
            layers: tensors.layers(config.num_hidden_layers, |layer| {
                let name = |part: &str| format!("{}.{layer}.{part}", names.layers);
                Layer::load(config, tensors, names, name)
            })?,
            position_bias: biases(config, tensors)?,
            config: config.clone(),
        })
    }

    fn view(&self, batch: &Padded<'_>) -> Result<View> {
        let Some(biases) = &self.position_bias else {
            return View::new(batch, Sight::All);
        };
        let (heads, distances) = biases.dims2()?;
        let (span, longest) = (distances.div_ceil(2), batch.longest());
        #[expect(clippy::cast_possible_truncation, reason = "positions are small")]
        let places: Vec<u32> = (0..longest)
            .flat_map(|query| (0..longest).map(move |key| (span - 1 + key - query) as u32))
            .collect();
        let places = Tensor::new(places, batch.device())?;
        let bias = biases.index_select(&places, 1)?;
        View::with_bias(batch, &bias.reshape((heads, longest, longest))?)
    }
}

impl Model for PostNorm {
    fn forward(&self, batch: &Padded<'_>) -> Result<Tensor> {
        #[expect(clippy::cast_possible_truncation, reason = "positions are small")]
        let places = batch.each_token(|ids| {
            let places = self.config.positions(ids);
            places.into_iter().map(|place| place as u32).collect()
        })?;
        let words = self.words.index_select(&batch.ids()?, 0)?;
        let embedded = (words + self.positions.index_select(&places, 0)?)?;
        let view = self.view(batch)?;
        let mut x = self.embedding_norm.forward(&embedded)?;
        for layer in &self.layers {
            x = layer.forward(&x, batch, &view, self.config.num_attention_heads)?;
        }
        Ok(x)
    }

    #[cfg(feature = "cuda")]
    fn packs(&self) -> bool {
        let (config, device) = (&self.config, self.words.device());
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
        let device = self.words.device();
        let positions = batch.sequences().map(|ids| self.config.positions(ids));
        #[expect(clippy::cast_possible_truncation, reason = "positions are small")]
        let positions: Vec<u32> = positions.flatten().map(|place| place as u32).collect();
        let norm = fused::norm(&self.embedding_norm);
        let mut x = cuda::embed(&self.words, &self.positions, batch.ids(), &positions, norm)?;
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
        let (narrow, wide) = (config.hidden_size, config.intermediate_size);
        let norm = |part| tensors.layer_norm(&name(part), narrow, config.layer_norm_eps);
        let qkv = [names.query, names.key, names.value].map(&name);
        Ok(Self {
            qkv: tensors.fused(&qkv, narrow, narrow)?,
            output: tensors.linear(&name(names.output), narrow, narrow)?,
            attention_norm: norm(names.attention_norm)?,
            up: tensors.linear(&name(names.up), wide, narrow)?,
            activation: Activation::Hidden(config.hidden_act),
            down: tensors.linear(&name(names.down), narrow, wide)?,
            output_norm: norm(names.output_norm)?,
        })
    }

    fn forward(&self, x: &Tensor, batch: &Padded<'_>, view: &View, heads: usize) -> Result<Tensor> {
        let (q, k, v) = split_heads(&self.qkv.forward(x)?, batch, heads)?;
        let attended = self.output.forward(&view.attend(&q, &k, &v)?)?;
        let x = self.attention_norm.forward(&(attended + x)?)?;
        let wide = self.activation.forward(&self.up.forward(&x)?)?;
        self.output_norm.forward(&(self.down.forward(&wide)? + x)?)
    }

    /// The same for packed tokens, `[T, hidden_size]`.
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
        let (wide, bias) = fused::product(&self.up, &x)?;
        let wide = cuda::bias_activation(&wide, bias, fused::activation(self.activation)?)?;
        let (narrow, bias) = fused::product(&self.down, &wide)?;
        cuda::add_norm(&narrow, bias, &x, fused::norm(&self.output_norm))
    }
}

/// The vectors of the positions, that of the first token type added to each; on the processor, since
/// the first sum on a GPU may have to be compiled.
fn positions(config: &PostNormConfig, tensors: &Tensors) -> crate::Result<Tensor> {
    let (places, width) = (config.max_position_embeddings, config.hidden_size);
    let mut values = tensors.values("embeddings.position_embeddings.weight", &[places, width])?;
    if config.type_vocab_size > 0 {
        let name = "embeddings.token_type_embeddings.weight";
        let types = tensors.values(name, &[config.type_vocab_size, width])?;
        for place in values.chunks_exact_mut(width) {
            place.iter_mut().zip(&types).for_each(|(x, y)| *x += y);
        }
    }
    tensors.of_values(values, (places, width))
}

fn biases(config: &PostNormConfig, tensors: &Tensors) -> crate::Result<Option<Tensor>> {
    let Some(buckets) = config.relative_attention_num_buckets else {
        return Ok(None);
    };
    let (heads, span) = (config.num_attention_heads, config.max_tokens());
    let name = "encoder.relative_attention_bias.weight";
    let of_buckets = tensors.values(name, &[buckets, heads])?;
    let biases = position_bias::by_distance(&of_buckets, heads, span);
    let biases = Tensor::from_vec(biases, (heads, 2 * span - 1), tensors.device());
    tensors.on_device(biases).map(Some)
}
