use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::formats::Format;
use super::formats::detect::{detect, objects_of};
use super::formats::spec::{RecordSource, Records, objects};
use super::input::{Input, MAX_PAPER, MAX_VALUES, too_long_a_paper, too_many};
use super::notes::{Notes, Remark};
use crate::{Error, Paper, RecordLocation, Result};

/// Reads papers from a file in any [`Format`], one at a time.
///
/// The reader detects the format by the first bytes of the file and, if they are not conclusive, by
/// the extension of the file name. Files may be compressed with gzip or Zstandard. The reader
/// converts LaTeX, HTML and XML markup to plain text, and DOIs and arXiv identifiers to the form
/// that [`identifiers`](crate::identifiers) describes.
///
/// Text may be in UTF-8, in UTF-16, or in the encoding that XML declares. If almost nothing in a file that is
/// neither XML nor JSON is UTF-8, it is read as Windows-1252, with a [remark](PaperReader::take_remarks). Lines
/// may end in line feeds, carriage returns or both.
///
/// The iterator yields an [`Error::Record`] with the location of each record that is not a paper,
/// and continues with the next record, which it finds in damaged XML and JSON too. If the file breaks off or
/// cannot be read further, the last item is an [`Error::Incomplete`].
///
/// # Cognate's own format
///
/// Each line is a JSON object with the fields `id`, `title`, `abstract`, `authors` (a list of
/// strings), `year`, `venue`, `url`, `categories` (a list of strings, or a string with commas between them
/// or, if they are codes such as `cs.CL`, spaces), `doi`, `arxiv`, `references` (a list of strings) and those of
/// [`Details`](crate::Details), all of them optional but for one that can name the paper. The reader
/// counts [unknown fields](PaperReader::ignored_fields), and skips blank lines.
///
/// A reader is [`Send`]: it can be made on one thread and read on another.
///
/// # Complexity
///
/// Linear in the size of the file. Memory is bounded by the size of a record, at most 64 MiB and
/// 1,048,576 values (fields, items of lists, elements), except that a BibTeX reader keeps what others
/// may inherit of the entries of some types, and the entries that inherit from one that was not read yet. A larger record is an error, and so is a paper whose texts have more
/// than 4 MiB.
///
/// # Examples
///
/// ```
/// use cognate_papers::PaperReader;
///
/// let lines = "{\"id\": \"a\", \"title\": \"One\"}\n{\"year\": 2017}\n";
/// let mut reader = PaperReader::new(lines.as_bytes(), "papers.jsonl")?;
/// assert_eq!(reader.next().unwrap()?.title, "One");
/// let error = reader.next().unwrap().unwrap_err();
/// assert!(error.to_string().starts_with("papers.jsonl:2: there is no `id`"));
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
    notes: Notes,
    /// What the content looks like if the format was given and is another one, until a record fits the format.
    misfit: Option<String>,
}

impl PaperReader<'static> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the file cannot be read, and [`Error::UnknownFormat`] if neither
    /// its content nor its name reveals the format.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Self::from_file(file, path.display().to_string(), None)
    }

    /// Reads an open file from its current position; `origin` is its name.
    ///
    /// If `format` is `None`, the reader detects the format. It reads an uncompressed Parquet file
    /// in place, from the start of the file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the file cannot be read, and [`Error::UnknownFormat`] if the format
    /// is `None` and neither the content nor `origin` reveals it.
    pub fn from_file(
        file: File,
        origin: impl Into<String>,
        format: Option<Format>,
    ) -> Result<Self> {
        let origin = origin.into();
        let seekable = file.try_clone();
        let seekable = seekable.map_err(Error::io("read", Path::new(&origin)))?;
        let input = Input::new(file, &origin)?;
        let by_name = Format::of_name(Path::new(&origin));
        let misfit = format.and_then(|format| misfit(&input, format));
        let format = explicit_or_detected(&input, &origin, format, by_name)?;
        let reader = match format.source() {
            // The bytes of a compressed file are not those of the format.
            RecordSource::File(open) if !input.is_compressed() => {
                let records = open(seekable, &origin, input.notes(), objects_of);
                let records = match (records, &misfit) {
                    (Err(_), Some(misfit)) => return Err(no_record(&origin, format, misfit)),
                    (records, _) => records?,
                };
                Self::from_records(records, origin, format, input.notes().clone())
            }
            _ => Self::from_input(input, origin, format)?,
        };
        Ok(Self { misfit, ..reader })
    }
}

impl<'a> PaperReader<'a> {
    /// Reads from a stream whose content alone reveals the format; `origin` is its name in errors.
    ///
    /// A Parquet file is copied to a temporary file, because it must be read from its end.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the first bytes cannot be read, and [`Error::UnknownFormat`] if
    /// they do not reveal the format.
    pub fn new(reader: impl Read + Send + 'a, origin: impl Into<String>) -> Result<Self> {
        let origin = origin.into();
        let input = Input::new(reader, &origin)?;
        let format = explicit_or_detected(&input, &origin, None, None)?;
        Self::from_input(input, origin, format)
    }

