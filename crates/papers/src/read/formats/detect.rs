//! What format a file has, by its first bytes.

use super::Format;
use super::delimited::columns;
use crate::read::syntax::json_elements::{Shape, top_keys};

/// The format of a file that begins with `head`; where that does not tell, what its name told; else
/// what was found.
pub(crate) fn detect(head: &[u8], by_name: Option<Format>) -> Result<Format, String> {
    let head = head.trim_ascii_start();
    if head.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    if head.starts_with(b"<") {
        return xml(head);
    }
    if head.starts_with(b"{") || head.starts_with(b"[") {
        return Ok(json(head));
    }
    let text = String::from_utf8_lossy(head);
    // Before its cells, which may hold anything.
    let header = text.lines().next().unwrap_or_default();
    if columns::is_header(header) {
        return Ok(if header.contains('\t') {
            Format::Tsv
        } else {
            Format::Csv
        });
    }
    if let Some(format) = text.lines().find_map(line) {
        return Ok(format);
    }
    match by_name {
        Some(format) => Ok(format),
        // Nothing to read is nothing in any format.
        None if head.is_empty() => Ok(Format::JsonLines),
        None if text
            .lines()
            .any(|line| line.trim_start().starts_with("{\"")) =>
        {
            Ok(Format::JsonLines)
        }
        None => Err("is in no format that can be told by its first bytes".to_owned()),
    }
}

/// What one line tells by itself.
fn line(line: &str) -> Option<Format> {
    if line.starts_with("TY  - ") || line.starts_with("TY  -\t") {
        return Some(Format::Ris);
    }
    let entry = line.trim_start().strip_prefix('@')?;
    let name = entry.find(|c: char| !c.is_ascii_alphabetic())?;
    let behind = entry[name..].trim_start();
    (name > 0 && behind.starts_with(['{', '('])).then_some(Format::Bibtex)
}

fn json(head: &[u8]) -> Format {
    let mut keys = top_keys(head);
    if Shape::of(head) == Shape::Field
        && let Some((_, list)) = keys.iter().find(|(_, value)| value.starts_with(b"["))
    {
        keys = top_keys(list);
    }
    let has = |names: &[&str]| keys.iter().any(|(key, _)| names.contains(key));
    let is_openalex_id = |(key, value): &(&str, &[u8])| {
        *key == "id" && value.starts_with(b"\"https://openalex.org/W")
    };
    if has(&["abstract_inverted_index", "authorships", "referenced_works"])
        || keys.iter().any(is_openalex_id)
    {
        Format::OpenAlex
    } else if has(&[
        "paperId",
        "corpusid",
        "corpusId",
        "externalIds",
        "externalids",
    ]) {
        Format::SemanticScholar
    } else if has(&["authors_parsed", "journal-ref", "update_date"]) {
        Format::ArxivJson
    } else if has(&["issued", "container-title", "citation-key"])
        || Shape::of(head) != Shape::Lines && has(&["type"])
    {
        Format::CslJson
    } else {
        Format::JsonLines
    }
}

fn xml(head: &[u8]) -> Result<Format, String> {
    let text = String::from_utf8_lossy(head);
    let mut rest: &str = &text;
    // Past declarations and comments to the first element.
    loop {
        let Some(at) = rest.find('<') else {
            return Err("is XML without an element in its first bytes".to_owned());
        };
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end..]);
        } else if !rest.starts_with(['?', '!']) {
            break;
        }
    }
    let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '/');
    let name = &rest[..end.unwrap_or(rest.len())];
    match name {
        "PubmedArticleSet" | "PubmedArticle" => Ok(Format::PubmedXml),
        "collection" => Ok(Format::AclXml),
        "feed" => Ok(Format::ArxivAtom),
        _ => Err(format!(
            "is XML with the root `{}`",
            name.chars().take(40).collect::<String>()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_before_the_name() {
        for (head, format) in [
            ("PAR1...", Format::Parquet),
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
                "{\"id\": \"0704.0001\", \"authors_parsed\": []}",
                Format::ArxivJson,
            ),
            ("[\n{\"id\": \"a\", \"type\": \"book\"}]", Format::CslJson),
            ("Provider: X\nTY  - JOUR\n", Format::Ris),
            ("% Encoding: UTF-8\n\n@Article{a,", Format::Bibtex),
            ("Title;Author;DOI\n", Format::Csv),
            ("id\ttitle\tabstract\n", Format::Tsv),
            ("oops\n{\"id\": \"a\"}", Format::JsonLines),
            ("", Format::JsonLines),
        ] {
            assert_eq!(detect(head.as_bytes(), None), Ok(format), "{head}");
        }
    }

    #[test]
    fn the_name_tells_where_content_does_not() {
        assert_eq!(detect(b"oops", Some(Format::Ris)), Ok(Format::Ris));
        let found = detect(b"Dear all", None);
        let nothing = "is in no format that can be told by its first bytes";
        assert_eq!(found, Err(nothing.to_owned()));
        let found = detect(b"<html><p>", Some(Format::Csv));
        assert_eq!(found, Err("is XML with the root `html`".to_owned()));
    }
}
