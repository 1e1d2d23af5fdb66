//! Tokenization of texts and of pairs, as sentence-transformers does it.
//!
//! [`bounded`] reads `tokenizer.json`, [`settings`] the other files about tokens, and [`rebuild`] makes
//! of them the tokenizer that transformers makes.

mod bounded;
mod class;
mod fast_word_piece;
mod pair;
mod plain;
mod rebuild;
mod settings;
mod special_tokens;
mod text;
mod token_config;
mod trie;
mod vocab_txt;

pub(crate) use fast_word_piece::FastWordPiece;
pub(crate) use pair::{PairTokenizer, TokenizedPair};
pub(crate) use settings::Settings;
pub(crate) use text::{TextTokenizer, TokenizedText};
