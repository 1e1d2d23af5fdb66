//! The special and the added tokens of a checkpoint, collected from all files that name some.

use std::collections::BTreeMap;

use tokenizers::AddedToken;

use super::bounded::FileTokens;
use super::class::TokenizerClass;
use super::token_config::{
    ExtraTokens, Field, NamedTokens, OlderFiles, Token, TokenEntry, TokenLists,
};

/// The names of special tokens that all classes have, in the order in which tokens are added.
const USUAL_NAMES: [&str; 7] = [
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// What the files of a checkpoint say about tokens besides `tokenizer.json`.
#[derive(Clone, Debug, Default)]
pub(super) struct TokenSources {
    /// `tokenizer_config.json`.
    pub(super) config: TokenLists,
    /// `added_tokens_decoder` of `tokenizer_config.json`, by id.
    pub(super) decoder: Option<BTreeMap<u32, Token>>,
    pub(super) older: OlderFiles,
    /// The number of sentinel tokens of T5.
    pub(super) extra_ids: Option<usize>,
}

/// The special tokens by name, the others, and the added tokens by id, as transformers has them when
/// it builds a tokenizer.
#[derive(Debug)]
pub(super) struct SpecialTokens {
    named: Vec<(String, Option<Token>)>,
    extra: Vec<Token>,
    decoder: BTreeMap<u32, Token>,
}

/// The tokens while they are collected.
#[derive(Default)]
struct Collected {
    /// Tokens with a usual name.
    usual: BTreeMap<String, Option<TokenEntry>>,
    /// Tokens with a name of their own.
    own: Vec<(String, TokenEntry)>,
    /// `additional_special_tokens`, the former name of `extra_special_tokens`.
    additional: Field<Vec<TokenEntry>>,
    /// `extra_special_tokens`, unless it gives names to the tokens.
    extra: Field<Vec<TokenEntry>>,
}

impl Collected {
    fn set_named(&mut self, named: &NamedTokens) {
        for (name, token) in &named.0 {
            if USUAL_NAMES.contains(&name.as_str()) {
                self.usual.insert(name.clone(), token.clone());
            } else if let Some(token) = token {
                set(&mut self.own, name, token.clone());
            }
        }
    }

    fn read_config(&mut self, config: &TokenLists) {
        self.set_named(&config.named);
        self.additional
            .clone_from(&config.additional_special_tokens);
        let is_empty = match &config.extra_special_tokens {
            Field::Given(ExtraTokens::List(list)) => {
                self.extra = Field::Given(list.clone());
                list.is_empty()
            }
            Field::Given(ExtraTokens::Named(names)) => {
                for (name, token) in &names.0 {
                    set(&mut self.own, name, token.clone());
                }
                names.0.is_empty()
            }
            Field::Null => {
                self.extra = Field::Null;
                true
            }
            Field::Missing => true,
        };
        // The former name of the field.
        if is_empty && !matches!(self.additional, Field::Missing) {
            self.extra = std::mem::take(&mut self.additional);
        }
    }

    fn read_map(&mut self, map: &TokenLists) {
        let flagged = |entry: &TokenEntry| match entry {
            TokenEntry::Text(_) => entry.clone(),
            TokenEntry::Flagged(token) => TokenEntry::Flagged(Token {
                special: true,
                ..token.clone()
            }),
        };
        let named = map.named.0.iter();
        let named = named.map(|(name, token)| (name.clone(), token.as_ref().map(flagged)));
        self.set_named(&NamedTokens(named.collect()));
        if !matches!(map.additional_special_tokens, Field::Missing) {
            self.additional.clone_from(&map.additional_special_tokens);
        }
        match &map.extra_special_tokens {
            Field::Given(ExtraTokens::List(list)) => {
                let mut extra = self.extra.given().cloned().unwrap_or_default();
                for token in list.iter().map(flagged) {
                    if !extra.contains(&token) {
                        extra.push(token);
                    }
                }
                self.extra = Field::Given(extra);
            }
            Field::Given(ExtraTokens::Named(names)) => {
                for (name, token) in &names.0 {
                    set(&mut self.own, name, flagged(token));
                }
                self.extra = Field::Missing;
            }
            Field::Null => self.extra = Field::Null,
            Field::Missing => {}
        }
    }

    /// Returns whether the files name a special token with a text.
    fn contains(&self, content: &str) -> bool {
        let extra = self.extra.given().into_iter().flatten();
        let mut all = self.usual.values().flatten().chain(extra);
        all.any(|token| token.content() == content)
    }
}

/// Sets the token with a name, or adds it at the end.
fn set(tokens: &mut Vec<(String, TokenEntry)>, name: &str, token: TokenEntry) {
    match tokens.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = token,
        None => tokens.push((name.to_owned(), token)),
    }
}

