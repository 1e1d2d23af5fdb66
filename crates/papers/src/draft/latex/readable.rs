use crate::draft::tidy::tidy;
use crate::text::latex::plain;

/// Converts LaTeX source to the text that a reader sees.
pub(super) fn readable(source: &str) -> String {
    tidy(&plain(source))
}
