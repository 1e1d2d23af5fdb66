//! The files that a draft consists of, and those that hold its references.

use std::fs;
use std::path::{Path, PathBuf};

use super::options::DraftOptions;
use super::text_file::{MAX_DRAFT, read_text, too_long};
use crate::{Error, Result};

/// The maximum number of files of a draft. Files that include others repeatedly can produce more.
const MAX_FILES: usize = 2_000;

/// The maximum number of files of which each includes the next.
const MAX_NESTING: usize = 50;

/// The maximum number of names that are looked up in folders.
const MAX_LOOKUPS: usize = 20_000;

/// The maximum number of notes; further ones are only counted.
const MAX_NOTES: usize = 100;

/// The files of a draft: it reads those below the folder of the main file, and notes those that are
/// missing.
///
/// A draft in memory has no files, so nothing is found and nothing noted.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The folder of the main file.
    root: PathBuf,
    is_on_disk: bool,
    /// The folder, without links, that all files must be in, or `None` if they may be anywhere.
    within: Option<PathBuf>,
    /// The files that are being read, each included by the one before it.
    open: Vec<OpenFile>,
    count: usize,
    bytes: usize,
    lookups: usize,
    notes: Vec<String>,
    more_notes: usize,
    bibliographies: Vec<PathBuf>,
}

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    /// The path without links.
    canonical: PathBuf,
}

impl Files {
    /// Returns the files of a draft in memory: none.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// Returns the files of the draft whose main file is `path`.
    pub(super) fn of(path: &Path, options: DraftOptions) -> Result<Self> {
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let within = if options.allows_outside() {
            None
        } else {
            let folder = if root == Path::new("") {
                Path::new(".")
            } else {
                &root
            };
            Some(fs::canonicalize(folder).map_err(Error::io("read", path))?)
        };
        let canonical = fs::canonicalize(path).map_err(Error::io("read", path))?;
        Ok(Self {
            root,
            is_on_disk: true,
            within,
            open: vec![OpenFile {
                path: path.to_owned(),
                canonical,
            }],
            count: 1,
            ..Self::default()
        })
    }

    /// Returns whether the draft is in a file.
    pub(super) fn is_on_disk(&self) -> bool {
        self.is_on_disk
    }

    /// Returns the folder of the main file.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of the file that is being read.
    pub(super) fn folder(&self) -> &Path {
        let parent = self.open.last().and_then(|file| file.path.parent());
        parent.unwrap_or(&self.root)
    }

    /// Returns the name of the main file without its extension.
    pub(super) fn stem(&self) -> Option<&str> {
        self.open.first()?.path.file_stem()?.to_str()
    }

    /// Finds a file by its name, with one of `extensions` (each with its dot) or without, in the
    /// first of `folders` that has it.
    pub(super) fn find(
        &mut self,
        folders: &[PathBuf],
        name: &str,
        extensions: &[&str],
    ) -> Option<PathBuf> {
        if !self.is_on_disk || name.is_empty() || self.lookups >= MAX_LOOKUPS {
            return None;
        }
        self.lookups += 1;
        folders.iter().find_map(|folder| {
            let names = extensions
                .iter()
                .map(|extension| format!("{name}{extension}"));
            let mut paths = names.chain([name.to_owned()]).map(|name| folder.join(name));
            paths.find(|path| path.is_file())
        })
    }

    /// Finds a file by its name in the folder of the file that is being read, or else in the folder of the
    /// main file.
    pub(super) fn find_beside(&mut self, name: &str, extensions: &[&str]) -> Option<PathBuf> {
        let folders = [self.folder().to_owned(), self.root.clone()];
        self.find(&folders, name, extensions)
    }

    /// Reads a file that the current one includes by `name` on a line, and makes it the current file
    /// until [`close`](Self::close).
    ///
    /// # Errors
    ///
    /// Returns an error if the file is outside the folder of the draft, includes itself, is not UTF-8, or
    /// if the draft has too many files or bytes.
    pub(super) fn open(&mut self, path: &Path, name: &str, line: usize) -> Result<String> {
        let canonical = fs::canonicalize(path).map_err(Error::io("read", path))?;
        if self.is_outside(&canonical) {
            return Err(self.error(
                line,
                format!(
                    "`{name}` is outside the folder of the draft; `--allow-outside`, or \
                     `DraftOptions::allow_outside`, includes it"
                ),
            ));
        }
        if self.open.iter().any(|file| file.canonical == canonical) {
            return Err(self.error(line, format!("`{name}` includes itself")));
        }
        if self.count >= MAX_FILES {
            return Err(self.error(line, format!("more than {MAX_FILES} files are included")));
        }
        if self.open.len() >= MAX_NESTING {
            let reason = format!("more than {MAX_NESTING} files include one another");
            return Err(self.error(line, reason));
        }
        self.count += 1;
        let text = read_text(path)?;
        self.add_bytes(text.len(), Some(line))?;
        self.open.push(OpenFile {
            path: path.to_owned(),
            canonical,
        });
        Ok(text)
    }

