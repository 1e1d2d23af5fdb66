//! Environments and commands whose text is not LaTeX.

use std::collections::HashSet;

use super::scan::{group, optional, skip_optional};
use crate::draft::window::line_start;

/// The environments whose content is code or hidden.
const ENVIRONMENTS: [&str; 30] = [
    "verbatim",
    "Verbatim",
    "BVerbatim",
    "LVerbatim",
    "SaveVerbatim",
    "VerbatimOut",
    "spverbatim",
    "lstlisting",
    "minted",
    "tcblisting",
    "comment",
    "filecontents",
    "luacode",
    "luacodestar",
    "pycode",
    "pyblock",
    "pyconsole",
    "sagesilent",
    "sageblock",
    "asy",
    "Code",
    "CodeInput",
    "CodeOutput",
    "CodeChunk",
    "Sinput",
    "Soutput",
    "Schunk",
    "Scode",
    "markdown",
    "scontents",
];

/// The maximum length in bytes of code within a line.
const MAX_CODE: usize = 4_096;

/// The maximum number of environments that a draft may add.
const MAX_ADDED: usize = 100;

/// The environments whose text is not LaTeX, with those that a draft defines.
#[derive(Debug, Default)]
pub(super) struct Verbatim {
    added: HashSet<String>,
    /// The environments whose `\end` is missing.
    unclosed: HashSet<String>,
}

impl Verbatim {
    /// Returns whether an environment has no LaTeX.
    pub(super) fn has(&self, name: &str) -> bool {
        let name = name.strip_suffix('*').unwrap_or(name);
        ENVIRONMENTS.contains(&name) || self.added.contains(name)
    }

    /// Reads the definition of such an environment, and returns the position after its name.
    pub(super) fn read(&mut self, command: &str, text: &str, at: usize) -> Option<usize> {
        let added = match command {
            "lstnewenvironment" | "newverbatim" | "newtcblisting" | "DeclareTCBListing"
            | "excludecomment" => {
                let (name, end) = group(text, skip_optional(text, at))?;
                (text[name].trim().to_owned(), end)
            }
            "DefineVerbatimEnvironment" | "RecustomVerbatimEnvironment" => {
                let (name, end) = group(text, at)?;
                (text[name].trim().to_owned(), end)
            }
            "includecomment" => {
                let (name, end) = group(text, at)?;
                self.added.remove(text[name].trim());
                return Some(end);
            }
            "newminted" => {
                let (name, start) = match optional(text, at) {
                    Some((name, end)) => (Some(text[name].trim().to_owned()), end),
                    None => (None, at),
                };
                let (language, end) = group(text, start)?;
                let by_language = || format!("{}code", text[language].trim());
                (name.unwrap_or_else(by_language), end)
            }
            _ => return None,
        };
        if self.added.len() < MAX_ADDED && !added.0.is_empty() {
            self.added.insert(added.0);
        }
        Some(added.1)
    }

    /// Returns the content of the environment that begins at `at`, and the position after its `\end`.
    /// Returns `None` if that is missing.
    pub(super) fn content<'t>(
        &mut self,
        name: &str,
        text: &'t str,
        at: usize,
    ) -> Option<(&'t str, usize)> {
        if self.unclosed.contains(name) {
            return None;
        }
        let mark = format!("\\end{{{name}}}");
        let Some(found) = text[at..].find(&mark) else {
            if self.unclosed.len() < 4 * MAX_ADDED {
                self.unclosed.insert(name.to_owned());
            }
            return None;
        };
        Some((&text[at..at + found], at + found + mark.len()))
    }
}

/// Returns the position after the code of a command such as `\verb|x|`, whose name ends at `at`, or `None`
/// if this is another command.
pub(super) fn inline_code_end(name: &str, text: &str, at: usize) -> Option<usize> {
    let mut start = match name {
        "verb" | "Verb" => at + usize::from(text[at..].starts_with('*')),
        "lstinline" | "spverb" => skip_optional(text, at),
        "mintinline" => {
            let (_, end) = group(text, skip_optional(text, at))?;
            end
        }
        _ => return None,
    };
    if name != "verb" {
        if let Some((_, end)) = group(text, start) {
            return Some(end);
        }
        start += text[start..].len() - text[start..].trim_start_matches(' ').len();
    }
    let delimiter = text[start..].chars().next().filter(|c| *c != '\n')?;
    let code = start + delimiter.len_utf8();
    let line = line_start(&text[code..], MAX_CODE);
    let end = line.find(delimiter);
    Some(end.map_or(code, |end| code + end + delimiter.len_utf8()))
}
