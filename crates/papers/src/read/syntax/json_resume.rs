//! The next record behind a damaged one in a list of JSON objects.

use super::json_shape::first_fields;

/// The maximum number of bytes in which the fields of an object are compared.
const MAX_COMPARED: usize = 1 << 16;

/// The maximum number of names that are compared.
const MAX_NAMES: usize = 16;

/// The names of the fields of the records of a list, in order.
///
/// Within the text of a damaged record, whose brackets tell nothing, an object that follows another one is the
/// next record if it has the same fields, since objects in records have others.
#[derive(Default)]
pub(super) struct RecordNames(Vec<String>);

impl RecordNames {
    /// Takes the names of a record. Those of a damaged record are only taken before the first valid one.
    pub(super) fn learn(&mut self, record: &[u8], is_valid: bool) {
        if !is_valid && !self.0.is_empty() {
            return;
        }
        let fields = first_fields(&record[..record.len().min(MAX_COMPARED)]);
        // Where a damaged record ends is not known.
        let most = if is_valid { MAX_NAMES } else { 3 };
        let names = fields.into_iter().take(most);
        self.0 = names.map(|(name, _)| name.to_owned()).collect();
    }

    /// Returns the position of the next record in the text of a damaged one.
    pub(super) fn next_record(&self, damaged: &[u8]) -> Option<usize> {
        if self.0.len() < 2 {
            return None;
        }
        memchr::memchr_iter(b'{', damaged)
            .skip(1)
            .filter(|at| follows_an_object(&damaged[..*at]))
            .find(|at| self.are_those_of(&damaged[*at..]))
    }

    fn are_those_of(&self, object: &[u8]) -> bool {
        let object = &object[..object.len().min(MAX_COMPARED)];
        let first = object[1..].trim_ascii_start();
        let has_first = first.strip_prefix(b"\"").is_some_and(|name| {
            name.starts_with(self.0[0].as_bytes()) && name.get(self.0[0].len()) == Some(&b'"')
        });
        if !has_first {
            return false;
        }
        let fields = first_fields(object);
        let names = fields.iter().map(|(name, _)| *name).take(self.0.len());
        names.eq(self.0.iter().map(String::as_str))
    }
}

/// Returns whether a text ends in an object, perhaps without its brace at the end of a line, and a comma.
fn follows_an_object(before: &[u8]) -> bool {
    let trimmed = before.trim_ascii_end();
    let Some(object) = trimmed.strip_suffix(b",") else {
        return before.ends_with(b"\n") && trimmed.ends_with(b"}");
    };
    object.trim_ascii_end().ends_with(b"}") || before[trimmed.len()..].contains(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_record_has_the_fields_of_the_last() {
        let mut names = RecordNames::default();
        assert_eq!(names.next_record(b"{\"id\": 1}, {\"id\": 2}"), None);
        names.learn(
            br#"{"id": 1, "title": "A", "authors": [{"id": 2, "title": "Dr"}]}"#,
            true,
        );
        let damaged = br#"{"id": 1, "title": "A, "authors": [{"id": 3, "title": "Dr"}, {"id": 4, "title": "Dr"}]}, "#;
        let next =
            br#"{"id": 5, "title": "B", "authors": []}, {"id": 6, "title": "C", "authors": []}"#;
        let text = [&damaged[..], &next[..]].concat();
        assert_eq!(names.next_record(&text), Some(damaged.len()));
        assert_eq!(names.next_record(damaged), None);
    }
}
