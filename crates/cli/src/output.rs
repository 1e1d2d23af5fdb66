//! Printing, and how numbers and metadata are formatted for a terminal.

use std::io::{self, Write as _};

use anyhow::Result;
use serde::Serialize;

/// Prints `text` on stdout, where all results go.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Prints one JSON document on stdout.
pub(crate) fn print_json(document: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    print(&text)
}

/// Prints a line on stderr, where everything except results goes.
pub(crate) fn note(line: &str) {
    // If stderr is closed, there is nowhere left to report that.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Formats a count with its noun: `1 paper`, `2 papers`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// Formats a number with its digits in groups of three: `1,234,567`.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Replaces line breaks and control characters by spaces, so that the metadata of a paper cannot
/// move the cursor.
pub(crate) fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the title on one line, or a placeholder if it is empty.
pub(crate) fn title(title: &str) -> String {
    if title.is_empty() {
        "(no title)".to_owned()
    } else {
        one_line(title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_and_nouns_agree_with_their_number() {
        let texts = [0, 999, 1000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(1, "paper"), "1 paper");
        assert_eq!(count(2000, "paper"), "2,000 papers");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(
            one_line("A\u{1b}[2J title\r\nwith\tbreaks "),
            "A [2J title with breaks"
        );
    }
}
