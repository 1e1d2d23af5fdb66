//! LaTeX source as TeX would read it: without comments and hidden parts, with the files that it
//! includes, and with its own macros for citations and files replaced by what they stand for.

mod conditions;
mod definitions;
mod environments;
mod inclusion;
mod scan;
mod verbatim;

use std::collections::HashMap;
use std::path::PathBuf;

use self::conditions::{BranchEnd, Conditions};
use self::definitions::{Definition, Definitions};
use self::scan::{argument, command, comment_end, group, skip_optional};
use self::verbatim::{Verbatim, inline_code_end};
use crate::Result;
use crate::draft::files::Files;
use crate::draft::window::line_start;

/// The maximum length in bytes of an address.
const MAX_ADDRESS: usize = 4_096;

/// The maximum nesting of macros; deeper ones are not expanded.
const MAX_NESTING: usize = 16;

/// The maximum length in bytes of the text that macros produce together; later ones are not expanded.
const MAX_EXPANSION: usize = 16 << 20;

/// LaTeX source that was expanded.
#[derive(Debug)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// The content of BibTeX files that the draft holds in environments `filecontents`.
    pub(super) bibtex: Vec<String>,
}

/// Expands the source of a draft.
///
/// # Errors
///
/// Returns an error if an included file cannot be read or is not allowed.
///
/// # Complexity
///
/// Linear in the size of the source with its files, apart from macros, whose text is bounded.
pub(super) fn expand(text: &str, files: &mut Files) -> Result<Expanded> {
    let mut expander = Expander {
        files,
        out: String::with_capacity(text.len()),
        definitions: Definitions::default(),
        conditions: Conditions::default(),
        verbatim: Verbatim::default(),
        input_path: Vec::new(),
        imports: vec![None],
        contents: HashMap::new(),
        bibtex: Vec::new(),
        document: Document::Preamble,
        nesting: 0,
        expanded: 0,
    };
    expander.file(text)?;
    Ok(Expanded {
        text: expander.out,
        bibtex: expander.bibtex,
    })
}

/// The part of the document that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Document {
    Preamble,
    Body,
    Ended,
}

struct Expander<'f> {
    files: &'f mut Files,
    out: String,
    definitions: Definitions,
    conditions: Conditions,
    verbatim: Verbatim,
    /// The folders of `\input@path`.
    input_path: Vec<String>,
    /// The folder that `\import` set, for each open file.
    imports: Vec<Option<PathBuf>>,
    /// The content of each BibTeX file in `filecontents`, by name.
    contents: HashMap<String, String>,
    bibtex: Vec<String>,
    document: Document,
    nesting: usize,
    expanded: usize,
}

/// A text that is being read: a file or the text of a macro.
struct Scan<'t> {
    text: &'t str,
    at: usize,
    /// The number of the line at byte `counted`, from 1.
    line: usize,
    counted: usize,
    is_macro: bool,
    /// The length of the output when the text began.
    start: usize,
    /// Whether the file is a document of its own.
    has_class: bool,
    /// Whether the rest of the text is not read.
    is_done: bool,
}

impl Scan<'_> {
    /// Returns the number of the line that is being read. In the text of a macro, it is the line where the macro is used.
    fn line(&mut self) -> usize {
        if !self.is_macro {
            let to = self.at.min(self.text.len()).max(self.counted);
            let bytes = &self.text.as_bytes()[self.counted..to];
            self.line += memchr::memchr_iter(b'\n', bytes).count();
            self.counted = to;
        }
        self.line
    }
}

