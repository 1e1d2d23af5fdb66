//! Readers of the syntaxes that several file formats share.

pub(crate) mod json_elements;
pub(crate) mod json_lines;
pub(crate) mod json_object;
pub(crate) mod json_path;
pub(crate) mod json_record;
mod json_resume;
mod json_scan;
pub(crate) mod json_shape;
pub(crate) mod json_tables;
pub(crate) mod literal;
pub(crate) mod loose_date;
pub(crate) mod missing_value;
mod rewind;
pub(crate) mod tagged;
mod utf8_repair;
pub(crate) mod xml;
pub(crate) mod year;
