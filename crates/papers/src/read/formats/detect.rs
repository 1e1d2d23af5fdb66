//! Detection of a file's format from its first bytes.

use super::Format;
use super::file_start::FileStart;
use super::spec::{Evidence, ObjectFormat, RecordSource};

/// Returns the format of a file that begins with `start`.
///
/// The content decides; if it is merely plausible for some format, `by_name`, the format that the
/// file name suggests, takes precedence. The error is a description of the content.
pub(crate) fn detect(start: &[u8], by_name: Option<Format>) -> Result<Format, String> {
    let start = FileStart::new(start);
    match strongest(&start) {
        Some((evidence, format)) if evidence > Evidence::Plausible => return Ok(format),
        _ if start.is_xml() => {}
        Some((_, format)) => return Ok(by_name.unwrap_or(format)),
        None => {
            if let Some(format) = by_name {
                return Ok(format);
            }
        }
    }
    Err(match start.xml_root() {
        Some(root) => {
            let root: String = root.chars().take(40).collect();
            format!("is XML with the root `{root}`")
        }
        None if start.is_xml() => "is XML without an element in its first bytes".to_owned(),
        None => "is in no format that can be told by its first bytes".to_owned(),
    })
}

/// Returns the format that the first bytes of a file suggest if they contradict `format`.
pub(crate) fn other_format(start: &[u8], format: Format) -> Option<Format> {
    let start = FileStart::new(start);
    if (format.spec().recognize)(&start).is_some() {
        return None;
    }
    let (evidence, found) = strongest(&start)?;
    (evidence > Evidence::Plausible).then_some(found)
}

/// Returns the format of objects with these fields, each with the first bytes of its value in JSON.
pub(crate) fn objects_of(fields: Vec<(&str, &[u8])>) -> ObjectFormat {
    let (_, format) = strongest(&FileStart::of_fields(fields)).unzip();
    match format.map(Format::source) {
        Some(RecordSource::Objects(objects)) => objects,
        _ => super::cognate_json::OBJECTS,
    }
}

/// Returns the format with the strongest evidence.
fn strongest(start: &FileStart<'_>) -> Option<(Evidence, Format)> {
    let mut best: Option<(Evidence, Format)> = None;
    for &format in Format::ALL {
        if let Some(evidence) = (format.spec().recognize)(start)
            && best.is_none_or(|(strongest, _)| evidence > strongest)
        {
            best = Some((evidence, format));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_takes_precedence_over_the_name() {
        for (start, format) in [
            ("PAR1...", Format::Parquet),
            ("PAR1,id,title", Format::Parquet),
            (
                "<?xml version='1.0'?>\n<!-- <x> -->\n<!DOCTYPE PubmedArticleSet>\n<PubmedArticleSet>",
                Format::PubmedXml,
            ),
            ("<collection id='2020.acl'>", Format::AclXml),
            (
                "<feed xmlns='http://www.w3.org/2005/Atom'>",
                Format::ArxivAtom,
            ),
            ("{\"id\": \"a\", \"title\": \"T\"}", Format::JsonLines),
            ("{\"id\": \"https://openalex.org/W1\"}", Format::OpenAlex),
            (
                "{\"meta\": {}, \"results\": [{\"authorships\": []}]}",
                Format::OpenAlex,
            ),
            ("{\"corpusid\": 1}", Format::SemanticScholar),
            (
                "{\"paperId\": 1, \"authorships\": [], \"type\": 1}",
                Format::OpenAlex,
            ),
            (
                "{\"issued\": 1, \"update_date\": 1, \"corpusid\": 1}",
                Format::SemanticScholar,
            ),
            ("{\"issued\": 1, \"update_date\": 1}", Format::ArxivJson),
            (
                "{\"id\": \"0704.0001\", \"authors_parsed\": []}",
                Format::ArxivJson,
            ),
            ("[\n{\"id\": \"a\", \"type\": \"book\"}]", Format::CslJson),
            ("{\"id\": \"a\", \"type\": \"book\"}", Format::JsonLines),
            ("Provider: X\nTY  - JOUR\n", Format::Ris),
            ("% Encoding: UTF-8\n\n@Article{a,", Format::Bibtex),
            ("@Article{a,\nTY  - JOUR\n", Format::Bibtex),
            ("TY  - JOUR\n@Article{a,\n", Format::Ris),
            ("Title;Author;DOI\n@Article{a,\n", Format::Csv),
            ("id\ttitle\tabstract\n", Format::Tsv),
            ("oops\n{\"id\": \"a\"}", Format::JsonLines),
            ("", Format::JsonLines),
        ] {
            assert_eq!(detect(start.as_bytes(), None), Ok(format), "{start}");
        }
    }

    #[test]
    fn the_name_decides_if_the_content_does_not() {
        assert_eq!(detect(b"oops", Some(Format::Ris)), Ok(Format::Ris));
        assert_eq!(detect(b"", Some(Format::Ris)), Ok(Format::Ris));
        let json_after_text = b"oops\n{\"id\": \"a\"}";
        assert_eq!(detect(json_after_text, Some(Format::Csv)), Ok(Format::Csv));
        let unknown = "is in no format that can be told by its first bytes";
        assert_eq!(detect(b"Dear all", None), Err(unknown.to_owned()));
    }

    #[test]
    fn xml_with_another_root_is_an_error_whatever_the_name() {
        let html = "is XML with the root `html`";
        assert_eq!(
            detect(b"<html><p>", Some(Format::Csv)),
            Err(html.to_owned())
        );
        let declaration = "is XML without an element in its first bytes";
        assert_eq!(
            detect(b"<?xml version='1.0'?>", Some(Format::Csv)),
            Err(declaration.to_owned())
        );
    }
}
