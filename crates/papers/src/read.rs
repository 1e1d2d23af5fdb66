//! Readers of files of papers and of texts, one record at a time.

mod encoding;
pub(crate) mod formats;
mod input;
mod line_ends;
mod lookahead;
pub(crate) mod notes;
pub(crate) mod paper_reader;
mod syntax;
pub(crate) mod text_reader;
