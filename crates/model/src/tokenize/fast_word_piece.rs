use tokenizers::{AddedToken, Model as _, ModelWrapper, NormalizerWrapper, PreTokenizerWrapper};

use super::bounded::{BoundedNormalizer, BoundedPreTokenizer};
use super::text::TextTokenizer;
use super::trie::{Node, Trie};
use crate::{Error, Result};

/// The token ids of texts by the WordPiece of BERT, many times faster than the general tokenizer.
///
/// Words of ASCII are looked up directly. What stands between white space and has any other
/// character goes through the general tokenizer, and so does a text that names a special token.
#[derive(Debug)]
pub(crate) struct FastWordPiece {
    trie: Trie,
    /// The node of the prefix of pieces that continue a word.
    continuation: Option<Node>,
    unknown: u32,
    max_word_bytes: usize,
    /// What a byte of a text is.
    kinds: [Kind; 256],
    /// What a byte of a word is looked up as.
    folded: [u8; 256],
    /// The contents of the special tokens, which are found before words are.
    special: Vec<Box<str>>,
    starts_special: [bool; 256],
}

/// What a byte of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Part of a word.
    Word,
    /// A word by itself.
    Punctuation,
    Space,
    /// A control character, or part of a character that is not ASCII.
    Other,
}

/// The greatest length of a vocabulary for which a trie is made, in bytes. The multilingual one of BERT
/// has about one million.
const MAX_VOCABULARY_BYTES: usize = 4 << 20;

impl FastWordPiece {
    /// Makes the fast form of a tokenizer, or returns `None` if it is another than that of BERT.
    pub(crate) fn of(tokenizer: &TextTokenizer) -> Option<Self> {
        let tokenizer = &tokenizer.tokenizer;
        let (
            ModelWrapper::WordPiece(model),
            Some(BoundedNormalizer::Linear(NormalizerWrapper::BertNormalizer(normalizer))),
            Some(BoundedPreTokenizer::Linear(PreTokenizerWrapper::BertPreTokenizer(_))),
        ) = (
            tokenizer.model(),
            tokenizer.normalizer(),
            tokenizer.pre_tokenizer(),
        )
        else {
            return None;
        };
        let added = tokenizer.added_tokens();
        let is_searched_as_it_is = |(_, token): &(u32, AddedToken)| !token.normalized;
        if !added.iter().all(is_searched_as_it_is) {
            return None;
        }
        let special: Vec<Box<str>> = added
            .iter()
            .map(|(_, token)| token.content.as_str().into())
            .collect();
        let vocabulary = model.get_vocab();
        if vocabulary.keys().map(String::len).sum::<usize>() > MAX_VOCABULARY_BYTES {
            return None;
        }
        let trie = Trie::new(vocabulary.iter().map(|(piece, &id)| (piece.as_str(), id)));

        let mut kinds = [Kind::Other; 256];
        let mut folded = [0; 256];
        let mut starts_special = [false; 256];
        for byte in 0..=u8::MAX {
            let at = usize::from(byte);
            folded[at] = if normalizer.lowercase {
                byte.to_ascii_lowercase()
            } else {
                byte
            };
            kinds[at] = match byte {
                b' ' | b'\t' | b'\n' | b'\r' => Kind::Space,
                _ if byte.is_ascii_punctuation() => Kind::Punctuation,
                _ if byte.is_ascii_alphanumeric() => Kind::Word,
                _ => Kind::Other,
            };
            starts_special[at] = special
                .iter()
                .any(|token| token.as_bytes().first() == Some(&byte));
        }
        Some(Self {
            continuation: trie.find(&model.continuing_subword_prefix),
            trie,
            unknown: model.token_to_id(&model.unk_token)?,
            max_word_bytes: model.max_input_chars_per_word,
            kinds,
            folded,
            special,
            starts_special,
        })
    }

