use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

#[cfg(feature = "parquet")]
use crate::read::formats::Rows;
use crate::read::formats::{self, Format, Records};
use crate::read::input::Input;
use crate::{Error, Paper, RecordLocation, Result};

/// Reads papers from a file of any [`Format`], one at a time.
///
/// The format is told by the first bytes; where they do not tell, by the ending of the name. Any
/// may be compressed with gzip or Zstandard. Markup in LaTeX, HTML or XML becomes plain text; DOIs
/// and numbers of arXiv get one form. Files are read as streams: memory does not depend on their
/// size, and a record has 64 MiB at most.
///
/// Cognate's own format is JSON lines: a line is an object with `id`, `title`, `abstract`, `authors`
/// (a list of strings), `year`, `venue`, `url`, `categories` (a list, or a string with spaces or
/// commas between), `doi`, `arxiv` and `references` (a list of strings). Unknown fields are ignored,
/// blank lines too.
///
/// A bad record is an [`Error::Record`] with its place, and the iteration may go on behind it; where
/// the rest of a file cannot be read, the error is the last that comes.
///
/// ```
/// use cognate_papers::PaperReader;
///
/// let lines = "{\"id\": \"a\", \"title\": \"One\"}\n{\"title\": \"Two\"}\n";
/// let mut reader = PaperReader::new(lines.as_bytes(), "papers.jsonl")?;
/// assert_eq!(reader.next().unwrap()?.title, "One");
/// let error = reader.next().unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "papers.jsonl:2: `id` is missing");
///
/// let entry = r#"@article{goedel31, author = {G{\"o}del, Kurt}, title = {{\"U}ber S{\"a}tze}}"#;
/// let paper = PaperReader::new(entry.as_bytes(), "refs.bib")?.next().unwrap()?;
/// assert_eq!((&*paper.id, &*paper.title), ("goedel31", "Über Sätze"));
/// # Ok::<(), cognate_papers::Error>(())
/// ```
pub struct PaperReader<'a> {
    records: Records<'a>,
    origin: String,
    format: Format,
    location: Option<RecordLocation>,
}

impl PaperReader<'static> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot be read, [`Error::UnknownFormat`] when neither content nor name
    /// tell a format.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Self::from_file(file, path.display().to_string(), None)
    }

    /// Reads an open file from where it stands, in a format that is told or found out; `origin` is
    /// its name. Parquet is read in place, from the start of the file.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn from_file(
        file: File,
        origin: impl Into<String>,
        format: Option<Format>,
    ) -> Result<Self> {
        let origin = origin.into();
        let whole = file.try_clone();
        let whole = whole.map_err(Error::io("read", Path::new(&origin)))?;
        let source = Input::new(file, &origin)?;
        let by_name = Format::of_name(Path::new(&origin));
        let format = explicit_or_detected(&source, &origin, format, by_name)?;
        // Where it is compressed once more, the bytes of the file are not those of the table.
        if format == Format::Parquet && !source.is_packed() {
            return Self::of_rows(whole, origin);
        }
        Self::of_source(source, origin, format)
    }
}

impl<'a> PaperReader<'a> {
    /// Reads from anything; the content alone tells the format, and `origin` is its name in
    /// messages. Parquet is copied to a temporary file, since its end comes first.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the first bytes cannot be read, [`Error::UnknownFormat`] when they do not
    /// tell a format.
    pub fn new(reader: impl Read + 'a, origin: impl Into<String>) -> Result<Self> {
        let origin = origin.into();
        let source = Input::new(reader, &origin)?;
        let format = explicit_or_detected(&source, &origin, None, None)?;
        Self::of_source(source, origin, format)
    }

    /// Reads from anything that is in this format.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the first bytes cannot be read.
    pub fn with_format(
        reader: impl Read + 'a,
        origin: impl Into<String>,
        format: Format,
    ) -> Result<Self> {
        let origin = origin.into();
        let source = Input::new(reader, &origin)?;
        Self::of_source(source, origin, format)
    }

    /// The format that the papers are read in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Where the record that came last stands; nothing before the first.
    pub fn location(&self) -> Option<RecordLocation> {
        self.location
    }

    fn of_source(source: Input<'a>, origin: String, format: Format) -> Result<Self> {
        if format == Format::Parquet {
            let mut spool = source.into_reader();
            let mut copy = || -> io::Result<File> {
                let mut file = tempfile::tempfile()?;
                io::copy(&mut spool, &mut file)?;
                Ok(file)
            };
            let file = copy().map_err(Error::io("copy", Path::new(&origin)))?;
            return Self::of_rows(file, origin);
        }
        Ok(Self {
            records: formats::records(format, source),
            origin,
            format,
            location: None,
        })
    }

    #[cfg(not(feature = "parquet"))]
    fn of_rows(_: File, origin: String) -> Result<Self> {
        Err(Error::UnknownFormat {
            origin,
            found: "is in Parquet".to_owned(),
            expected: "another format, or a build with the feature `parquet`".to_owned(),
        })
    }

    #[cfg(feature = "parquet")]
    fn of_rows(file: File, origin: String) -> Result<Self> {
        let rows = Rows::new(file).map_err(io::Error::other);
        let rows = rows.map_err(Error::io("read", Path::new(&origin)))?;
        Ok(Self {
            records: Box::new(rows),
            origin,
            format: Format::Parquet,
            location: None,
        })
    }
}

fn explicit_or_detected(
    source: &Input<'_>,
    origin: &str,
    told: Option<Format>,
    by_name: Option<Format>,
) -> Result<Format> {
    if let Some(format) = told {
        return Ok(format);
    }
    formats::detect(source.head(), by_name).map_err(|found| Error::UnknownFormat {
        origin: origin.to_owned(),
        found,
        expected: format!("one of {}", Format::names()),
    })
}

impl std::fmt::Debug for PaperReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperReader")
            .field("origin", &self.origin)
            .field("format", &self.format)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl Iterator for PaperReader<'_> {
    type Item = Result<Paper>;

    fn next(&mut self) -> Option<Self::Item> {
        let (location, outcome) = self.records.next()?;
        self.location = Some(location);
        let outcome = outcome.and_then(|paper| match paper.fault() {
            None => Ok(paper),
            Some(fault) => Err(fault.to_owned()),
        });
        Some(outcome.map_err(|reason| Error::Record {
            origin: self.origin.clone(),
            location,
            reason,
        }))
    }
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
            "venue": "V", "url": "U", "categories": "cs.CL cs.LG", "doi": "https://doi.org/10.1000/X",
            "arxiv": "arXiv:1706.03762v2", "references": ["8"], "other": {}}"#
                .replace('\n', "");
        let expected = Paper::new("7")
            .title("T")
            .abstract_text("A")
            .authors(["X", "Y"])
            .year(2017)
            .venue("V")
            .url("U")
            .categories(["cs.CL", "cs.LG"])
            .doi("10.1000/x")
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
}
