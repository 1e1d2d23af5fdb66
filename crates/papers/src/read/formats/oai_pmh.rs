//! Answers of repositories by the protocol OAI-PMH: <https://www.openarchives.org/OAI/openarchivesprotocol.html>.

mod arxiv_metadata;
mod dublin_core;

use super::file_start::FileStart;
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::read::input::Input;
use crate::read::notes::Notes;
use crate::read::syntax::xml::{Element, XmlItem, XmlStream};
use crate::{Paper, RecordLocation};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "oai-pmh",
    extensions: &[],
    recognize,
    source: RecordSource::Stream(|input| Box::new(OaiPmh::new(input))),
};

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let root = start.xml_root()?;
    // Programs that harvest a repository keep the list or its records without the answer.
    let root = root.rsplit_once(':').map_or(root, |(_, name)| name);
    matches!(root, "OAI-PMH" | "ListRecords" | "GetRecord").then_some(Evidence::Header)
}

/// Reads the records of an answer. Deleted records are passed over.
struct OaiPmh<'a> {
    stream: XmlStream<'a>,
    notes: Notes,
}

impl<'a> OaiPmh<'a> {
    fn new(input: Input<'a>) -> Self {
        Self {
            notes: input.notes().clone(),
            stream: XmlStream::new(input),
        }
    }
}

impl Iterator for OaiPmh<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            let outcome = match self.stream.next_item(&["record", "error", "request"])? {
                Ok(XmlItem::Start(_)) => continue,
                Ok(XmlItem::Whole(Ok(element))) => match element.name.as_str() {
                    "request" => continue,
                    "error" => match failure(&element) {
                        Some(reason) => Err(reason),
                        None => continue,
                    },
                    _ => match paper(&element, &self.notes) {
                        Some(outcome) => outcome,
                        None => continue,
                    },
                },
                Ok(XmlItem::Whole(Err(reason))) | Err(reason) => Err(reason),
            };
            return Some((RecordLocation::Line(self.stream.line()), outcome));
        }
    }
}

/// Returns the reason why a repository answers without records, unless there are none.
fn failure(error: &Element) -> Option<String> {
    let code = error.attribute("code").unwrap_or_default();
    (code != "noRecordsMatch").then(|| {
        format!(
            "the repository answers with the error `{code}`: {}; expected records",
            error.text()
        )
    })
}

/// Returns the paper of a record, or `None` if the record was deleted.
fn paper(record: &Element, notes: &Notes) -> Option<Result<Paper, String>> {
    let header = record.at(&["header"]);
    if header.and_then(|header| header.attribute("status")) == Some("deleted") {
        return None;
    }
    let identifier = header
        .map(|header| header.text_at(&["identifier"]))
        .unwrap_or_default();
    let mut formats = record.all("metadata").flat_map(Element::elements);
    let Some(metadata) = formats.next() else {
        return Some(Err("`metadata` is missing".to_owned()));
    };
    Some(match metadata.name.as_str() {
        "arXiv" | "arXivRaw" | "arXivOld" => arxiv_metadata::paper(metadata, notes),
        "dc" | "qualifieddc" => dublin_core::paper(metadata, &identifier, notes),
        other => Err(format!(
            "the metadata is in the format `{other}`, expected `arXiv`, `arXivRaw` or `oai_dc`"
        )),
    })
}