    /// Reads from a stream in a known format; `origin` is its name in errors.
    ///
    /// If the content looks like another format, the first error says so.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the first bytes cannot be read, and [`Error::UnknownFormat`] if
    /// they are those of an unsupported compression or file type.
    pub fn with_format(
        reader: impl Read + Send + 'a,
        origin: impl Into<String>,
        format: Format,
    ) -> Result<Self> {
        let origin = origin.into();
        let input = Input::new(reader, &origin)?;
        let misfit = misfit(&input, format);
        let reader = Self::from_input(input, origin, format)?;
        Ok(Self { misfit, ..reader })
    }

    /// Returns the format of the file.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns the location of the last record that was read, or `None` if none was read.
    pub fn location(&self) -> Option<RecordLocation> {
        self.location
    }

    /// Returns the names of the fields that the reader does not read, such as columns of a table, and how
    /// often each had a value in the records so far.
    pub fn ignored_fields(&self) -> BTreeMap<String, u64> {
        self.notes.ignored_fields()
    }

    /// Returns what was left out of, or repaired in, the records read since the last call: at most 1,000
    /// remarks.
    pub fn take_remarks(&mut self) -> Vec<Remark> {
        self.notes.take_remarks()
    }

    fn from_input(input: Input<'a>, origin: String, format: Format) -> Result<Self> {
        let notes = input.notes().clone();
        let records = match format.source() {
            RecordSource::Objects(paper) => {
                let is_own = format == Format::JsonLines;
                objects(input, paper, is_own.then_some(objects_of))
            }
            RecordSource::Stream(read) => read(input),
            RecordSource::StreamOfObjects(read) => read(input, objects_of),
            RecordSource::File(open) => {
                let file = copy_to_temporary_file(input);
                let file = file.map_err(Error::io("copy", Path::new(&origin)))?;
                open(file, &origin, &notes, objects_of)?
            }
        };
        Ok(Self::from_records(records, origin, format, notes))
    }

    fn from_records(records: Records<'a>, origin: String, format: Format, notes: Notes) -> Self {
        Self {
            records,
            origin,
            format,
            location: None,
            notes,
            misfit: None,
        }
    }
}

fn copy_to_temporary_file(input: Input<'_>) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut input.into_reader(), &mut file)?;
    Ok(file)
}

/// Returns what the content looks like if it is not in `format`.
fn misfit(input: &Input<'_>, format: Format) -> Option<String> {
    match detect(input.start(), Some(format)) {
        Ok(found) if found == format => None,
        // JSON without the fields of a format, such as an empty list, may be in any format of JSON.
        Ok(Format::JsonLines) if matches!(format.source(), RecordSource::Objects(_)) => None,
        Ok(found) => Some(format!("the file looks like {found}")),
        Err(found) => Some(format!("the file {found}")),
    }
}

fn no_record(origin: &str, format: Format, misfit: &str) -> Error {
    Error::Incomplete {
        origin: origin.to_owned(),
        location: RecordLocation::Line(1),
        reason: format!("there is no record in {format}, {misfit}"),
    }
}

/// Returns whether a description of the content names a format other than that of any JSON object.
fn is_other_format(misfit: &str) -> bool {
    let name = misfit.strip_prefix("the file looks like ");
    name.is_some_and(|name| name != Format::JsonLines.name())
}

