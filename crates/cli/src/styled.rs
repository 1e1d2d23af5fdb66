//! Text with styles and links, broken into lines.
//!
//! A piece of text loses the characters that control a terminal when it is put into a [`Styled`], and
//! only [`Line::render`] adds sequences that do. So a title cannot bring its own.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use textwrap::WordSeparator;
use textwrap::core::{Word, break_words, display_width};
use textwrap::wrap_algorithms::wrap_first_fit;

use crate::screen::Screen;
use crate::terminal::neutralized;

/// The style of what a reader looks for first, such as a title.
const BOLD: Style = Style::new().bold();

/// The style of what matters less.
const DIM: Style = Style::new().dimmed();

/// The style of an error's name.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The style of a warning's name.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// The style of a note's name.
pub(crate) const NOTE: Style = AnsiColor::Cyan.on_default().bold();

/// Text on one line, in pieces that each have a style.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Styled {
    pieces: Vec<Piece>,
}

/// A part of a [`Styled`]. Its text and its link have no characters that control a terminal.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    text: String,
    style: Style,
    link: Option<String>,
    /// Whether lines break only before and after the text, if it fits on a line.
    is_whole: bool,
}

impl Piece {
    fn looks_like(&self, other: &Self) -> bool {
        (self.style, &self.link) == (other.style, &other.link)
    }
}

impl Styled {
    /// Creates an empty text.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds text as it is.
    pub(crate) fn plain(self, text: &str) -> Self {
        self.with(text, Style::new(), None)
    }

    /// Adds bold text.
    pub(crate) fn bold(self, text: &str) -> Self {
        self.with(text, BOLD, None)
    }

    /// Adds dim text.
    pub(crate) fn dim(self, text: &str) -> Self {
        self.with(text, DIM, None)
    }

    /// Adds bold text that is a hyperlink, if `url` is an address on the web.
    pub(crate) fn bold_link(self, text: &str, url: Option<&str>) -> Self {
        self.with(text, BOLD, url.and_then(link_target))
    }

    /// Adds dim text that is copied as a whole, such as an id: it is broken only if no line has room.
    pub(crate) fn dim_whole(self, text: &str) -> Self {
        let mut styled = self.dim(text);
        if let Some(piece) = styled.pieces.last_mut() {
            piece.is_whole = true;
        }
        styled
    }

    /// Adds another text.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    fn with(mut self, text: &str, style: Style, link: Option<String>) -> Self {
        self.pieces.push(Piece {
            text: harmless(text).into_owned(),
            style,
            link,
            is_whole: false,
        });
        self
    }

    /// Returns the number of columns on one line.
    pub(crate) fn width(&self) -> usize {
        let widths = self.pieces.iter().map(|piece| display_width(&piece.text));
        widths.sum()
    }

    /// Breaks the text at spaces into lines of at most `width` columns, and at any character where a
    /// word is longer.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line<'_>> {
        self.hanging_lines(width, width)
    }

    /// Breaks the text like [`lines`](Self::lines), where all lines but the first have at most
    /// `other_width` columns, which is less.
    pub(crate) fn hanging_lines(&self, width: usize, other_width: usize) -> Vec<Line<'_>> {
        let text: String = self.pieces.iter().map(|piece| &*piece.text).collect();
        let words = break_words(self.words(&text), other_width.max(1));
        #[expect(clippy::cast_precision_loss, reason = "a number of columns")]
        let lines = wrap_first_fit(&words, &[width, other_width].map(|width| width as f64));
        let mut start = 0;
        let mut broken = Vec::new();
        for line in lines {
            let lengths = line.iter().map(|word| word.len() + word.whitespace.len());
            let next = start + lengths.sum::<usize>();
            let end = next - line.last().map_or(0, |word| word.whitespace.len());
            broken.push(self.line(start, end));
            start = next;
        }
        broken
    }

    /// Splits `text`, which is the text of all pieces, where a line may end.
    fn words<'t>(&self, text: &'t str) -> Vec<Word<'t>> {
        let mut words = Vec::new();
        let (mut start, mut offset) = (0, 0);
        for word in WordSeparator::UnicodeBreakProperties.find_words(text) {
            offset += word.len() + word.whitespace.len();
            // A dot between two facts ends a line and begins none.
            let is_before_dot = text[offset..].starts_with('·');
            if !is_before_dot && !self.is_within_whole(offset) {
                words.push(Word::from(&text[start..offset]));
                start = offset;
            }
        }
        words
    }

    /// Returns whether a byte offset is within a piece that is to stay whole.
    fn is_within_whole(&self, offset: usize) -> bool {
        let mut start = 0;
        self.pieces.iter().any(|piece| {
            let end = start + piece.text.len();
            let is_within = piece.is_whole && (start + 1..end).contains(&offset);
            start = end;
            is_within
        })
    }

    /// Returns the line of the bytes from `start` to `end`.
    fn line(&self, start: usize, end: usize) -> Line<'_> {
        let mut parts = Vec::new();
        let mut offset = 0;
        for piece in &self.pieces {
            let from = start.max(offset);
            let to = end.min(offset + piece.text.len());
            if from < to {
                parts.push((piece, &piece.text[from - offset..to - offset]));
            }
            offset += piece.text.len();
        }
        Line { parts }
    }
}

/// A line of a [`Styled`].
#[derive(Debug)]
pub(crate) struct Line<'a> {
    parts: Vec<(&'a Piece, &'a str)>,
}

