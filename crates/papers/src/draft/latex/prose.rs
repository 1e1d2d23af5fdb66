//! The prose of LaTeX source.

use std::collections::HashSet;
use std::ops::Range;

use super::names::{Meaning, is_cite, is_no_prose, meaning};
use super::readable;
use super::source::Input;

/// The bytes of a formula in a line that a reader is shown; a longer one is left out.
const SHORT_FORMULA: usize = 40;

/// Asides within asides: deeper ones are left out.
const MAX_DEPTH: usize = 4;

/// Reads source from left to right, once.
#[derive(Debug)]
pub(super) struct Prose<'a> {
    source: &'a Input,
    at: usize,
    limit: usize,
    depth: usize,
    /// The paragraph that is being read, in LaTeX.
    open: String,
    /// Whether it belongs to the abstract.
    in_abstract: bool,
    asides: Vec<Range<usize>>,
    /// Environments that do not end.
    endless: HashSet<&'a str>,
    pub(super) title: Option<String>,
    pub(super) abstract_text: Vec<String>,
    pub(super) paragraphs: Vec<String>,
}

impl<'a> Prose<'a> {
    /// Title, abstract and prose of a document, or of a part of one.
    pub(super) fn of_document(source: &'a Input) -> Self {
        const BEGIN: &str = "\\begin{document}";
        let text = &source.text;
        let Some(begin) = text.find(BEGIN) else {
            return Self::read(source, 0..text.len(), 0);
        };
        // Of the preamble, title and abstract alone are read.
        let preamble = Self::read(source, 0..begin, 0);
        let mut body = Self::read(source, begin + BEGIN.len()..text.len(), 0);
        body.title = body.title.or(preamble.title);
        if body.abstract_text.is_empty() {
            body.abstract_text = preamble.abstract_text;
        }
        body
    }

    /// The paragraphs in a range, whatever they are.
    pub(super) fn of_range(source: &'a Input, range: Range<usize>) -> Vec<String> {
        Self::read(source, range, 0).paragraphs
    }

    fn read(source: &'a Input, range: Range<usize>, depth: usize) -> Self {
        let mut prose = Self {
            source,
            at: range.start,
            limit: range.end,
            depth,
            open: String::new(),
            in_abstract: false,
            asides: Vec::new(),
            endless: HashSet::new(),
            title: None,
            abstract_text: Vec::new(),
            paragraphs: Vec::new(),
        };
        while prose.at < prose.limit {
            prose.step();
        }
        prose.close();
        prose
    }

