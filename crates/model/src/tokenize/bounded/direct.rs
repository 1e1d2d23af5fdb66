//! Reading of `tokenizer.json` in one pass.
//!
//! The `tokenizers` library finds the kind of the model anywhere in the file, so it copies the whole
//! vocabulary three times before it builds the model. Files usually name the kind first; then the
//! vocabulary can be read straight into the model, which takes a third of the time.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tokenizers::models::bpe::BPE;
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::{DecoderWrapper, ModelWrapper, PostProcessorWrapper, TokenizerBuilder};

use super::file::{Added, FileTokens, Padding, TokenizerFile, Truncation};
use super::normalizer::BoundedNormalizer;
use super::pre_tokenizer::BoundedPreTokenizer;
use super::{BoundedTokenizer, Inner};
use crate::error::BoxError;

/// The fields of a file.
#[derive(Deserialize)]
struct File {
    version: Version,
    truncation: Option<Truncation>,
    padding: Option<Padding>,
    added_tokens: Vec<Added>,
    normalizer: Option<BoundedNormalizer>,
    pre_tokenizer: Option<BoundedPreTokenizer>,
    post_processor: Option<PostProcessorWrapper>,
    decoder: Option<DecoderWrapper>,
    model: DirectModel,
}

#[derive(Deserialize)]
enum Version {
    #[serde(rename = "1.0")]
    V1,
}

/// A model whose kind is the first field.
struct DirectModel {
    model: ModelWrapper,
    unk_id: Option<usize>,
}

/// The fields of a Unigram model, whose `unk_id` the library keeps to itself.
#[derive(Deserialize)]
struct UnigramFields {
    unk_id: Option<usize>,
    #[serde(default)]
    byte_fallback: bool,
    vocab: Vec<(String, f64)>,
}

#[derive(Deserialize)]
enum Kind {
    #[serde(rename = "BPE")]
    Bpe,
    WordPiece,
    WordLevel,
    Unigram,
}

impl<'de> Deserialize<'de> for DirectModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ModelVisitor)
    }
}

struct ModelVisitor;

impl<'de> Visitor<'de> for ModelVisitor {
    type Value = DirectModel;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a model whose first field is `type`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DirectModel, A::Error> {
        if map.next_key::<String>()?.as_deref() != Some("type") {
            return Err(A::Error::custom(
                "the first field of the model is not `type`",
            ));
        }
        let kind = map.next_value()?;
        let rest = MapAccessDeserializer::new(map);
        let mut unk_id = None;
        let model = match kind {
            Kind::Bpe => ModelWrapper::BPE(BPE::deserialize(rest)?),
            Kind::WordPiece => ModelWrapper::WordPiece(WordPiece::deserialize(rest)?),
            Kind::WordLevel => ModelWrapper::WordLevel(WordLevel::deserialize(rest)?),
            Kind::Unigram => {
                let fields = UnigramFields::deserialize(rest)?;
                unk_id = fields.unk_id;
                let model = Unigram::from(fields.vocab, unk_id, fields.byte_fallback);
                ModelWrapper::Unigram(model.map_err(A::Error::custom)?)
            }
        };
        Ok(DirectModel { model, unk_id })
    }
}

/// Reads a file, or returns an error if its parts are missing or in an order that only the
/// `tokenizers` library reads.
pub(super) fn read(bytes: &[u8]) -> Result<TokenizerFile, BoxError> {
    let File {
        version: Version::V1,
        truncation,
        padding,
        added_tokens,
        normalizer,
        pre_tokenizer,
        post_processor,
        decoder,
        model: DirectModel { model, unk_id },
    } = serde_json::from_slice(bytes)?;
    let mut tokenizer: Inner = TokenizerBuilder::new()
        .with_model(model)
        .with_normalizer(normalizer)
        .with_pre_tokenizer(pre_tokenizer)
        .with_post_processor(post_processor)
        .with_decoder(decoder)
        .build()?;
    tokenizer.add_tokens(added_tokens.iter().map(|added| added.token.clone()))?;
    Ok(TokenizerFile {
        tokenizer: BoundedTokenizer(tokenizer),
        tokens: FileTokens::new(added_tokens, padding),
        truncation_side: truncation.and_then(|truncation| truncation.direction),
        unk_id,
    })
}
