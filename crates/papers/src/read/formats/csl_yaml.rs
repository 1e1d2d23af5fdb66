//! CSL-YAML: a list of the items of CSL-JSON in YAML, by itself or in a field `references`, as Pandoc reads and
//! writes it (<https://pandoc.org/MANUAL.html#specifying-bibliographic-data>).

use std::cmp::Reverse;

use serde_json::Value;

use super::csl;
use super::file_start::FileStart;
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource, Records};
use crate::read::input::{self, Input, MAX_RECORD};
use crate::read::notes::Notes;
use crate::read::syntax::json_record::{Fields, type_name};
use crate::{Paper, RecordLocation};

pub(super) const FORMAT: FormatSpec = FormatSpec {
    name: "csl-yaml",
    extensions: &["yaml", "yml"],
    recognize,
    source: RecordSource::Stream(read),
};

/// The field that contains the list of items.
const LIST: &str = "references";

/// The fields that items begin with.
const FIRST_FIELDS: [&str; 8] = [
    "id",
    "type",
    "title",
    "author",
    "abstract",
    "issued",
    "DOI",
    "container-title",
];

fn recognize(start: &FileStart<'_>) -> Option<Evidence> {
    let mut lines = start.text_lines().enumerate();
    let is_empty = |line: &str| {
        line.trim().is_empty() || line.starts_with(['#', '%']) || line.trim_end() == "---"
    };
    let (at, first) = lines.find(|(_, line)| !is_empty(line))?;
    let is_item = |line: &str| {
        let field = line
            .trim_start()
            .strip_prefix("- ")
            .and_then(|item| item.split_once(':'));
        field.is_some_and(|(name, _)| FIRST_FIELDS.contains(&name.trim().trim_matches(['"', '\''])))
    };
    if is_item(first) {
        return Some(Evidence::RecordOnLine(Reverse(at)));
    }
    // A field with the list may follow other data about a text.
    let mut lines = start.text_lines().enumerate();
    let (at, _) = lines.find(|(_, line)| top_field(line) == Some(LIST))?;
    let (_, next) = lines.find(|(_, line)| !is_empty(line))?;
    is_item(next).then_some(Evidence::RecordOnLine(Reverse(at)))
}

fn read(input: Input<'_>) -> Records<'_> {
    let notes = input.notes().clone();
    Box::new(Items {
        input,
        notes,
        line: Vec::new(),
        field: None,
        indentation: None,
        item: Vec::new(),
        item_line: 0,
        is_too_long: false,
        ended: false,
    })
}

/// Reads the items of a list, whose dashes stand one below the other. Each item is parsed by itself, so that an
/// invalid one does not affect the next, and memory is bounded.
struct Items<'a> {
    input: Input<'a>,
    notes: Notes,
    line: Vec<u8>,
    /// The last field outside of the list.
    field: Option<String>,
    /// The number of spaces before the dashes of the list, or `None` outside of it.
    indentation: Option<usize>,
    /// The item that is being read, and the number of its first line.
    item: Vec<u8>,
    item_line: usize,
    is_too_long: bool,
    ended: bool,
}

impl Items<'_> {
    /// Returns the paper of the item that was read, or `None` if there was none.
    fn take_item(&mut self) -> Option<LocatedRecord> {
        let item = std::mem::take(&mut self.item);
        let is_too_long = std::mem::take(&mut self.is_too_long);
        let location = RecordLocation::Line(self.item_line);
        if is_too_long {
            return Some((location, Err(input::too_long())));
        }
        (!item.is_empty()).then(|| (location, self.paper(&item)))
    }

    fn paper(&self, item: &[u8]) -> Result<Paper, String> {
        csl::OBJECTS.convert(&parse(item)?, &self.notes)
    }

    /// Starts an item, or continues it with the current line.
    fn add_line(&mut self) {
        if self.item.len() + self.line.len() < MAX_RECORD {
            self.item.extend_from_slice(&self.line);
            self.item.push(b'\n');
        } else {
            self.is_too_long = true;
        }
    }

    /// Processes the current line, and returns the item that ends before it.
    fn process_line(&mut self) -> Option<LocatedRecord> {
        let content = self.line.trim_ascii_start();
        let indentation = self.line.len() - content.len();
        let is_item = content == b"-" || content.starts_with(b"- ");
        if content.is_empty() || content.starts_with(b"#") {
            // Within a block of text, these lines are a part of it.
            if self.indentation.is_some() {
                self.add_line();
            }
            return None;
        }
        match self.indentation {
            Some(dash) if indentation > dash => {
                self.add_line();
                None
            }
            Some(dash) if is_item && indentation == dash => {
                let item = self.take_item();
                self.item_line = self.input.line();
                self.add_line();
                item
            }
            // The list ends.
            Some(_) => {
                let item = self.take_item();
                self.indentation = None;
                self.leave_list();
                item
            }
            None if is_item && self.field.as_deref().is_none_or(|field| field == LIST) => {
                self.indentation = Some(indentation);
                self.item_line = self.input.line();
                self.add_line();
                None
            }
            None => {
                self.leave_list();
                None
            }
        }
    }

    /// Remembers the field of a line outside of the list.
    fn leave_list(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        if let Some(field) = top_field(&line) {
            self.field = Some(field.to_owned());
        }
    }
}

