use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// What a text is to a search, which decides the prompt that precedes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// A text to search with.
    Query,
    /// A text to search in.
    Document,
}

impl Role {
    /// All roles.
    pub const ALL: &'static [Self] = &[Self::Query, Self::Document];

    /// Returns the name: `query` or `document`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Document => "document",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = Error;

    /// Parses a [`name`](Self::name), ignoring ASCII case.
    fn from_str(name: &str) -> Result<Self> {
        let known = |role: &&Self| role.name().eq_ignore_ascii_case(name);
        Self::ALL
            .iter()
            .find(known)
            .copied()
            .ok_or_else(|| Error::InvalidOption {
                option: "role",
                found: format!("`{name}`"),
                expected: "one of `query`, `document`".to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_name_in_any_case() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse::<Role>().unwrap(), *role);
            assert_eq!(role.name().to_uppercase().parse::<Role>().unwrap(), *role);
        }
        assert_eq!(
            "passage".parse::<Role>().unwrap_err().to_string(),
            "`role` is `passage`, expected one of `query`, `document`"
        );
    }
}
