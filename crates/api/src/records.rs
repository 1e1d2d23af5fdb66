use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::json_lines::{Fields, JsonLines, kind};
use crate::{Paper, Result};

/// Reads papers from JSON lines, plain or compressed with gzip, one at a time.
///
/// A line is an object with `id`, `title`, `abstract`, `authors` (a list of strings), `year`,
/// `venue`, `url`, `categories` (a list, or a string with spaces or commas between), `doi`, `arxiv`
/// and `references` (a list of strings). Unknown
/// fields are ignored, blank lines too. A bad line is an [`Error::Record`](crate::Error::Record)
/// with its number, and the iteration may go on behind it.
///
/// ```
/// use cognate::PaperReader;
///
/// let lines = "{\"id\": \"a\", \"title\": \"One\"}\n{\"title\": \"Two\"}\n";
/// let mut reader = PaperReader::new(lines.as_bytes(), "papers.jsonl")?;
/// assert_eq!(reader.next().unwrap()?.title, "One");
/// let error = reader.next().unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "papers.jsonl:2: `id` is missing");
/// # Ok::<(), cognate::Error>(())
/// ```
#[derive(Debug)]
pub struct PaperReader<'a> {
    lines: JsonLines<'a>,
}

/// Reads texts from JSON lines, as [`PaperReader`] reads papers: a line has `text`, or `title`
/// and `abstract`, and may have an `id`.
#[derive(Debug)]
pub struct TextReader<'a> {
    lines: JsonLines<'a>,
}

/// A text to embed or to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRecord {
    /// What names it; empty when nothing does.
    pub id: String,
    /// The text.
    pub text: String,
}

impl PaperReader<'static> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) when it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            lines: JsonLines::open(path)?,
        })
    }
}

impl<'a> PaperReader<'a> {
    /// Reads from anything; `origin` names it in messages.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) when the first bytes, which tell gzip from text, cannot
    /// be read.
    pub fn new(reader: impl Read + 'a, origin: impl Into<String>) -> Result<Self> {
        Ok(Self {
            lines: JsonLines::new(reader, origin.into())?,
        })
    }

    /// The number of the line that was read last, counted from 1.
    pub fn line(&self) -> usize {
        self.lines.line()
    }
}

impl TextReader<'static> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) when it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            lines: JsonLines::open(path)?,
        })
    }
}

impl<'a> TextReader<'a> {
    /// Reads from anything; `origin` names it in messages.
    ///
    /// # Errors
    ///
    /// Those of [`PaperReader::new`].
    pub fn new(reader: impl Read + 'a, origin: impl Into<String>) -> Result<Self> {
        Ok(Self {
            lines: JsonLines::new(reader, origin.into())?,
        })
    }
}

impl Iterator for PaperReader<'_> {
    type Item = Result<Paper>;

    fn next(&mut self) -> Option<Self::Item> {
        self.lines.next_with(paper_of)
    }
}

impl Iterator for TextReader<'_> {
    type Item = Result<TextRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        self.lines.next_with(text_of)
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
        id: id(fields)?,
        text,
    })
}

fn id(fields: &Fields) -> Result<String, String> {
    match fields.get("id") {
        Some(Value::Number(number)) if !number.is_f64() => Ok(number.to_string()),
        _ => Ok(string(fields, "id")?.unwrap_or_default()),
    }
}

fn paper_of(fields: &Fields) -> Result<Paper, String> {
    let paper = Paper {
        id: id(fields)?,
        title: string(fields, "title")?.unwrap_or_default(),
        abstract_text: string(fields, "abstract")?.unwrap_or_default(),
        authors: match fields.get("authors") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => strings("authors", list)?,
            Some(other) => return Err(wrong("authors", other, "a list of strings")),
        },
        year: year(fields)?,
        venue: string(fields, "venue")?.filter(|venue| !venue.is_empty()),
        url: string(fields, "url")?.filter(|url| !url.is_empty()),
        doi: string(fields, "doi")?.filter(|doi| !doi.is_empty()),
        arxiv: string(fields, "arxiv")?.filter(|number| !number.is_empty()),
        references: match fields.get("references") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => strings("references", list)?,
            Some(other) => return Err(wrong("references", other, "a list of strings")),
        },
        categories: match fields.get("categories") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => strings("categories", list)?,
            Some(Value::String(text)) => split_categories(text),
            Some(other) => return Err(wrong("categories", other, "a string or a list of strings")),
        },
    };
    match paper.fault() {
        None => Ok(paper),
        Some(fault) => Err(fault.to_owned()),
    }
}

fn string(fields: &Fields, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(other) => Err(wrong(name, other, "a string")),
    }
}

