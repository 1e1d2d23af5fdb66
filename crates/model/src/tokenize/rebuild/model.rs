use std::path::Path;

use tokenizers::ModelWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::models::unigram::Unigram;

use super::TOKENIZER;
use crate::tokenize::bounded::TokenizerFile;
use crate::tokenize::class::TokenizerClass;
use crate::tokenize::settings::Settings;
use crate::tokenize::special_tokens::SpecialTokens;
use crate::{Error, Result};

/// The settings of a BPE model that a class fixes.
struct BpeSettings {
    unk_token: Option<String>,
    fuse_unk: bool,
    byte_fallback: bool,
}

/// Gives the model of `file`, which is at `path`, the settings of the class. Returns whether they
/// differed.
pub(super) fn rebuild(
    path: &Path,
    file: &mut TokenizerFile,
    settings: &Settings,
    tokens: &SpecialTokens,
) -> Result<bool> {
    let class = settings.class;
    let unknown = || tokens.content("unk_token").unwrap_or("None").to_owned();
    let model = match (class, file.tokenizer.model()) {
        (TokenizerClass::Generic, ModelWrapper::BPE(bpe)) => {
            if bpe.dropout.is_some_and(|dropout| dropout > 0.0) {
                let found = format!("{:?}", bpe.dropout);
                return Err(unsupported(path, "model.dropout", &found, "`null`"));
            }
            None
        }
        (TokenizerClass::Generic, _) => None,
        (
            TokenizerClass::Bert | TokenizerClass::DistilBert | TokenizerClass::MpNet,
            ModelWrapper::WordPiece(pieces),
        ) => {
            let unknown = unknown();
            let is_same = pieces.unk_token == unknown
                && pieces.continuing_subword_prefix == "##"
                && pieces.max_input_chars_per_word == 100;
            (!is_same).then(|| {
                let mut pieces = pieces.clone();
                pieces.unk_token = unknown;
                "##".clone_into(&mut pieces.continuing_subword_prefix);
                pieces.max_input_chars_per_word = 100;
                ModelWrapper::WordPiece(pieces)
            })
        }
        (
            TokenizerClass::Roberta
            | TokenizerClass::Qwen2
            | TokenizerClass::Gemma
            | TokenizerClass::Llama,
            ModelWrapper::BPE(bpe),
        ) => {
            let has_spaces = matches!(class, TokenizerClass::Gemma | TokenizerClass::Llama);
            let settings = BpeSettings {
                unk_token: (class == TokenizerClass::Gemma).then(unknown),
                fuse_unk: has_spaces,
                byte_fallback: has_spaces,
            };
            rebuilt_bpe(path, bpe, settings)?.map(ModelWrapper::BPE)
        }
        (
            TokenizerClass::XlmRoberta
            | TokenizerClass::Camembert
            | TokenizerClass::T5
            | TokenizerClass::DebertaV2,
            ModelWrapper::Unigram(unigram),
        ) => {
            let unk_id = unk_id(settings, unigram, &unknown());
            let is_same = file.unk_id == Some(unk_id) && !unigram.byte_fallback();
            let rebuild = || Unigram::from(unigram.iter().cloned().collect(), Some(unk_id), false);
            let rebuilt = (!is_same).then(rebuild).transpose();
            let rebuilt = rebuilt.map_err(Error::malformed(path, TOKENIZER))?;
            rebuilt.map(ModelWrapper::Unigram)
        }
        (class, other) => {
            let expected = format!("the model of `{}`, {}", class.name(), kind(class));
            return Err(unsupported(path, "model.type", kind_of(other), &expected));
        }
    };
    let differs = model.is_some();
    if let Some(model) = model {
        file.tokenizer.set_model(model);
    }
    Ok(differs)
}

/// Returns a model with `settings`, or `None` if it has them.
fn rebuilt_bpe(path: &Path, bpe: &BPE, settings: BpeSettings) -> Result<Option<BPE>> {
    // The merges were read with this prefix.
    if let Some(prefix) = bpe.continuing_subword_prefix.as_deref()
        && !prefix.is_empty()
    {
        let field = "model.continuing_subword_prefix";
        return Err(unsupported(
            path,
            field,
            prefix,
            "`null` or the empty string",
        ));
    }
    let suffix = bpe.end_of_word_suffix.as_deref().unwrap_or_default();
    let is_same = bpe.dropout.is_none()
        && suffix.is_empty()
        && !bpe.ignore_merges
        && bpe.unk_token == settings.unk_token
        && bpe.fuse_unk == settings.fuse_unk
        && bpe.byte_fallback == settings.byte_fallback;
    if is_same {
        return Ok(None);
    }
    let mut bpe = bpe.clone();
    bpe.dropout = None;
    bpe.end_of_word_suffix = None;
    bpe.ignore_merges = false;
    bpe.unk_token = settings.unk_token;
    bpe.fuse_unk = settings.fuse_unk;
    bpe.byte_fallback = settings.byte_fallback;
    Ok(Some(bpe))
}

/// Returns the id of the unknown token that a class for `SentencePiece` expects.
fn unk_id(settings: &Settings, model: &Unigram, unknown: &str) -> usize {
    let position = |is_unknown: &dyn Fn(&(String, f64)) -> bool| model.iter().position(is_unknown);
    match settings.class {
        TokenizerClass::T5 => 2,
        TokenizerClass::Camembert => position(&|(piece, _)| piece == unknown).unwrap_or(0),
        TokenizerClass::DebertaV2 => position(&|(piece, score)| piece == unknown && *score == 0.0)
            .or(settings.unk_id)
            .unwrap_or(1),
        _ => 3,
    }
}

fn unsupported(path: &Path, field: &str, found: &str, expected: &str) -> Error {
    Error::Unsupported {
        path: path.to_owned(),
        field: field.to_owned(),
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
}

/// Returns the kind of model that a class expects.
fn kind(class: TokenizerClass) -> &'static str {
    match class {
        TokenizerClass::Generic => "any",
        TokenizerClass::Bert | TokenizerClass::DistilBert | TokenizerClass::MpNet => "`WordPiece`",
        TokenizerClass::Roberta
        | TokenizerClass::Qwen2
        | TokenizerClass::Gemma
        | TokenizerClass::Llama => "`BPE`",
        TokenizerClass::XlmRoberta
        | TokenizerClass::Camembert
        | TokenizerClass::T5
        | TokenizerClass::DebertaV2 => "`Unigram`",
    }
}

fn kind_of(model: &ModelWrapper) -> &'static str {
    match model {
        ModelWrapper::BPE(_) => "BPE",
        ModelWrapper::WordPiece(_) => "WordPiece",
        ModelWrapper::WordLevel(_) => "WordLevel",
        ModelWrapper::Unigram(_) => "Unigram",
    }
}
