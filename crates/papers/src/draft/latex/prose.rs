//! Extraction of prose from LaTeX source.

use std::collections::HashSet;
use std::ops::Range;

use super::names::{Meaning, is_cite, is_not_prose, meaning};
use super::readable::readable;
use super::source::Source;
use crate::draft::window::line_start;

/// The maximum length in bytes of an inline formula that is kept; longer ones are removed.
const SHORT_FORMULA: usize = 40;

/// The maximum length in bytes of code within a line.
const MAX_CODE: usize = 4_096;

/// The maximum nesting of footnotes and titles; deeper ones are removed.
const MAX_DEPTH: usize = 4;

/// The prose of a document, read from left to right in one pass.
#[derive(Debug)]
pub(super) struct Prose<'a> {
    source: &'a Source,
    /// The position of the next byte to read.
    at: usize,
    limit: usize,
    depth: usize,
    /// The LaTeX source of the current paragraph.
    paragraph: String,
    /// Whether the current paragraph belongs to the abstract.
    in_abstract: bool,
    /// The footnotes of the current paragraph.
    asides: Vec<Range<usize>>,
    /// The names of environments whose `\end` is missing.
    unclosed: HashSet<&'a str>,
    pub(super) title: Option<String>,
    pub(super) abstract_text: Vec<String>,
    pub(super) paragraphs: Vec<String>,
}

impl<'a> Prose<'a> {
    /// Reads the title, the abstract and the prose of a document or of a file without a preamble.
    pub(super) fn of_document(source: &'a Source) -> Self {
        const BEGIN: &str = "\\begin{document}";
        let text = &source.text;
        let Some(begin) = text.find(BEGIN) else {
            return Self::read(source, 0..text.len(), 0);
        };
        // The preamble has a title and an abstract, but no prose.
        let preamble = Self::read(source, 0..begin, 0);
        let mut body = Self::read(source, begin + BEGIN.len()..text.len(), 0);
        body.title = body.title.or(preamble.title);
        if body.abstract_text.is_empty() {
            body.abstract_text = preamble.abstract_text;
        }
        body
    }

    /// Returns the paragraphs in a range of the source.
    pub(super) fn of_range(source: &'a Source, range: Range<usize>) -> Vec<String> {
        Self::read(source, range, 0).paragraphs
    }

    fn read(source: &'a Source, range: Range<usize>, depth: usize) -> Self {
        let mut prose = Self {
            source,
            at: range.start,
            limit: range.end,
            depth,
            paragraph: String::new(),
            in_abstract: false,
            asides: Vec::new(),
            unclosed: HashSet::new(),
            title: None,
            abstract_text: Vec::new(),
            paragraphs: Vec::new(),
        };
        while prose.at < prose.limit {
            prose.step();
        }
        prose.end_paragraph();
        prose
    }

