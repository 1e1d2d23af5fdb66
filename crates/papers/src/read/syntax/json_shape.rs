//! The arrangement of JSON objects in a document, told by its first bytes.

use super::json_path::ListPath;

/// The names of fields that contain the list of records in the responses of catalog APIs, or an object with it.
const LIST_FIELDS: [&str; 18] = [
    "results",
    "data",
    "items",
    "hits",
    "docs",
    "hit",
    "result",
    "works",
    "papers",
    "articles",
    "publications",
    "records",
    "entries",
    "entry",
    "documents",
    "notes",
    "recommendedPapers",
    "message",
];

/// The names of lists within a record, whose items have titles too.
const LISTS_OF_RECORDS: [&str; 9] = [
    "references",
    "reference",
    "citations",
    "cited_by",
    "related",
    "authors",
    "author",
    "editors",
    "versions",
];

/// The names of fields that have the title of a record.
pub(crate) const TITLES: [&str; 6] = [
    "title",
    "titles",
    "display_name",
    "Title",
    "TITLE",
    "bibcode",
];

/// The names of fields with the record itself in the items of a list.
pub(crate) const RECORD_FIELDS: [&str; 8] = [
    "metadata",
    "info",
    "attributes",
    "paper",
    "citedPaper",
    "citingPaper",
    "_source",
    "content",
];

/// The names of fields of a record. An object with one of them before a list is a record with a list.
const RECORD_NAMES: [&str; 8] = [
    "id", "title", "paperId", "DOI", "doi", "authors", "author", "abstract",
];

/// The maximum number of objects around a list of records.
const MAX_DEPTH: usize = 4;

/// The arrangement of the objects in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One object per line.
    Lines,
    /// A list of objects, or a sequence of objects over several lines.
    List,
    /// An object with a list of objects in one of its fields, or in nested objects.
    Field(ListPath),
}

impl Shape {
    /// Returns the shape of a document that begins with `start`.
    pub(crate) fn of(start: &[u8]) -> Self {
        let start = start.trim_ascii_start();
        if let Some(list) = start.strip_prefix(b"[") {
            let list = list.trim_ascii_start();
            return match list.first() {
                None | Some(b'{' | b']') => Self::List,
                // Catalogs answer null for a paper that they do not have.
                _ if list.starts_with(b"null") => Self::List,
                Some(_) => Self::Lines,
            };
        }
        match list_of_records(start) {
            Some((path, _)) => Self::Field(path),
            None if is_over_several_lines(start) => Self::List,
            None => Self::Lines,
        }
    }
}

/// Returns the bytes from the first record of a document on, which is the document itself unless it is, or
/// contains, a list.
pub(crate) fn first_record(start: &[u8]) -> &[u8] {
    let start = start.trim_ascii_start();
    match list_of_records(start) {
        Some((_, list)) => first_item(list),
        None if start.starts_with(b"[") => first_item(start),
        None => start,
    }
}

/// Returns the bytes of a list from its first item that is not null on.
fn first_item(list: &[u8]) -> &[u8] {
    let mut item = list.strip_prefix(b"[").unwrap_or(list).trim_ascii_start();
    while let Some(next) = item.strip_prefix(b"null") {
        let next = next.trim_ascii_start();
        item = next.strip_prefix(b",").unwrap_or(next).trim_ascii_start();
    }
    item
}

/// Returns the path of the first list of records in nested objects, and the bytes from the list on.
fn list_of_records(start: &[u8]) -> Option<(ListPath, &[u8])> {
    let mut names = Vec::new();
    // A list of records that have titles takes precedence over one with a known name.
    let found = nested_list(start, &mut names, None);
    let (list, depth) = found.or_else(|| {
        names.clear();
        nested_list(start, &mut names, Some(false))
    })?;
    names.truncate(depth);
    Some((ListPath::new(names), list))
}

