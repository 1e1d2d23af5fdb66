//! Markup and code of Typst, read in one pass.

use std::collections::HashSet;

use super::arguments::{
    arguments, comment_end, identifier, is_label, is_set, label, parentheses, raw, string,
};
use crate::Result;
use crate::draft::files::Files;
use crate::draft::shield::{shield, unshield};
use crate::draft::tidy::tidy;

/// The maximum length in bytes of an inline formula that is kept; longer ones are removed.
const SHORT_FORMULA: usize = 40;

/// The maximum length of a formula in characters.
const MAX_FORMULA: usize = 4_000;

/// The functions whose content may cite but is not prose.
const NOT_PROSE: [&str; 9] = [
    "figure", "table", "grid", "image", "raw", "hide", "todo", "comment", "footnote",
];

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

/// The place that text goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Prose,
    Aside,
    Title,
    Abstract,
}

/// What is being read.
#[derive(Clone, Debug)]
enum Mode {
    /// Markup, up to a closing bracket unless it is that of the file.
    Markup(Target),
    /// Markup between brackets that are characters of it.
    Bracket(Target),
    /// Code from a keyword to the end of its line, unless brackets are open there.
    Statement,
    /// Code between brackets, with the name of the function that it is an argument of.
    Code { function: String, target: Target },
}

/// Reads files of Typst.
pub(super) struct Reader<'f> {
    files: &'f mut Files,
    document: Document,
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
        let is_line_start = text[..scan.at].trim_end_matches([' ', '\t']).ends_with('\n') || scan.at == 0;
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
                self.push(target, &if is_space { " ".to_owned() } else { shield(&escaped.to_string()) });
                scan.at += 1 + if escaped == '\n' { 0 } else { escaped.len_utf8().min(rest.len() - 1) };
            }
            '@' if begins_word => {
                let end = rest[1..].find(|c| !is_label(c)).map_or(rest.len(), |end| end + 1);
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

    /// Reads the code after `#` in markup.
    fn expression(&mut self, scan: &mut Scan<'_>, target: Target) -> Result<()> {
        scan.at += 1;
        let rest = &scan.text[scan.at..];
        let name = identifier(rest);
        match name {
            "" => {
                match rest.chars().next() {
                    Some('(' | '{') => scan.enter(Mode::Code { function: String::new(), target }),
                    Some('[') => scan.enter(Mode::Markup(target)),
                    Some('"') => {
                        let (text, end) = string(rest);
                        self.push(target, &shield(&text));
                        scan.at += end;
                    }
                    _ => self.push(target, "#"),
                }
                return Ok(());
            }
            "import" => {
                scan.at += rest.find('\n').unwrap_or(rest.len());
                return Ok(());
            }
            "include" => {
                scan.at += name.len();
                return self.include(scan);
            }
            "let" | "set" | "show" | "if" | "for" | "while" | "return" | "context" | "else" => {
                scan.at += name.len();
                scan.modes.push(Mode::Statement);
                return Ok(());
            }
            _ => {}
        }
        self.call(scan, name, target)
    }

    /// Reads the name of a function and begins to read its arguments.
    fn call(&mut self, scan: &mut Scan<'_>, name: &str, target: Target) -> Result<()> {
        scan.at += name.len();
        let rest = &scan.text[scan.at..];
        let function = name.rsplit('.').next().unwrap_or(name);
        if matches!(name, "cite" | "bibliography" | "std.cite" | "std.bibliography") {
            if let Some((inner, end)) = parentheses(rest) {
                if function == "cite" {
                    self.cite(inner);
                } else {
                    self.bibliography(inner, scan);
                }
                scan.at += end;
            }
            return Ok(());
        }
        if rest.starts_with('(') {
            scan.enter(Mode::Code {
                function: function.to_owned(),
                target: if target == Target::Prose { Target::Aside } else { target },
            });
        } else if rest.starts_with('[') {
            scan.enter(Mode::Markup(content_target(function, target)));
        }
        Ok(())
    }

    fn code(&mut self, scan: &mut Scan<'_>, function: &str, target: Target) -> Result<()> {
        let text = scan.text;
        let rest = &text[scan.at..];
        let Some(c) = rest.chars().next() else {
            return Ok(());
        };
        match c {
            '/' if comment_end(rest).is_some() => scan.at += comment_end(rest).unwrap_or(1),
            '"' => scan.at += string(rest).1,
            '`' => scan.at += raw(rest).1,
            '$' => scan.at += formula(rest).1,
            '(' | '{' => scan.enter(Mode::Code {
                function: function.to_owned(),
                target,
            }),
            ')' | '}' if scan.modes.len() > 1 => {
                scan.leave();
                // A function may have content after its arguments.
                if text[scan.at..].starts_with('[')
                    && let Some(Mode::Markup(outer) | Mode::Bracket(outer)) = scan.modes.last().cloned()
                {
                    scan.enter(Mode::Markup(content_target(function, outer)));
                }
            }
            '[' => scan.enter(Mode::Markup(match target {
                Target::Prose => Target::Aside,
                other => other,
            })),
            _ => {
                let name = identifier(rest);
                if name.is_empty() {
                    scan.at += c.len_utf8();
                    return Ok(());
                }
                let after = rest[name.len()..].trim_start();
                let is_of_document = matches!(function, "document" | "with" | "conf" | "article" | "project");
                if is_of_document && after.starts_with(':') && matches!(name, "title" | "abstract") {
                    scan.at += rest.len() - after.len() + 1;
                    return self.document_argument(scan, name == "title");
                }
                if name == "include" {
                    scan.at += name.len();
                    return self.include(scan);
                }
                self.call(scan, name, target)?;
            }
        }
        Ok(())
    }

    /// Reads the title or the abstract in the arguments of a template.
    fn document_argument(&mut self, scan: &mut Scan<'_>, is_title: bool) -> Result<()> {
        let rest = &scan.text[scan.at..];
        scan.at += rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let target = if is_title { Target::Title } else { Target::Abstract };
        if rest.starts_with('"') {
            let (text, end) = string(rest);
            self.push(target, &text);
            self.end(target);
            scan.at += end;
        } else if rest.starts_with('[') {
            scan.enter(Mode::Markup(target));
        }
        Ok(())
    }

    fn cite(&mut self, inner: &str) {
        let found = arguments(inner);
        let has_label = found.iter().any(|argument| argument.is_label);
        for argument in found {
            if argument.name.is_empty() && argument.is_label == has_label {
                self.document.found.push(Found::Key(argument.value));
            }
        }
    }

    fn bibliography(&mut self, inner: &str, scan: &mut Scan<'_>) {
        let line = scan.line();
        for argument in arguments(inner) {
            if matches!(argument.name.as_str(), "" | "path" | "sources") && !argument.is_label {
                let name = argument.value.trim_start_matches('/');
                self.files.add_bibliography_beside(name, line);
            }
        }
        if is_set(inner, "full") {
            self.document.found.push(Found::Key("*".to_owned()));
        }
    }

    /// Reads the name after `include` and the file.
    fn include(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let rest = &scan.text[scan.at..];
        let start = rest.len() - rest.trim_start_matches([' ', '\t', '(']).len();
        if !rest[start..].starts_with('"') {
            return Ok(());
        }
        let (name, end) = string(&rest[start..]);
        let line = scan.line();
        scan.at += start + end;
        if !self.files.is_on_disk() {
            return Ok(());
        }
        // A name with a slash before it is that of a file in the folder of the project.
        let name = name.trim_start_matches('/');
        let Some(path) = self.files.find_beside(name, &[]) else {
            self.files.note_missing(name, line);
            return Ok(());
        };
        let text = self.files.open(&path, name, line)?;
        self.end_paragraph();
        self.file(text.strip_prefix('\u{feff}').unwrap_or(&text))?;
        self.files.close();
        Ok(())
    }

    fn push(&mut self, target: Target, text: &str) {
        let out = match target {
            Target::Prose => &mut self.paragraph,
            Target::Aside => &mut self.aside,
            Target::Title => &mut self.title,
            Target::Abstract => &mut self.abstract_part,
        };
        out.push_str(text);
    }

    /// Ends a text of a target. The paragraph of the prose ends only at an empty line.
    fn end(&mut self, target: Target) {
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

    fn end_paragraph(&mut self) {
        let text = unshield(tidy(&std::mem::take(&mut self.paragraph)));
        if text.chars().any(char::is_alphabetic) {
            self.document.found.push(Found::Paragraph(text));
        }
    }
}

/// A file that is being read.
struct Scan<'t> {
    text: &'t str,
    at: usize,
    counted: usize,
    line: usize,
    /// What is being read, the innermost last.
    modes: Vec<Mode>,
}

