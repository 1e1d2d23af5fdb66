//! Files of papers and of texts, read record by record.

pub(crate) mod formats;
mod input;
pub(crate) mod paper_reader;
mod syntax;
pub(crate) mod text_reader;