impl Iterator for Items<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        while !self.ended {
            match self.input.next_line(&mut self.line) {
                Some(Ok(())) => {
                    if let Some(item) = self.process_line() {
                        return Some(item);
                    }
                }
                Some(Err(reason)) => {
                    self.item.clear();
                    return Some((RecordLocation::Line(self.input.line()), Err(reason)));
                }
                None => {
                    self.ended = true;
                    return self.take_item();
                }
            }
        }
        None
    }
}

/// Returns the name of the field that a line without indentation begins.
fn top_field(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(':')?;
    let is_name =
        !name.is_empty() && !name.starts_with(|c: char| c.is_whitespace() || c == '-' || c == '#');
    is_name.then(|| name.trim_end().trim_matches(['"', '\'']))
}

/// Parses a list with one item, which is an object.
fn parse(item: &[u8]) -> Result<Fields, String> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        leading_zero_numbers_as_strings: true,
        strict_booleans: true,
    };
    let items = serde_saphyr::from_str_with_options::<Vec<Value>>(input::text(item)?, options);
    let items = items.map_err(|error| {
        let message = error.to_string();
        format!("not YAML: {}", message.lines().next().unwrap_or_default())
    })?;
    match items.into_iter().next() {
        Some(Value::Object(fields)) => Ok(fields),
        Some(other) => Err(format!("found {}, expected an object", type_name(&other))),
        None => Err("found an empty list, expected an object".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_an_object_whose_numbers_keep_their_zeros() {
        let fields =
            parse(b"- id: x\n  volume: 012\n  issued: 2017-06\n  title: |\n    A\n\n    B\n")
                .unwrap();
        assert_eq!(fields["volume"], "012");
        assert_eq!(fields["issued"], "2017-06");
        assert_eq!(fields["title"], "A\n\nB\n");
        assert_eq!(
            parse(b"- x"),
            Err("found a string, expected an object".to_owned())
        );
        assert!(parse(b"- id: [x").unwrap_err().starts_with("not YAML: "));
    }

    #[test]
    fn aliases_cannot_multiply() {
        let lines = (1..10).map(|at| {
            let aliases = vec![format!("*a{}", at - 1); 10].join(", ");
            format!("  a{at}: &a{at} [{aliases}]\n")
        });
        let text =
            "- a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned() + &lines.collect::<String>();
        let error = parse(text.as_bytes()).unwrap_err();
        assert!(
            error.starts_with("not YAML: ") && error.len() < 300,
            "{error}"
        );
    }

    #[test]
    fn the_first_lines_tell_whether_a_file_is_a_list_of_items() {
        let recognized = |text: &str| recognize(&FileStart::new(text.as_bytes())).is_some();
        for text in [
            "- id: a\n  title: A\n",
            "# Comment\n---\nreferences:\n- id: a\n",
            "title: X\nauthor:\n- A\nreferences:\n  - type: book\n    id: a\n",
        ] {
            assert!(recognized(text), "{text}");
        }
        for text in [
            "- one\n- two\n",
            "references: none\n",
            "Dear all:\n- we\n",
            "references:\nSmith: A.\n",
        ] {
            assert!(!recognized(text), "{text}");
        }
    }
}
