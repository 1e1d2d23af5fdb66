//! Macros that a draft defines.

use std::collections::HashMap;

use super::scan::{
    argument, command, command_argument, group, optional, skip_space, without_comments,
};
use crate::draft::latex::names::is_cite;
use crate::draft::window::line_start;

/// The maximum length in bytes of the parameters of a macro.
const MAX_SIGNATURE: usize = 200;

/// The maximum number of macros that are remembered.
const MAX_MACROS: usize = 2_000;

/// Commands that make the macro that contains them worth expanding, besides those that cite.
const RELEVANT: [&str; 24] = [
    "input",
    "include",
    "subfile",
    "subfileinclude",
    "import",
    "subimport",
    "includefrom",
    "subincludefrom",
    "inputfrom",
    "subinputfrom",
    "includestandalone",
    "InputIfFileExists",
    "IfFileExists",
    "bibliography",
    "addbibresource",
    "addglobalbib",
    "addsectionbib",
    "putbib",
    "iffalse",
    "begin",
    "end",
    "toggletrue",
    "togglefalse",
    "setboolean",
];

/// A parameter of a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Parameter {
    Mandatory,
    /// An argument in square brackets, with its default.
    Optional(String),
    Star,
}

/// What a command of a draft stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Definition {
    /// Another command of LaTeX, as after `\let\old\cite`.
    Alias(String),
    Macro(Macro),
}

/// A macro with its body, in which `#1` stands for the first argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Macro {
    parameters: Vec<Parameter>,
    body: String,
    /// Whether citations or files depend on the expansion.
    is_relevant: bool,
}

/// The macros that a draft has defined so far.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    by_name: HashMap<String, Definition>,
}

impl Definitions {
    /// Returns the definition of a command if citations or files depend on it.
    pub(super) fn relevant(&self, name: &str) -> Option<&Definition> {
        self.by_name
            .get(name)
            .filter(|definition| match definition {
                Definition::Alias(_) => true,
                Definition::Macro(found) => found.is_relevant,
            })
    }

    /// Returns the text of a macro without parameters.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.by_name.get(name)? {
            Definition::Macro(found) if found.parameters.is_empty() => Some(&found.body),
            _ => None,
        }
    }

    /// Reads the definition that the command `name` begins, whose name ends at `at`, and returns the
    /// position after it. Returns `None` if this is not a definition.
    pub(super) fn read(&mut self, name: &str, text: &str, at: usize) -> Option<usize> {
        let star = text[at..].starts_with('*');
        let after_star = at + usize::from(star);
        match name {
            "newcommand"
            | "renewcommand"
            | "DeclareRobustCommand"
            | "newrobustcmd"
            | "renewrobustcmd"
            | "newcommandx"
            | "renewcommandx" => self.new_command(text, after_star, true),
            "providecommand" | "providerobustcmd" | "providecommandx" => {
                self.new_command(text, after_star, false)
            }
            "NewDocumentCommand"
            | "RenewDocumentCommand"
            | "DeclareDocumentCommand"
            | "NewExpandableDocumentCommand"
            | "DeclareExpandableDocumentCommand" => self.document_command(text, at, true),
            "ProvideDocumentCommand" => self.document_command(text, at, false),
            "def" | "gdef" | "edef" | "xdef" => self.def(text, at),
            "let" | "LetLtxMacro" | "NewCommandCopy" | "RenewCommandCopy" => self.alias(text, at),
            "DeclareCiteCommand" | "DeclareMultiCiteCommand" => {
                let (new, mut end) = command_argument(text, after_star)?;
                let plural = if name == "DeclareCiteCommand" {
                    "cite"
                } else {
                    "cites"
                };
                self.insert(new, Definition::Alias(plural.to_owned()), true);
                while let Some((_, next)) = optional(text, end).or_else(|| group(text, end)) {
                    end = next;
                }
                Some(end)
            }
            _ => None,
        }
    }

    /// Reads `{\name}[count][default]{body}`.
    fn new_command(&mut self, text: &str, at: usize, replaces: bool) -> Option<usize> {
        let (new, mut end) = command_argument(text, at)?;
        let mut parameters = Vec::new();
        if let Some((count, next)) = optional(text, end) {
            let count = text[count].trim().parse::<usize>().ok()?.min(9);
            parameters = vec![Parameter::Mandatory; count];
            end = next;
            if let Some((default, next)) = optional(text, end) {
                set_defaults(&mut parameters, &text[default]);
                end = next;
            }
        }
        let (body, end) = argument(text, end)?;
        self.add_macro(new, parameters, body, replaces);
        Some(end)
    }

    /// Reads `{\name}{m O{default} s}{body}`.
    fn document_command(&mut self, text: &str, at: usize, replaces: bool) -> Option<usize> {
        let (new, end) = command_argument(text, at)?;
        let (specification, end) = group(text, end)?;
        let (body, end) = argument(text, end)?;
        if let Some(parameters) = parameters(&text[specification]) {
            self.add_macro(new, parameters, body, replaces);
        }
        Some(end)
    }

    /// Reads `\name#1#2{body}`.
    fn def(&mut self, text: &str, at: usize) -> Option<usize> {
        let (new, end) = command_argument(text, at)?;
        let line = line_start(&text[end..], MAX_SIGNATURE);
        let open = end + line.find('{').unwrap_or(line.len());
        let signature = text[end..open].trim();
        let (body, end) = group(text, open)?;
        // Parameters with other delimiters than braces are not read.
        let count = signature.matches('#').count();
        let numbered: Vec<String> = (1..=count).map(|number| format!("#{number}")).collect();
        let is_plain = numbered.concat() == signature;
        if is_plain && count <= 9 {
            self.add_macro(new, vec![Parameter::Mandatory; count], &text[body], true);
        }
        Some(end)
    }

    /// Reads `\let\new=\old` or `\LetLtxMacro{\new}{\old}`.
    fn alias(&mut self, text: &str, at: usize) -> Option<usize> {
        let (new, end) = command_argument(text, at)?;
        let next = skip_space(text, end);
        let end = if text[next..].starts_with('=') {
            next + 1
        } else {
            end
        };
        let (old, end) = command_argument(text, end)?;
        if let Some(definition) = self.by_name.get(old).cloned() {
            self.insert(new, definition, true);
        } else if is_cite(old) || RELEVANT.contains(&old) {
            self.insert(new, Definition::Alias(old.to_owned()), true);
        } else {
            // The command does no longer what it did.
            self.by_name.remove(new);
        }
        Some(end)
    }

    fn add_macro(&mut self, new: &str, parameters: Vec<Parameter>, body: &str, replaces: bool) {
        let body = without_comments(body);
        let alone = body.trim();
        if parameters.is_empty()
            && let Some(old) = alone.strip_prefix('\\')
            && command(alone, 0).len() == old.len()
            && (is_cite(old) || RELEVANT.contains(&old))
            && !self.by_name.contains_key(old)
        {
            self.insert(new, Definition::Alias(old.to_owned()), replaces);
            return;
        }
        // A macro that drops its argument hides text.
        let hides = !parameters.is_empty() && !body.contains('#');
        let is_relevant = hides || is_cite(new) || self.has_relevant_command(&body);
        let definition = Definition::Macro(Macro {
            parameters,
            body,
            is_relevant,
        });
        self.insert(new, definition, replaces);
    }

    fn insert(&mut self, new: &str, definition: Definition, replaces: bool) {
        let is_known = self.by_name.contains_key(new);
        if is_known && !replaces || !is_known && self.by_name.len() >= MAX_MACROS {
            return;
        }
        self.by_name.insert(new.to_owned(), definition);
    }

    fn has_relevant_command(&self, body: &str) -> bool {
        body.match_indices('\\').any(|(at, _)| {
            let name = command(body, at);
            is_cite(name)
                || RELEVANT.contains(&name)
                // `\drafttrue` sets a condition.
                || name.ends_with("true")
                || name.ends_with("false")
                || self.relevant(name).is_some()
        })
    }
}