    /// Appends the ids of a text to `ids`; `index` identifies the text in an error. `tokenizer` is the
    /// one that this form was made of.
    pub(crate) fn tokenize(
        &self,
        tokenizer: &TextTokenizer,
        text: &str,
        index: usize,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        let bytes = text.as_bytes();
        let before = ids.len();
        let general = |part: &str, ids: &mut Vec<u32>| {
            let encoding = tokenizer.tokenizer.encode_fast(part, false);
            let encoding = encoding.map_err(|source| Error::Tokenize {
                text: index,
                source,
            })?;
            ids.extend_from_slice(encoding.get_ids());
            Ok(())
        };
        if self.names_a_special_token(text) {
            return general(text, ids);
        }
        // The start of what stands between white space, in bytes and in ids.
        let (mut part, mut part_ids) = (0, before);
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match self.kinds[usize::from(byte)] {
                Kind::Space => {
                    at += 1;
                    (part, part_ids) = (at, ids.len());
                }
                Kind::Punctuation => {
                    ids.push(self.piece(Node::ROOT, byte));
                    at += 1;
                }
                Kind::Word => {
                    let is_word = |&&byte: &&u8| self.kinds[usize::from(byte)] == Kind::Word;
                    let length = bytes[at..].iter().take_while(is_word).count();
                    self.word(&bytes[at..at + length], ids);
                    at += length;
                }
                Kind::Other => {
                    let is_inside = |&&byte: &&u8| self.kinds[usize::from(byte)] != Kind::Space;
                    at += bytes[at..].iter().take_while(is_inside).count();
                    ids.truncate(part_ids);
                    general(&text[part..at], ids)?;
                }
            }
        }
        Ok(())
    }

    fn names_a_special_token(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let starts_here = |at: usize| {
            let mut tokens = self.special.iter();
            tokens.any(|token| bytes[at..].starts_with(token.as_bytes()))
        };
        let mut starts = bytes.iter().enumerate();
        starts.any(|(at, &byte)| self.starts_special[usize::from(byte)] && starts_here(at))
    }

    /// Returns the id of a word of one byte.
    fn piece(&self, node: Node, byte: u8) -> u32 {
        let found = self.trie.longest(node, &[self.folded[usize::from(byte)]]);
        found.map_or(self.unknown, |(_, id)| id)
    }

    /// Appends the pieces of a word: from its start on the longest piece of the vocabulary, again and
    /// again, or the unknown token if there is none.
    fn word(&self, word: &[u8], ids: &mut Vec<u32>) {
        /// Longer words are looked up in memory of their own.
        const SHORT: usize = 128;

        if word.len() > self.max_word_bytes {
            return ids.push(self.unknown);
        }
        let mut short = [0; SHORT];
        let long: Vec<u8>;
        let folded = if let Some(short) = short.get_mut(..word.len()) {
            let folded = word.iter().map(|&byte| self.folded[usize::from(byte)]);
            short
                .iter_mut()
                .zip(folded)
                .for_each(|(to, byte)| *to = byte);
            &*short
        } else {
            long = word
                .iter()
                .map(|&byte| self.folded[usize::from(byte)])
                .collect();
            &long
        };
        let first = ids.len();
        let mut rest = folded;
        let mut node = Some(Node::ROOT);
        while !rest.is_empty() {
            let Some((length, id)) = node.and_then(|node| self.trie.longest(node, rest)) else {
                ids.truncate(first);
                return ids.push(self.unknown);
            };
            ids.push(id);
            rest = &rest[length..];
            node = self.continuation;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::fixture;

    fn tokenizer(changes: &[(&str, Value)]) -> TextTokenizer {
        let path = fixture("tiny-bert/tokenizer.json");
        let mut file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        file["truncation"] = Value::Null;
        for (pointer, value) in changes {
            *file.pointer_mut(pointer).unwrap() = value.clone();
        }
        TextTokenizer::plain(&path, file.to_string().as_bytes(), None).unwrap()
    }

    /// Generates texts that look random.
    fn texts() -> impl Iterator<Item = String> {
        const PARTS: [&str; 40] = [
            " ", "  ", "\t", "\n", "\r", "the", "graph", "Quantum", "ization", "zq", "x", "7",
            "89", ".", ",", "-", "[", "]", "[UNK]", "[MASK]", "[mask]", "##", "#", "_", "é",
            "e\u{301}", "\u{301}", "\u{a0}", "–", "“", "µ", "子", "量", "\0", "\u{b}", "\u{7f}",
            "\u{fffd}", "Σ", "İ", "\u{200b}",
        ];
        let mut state = 1_u64;
        let mut below = move |bound: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            (state >> 33) as usize % bound
        };
        (0..20_000).map(move |_| {
            let length = below(9);
            // Most texts have parts of ASCII alone.
            let parts = if below(3) == 0 { PARTS.len() } else { 17 };
            (0..length).map(|_| PARTS[below(parts)]).collect()
        })
    }

    #[test]
    fn gives_the_ids_of_the_general_tokenizer() {
        for changes in [
            vec![],
            vec![("/normalizer/lowercase", json!(false))],
            vec![
                ("/normalizer/strip_accents", json!(false)),
                ("/normalizer/clean_text", json!(false)),
                ("/normalizer/handle_chinese_chars", json!(false)),
            ],
            vec![("/model/max_input_chars_per_word", json!(4))],
            vec![("/model/continuing_subword_prefix", json!("@"))],
        ] {
            let general = tokenizer(&changes);
            let fast = FastWordPiece::of(&general).unwrap();
            for text in texts().chain([String::new(), "a".repeat(101), "a".repeat(300)]) {
                let expected = general.tokenize("", &text, usize::MAX, 0).unwrap().ids;
                let mut found = vec![7];
                fast.tokenize(&general, &text, 0, &mut found).unwrap();
                assert_eq!(found[1..], expected, "{changes:?} {text:?}");
            }
        }
    }

    #[test]
    fn other_tokenizers_have_no_fast_form() {
        for (pointer, value) in [
            ("/normalizer", json!({"type": "Lowercase"})),
            ("/pre_tokenizer", json!({"type": "Whitespace"})),
            ("/added_tokens/0/normalized", json!(true)),
            ("/model/unk_token", json!("[OTHER]")),
        ] {
            assert!(FastWordPiece::of(&tokenizer(&[(pointer, value)])).is_none());
        }
    }
}
