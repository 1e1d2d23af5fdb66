use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokenizers::ModelWrapper;
use tokenizers::models::wordpiece::WordPiece;

use super::bounded::{BoundedTokenizer, FileTokens, TokenizerFile};
use crate::error::BoxError;

/// Makes a tokenizer of the `vocab.txt` of older checkpoints: a token on each line, whose number is
/// the id of the token, counted from 0.
pub(super) fn read(bytes: &[u8]) -> Result<TokenizerFile, BoxError> {
    let lines = str::from_utf8(bytes)?.lines().enumerate();
    let vocabulary: Map<_, _> = lines
        .map(|(id, line)| (line.trim_end().to_owned(), Value::from(id)))
        .collect();
    let model = WordPiece::deserialize(json!({
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    }))?;
    Ok(TokenizerFile {
        tokenizer: BoundedTokenizer::of_model(ModelWrapper::WordPiece(model)),
        tokens: FileTokens::default(),
        truncation_side: None,
        unk_id: None,
    })
}
