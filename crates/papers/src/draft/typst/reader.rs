//! Markup and code of Typst, read in one pass.

use std::collections::HashSet;

use super::arguments::{comment_end, formula, is_label, label, raw};
use super::scan::{Mode, Scan, Target};
use crate::Result;
use crate::draft::files::Files;
use crate::draft::shield::{shield, unshield};
use crate::draft::tidy::tidy;

/// The maximum length in bytes of an inline formula that is kept; longer ones are removed.
const SHORT_FORMULA: usize = 40;

/// What a draft has, in order.
#[derive(Debug)]
pub(super) enum Found {
    Heading(String),
    /// A key of a reference, or a label.
    Key(String),
    Paragraph(String),
    /// Text that is not prose.
    Aside(String),
}

/// A draft that was read.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) title: Option<String>,
    pub(super) abstract_text: Vec<String>,
    pub(super) found: Vec<Found>,
    /// The labels that the draft gives to its parts.
    pub(super) labels: HashSet<String>,
}

/// Reads files of Typst.
pub(super) struct Reader<'f> {
    pub(super) files: &'f mut Files,
    pub(super) document: Document,
    paragraph: String,
    aside: String,
    title: String,
    abstract_part: String,
}

impl<'f> Reader<'f> {
    pub(super) fn new(files: &'f mut Files) -> Self {
        Self {
            files,
            document: Document::default(),
            paragraph: String::new(),
            aside: String::new(),
            title: String::new(),
            abstract_part: String::new(),
        }
    }

    pub(super) fn finish(mut self) -> Document {
        self.end_paragraph();
        self.document
    }

    /// Reads the text of a file.
    pub(super) fn file(&mut self, text: &str) -> Result<()> {
        self.part(text, Target::Prose)
    }

    /// Reads markup whose text goes to a target.
    fn part(&mut self, text: &str, target: Target) -> Result<()> {
        let mut scan = Scan {
            text,
            at: 0,
            counted: 0,
            line: 1,
            modes: vec![Mode::Markup(target)],
        };
        while scan.at < text.len() && !scan.modes.is_empty() {
            self.step(&mut scan)?;
        }
        self.end(target);
        Ok(())
    }

    /// Reads at least one character, or ends a statement.
    fn step(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let at = scan.at;
        if let Some(Mode::Statement) = scan.modes.last()
            && scan.text[at..].starts_with(['\n', ']', ';', ')', '}'])
        {
            scan.modes.pop();
            return Ok(());
        }
        match scan.modes.last().cloned() {
            Some(Mode::Code { function, target }) => self.code(scan, &function, target)?,
            Some(Mode::Statement) => self.code(scan, "", Target::Aside)?,
            Some(Mode::Markup(target) | Mode::Bracket(target)) => self.markup(scan, target)?,
            None => {}
        }
        let least = scan.text[at..].chars().next().map_or(1, char::len_utf8);
        scan.at = scan.at.max(at + least);
        Ok(())
    }

