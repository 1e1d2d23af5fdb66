//! Conditions such as `\iffalse`, and those that a draft sets itself.

use std::collections::HashMap;

use super::scan::{command, comment_end};

/// The maximum number of conditions that are remembered.
const MAX_FLAGS: usize = 1_000;

/// The end of a branch that is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BranchEnd {
    Else,
    Fi,
}

/// The conditions of a draft, from `\newif`, `\newtoggle` and `\newboolean`, with their values, and
/// those that are open.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    flags: HashMap<String, bool>,
    /// Whether the value of each open condition is known. The text of a condition with an unknown value
    /// is read in both branches.
    open: Vec<bool>,
}

impl Conditions {
    /// Defines a condition, which is false at first.
    pub(super) fn define(&mut self, flag: &str) {
        if self.flags.len() < MAX_FLAGS {
            self.flags.entry(flag.to_owned()).or_insert(false);
        }
    }

    /// Sets a condition that the draft has defined. Returns whether it has.
    pub(super) fn set(&mut self, flag: &str, value: bool) -> bool {
        let found = self.flags.get_mut(flag);
        found.map(|flag| *flag = value).is_some()
    }

    /// Sets the condition that a command such as `\drafttrue` names. Returns whether there is one.
    pub(super) fn set_by_command(&mut self, name: &str) -> bool {
        [("true", true), ("false", false)]
            .into_iter()
            .any(|(suffix, value)| {
                let flag = name.strip_suffix(suffix);
                flag.is_some_and(|flag| self.set(flag, value))
            })
    }

    /// Returns the value of a condition that the draft has defined.
    pub(super) fn value(&self, flag: &str) -> Option<bool> {
        self.flags.get(flag).copied()
    }

    /// Returns the value of a command such as `\iffalse` if it is known.
    pub(super) fn value_of_command(&self, name: &str) -> Option<bool> {
        match name {
            "iffalse" => Some(false),
            "iftrue" => Some(true),
            _ => self.value(name.strip_prefix("if")?),
        }
    }

    /// Returns whether the command at `at` begins a condition that `\fi` ends.
    pub(super) fn begins(&self, name: &str, text: &str, at: usize) -> bool {
        if !name.starts_with("if") || name == "iff" {
            return false;
        }
        // Macros of packages, such as `\ifthenelse{…}`, have arguments in braces instead.
        self.value_of_command(name).is_some()
            || !text[at + 1 + name.len()..].trim_start().starts_with('{')
    }

    /// Opens a condition.
    pub(super) fn push(&mut self, is_known: bool) {
        self.open.push(is_known);
    }

    /// Returns whether the value of the innermost open condition is known.
    pub(super) fn is_known(&self) -> bool {
        self.open.last().copied().unwrap_or(false)
    }

    /// Closes the innermost condition. Returns whether its value is known.
    pub(super) fn pop(&mut self) -> bool {
        self.open.pop().unwrap_or(false)
    }

    /// Returns the position after the end of the branch that begins at `at`, and its kind. A branch that
    /// does not end includes the rest of the text.
    pub(super) fn skip_branch(&self, text: &str, at: usize) -> (usize, BranchEnd) {
        let mut at = at;
        let mut depth = 0_usize;
        while let Some(found) = text[at..].find(['\\', '%']) {
            at += found;
            if text.as_bytes()[at] == b'%' {
                at = comment_end(text, at).max(at + 1);
                continue;
            }
            let name = command(text, at);
            let end = at + 1 + name.len();
            match name {
                "" => {
                    let symbol = text[end..].chars().next();
                    at = end + symbol.map_or(0, char::len_utf8);
                    continue;
                }
                "fi" if depth == 0 => return (end, BranchEnd::Fi),
                "fi" => depth -= 1,
                "else" if depth == 0 => return (end, BranchEnd::Else),
                _ if self.begins(name, text, at) => depth += 1,
                _ => {}
            }
            at = end;
        }
        (text.len(), BranchEnd::Fi)
    }
}
