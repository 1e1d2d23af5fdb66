use std::path::Path;

use serde::Deserialize;

use super::buckets::Buckets;
use crate::Result;
use crate::architecture::TRANSFORMER_CONFIG;
use crate::config::{HiddenAct, Json};

/// DeBERTa (<https://arxiv.org/abs/2006.03654>): BERT with attention by content and by relative
/// position.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent settings of `config.json`"
)]
pub(super) struct DebertaConfig {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) hidden_act: HiddenAct,
    pub(super) max_position_embeddings: usize,
    pub(super) layer_norm_eps: f32,
    /// Whether position embeddings are added to token embeddings.
    pub(super) has_absolute_positions: bool,
    pub(super) buckets: Buckets,
    /// Whether the embeddings of relative positions are normalized.
    pub(super) has_position_norm: bool,
    /// Whether queries are multiplied with keys of positions.
    pub(super) has_position_keys: bool,
    /// Whether keys are multiplied with queries of positions.
    pub(super) has_position_queries: bool,
    /// Whether positions have the projections of tokens.
    pub(super) shares_projections: bool,
}

#[derive(Deserialize)]
struct Fields {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: Option<String>,
    max_position_embeddings: Option<usize>,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    attention_head_size: Option<usize>,
    embedding_size: Option<usize>,
    conv_kernel_size: Option<usize>,
    relative_attention: Option<bool>,
    position_biased_input: Option<bool>,
    max_relative_positions: Option<i64>,
    position_buckets: Option<i64>,
    norm_rel_ebd: Option<String>,
    pos_att_type: Option<Kinds>,
    share_att_key: Option<bool>,
    pooler_hidden_act: Option<String>,
    pooler_hidden_size: Option<usize>,
}

/// The kinds of attention by relative position.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kinds {
    List(Vec<String>),
    /// Separated by `|`.
    Text(String),
}

/// The greatest number of positions, whose table of distances no tensor of the weights bounds.
const MAX_POSITIONS: usize = 1 << 20;

impl DebertaConfig {
    /// Reads `config.json`, and refuses settings that this release does not run.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), TRANSFORMER_CONFIG)?;
        let fields = &json.value;
        let hidden_size = fields.hidden_size;
        let hidden_act = fields.hidden_act.as_deref().unwrap_or("gelu");
        let hidden_act = HiddenAct::read(&json, "hidden_act", hidden_act)?;
        let relative = fields.relative_attention.unwrap_or(false);
        json.only("relative_attention", Some(relative), true)?;
        json.only("type_vocab_size", fields.type_vocab_size, 0)?;
        json.only("conv_kernel_size", fields.conv_kernel_size, 0)?;
        json.only("embedding_size", fields.embedding_size, hidden_size)?;
        json.only("pooler_hidden_size", fields.pooler_hidden_size, hidden_size)?;
        let pooler = fields.pooler_hidden_act.as_deref();
        json.only("pooler_hidden_act", pooler, "gelu")?;
        let max_position_embeddings = fields.max_position_embeddings.unwrap_or(512);
        for (field, found) in [
            ("vocab_size", fields.vocab_size),
            ("hidden_size", hidden_size),
            ("intermediate_size", fields.intermediate_size),
            ("max_position_embeddings", max_position_embeddings),
        ] {
            json.at_least(field, found, 1)?;
        }
        json.at_most(
            "max_position_embeddings",
            max_position_embeddings,
            MAX_POSITIONS,
        )?;
        let heads = fields.num_attention_heads;
        json.divides(("num_attention_heads", heads), ("hidden_size", hidden_size))?;
        let head_size = fields.attention_head_size;
        json.only("attention_head_size", head_size, hidden_size / heads)?;
        let [has_position_keys, has_position_queries] = kinds(&json)?;
        Ok(Self {
            vocab_size: fields.vocab_size,
            hidden_size,
            num_hidden_layers: fields.num_hidden_layers,
            num_attention_heads: heads,
            intermediate_size: fields.intermediate_size,
            hidden_act,
            max_position_embeddings,
            layer_norm_eps: fields.layer_norm_eps.unwrap_or(1e-7),
            has_absolute_positions: fields.position_biased_input.unwrap_or(true),
            buckets: buckets(&json, max_position_embeddings)?,
            has_position_norm: fields.norm_rel_ebd.as_deref().is_some_and(|norms| {
                let mut norms = norms.split('|');
                norms.any(|norm| norm.trim().eq_ignore_ascii_case("layer_norm"))
            }),
            has_position_keys,
            has_position_queries,
            shares_projections: fields.share_att_key.unwrap_or(false),
        })
    }
}

/// Returns whether queries are multiplied with keys of positions, and keys with queries of positions.
fn kinds(json: &Json<Fields>) -> Result<[bool; 2]> {
    let lower = |text: &str| text.trim().to_lowercase();
    let kinds: Vec<_> = match &json.value.pos_att_type {
        None => Vec::new(),
        Some(Kinds::List(kinds)) => kinds.clone(),
        Some(Kinds::Text(text)) => text.split('|').map(lower).collect(),
    };
    let found = ["c2p", "p2c"].map(|known| kinds.iter().any(|kind| kind == known));
    if found == [false, false] {
        let expected = "one or both of `c2p`, `p2c`";
        return Err(json.unsupported("pos_att_type", format!("[{}]", kinds.join(", ")), expected));
    }
    Ok(found)
}

fn buckets(json: &Json<Fields>, max_position_embeddings: usize) -> Result<Buckets> {
    let positive = |value: Option<i64>| {
        let value = value.and_then(|value| usize::try_from(value).ok());
        value.filter(|&value| value > 0)
    };
    let max_positions = positive(json.value.max_relative_positions);
    let max_positions = max_positions.unwrap_or(max_position_embeddings);
    let buckets = positive(json.value.position_buckets);
    for (field, found) in [
        ("max_relative_positions", max_positions),
        ("position_buckets", buckets.unwrap_or(1)),
    ] {
        json.at_most(field, found, MAX_POSITIONS)?;
    }
    let Some(buckets) = buckets else {
        return Ok(Buckets {
            span: max_positions,
            logarithmic: None,
        });
    };
    json.at_least("position_buckets", buckets, 4)?;
    let last = max_positions - 1;
    if last <= buckets / 2 {
        let found = max_positions.to_string();
        let expected = format!("more than half of position_buckets, {buckets}, and one");
        return Err(json.unsupported("max_relative_positions", found, expected));
    }
    Ok(Buckets {
        span: buckets,
        logarithmic: Some(last),
    })
}
