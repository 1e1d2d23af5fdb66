use std::path::Path;

use serde::Deserialize;

use super::variant::{Positions, PostNormVariant};
use crate::Result;
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{HiddenAct, Json};

/// A transformer of the BERT family: layers of attention and feed-forward, each followed by a
/// residual connection and a layer norm (<https://arxiv.org/abs/1810.04805>).
#[derive(Clone, Debug)]
pub(crate) struct PostNormConfig {
    pub(crate) variant: &'static PostNormVariant,
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) hidden_act: HiddenAct,
    pub(crate) max_position_embeddings: usize,
    /// The number of token types, 0 if the variant has none.
    pub(crate) type_vocab_size: usize,
    pub(crate) layer_norm_eps: f32,
    /// The padding token after which positions are counted, or `None` if they start at 0.
    pub(crate) pad_token_id: Option<u32>,
}

/// The greatest number of token types. BERT has 2; the position embeddings are stored once for each.
const MAX_TOKEN_TYPES: usize = 16;

/// The fields of all variants; a name that only one variant uses is an alias.
#[derive(Deserialize)]
struct Fields {
    vocab_size: usize,
    #[serde(alias = "dim")]
    hidden_size: usize,
    #[serde(alias = "n_layers")]
    num_hidden_layers: usize,
    #[serde(alias = "n_heads")]
    num_attention_heads: usize,
    #[serde(alias = "hidden_dim")]
    intermediate_size: usize,
    #[serde(alias = "activation")]
    hidden_act: String,
    max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    pad_token_id: Option<u32>,
    relative_attention_num_buckets: Option<usize>,
    position_embedding_type: Option<String>,
    is_decoder: Option<bool>,
}

impl PostNormConfig {
    /// Reads `config.json` of a `variant`, and refuses settings that this release does not run.
    pub(crate) fn read(path: &Path, variant: &'static PostNormVariant) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        let hidden_act = HiddenAct::read(&json, "hidden_act", &fields.hidden_act)?;
        let positions = fields.position_embedding_type.as_deref();
        json.only("position_embedding_type", positions, "absolute")?;
        json.only("is_decoder", fields.is_decoder, false)?;
        if let Some(buckets) = variant.relative_attention_num_buckets {
            let found = fields.relative_attention_num_buckets;
            json.only("relative_attention_num_buckets", found, buckets)?;
        }
        let config = Self {
            variant,
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: fields.num_attention_heads,
            intermediate_size: fields.intermediate_size,
            hidden_act,
            max_position_embeddings: fields.max_position_embeddings,
            type_vocab_size: if variant.has_token_types {
                fields.type_vocab_size.unwrap_or(2)
            } else {
                0
            },
            layer_norm_eps: variant
                .layer_norm_eps
                .or(fields.layer_norm_eps)
                .unwrap_or(1e-12),
            pad_token_id: match variant.positions {
                Positions::FromZero => None,
                Positions::AfterPadding(pad) => Some(pad),
                Positions::AfterConfiguredPadding { default } => {
                    Some(fields.pad_token_id.unwrap_or(default))
                }
            },
        };
        config.check(&json)?;
        Ok(config)
    }

    fn check(&self, json: &Json<Fields>) -> Result<()> {
        let min_token_types = usize::from(self.variant.has_token_types);
        for (field, value, minimum) in [
            ("vocab_size", self.vocab_size, 1),
            ("hidden_size", self.hidden_size, 1),
            ("num_attention_heads", self.num_attention_heads, 1),
            ("intermediate_size", self.intermediate_size, 1),
            (
                "max_position_embeddings",
                self.max_position_embeddings,
                1 + self.first_position(),
            ),
            ("type_vocab_size", self.type_vocab_size, min_token_types),
        ] {
            json.at_least(field, value, minimum)?;
        }
        json.at_most("type_vocab_size", self.type_vocab_size, MAX_TOKEN_TYPES)?;
        json.divides(
            ("num_attention_heads", self.num_attention_heads),
            ("hidden_size", self.hidden_size),
        )
    }

    /// Returns the position of the first token of a text.
    fn first_position(&self) -> usize {
        self.pad_token_id.map_or(0, |pad| pad as usize + 1)
    }

    /// Returns the maximum number of tokens in a text.
    pub(crate) fn max_tokens(&self) -> usize {
        self.max_position_embeddings - self.first_position()
    }

    /// Returns the width of an attention head.
    pub(crate) fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}