    fn rest(&self) -> &'a str {
        &self.source.text[self.at..self.limit]
    }

    fn step(&mut self) {
        let rest = self.rest();
        let Some(next) = rest.find(['\\', '$', '\n']) else {
            self.open.push_str(rest);
            self.at = self.limit;
            return;
        };
        self.open.push_str(&rest[..next]);
        self.at += next;
        match rest.as_bytes()[next] {
            b'\\' => self.backslash(),
            b'$' => self.dollar(),
            _ => {
                let behind = &rest[next + 1..];
                let indent = behind.len() - behind.trim_start_matches([' ', '\t', '\r']).len();
                self.at += 1;
                self.open.push('\n');
                if behind[indent..].starts_with('\n') {
                    self.close();
                }
            }
        }
    }

    /// Ends the paragraph, and puts the asides of it behind it.
    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        let text = readable(&open);
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
        let rest = self.rest();
        if let Some(behind) = rest.strip_prefix("$$") {
            let end = behind.find("$$").map(|end| self.at + 2 + end + 2);
            self.at = end.unwrap_or_else(|| self.source.paragraph_end(self.at + 2, self.limit));
            self.open.push(' ');
        } else if let Some(end) = self.source.dollar(self.at + 1, self.limit) {
            self.formula(end + 1);
        } else {
            // It opens nothing: a sum of money.
            self.open.push_str("\\$");
            self.at += 1;
        }
    }

    /// Passes over a formula in a line, which is kept where it is short.
    fn formula(&mut self, end: usize) {
        let formula = &self.source.text[self.at..end];
        if formula.len() <= SHORT_FORMULA {
            self.open.push_str(formula);
        }
        self.at = end;
    }

    fn backslash(&mut self) {
        let name = self.source.command(self.at);
        if name.is_empty() {
            self.sign();
            return;
        }
        let start = self.at;
        self.at = (start + 1 + name.len()).min(self.limit);
        if is_cite(name) {
            let (_, end) = self.source.cited(self.at, name, self.limit);
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

    fn sign(&mut self) {
        let rest = self.rest();
        let ends = match rest.as_bytes().get(1) {
            Some(b'[') => Some(("\\]", false)),
            Some(b'(') => Some(("\\)", true)),
            _ => None,
        };
        if let Some((end, inline)) = ends {
            let near = self.source.near(self.at).min(self.limit) - self.at;
            match (rest.get(..near).and_then(|near| near.find(end)), inline) {
                (Some(found), true) => self.formula(self.at + found + 2),
                (Some(found), false) => {
                    self.open.push(' ');
                    self.at += found + 2;
                }
                (None, true) => self.at += 2,
                (None, false) => self.at = self.source.paragraph_end(self.at, self.limit),
            }
            return;
        }
        let mut chars = rest.char_indices().skip(1);
        let sign = chars.next();
        let end = chars.next().map_or(rest.len(), |(at, _)| at);
        if let Some((_, '\\')) = sign {
            // A line break, perhaps with the space that follows it.
            self.open.push(' ');
            self.at = self.source.skip_optional(self.at + 2).min(self.limit);
        } else {
            self.open.push_str(&rest[..end]);
            self.at += end;
        }
    }

    fn begin(&mut self) {
        let Some((inner, end)) = self.source.group(self.at, self.limit) else {
            return;
        };
        let name = self.source.text[inner].trim();
        self.at = end;
        if is_no_prose(name) {
            let is_display = !matches!(name, "math");
            self.pass_over(name);
            // A formula stands in a sentence; what floats does not.
            if is_display {
                self.open.push(' ');
            }
            return;
        }
        self.close();
        self.in_abstract |= name == "abstract";
        self.at = self.source.skip_optional(self.at).min(self.limit);
        while self.rest().starts_with('{') {
            let Some((_, end)) = self.source.group(self.at, self.limit) else {
                break;
            };
            self.at = self.source.skip_optional(end).min(self.limit);
        }
    }

    /// Passes over an environment; one without an end ends with its paragraph.
    fn pass_over(&mut self, name: &'a str) {
        let mark = format!("\\end{{{name}}}");
        let found = if self.endless.contains(name) {
            None
        } else {
            self.rest().find(&mark)
        };
        if let Some(end) = found {
            self.at += end + mark.len();
        } else {
            self.endless.insert(name);
            self.at = self.source.paragraph_end(self.at, self.limit);
        }
    }

    fn end(&mut self) {
        let Some((inner, end)) = self.source.group(self.at, self.limit) else {
            return;
        };
        let name = self.source.text[inner].trim();
        self.at = end;
        self.close();
        match name {
            "abstract" => self.in_abstract = false,
            "document" => self.at = self.limit,
            _ => {}
        }
    }

    /// `\verb|x|`: code between two signs of any kind.
    fn verb(&mut self) {
        let rest = self.rest();
        let Some(sign) = rest.chars().find(|&c| c != '*') else {
            return;
        };
        let close = if sign == '{' { '}' } else { sign };
        let line = rest.split('\n').next().unwrap_or_default();
        let start = line
            .find(sign)
            .map_or(line.len(), |at| at + sign.len_utf8());
        let end = line[start..].find(close);
        self.at += end.map_or(start, |end| start + end + close.len_utf8());
    }

    fn other(&mut self, name: &'a str, start: usize) {
        let text = &self.source.text;
        match meaning(name) {
            Meaning::Kept => self.open.push_str(&text[start..self.at]),
            Meaning::Nothing => self.open.push(' '),
            Meaning::Break => {
                self.close();
                self.at = self.source.skip_optional(self.at).min(self.limit);
            }
            Meaning::Dropped => self.drop_groups(usize::MAX),
            Meaning::FirstDropped => self.drop_groups(1),
            Meaning::Definition => {
                self.at = self.source.skip_optional(self.at).min(self.limit);
                let rest = self.rest();
                let bare = rest.trim_start();
                if bare.starts_with('\\') {
                    // `\def\name#1{…}`: up to the group.
                    let to_group = rest.find(['{', '\n']).unwrap_or(rest.len());
                    self.at += to_group;
                }
                self.drop_groups(usize::MAX);
            }
            Meaning::Title | Meaning::Abstract | Meaning::Aside | Meaning::Heading => {
                self.argument(meaning(name));
            }
        }
    }

    /// A command whose argument has a place of its own.
    fn argument(&mut self, meaning: Meaning) {
        let behind = self.source.skip_optional(self.at).min(self.limit);
        let Some((inner, end)) = self.source.group(behind, self.limit) else {
            return;
        };
        self.at = end;
        let is_deep = self.depth >= MAX_DEPTH;
        match meaning {
            Meaning::Aside if !is_deep => self.asides.push(inner),
            Meaning::Heading => {
                self.close();
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

    /// Passes over the arguments that follow, in square brackets and at most `most` in braces.
    fn drop_groups(&mut self, most: usize) {
        let mut dropped = 0;
        self.at = self.source.skip_optional(self.at).min(self.limit);
        while dropped < most {
            // Further groups only directly behind: `\label{a} {\bf b}`.
            if dropped > 0 && !self.rest().starts_with('{') {
                break;
            }
            let Some((_, end)) = self.source.group(self.at, self.limit) else {
                break;
            };
            dropped += 1;
            self.at = self.source.skip_optional(end).min(self.limit);
        }
    }
}
