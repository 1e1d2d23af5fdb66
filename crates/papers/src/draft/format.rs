use std::path::Path;

use crate::enum_names;

/// The format of a draft.
///
/// A format's [name](Self::name), which [`Display`](std::fmt::Display) writes and
/// [`FromStr`](std::str::FromStr) reads in any ASCII case, is in lower case.
///
/// ```
/// use std::path::Path;
/// use cognate_papers::DraftFormat;
///
/// assert_eq!("LaTeX".parse::<DraftFormat>()?, DraftFormat::Latex);
/// assert_eq!(DraftFormat::of_path(Path::new("notes.md")), Some(DraftFormat::Markdown));
/// # Ok::<(), cognate_papers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DraftFormat {
    /// LaTeX with BibTeX, natbib or BibLaTeX: `.tex`.
    Latex,
    /// Markdown with Pandoc's citations (`[@key]`) and front matter: `.md`.
    Markdown,
    /// Plain text: `.txt`.
    Plain,
}

impl DraftFormat {
    /// All formats.
    pub const ALL: &'static [Self] = &[Self::Latex, Self::Markdown, Self::Plain];

    /// Returns the name of the format: `latex`, `markdown` or `plain`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latex => "latex",
            Self::Markdown => "markdown",
            Self::Plain => "plain",
        }
    }

    /// Returns the file name extensions of the format, in lower case.
    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Latex => &["tex", "ltx", "latex"],
            Self::Markdown => &["md", "markdown"],
            Self::Plain => &["txt", "text"],
        }
    }

    /// Returns the format that the extension of a file suggests, or `None` if the extension is
    /// unknown.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_lowercase();
        let mut formats = Self::ALL.iter().copied();
        formats.find(|format| format.extensions().contains(&extension.as_str()))
    }
}

enum_names::impl_display_and_from_str!(DraftFormat, "format");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_determines_the_format() {
        let of = |name: &str| DraftFormat::of_path(Path::new(name));
        assert_eq!(of("a/paper.TEX"), Some(DraftFormat::Latex));
        assert_eq!(of("paper.md"), Some(DraftFormat::Markdown));
        assert_eq!(of("paper.txt"), Some(DraftFormat::Plain));
        assert_eq!(of("paper.docx"), None);
    }

    #[test]
    fn every_name_parses_to_its_format_in_any_case() {
        for format in DraftFormat::ALL {
            let name = format.to_string();
            assert_eq!(name.parse::<DraftFormat>().unwrap(), *format);
            let upper = name.to_ascii_uppercase();
            assert_eq!(upper.parse::<DraftFormat>().unwrap(), *format);
        }
        assert_eq!(
            "docx".parse::<DraftFormat>().unwrap_err().to_string(),
            "`format` is `docx`, expected `latex`, `markdown` or `plain`"
        );
    }
}
