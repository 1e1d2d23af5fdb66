use std::collections::BTreeMap;
use std::path::Path;

use fancy_regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::Value;

use crate::Result;
use crate::config::Json;

/// The settings of an adapter that bear on the weights.
pub(super) struct AdapterConfig {
    json: Json<Fields>,
    /// The modules that `target_modules` names.
    targets: Targets,
    /// The modules that `modules_to_save` names, which have no change of low rank.
    saved: Vec<Regex>,
    ranks: Vec<(Regex, f64)>,
    alphas: Vec<(Regex, f64)>,
}

/// Which modules an adapter changes.
enum Targets {
    All,
    Named(Vec<String>),
    Matching(Regex),
}

#[derive(Deserialize)]
struct Fields {
    peft_type: Option<String>,
    r: Option<f64>,
    lora_alpha: Option<f64>,
    #[serde(default)]
    use_rslora: bool,
    target_modules: Option<Value>,
    modules_to_save: Option<Vec<String>>,
    #[serde(default)]
    rank_pattern: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    alpha_pattern: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    bias: Option<String>,
    init_lora_weights: Option<Value>,
    base_model_name_or_path: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// Settings that do not change what an adapter computes after training. `fan_in_fan_out` is about layers
/// that no supported architecture has, and PEFT ignores it for others.
const WITHOUT_EFFECT: [&str; 11] = [
    "auto_mapping",
    "ensure_weight_tying",
    "fan_in_fan_out",
    "inference_mode",
    "lora_dropout",
    "megatron_core",
    "parent_library",
    "peft_version",
    "qalora_group_size",
    "revision",
    "task_type",
];

/// The greatest number of patterns in a setting, which are compared with each module.
const MAX_PATTERNS: usize = 256;

/// The number of steps after which a pattern does not match.
const BACKTRACK_LIMIT: usize = 10_000;

const EXPECTED: &str = "the settings of an adapter of PEFT, in JSON";

impl AdapterConfig {
    /// Reads a file and refuses what this release does not apply.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let json: Json<Fields> = Json::read(path.to_owned(), EXPECTED)?;
        let fields = &json.value;
        json.only(
            "peft_type",
            fields.peft_type.as_deref().or(Some("(none)")),
            "LORA",
        )?;
        json.only("bias", fields.bias.as_deref(), "none")?;
        match &fields.init_lora_weights {
            None | Some(Value::Null | Value::Bool(_)) => {}
            Some(Value::String(name)) if name == "gaussian" => {}
            Some(other) => {
                let expected =
                    "`true`, `false` or `gaussian`; other initializations change the weights";
                return Err(json.unsupported("init_lora_weights", other.to_string(), expected));
            }
        }
        for (name, value) in &fields.others {
            if !WITHOUT_EFFECT.contains(&name.as_str()) && !is_empty(value) {
                return Err(json.unsupported(name, value.to_string(), "nothing"));
            }
        }
        let targets = match &fields.target_modules {
            Some(Value::String(name)) if name == "all-linear" => Targets::All,
            Some(Value::String(pattern)) => {
                Targets::Matching(regex(&json, "target_modules", &format!("^(?:{pattern})$"))?)
            }
            Some(Value::Array(names)) if names.iter().all(Value::is_string) => {
                let names = names.iter().filter_map(Value::as_str);
                Targets::Named(names.map(str::to_owned).collect())
            }
            other => {
                let found = other.as_ref().map_or("(none)".to_owned(), Value::to_string);
                return Err(json.unsupported("target_modules", found, "a list of names"));
            }
        };
        for (field, patterns) in [
            (
                "rank_pattern",
                fields.rank_pattern.as_ref().map(BTreeMap::len),
            ),
            (
                "alpha_pattern",
                fields.alpha_pattern.as_ref().map(BTreeMap::len),
            ),
            (
                "modules_to_save",
                fields.modules_to_save.as_ref().map(Vec::len),
            ),
        ] {
            json.at_most(field, patterns.unwrap_or(0), MAX_PATTERNS)?;
        }
        let saved = fields.modules_to_save.iter().flatten();
        let saved = saved.map(|name| {
            regex(
                &json,
                "modules_to_save",
                &format!(r"^(?:.*\.)?(?:{name})(?:\..*)?$"),
            )
        });
        let patterns = |field, map: &Option<BTreeMap<String, f64>>| -> Result<Vec<_>> {
            let entries = map.iter().flatten();
            let compiled = entries.map(|(name, &value)| {
                Ok((
                    regex(&json, field, &format!(r"^(?:.*\.)?(?:{name})$"))?,
                    value,
                ))
            });
            compiled.collect()
        };
        Ok(Self {
            targets,
            saved: saved.collect::<Result<_>>()?,
            ranks: patterns("rank_pattern", &fields.rank_pattern)?,
            alphas: patterns("alpha_pattern", &fields.alpha_pattern)?,
            json,
        })
    }

