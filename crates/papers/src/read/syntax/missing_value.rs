//! Texts that stand for a missing value.

/// The texts in lower case: the names of a missing value in Python, R and pandas, and the abbreviations
/// of bibliographies.
const MISSING: [&str; 9] = ["", "none", "null", "nan", "na", "n/a", "<na>", "n.d.", "-"];

/// Returns whether a text is blank or stands for a missing value.
pub(crate) fn is_missing(text: &str) -> bool {
    MISSING.contains(&text.trim().to_lowercase().as_str())
}
