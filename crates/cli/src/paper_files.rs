//! Files of papers on the command line.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cognate::{Format, Paper, PaperReader, PapersError, RecordLocation};

use crate::import_report::{Event, ImportReport};
use crate::output::{count, note, one_line, shortened, unbroken};

/// Files of papers that were read once from start to end, so that every invalid record is known
/// before the first paper is embedded.
#[derive(Debug)]
pub(crate) struct PaperFiles {
    files: Vec<InputFile>,
    /// The number of valid records.
    papers: usize,
    /// The number of invalid records.
    invalid: usize,
    /// The error behind which a file could not be read, if any.
    incomplete: Option<String>,
    /// The locations of the papers that [`papers`](Self::papers) has returned.
    locations: RefCell<Vec<Location>>,
}

/// A file that can be read again from the start.
#[derive(Debug)]
struct InputFile {
    name: String,
    file: File,
    /// The format given by the user, if any.
    format: Option<Format>,
    /// Whether the file is in Cognate's own format, in which ids name papers of a library.
    has_own_ids: Cell<bool>,
}

/// The location of a record among several files.
#[derive(Clone, Copy, Debug)]
struct Location {
    /// The index of the file.
    file: usize,
    record: Option<RecordLocation>,
}

/// Messages of one kind, of which the first few are printed and the others counted.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    first: Vec<String>,
    count: usize,
}

impl Messages {
    /// The number of messages to print.
    const PRINTED: usize = 5;

    /// Adds a message, which may quote a text of others.
    pub(crate) fn add(&mut self, message: &str) {
        self.count += 1;
        if self.first.len() < Self::PRINTED {
            self.first.push(shortened(&unbroken(message)));
        }
    }

    /// Prints the messages as lines on stderr.
    pub(crate) fn print(&self) {
        for message in &self.first {
            note(message);
        }
        if self.count > self.first.len() {
            let more = count(self.count - self.first.len(), "more such message");
            note(&format!("and {more}; --report FILE has all"));
        }
    }

    /// Formats the messages as an indented list.
    fn list(&self) -> String {
        let mut lines: Vec<String> = self.first.iter().map(|line| format!("  {line}")).collect();
        if self.count > self.first.len() {
            lines.push(format!("  and {} more", self.count - self.first.len()));
        }
        lines.join("\n")
    }
}

/// The number of fields that are not read to name for one file.
const NAMED_FIELDS: usize = 40;

impl PaperFiles {
    /// Reads all of `paths`, where `-` is standard input. The format of each file is `format`, or
    /// else detected.
    ///
    /// Invalid records are an error; with `skip_bad` they are reported on stderr and left out.
    pub(crate) fn check(
        paths: &[PathBuf],
        format: Option<Format>,
        skip_bad: bool,
        report: &mut ImportReport,
    ) -> Result<Self> {
        let files = paths
            .iter()
            .map(|path| InputFile::open(path, format))
            .collect::<Result<Vec<_>>>()?;
        let mut checked = Self {
            files: Vec::new(),
            papers: 0,
            invalid: 0,
            incomplete: None,
            locations: RefCell::default(),
        };
        let mut invalid = Messages::default();
        for input in &files {
            checked.read_once(input, &mut invalid, report)?;
        }
        checked.files = files;
        checked.invalid = invalid.count;
        match (invalid.count, skip_bad) {
            (0, _) => {}
            (1, false) => bail!(
                "{}; nothing was added; use --skip-bad to skip it",
                invalid.first[0]
            ),
            (_, false) => bail!(
                "invalid records; nothing was added; use --skip-bad to skip them\n{}",
                invalid.list()
            ),
            (_, true) => {
                note(&format!(
                    "skipped {}:",
                    count(invalid.count, "invalid record")
                ));
                note(&invalid.list());
            }
        }
        if let (Some(error), false) = (&checked.incomplete, skip_bad) {
            let hint = if checked.papers > 0 {
                "; use --skip-bad to add what was read"
            } else {
                ""
            };
            bail!("{error}; nothing was added{hint}");
        }
        Ok(checked)
    }

