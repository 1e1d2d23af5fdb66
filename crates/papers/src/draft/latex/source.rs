//! The source of a draft, and where its braces close.

use std::ops::Range;

/// The bytes that are searched for the end of a formula or of an argument in square brackets: a
/// sign that opens nothing must not cost the rest of the text.
const NEAR: usize = 2_000;

/// Input without comments.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) text: String,
    /// For the byte of an opening brace, the byte of the closing one.
    partners: Vec<(usize, usize)>,
}

impl Input {
    /// # Complexity
    ///
    /// Linear in the length of the text.
    pub(super) fn new(text: String) -> Self {
        let mut open = Vec::new();
        let mut partners = Vec::new();
        let mut escaped = false;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'{' if !escaped => open.push(at),
                b'}' if !escaped => partners.extend(open.pop().map(|start| (start, at))),
                _ => {}
            }
            escaped = byte == b'\\' && !escaped;
        }
        partners.sort_unstable();
        Self { text, partners }
    }

    /// The letters of the command whose backslash is at `at`.
    pub(super) fn command(&self, at: usize) -> &str {
        let rest = &self.text[at + 1..];
        let end = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        &rest[..end]
    }

    /// The inside of the group in braces at `at`, white space passed over, and the byte behind it.
    ///
    /// One that does not close before `limit` ends with its paragraph.
    pub(super) fn group(&self, at: usize, limit: usize) -> Option<(Range<usize>, usize)> {
        let rest = &self.text[at..limit];
        let start = at + (rest.len() - rest.trim_start().len());
        if start >= limit || !self.text[start..].starts_with('{') {
            return None;
        }
        let found = self.partners.binary_search_by_key(&start, |pair| pair.0);
        let close = found.ok().map(|at| self.partners[at].1);
        Some(match close {
            Some(close) if close < limit => (start + 1..close, close + 1),
            _ => {
                let end = self.paragraph_end(start + 1, limit);
                (start + 1..end, end)
            }
        })
    }

    /// The byte behind the arguments in square brackets, or round ones of `\cites`, at `at`.
    pub(super) fn skip_optional(&self, at: usize) -> usize {
        let mut at = at;
        loop {
            let rest = &self.text[at..self.near(at)];
            let close = match rest.as_bytes().first() {
                Some(b'*') => {
                    at += 1;
                    continue;
                }
                Some(b'[') => ']',
                Some(b'<') => '>',
                _ => return at,
            };
            let mut depth = 0_usize;
            let end = rest.find(|c: char| {
                match c {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                c == close && depth == 0
            });
            match end {
                Some(end) if !is_blank_within(&rest[..end]) => at += end + 1,
                _ => return at,
            }
        }
    }

    /// The keys of the citing command `name` whose name ends at `at`, and the byte behind it.
    pub(super) fn cited(&self, at: usize, name: &str, limit: usize) -> (Vec<&str>, usize) {
        let several = name.ends_with("cites") || name.ends_with("citetexts");
        let mut keys = Vec::new();
        let mut end = self.skip_round(self.skip_optional(at), several);
        // Biblatex's `\volcite` names the volume first.
        let mut volume = name.to_ascii_lowercase().contains("volcite");
        while let Some((inner, behind)) = self.group(end, limit) {
            end = behind;
            if volume {
                volume = false;
                end = self.skip_optional(end);
                continue;
            }
            keys.extend(self.text[inner].split(',').map(str::trim));
            let next = self.skip_optional(end);
            // Of the family, only the plural forms have further groups.
            if !several || !self.text[next..limit.max(next)].starts_with('{') {
                break;
            }
            end = next;
        }
        keys.retain(|key| !key.is_empty() && !key.contains(['\\', '#', '{', '\n']));
        (keys, end)
    }

    /// Passes over the notes in round brackets that `\cites` may have.
    fn skip_round(&self, at: usize, several: bool) -> usize {
        let mut at = at;
        while several && self.text[at..].starts_with('(') {
            match self.text[at..self.near(at)].find(')') {
                Some(end) => at += end + 1,
                None => break,
            }
        }
        self.skip_optional(at)
    }

    /// The byte of the empty line behind `at`, or `limit`.
    pub(super) fn paragraph_end(&self, at: usize, limit: usize) -> usize {
        let mut from = at;
        while let Some(found) = self.text[from..limit].find('\n') {
            let line = from + found;
            let rest = self.text[line + 1..limit].trim_start_matches([' ', '\t', '\r']);
            if rest.starts_with('\n') {
                return line;
            }
            from = line + 1;
        }
        limit
    }

    /// The byte of the next `$` that is not escaped, in the same paragraph and not far.
    pub(super) fn dollar(&self, at: usize, limit: usize) -> Option<usize> {
        let rest = &self.text[at..self.near(at).min(limit)];
        let mut escaped = false;
        let end = rest.find(|c: char| {
            let found = c == '$' && !escaped;
            escaped = c == '\\' && !escaped;
            found
        })?;
        (!is_blank_within(&rest[..end])).then_some(at + end)
    }

    /// A byte not far behind `at`.
    pub(super) fn near(&self, at: usize) -> usize {
        let mut end = at.saturating_add(NEAR).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        end.max(at)
    }
}

/// Whether a text has an empty line in it.
fn is_blank_within(text: &str) -> bool {
    let lines: Vec<_> = text.split('\n').collect();
    // The first and the last are parts of lines.
    let inner = lines.get(1..lines.len() - 1).unwrap_or_default();
    inner.iter().any(|line| line.trim().is_empty())
}
