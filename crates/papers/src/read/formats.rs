//! The file formats that papers come in.

mod acl;
mod arxiv;
mod bibtex;
mod cognate_json;
mod csl;
mod delimited;
mod detect;
mod normalize;
mod openalex;
#[cfg(feature = "parquet")]
mod parquet;
mod pubmed;
mod ris;
mod semantic_scholar;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

pub(crate) use self::detect::detect;
#[cfg(feature = "parquet")]
pub(crate) use self::parquet::Rows;
use crate::read::input::Input;
use crate::read::syntax::json_elements::{Elements, Shape};
use crate::read::syntax::json_lines::JsonLines;
use crate::read::syntax::json_record::Fields;
use crate::{Error, Paper, RecordLocation};

/// A format that a [`PaperReader`](crate::PaperReader) reads.
///
/// All of them may be compressed with gzip or Zstandard, but Parquet, which compresses itself. A
/// name, as in [`Display`](fmt::Display) and [`FromStr`], is in small letters with hyphens.
///
/// ```
/// use cognate_papers::Format;
///
/// assert_eq!("csl-json".parse::<Format>()?, Format::CslJson);
/// assert_eq!(Format::PubmedXml.to_string(), "pubmed-xml");
/// # Ok::<(), cognate_papers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Cognate's own: an object a line, with the fields of [`Paper`].
    JsonLines,
    /// Comma-separated values with a header, as RFC 4180 has them; semicolons are found out.
    Csv,
    /// Values between tabs, with a header.
    Tsv,
    /// BibTeX and BibLaTeX.
    Bibtex,
    /// RIS, of reference managers.
    Ris,
    /// CSL-JSON, as Zotero, Pandoc and Crossref write it.
    CslJson,
    /// The metadata of arXiv as JSON lines, as in its data set on Kaggle.
    ArxivJson,
    /// The answers of arXiv's interface, in Atom.
    ArxivAtom,
    /// The XML of the ACL Anthology.
    AclXml,
    /// The XML of PubMed and MEDLINE.
    PubmedXml,
    /// Works of OpenAlex, as JSON lines or as its interface gives them.
    OpenAlex,
    /// Papers of Semantic Scholar, as JSON lines or as its interface gives them.
    SemanticScholar,
    /// Apache Parquet, with the fields of [`Paper`] as columns.
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::JsonLines,
        Self::Csv,
        Self::Tsv,
        Self::Bibtex,
        Self::Ris,
        Self::CslJson,
        Self::ArxivJson,
        Self::ArxivAtom,
        Self::AclXml,
        Self::PubmedXml,
        Self::OpenAlex,
        Self::SemanticScholar,
        Self::Parquet,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Bibtex => "bibtex",
            Self::Ris => "ris",
            Self::CslJson => "csl-json",
            Self::ArxivJson => "arxiv-json",
            Self::ArxivAtom => "arxiv-atom",
            Self::AclXml => "acl-xml",
            Self::PubmedXml => "pubmed-xml",
            Self::OpenAlex => "openalex",
            Self::SemanticScholar => "semantic-scholar",
            Self::Parquet => "parquet",
        }
    }

    /// What the name of a file says, if anything; endings of compression are passed over.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = [".gz", ".zst"]
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .unwrap_or(&name);
        Some(match name.rsplit_once('.')?.1 {
            "jsonl" | "ndjson" | "json" => Self::JsonLines,
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "bib" | "bibtex" | "biblatex" => Self::Bibtex,
            "ris" => Self::Ris,
            "parquet" => Self::Parquet,
            _ => return None,
        })
    }

    /// The names of all, for messages.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> crate::Result<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::InvalidOption {
                option: "format",
                found: format!("`{name}`"),
                expected: format!("one of {}", Self::names()),
            })
    }
}

/// A record: where it stands, and the paper that it is or what is wrong with it.
pub(crate) type Located = (RecordLocation, Result<Paper, String>);

/// The records of a file, whatever its format.
pub(crate) type Records<'a> = Box<dyn Iterator<Item = Located> + 'a>;

/// Reads `source` as `format`, which is not Parquet: that is read from a file.
pub(crate) fn records(format: Format, source: Input<'_>) -> Records<'_> {
    match format {
        Format::JsonLines | Format::Parquet => objects(source, cognate_json::paper),
        Format::CslJson => objects(source, csl::paper),
        Format::ArxivJson => objects(source, arxiv::paper_of_json),
        Format::OpenAlex => objects(source, openalex::paper),
        Format::SemanticScholar => objects(source, semantic_scholar::paper),
        Format::Csv => Box::new(delimited::Delimited::new(source, None)),
        Format::Tsv => Box::new(delimited::Delimited::new(source, Some(b'\t'))),
        Format::Bibtex => Box::new(bibtex::Bibtex::new(source)),
        Format::Ris => Box::new(ris::Ris::new(source)),
        Format::ArxivAtom => Box::new(arxiv::Atom::new(source)),
        Format::AclXml => Box::new(acl::Anthology::new(source)),
        Format::PubmedXml => Box::new(pubmed::Pubmed::new(source)),
    }
}

/// The objects of `source`, however they stand in it, as papers.
fn objects(source: Input<'_>, paper: fn(&Fields) -> Result<Paper, String>) -> Records<'_> {
    let paper = move |(line, fields): (usize, Result<Fields, String>)| {
        (
            RecordLocation::Line(line),
            fields.and_then(|fields| paper(&fields)),
        )
    };
    match Shape::of(source.head()) {
        Shape::Lines => Box::new(JsonLines::new(source).map(paper)),
        shape => Box::new(Elements::new(source, shape).map(paper)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
        }
        let error = "word".parse::<Format>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`format` is `word`, expected one of jsonl, csv, ")
        );
    }

    #[test]
    fn the_ending_of_a_name_may_be_followed_by_that_of_a_compression() {
        let of = |name: &str| Format::of_name(Path::new(name));
        assert_eq!(of("a/refs.BIB"), Some(Format::Bibtex));
        assert_eq!(of("papers.tsv.zst"), Some(Format::Tsv));
        assert_eq!((of("papers"), of("a.xml.gz")), (None, None));
    }
}