    /// Reads a file from start to end.
    fn read_once(
        &mut self,
        input: &InputFile,
        invalid: &mut Messages,
        report: &mut ImportReport,
    ) -> Result<()> {
        let name = &input.name;
        let mut reader = input.reader().map_err(suggest_format_option)?;
        if input.format.is_none() && reader.format() != Format::JsonLines {
            note(&format!("{name}: read as {}", reader.format()));
        }
        let mut has_names = false;
        let mut remarks = Messages::default();
        while let Some(record) = reader.next() {
            let location = reader.location();
            match record {
                Ok(paper) => {
                    self.papers += 1;
                    has_names |= !paper.id.bytes().all(|byte| byte.is_ascii_digit());
                }
                Err(error @ PapersError::Incomplete { .. }) => {
                    let text = unbroken(&error.to_string());
                    if let PapersError::Incomplete { reason, .. } = &error {
                        report.add(name, location, Event::Incomplete { reason })?;
                    }
                    self.incomplete.get_or_insert(text);
                }
                Err(error @ PapersError::Record { .. }) => {
                    invalid.add(&error.to_string());
                    if let PapersError::Record { reason, .. } = &error {
                        report.add(name, location, Event::LeftOut { reason })?;
                    }
                }
                Err(error) => return Err(error.into()),
            }
            for remark in reader.take_remarks() {
                let (location, what) = (remark.location, remark.text.as_str());
                remarks.add(&format!("{name}:{location}: {what}"));
                report.add(name, Some(location), Event::Changed { what })?;
            }
        }
        remarks.print();
        // Ids that are mere numbers count the records of a file.
        let has_own_ids = reader.format() == Format::JsonLines && has_names;
        input.has_own_ids.set(has_own_ids);
        let fields = reader.ignored_fields();
        for (field, &values) in &fields {
            report.add(name, None, Event::FieldNotRead { field, values })?;
        }
        if !fields.is_empty() {
            note(&fields_not_read(name, fields.into_iter().collect()));
        }
        Ok(())
    }

    /// Returns the number of papers.
    pub(crate) fn len(&self) -> usize {
        self.papers
    }

    /// Returns the number of invalid records, which are left out.
    pub(crate) fn invalid(&self) -> usize {
        self.invalid
    }

    /// Returns the error behind which a file could not be read, or `None` if all were read to the end.
    pub(crate) fn incomplete(&self) -> Option<&str> {
        self.incomplete.as_deref()
    }

    /// Returns the name of the file, and the location in it, of the paper that [`papers`](Self::papers)
    /// returned at a position.
    pub(crate) fn location(&self, position: usize) -> Option<(&str, Option<RecordLocation>)> {
        let location = *self.locations.borrow().get(position)?;
        Some((&self.files[location.file].name, location.record))
    }

    /// Splits the files into runs of files that agree in whether their ids name papers of a library. Returns
    /// the positions of the files of each run, and whether their ids do.
    pub(crate) fn runs(&self) -> Vec<(Range<usize>, bool)> {
        let mut runs: Vec<(Range<usize>, bool)> = Vec::new();
        for (position, file) in self.files.iter().enumerate() {
            let has_own_ids = file.has_own_ids.get();
            match runs.last_mut() {
                Some((run, own)) if *own == has_own_ids => run.end = position + 1,
                _ => runs.push((position..position + 1, has_own_ids)),
            }
        }
        runs
    }

    /// Reads the papers of some files again, without invalid records.
    pub(crate) fn papers(
        &self,
        files: Range<usize>,
    ) -> impl Iterator<Item = cognate::Result<Paper>> {
        files.flat_map(|file| self.papers_of(file, &self.files[file]))
    }

