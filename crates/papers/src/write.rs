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
        semicolon before a space in a category or a reference becomes a comma. `authors` has the spoken names; \
        `author_names` has their parts, family names first, if these cannot be inferred. A cell that a \
        spreadsheet would read as a formula gets an apostrophe before it \
        ([`guard_cells`](crate::PaperWriter::guard_cells)). [`PaperReader`](crate::PaperReader) \
        recognizes the header, also that of the eleven columns of earlier versions, and reads the same \
        papers again.";
    Bibtex = bibtex::EXPORT, "BibTeX in UTF-8, for BibTeX with a LaTeX of 2018 or later and for BibLaTeX \
        with Biber: every field except `references`, with the id as the citation key. The type of an entry \
        is the [kind](crate::PaperKind) of the paper, or else inferred from the venue. Names keep their \
        parts, and texts are printed unchanged.";
    Ris = ris::EXPORT, "RIS, the exchange format of reference managers: every field except `references` \
        and `updated`. Family names come first and suffixes last.";
    CslJson = csl::EXPORT, "CSL-JSON, one array of items by the schema of CSL 1.0.2, for Pandoc, Zotero and \
        citeproc: every field; those for which CSL has no variable are in `custom`.";
    Markdown = markdown::EXPORT, "A numbered Markdown list of titles with a link, authors, year and \
        venue; for search results also the score.";
}

enum_names::impl_display_and_from_str!(ExportFormat, "format");

impl ExportFormat {
    /// Returns the name of the format, such as `jsonl`.
    pub const fn name(self) -> &'static str {
        self.spec().name
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
