//! Citations, links and code within a paragraph of Org mode.

use crate::draft::citation::Citations;
use crate::draft::shield::shield;
use crate::draft::window::window;

/// The maximum length in bytes of code between marks, which keeps the time linear.
const MAX_CODE: usize = 1_000;

/// A paragraph without its citations.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// The text, in which code is shielded.
    pub(super) text: String,
    /// The addresses of links, one per line.
    pub(super) addresses: String,
    /// The names of files of references.
    pub(super) bibliographies: Vec<String>,
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

    /// Reads what begins with `c` at the start of `remaining`, and returns its length.
    fn step(&mut self, c: char, remaining: &str, citations: &mut Citations) -> usize {
        let begins_word = !self.text.ends_with(|c: char| c.is_alphanumeric());
        let taken = match c {
            '[' => self.bracket(remaining, citations),
            '=' | '~' if begins_word => self.code(c, remaining),
            '$' | '\\' => self.formula(remaining),
            '@' if remaining.starts_with("@@") => {
                // A snippet for one export format: `@@latex:…@@`.
                window(&remaining[2..], MAX_CODE)
                    .find("@@")
                    .map(|end| end + 4)
            }
            's' if begins_word && remaining.starts_with("src_") => {
                let end = window(remaining, MAX_CODE).find('}');
                end.filter(|end| {
                    !remaining[..*end].contains(' ') || remaining[..*end].contains('{')
                })
                .map(|end| end + 1)
            }
            _ if begins_word && c.is_ascii_lowercase() => self.reference(remaining, citations),
            _ => None,
        };
        taken.unwrap_or_else(|| {
            self.text.push(c);
            c.len_utf8()
        })
    }

    /// Reads `[cite:@key]`, `[[link][text]]` or `[fn:1]`.
    fn bracket(&mut self, text: &str, citations: &mut Citations) -> Option<usize> {
        if text.starts_with("[[") {
            let end = window(text, 4 * MAX_CODE).find("]]")?;
            let (address, label) = text[2..end].split_once("][").unwrap_or((&text[2..end], ""));
            if self.link(address, citations) {
                return Some(end + 2);
            }
            self.addresses.push_str(address);
            self.addresses.push('\n');
            self.text.push_str(label);
            return Some(end + 2);
        }
        if let Some(note) = text.strip_prefix("[fn:") {
            // The text of a note in the paragraph is read as part of it.
            let mark = window(note, MAX_CODE).find([':', ']'])?;
            return note[mark..]
                .starts_with(']')
                .then_some("[fn:".len() + mark + 1);
        }
        let inner = text.strip_prefix("[cite")?;
        let colon = window(inner, 40).find(':')?;
        let style = &inner[..colon];
        let is_style =
            style.is_empty() || style.starts_with('/') && !style.contains(char::is_whitespace);
        let end = window(inner, 4 * MAX_CODE)
            .find(']')
            .filter(|end| is_style && *end > colon)?;
        for key in org_keys(&inner[colon + 1..end]) {
            citations.add_key(key);
        }
        Some("[cite".len() + end + 1)
    }

    /// Reads a link without brackets, such as `cite:key` of org-ref.
    fn reference(&mut self, text: &str, citations: &mut Citations) -> Option<usize> {
        let word = text.find(|c: char| !c.is_ascii_alphabetic() && c != '*')?;
        if !text[word..].starts_with(':') {
            return None;
        }
        let is_key = |c: char| c.is_alphanumeric() || "-_:./&,;*+@".contains(c);
        let end = text[word + 1..]
            .find(|c| !is_key(c))
            .map_or(text.len(), |end| word + 1 + end);
        let link = text[..end].trim_end_matches(['.', ',', ';', ':']);
        self.link(link, citations).then_some(link.len().max(1))
    }

    /// Reads a link that cites or that names files of references. Returns whether it does.
    fn link(&mut self, address: &str, citations: &mut Citations) -> bool {
        let Some((kind, path)) = address.split_once(':') else {
            return false;
        };
        match kind {
            "bibliography" | "addbibresource" | "nobibliography" => {
                self.bibliographies
                    .extend(path.split(',').map(|name| name.trim().to_owned()));
            }
            "bibliographystyle" => {}
            _ if is_cite(kind) && !path.is_empty() => {
                if path.contains('&') {
                    // Version 3 of org-ref: `cite:see &key p. 3;&other`.
                    for part in path.split('&').skip(1) {
                        let end = part.find(|c: char| c.is_whitespace() || c == ';');
                        citations.add_key(&part[..end.unwrap_or(part.len())]);
                    }
                } else {
                    for key in path.split(',') {
                        citations.add_key(key.split("::").next().unwrap_or_default());
                    }
                }
            }
            _ => return false,
        }
        true
    }

    /// Reads code between two marks, such as `=code=`.
    fn code(&mut self, mark: char, text: &str) -> Option<usize> {
        let inner = window(&text[1..], MAX_CODE);
        if inner.starts_with(char::is_whitespace) || inner.is_empty() {
            return None;
        }
        let mut from = 0;
        loop {
            let end = from + inner[from..].find(mark)?;
            let after = text[end + 2..].chars().next();
            let ends = !after.is_some_and(char::is_alphanumeric)
                && !inner[..end].ends_with(char::is_whitespace);
            if ends && end > 0 {
                self.text.push_str(&shield(&inner[..end]));
                return Some(end + 2);
            }
            from = end + 1;
        }
    }

    /// Reads a formula, which cites nothing.
    fn formula(&mut self, text: &str) -> Option<usize> {
        for (open, close) in [("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)")] {
            if text.starts_with(open) {
                let end = window(&text[2..], 4 * MAX_CODE).find(close)?;
                self.text.push(' ');
                return Some(end + 4);
            }
        }
        let formula = text.strip_prefix('$')?;
        let end = window(formula, MAX_CODE).find('$')?;
        let inner = &formula[..end];
        let is_formula = !inner.is_empty()
            && !inner.starts_with(char::is_whitespace)
            && !inner.ends_with(char::is_whitespace)
            && !inner.contains("\n\n")
            && !formula[end + 1..].starts_with(|c: char| c.is_alphanumeric());
        if !is_formula {
            return None;
        }
        let plain = crate::text::latex::plain(&text[..end + 2]);
        self.text.push_str(&shield(&plain));
        Some(end + 2)
    }
}

/// Returns the keys of a citation of Org itself: `see @a p. 3; @b`.
fn org_keys(citation: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    for (at, _) in citation.match_indices('@') {
        let key = &citation[at + 1..];
        let is_key = |c: char| c.is_alphanumeric() || "-.:?!`'/*@+|(){}<>&_^$#%~".contains(c);
        let end = key.find(|c: char| !is_key(c)).unwrap_or(key.len());
        keys.push(&key[..end]);
    }
    keys
}

/// Returns whether a kind of link cites, as the links of org-ref do.
fn is_cite(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let kind = kind.trim_end_matches('*');
    !kind.contains(' ')
        && (kind.starts_with("cite") || kind.ends_with("cite") || kind.ends_with("cites"))
}
