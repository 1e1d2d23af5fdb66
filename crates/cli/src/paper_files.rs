//! Files of papers on the command line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cognate::{Format, Paper, PaperReader, PapersError, RecordLocation};

use crate::output::{count, note, shortened, unbroken};

/// Files of papers that were read once from start to end, so that every invalid record is known
/// before the first paper is embedded.
#[derive(Debug)]
pub(crate) struct PaperFiles {
    files: Vec<InputFile>,
    /// The number of different ids among the valid records.
    papers: usize,
    /// The location of the last record of each id that occurs more than once.
    last: HashMap<String, Location>,
}

/// A file that can be read again from the start.
#[derive(Debug)]
struct InputFile {
    name: String,
    file: File,
    /// The format given by the user, if any.
    format: Option<Format>,
}

/// The location of a record among several files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Location {
    /// The index of the file.
    file: usize,
    record: Option<RecordLocation>,
}

/// The number of messages of one kind to print; further ones are only counted.
const MAX_MESSAGES: usize = 5;

impl PaperFiles {
    /// Reads all of `paths`, where `-` is standard input. The format of each file is `format`, or
    /// else detected.
    ///
    /// Invalid records are an error; with `skip_bad` they are reported on stderr and left out.
    pub(crate) fn check(paths: &[PathBuf], format: Option<Format>, skip_bad: bool) -> Result<Self> {
        let files = paths
            .iter()
            .map(|path| InputFile::open(path, format))
            .collect::<Result<Vec<_>>>()?;
        let mut seen: HashMap<String, Location> = HashMap::new();
        let mut files = Self {
            files,
            papers: 0,
            last: HashMap::new(),
        };
        let mut invalid: Vec<String> = Vec::new();
        let mut invalid_count = 0;
        let mut duplicates = 0;
        for (file, input) in files.files.iter().enumerate() {
            let mut reader = input.reader().map_err(suggest_format_option)?;
            if format.is_none() && reader.format() != Format::JsonLines {
                note(&format!("{}: read as {}", input.name, reader.format()));
            }
            while let Some(record) = reader.next() {
                let location = Location {
                    file,
                    record: reader.location(),
                };
                match record {
                    Ok(paper) => match seen.insert(paper.id.clone(), location) {
                        None => files.papers += 1,
                        Some(previous) => {
                            duplicates += 1;
                            if duplicates <= MAX_MESSAGES {
                                note(&files.duplicate_message(&paper.id, previous, location));
                            }
                            files.last.insert(paper.id, location);
                        }
                    },
                    Err(error @ PapersError::Record { .. }) => {
                        invalid_count += 1;
                        if invalid.len() < MAX_MESSAGES {
                            invalid.push(unbroken(&error.to_string()));
                        }
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        if duplicates > MAX_MESSAGES {
            let more = count(duplicates - MAX_MESSAGES, "more duplicate id");
            note(&format!("and {more}"));
        }
        match (invalid_count, skip_bad) {
            (0, _) => {}
            (1, false) => bail!(
                "{}; nothing was added; use --skip-bad to skip it",
                invalid[0]
            ),
            (_, false) => {
                let list = list(&invalid, invalid_count);
                bail!("invalid records; nothing was added; use --skip-bad to skip them\n{list}");
            }
            (_, true) => {
                note(&format!(
                    "skipped {}:",
                    count(invalid_count, "invalid record")
                ));
                note(&list(&invalid, invalid_count));
            }
        }
        Ok(files)
    }

    /// Returns the number of papers.
    pub(crate) fn len(&self) -> usize {
        self.papers
    }

    /// Reads the papers again, without invalid records. Of several records with the same id, only the
    /// last one is returned.
    pub(crate) fn papers(&self) -> impl Iterator<Item = cognate::Result<Paper>> {
        self.files
            .iter()
            .enumerate()
            .flat_map(|(file, input)| self.papers_of(file, input))
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
                        let location = Location {
                            file,
                            record: reader.location(),
                        };
                        if self
                            .last
                            .get(&paper.id)
                            .is_none_or(|&last| last == location)
                        {
                            return Some(Ok(paper));
                        }
                    }
                    // `check` has reported it, and the user asked to skip it.
                    Err(PapersError::Record { .. }) => {}
                    Err(error) => return Some(Err(error.into())),
                }
            }
        }))
    }

    fn duplicate_message(&self, id: &str, previous: Location, current: Location) -> String {
        let name = |location: Location| {
            let file = &self.files[location.file].name;
            location
                .record
                .map_or_else(|| file.clone(), |record| format!("{file}:{record}"))
        };
        format!(
            "{}: duplicate id `{}`, this record replaces {}",
            name(current),
            shortened(&unbroken(id)),
            name(previous)
        )
    }
}

impl InputFile {
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
            Ok(Self { name, file, format })
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
        Ok(Self { name, file, format })
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

/// Adds a hint to the error that a format cannot be detected.
fn suggest_format_option(error: PapersError) -> anyhow::Error {
    match error {
        PapersError::UnknownFormat { .. } => {
            anyhow::anyhow!("{error}; nothing was added; use --format to name it")
        }
        error => error.into(),
    }
}

/// Formats `messages` as an indented list, and counts those of `total` that are missing from it.
fn list(messages: &[String], total: usize) -> String {
    let mut lines: Vec<String> = messages
        .iter()
        .map(|message| format!("  {message}"))
        .collect();
    if total > messages.len() {
        lines.push(format!("  and {} more", total - messages.len()));
    }
    lines.join("\n")
}