fn strings(name: &str, list: &[Value]) -> Result<Vec<String>, String> {
    let string = |value: &Value| match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        other => Err(format!(
            "`{name}` holds {}, expected strings only",
            kind(other)
        )),
    };
    list.iter().map(string).collect()
}

fn year(fields: &Fields) -> Result<Option<i32>, String> {
    let (Some(value), expected) = (fields.get("year"), "a year such as 2017") else {
        return Ok(None);
    };
    let year = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_i64().and_then(|year| i32::try_from(year).ok()),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        other => return Err(wrong("year", other, expected)),
    };
    year.map(Some)
        .ok_or_else(|| format!("`year` is {value}, expected {expected}"))
}

/// Subjects in one string: between commas or semicolons where there are any, else between spaces.
fn split_categories(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains([',', ';']) {
        text.split([',', ';']).collect()
    } else {
        text.split_whitespace().collect()
    };
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn wrong(name: &str, found: &Value, expected: &str) -> String {
    format!("`{name}` is {}, expected {expected}", kind(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> Vec<Result<Paper, String>> {
        let reader = PaperReader::new(bytes, "f").unwrap();
        reader
            .map(|paper| paper.map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn reads_every_field() {
        let line =
            r#"{"id": 7, "title": " T ", "abstract": "A", "authors": ["X", "Y"], "year": "2017",
            "venue": "V", "url": "U", "categories": "cs.CL cs.LG", "doi": "10.1/x",
            "arxiv": "1706.03762", "references": ["8"], "other": {}}"#
                .replace('\n', "");
        let expected = Paper::new("7")
            .title("T")
            .abstract_text("A")
            .authors(["X", "Y"])
            .year(2017)
            .venue("V")
            .url("U")
            .categories(["cs.CL", "cs.LG"])
            .doi("10.1/x")
            .arxiv("1706.03762")
            .references(["8"]);
        assert_eq!(read(line.as_bytes()), [Ok(expected)]);
    }

    #[test]
    fn names_file_and_line_of_what_is_wrong() {
        let cases = [
            (
                "{",
                "f:2: not JSON at column 1: EOF while parsing an object",
            ),
            ("[1]", "f:2: found a list, expected an object"),
            (r#"{"title": "T"}"#, "f:2: `id` is missing"),
            (r#"{"id": "", "title": "T"}"#, "f:2: `id` is missing"),
            (
                r#"{"id": "a", "abstract": " "}"#,
                "f:2: `title` and `abstract` are both missing, expected one at least",
            ),
            (
                r#"{"id": "a", "title": 5}"#,
                "f:2: `title` is a number, expected a string",
            ),
            (
                r#"{"id": "a", "title": "T", "authors": "X"}"#,
                "f:2: `authors` is a string, expected a list of strings",
            ),
            (
                r#"{"id": "a", "title": "T", "year": "soon"}"#,
                "f:2: `year` is \"soon\", expected a year such as 2017",
            ),
            (
                r#"{"id": "a", "title": "T", "categories": [1]}"#,
                "f:2: `categories` holds a number, expected strings only",
            ),
        ];
        for (line, message) in cases {
            let good = r#"{"id": "good", "title": "G"}"#;
            let found = read(format!("\n{line}\n{good}").as_bytes());
            assert_eq!(found[0], Err(message.to_owned()));
            assert!(found[1].is_ok(), "reading goes on behind a bad line");
        }
        let found = read(b"{\"id\": \"\xff\"}");
        assert_eq!(found, [Err("f:1: not UTF-8 after 8 bytes".to_owned())]);
    }

    #[test]
    fn reads_gzip_in_several_members_and_says_where_it_is_cut() {
        let member = |text: &str| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let mut bytes = member("\u{feff}{\"id\": \"a\", \"title\": \"A\"}\r\n");
        bytes.extend(member("{\"id\": \"b\", \"title\": \"B\"}"));
        let ids: Vec<_> = read(&bytes)
            .into_iter()
            .map(|paper| paper.unwrap().id)
            .collect();
        assert_eq!(ids, ["a", "b"]);
        bytes.truncate(bytes.len() - 12);
        let last = read(&bytes).pop().unwrap().unwrap_err();
        assert!(last.starts_with("f:2: cannot read the file"), "{last}");
    }

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

    #[test]
    fn splits_categories_at_commas_before_spaces() {
        assert_eq!(split_categories("cs.CL  stat.ML"), ["cs.CL", "stat.ML"]);
        assert_eq!(
            split_categories("Machine Learning, Optics;"),
            ["Machine Learning", "Optics"]
        );
    }
}
