//! The syntaxes that several file formats share.

pub(crate) mod json_elements;
pub(crate) mod json_lines;
pub(crate) mod json_record;
mod utf8_repair;
pub(crate) mod xml;
