//! Ranges of pages.

use super::normalize::filled;
use crate::text::white_space::join_white_space;

/// Returns pages with plain hyphens.
pub(super) fn pages(text: &str) -> Option<String> {
    filled(join_white_space(
        &text
            .replace(['–', '—', '‐', '‑'], "-")
            .replace("--", "-")
            .replace(" - ", "-"),
    ))
}

/// Returns pages with plain hyphens, and with the last number of a range whole: `123-129` for `123-9`, as MEDLINE
/// abbreviates it.
pub(super) fn whole_pages(text: &str) -> Option<String> {
    let text = pages(text)?;
    let ranges = text
        .split(',')
        .take(256)
        .map(|range| match range.trim().split_once('-') {
            Some((first, last)) => range_of(first.trim(), last.trim()),
            None => range.trim().to_owned(),
        });
    filled(
        ranges
            .filter(|range| !range.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
    )
}

/// Joins the first and the last page, either of which may be missing or have both.
pub(super) fn page_range(first: &str, last: &str) -> Option<String> {
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() || last.is_empty() || first == last || first.contains(['-', '–']) {
        return pages(if first.is_empty() { last } else { first });
    }
    pages(&format!("{first}-{last}"))
}

fn range_of(first: &str, last: &str) -> String {
    if first.is_empty() || last.is_empty() {
        return format!("{first}{last}");
    }
    let digits = first.trim_start_matches(|c: char| !c.is_ascii_digit());
    let prefix = &first[..first.len() - digits.len()];
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(digits) && is_number(last) && last.len() < digits.len() {
        let (start, end) = digits.split_at(digits.len() - last.len());
        // `123-9` ends at 129, but `129-3` is no range.
        if last > end {
            return format!("{first}-{prefix}{start}{last}");
        }
    }
    format!("{first}-{last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_of_a_range_is_whole() {
        for (text, expected) in [
            ("123-9", Some("123-129")),
            ("123-45", Some("123-145")),
            ("S12-8", Some("S12-S18")),
            ("1-10", Some("1-10")),
            ("129-3", Some("129-3")),
            ("12–34", Some("12-34")),
            ("12--34, 56", Some("12-34, 56")),
            ("12 - 34", Some("12-34")),
            ("e1234", Some("e1234")),
            ("iv-ix", Some("iv-ix")),
            (" ", None),
        ] {
            assert_eq!(whole_pages(text).as_deref(), expected, "{text}");
        }
        for (first, last, expected) in [
            ("12", "34", Some("12-34")),
            ("12", "12", Some("12")),
            ("12", "", Some("12")),
            ("", "34", Some("34")),
            ("12-34", "34", Some("12-34")),
            ("", "", None),
        ] {
            assert_eq!(page_range(first, last).as_deref(), expected);
        }
    }
}
