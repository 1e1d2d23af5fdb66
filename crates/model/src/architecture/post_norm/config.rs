use std::path::Path;

use serde::Deserialize;

use super::variant::{FieldNames, Positions, PostNormVariant};
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

/// The fields of all variants. DistilBERT has names of its own for some, and reads the common names
/// of those that transformers maps to them.
#[derive(Deserialize)]
struct Fields {
    vocab_size: usize,
    hidden_size: Option<usize>,
    dim: Option<usize>,
    num_hidden_layers: Option<usize>,
    n_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    n_heads: Option<usize>,
    intermediate_size: Option<usize>,
    hidden_dim: Option<usize>,
    hidden_act: Option<String>,
    activation: Option<String>,
    max_position_embeddings: Option<usize>,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    pad_token_id: Option<u32>,
    relative_attention_num_buckets: Option<usize>,
    position_embedding_type: Option<String>,
    is_causal: Option<bool>,
    is_decoder: Option<bool>,
}

/// The fields whose names depend on the variant, with the defaults of transformers.
struct NamedFields<'a> {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    /// The name of the activation, and of its field.
    activation: (&'static str, &'a str),
}

impl<'a> NamedFields<'a> {
    fn read(json: &'a Json<Fields>, names: FieldNames) -> Result<Self> {
        let fields = &json.value;
        let activation =
            |field, name: &'a Option<String>| (field, name.as_deref().unwrap_or("gelu"));
        Ok(match names {
            FieldNames::Bert => Self {
                hidden_size: fields.hidden_size.unwrap_or(768),
                num_hidden_layers: fields.num_hidden_layers.unwrap_or(12),
                num_attention_heads: fields.num_attention_heads.unwrap_or(12),
                intermediate_size: fields.intermediate_size.unwrap_or(3072),
                activation: activation("hidden_act", &fields.hidden_act),
            },
            FieldNames::DistilBert => Self {
                hidden_size: json
                    .either(("dim", fields.dim), ("hidden_size", fields.hidden_size))?
                    .unwrap_or(768),
                num_hidden_layers: json
                    .either(
                        ("n_layers", fields.n_layers),
                        ("num_hidden_layers", fields.num_hidden_layers),
                    )?
                    .unwrap_or(6),
                num_attention_heads: json
                    .either(
                        ("n_heads", fields.n_heads),
                        ("num_attention_heads", fields.num_attention_heads),
                    )?
                    .unwrap_or(12),
                intermediate_size: fields.hidden_dim.unwrap_or(3072),
                activation: activation("activation", &fields.activation),
            },
        })
    }
}

impl PostNormConfig {
    /// Reads `config.json` of a `variant`, and refuses settings that this release does not run.
    pub(crate) fn read(path: &Path, variant: &'static PostNormVariant) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        let named = NamedFields::read(&json, variant.field_names)?;
        let (activation_field, activation) = named.activation;
        let positions = fields.position_embedding_type.as_deref();
        json.only("position_embedding_type", positions, "absolute")?;
        json.only("is_causal", fields.is_causal, false)?;
        json.only("is_decoder", fields.is_decoder, false)?;
        if let Some(buckets) = variant.relative_attention_num_buckets {
            let found = fields.relative_attention_num_buckets;
            json.only("relative_attention_num_buckets", found, buckets)?;
        }
        let config = Self {
            variant,
            vocab_size: fields.vocab_size,
            hidden_size: named.hidden_size,
            num_hidden_layers: named.num_hidden_layers,
            num_attention_heads: named.num_attention_heads,
            intermediate_size: named.intermediate_size,
            hidden_act: HiddenAct::read(&json, activation_field, activation)?,
            max_position_embeddings: fields.max_position_embeddings.unwrap_or(512),
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
