use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Map, Value};

use crate::{Error, Paper, Result};

/// Reads papers from JSON lines, plain or compressed with gzip, one at a time.
///
/// A line is an object with `id`, `title`, `abstract`, `authors` (a list of strings), `year`,
/// `venue`, `url` and `categories` (a list, or a string with spaces or commas between). Unknown
/// fields are ignored, blank lines too. A bad line is an [`Error::Record`] with its number, and
/// the iteration may go on behind it.
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
pub struct PaperReader<'a> {
    lines: Box<dyn BufRead + 'a>,
    origin: String,
    line: usize,
    buffer: Vec<u8>,
    failed: bool,
}

impl std::fmt::Debug for PaperReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperReader")
            .field("origin", &self.origin)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl PaperReader<'static> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Self::new(file, path.display().to_string())
    }
}

impl<'a> PaperReader<'a> {
    /// Reads from anything; `origin` names it in messages.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the first bytes, which tell gzip from text, cannot be read.
    pub fn new(reader: impl Read + 'a, origin: impl Into<String>) -> Result<Self> {
        let origin = origin.into();
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let head = reader.fill_buf().map_err(Error::io("read", Path::new(&origin)))?;
        let lines: Box<dyn BufRead + 'a> = if head.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::new(MultiGzDecoder::new(reader)))
        } else {
            Box::new(reader)
        };
        Ok(Self { lines, origin, line: 0, buffer: Vec::new(), failed: false })
    }

    /// The number of the line that was read last, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    fn fault(&self, reason: String) -> Error {
        Error::Record { origin: self.origin.clone(), line: self.line, reason }
    }
}

impl Iterator for PaperReader<'_> {
    type Item = Result<Paper>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            self.buffer.clear();
            match self.lines.read_until(b'\n', &mut self.buffer) {
                Ok(0) => return None,
                Ok(_) => self.line += 1,
                Err(error) => {
                    // Behind a read error there is nothing to go on with.
                    self.failed = true;
                    self.line += 1;
                    return Some(Err(self.fault(format!("cannot read the file: {error}"))));
                }
            }
            let bytes = match self.line {
                1 => self.buffer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.buffer),
                _ => &self.buffer,
            };
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let paper = std::str::from_utf8(bytes)
                .map_err(|error| format!("not UTF-8 after {} bytes", error.valid_up_to()))
                .and_then(parse_record);
            return Some(paper.map_err(|reason| self.fault(reason)));
        }
        None
    }
}

/// Makes a paper of one line.
fn parse_record(line: &str) -> Result<Paper, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| {
        // Its own line number is always 1.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        format!("not JSON at column {}: {message}", error.column())
    })?;
    let Value::Object(fields) = value else {
        return Err(format!("found {}, expected an object", kind(&value)));
    };
    let paper = Paper {
        id: match fields.get("id") {
            Some(Value::Number(number)) if !number.is_f64() => number.to_string(),
            _ => string(&fields, "id")?.unwrap_or_default(),
        },
        title: string(&fields, "title")?.unwrap_or_default(),
        abstract_text: string(&fields, "abstract")?.unwrap_or_default(),
        authors: match fields.get("authors") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => strings("authors", list)?,
            Some(other) => return Err(wrong("authors", other, "a list of strings")),
        },
        year: year(&fields)?,
        venue: string(&fields, "venue")?.filter(|venue| !venue.is_empty()),
        url: string(&fields, "url")?.filter(|url| !url.is_empty()),
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

fn string(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(other) => Err(wrong(name, other, "a string")),
    }
}

fn strings(name: &str, list: &[Value]) -> Result<Vec<String>, String> {
    let string = |value: &Value| match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        other => Err(format!("`{name}` holds {}, expected strings only", kind(other))),
    };
    list.iter().map(string).collect()
}

fn year(fields: &Map<String, Value>) -> Result<Option<i32>, String> {
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
    year.map(Some).ok_or_else(|| format!("`year` is {value}, expected {expected}"))
}

/// Subjects in one string: between commas or semicolons where there are any, else between spaces.
fn split_categories(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains([',', ';']) {
        text.split([',', ';']).collect()
    } else {
        text.split_whitespace().collect()
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn wrong(name: &str, found: &Value, expected: &str) -> String {
    format!("`{name}` is {}, expected {expected}", kind(found))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> Vec<Result<Paper, String>> {
        let reader = PaperReader::new(bytes, "f").unwrap();
        reader.map(|paper| paper.map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn reads_every_field() {
        let line = r#"{"id": 7, "title": " T ", "abstract": "A", "authors": ["X", "Y"], "year": "2017",
            "venue": "V", "url": "U", "categories": "cs.CL cs.LG", "other": {}}"#
            .replace('\n', "");
        let expected = Paper::new("7")
            .title("T")
            .abstract_text("A")
            .authors(["X", "Y"])
            .year(2017)
            .venue("V")
            .url("U")
            .categories(["cs.CL", "cs.LG"]);
        assert_eq!(read(line.as_bytes()), [Ok(expected)]);
    }

    #[test]
    fn names_file_and_line_of_what_is_wrong() {
        let cases = [
            ("{", "f:2: not JSON at column 1: EOF while parsing an object"),
            ("[1]", "f:2: found a list, expected an object"),
            (r#"{"title": "T"}"#, "f:2: `id` is missing"),
            (r#"{"id": "", "title": "T"}"#, "f:2: `id` is missing"),
            (
                r#"{"id": "a", "abstract": " "}"#,
                "f:2: `title` and `abstract` are both missing, expected one at least",
            ),
            (r#"{"id": "a", "title": 5}"#, "f:2: `title` is a number, expected a string"),
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
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let mut bytes = member("\u{feff}{\"id\": \"a\", \"title\": \"A\"}\r\n");
        bytes.extend(member("{\"id\": \"b\", \"title\": \"B\"}"));
        let ids: Vec<_> = read(&bytes).into_iter().map(|paper| paper.unwrap().id).collect();
        assert_eq!(ids, ["a", "b"]);
        bytes.truncate(bytes.len() - 12);
        let last = read(&bytes).pop().unwrap().unwrap_err();
        assert!(last.starts_with("f:2: cannot read the file"), "{last}");
    }

    #[test]
    fn splits_categories_at_commas_before_spaces() {
        assert_eq!(split_categories("cs.CL  stat.ML"), ["cs.CL", "stat.ML"]);
        assert_eq!(split_categories("Machine Learning, Optics;"), ["Machine Learning", "Optics"]);
    }
}
