//! The notations of special tokens in the files of a checkpoint.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokenizers::AddedToken;

/// A token with the flags that a file gives.
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the flags of the files"
)]
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Token {
    pub(super) content: String,
    #[serde(default)]
    pub(super) single_word: bool,
    #[serde(default)]
    pub(super) lstrip: bool,
    #[serde(default)]
    pub(super) rstrip: bool,
    /// By default, tokens are normalized that are not special.
    pub(super) normalized: Option<bool>,
    #[serde(default)]
    pub(super) special: bool,
}

impl Token {
    /// Returns a special token without other flags.
    pub(super) fn special(content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: None,
            special: true,
        }
    }

    /// Returns a token of `added_tokens.json`.
    pub(super) fn listed(content: String, special: bool) -> Self {
        Self {
            special,
            ..Self::special(content)
        }
    }

    pub(super) fn to_added(&self) -> AddedToken {
        AddedToken {
            content: self.content.clone(),
            single_word: self.single_word,
            lstrip: self.lstrip,
            rstrip: self.rstrip,
            normalized: self.normalized.unwrap_or(!self.special),
            special: self.special,
        }
    }
}

impl From<&AddedToken> for Token {
    fn from(token: &AddedToken) -> Self {
        Self {
            content: token.content.clone(),
            single_word: token.single_word,
            lstrip: token.lstrip,
            rstrip: token.rstrip,
            normalized: Some(token.normalized),
            special: token.special,
        }
    }
}

/// A token, given by its text alone or with flags.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum TokenEntry {
    Text(String),
    Flagged(Token),
}

impl TokenEntry {
    pub(super) fn content(&self) -> &str {
        match self {
            Self::Text(content) => content,
            Self::Flagged(token) => &token.content,
        }
    }

    pub(super) fn to_token(&self) -> Token {
        match self {
            Self::Text(content) => Token::special(content),
            Self::Flagged(token) => token.clone(),
        }
    }
}

/// The fields of a file whose names end in `_token`, such as `cls_token`, in the order of the file.
///
/// A value is `None` if the file says `null`; flags such as `add_bos_token` are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedTokens(pub(super) Vec<(String, Option<TokenEntry>)>);

impl<'de> Deserialize<'de> for NamedTokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamedVisitor;

        impl<'de> Visitor<'de> for NamedVisitor {
            type Value = NamedTokens;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("named tokens")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NamedTokens, A::Error> {
                let mut tokens = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if !key.ends_with("_token") {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let value: Value = map.next_value()?;
                    if value.is_null() {
                        tokens.push((key, None));
                    } else if value.is_string() || value.is_object() {
                        let token = serde_json::from_value(value);
                        tokens.push((key, Some(token.map_err(serde::de::Error::custom)?)));
                    }
                }
                Ok(NamedTokens(tokens))
            }
        }

        deserializer.deserialize_map(NamedVisitor)
    }
}

/// Special tokens without one of the usual names: a list, or an object with names of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ExtraTokens {
    List(Vec<TokenEntry>),
    Named(OwnNames),
}

/// Tokens by names of any kind, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct OwnNames(pub(super) Vec<(String, TokenEntry)>);

impl<'de> Deserialize<'de> for OwnNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;

        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = OwnNames;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tokens by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OwnNames, A::Error> {
                let mut tokens = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    tokens.push(entry);
                }
                Ok(OwnNames(tokens))
            }
        }

        deserializer.deserialize_map(NamesVisitor)
    }
}

/// The special tokens of `tokenizer_config.json` or of `special_tokens_map.json`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct TokenLists {
    #[serde(default)]
    pub(super) additional_special_tokens: Field<Vec<TokenEntry>>,
    #[serde(default)]
    pub(super) extra_special_tokens: Field<ExtraTokens>,
    #[serde(flatten)]
    pub(super) named: NamedTokens,
}

/// A field of a file. Whether it is missing or `null` makes a difference.
#[derive(Clone, Debug, Default)]
pub(super) enum Field<T> {
    #[default]
    Missing,
    Null,
    Given(T),
}

impl<T> Field<T> {
    /// Returns the value, or `None` if the field is missing or `null`.
    pub(super) fn given(&self) -> Option<&T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(deserializer)?;
        Ok(value.map_or(Self::Null, Self::Given))
    }
}

/// The files of special tokens of older releases of transformers, which are read unless
/// `tokenizer_config.json` has `added_tokens_decoder`.
#[derive(Clone, Debug, Default)]
pub(super) struct OlderFiles {
    /// `special_tokens_map.json`.
    pub(super) special_tokens_map: TokenLists,
    /// `added_tokens.json`.
    pub(super) added_tokens: BTreeMap<String, u32>,
}