    /// Counts bytes of the draft.
    pub(super) fn add_bytes(&mut self, bytes: usize, line: Option<usize>) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.is_on_disk && self.bytes > MAX_DRAFT {
            let path = self.open.last().map_or(&*self.root, |file| &file.path);
            return Err(too_long(path, line));
        }
        Ok(())
    }

    /// Goes back to the file that includes the current one.
    pub(super) fn close(&mut self) {
        self.open.pop();
    }

    /// Adds a file of references that the current file names on a line, or notes that it is missing.
    ///
    /// Returns whether there is such a file.
    pub(super) fn add_bibliography(
        &mut self,
        folders: &[PathBuf],
        name: &str,
        line: usize,
    ) -> bool {
        if !self.is_on_disk {
            return false;
        }
        if name.contains("://") {
            let message =
                format!("the references at `{name}` are not in a file, so they are not read");
            self.note(line, &message);
            return true;
        }
        let Some(path) = self.find(folders, name, &[".bib"]) else {
            return false;
        };
        match fs::canonicalize(&path) {
            Ok(canonical) if self.is_outside(&canonical) => {
                let message = format!(
                    "the references `{name}` are outside the folder of the draft, so they are not read; \
                     `--allow-outside`, or `DraftOptions::allow_outside`, reads them"
                );
                self.note(line, &message);
            }
            Ok(_) if self.bibliographies.contains(&path) => {}
            Ok(_) if self.bibliographies.len() >= MAX_FILES => {
                let message =
                    format!("more than {MAX_FILES} files of references, `{name}` is not read");
                self.note(line, &message);
            }
            Ok(_) => self.bibliographies.push(path),
            Err(error) => self.note(
                line,
                &format!("cannot read the references `{name}`: {error}"),
            ),
        }
        true
    }

    /// Adds a file of references beside the current file, or notes that it is missing.
    pub(super) fn add_bibliography_beside(&mut self, name: &str, line: usize) {
        let folders = [self.folder().to_owned(), self.root.clone()];
        if !name.trim().is_empty() && !self.add_bibliography(&folders, name.trim(), line) {
            self.note_missing_bibliography(name.trim(), line);
        }
    }

    /// Notes that a file of references is missing.
    pub(super) fn note_missing_bibliography(&mut self, name: &str, line: usize) {
        let message = format!("found no file `{name}` of references in the folder of the draft");
        self.note(line, &message);
    }

    /// Notes that a file of the draft is missing.
    pub(super) fn note_missing(&mut self, name: &str, line: usize) {
        let message =
            format!("found no file `{name}` in the folder of the draft, so its text is not read");
        self.note(line, &message);
    }

    /// Adds a note about a line of the current file, or about the whole file if the line is 0.
    pub(super) fn note(&mut self, line: usize, message: &str) {
        let Some(file) = self.open.last().filter(|_| self.is_on_disk) else {
            return;
        };
        let line = if line == 0 {
            String::new()
        } else {
            format!(":{line}")
        };
        let note = format!("{}{line}: {message}", file.path.display());
        if self.notes.contains(&note) {
            return;
        }
        if self.notes.len() < MAX_NOTES {
            self.notes.push(note);
        } else {
            self.more_notes += 1;
        }
    }

    /// Returns the notes, and the paths of the files of references.
    pub(super) fn into_findings(mut self) -> (Vec<String>, Vec<PathBuf>) {
        if self.more_notes > 0 {
            self.notes
                .push(format!("and {} more notes", self.more_notes));
        }
        (self.notes, self.bibliographies)
    }

    fn is_outside(&self, canonical: &Path) -> bool {
        let within = self.within.as_ref();
        within.is_some_and(|folder| !canonical.starts_with(folder))
    }

    fn error(&self, line: usize, reason: String) -> Error {
        let path = self.open.last().map_or(&self.root, |file| &file.path);
        Error::Draft {
            origin: path.display().to_string(),
            line: Some(line),
            reason,
        }
    }
}
