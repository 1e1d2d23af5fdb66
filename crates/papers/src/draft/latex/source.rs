//! LaTeX source with its matching braces.

use std::ops::Range;

/// The number of bytes to search for the end of a formula or of an argument in square brackets.
///
/// The limit keeps the time linear if there are many openings without an end.
const NEAR: usize = 2_000;

/// LaTeX source without comments.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) text: String,
    /// The positions of each opening brace and its closing brace, in order.
    braces: Vec<(usize, usize)>,
}

impl Source {
    /// Finds the matching braces.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the text.
    pub(super) fn new(text: String) -> Self {
        let mut open = Vec::new();
        let mut braces = Vec::new();
        let mut escaped = false;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'{' if !escaped => open.push(at),
                b'}' if !escaped => braces.extend(open.pop().map(|start| (start, at))),
                _ => {}
            }
            escaped = byte == b'\\' && !escaped;
        }
        braces.sort_unstable();
        Self { text, braces }
    }

    /// Returns the letters of the command whose backslash is at `at`.
    pub(super) fn command(&self, at: usize) -> &str {
        let name = &self.text[at + 1..];
        let end = name
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(name.len());
        &name[..end]
    }

    /// Returns the content of the group in braces that begins at `at` or after white space there,
    /// and the position after the group.
    ///
    /// A group that does not close before `limit` ends with its paragraph.
    pub(super) fn group(&self, at: usize, limit: usize) -> Option<(Range<usize>, usize)> {
        let text = &self.text[at..limit];
        let start = at + (text.len() - text.trim_start().len());
        if start >= limit || !self.text[start..].starts_with('{') {
            return None;
        }
        let found = self.braces.binary_search_by_key(&start, |pair| pair.0);
        let close = found.ok().map(|at| self.braces[at].1);
        Some(match close {
            Some(close) if close < limit => (start + 1..close, close + 1),
            _ => {
                let end = self.paragraph_end(start + 1, limit);
                (start + 1..end, end)
            }
        })
    }

    /// Returns the position after a star and the arguments in square or angle brackets at `at`.
    pub(super) fn skip_optional(&self, at: usize) -> usize {
        let mut at = at;
        loop {
            let text = &self.text[at..self.near(at)];
            let close = match text.as_bytes().first() {
                Some(b'*') => {
                    at += 1;
                    continue;
                }
                Some(b'[') => ']',
                Some(b'<') => '>',
                _ => return at,
            };
            let mut depth = 0_usize;
            let end = text.find(|c: char| {
                match c {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                c == close && depth == 0
            });
            match end {
                Some(end) if !contains_blank_line(&text[..end]) => at += end + 1,
                _ => return at,
            }
        }
    }

    /// Returns the keys of the citation command `name`, whose name ends at `at`, and the position
    /// after its arguments.
    pub(super) fn citation_keys(&self, at: usize, name: &str, limit: usize) -> (Vec<&str>, usize) {
        let is_plural = name.ends_with("cites") || name.ends_with("citetexts");
        let mut keys = Vec::new();
        let mut end = self.skip_parentheses(self.skip_optional(at), is_plural);
        // The first argument of BibLaTeX's `\volcite` is the volume.
        let has_volumes = name.to_ascii_lowercase().contains("volcite");
        let mut volume = has_volumes;
        while let Some((inner, group_end)) = self.group(end, limit) {
            end = group_end;
            if volume {
                volume = false;
                end = self.skip_optional(end);
                continue;
            }
            volume = has_volumes;
            keys.extend(self.text[inner].split(',').map(str::trim));
            let next = self.skip_optional(end);
            // Only the plural commands take further groups.
            if !is_plural || !self.text[next..limit.max(next)].starts_with('{') {
                break;
            }
            end = next;
        }
        keys.retain(|key| !key.is_empty() && !key.contains(['\\', '#', '{', '\n']));
        (keys, end)
    }

    /// Returns the position after the notes in parentheses that a plural command may have, and
    /// after the optional arguments that follow them.
    fn skip_parentheses(&self, at: usize, is_plural: bool) -> usize {
        let mut at = at;
        while is_plural && self.text[at..].starts_with('(') {
            match self.text[at..self.near(at)].find(')') {
                Some(end) => at += end + 1,
                None => break,
            }
        }
        self.skip_optional(at)
    }

    /// Returns the position of the first empty line after `at`, or `limit` if there is none.
    pub(super) fn paragraph_end(&self, at: usize, limit: usize) -> usize {
        let mut from = at;
        while let Some(found) = self.text[from..limit].find('\n') {
            let line = from + found;
            let next = self.text[line + 1..limit].trim_start_matches([' ', '\t', '\r']);
            if next.starts_with('\n') {
                return line;
            }
            from = line + 1;
        }
        limit
    }

    /// Returns the position of the next `$` that is not escaped, if it is in the same paragraph and
    /// within [`NEAR`].
    pub(super) fn dollar(&self, at: usize, limit: usize) -> Option<usize> {
        let text = &self.text[at..self.near(at).min(limit)];
        let mut escaped = false;
        let end = text.find(|c: char| {
            let found = c == '$' && !escaped;
            escaped = c == '\\' && !escaped;
            found
        })?;
        (!contains_blank_line(&text[..end])).then_some(at + end)
    }

    /// Returns the position [`NEAR`] bytes after `at`, or that of the end of the text.
    pub(super) fn near(&self, at: usize) -> usize {
        let mut end = at.saturating_add(NEAR).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        end.max(at)
    }
}

/// Returns whether a text contains an empty line.
fn contains_blank_line(text: &str) -> bool {
    let lines: Vec<_> = text.split('\n').collect();
    // The first and the last line are incomplete.
    let inner = lines.get(1..lines.len() - 1).unwrap_or_default();
    inner.iter().any(|line| line.trim().is_empty())
}