fn explicit_or_detected(
    input: &Input<'_>,
    origin: &str,
    explicit: Option<Format>,
    by_name: Option<Format>,
) -> Result<Format> {
    if let Some(format) = explicit {
        return Ok(format);
    }
    detect(input.start(), by_name).map_err(|found| Error::UnknownFormat {
        origin: origin.to_owned(),
        found,
        expected: Format::names(),
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
        let Some((location, outcome)) = self.records.next() else {
            let misfit = self.misfit.take()?;
            return Some(Err(no_record(&self.origin, self.format, &misfit)));
        };
        self.location = Some(location);
        let outcome = outcome.and_then(|paper| match paper.invalid_reason() {
            None if !is_complete(&paper) => Err(too_many()),
            None if size(&paper) > MAX_PAPER => Err(too_long_a_paper()),
            None => Ok(paper),
            Some(reason) => Err(reason.to_owned()),
        });
        let misfit = self.misfit.take();
        let outcome = match (outcome, misfit) {
            (Err(reason), Some(misfit)) => Err(format!("{reason}; {misfit}")),
            // Objects of one format may seem to be those of another, with most of their fields missing.
            (Ok(paper), Some(misfit)) if is_other_format(&misfit) => {
                self.notes
                    .remark(format!("read as {}, {misfit}", self.format));
                Ok(paper)
            }
            (outcome, _) => outcome,
        };
        self.notes.finish_record(location);
        let (origin, is_incomplete) = (&self.origin, self.notes.is_incomplete());
        Some(outcome.map_err(|reason| {
            let (origin, reason) = (origin.clone(), abbreviated(reason));
            if is_incomplete {
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

/// Returns whether the lists of a paper are complete. Formats that split a text into a list stop at
/// [`MAX_VALUES`] items.
fn is_complete(paper: &Paper) -> bool {
    let lists = [&paper.categories, &paper.references];
    let names = [&paper.authors, &paper.details.editors];
    lists.iter().all(|list| list.len() < MAX_VALUES)
        && names.iter().all(|names| names.len() < MAX_VALUES)
}

/// Returns the size of the texts of a paper in bytes, with that of the items of lists.
fn size(paper: &Paper) -> usize {
    let texts = [&paper.id, &paper.title, &paper.abstract_text];
    let optional = [&paper.venue, &paper.url, &paper.doi, &paper.arxiv];
    let lists = [&paper.categories, &paper.references];
    let names = paper.authors.iter().map(|name| name.full().len() + 32);
    let details = paper.details.texts().map(|text| text.len() + 32);
    let optional = optional.into_iter().flatten().map(String::len);
    let items = lists.into_iter().flatten().map(|item| item.len() + 32);
    texts
        .map(String::len)
        .into_iter()
        .chain(optional)
        .chain(items)
        .chain(names)
        .chain(details)
        .sum()
}

/// Shortens a reason that quotes a long text of the record.
fn abbreviated(mut reason: String) -> String {
    const MAX_LENGTH: usize = 1000;
    if reason.len() > MAX_LENGTH {
        reason.truncate(reason.floor_char_boundary(MAX_LENGTH));
        reason.push('…');
    }
    reason
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
    fn an_error_names_file_and_line_of_the_record() {
        let cases = [
            (
                "{",
                "f:2: not JSON at column 1: the text ends inside an object",
            ),
            ("[1]", "f:2: found a list, expected an object"),
            (
                r#"{"year": 2017}"#,
                "f:2: there is no `id`, no `doi` and no `title` to name the paper",
            ),
            (
                r#"{"id": "a", "abstract": " "}"#,
                "f:2: `title` and `abstract` are both missing, expected one at least",
            ),
            (
                r#"{"id": "a", "title": {"main": "T"}}"#,
                "f:2: `title` is an object, expected a string",
            ),
        ];
        for (line, message) in cases {
            let good = r#"{"id": "good", "title": "G"}"#;
            let found = read(format!("\n{line}\n{good}").as_bytes());
            assert_eq!(found[0], Err(message.to_owned()));
            assert!(found[1].is_ok(), "reading continues after a bad line");
        }
        let found = read(b"{\"id\": \"\xff\"}");
        assert_eq!(found, [Err("f:1: not UTF-8 after 8 bytes".to_owned())]);
    }

    #[test]
    fn a_record_without_a_year_and_what_data_frames_make_of_the_others_are_read() {
        for (year, expected) in [
            ("2017.0", Some(2017)),
            ("\"2017.0\"", Some(2017)),
            ("null", None),
            ("\"NaN\"", None),
            ("\"None\"", None),
            ("\"n.d.\"", None),
            ("\" \"", None),
        ] {
            let line = format!("{{\"id\": \"a\", \"title\": \"T\", \"year\": {year}}}");
            let found = read(line.as_bytes()).remove(0);
            assert_eq!(found.map(|paper| paper.year), Ok(expected), "{year}");
        }
        for year in ["2017.5", "\"soon\"", "-0.5"] {
            let line = format!("{{\"id\": \"a\", \"title\": \"T\", \"year\": {year}}}");
            let mut reader = PaperReader::new(line.as_bytes(), "f").unwrap();
            assert_eq!(reader.next().unwrap().unwrap().year, None, "{year}");
            let remarks = reader.take_remarks();
            let expected =
                format!("`year` is {year}, which was left out, expected a year such as 2017");
            assert_eq!(remarks[0].text, expected);
            assert_eq!(remarks[0].location, RecordLocation::Line(1));
            assert_eq!(reader.take_remarks(), []);
        }
        let table = read(b"id,title,year\na,A,2017.0\nb,B,\nc,C,NaN\n");
        let years = table.into_iter().map(|paper| paper.unwrap().year);
        assert_eq!(years.collect::<Vec<_>>(), [Some(2017), None, None]);
    }

    #[test]
    fn reads_gzip_of_several_members_and_reports_where_it_is_truncated() {
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

    #[cfg(not(feature = "parquet"))]
    #[test]
    fn without_the_feature_a_parquet_file_is_a_clear_error() {
        let error = PaperReader::new(&b"PAR1"[..], "papers.parquet").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`papers.parquet` is in Parquet, expected another format, or a build with the feature \
             `parquet`"
        );
    }
}