    /// Returns the number of papers that [`papers`](Self::papers) has returned so far.
    pub(crate) fn returned(&self) -> usize {
        self.locations.borrow().len()
    }

    fn papers_of<'a>(
        &'a self,
        file: usize,
        input: &'a InputFile,
    ) -> Box<dyn Iterator<Item = cognate::Result<Paper>> + 'a> {
        let mut reader = match input.reader() {
            Ok(reader) => reader,
            Err(error) => return Box::new(std::iter::once(Err(error.into()))),
        };
        Box::new(std::iter::from_fn(move || {
            loop {
                match reader.next()? {
                    Ok(paper) => {
                        self.locations.borrow_mut().push(Location {
                            file,
                            record: reader.location(),
                        });
                        return Some(Ok(paper));
                    }
                    // `check` has reported it, and the user asked to skip it.
                    Err(PapersError::Record { .. } | PapersError::Incomplete { .. }) => {}
                    Err(error) => return Some(Err(error.into())),
                }
            }
        }))
    }
}

/// Formats the fields of a file that are not read, those with the most values first.
fn fields_not_read(name: &str, mut fields: Vec<(String, u64)>) -> String {
    fields.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let named = fields.iter().take(NAMED_FIELDS);
    let named: Vec<String> = named
        .map(|(field, values)| format!("`{}` ({values})", one_line(&shortened(field))))
        .collect();
    let mut text = format!("{name}: fields that are not read: {}", named.join(", "));
    if fields.len() > NAMED_FIELDS {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            " and {} more; --report FILE has all",
            fields.len() - NAMED_FIELDS
        );
    }
    text
}

impl InputFile {
    fn new(name: String, file: File, format: Option<Format>) -> Self {
        Self {
            name,
            file,
            format,
            has_own_ids: Cell::new(false),
        }
    }

    fn open(path: &Path, format: Option<Format>) -> Result<Self> {
        if path == Path::new("-") {
            return Self::spool("standard input".to_owned(), io::stdin().lock(), format);
        }
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot open `{name}`"))?;
        let metadata = file
            .metadata()
            .with_context(|| format!("cannot read `{name}`"))?;
        if metadata.is_dir() {
            bail!("`{name}` is a folder, expected a file of papers");
        }
        // A pipe can be read only once.
        if metadata.is_file() {
            Ok(Self::new(name, file, format))
        } else {
            Self::spool(name, file, format)
        }
    }

    /// Copies a stream to a temporary file.
    fn spool(name: String, mut stream: impl io::Read, format: Option<Format>) -> Result<Self> {
        let mut copy = || -> io::Result<File> {
            let mut file = tempfile::tempfile()?;
            io::copy(&mut stream, &mut file)?;
            Ok(file)
        };
        let file = copy().with_context(|| format!("cannot copy {name} to a temporary file"))?;
        Ok(Self::new(name, file, format))
    }

    fn reader(&self) -> Result<PaperReader<'static>, PapersError> {
        let cannot_read = |source| PapersError::Io {
            act: "read",
            path: PathBuf::from(&self.name),
            source,
        };
        // A second handle of the same open file, so that both passes read the same bytes.
        let mut file = self.file.try_clone().map_err(cannot_read)?;
        file.rewind().map_err(cannot_read)?;
        PaperReader::from_file(file, &self.name, self.format)
    }
}

/// Adds to the error that a format cannot be detected that nothing was added, and how to name the format if
/// the file may be in one of them.
fn suggest_format_option(error: PapersError) -> anyhow::Error {
    match &error {
        PapersError::UnknownFormat { expected, .. } => {
            let mut formats = Format::ALL.iter();
            let hint = if formats.all(|format| expected.contains(format.name())) {
                "; use --format to name it"
            } else {
                ""
            };
            anyhow::anyhow!("{error}; nothing was added{hint}")
        }
        _ => error.into(),
    }
}
