use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::read::input::{Input, MAX_PAPER, too_long_a_paper};
use crate::read::notes::Notes;
use crate::read::syntax::json_lines::JsonLines;
use crate::read::syntax::json_record::{Fields, string, string_or_number, wrong_type};
use crate::{Error, Paper, RecordLocation, Result};

/// Reads texts, such as queries, from JSON lines.
///
/// Each line is an object with a field `text`, or with `title` or `abstract` or both, and
/// optionally `id`. The file may be compressed with gzip or Zstandard. After an invalid line, the
/// iterator continues with the next line. If the file breaks off, the last item is an
/// [`Error::Incomplete`].
///
/// # Examples
///
/// ```
/// use cognate_papers::TextReader;
///
/// let lines = "{\"id\": \"q1\", \"text\": \"sparse attention\"}\n{\"title\": \"Graphs\"}\n";
/// let mut reader = TextReader::new(lines.as_bytes(), "queries.jsonl")?;
/// let first = reader.next().unwrap()?;
/// assert_eq!((&*first.id, &*first.text), ("q1", "sparse attention"));
/// assert_eq!(reader.next().unwrap()?.text, "Graphs");
/// # Ok::<(), cognate_papers::Error>(())
/// ```
pub struct TextReader<'a> {
    lines: JsonLines<'a>,
    origin: String,
    notes: Notes,
}

/// A text to embed or to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextRecord {
    /// The identifier of the text, or an empty string if it has none.
    pub id: String,
    /// The text.
    pub text: String,
}

impl TextReader<'static> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the file cannot be read, and [`Error::UnknownFormat`] if it is
    /// compressed in an unsupported way or of an unsupported type.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Self::new(file, path.display().to_string())
    }
}

impl<'a> TextReader<'a> {
    /// Reads from a stream; `origin` is its name in errors.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](TextReader::open).
    pub fn new(reader: impl Read + Send + 'a, origin: impl Into<String>) -> Result<Self> {
        let origin = origin.into();
        let input = Input::new(reader, &origin)?;
        let notes = input.notes().clone();
        let lines = JsonLines::new(input);
        Ok(Self {
            lines,
            origin,
            notes,
        })
    }
}

impl std::fmt::Debug for TextReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextReader")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl Iterator for TextReader<'_> {
    type Item = Result<TextRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, fields) = self.lines.next()?;
        let text = fields.and_then(|fields| text_of(&fields));
        let (origin, location) = (&self.origin, RecordLocation::Line(line));
        Some(text.map_err(|reason| {
            let origin = origin.clone();
            if self.notes.is_incomplete() {
                Error::Incomplete {
                    origin,
                    location,
                    reason,
                }
            } else {
                Error::Record {
                    origin,
                    location,
                    reason,
                }
            }
        }))
    }
}

fn text_of(fields: &Fields) -> Result<TextRecord, String> {
    let text = match fields.get("text") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => return Err(wrong_type("text", other, "a string")),
        None => {
            let title = string(fields, "title")?.unwrap_or_default();
            let abstract_text = string(fields, "abstract")?.unwrap_or_default();
            Paper::new("")
                .title(title)
                .abstract_text(abstract_text)
                .text()
        }
    };
    if text.len() > MAX_PAPER {
        return Err(too_long_a_paper());
    }
    if text.trim().is_empty() {
        return Err("there is no text, expected `text`, or `title` and `abstract`".to_owned());
    }
    Ok(TextRecord {
        id: string_or_number(fields, "id")?.unwrap_or_default(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_text_or_joins_title_and_abstract() {
        let lines = r#"{"id": 3, "text": " a b "}
            {"title": "T", "abstract": "A."}
            {"id": "x"}
            {"text": ["a"]}"#;
        let found: Vec<_> = TextReader::new(lines.as_bytes(), "f")
            .unwrap()
            .map(|record| record.map_err(|error| error.to_string()))
            .collect();
        let record = |id: &str, text: &str| TextRecord {
            id: id.to_owned(),
            text: text.to_owned(),
        };
        let missing = "f:3: there is no text, expected `text`, or `title` and `abstract`";
        let wrong = "f:4: `text` is a list, expected a string";
        assert_eq!(
            found,
            [
                Ok(record("3", " a b ")),
                Ok(record("", "T A.")),
                Err(missing.to_owned()),
                Err(wrong.to_owned())
            ]
        );
    }
}