impl Macro {
    /// Reads the arguments at `at`, and returns the text of the macro with them and the position after
    /// them, or `None` if an argument is missing.
    pub(super) fn expand(&self, text: &str, at: usize) -> Option<(String, usize)> {
        let mut end = at;
        let mut arguments = Vec::with_capacity(self.parameters.len());
        for parameter in &self.parameters {
            match parameter {
                Parameter::Mandatory => {
                    let (found, next) = argument(text, end)?;
                    arguments.push(found);
                    end = next;
                }
                Parameter::Optional(default) => match optional(text, end) {
                    Some((found, next)) => {
                        arguments.push(&text[found]);
                        end = next;
                    }
                    None => arguments.push(default),
                },
                Parameter::Star => {
                    let has_star = text[end..].starts_with('*');
                    arguments.push(if has_star { "*" } else { "" });
                    end += usize::from(has_star);
                }
            }
        }
        let mut out = String::with_capacity(self.body.len());
        let mut remaining = self.body.as_str();
        while let Some(found) = remaining.find('#') {
            out.push_str(&remaining[..found]);
            remaining = &remaining[found + 1..];
            let digit = remaining.chars().next().and_then(|c| c.to_digit(10));
            if let Some(number) = digit {
                let index = (number as usize).checked_sub(1);
                out.push_str(index.and_then(|index| arguments.get(index)).unwrap_or(&""));
                remaining = &remaining[1..];
            }
        }
        out.push_str(remaining);
        Some((out, end))
    }
}

/// Sets the defaults of optional parameters: the text of the first, or `1=, 2=x` of `\newcommandx`.
fn set_defaults(parameters: &mut [Parameter], defaults: &str) {
    let numbered: Option<Vec<(usize, &str)>> = defaults
        .split(',')
        .map(|part| {
            let (number, default) = part.split_once('=')?;
            Some((
                number.trim().parse::<usize>().ok()?.checked_sub(1)?,
                default,
            ))
        })
        .collect();
    for (index, default) in numbered.unwrap_or_else(|| vec![(0, defaults)]) {
        if let Some(parameter) = parameters.get_mut(index) {
            let default = default.split("usedefault").next().unwrap_or_default();
            *parameter = Parameter::Optional(default.trim().to_owned());
        }
    }
}

/// Reads the parameters of `\NewDocumentCommand`, or returns `None` if one is of a kind that is not
/// supported.
fn parameters(specification: &str) -> Option<Vec<Parameter>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = specification[at..].chars().next() {
        at += c.len_utf8();
        match c {
            'm' => found.push(Parameter::Mandatory),
            'o' => found.push(Parameter::Optional(String::new())),
            's' => found.push(Parameter::Star),
            'O' => {
                let (default, end) = argument(specification, at)?;
                found.push(Parameter::Optional(default.to_owned()));
                at = end;
            }
            '+' | '!' | ' ' | '\t' | '\n' | '\r' => {}
            _ => return None,
        }
    }
    (found.len() <= 9).then_some(found)
}
