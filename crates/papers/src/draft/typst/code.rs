//! Code of Typst: calls of functions, statements and files.

use super::arguments::{
    arguments, comment_end, formula, identifier, is_set, parentheses, raw, string,
};
use super::reader::{Found, Reader};
use super::scan::{Mode, Scan, Target};
use crate::Result;
use crate::draft::shield::shield;

/// The functions whose content may cite but is not prose.
const NOT_PROSE: [&str; 9] = [
    "figure", "table", "grid", "image", "raw", "hide", "todo", "comment", "footnote",
];

impl Reader<'_> {
    /// Reads the code after `#` in markup.
    pub(super) fn expression(&mut self, scan: &mut Scan<'_>, target: Target) -> Result<()> {
        scan.at += 1;
        let rest = &scan.text[scan.at..];
        let name = identifier(rest);
        match name {
            "" => {
                match rest.chars().next() {
                    Some('(' | '{') => scan.enter(Mode::Code {
                        function: String::new(),
                        target,
                    }),
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
        self.call(scan, name, target);
        Ok(())
    }

    /// Reads the name of a function and begins to read its arguments.
    fn call(&mut self, scan: &mut Scan<'_>, name: &str, target: Target) {
        scan.at += name.len();
        let rest = &scan.text[scan.at..];
        let function = name.rsplit('.').next().unwrap_or(name);
        if matches!(
            name,
            "cite" | "bibliography" | "std.cite" | "std.bibliography"
        ) {
            if let Some((inner, end)) = parentheses(rest) {
                if function == "cite" {
                    self.cite(inner);
                } else {
                    self.bibliography(inner, scan);
                }
                scan.at += end;
            }
            return;
        }
        if rest.starts_with('(') {
            scan.enter(Mode::Code {
                function: function.to_owned(),
                target: if target == Target::Prose {
                    Target::Aside
                } else {
                    target
                },
            });
        } else if rest.starts_with('[') {
            scan.enter(Mode::Markup(content_target(function, target)));
        }
    }

    pub(super) fn code(
        &mut self,
        scan: &mut Scan<'_>,
        function: &str,
        target: Target,
    ) -> Result<()> {
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
                    && let Some(Mode::Markup(outer) | Mode::Bracket(outer)) =
                        scan.modes.last().cloned()
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
                let is_of_document = matches!(
                    function,
                    "document" | "with" | "conf" | "article" | "project"
                );
                if is_of_document && after.starts_with(':') && matches!(name, "title" | "abstract")
                {
                    scan.at += rest.len() - after.len() + 1;
                    self.document_argument(scan, name == "title");
                    return Ok(());
                }
                if name == "include" {
                    scan.at += name.len();
                    return self.include(scan);
                }
                self.call(scan, name, target);
            }
        }
        Ok(())
    }

    /// Reads the title or the abstract in the arguments of a template.
    fn document_argument(&mut self, scan: &mut Scan<'_>, is_title: bool) {
        let rest = &scan.text[scan.at..];
        scan.at += rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let target = if is_title {
            Target::Title
        } else {
            Target::Abstract
        };
        if rest.starts_with('"') {
            let (text, end) = string(rest);
            self.push(target, &text);
            self.end(target);
            scan.at += end;
        } else if rest.starts_with('[') {
            scan.enter(Mode::Markup(target));
        }
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
        // A name with a slash before it names a file in the folder of the project.
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
