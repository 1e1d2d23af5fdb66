//! The arrangement of JSON objects in a document, told by its first bytes.

/// The names of fields that contain the list of records in the responses of catalog APIs.
pub(super) const LIST_FIELDS: [&str; 3] = ["results", "data", "items"];

/// The arrangement of the objects in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One object per line.
    Lines,
    /// A list of objects, or a sequence of objects over several lines.
    List,
    /// An object with a list of objects in one of [`LIST_FIELDS`].
    Field,
}

impl Shape {
    /// Returns the shape of a document that begins with `start`.
    pub(crate) fn of(start: &[u8]) -> Self {
        let start = start.trim_ascii_start();
        if let Some(list) = start.strip_prefix(b"[") {
            return match list.trim_ascii_start().first() {
                None | Some(b'{' | b']') => Self::List,
                Some(_) => Self::Lines,
            };
        }
        let fields = first_fields(start);
        let list = fields.iter().position(|(key, value)| {
            LIST_FIELDS.contains(key) && value.first() == Some(&b'[') && holds_objects(&value[1..])
        });
        let is_record = |(key, _): &(&str, &[u8])| ["id", "title", "paperId"].contains(key);
        // In an object over several lines, the first name or the end follows on the next line.
        let is_multiline = start
            .strip_prefix(b"{")
            .and_then(|inside| Some((inside.first()?, inside.trim_ascii_start().first()?)))
            .is_some_and(|(next, first)| {
                matches!(next, b'\r' | b'\n') && matches!(first, b'"' | b'}')
            });
        match list {
            Some(list) if !fields[..list].iter().any(is_record) => Self::Field,
            _ if is_multiline => Self::List,
            _ => Self::Lines,
        }
    }
}

fn holds_objects(list: &[u8]) -> bool {
    matches!(list.trim_ascii_start().first(), None | Some(b'{' | b']'))
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
            "[1]\n{}",
            "",
            "{",
        ] {
            assert_eq!(Shape::of(text.as_bytes()), Shape::Lines, "{text}");
        }
    }
}
