//! Printing, and how numbers and metadata are formatted for a terminal.
//!
//! Everything that the command prints goes through this file, which keeps the texts of others from
//! controlling the terminal.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::time::Instant;

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use anyhow::Result;
use cognate::ExportFormat;
use serde::Serialize;

use crate::page::{Page, VALUES};
use crate::screen::{DEFAULT_WIDTH, Screen, stderr_has_styles};
use crate::styled::{ERROR, NOTE, Styled, WARNING};
use crate::terminal::{ProtectedWriter, Protection, escaped_json, neutralized};
use crate::verbosity::{Took, Verbosity};

/// Prints `text` on stdout, where all results go.
pub(crate) fn print(text: &str) -> Result<()> {
    print_raw(&neutralized(text))
}

/// Prints a result on stdout: a page for a person at a terminal, and otherwise a text, which stays the
/// same from release to release.
pub(crate) fn present(text: impl FnOnce() -> String, fill: impl FnOnce(&mut Page)) -> Result<()> {
    let Some(screen) = Screen::of_stdout() else {
        return print(&text());
    };
    let mut page = Page::new(screen);
    fill(&mut page);
    print_page(&page)
}

/// Prints one or more sentences, each on a line, which are broken at spaces on a terminal.
pub(crate) fn print_sentences(text: &str) -> Result<()> {
    let fill = |page: &mut Page| {
        for line in text.lines() {
            page.paragraph(0, &Styled::new().plain(line));
        }
    };
    present(|| text.to_owned(), fill)
}

/// Prints named values, one to a line, whose columns are aligned.
pub(crate) fn present_fields(fields: &[(&str, String)]) -> Result<()> {
    let line = |(name, value): &(&str, String)| format!("{name:<VALUES$}{value}\n");
    present(
        || fields.iter().map(line).collect(),
        |page| page.fields(fields),
    )
}

/// Prints lines that `lines` makes for a number of columns, such as a table. On a terminal those that
/// are heads are bold.
pub(crate) fn present_lines(
    lines: impl FnOnce(usize) -> Result<String>,
    is_head: impl Fn(&str) -> bool,
) -> Result<()> {
    let Some(screen) = Screen::of_stdout() else {
        return print(&lines(DEFAULT_WIDTH)?);
    };
    let mut page = Page::new(screen);
    for line in lines(screen.width)?.lines() {
        let styled = if is_head(line) {
            Styled::new().bold(line)
        } else {
            Styled::new().plain(line)
        };
        page.paragraph(0, &styled);
    }
    print_page(&page)
}

fn print_page(page: &Page) -> Result<()> {
    let choice = if page.screen().has_styles {
        ColorChoice::Always
    } else {
        ColorChoice::Never
    };
    let mut stdout = AutoStream::new(io::stdout().lock(), choice);
    stdout.write_all(page.text().as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Prints one JSON document on stdout.
pub(crate) fn print_json(document: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    print_raw(&escaped_json(&text))
}

fn print_raw(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Prints a note on stderr, where everything except results goes, unless only errors are wanted.
pub(crate) fn note(line: &str) {
    if !Verbosity::is_quiet() {
        error_line(line);
    }
}

/// Prints a step on stderr with the time that it took, if each step is wanted.
pub(crate) fn step(what: &str, start: Instant) {
    if Verbosity::is_verbose() {
        error_line(&format!("{:>9}  {what}", Took::since(start).to_string()));
    }
}

/// Prints a line on stderr, also if only errors are wanted. On a terminal, `error:`, `warning:` and
/// `note:` at its beginning have their colors.
pub(crate) fn error_line(line: &str) {
    let line = neutralized(line);
    let styled = stderr_has_styles().then(|| with_styled_kind(&line));
    // If stderr is closed, there is nowhere left to report that.
    let _ = match styled.flatten() {
        Some(styled) => writeln!(AutoStream::always(io::stderr()), "{styled}"),
        None => writeln!(io::stderr(), "{line}"),
    };
}

/// Returns a message with the style of its kind, or `None` if it names none.
fn with_styled_kind(line: &str) -> Option<String> {
    let kinds: [(&str, Style); 3] = [("error:", ERROR), ("warning:", WARNING), ("note:", NOTE)];
    kinds.iter().find_map(|(kind, style)| {
        let rest = line.strip_prefix(kind)?;
        Some(format!("{style}{kind}{style:#}{rest}"))
    })
}

/// Returns a writer of all papers of a library in `format` to stdout. What is not for a terminal is
/// written as it is.
pub(crate) fn paper_output(format: ExportFormat) -> impl Write {
    protected_stdout(format, Protection::Faithful)
}

/// Returns a writer of hits in `format` to stdout. Hits are often looked at through other programs,
/// such as `head`, so their control characters are replaced in any case.
pub(crate) fn hit_output(format: ExportFormat) -> impl Write {
    protected_stdout(format, Protection::Controls)
}

/// Returns a writer of lines for a person, or of fields for a program, to stdout.
pub(crate) fn line_output() -> impl Write {
    let stdout = io::stdout().lock();
    let protection = if stdout.is_terminal() {
        Protection::Terminal
    } else {
        Protection::Controls
    };
    BufWriter::new(ProtectedWriter::new(stdout, protection))
}

fn protected_stdout(format: ExportFormat, without_terminal: Protection) -> impl Write {
    let stdout = io::stdout().lock();
    let protection = match format {
        ExportFormat::Json | ExportFormat::JsonLines | ExportFormat::CslJson => Protection::Json,
        _ if stdout.is_terminal() => Protection::Terminal,
        _ => without_terminal,
    };
    BufWriter::new(ProtectedWriter::new(stdout, protection))
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

/// Lists alternatives: `a, b or c`.
pub(crate) fn one_of(alternatives: &[String]) -> String {
    match alternatives.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
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

/// Replaces line breaks by spaces, so that a text of others cannot add lines to a message.
pub(crate) fn unbroken(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

/// Returns at most 200 characters of a text of others.
pub(crate) fn shortened(text: &str) -> String {
    const MAX_LENGTH: usize = 200;
    match text.char_indices().nth(MAX_LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
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
    fn a_message_has_the_color_of_its_kind() {
        assert_eq!(
            with_styled_kind("error: no error: here").unwrap(),
            "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m no error: here"
        );
        assert!(with_styled_kind("warning: x").unwrap().contains("[33m"));
        assert_eq!(with_styled_kind("papers.jsonl:2: error: x"), None);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(
            one_line("A\u{1b}[2J title\r\nwith\tbreaks "),
            "A [2J title with breaks"
        );
    }
}
