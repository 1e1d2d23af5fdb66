//! Output of papers for other programs and for readers.
//!
//! An export format is one file with an [`ExportSpec`] constant; a `mod` line and a line in the
//! `exports!` list below register it.

mod bibtex;
mod csl;
mod csv;
mod export;
mod field;
mod json;
mod markdown;
pub(crate) mod paper_writer;
mod publication;
mod ris;

use std::path::Path;

use self::export::{Export, ExportOptions, ExportSpec};
use crate::enum_names;

macro_rules! exports {
    ($($format:ident = $spec:path, $doc:literal;)+) => {
        /// A format that a [`PaperWriter`](crate::PaperWriter) writes.
        ///
        /// BibTeX, RIS and Markdown keep each field on one line, as CSL-JSON does except for abstracts: a
        /// run of white space and control characters becomes one space.
        ///
        /// A format's [name](Self::name), which [`Display`](std::fmt::Display) writes and
        /// [`FromStr`](std::str::FromStr) reads in any ASCII case, is in lower case.
        ///
        /// ```
        /// use cognate_papers::ExportFormat;
        ///
        /// let format: ExportFormat = "BibTeX".parse()?;
        /// assert_eq!(format, ExportFormat::Bibtex);
        /// assert_eq!(format.name(), "bibtex");
        /// # Ok::<(), cognate_papers::Error>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ExportFormat {
            $(#[doc = $doc] $format,)+
        }

        impl ExportFormat {
            /// All formats.
            pub const ALL: &'static [Self] = &[$(Self::$format,)+];

            const fn spec(self) -> &'static ExportSpec {
                match self {
                    $(Self::$format => &$spec,)+
                }
            }
        }
    };
}

exports! {
    Json = json::ARRAY, "One JSON array of objects with every field of [`Paper`](crate::Paper); for search \
        results also `rank` and `score`.";
    JsonLines = json::LINES, "The objects of [`Json`](Self::Json), one per line, as \
        [`PaperReader`](crate::PaperReader) reads them.";
    Csv = csv::EXPORT, "Comma-separated values with a header and every field (RFC 4180, but with line \
        feeds between rows); for search results also `rank` and `score`. Lists are joined by `; `; a \
        semicolon before a space in a category, a reference or a note becomes a comma. `authors` has the spoken names; \
        `author_names` has their parts, family names first, if these cannot be inferred. A cell that a \
        spreadsheet would read as a formula gets an apostrophe before it \
        ([`guard_cells`](crate::PaperWriter::guard_cells)). [`PaperReader`](crate::PaperReader) \
        recognizes the header, also that of the eleven columns of earlier versions, and reads the same \
        papers again.";
    Bibtex = bibtex::EXPORT, "BibTeX in UTF-8, for BibTeX with a LaTeX of 2018 or later and for BibLaTeX \
        with Biber: every field except `references`, `added` and `lists`, with the id as the citation key. The type of an entry \
        is the [kind](crate::PaperKind) of the paper, or else inferred from the venue. Names keep their \
        parts, and texts are printed unchanged.";
    Ris = ris::EXPORT, "RIS, the exchange format of reference managers: every field except `references`, \
        `updated`, `added` and `lists`. Family names come first and suffixes last.";
    CslJson = csl::EXPORT, "CSL-JSON, one array of items by the schema of CSL 1.0.2, for Pandoc, Zotero and \
        citeproc: every field except `added` and `lists`; those for which CSL has no variable are in `custom`.";
    Markdown = markdown::EXPORT, "A numbered Markdown list of titles with a link, authors, year and \
        venue; for search results also the score.";
}

enum_names::impl_display_and_from_str!(ExportFormat, "format");

impl ExportFormat {
    /// Returns the name of the format, such as `jsonl`.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// Returns the extensions of file names that suggest the format, such as `bib`, the usual one first.
    pub const fn extensions(self) -> &'static [&'static str] {
        self.spec().extensions
    }

    /// Returns the format that the extension of a file name suggests, in any ASCII case, or `None` if none
    /// does. An extension may have a dot itself: `library.csl.json` is [`CslJson`](Self::CslJson).
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use cognate_papers::ExportFormat;
    ///
    /// let format = ExportFormat::by_extension(Path::new("thesis/library.bib"));
    /// assert_eq!(format, Some(ExportFormat::Bibtex));
    /// assert_eq!(ExportFormat::by_extension(Path::new("library.txt")), None);
    /// ```
    pub fn by_extension(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let fits = |(extension, _): &(&str, Self)| {
            let stem = name.strip_suffix(extension);
            stem.is_some_and(|stem| stem.len() > 1 && stem.ends_with('.'))
        };
        let formats = Self::ALL.iter();
        let with_extensions = formats.flat_map(|format| {
            let extensions = format.extensions().iter();
            extensions.map(|extension| (*extension, *format))
        });
        // The longest extension, so that `csl.json` is preferred to `json`.
        let longest = with_extensions
            .filter(fits)
            .max_by_key(|(extension, _)| extension.len());
        longest.map(|(_, format)| format)
    }

    /// Creates the state of one output.
    fn start(self, options: ExportOptions) -> Box<dyn Export> {
        (self.spec().start)(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_of_a_file_suggests_the_format() {
        for (name, format) in [
            ("a/library.bib", Some(ExportFormat::Bibtex)),
            ("LIBRARY.RIS", Some(ExportFormat::Ris)),
            ("library.json", Some(ExportFormat::Json)),
            ("library.csl.json", Some(ExportFormat::CslJson)),
            ("library.v2.jsonl", Some(ExportFormat::JsonLines)),
            ("library.csv", Some(ExportFormat::Csv)),
            ("reading.md", Some(ExportFormat::Markdown)),
            ("library.bib.gz", None),
            ("bib", None),
            (".bib", None),
            ("a.bib/", Some(ExportFormat::Bibtex)),
            ("a.bib/library", None),
            ("", None),
        ] {
            assert_eq!(
                ExportFormat::by_extension(Path::new(name)),
                format,
                "{name}"
            );
        }
        for format in ExportFormat::ALL {
            for extension in format.extensions() {
                let found = ExportFormat::by_extension(Path::new(&format!("x.{extension}")));
                assert_eq!(found, Some(*format));
            }
        }
    }

    #[test]
    fn every_name_parses_to_its_format_in_any_case() {
        for format in ExportFormat::ALL {
            let name = format.to_string();
            assert_eq!(name.parse::<ExportFormat>().unwrap(), *format);
            let upper = name.to_ascii_uppercase();
            assert_eq!(upper.parse::<ExportFormat>().unwrap(), *format);
        }
        assert_eq!(
            "xlsx".parse::<ExportFormat>().unwrap_err().to_string(),
            "`format` is `xlsx`, expected `json`, `jsonl`, `csv`, `bibtex`, `ris`, `csl-json` or `markdown`"
        );
    }
}
