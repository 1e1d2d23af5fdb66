use std::fmt;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert;
use ndarray::{Array2, ArrayView2, Axis, Slice};

use crate::architecture::Architecture;
use crate::config::{BertConfig, HiddenAct};
use crate::error::BoxError;
use crate::{Error, Result, TokenBatch};

/// BERT (<https://arxiv.org/abs/1810.04805>) as candle runs it, on any of candle's devices.
///
/// Each sequence goes through the model by itself. That costs little, because one sequence is
/// enough work for a matrix product; it needs no padding and no mask; and it makes the result
/// independent of the batch by construction.
pub(crate) struct CandleBert {
    model: bert::BertModel,
    hidden_size: usize,
    device: Device,
}

impl CandleBert {
    /// Builds the model from the bytes of a safetensors file.
    pub(crate) fn load(
        config: &BertConfig,
        weights: Vec<u8>,
        device: Device,
    ) -> Result<Self, BoxError> {
        let hidden_act = match config.hidden_act {
            HiddenAct::Gelu => bert::HiddenAct::Gelu,
            HiddenAct::GeluTanh => bert::HiddenAct::GeluApproximate,
            HiddenAct::Relu => bert::HiddenAct::Relu,
        };
        let candle_config = bert::Config {
            vocab_size: config.vocab_size,
            hidden_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers,
            num_attention_heads: config.num_attention_heads,
            intermediate_size: config.intermediate_size,
            hidden_act,
            max_position_embeddings: config.max_position_embeddings,
            type_vocab_size: config.type_vocab_size,
            layer_norm_eps: config.layer_norm_eps,
            ..bert::Config::default()
        };
        let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &device)?;
        let model = bert::BertModel::load(weights, &candle_config)?;
        Ok(Self {
            model,
            hidden_size: config.hidden_size,
            device,
        })
    }

    /// Runs one sequence; the result is `[tokens, hidden_size]`, row-major.
    fn forward_one(&self, ids: &[u32]) -> candle_core::Result<Vec<f32>> {
        let ids = Tensor::new(ids, &self.device)?.unsqueeze(0)?;
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, None)?;
        hidden.flatten_all()?.to_vec1()
    }
}

impl fmt::Debug for CandleBert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CandleBert")
            .field("hidden_size", &self.hidden_size)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

impl Architecture for CandleBert {
    fn forward(&self, batch: &TokenBatch) -> Result<Array2<f32>> {
        let mut hidden = Array2::zeros((batch.ids().len(), self.hidden_size));
        let mut start = 0;
        for ids in batch.sequences().filter(|ids| !ids.is_empty()) {
            let states = self.forward_one(ids).map_err(Error::forward)?;
            let states = ArrayView2::from_shape((ids.len(), self.hidden_size), &states)
                .map_err(Error::forward)?;
            hidden
                .slice_axis_mut(Axis(0), Slice::from(start..start + ids.len()))
                .assign(&states);
            start += ids.len();
        }
        Ok(hidden)
    }
}
