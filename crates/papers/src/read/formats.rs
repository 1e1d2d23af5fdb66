//! The file formats that papers are read from.
//!
//! A format is one file, here or in a folder, with a [`FormatSpec`] constant; a `mod` line and a
//! line in the `formats!` list below register it.

mod acl;
mod ads;
mod arxiv;
mod author_lists;
mod bibtex;
mod cognate_json;
mod crossref;
mod csl;
mod csl_yaml;
mod datacite;
mod dblp;
mod dblp_json;
mod delimited;
pub(crate) mod detect;
mod endnote;
mod europe_pmc;
mod file_start;
mod huggingface;
mod inspire;
mod json_names;
mod name_lists;
mod nbib;
mod normalize;
mod oai_pmh;
mod openalex;
mod openreview;
mod pages;
mod parquet;
mod pubmed;
mod pubmed_ids;
mod pubmed_notices;
mod ris;
mod semantic_scholar;
mod serial_numbers;
pub(crate) mod spec;
mod web_of_science;

use std::path::Path;

use self::spec::{FormatSpec, RecordSource};
use crate::enum_names;

macro_rules! formats {
    ($($format:ident = $spec:path, $doc:literal;)+) => {
        /// A file format that a [`PaperReader`](crate::PaperReader) reads.
        ///
        /// Files of every format may be compressed with gzip or Zstandard.
        ///
        /// A format's [name](Self::name), which [`Display`](std::fmt::Display) writes and
        /// [`FromStr`](std::str::FromStr) reads in any ASCII case, is in lower case with hyphens.
        ///
        /// ```
        /// use cognate_papers::Format;
        ///
        /// assert_eq!("CSL-JSON".parse::<Format>()?, Format::CslJson);
        /// assert_eq!(Format::PubmedXml.to_string(), "pubmed-xml");
        /// # Ok::<(), cognate_papers::Error>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Format {
            $(#[doc = $doc] $format,)+
        }

        impl Format {
            /// All formats.
            pub const ALL: &'static [Self] = &[$(Self::$format,)+];

            const fn spec(self) -> &'static FormatSpec {
                match self {
                    $(Self::$format => &$spec,)+
                }
            }
        }
    };
}

formats! {
    JsonLines = cognate_json::FORMAT, "Cognate's own format: JSON lines with the fields of [`Paper`](crate::Paper).";
    Csv = delimited::CSV, "Values separated by commas (RFC 4180) or semicolons, with a header.";
    Tsv = delimited::TSV, "Values separated by tabs, with a header.";
    Bibtex = bibtex::FORMAT, "BibTeX and BibLaTeX.";
    Ris = ris::FORMAT, "RIS, the exchange format of reference managers.";
    CslJson = csl::FORMAT, "CSL-JSON, as written by Zotero and Pandoc.";
    CslYaml = csl_yaml::FORMAT, "CSL-YAML, the items of CSL-JSON in YAML, as Pandoc reads and writes them.";
    Crossref = crossref::FORMAT, "Works of Crossref, from its API or its public data file.";
    ArxivJson = arxiv::json::FORMAT, "arXiv's metadata as JSON lines: its data set on Kaggle.";
    ArxivAtom = arxiv::atom::FORMAT, "arXiv's metadata as an Atom feed: the responses of its API.";
    AclXml = acl::FORMAT, "The XML of the ACL Anthology.";
    PubmedXml = pubmed::FORMAT, "The XML of PubMed and MEDLINE.";
    Nbib = nbib::FORMAT, "The tagged format of PubMed and MEDLINE.";
    WebOfScience = web_of_science::FORMAT, "The tagged format of the Web of Science.";
    EndNote = endnote::tagged::FORMAT, "EndNote's tagged format, which Google Scholar writes too.";
    EndNoteXml = endnote::xml::FORMAT, "EndNote's XML.";
    DblpXml = dblp::FORMAT, "The XML of DBLP.";
    OaiPmh = oai_pmh::FORMAT, "Answers by OAI-PMH with metadata of arXiv or Dublin Core.";
    OpenAlex = openalex::FORMAT, "Works of OpenAlex, as JSON lines or from its API.";
    SemanticScholar = semantic_scholar::FORMAT, "Papers of Semantic Scholar, as JSON lines or from its API.";
    DataCite = datacite::FORMAT, "Records of `DataCite`, from its API.";
    EuropePmc = europe_pmc::FORMAT, "Articles of Europe PMC, from its API.";
    Inspire = inspire::FORMAT, "Records of INSPIRE, from its API.";
    Ads = ads::FORMAT, "Records of NASA's Astrophysics Data System, from its API.";
    DblpJson = dblp_json::FORMAT, "Publications of DBLP, from its search API.";
    HuggingFace = huggingface::FORMAT, "Papers of Hugging Face, from its API.";
    OpenReview = openreview::FORMAT, "Submissions of `OpenReview`, from its API.";
    Parquet = parquet::FORMAT, "Apache Parquet whose columns are the fields of any JSON format; requires the feature `parquet`.";
}

enum_names::impl_display_and_from_str!(Format, "format");

impl Format {
    /// Returns the name of the format, such as `csl-json`.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// Returns the format that the extension of a file name suggests, ignoring the extension of a
    /// compressed file.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = [".gz", ".zst"]
            .iter()
            .find_map(|compression| name.strip_suffix(compression))
            .unwrap_or(&name);
        let (_, extension) = name.rsplit_once('.')?;
        let mut formats = Self::ALL.iter().copied();
        formats.find(|format| format.spec().extensions.contains(&extension))
    }

    /// Returns the way to read the records of the format.
    pub(crate) fn source(self) -> RecordSource {
        self.spec().source
    }

    /// Lists the names of all formats for an error message.
    pub(crate) fn names() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|format| format.name()).collect();
        format!("one of {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_to_its_format_in_any_case() {
        for format in Format::ALL {
            let name = format.to_string();
            assert_eq!(name.parse::<Format>().unwrap(), *format);
            let upper = name.to_ascii_uppercase();
            assert_eq!(upper.parse::<Format>().unwrap(), *format);
        }
        let error = "word".parse::<Format>().unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("`format` is `word`, expected `jsonl`, `csv`, ")
                && message.ends_with(" or `parquet`"),
            "{message}"
        );
    }

    #[test]
    fn an_extension_suggests_a_format_also_before_that_of_a_compression() {
        let of = |name: &str| Format::of_name(Path::new(name));
        assert_eq!(of("a/refs.BIB"), Some(Format::Bibtex));
        assert_eq!(of("papers.tsv.zst"), Some(Format::Tsv));
        assert_eq!(of("papers.json"), Some(Format::JsonLines));
        assert_eq!((of("papers"), of("a.xml.gz")), (None, None));
    }
}
