use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::read::input::Input;
use crate::read::syntax::json_lines::JsonLines;
use crate::read::syntax::json_record::{Fields, string, string_or_number, wrong};
use crate::{Error, Paper, RecordLocation, Result};

/// Reads texts from JSON lines, plain or compressed with gzip or zstd: a line has `text`, or
/// `title` and `abstract`, and may have an `id`. Behind a bad line the iteration may go on.
pub struct TextReader<'a> {
    lines: JsonLines<'a>,
    origin: String,
}

/// A text to embed or to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRecord {
    /// What names it; empty when nothing does.
    pub id: String,
    /// The text.
    pub text: String,
}

impl TextReader<'static> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be read, [`Error::UnknownFormat`] when it is compressed
    /// otherwise.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Self::new(file, path.display().to_string())
    }
}

impl<'a> TextReader<'a> {
    /// Reads from anything; `origin` names it in messages.
    ///
    /// # Errors
    ///
    /// Those of [`open`](TextReader::open).
    pub fn new(reader: impl Read + 'a, origin: impl Into<String>) -> Result<Self> {
        let origin = origin.into();
        Ok(Self {
            lines: JsonLines::new(Input::new(reader, &origin)?),
            origin,
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
        Some(text.map_err(|reason| Error::Record {
            origin: self.origin.clone(),
            location: RecordLocation::Line(line),
            reason,
        }))
    }
}

fn text_of(fields: &Fields) -> Result<TextRecord, String> {
    let text = match fields.get("text") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => return Err(wrong("text", other, "a string")),
        None => {
            let title = string(fields, "title")?.unwrap_or_default();
            let abstract_text = string(fields, "abstract")?.unwrap_or_default();
            Paper::new("")
                .title(title)
                .abstract_text(abstract_text)
                .text()
        }
    };
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
    fn reads_a_text_or_makes_one_of_a_paper() {
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
