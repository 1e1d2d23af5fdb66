use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cognate::{Format, Paper, PaperReader, PapersError};

use crate::output::{count, note};

/// Files of papers that were read once from end to end: whatever is wrong with them is known
/// before the first paper is embedded.
#[derive(Debug)]
pub(crate) struct PaperFiles {
    files: Vec<Input>,
    /// Good records; of several with one id, one.
    papers: usize,
    /// The place of the last record of each id that occurs more than once.
    last: HashMap<String, Place>,
}

/// A file that can be read again from the start.
#[derive(Debug)]
struct Input {
    name: String,
    file: File,
    /// The format that it was told to have.
    format: Option<Format>,
}

/// A record: the number of its file, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    file: usize,
    record: Option<cognate::RecordLocation>,
}

/// Messages of one kind that are printed before the rest is only counted.
const SHOWN: usize = 5;

impl PaperFiles {
    /// Reads all of `paths`, where `-` is the standard input, in `format` or in the one that each
    /// is found to have. Bad records are an error, or are told and left out.
    pub(crate) fn check(paths: &[PathBuf], format: Option<Format>, skip_bad: bool) -> Result<Self> {
        let files = paths
            .iter()
            .map(|path| Input::open(path, format))
            .collect::<Result<Vec<_>>>()?;
        let mut seen: HashMap<String, Place> = HashMap::new();
        let mut files = Self {
            files,
            papers: 0,
            last: HashMap::new(),
        };
        let mut bad: Vec<String> = Vec::new();
        let mut bad_count = 0;
        let mut repeated = 0;
        for (file, input) in files.files.iter().enumerate() {
            let mut reader = input.reader().map_err(told_by_option)?;
            if format.is_none() && reader.format() != Format::JsonLines {
                note(&format!("{}: read as {}", input.name, reader.format()));
            }
            while let Some(record) = reader.next() {
                let place = Place {
                    file,
                    record: reader.location(),
                };
                match record {
                    Ok(paper) => match seen.insert(paper.id.clone(), place) {
                        None => files.papers += 1,
                        Some(before) => {
                            repeated += 1;
                            if repeated <= SHOWN {
                                note(&files.repetition(&paper.id, before, place));
                            }
                            files.last.insert(paper.id, place);
                        }
                    },
                    Err(error @ PapersError::Record { .. }) => {
                        bad_count += 1;
                        if bad.len() < SHOWN {
                            bad.push(error.to_string());
                        }
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        if repeated > SHOWN {
            note(&format!(
                "and {} more repeated so",
                count(repeated - SHOWN, "id")
            ));
        }
        match (bad_count, skip_bad) {
            (0, _) => {}
            (1, false) => bail!("{}; nothing was added; --skip-bad leaves it out", bad[0]),
            (_, false) => {
                let bad = listing(&bad, bad_count);
                bail!("bad records, nothing was added; --skip-bad leaves them out\n{bad}");
            }
            (_, true) => {
                note(&format!("left out {}:", count(bad_count, "bad record")));
                note(&listing(&bad, bad_count));
            }
        }
        Ok(files)
    }

    /// The number of papers.
    pub(crate) fn len(&self) -> usize {
        self.papers
    }

    /// The papers, read again, without bad records and without those that a later one replaces.
    pub(crate) fn papers(&self) -> impl Iterator<Item = cognate::Result<Paper>> {
        self.files
            .iter()
            .enumerate()
            .flat_map(|(file, input)| self.papers_of(file, input))
    }

    fn papers_of<'a>(
        &'a self,
        file: usize,
        input: &'a Input,
    ) -> Box<dyn Iterator<Item = cognate::Result<Paper>> + 'a> {
        let mut reader = match input.reader() {
            Ok(reader) => reader,
            Err(error) => return Box::new(std::iter::once(Err(error.into()))),
        };
        Box::new(std::iter::from_fn(move || {
            loop {
                match reader.next()? {
                    Ok(paper) => {
                        let place = Place {
                            file,
                            record: reader.location(),
                        };
                        if self.last.get(&paper.id).is_none_or(|&last| last == place) {
                            return Some(Ok(paper));
                        }
                    }
                    // Told before, and left out by request.
                    Err(PapersError::Record { .. }) => {}
                    Err(error) => return Some(Err(error.into())),
                }
            }
        }))
    }

    fn repetition(&self, id: &str, before: Place, now: Place) -> String {
        let name = |place: Place| {
            let file = &self.files[place.file].name;
            place
                .record
                .map_or_else(|| file.clone(), |record| format!("{file}:{record}"))
        };
        format!(
            "{}: `{id}` was there already, this one replaces {}",
            name(now),
            name(before)
        )
    }
}

impl Input {
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
        // A pipe gives its bytes only once.
        if metadata.is_file() {
            Ok(Self { name, file, format })
        } else {
            Self::spool(name, file, format)
        }
    }

    fn spool(name: String, mut from: impl io::Read, format: Option<Format>) -> Result<Self> {
        let mut copy = || -> io::Result<File> {
            let mut file = tempfile::tempfile()?;
            io::copy(&mut from, &mut file)?;
            Ok(file)
        };
        let file = copy().with_context(|| format!("cannot copy the {name} to a temporary file"))?;
        Ok(Self { name, file, format })
    }

    fn reader(&self) -> Result<PaperReader<'static>, PapersError> {
        let failed = |source| PapersError::Io {
            act: "read",
            path: PathBuf::from(&self.name),
            source,
        };
        // A second handle of the same open file: both passes read the same bytes.
        let mut file = self.file.try_clone().map_err(failed)?;
        file.rewind().map_err(failed)?;
        PaperReader::from_file(file, &self.name, self.format)
    }
}

/// What the command can do where content and name tell no format.
fn told_by_option(error: PapersError) -> anyhow::Error {
    match error {
        PapersError::UnknownFormat { .. } => {
            anyhow::anyhow!("{error}; nothing was added; --format says which it is")
        }
        error => error.into(),
    }
}

fn listing(shown: &[String], total: usize) -> String {
    let mut lines: Vec<String> = shown.iter().map(|line| format!("  {line}")).collect();
    if total > shown.len() {
        lines.push(format!("  and {} more", total - shown.len()));
    }
    lines.join("\n")
}