    /// Returns whether the adapter changes this module.
    pub(super) fn has_target(&self, module: &str) -> bool {
        let is_target = match &self.targets {
            Targets::All => true,
            Targets::Named(names) => names.iter().any(|name| {
                let rest = module.strip_suffix(name.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }),
            Targets::Matching(pattern) => matches(pattern, module),
        };
        is_target && !self.saved.iter().any(|pattern| matches(pattern, module))
    }

    /// Returns the rank of the change of a module.
    pub(super) fn rank(&self, module: &str) -> Result<usize> {
        let rank = self.value("rank_pattern", &self.ranks, module)?;
        let rank = rank.or(self.json.value.r).unwrap_or(8.0);
        if rank < 1.0 || rank > f64::from(1 << 16) || rank.fract() != 0.0 {
            let expected = "a whole number from 1 to 65536";
            return Err(self.json.unsupported("r", rank.to_string(), expected));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the rank has just been checked"
        )]
        let rank = rank as usize;
        Ok(rank)
    }

    /// Returns the factor of the change of a module with this rank.
    pub(super) fn scale(&self, module: &str, rank: usize) -> Result<f32> {
        let alpha = self.value("alpha_pattern", &self.alphas, module)?;
        let alpha = alpha.or(self.json.value.lora_alpha).unwrap_or(8.0);
        #[expect(clippy::cast_precision_loss, reason = "a rank is small")]
        let rank = rank as f64;
        let divisor = if self.json.value.use_rslora {
            rank.sqrt()
        } else {
            rank
        };
        #[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest f32")]
        let scale = (alpha / divisor) as f32;
        Ok(scale)
    }

    /// Returns the value of the pattern that matches a module. PEFT takes the first one in the order of the
    /// file, so several that differ are refused.
    fn value(&self, field: &str, patterns: &[(Regex, f64)], module: &str) -> Result<Option<f64>> {
        let mut found: Option<f64> = None;
        for (pattern, value) in patterns {
            if !matches(pattern, module) {
                continue;
            }
            let first = *found.get_or_insert(*value);
            if first.to_bits() != value.to_bits() {
                let expected = "one value for each module";
                return Err(self
                    .json
                    .unsupported(field, format!("two for `{module}`"), expected));
            }
        }
        Ok(found)
    }
}

/// Returns the model that an adapter without weights changes, as its settings name it.
pub(in crate::weights) fn base_model(path: &Path) -> Result<Option<String>> {
    let json: Json<Fields> = Json::read(path.to_owned(), EXPECTED)?;
    Ok(json.value.base_model_name_or_path)
}

fn regex(json: &Json<Fields>, field: &str, pattern: &str) -> Result<Regex> {
    RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACK_LIMIT)
        .build()
        .map_err(|_| json.unsupported(field, pattern, "a regular expression"))
}

/// Returns whether a pattern matches; one that takes too long does not.
fn matches(pattern: &Regex, module: &str) -> bool {
    pattern.is_match(module).unwrap_or(false)
}

/// Returns whether a setting is the same as none.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