impl Scan<'_> {
    /// Begins to read what is in the bracket at the position.
    fn enter(&mut self, mode: Mode) {
        self.modes.push(mode);
        self.at += 1;
    }

    /// Reads the bracket at the position, which closes what is being read.
    fn leave(&mut self) -> Option<Mode> {
        self.at += 1;
        self.modes.pop()
    }

    /// Returns the number of the line that is being read.
    fn line(&mut self) -> usize {
        let to = self.at.min(self.text.len()).max(self.counted);
        let bytes = &self.text.as_bytes()[self.counted..to];
        self.line += memchr::memchr_iter(b'\n', bytes).count();
        self.counted = to;
        self.line
    }
}

/// Returns the target of the content of a function within a text of another target.
fn content_target(function: &str, outer: Target) -> Target {
    if function == "abstract" {
        Target::Abstract
    } else if NOT_PROSE.contains(&function) && outer == Target::Prose {
        Target::Aside
    } else {
        outer
    }
}

/// Returns the content of the formula at the start of `text` and the position after it.
fn formula(text: &str) -> (&str, usize) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1).take(MAX_FORMULA) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '$' => return (&text[1..at], at + 1),
            _ => {}
        }
    }
    // A dollar sign without an end is a character.
    ("", 1)
}

/// Returns the length of the marks of a heading at the start of `text`.
fn heading(text: &str) -> Option<usize> {
    let marks = text.len() - text.trim_start_matches('=').len();
    text[marks..].starts_with(' ').then_some(marks)
}
