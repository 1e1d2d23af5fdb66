//! Words and sentences of scientific prose, and plain text from LaTeX and XML markup.

pub(crate) mod latex;
pub(crate) mod markup;
pub(crate) mod sentences;
pub(crate) mod words;

pub use self::sentences::sentences;
pub use self::words::{fold, is_stop_word, stem, words};