    fn remaining(&self) -> &'a str {
        &self.source.text[self.at..self.limit]
    }

    fn step(&mut self) {
        let remaining = self.remaining();
        let Some(next) = remaining.find(['\\', '$', '\n']) else {
            self.paragraph.push_str(remaining);
            self.at = self.limit;
            return;
        };
        self.paragraph.push_str(&remaining[..next]);
        self.at += next;
        match remaining.as_bytes()[next] {
            b'\\' => self.backslash(),
            b'$' => self.dollar(),
            _ => {
                let line = &remaining[next + 1..];
                let indent = line.len() - line.trim_start_matches([' ', '\t', '\r']).len();
                self.at += 1;
                self.paragraph.push('\n');
                if line[indent..].starts_with('\n') {
                    self.end_paragraph();
                }
            }
        }
    }

    /// Ends the paragraph and appends its footnotes.
    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let text = readable(&paragraph);
        let mut found = Vec::new();
        if text.chars().any(char::is_alphabetic) {
            found.push(text);
        }
        for aside in std::mem::take(&mut self.asides) {
            found.extend(Self::read(self.source, aside, self.depth + 1).paragraphs);
        }
        if self.in_abstract {
            self.abstract_text.append(&mut found);
        } else {
            self.paragraphs.append(&mut found);
        }
    }

    fn dollar(&mut self) {
        let remaining = self.remaining();
        if let Some(formula) = remaining.strip_prefix("$$") {
            let end = formula.find("$$").map(|end| self.at + 2 + end + 2);
            self.at = end.unwrap_or_else(|| self.source.paragraph_end(self.at + 2, self.limit));
            self.paragraph.push(' ');
        } else if let Some(end) = self.source.dollar(self.at + 1, self.limit) {
            self.formula(end + 1);
        } else {
            // A dollar sign that opens no formula, such as one before an amount.
            self.paragraph.push_str("\\$");
            self.at += 1;
        }
    }

    /// Skips an inline formula, keeping it if it is short.
    fn formula(&mut self, end: usize) {
        let formula = &self.source.text[self.at..end];
        if formula.len() <= SHORT_FORMULA {
            self.paragraph.push_str(formula);
        }
        self.at = end;
    }

    fn backslash(&mut self) {
        let name = self.source.command(self.at);
        if name.is_empty() {
            self.symbol();
            return;
        }
        let start = self.at;
        self.at = (start + 1 + name.len()).min(self.limit);
        if is_cite(name) {
            let (_, end) = self.source.citation_keys(self.at, name, self.limit);
            self.at = end.clamp(self.at, self.limit);
            return;
        }
        match name {
            "begin" => self.begin(),
            "end" => self.end(),
            "verb" | "lstinline" => self.verb(),
            _ => self.other(name, start),
        }
    }

    /// Reads a command whose name is one character that is not a letter.
    fn symbol(&mut self) {
        let remaining = self.remaining();
        let ends = match remaining.as_bytes().get(1) {
            Some(b'[') => Some(("\\]", false)),
            Some(b'(') => Some(("\\)", true)),
            _ => None,
        };
        if let Some((end, inline)) = ends {
            let near = self.source.near(self.at).min(self.limit) - self.at;
            match (
                remaining.get(..near).and_then(|near| near.find(end)),
                inline,
            ) {
                (Some(found), true) => self.formula(self.at + found + 2),
                (Some(found), false) => {
                    self.paragraph.push(' ');
                    self.at += found + 2;
                }
                (None, true) => self.at += 2,
                (None, false) => self.at = self.source.paragraph_end(self.at, self.limit),
            }
            return;
        }
        let mut chars = remaining.char_indices().skip(1);
        let symbol = chars.next();
        let end = chars.next().map_or(remaining.len(), |(at, _)| at);
        if let Some((_, '\\')) = symbol {
            // A line break, whose optional argument is the space below it.
            self.paragraph.push(' ');
            self.at = self.source.skip_optional(self.at + 2).min(self.limit);
        } else {
            self.paragraph.push_str(&remaining[..end]);
            self.at += end;
        }
    }

    fn begin(&mut self) {
        let Some((inner, end)) = self.source.group(self.at, self.limit) else {
            return;
        };
        let name = self.source.text[inner].trim();
        self.at = end;
        if is_not_prose(name) {
            let is_display = !matches!(name, "math");
            self.skip_environment(name);
            if is_display {
                self.paragraph.push(' ');
            }
            return;
        }
        self.end_paragraph();
        self.in_abstract |= name == "abstract";
        self.at = self.source.skip_optional(self.at).min(self.limit);
        while self.remaining().starts_with('{') {
            let Some((_, end)) = self.source.group(self.at, self.limit) else {
                break;
            };
            self.at = self.source.skip_optional(end).min(self.limit);
        }
    }

    /// Skips an environment. An environment whose `\end` is missing ends with its paragraph.
    fn skip_environment(&mut self, name: &'a str) {
        let mark = format!("\\end{{{name}}}");
        let found = if self.unclosed.contains(name) {
            None
        } else {
            self.remaining().find(&mark)
        };
        if let Some(end) = found {
            self.at += end + mark.len();
        } else {
            self.unclosed.insert(name);
            self.at = self.source.paragraph_end(self.at, self.limit);
        }
    }

    fn end(&mut self) {
        let Some((inner, end)) = self.source.group(self.at, self.limit) else {
            return;
        };
        let name = self.source.text[inner].trim();
        self.at = end;
        self.end_paragraph();
        match name {
            "abstract" => self.in_abstract = false,
            "document" => self.at = self.limit,
            _ => {}
        }
    }

    /// Skips `\verb|x|`: code between two equal characters.
    fn verb(&mut self) {
        let remaining = self.remaining();
        let Some(delimiter) = remaining.chars().find(|&c| c != '*') else {
            return;
        };
        let close = if delimiter == '{' { '}' } else { delimiter };
        let line = line_start(remaining, MAX_CODE);
        let start = line
            .find(delimiter)
            .map_or(line.len(), |at| at + delimiter.len_utf8());
        let end = line[start..].find(close);
        self.at += end.map_or(start, |end| start + end + close.len_utf8());
    }

    /// Reads a command that is neither a citation nor an environment.
    fn other(&mut self, name: &'a str, start: usize) {
        let text = &self.source.text;
        match meaning(name) {
            Meaning::Kept => self.paragraph.push_str(&text[start..self.at]),
            Meaning::NoText => self.paragraph.push(' '),
            Meaning::Break => {
                self.end_paragraph();
                self.at = self.source.skip_optional(self.at).min(self.limit);
            }
            Meaning::Dropped => self.skip_groups(usize::MAX),
            Meaning::FirstDropped => self.skip_groups(1),
            Meaning::Definition => {
                self.at = self.source.skip_optional(self.at).min(self.limit);
                let remaining = self.remaining();
                if remaining.trim_start().starts_with('\\') {
                    // The name and the parameters of `\def\name#1{…}`.
                    let to_group = remaining.find(['{', '\n']).unwrap_or(remaining.len());
                    self.at += to_group;
                }
                self.skip_groups(usize::MAX);
            }
            Meaning::Title | Meaning::Abstract | Meaning::Aside | Meaning::Heading => {
                self.argument(meaning(name));
            }
        }
    }

    /// Reads a command whose argument is not part of the sentence.
    fn argument(&mut self, meaning: Meaning) {
        let start = self.source.skip_optional(self.at).min(self.limit);
        let Some((inner, end)) = self.source.group(start, self.limit) else {
            return;
        };
        self.at = end;
        let is_deep = self.depth >= MAX_DEPTH;
        match meaning {
            Meaning::Aside if !is_deep => self.asides.push(inner),
            Meaning::Heading => {
                self.end_paragraph();
                let heading = readable(&self.source.text[inner]);
                self.in_abstract = heading.eq_ignore_ascii_case("abstract");
            }
            Meaning::Title if !is_deep && self.title.is_none() => {
                let title = Self::read(self.source, inner, self.depth + 1).paragraphs;
                self.title = Some(title.join(" "));
            }
            Meaning::Abstract if !is_deep => {
                let found = Self::read(self.source, inner, self.depth + 1).paragraphs;
                self.abstract_text.extend(found);
            }
            _ => {}
        }
    }

    /// Skips the arguments that follow: all in square brackets and at most `max` in braces.
    fn skip_groups(&mut self, max: usize) {
        let mut skipped = 0;
        self.at = self.source.skip_optional(self.at).min(self.limit);
        while skipped < max {
            // A group after white space is no argument: `\label{a} {\bf b}`.
            if skipped > 0 && !self.remaining().starts_with('{') {
                break;
            }
            let Some((_, end)) = self.source.group(self.at, self.limit) else {
                break;
            };
            skipped += 1;
            self.at = self.source.skip_optional(end).min(self.limit);
        }
    }
}
