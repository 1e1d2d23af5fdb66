use std::path::Path;

use serde_json::{Value, json};
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{Encoding, PostProcessor as _, PostProcessorWrapper, Token};

use super::TOKENIZER;
use crate::error::BoxError;
use crate::tokenize::bounded::BoundedTokenizer;
use crate::tokenize::class::TokenizerClass;
use crate::tokenize::special_tokens::SpecialTokens;
use crate::{Error, Result};

/// A special token in a template: its text and its id.
type Special = (String, u32);

/// Makes the tokenizer add the special tokens that the class adds around a text or a pair, with the
/// ids that its vocabulary has. Returns whether those around a text differed.
pub(super) fn rebuild(
    path: &Path,
    tokenizer: &mut BoundedTokenizer,
    class: TokenizerClass,
    tokens: &SpecialTokens,
) -> Result<bool> {
    let Some(processor) = of_class(path, tokenizer, class, tokens)? else {
        return Ok(false);
    };
    let current = Added::by(tokenizer.post_processor());
    let new = Added::by(Some(&processor));
    let differs =
        current.as_ref().map(|added| &added.single) != new.as_ref().map(|added| &added.single);
    if current != new {
        tokenizer.set_post_processor(processor);
    }
    Ok(differs)
}

/// Returns the processor that the class builds, or `None` if it keeps that of the file.
fn of_class(
    path: &Path,
    tokenizer: &BoundedTokenizer,
    class: TokenizerClass,
    tokens: &SpecialTokens,
) -> Result<Option<PostProcessorWrapper>> {
    let special = |name: &str, default: Option<u32>| -> Result<Special> {
        let id = tokens.content(name).and_then(|content| {
            let id = tokenizer.token_id(content)?;
            Some((content.to_owned(), id))
        });
        let default = default.map(|id| (format!("({name})"), id));
        id.or(default).ok_or_else(|| Error::Unsupported {
            path: path.with_file_name("tokenizer_config.json"),
            field: name.to_owned(),
            found: "null".to_owned(),
            expected: format!("a token of the vocabulary, which `{}` adds", class.name()),
        })
    };
    let template = |single: &[Piece<'_>], pair: &[Piece<'_>]| {
        let processor = template(single, pair).map_err(Error::malformed(path, TOKENIZER));
        processor.map(|processor| Some(processor.into()))
    };
    let text = |token_type| Piece::Text("A", token_type);
    let other = |token_type| Piece::Text("B", token_type);
    match class {
        TokenizerClass::Bert | TokenizerClass::DistilBert | TokenizerClass::DebertaV2 => {
            let defaults = match class {
                TokenizerClass::DebertaV2 => (0, 0),
                _ => (2, 3),
            };
            let cls = special("cls_token", Some(defaults.0))?;
            let sep = special("sep_token", Some(defaults.1))?;
            let cls = Piece::Special(&cls, 0);
            let end = |token_type| Piece::Special(&sep, token_type);
            template(
                &[cls, text(0), end(0)],
                &[cls, text(0), end(0), other(1), end(1)],
            )
        }
        TokenizerClass::MpNet | TokenizerClass::Roberta => {
            let defaults = match class {
                TokenizerClass::MpNet => (Some(0), Some(2)),
                _ => (None, None),
            };
            let cls = special("cls_token", defaults.0)?;
            let sep = special("sep_token", defaults.1)?;
            Ok(Some(RobertaProcessing::new(sep, cls).into()))
        }
        TokenizerClass::XlmRoberta | TokenizerClass::Camembert => {
            let bos = special("bos_token", None)?;
            let eos = special("eos_token", None)?;
            let (start, end) = (Piece::Special(&bos, 0), Piece::Special(&eos, 0));
            template(
                &[start, text(0), end],
                &[start, text(0), end, end, other(0), end],
            )
        }
        TokenizerClass::T5 => {
            let eos = special("eos_token", None)?;
            let end = Piece::Special(&eos, 0);
            template(&[text(0), end], &[text(0), end, other(0), end])
        }
        TokenizerClass::Generic
        | TokenizerClass::Qwen2
        | TokenizerClass::Gemma
        | TokenizerClass::Llama => match tokenizer.post_processor() {
            Some(_) => Ok(None),
            None => template(&[text(0)], &[text(0), other(1)]),
        },
    }
}

/// A piece of a template, with the type of its tokens.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Text(&'static str, u32),
    Special(&'a Special, u32),
}

impl Piece<'_> {
    fn to_json(self) -> Value {
        match self {
            Self::Text(id, type_id) => json!({"Sequence": {"id": id, "type_id": type_id}}),
            Self::Special((id, _), type_id) => {
                json!({"SpecialToken": {"id": id, "type_id": type_id}})
            }
        }
    }
}

fn template(
    single: &[Piece<'_>],
    pair: &[Piece<'_>],
) -> std::result::Result<TemplateProcessing, serde_json::Error> {
    let special = pair.iter().filter_map(|piece| match piece {
        Piece::Special((id, number), _) => Some((
            id.clone(),
            json!({"id": id, "ids": [number], "tokens": [id]}),
        )),
        Piece::Text(..) => None,
    });
    let list = |pieces: &[Piece<'_>]| {
        pieces
            .iter()
            .map(|piece| piece.to_json())
            .collect::<Value>()
    };
    serde_json::from_value(json!({
        "type": "TemplateProcessing",
        "single": list(single),
        "pair": list(pair),
        "special_tokens": special.collect::<serde_json::Map<_, _>>(),
    }))
}

/// The ids and types of the tokens that a processor makes of one token, and of a pair of tokens.
#[derive(PartialEq, Eq)]
struct Added {
    single: Vec<u32>,
    pair: Vec<(u32, u32)>,
}

impl Added {
    /// Returns what a processor adds, or `None` if it fails.
    fn by(processor: Option<&PostProcessorWrapper>) -> Option<Self> {
        let token = |id| Encoding::from_tokens(vec![Token::new(id, String::new(), (0, 0))], 0);
        let run = |pair| -> std::result::Result<Encoding, BoxError> {
            match processor {
                Some(processor) => processor.process(token(u32::MAX), pair, true),
                None => Ok(token(u32::MAX)),
            }
        };
        let (single, pair) = (run(None).ok()?, run(Some(token(u32::MAX - 1))).ok()?);
        let types = pair.get_type_ids().iter().copied();
        Some(Self {
            single: single.get_ids().to_vec(),
            pair: pair.get_ids().iter().copied().zip(types).collect(),
        })
    }
}
