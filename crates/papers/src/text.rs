//! Splitting of scientific prose into sentences and words, and normalization of words.
//!
//! The crate uses these functions where it compares texts, and `cognate` where it searches by
//! keywords and labels topics. Words compare equal only if both sides were processed alike:
//! [`words`] folds what it yields, and [`stem`] and [`is_stop_word`] expect folded words.
//!
//! ```
//! use cognate_papers::text::{is_stop_word, sentences, stem, words};
//!
//! let text = "We train models. The learned models generalize!";
//! assert_eq!(sentences(text).len(), 2);
//! let stems: Vec<String> = words(text)
//!     .filter(|word| !is_stop_word(word))
//!     .map(|word| stem(&word))
//!     .collect();
//! assert_eq!(stems, ["train", "model", "learn", "model", "general"]);
//! ```

pub(crate) mod entities;
mod index_words;
pub(crate) mod latex;
pub(crate) mod markup;
mod sentence_split;
pub(crate) mod white_space;
mod word_split;

pub use self::index_words::{IndexWord, index_words};
pub use self::sentence_split::sentences;
pub use self::word_split::{fold, is_stop_word, stem, words};
