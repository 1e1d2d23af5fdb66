use std::collections::HashMap;
use std::path::Path;

use crate::Result;
use crate::config::Json;
use crate::pooling::{Pooling, PoolingMode};

/// The pooling modes with their names in older and recent configurations, in the order in which
/// their results are concatenated.
const MODES: [(&str, &str, PoolingMode); 6] = [
    ("pooling_mode_cls_token", "cls", PoolingMode::Cls),
    ("pooling_mode_max_tokens", "max", PoolingMode::Max),
    ("pooling_mode_mean_tokens", "mean", PoolingMode::Mean),
    (
        "pooling_mode_mean_sqrt_len_tokens",
        "mean_sqrt_len_tokens",
        PoolingMode::MeanSqrtLen,
    ),
    (
        "pooling_mode_weightedmean_tokens",
        "weightedmean",
        PoolingMode::WeightedMean,
    ),
    (
        "pooling_mode_lasttoken",
        "lasttoken",
        PoolingMode::LastToken,
    ),
];

/// Reads the configuration of a pooling module.
pub(super) fn read_pooling(folder: &Path) -> Result<Pooling> {
    let path = folder.join("config.json");
    let json: Json<HashMap<String, serde_json::Value>> =
        Json::read(path, "the configuration of a pooling module, in JSON")?;
    let fields = &json.value;

    // Recent releases write one field with one or several names, older ones a flag for each mode.
    let mut modes = Vec::new();
    if let Some(value) = fields.get("pooling_mode") {
        let names = match value {
            serde_json::Value::String(name) => vec![name.as_str()],
            serde_json::Value::Array(list) => list
                .iter()
                .map(|name| name.as_str().unwrap_or_default())
                .collect(),
            _ => Vec::new(),
        };
        for name in names {
            let Some((.., mode)) = MODES.iter().find(|(_, known, _)| *known == name) else {
                return Err(json.unsupported("pooling_mode", name, mode_names()));
            };
            modes.push(*mode);
        }
    } else {
        let flagged = |field: &str| fields.get(field).and_then(serde_json::Value::as_bool);
        if let Some(unknown) = fields.keys().find(|key| {
            key.starts_with("pooling_mode_")
                && flagged(key) == Some(true)
                && !MODES.iter().any(|(known, ..)| known == key)
        }) {
            return Err(json.unsupported("pooling mode", unknown, mode_names()));
        }
        modes.extend(
            MODES
                .iter()
                .filter(|(flag, ..)| flagged(flag) == Some(true))
                .map(|&(.., mode)| mode),
        );
    }
    // If the file names no mode, sentence-transformers uses the mean.
    if modes.is_empty() {
        modes.push(PoolingMode::Mean);
    }
    let include_prompt = fields
        .get("include_prompt")
        .and_then(serde_json::Value::as_bool);
    Ok(Pooling {
        modes,
        include_prompt: include_prompt.unwrap_or(true),
    })
}

fn mode_names() -> String {
    let names: Vec<_> = MODES
        .iter()
        .map(|(_, name, _)| format!("`{name}`"))
        .collect();
    format!("one of {}", names.join(", "))
}