impl Line<'_> {
    /// Returns the number of columns.
    pub(crate) fn width(&self) -> usize {
        self.parts.iter().map(|(_, text)| display_width(text)).sum()
    }

    /// Returns the line with the sequences for the styles and links that `screen` shows.
    pub(crate) fn render(&self, screen: &Screen) -> String {
        let mut out = String::new();
        // One pair of sequences is enough for neighbors that look the same.
        let groups = self.parts.chunk_by(|(a, _), (b, _)| a.looks_like(b));
        for group in groups {
            let Some((first, _)) = group.first() else {
                continue;
            };
            let text: String = group.iter().map(|(_, text)| *text).collect();
            let style = if screen.has_styles {
                first.style
            } else {
                Style::new()
            };
            let link = first.link.as_ref().filter(|_| screen.has_links);
            // Writing to a string cannot fail.
            let _ = match link {
                Some(url) => write!(
                    out,
                    "\u{1b}]8;;{url}\u{1b}\\{style}{text}{style:#}\u{1b}]8;;\u{1b}\\"
                ),
                None => write!(out, "{style}{text}{style:#}"),
            };
        }
        out
    }
}

/// Returns `text`, or as much of it as fits into `width` columns with an ellipsis.
pub(crate) fn shortened_to(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += display_width(c.encode_utf8(&mut [0; 4]));
        used <= width
    };
    let short: String = text.chars().take_while(fits).collect();
    format!("{}…", short.trim_end())
}

/// Returns text that stays on its line and controls no terminal.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r', '\t']) {
        let text = text.replace(['\n', '\r', '\t'], " ");
        return Cow::Owned(neutralized(&text).into_owned());
    }
    neutralized(text)
}

/// Returns `url` as the target of a hyperlink: printable ASCII, as terminals require. Returns `None` if
/// it is not an address on the web.
fn link_target(url: &str) -> Option<String> {
    let url = url.trim();
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return None;
    }
    let mut target = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() {
            target.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(target, "%{byte:02X}");
        }
    }
    Some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Screen = Screen {
        width: 80,
        has_styles: false,
        has_links: false,
    };

    const ALL: Screen = Screen {
        has_styles: true,
        has_links: true,
        ..PLAIN
    };

    fn rendered(text: &Styled, width: usize, screen: Screen) -> Vec<String> {
        let lines = text.lines(width);
        assert!(lines.iter().all(|line| line.width() <= width));
        lines.iter().map(|line| line.render(&screen)).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_keep_the_style_of_each_piece() {
        let text = Styled::new().bold("a title of").plain(" ").dim("words");
        assert_eq!(
            rendered(&text, 9, ALL),
            [
                "\u{1b}[1ma title\u{1b}[0m",
                "\u{1b}[1mof\u{1b}[0m \u{1b}[2mwords\u{1b}[0m"
            ]
        );
        assert_eq!(rendered(&text, 9, PLAIN), ["a title", "of words"]);
        assert_eq!(text.width(), 16);
    }

    #[test]
    fn wide_and_combining_characters_are_measured_in_columns() {
        let text = Styled::new().plain("日本語の論文 e\u{301}tude");
        assert_eq!(
            rendered(&text, 8, PLAIN),
            ["日本語の", "論文", "e\u{301}tude"]
        );
        let long = Styled::new().plain("abcdefghij");
        assert_eq!(rendered(&long, 4, PLAIN), ["abcd", "efgh", "ij"]);
        assert_eq!(rendered(&Styled::new(), 4, PLAIN), [""]);
    }

    #[test]
    fn an_id_stays_whole_if_it_fits_on_a_line() {
        let id = "10.1371/journal.pone";
        let text = Styled::new().plain("A. Author · ").dim_whole(id);
        assert_eq!(rendered(&text, 22, PLAIN), ["A. Author ·", id]);
        let broken = rendered(&text, 15, PLAIN);
        assert_eq!(broken, ["A. Author ·", "10.1371/journal", ".pone"]);
        let not_whole = Styled::new().plain("A. Author · ").dim(id);
        assert_eq!(rendered(&not_whole, 22, PLAIN)[0], "A. Author · 10.1371/");
        let facts = Styled::new().plain("A. Author · 2010");
        assert_eq!(rendered(&facts, 10, PLAIN), ["A.", "Author ·", "2010"]);
    }

    #[test]
    fn a_text_of_others_brings_no_sequences_of_its_own() {
        let hostile = "graph \u{1b}[31mRED\u{1b}]8;;http://x\u{7}link\u{9b}31m\r\nOVER\u{202e}";
        let text = Styled::new()
            .plain(hostile)
            .bold(hostile)
            .bold_link(hostile, Some("https://x/\u{1b}[31m\u{7}ä \u{9b}"));
        for line in rendered(&text, 30, PLAIN) {
            assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'));
        }
        let line = rendered(&text, 400, ALL).concat();
        let ours = [
            "\u{1b}[1m",
            "\u{1b}[0m",
            "\u{1b}]8;;https://x/%1B[31m%07%C3%A4%20%C2%9B\u{1b}\\",
            "\u{1b}]8;;\u{1b}\\",
        ];
        let others = ours.iter().fold(line, |line, ours| line.replace(ours, ""));
        assert!(!others.contains(char::is_control), "{others:?}");
    }

    #[test]
    fn only_addresses_on_the_web_become_links() {
        for url in ["javascript:alert(1)", "file:///etc/passwd", "x", ""] {
            let text = Styled::new().bold_link("title", Some(url));
            assert_eq!(rendered(&text, 20, ALL), ["\u{1b}[1mtitle\u{1b}[0m"]);
        }
        let text = Styled::new().bold_link("title", Some("https://example.org/1"));
        assert_eq!(
            rendered(&text, 20, ALL),
            ["\u{1b}]8;;https://example.org/1\u{1b}\\\u{1b}[1mtitle\u{1b}[0m\u{1b}]8;;\u{1b}\\"]
        );
    }
}