/// Searches the fields of an object, and of objects in its fields, for a list of records. The names of the fields
/// on the way go to `names`.
///
/// `in_known` tells whether the object is in a field of a known name; without it, only a list of records that have
/// titles is found.
fn nested_list<'a>(
    object: &'a [u8],
    names: &mut Vec<&'a str>,
    in_known: Option<bool>,
) -> Option<(&'a [u8], usize)> {
    let is_lenient = in_known.is_some();
    let in_known = in_known == Some(true);
    let fields = first_fields(object);
    for (at, (name, value)) in fields.iter().enumerate() {
        let is_known = is_lenient && LIST_FIELDS.contains(name);
        let is_record = || {
            fields[..at]
                .iter()
                .any(|(name, _)| RECORD_NAMES.contains(name))
        };
        names.push(name);
        let found = match value.first() {
            Some(b'[') if is_record() => None,
            Some(b'[') => {
                let item = first_item(value);
                let is_list = match item.first() {
                    // A list of a known name may be empty.
                    None | Some(b']') => is_known,
                    Some(b'{') if is_known || in_known => {
                        !LISTS_OF_RECORDS.contains(name) || is_record_start(item)
                    }
                    Some(b'{') => !LISTS_OF_RECORDS.contains(name) && is_record_start(item),
                    Some(_) => false,
                };
                is_list.then_some((*value, names.len()))
            }
            Some(b'{') if names.len() < MAX_DEPTH && !is_record() => {
                nested_list(value, names, is_lenient.then_some(is_known))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        names.pop();
    }
    None
}

/// Returns whether an object has the title of a record and another field, or contains such an object.
fn is_record_start(object: &[u8]) -> bool {
    let has_title = |fields: &[(&str, &[u8])]| {
        fields.len() > 1 && fields.iter().any(|(name, _)| TITLES.contains(name))
    };
    let fields = first_fields(object);
    has_title(&fields)
        || fields.iter().any(|(name, value)| {
            RECORD_FIELDS.contains(name)
                && value.starts_with(b"{")
                && has_title(&first_fields(value))
        })
}

/// Returns whether an object is not closed on its first line, and is continued on the next. After a damaged line,
/// another object begins there.
fn is_over_several_lines(start: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', start) else {
        return false;
    };
    let (first, rest) = start.split_at(end);
    let next = rest.trim_ascii_start().first();
    let is_continued = match first.trim_ascii_end().last() {
        Some(b'[' | b':') => next.is_some(),
        _ => matches!(next, Some(b'"' | b'}')),
    };
    start.starts_with(b"{") && !is_closed(first) && is_continued
}

/// Returns whether the first object of a line is closed on it.
fn is_closed(line: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// Returns the names of the fields of the first object in `start`, each with the bytes after its
/// colon.
///
/// Fields of nested objects are not included. The object may be incomplete.
pub(crate) fn first_fields(start: &[u8]) -> Vec<(&str, &[u8])> {
    let mut fields = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    // The last string at depth 1, which is a name if a colon follows.
    let mut string: &[u8] = &[];
    while let Some(byte) = start.get(at) {
        match byte {
            b'"' => {
                let string_start = at + 1;
                at = string_start;
                while start.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if start[at] == b'\\' { 2 } else { 1 };
                }
                string = start.get(string_start..at).unwrap_or_default();
            }
            b':' if depth == 1 => {
                if let Ok(name) = std::str::from_utf8(string) {
                    fields.push((name, start[at + 1..].trim_ascii_start()));
                }
                string = &[];
            }
            b'{' => depth += 1,
            b'[' if depth > 0 => depth += 1,
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
        at += 1;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_on_single_lines_are_not_a_list() {
        for text in [
            "{\"id\": 1}\n",
            "{\"id\": 1, \"data\": [{}]}",
            "{\"title\": \"A\", \"items\": [{\"title\": \"B\", \"id\": 2}]}",
            "{\"references\": [{\"title\": \"B\", \"id\": 2}], \"title\": \"A\"}",
            "{\"abstract\": \"A\", \"x\": {\"results\": [{}]}}",
            "{\"id\": 1,\n{\"id\": 2}",
            "[1]\n{}",
            "",
            "{",
        ] {
            assert_eq!(Shape::of(text.as_bytes()), Shape::Lines, "{text}");
        }
    }

    #[test]
    fn a_list_of_records_is_found_in_nested_objects() {
        for (text, path) in [
            (
                r#"{"meta": {"count": 1}, "results": [{"a": 1}]}"#,
                "results",
            ),
            (
                r#"{"status": "ok", "message": {"facets": {}, "items": [{"DOI": "x"}]}}"#,
                "message.items",
            ),
            (
                r#"{"recommendedPapers": [null, {"paperId": 1}]}"#,
                "recommendedPapers",
            ),
            (
                r#"{"hits": {"hits": [{"metadata": {"titles": [], "x": 1}}], "total": 1}}"#,
                "hits.hits",
            ),
            (
                r#"{"responseHeader": {"params": {"q": "x"}}, "response": {"docs": [{"bibcode": "x"}]}}"#,
                "response.docs",
            ),
            (
                r#"{"result": {"completions": {"c": [{"text": "x", "@sc": "1"}]}, "hits": {"hit": [{"info": {}}]}}}"#,
                "result.hits.hit",
            ),
            (
                r#"{"version": "6", "resultList": {"result": [{"id": "1"}]}}"#,
                "resultList.result",
            ),
            (r#"{"my_papers": [{"title": "A", "year": 1}]}"#, "my_papers"),
            (
                r#"{"a": {"b": [{"paper": {"title": "A", "id": 1}}]}}"#,
                "a.b",
            ),
            (r#"{"count": 0, "notes": []}"#, "notes"),
            (
                r#"{"result": [{"total": "1"}], "records": [{"title": "A", "id": 1}]}"#,
                "records",
            ),
        ] {
            match Shape::of(text.as_bytes()) {
                Shape::Field(found) => assert_eq!(found.to_string(), path, "{text}"),
                other => panic!("{other:?}: {text}"),
            }
        }
        assert_eq!(Shape::of(b"[null, {\"id\": 1}]"), Shape::List);
        assert_eq!(Shape::of(b"{\"a\": [1],\n \"id\": 1}"), Shape::List);
    }
}
