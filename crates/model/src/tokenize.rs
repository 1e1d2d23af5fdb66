//! Tokenization of texts and of pairs, as sentence-transformers does it.

mod bounded;
mod pair;
mod plain;
mod settings;
mod text;

pub(crate) use pair::{PairTokenizer, TokenizedPair};
pub(crate) use settings::Settings;
pub(crate) use text::{TextTokenizer, TokenizedText};
