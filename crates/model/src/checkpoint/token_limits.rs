use std::path::PathBuf;

use crate::{Error, Result};

/// The number of tokens that are read of a text, special tokens included, and where it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenLimit {
    pub(crate) tokens: usize,
    /// The file and the field of the checkpoint, or `None` for the option `max_tokens`.
    source: Option<(PathBuf, String)>,
}

impl TokenLimit {
    /// Returns a limit that a `field` of the file at `path` sets.
    pub(super) fn of_file(tokens: usize, path: PathBuf, field: impl Into<String>) -> Self {
        Self {
            tokens,
            source: Some((path, field.into())),
        }
    }

    /// Returns a limit that the option `max_tokens` sets.
    pub(crate) fn of_option(tokens: usize) -> Self {
        Self {
            tokens,
            source: None,
        }
    }

    /// Refuses a limit that leaves no room besides the `special_tokens` of `what`.
    pub(crate) fn check(&self, special_tokens: usize, what: &str) -> Result<()> {
        if self.tokens > special_tokens {
            return Ok(());
        }
        let expected = format!("more than the {special_tokens} special tokens of {what}");
        let found = self.tokens.to_string();
        Err(match &self.source {
            Some((path, field)) => Error::Unsupported {
                path: path.clone(),
                field: field.clone(),
                found,
                expected,
            },
            None => Error::InvalidOption {
                option: "max_tokens",
                found,
                expected,
            },
        })
    }

    /// Lowers the limit to the number of `positions` of the model, and returns a note about it.
    fn lower_to(&mut self, positions: usize) -> Option<String> {
        if self.tokens <= positions {
            return None;
        }
        let found = self.tokens;
        self.tokens = positions;
        let (path, field) = self.source.as_ref()?;
        Some(format!(
            "`{}`: `{field}` is {found}, and the model has positions for {positions} tokens: longer \
             texts are truncated to {positions}",
            path.display()
        ))
    }
}

/// The limits of tokens of a checkpoint, by the role of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenLimits {
    /// The limit of a text without a role, such as a prompt alone or a pair of texts.
    pub(crate) general: TokenLimit,
    pub(crate) query: TokenLimit,
    pub(crate) document: TokenLimit,
}

impl TokenLimits {
    /// Returns the same limit for all texts.
    pub(crate) fn uniform(limit: TokenLimit) -> Self {
        Self {
            query: limit.clone(),
            document: limit.clone(),
            general: limit,
        }
    }

    /// Returns the greatest number of tokens of any text.
    pub(crate) fn longest(&self) -> usize {
        let of_roles = self.query.tokens.max(self.document.tokens);
        of_roles.max(self.general.tokens)
    }

    /// Lowers all limits to the number of `positions` of the model, and adds a note for each field
    /// that asks for more.
    pub(super) fn lower_to(&mut self, positions: usize, notes: &mut Vec<String>) {
        for limit in [&mut self.general, &mut self.query, &mut self.document] {
            let note = limit.lower_to(positions);
            notes.extend(note.filter(|note| !notes.contains(note)));
        }
    }

    /// Formats the limits that differ from the general one for the fingerprint, which has that one
    /// already, or returns `None` if none differs.
    pub(crate) fn fingerprint_fields(&self) -> Option<String> {
        let [general, query, document] =
            [&self.general, &self.query, &self.document].map(|limit| limit.tokens);
        (query != general || document != general)
            .then(|| format!("query tokens {query}\ndocument tokens {document}\n"))
    }
}
