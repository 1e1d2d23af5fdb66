use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::token_limits::TokenLimit;
use crate::Result;
use crate::architecture::Transformer;
use crate::config::{Json, RemoteCode};

/// The fields of `tokenizer_config.json` about the length of texts, and about how texts reach the
/// tokenizer.
#[derive(Default, Deserialize)]
struct Fields {
    /// A float, because some checkpoints use 1e30 for "no limit".
    model_max_length: Option<f64>,
    auto_map: Option<RemoteCode>,
    chat_template: Option<Value>,
}

/// Reads `tokenizer_config.json` in `folder`, refuses code of the checkpoint's own, and returns the
/// limit of tokens of sentence-transformers if nothing else sets one: the smaller of the tokenizer's
/// limit and the number of positions.
///
/// Without `modules.json`, sentence-transformers puts each text into the chat template if there is
/// one, which is refused.
pub(super) fn default_limit(
    folder: &Path,
    transformer: &Transformer,
    has_modules: bool,
) -> Result<TokenLimit> {
    let path = folder.join("tokenizer_config.json");
    let json = Json::<Fields>::read_optional(path, "the settings of a tokenizer, in JSON")?;
    let positions = transformer.config.sizes().max_tokens;
    let by_positions = TokenLimit::of_file(
        positions,
        folder.join("config.json"),
        "max_position_embeddings",
    );
    let template = ["chat_template.jinja", "chat_template.json"]
        .map(|name| folder.join(name))
        .into_iter()
        .find(|path| path.exists());
    let Some(json) = json else {
        return match template {
            Some(path) if !has_modules => Err(chat_template(path)),
            _ => Ok(by_positions),
        };
    };
    if let Some(code) = &json.value.auto_map {
        code.check(&json, transformer.architecture.remote_code)?;
    }
    if !has_modules {
        let own = json.value.chat_template.as_ref();
        let own = own.map(|_| json.path.clone());
        if let Some(path) = own.or(template) {
            return Err(chat_template(path));
        }
    }
    let limit = json.value.model_max_length.unwrap_or(f64::INFINITY);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and the number of positions bounds it"
    )]
    let tokens = limit as usize;
    Ok(if tokens < positions {
        TokenLimit::of_file(tokens, json.path, "model_max_length")
    } else {
        by_positions
    })
}

fn chat_template(path: std::path::PathBuf) -> crate::Error {
    crate::Error::Unsupported {
        path,
        field: "chat_template".to_owned(),
        found: "for each text".to_owned(),
        expected: "a `modules.json`, with which texts are read without the template".to_owned(),
    }
}