impl SpecialTokens {
    /// Collects the tokens of `sources` and of the `file`, `tokenizer.json`, for a class.
    ///
    /// # Errors
    ///
    /// Returns the number of sentinel tokens that `additional_special_tokens` lists for T5 if it is
    /// not the expected one.
    pub(super) fn collect(
        class: TokenizerClass,
        sources: &TokenSources,
        file: &FileTokens,
    ) -> Result<Self, String> {
        let mut collected = Collected::default();
        collected.read_config(&sources.config);
        let decoder = if let Some(decoder) = &sources.decoder {
            decoder.clone()
        } else {
            collected.read_map(&sources.older.special_tokens_map);
            let mut decoder = BTreeMap::new();
            for (content, &id) in &sources.older.added_tokens {
                let special = collected.contains(content);
                decoder.insert(id, Token::listed(content.clone(), special));
            }
            decoder.extend(file.added.iter().map(|(id, token)| (*id, token.into())));
            decoder
        };
        let extra = extra_tokens(class, sources.extra_ids, &collected)?;
        Ok(Self {
            named: named_tokens(class, &collected, &decoder, file),
            extra: extra.iter().map(TokenEntry::to_token).collect(),
            decoder,
        })
    }

    /// Returns the text of the special token with a name, if there is one.
    pub(super) fn content(&self, name: &str) -> Option<&str> {
        let token = self.named.iter().find(|(known, _)| known == name);
        token.and_then(|(_, token)| token.as_ref().map(|token| token.content.as_str()))
    }

    /// Returns the tokens to add to a tokenizer that has those of `existing`, in order.
    pub(super) fn to_add(&self, class: TokenizerClass, existing: &[&str]) -> Vec<AddedToken> {
        let named = || self.named.iter().filter_map(|(_, token)| token.as_ref());
        let is_known = |token: &&Token| {
            existing.contains(&token.content.as_str())
                || self
                    .decoder
                    .values()
                    .any(|known| known.content == token.content)
        };
        let new = named().chain(&self.extra).filter(|token| !is_known(token));
        let mut tokens: Vec<_> = self
            .decoder
            .values()
            .chain(new)
            .map(|token| {
                let is_named = named().any(|named| named.content == token.content);
                let special = token.special || is_named;
                Token {
                    special,
                    ..token.clone()
                }
                .to_added()
            })
            .collect();
        if class == TokenizerClass::Qwen2 {
            let all = named().chain(&self.extra);
            tokens.extend(all.map(|token| Token::special(&token.content).to_added()));
        }
        tokens
    }
}

/// Returns the tokens with names: the usual ones in their order, then the others.
fn named_tokens(
    class: TokenizerClass,
    collected: &Collected,
    decoder: &BTreeMap<u32, Token>,
    file: &FileTokens,
) -> Vec<(String, Option<Token>)> {
    let by_text = |content: &str| {
        decoder
            .values()
            .rev()
            .find(|token| token.content == content)
    };
    let usual = USUAL_NAMES.iter().map(|&name| {
        let token = if let Some(token) = collected.usual.get(name) {
            token.as_ref().map(|token| match by_text(token.content()) {
                Some(token) => TokenEntry::Flagged(token.clone()),
                None => token.clone(),
            })
        } else if name == "pad_token" && class == TokenizerClass::Generic {
            file.padding_token.clone().map(TokenEntry::Text)
        } else {
            let default = class
                .special_tokens()
                .iter()
                .find(|(known, _)| *known == name);
            default.map(|&(_, text)| TokenEntry::Text(text.to_owned()))
        };
        let token = token.map(|token| Token {
            lstrip: match &token {
                TokenEntry::Text(_) => name == "mask_token" && class.strips_before_mask(),
                TokenEntry::Flagged(token) => token.lstrip,
            },
            ..token.to_token()
        });
        (name.to_owned(), token)
    });
    let own = collected.own.iter();
    let own = own.map(|(name, token)| (name.clone(), Some(token.to_token())));
    usual.chain(own).collect()
}

/// Returns the special tokens without names.
fn extra_tokens(
    class: TokenizerClass,
    extra_ids: Option<usize>,
    collected: &Collected,
) -> Result<Vec<TokenEntry>, String> {
    let additional = collected.additional.given().cloned();
    let additional = match class {
        TokenizerClass::Camembert => Some(additional.unwrap_or_else(|| {
            let unused = ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"];
            unused
                .map(|text| TokenEntry::Text(text.to_owned()))
                .to_vec()
        })),
        TokenizerClass::T5 => {
            let count = extra_ids.unwrap_or(100);
            let mut tokens = additional.unwrap_or_default();
            let sentinels = tokens
                .iter()
                .filter(|token| token.content().contains("<extra_id_"));
            let found = sentinels.count();
            if found == 0 {
                tokens.extend((0..count).map(|id| TokenEntry::Text(format!("<extra_id_{id}>"))));
            } else if count > 0 && found != count {
                return Err(found.to_string());
            }
            Some(tokens)
        }
        _ => additional,
    };
    Ok(match &collected.extra {
        Field::Given(extra) => extra.clone(),
        Field::Null => Vec::new(),
        Field::Missing => additional.unwrap_or_default(),
    })
}
