//! PubMed's XML: <https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html>.

mod article;
mod book;
mod elements;

pub(super) use self::elements::publication_kind;
use super::file_start::FileStart;
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::RecordLocation;
use crate::read::input::Input;
use crate::read::notes::Notes;
use crate::read::syntax::xml::{Element, XmlItem, XmlStream};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "pubmed-xml",
    extensions: &[],
    recognize,
    source: RecordSource::Stream(|input| Box::new(Pubmed::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let roots = [
        "PubmedArticleSet",
        "PubmedArticle",
        "PubmedBookArticleSet",
        "PubmedBookArticle",
        "MedlineCitationSet",
        "MedlineCitation",
    ];
    let is_pubmed = start.xml_root().is_some_and(|root| roots.contains(&root));
    is_pubmed.then_some(Evidence::Header)
}

/// Reads the journal articles and book chapters of a set.
struct Pubmed<'a> {
    stream: XmlStream<'a>,
    notes: Notes,
}

impl<'a> Pubmed<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            notes: input.notes().clone(),
            stream: XmlStream::new(input),
        }
    }

    /// Remarks on the list of the papers that an update file deletes.
    fn pass_over(&self, deletion: &Element) {
        let count = deletion.all("PMID").count();
        self.notes.remark_at(
            RecordLocation::Line(self.stream.line()),
            format!(
                "`DeleteCitation` names {count} papers that PubMed deleted; they were passed over"
            ),
        );
    }
}

impl Iterator for Pubmed<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        let whole = [
            "PubmedArticle",
            "PubmedBookArticle",
            "DeleteCitation",
            "MedlineCitation",
        ];
        loop {
            let outcome = match self.stream.next_item(&whole)? {
                Ok(XmlItem::Start(_)) => continue,
                Ok(XmlItem::Whole(Ok(element))) => match element.name.as_str() {
                    "PubmedArticle" => article::paper(&element, &self.notes),
                    // The files of MEDLINE until 2016 have citations without data of PubMed.
                    "MedlineCitation" => article::of_citation(&element, None, &self.notes),
                    "PubmedBookArticle" => book::paper(&element, &self.notes),
                    _ => {
                        self.pass_over(&element);
                        continue;
                    }
                },
                Ok(XmlItem::Whole(Err(reason))) | Err(reason) => Err(reason),
            };
            return Some((RecordLocation::Line(self.stream.line()), outcome));
        }
    }
}