impl Expander<'_> {
    /// Reads the text of a file.
    fn file(&mut self, text: &str) -> Result<()> {
        let start = self.out.len();
        self.text(&mut Scan {
            text,
            at: 0,
            line: 1,
            counted: 0,
            is_macro: false,
            start,
            has_class: false,
            is_done: false,
        })
    }

    /// Reads a text that a macro on a line produces.
    fn produced(&mut self, text: &str, line: usize) -> Result<()> {
        if self.nesting >= MAX_NESTING {
            self.out.push_str(text);
            return Ok(());
        }
        self.nesting += 1;
        let start = self.out.len();
        let result = self.text(&mut Scan {
            text,
            at: 0,
            line,
            counted: 0,
            is_macro: true,
            start,
            has_class: false,
            is_done: false,
        });
        self.nesting -= 1;
        result
    }

    fn text(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        while !scan.is_done && self.document != Document::Ended {
            let text = scan.text;
            let remaining = &text[scan.at..];
            let Some(found) = memchr::memchr2(b'\\', b'%', remaining.as_bytes()) else {
                self.out.push_str(remaining);
                scan.at = text.len();
                break;
            };
            self.out.push_str(&remaining[..found]);
            scan.at += found;
            if text.as_bytes()[scan.at] == b'%' {
                scan.at = comment_end(text, scan.at);
            } else {
                self.command(scan)?;
            }
        }
        Ok(())
    }

    /// Reads the command at the position of the scan.
    fn command(&mut self, scan: &mut Scan<'_>) -> Result<()> {
        let (text, at) = (scan.text, scan.at);
        let name = command(text, at);
        let end = at + 1 + name.len();
        if name.is_empty() {
            let symbol = text[end..].chars().next().map_or(0, char::len_utf8);
            self.emit(scan, end + symbol);
            return Ok(());
        }
        if self.nesting < MAX_NESTING
            && self.expanded < MAX_EXPANSION
            && let Some(definition) = self.definitions.relevant(name)
        {
            match definition {
                Definition::Alias(old) => {
                    let old = old.clone();
                    return self.builtin(scan, &old, end);
                }
                Definition::Macro(found) => {
                    if let Some((produced, end)) = found.expand(text, end) {
                        self.expanded += produced.len() + 1;
                        let line = scan.line();
                        scan.at = end;
                        return self.produced(&produced, line);
                    }
                }
            }
        }
        self.builtin(scan, name, end)
    }

    /// Reads a command of LaTeX or of a package, whose name ends at `end`.
    fn builtin(&mut self, scan: &mut Scan<'_>, name: &str, end: usize) -> Result<()> {
        let text = scan.text;
        if let Some(end) = self.definition_end(name, text, end) {
            scan.at = end;
            return Ok(());
        }
        if let Some(end) = inline_code_end(name, text, end) {
            scan.at = end;
            return Ok(());
        }
        if self.conditions.begins(name, text, scan.at) || matches!(name, "else" | "fi") {
            self.condition(scan, name, end);
            return Ok(());
        }
        match name {
            "begin" => self.begin(scan, end),
            "end" => self.end(scan, end),
            "endinput" => scan.is_done = true,
            // A percent sign in an address begins no comment.
            "url" | "nolinkurl" | "path" | "href" => self.address(scan, end),
            "iftoggle" | "ifbool" | "ifthenelse" => return self.choice(scan, end),
            "newif" | "newtoggle" | "providetoggle" | "newboolean" | "newbool" => {
                let flag = argument(text, end);
                if let Some((flag, end)) = flag {
                    let flag = flag.trim();
                    self.conditions
                        .define(flag.strip_prefix("\\if").unwrap_or(flag));
                    scan.at = end;
                } else {
                    self.emit(scan, end);
                }
            }
            "toggletrue" | "booltrue" => self.set_flag(scan, end, Some(true)),
            "togglefalse" | "boolfalse" => self.set_flag(scan, end, Some(false)),
            "setboolean" | "setbool" | "settoggle" => self.set_flag(scan, end, None),
            _ if self.conditions.set_by_command(name) => scan.at = end,
            _ => {
                scan.has_class |= name == "documentclass";
                if !self.file_command(scan, name, end)? {
                    // An alias becomes the command that it stands for.
                    self.out.push('\\');
                    self.out.push_str(name);
                    scan.at = end;
                }
            }
        }
        Ok(())
    }

    /// Copies the text up to `end` to the output.
    fn emit(&mut self, scan: &mut Scan<'_>, end: usize) {
        self.out.push_str(&scan.text[scan.at..end]);
        scan.at = end;
    }

    /// Reads the definition of a macro, an environment or a path, and returns the position after it.
    fn definition_end(&mut self, name: &str, text: &str, end: usize) -> Option<usize> {
        if name == "def" && text[end..].trim_start().starts_with("\\input@path") {
            let (paths, end) = group(text, end + text[end..].find('{')?)?;
            let paths = text[paths].split(['{', '}']).map(str::trim);
            self.input_path = paths
                .filter(|path| !path.is_empty())
                .map(str::to_owned)
                .collect();
            return Some(end);
        }
        let found = self.definitions.read(name, text, end);
        found.or_else(|| self.verbatim.read(name, text, end))
    }

    /// Reads `\if…`, `\else` or `\fi`.
    fn condition(&mut self, scan: &mut Scan<'_>, name: &str, end: usize) {
        let text = scan.text;
        match name {
            "fi" => {
                if self.conditions.pop() {
                    scan.at = end;
                } else {
                    self.emit(scan, end);
                }
            }
            "else" if self.conditions.is_known() => {
                // The branch before this one was read.
                let (mut at, mut kind) = (end, BranchEnd::Else);
                while kind == BranchEnd::Else {
                    (at, kind) = self.conditions.skip_branch(text, at);
                }
                self.conditions.pop();
                scan.at = at;
            }
            "else" => self.emit(scan, end),
            _ => match self.conditions.value_of_command(name) {
                Some(true) => {
                    self.conditions.push(true);
                    scan.at = end;
                }
                Some(false) => {
                    let (at, kind) = self.conditions.skip_branch(text, end);
                    if kind == BranchEnd::Else {
                        self.conditions.push(true);
                    }
                    scan.at = at;
                }
                None => {
                    self.conditions.push(false);
                    self.emit(scan, end);
                }
            },
        }
    }

    /// Sets the flag that an argument names, to a value or to the value of a second argument.
    fn set_flag(&mut self, scan: &mut Scan<'_>, end: usize, value: Option<bool>) {
        let Some((flag, next)) = argument(scan.text, end) else {
            return self.emit(scan, end);
        };
        scan.at = next;
        let value = value.or_else(|| {
            let (value, next) = argument(scan.text, next)?;
            scan.at = next;
            Some(value.trim() == "true")
        });
        self.conditions.set(flag.trim(), value.unwrap_or(false));
    }

    /// Reads `\iftoggle{flag}{…}{…}`, of which one argument is text if the flag is known.
    fn choice(&mut self, scan: &mut Scan<'_>, end: usize) -> Result<()> {
        let text = scan.text;
        let parts = || {
            let (flag, next) = group(text, end)?;
            let (yes, next) = group(text, next)?;
            let (no, next) = group(text, next)?;
            let flag = text[flag].trim();
            let flag = flag.strip_prefix("\\boolean").unwrap_or(flag);
            Some((
                flag.trim_matches(['{', '}', ' ']),
                &text[yes],
                &text[no],
                next,
            ))
        };
        let Some((flag, yes, no, next)) = parts() else {
            self.emit(scan, end);
            return Ok(());
        };
        let value = self.conditions.value(flag);
        let line = scan.line();
        scan.at = next;
        if value != Some(false) {
            self.produced(yes, line)?;
        }
        if value != Some(true) {
            self.produced(no, line)?;
        }
        Ok(())
    }

    /// Copies an address in braces, in which a percent sign is a character.
    fn address(&mut self, scan: &mut Scan<'_>, end: usize) {
        let start = skip_optional(scan.text, end);
        let line = line_start(&scan.text[start..], MAX_ADDRESS);
        let close = if line.starts_with('{') {
            line.find('}')
        } else {
            None
        };
        let to = close.map_or(end, |close| start + close + 1);
        self.emit(scan, to);
    }
}

#[cfg(test)]
mod tests;
