//! Citation keys.

use std::collections::HashSet;

use crate::write::field::one_line;

/// The citation keys of an output.
#[derive(Debug, Default)]
pub(super) struct CitationKeys {
    /// The keys in lower case, because BibTeX ignores case.
    used: HashSet<String>,
}

impl CitationKeys {
    /// Derives a key from an id: characters that a key must not contain become `_`, and a key that
    /// is in use gets letters appended.
    pub(super) fn unique(&mut self, id: &str) -> String {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:+/*!?".contains(c);
        let mut key: String = one_line(id)
            .chars()
            .map(|c| if is_allowed(c) { c } else { '_' })
            .collect();
        if !key.contains(|c: char| c.is_ascii_alphanumeric()) {
            "paper".clone_into(&mut key);
        }
        let mut unique = key.clone();
        let mut n = 0;
        while !self.used.insert(unique.to_lowercase()) {
            unique = format!("{key}{}", letters(n));
            n += 1;
        }
        unique
    }
}

/// Returns the `n`-th of `a` to `z`, `aa` to `zz` and so on, counted from 0.
fn letters(mut n: usize) -> String {
    let mut letters = Vec::new();
    loop {
        let letter = ('a'..='z').nth(n % 26);
        letters.extend(letter);
        match n / 26 {
            0 => break,
            more => n = more - 1,
        }
    }
    letters.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_valid_and_unique_ignoring_case() {
        let mut keys = CitationKeys::default();
        let ids = ["a b", "a,b", "A_B", "a_ba", "é", "日本", "x/y:1", "a\"b"];
        let found = ids.map(|id| keys.unique(id));
        assert_eq!(
            found,
            [
                "a_b", "a_ba", "A_Bb", "a_baa", "paper", "papera", "x/y:1", "a_bc"
            ]
        );
        let lower: HashSet<_> = found.iter().map(|key| key.to_lowercase()).collect();
        assert_eq!(lower.len(), ids.len());
        let many = [0, 25, 26, 701, 702].map(letters);
        assert_eq!(many, ["a", "z", "aa", "zz", "aaa"]);
    }
}
