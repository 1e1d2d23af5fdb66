use serde::Deserialize;

use super::{HiddenAct, Json};
use crate::Result;

/// A transformer of the BERT family: layers of attention and feed-forward, each followed by a sum
/// with its input and a layer norm (<https://arxiv.org/abs/1810.04805>).
#[derive(Clone, Debug)]
pub(crate) struct PostNormConfig {
    pub(crate) family: Family,
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) hidden_act: HiddenAct,
    pub(crate) max_position_embeddings: usize,
    /// 0 where the family has no token types.
    pub(crate) type_vocab_size: usize,
    pub(crate) layer_norm_eps: f32,
    /// Where positions are counted from this token on, over all tokens but it.
    pub(crate) pad_token_id: Option<u32>,
    /// Where attention has a bias by distance (<https://arxiv.org/abs/1910.10683>).
    pub(crate) relative_attention_num_buckets: Option<usize>,
}

/// What names its tensors and fields alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Bert,
    /// RoBERTa, XLM-RoBERTa, CamemBERT.
    Roberta,
    Mpnet,
    DistilBert,
}

/// The fields of all families; what one family calls otherwise is an alias.
#[derive(Deserialize)]
pub(super) struct Fields {
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

/// transformers builds its model with this number, whatever the configuration says.
const MPNET_BUCKETS: usize = 32;

impl PostNormConfig {
    pub(super) fn of(family: Family, json: &Json<Fields>) -> Result<Self> {
        let fields = &json.value;
        let hidden_act = HiddenAct::read(json, "hidden_act", &fields.hidden_act)?;
        let positions = fields.position_embedding_type.as_deref();
        json.only("position_embedding_type", positions, "absolute")?;
        json.only("is_decoder", fields.is_decoder, false)?;
        let type_vocab_size = match family {
            Family::Bert | Family::Roberta => fields.type_vocab_size.unwrap_or(2),
            Family::Mpnet | Family::DistilBert => 0,
        };
        let pad_token_id = match family {
            Family::Bert | Family::DistilBert => None,
            Family::Roberta => Some(fields.pad_token_id.unwrap_or(1)),
            // transformers has this number in its code, whatever the configuration says.
            Family::Mpnet => Some(1),
        };
        if family == Family::Mpnet {
            let found = fields.relative_attention_num_buckets;
            json.only("relative_attention_num_buckets", found, MPNET_BUCKETS)?;
        }
        let config = Self {
            family,
            vocab_size: fields.vocab_size,
            hidden_size: fields.hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: fields.num_attention_heads,
            intermediate_size: fields.intermediate_size,
            hidden_act,
            max_position_embeddings: fields.max_position_embeddings,
            type_vocab_size,
            layer_norm_eps: match family {
                Family::DistilBert => 1e-12,
                _ => fields.layer_norm_eps.unwrap_or(1e-12),
            },
            pad_token_id,
            relative_attention_num_buckets: (family == Family::Mpnet).then_some(MPNET_BUCKETS),
        };
        config.check(json)?;
        Ok(config)
    }

    fn check(&self, json: &Json<Fields>) -> Result<()> {
        let types_expected = usize::from(matches!(self.family, Family::Bert | Family::Roberta));
        for (field, value, least) in [
            ("vocab_size", self.vocab_size, 1),
            ("hidden_size", self.hidden_size, 1),
            ("num_attention_heads", self.num_attention_heads, 1),
            ("intermediate_size", self.intermediate_size, 1),
            (
                "max_position_embeddings",
                self.max_position_embeddings,
                1 + self.first_position(),
            ),
            ("type_vocab_size", self.type_vocab_size, types_expected),
        ] {
            json.at_least(field, value, least)?;
        }
        json.divides(
            ("num_attention_heads", self.num_attention_heads),
            ("hidden_size", self.hidden_size),
        )
    }

    /// The position of the first token of a text.
    pub(crate) fn first_position(&self) -> usize {
        self.pad_token_id.map_or(0, |pad| pad as usize + 1)
    }

    /// The position of each token of a text, as transformers counts them.
    pub(crate) fn positions(&self, ids: &[u32]) -> Vec<usize> {
        match self.pad_token_id {
            None => (0..ids.len()).collect(),
            // A text can hold the padding token, written out; it stands still there.
            Some(pad) => {
                let mut last = pad as usize;
                let step = |&id: &u32| {
                    if id == pad {
                        return pad as usize;
                    }
                    last += 1;
                    last
                };
                ids.iter().map(step).collect()
            }
        }
    }

    /// The most tokens that a text may have.
    pub(crate) fn max_tokens(&self) -> usize {
        self.max_position_embeddings - self.first_position()
    }

    pub(crate) fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    /// Field by field, so that a field added later changes no fingerprint.
    pub(super) fn facts(&self) -> String {
        format!(
            "{:?} heads {} act {:?} eps {:e} pad {:?} buckets {:?}",
            self.family,
            self.num_attention_heads,
            self.hidden_act,
            self.layer_norm_eps,
            self.pad_token_id,
            self.relative_attention_num_buckets,
        )
    }
}
