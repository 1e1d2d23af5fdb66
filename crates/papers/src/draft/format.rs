use std::path::Path;

use super::format_spec::FormatSpec;
use super::{docx, latex, markdown, org, plain, rst, typst};
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
/// assert_eq!(DraftFormat::of_path(Path::new("notes.qmd")), Some(DraftFormat::Markdown));
/// # Ok::<(), cognate_papers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DraftFormat {
    /// LaTeX with BibTeX, natbib or BibLaTeX: `.tex`.
    Latex,
    /// Markdown with Pandoc's citations (`[@key]`) and front matter, also of Quarto and R Markdown:
    /// `.md`, `.qmd`, `.Rmd`.
    Markdown,
    /// Typst: `.typ`.
    Typst,
    /// Org mode with its own citations (`[cite:@key]`) or the citations of org-ref: `.org`.
    Org,
    /// reStructuredText with sphinxcontrib-bibtex or citations such as `[Key]_`: `.rst`.
    Rst,
    /// A document of Word with the citations of Word, Zotero, Mendeley or `EndNote`: `.docx`.
    Docx,
    /// Plain text: `.txt`.
    Plain,
}

impl DraftFormat {
    /// All formats.
    pub const ALL: &'static [Self] = &[
        Self::Latex,
        Self::Markdown,
        Self::Typst,
        Self::Org,
        Self::Rst,
        Self::Docx,
        Self::Plain,
    ];

    /// Returns the description of the format.
    pub(super) const fn spec(self) -> &'static FormatSpec {
        match self {
            Self::Latex => &latex::FORMAT,
            Self::Markdown => &markdown::FORMAT,
            Self::Typst => &typst::FORMAT,
            Self::Org => &org::FORMAT,
            Self::Rst => &rst::FORMAT,
            Self::Docx => &docx::FORMAT,
            Self::Plain => &plain::FORMAT,
        }
    }

    /// Returns the name of the format: `latex`, `markdown`, `typst`, `org`, `rst`, `docx` or `plain`.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// Returns the format that the extension of a file suggests, or `None` if the extension is
    /// unknown.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_lowercase();
        let mut formats = Self::ALL.iter().copied();
        formats.find(|format| format.spec().extensions.contains(&extension.as_str()))
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
        for name in ["paper.md", "paper.qmd", "paper.Rmd"] {
            assert_eq!(of(name), Some(DraftFormat::Markdown));
        }
        assert_eq!(of("paper.typ"), Some(DraftFormat::Typst));
        assert_eq!(of("paper.org"), Some(DraftFormat::Org));
        assert_eq!(of("paper.rst"), Some(DraftFormat::Rst));
        assert_eq!(of("paper.docx"), Some(DraftFormat::Docx));
        assert_eq!(of("paper.txt"), Some(DraftFormat::Plain));
        assert_eq!(of("paper.pdf"), None);
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
            "pdf".parse::<DraftFormat>().unwrap_err().to_string(),
            "`format` is `pdf`, expected `latex`, `markdown`, `typst`, `org`, `rst`, `docx` or `plain`"
        );
    }
}
