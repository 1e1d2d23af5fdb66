//! Cleanup of text from which citations and formulas were removed.

/// Removes empty brackets and spaces before punctuation, and reduces white space to single spaces.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_whitespace() => {
                if !out.is_empty() && !out.ends_with([' ', '(', '[']) {
                    out.push(' ');
                }
            }
            '.' | ',' | ';' | ':' | ')' | ']' | '!' | '?' => {
                let end = out.trim_end().len();
                let opened = out[..end].ends_with(['(', '[']);
                let is_close = matches!(c, ')' | ']');
                if is_close && opened {
                    out.truncate(end - 1);
                    out.truncate(out.trim_end().len());
                } else if opened {
                    // In `(, and so on)` the text before the comma was removed.
                    out.truncate(end);
                } else {
                    out.truncate(end);
                    if is_close {
                        out.truncate(out.trim_end_matches([',', ';', ' ']).len());
                    }
                    let repeats = matches!(c, ',' | ';') && out.ends_with([',', ';']);
                    if !(repeats || is_close && out.is_empty()) {
                        out.push(c);
                    }
                }
            }
            _ => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_the_traces_of_removed_text() {
        for (text, expected) in [
            ("Shown before .", "Shown before."),
            ("Shown () by (see , ) many", "Shown by (see) many"),
            ("Both [; ] are  known [ ] , or so", "Both are known, or so"),
            ("(e.g., ) this", "(e.g.) this"),
            ("f(x) and a[0]", "f(x) and a[0]"),
            ("", ""),
            (")", ""),
        ] {
            assert_eq!(tidy(text), expected, "{text}");
        }
    }
}