    fn markup(&mut self, scan: &mut Scan<'_>, target: Target) -> Result<()> {
        let text = scan.text;
        let rest = &text[scan.at..];
        let before = text[..scan.at].chars().next_back();
        let begins_word = !before.is_some_and(char::is_alphanumeric);
        let Some(c) = rest.chars().next() else {
            return Ok(());
        };
        let is_line_start = text[..scan.at]
            .trim_end_matches([' ', '\t'])
            .ends_with('\n')
            || scan.at == 0;
        match c {
            '/' if before != Some(':') && comment_end(rest).is_some() => {
                scan.at += comment_end(rest).unwrap_or(1);
            }
            '`' => {
                let (content, end) = raw(rest);
                if !rest.starts_with("```") {
                    self.push(target, &shield(content));
                }
                scan.at += end;
            }
            '$' => {
                let (formula, end) = formula(rest);
                if formula.len() <= SHORT_FORMULA {
                    self.push(target, &shield(formula.trim()));
                }
                scan.at += end;
            }
            '\\' => {
                let escaped = rest[1..].chars().next().unwrap_or(' ');
                let is_space = escaped.is_whitespace();
                self.push(
                    target,
                    &if is_space {
                        " ".to_owned()
                    } else {
                        shield(&escaped.to_string())
                    },
                );
                scan.at += 1 + if escaped == '\n' {
                    0
                } else {
                    escaped.len_utf8().min(rest.len() - 1)
                };
            }
            '@' if begins_word => {
                let end = rest[1..]
                    .find(|c| !is_label(c))
                    .map_or(rest.len(), |end| end + 1);
                let key = rest[1..end].trim_end_matches(['.', ':', '-']);
                if key.is_empty() {
                    self.push(target, "@");
                } else {
                    self.document.found.push(Found::Key(key.to_owned()));
                }
                scan.at += 1 + key.len();
                if !key.is_empty() && text[scan.at..].starts_with('[') {
                    scan.enter(Mode::Markup(Target::Aside));
                }
            }
            '<' => match label(rest) {
                Some(label) => {
                    self.document.labels.insert(label.to_owned());
                    scan.at += label.len() + 2;
                }
                None => self.push_char(scan, target, c),
            },
            '#' => self.expression(scan, target)?,
            ']' if scan.modes.len() > 1 => {
                if let Some(Mode::Bracket(_)) = scan.leave() {
                    self.push(target, "]");
                } else if target != Target::Prose {
                    self.end(target);
                }
            }
            '[' => {
                self.push(target, "[");
                scan.enter(Mode::Bracket(target));
            }
            '=' if is_line_start && target == Target::Prose && heading(rest).is_some() => {
                self.end_paragraph();
                self.heading(scan, heading(rest).unwrap_or_default())?;
            }
            '\n' => {
                let next = rest[1..].trim_start_matches([' ', '\t', '\r']);
                self.push(target, "\n");
                if next.starts_with('\n') {
                    self.end(target);
                }
                scan.at += 1;
            }
            '-' | '+' | '/' if is_line_start && rest[1..].starts_with(' ') => {
                self.end(target);
                scan.at += 2;
            }
            '~' => {
                self.push(target, " ");
                scan.at += 1;
            }
            '*' | '_' => {
                let after = rest[1..].chars().next();
                let is_inner = !begins_word && after.is_some_and(char::is_alphanumeric);
                if is_inner {
                    self.push(target, &rest[..1]);
                }
                scan.at += 1;
            }
            'h' if rest.starts_with("http://") || rest.starts_with("https://") => {
                let is_end = |c: char| c.is_whitespace() || "[]()<>\"".contains(c);
                let end = rest.find(is_end).unwrap_or(rest.len());
                self.push(target, &rest[..end]);
                scan.at += end;
            }
            _ => self.push_char(scan, target, c),
        }
        Ok(())
    }

    fn push_char(&mut self, scan: &mut Scan<'_>, target: Target, c: char) {
        // Text up to the next character with a meaning.
        let rest = &scan.text[scan.at + c.len_utf8()..];
        let is_special = |c: char| "/`$\\@<#[]=\n-+~*_h".contains(c);
        let end = c.len_utf8() + rest.find(is_special).unwrap_or(rest.len());
        self.push(target, &scan.text[scan.at..scan.at + end]);
        scan.at += end;
    }

    /// Reads a heading, whose marks are `marks` bytes long.
    fn heading(&mut self, scan: &mut Scan<'_>, marks: usize) -> Result<()> {
        let line = scan.text[scan.at..].split('\n').next().unwrap_or_default();
        self.part(&line[marks..], Target::Aside)?;
        let heading = match self.document.found.pop() {
            Some(Found::Aside(text)) => tidy(&text),
            other => {
                self.document.found.extend(other);
                String::new()
            }
        };
        self.document.found.push(Found::Heading(heading));
        scan.at += line.len();
        Ok(())
    }

    pub(super) fn push(&mut self, target: Target, text: &str) {
        let out = match target {
            Target::Prose => &mut self.paragraph,
            Target::Aside => &mut self.aside,
            Target::Title => &mut self.title,
            Target::Abstract => &mut self.abstract_part,
        };
        out.push_str(text);
    }

    /// Ends a text of a target. The paragraph of the prose ends only at an empty line.
    pub(super) fn end(&mut self, target: Target) {
        match target {
            Target::Prose => self.end_paragraph(),
            Target::Aside => {
                let text = std::mem::take(&mut self.aside);
                if !text.trim().is_empty() {
                    self.document.found.push(Found::Aside(unshield(text)));
                }
            }
            Target::Title => {
                let text = tidy(&unshield(std::mem::take(&mut self.title)));
                self.document.title.get_or_insert(text);
            }
            Target::Abstract => {
                let text = tidy(&unshield(std::mem::take(&mut self.abstract_part)));
                if !text.is_empty() {
                    self.document.abstract_text.push(text);
                }
            }
        }
    }

    pub(super) fn end_paragraph(&mut self) {
        let text = unshield(tidy(&std::mem::take(&mut self.paragraph)));
        if text.chars().any(char::is_alphabetic) {
            self.document.found.push(Found::Paragraph(text));
        }
    }
}

/// Returns the length of the marks of a heading at the start of `text`.
fn heading(text: &str) -> Option<usize> {
    let marks = text.len() - text.trim_start_matches('=').len();
    text[marks..].starts_with(' ').then_some(marks)
}
