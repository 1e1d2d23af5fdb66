//! Tokenization of texts and of pairs, as sentence-transformers does it.

mod bounded;
mod fast_word_piece;
mod pair;
mod plain;
mod settings;
mod text;
mod trie;

pub(crate) use fast_word_piece::FastWordPiece;
pub(crate) use pair::{PairTokenizer, TokenizedPair};
pub(crate) use settings::Settings;
pub(crate) use text::{TextTokenizer, TokenizedText};
