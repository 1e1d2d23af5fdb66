//! Roles, citations and links within a paragraph of reStructuredText.

use crate::draft::citation::Citations;
use crate::draft::shield::shield;
use crate::draft::window::window;

/// The maximum length in bytes of a text between marks, which keeps the time linear.
const MAX_LENGTH: usize = 2_000;

/// A paragraph without its citations.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// The text, in which code is shielded.
    pub(super) text: String,
    /// The addresses of links, one per line.
    pub(super) addresses: String,
}

impl Inline {
    /// Reads a paragraph and adds its citations to `citations`.
    pub(super) fn read(paragraph: &str, citations: &mut Citations) -> Self {
        let mut inline = Self::default();
        let mut remaining = paragraph;
        while let Some(c) = remaining.chars().next() {
            let taken = inline.step(c, remaining, citations);
            remaining = &remaining[taken.max(c.len_utf8())..];
        }
        inline
    }

    fn step(&mut self, c: char, text: &str, citations: &mut Citations) -> usize {
        let taken = match c {
            '`' if text.starts_with("``") => between(text, "``").map(|code| {
                self.text.push_str(&shield(code));
                code.len() + 4
            }),
            '`' => between(text, "`").map(|inner| {
                let end = inner.len() + 2;
                // A role may follow its text: `text`:role:.
                if let Some((role, after)) = role(&text[end..]) {
                    self.role(role, inner, citations);
                    return end + after;
                }
                self.link(inner);
                end + text[end..].len() - text[end..].trim_start_matches('_').len()
            }),
            ':' => role(text).and_then(|(name, end)| {
                let inner = between(&text[end..], "`")?;
                self.role(name, inner, citations);
                Some(end + inner.len() + 2)
            }),
            '[' => self.citation(text, citations),
            '\\' => {
                let escaped = text[1..].chars().next();
                if let Some(escaped) = escaped.filter(|c| !c.is_whitespace()) {
                    self.text.push_str(&shield(&escaped.to_string()));
                }
                Some(1 + escaped.map_or(0, char::len_utf8))
            }
            '*' => {
                // A mark of emphasis, unless it stands alone.
                let is_alone =
                    self.text.ends_with(char::is_whitespace) && text[1..].starts_with(' ');
                (!is_alone).then_some(1)
            }
            _ => None,
        };
        taken.unwrap_or_else(|| {
            self.text.push(c);
            c.len_utf8()
        })
    }

    /// Reads the text of a role.
    fn role(&mut self, name: &str, inner: &str, citations: &mut Citations) {
        if is_cite(name) {
            for key in keys(inner) {
                citations.add_key(key.trim());
            }
            return;
        }
        match name {
            "math" | "code" | "literal" | "raw" | "file" | "samp" | "command" | "py" | "func"
            | "class" => {
                self.text.push_str(&shield(inner));
            }
            "ref" | "numref" | "eq" | "footnote" | "label" | "index" => {}
            "doi" => {
                self.addresses.push_str("https://doi.org/");
                self.addresses.push_str(inner);
                self.addresses.push('\n');
            }
            _ => self.link(inner),
        }
    }

    /// Reads `text <address>`.
    fn link(&mut self, inner: &str) {
        let address = inner
            .strip_suffix('>')
            .and_then(|inner| inner.rsplit_once('<'));
        let (text, address) = address.unwrap_or((inner, ""));
        self.text.push_str(text.trim_end());
        self.addresses.push_str(address);
        self.addresses.push('\n');
    }

    /// Reads `[Key]_`, or a footnote such as `[1]_`.
    fn citation(&mut self, text: &str, citations: &mut Citations) -> Option<usize> {
        let end = window(text, MAX_LENGTH).find("]_")?;
        let key = &text[1..end];
        let is_key = |c: char| c.is_alphanumeric() || "-_.:+".contains(c);
        if key.is_empty() || !key.trim_start_matches('#').chars().all(is_key) && key != "*" {
            return None;
        }
        if is_citation(key) {
            citations.add_key(key);
        }
        Some(end + 2)
    }
}

/// Returns whether a label is one of a citation, not of a footnote.
pub(super) fn is_citation(label: &str) -> bool {
    !label.starts_with(['#', '*']) && !label.chars().all(|c| c.is_ascii_digit())
}

/// Returns the text between two marks, of which the first begins `text`.
fn between<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let inner = text.strip_prefix(mark)?;
    let end = window(inner, MAX_LENGTH)
        .find(mark)
        .filter(|end| *end > 0)?;
    (!inner.starts_with(char::is_whitespace)).then_some(&inner[..end])
}

/// Returns the name of the role at the start of `text`, such as `:cite:t:`, and the position after it.
fn role(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix(':')?;
    let is_role = |c: char| c.is_alphanumeric() || "-_:.+".contains(c);
    let end = inner.find(|c: char| !is_role(c)).unwrap_or(inner.len());
    let name = inner[..end].strip_suffix(':')?;
    (!name.is_empty() && !name.starts_with(':')).then_some((name, end + 1))
}

/// Returns whether a role cites.
fn is_cite(role: &str) -> bool {
    let first = role
        .split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    first.starts_with("cite") || first.ends_with("cite") || first.ends_with("cites")
}

/// Returns the keys in the text of a role: `a,b`, or with texts around them `{see}a{p. 3}`.
fn keys(text: &str) -> Vec<String> {
    let mut without = String::new();
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => without.push(c),
            _ => {}
        }
    }
    without
        .split([',', ';'])
        .map(|key| key.trim().to_owned())
        .collect()
}
