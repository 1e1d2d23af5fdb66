//! Assembly of a LaTeX draft from its files.

use std::fs;
use std::path::{Path, PathBuf};

use super::latex::comments::comment_start;
use super::options::DraftOptions;
use super::text_file::{MAX_DRAFT, read_text, too_long};
use crate::{Error, Result};

/// The commands that include a file.
const COMMANDS: [&str; 3] = ["\\input", "\\include", "\\subfile"];

/// Environments in which commands are not executed.
const VERBATIM: [&str; 5] = [
    "verbatim",
    "lstlisting",
    "minted",
    "comment",
    "filecontents",
];

/// The maximum number of files of a draft. Files that include others repeatedly can produce more.
const MAX_FILES: usize = 2_000;

/// Reads a file and replaces the commands in it that include files by their text.
pub(super) fn read(path: &Path, options: DraftOptions) -> Result<String> {
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
    let mut reader = Reader {
        root,
        within,
        open: Vec::new(),
        files: 0,
        out: String::new(),
    };
    reader.file(path)?;
    Ok(reader.out)
}

struct Reader {
    /// The folder of the main file.
    root: PathBuf,
    /// The folder, without links, that all included files must be in, or `None` if they may be
    /// anywhere.
    within: Option<PathBuf>,
    /// The files that are being read, each included by the one before it.
    open: Vec<PathBuf>,
    files: usize,
    out: String,
}

impl Reader {
    fn file(&mut self, path: &Path) -> Result<()> {
        let text = read_text(path)?;
        self.files += 1;
        self.open
            .push(fs::canonicalize(path).map_err(Error::io("read", path))?);
        let mut verbatim: Option<&str> = None;
        for (at, line) in text.split_inclusive('\n').enumerate() {
            if let Some(name) = verbatim {
                if line.contains(&format!("\\end{{{name}")) {
                    verbatim = None;
                }
                self.out.push_str(line);
                continue;
            }
            verbatim = VERBATIM
                .into_iter()
                .find(|name| line.contains(&format!("\\begin{{{name}")))
                .filter(|name| !line.contains(&format!("\\end{{{name}")));
            self.line(path, at + 1, line)?;
        }
        self.open.pop();
        Ok(())
    }

    fn line(&mut self, path: &Path, number: usize, line: &str) -> Result<()> {
        let code = comment_start(line).unwrap_or(line.len());
        let mut at = 0;
        while let Some((start, end, name)) = next_file(line, at, code) {
            self.out.push_str(&line[at..start]);
            let error = |reason: String| Error::Draft {
                origin: path.display().to_string(),
                line: Some(number),
                reason,
            };
            let Some(found) = self.find(path, name) else {
                return Err(error(format!(
                    "found no file `{name}` or `{name}.tex` in the folder of the draft"
                )));
            };
            let same = fs::canonicalize(&found).map_err(Error::io("read", &found))?;
            let is_outside = |folder: &PathBuf| !same.starts_with(folder);
            if self.within.as_ref().is_some_and(is_outside) {
                return Err(error(format!(
                    "`{name}` is outside the folder of the draft; `--allow-outside`, or \
                     `DraftOptions::allow_outside`, includes it"
                )));
            }
            if self.open.contains(&same) {
                return Err(error(format!("`{name}` includes itself")));
            }
            if self.files >= MAX_FILES {
                return Err(error(format!("more than {MAX_FILES} files are included")));
            }
            self.file(&found)?;
            if self.out.len() > MAX_DRAFT {
                return Err(too_long(path, Some(number)));
            }
            at = end;
        }
        self.out.push_str(&line[at..]);
        Ok(())
    }

    /// Finds a file by its name, with or without `.tex`, in the folder of the file that includes it
    /// or in that of the main file.
    fn find(&self, including: &Path, name: &str) -> Option<PathBuf> {
        let folder = including.parent().unwrap_or(Path::new(""));
        [folder, &self.root].into_iter().find_map(|dir| {
            let with_extension = dir.join(format!("{name}.tex"));
            let path = dir.join(name);
            [with_extension, path]
                .into_iter()
                .find(|path| path.is_file())
        })
    }
}

/// Finds the next command in `line[from..code]` that includes a file, and returns its start, its
/// end and the name of the file.
fn next_file(line: &str, from: usize, code: usize) -> Option<(usize, usize, &str)> {
    let mut from = from;
    loop {
        let (start, command) = COMMANDS
            .iter()
            .filter_map(|command| {
                let at = line[from..code].find(command)?;
                Some((from + at, command.len()))
            })
            // `\include` is a prefix of `\includegraphics`: prefer the longest command.
            .min_by_key(|&(at, len)| (at, std::cmp::Reverse(len)))?;
        let command_end = start + command;
        from = command_end;
        let argument = &line[command_end..code];
        if argument.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let trimmed = argument.trim_start();
        let skipped = argument.len() - trimmed.len();
        let (name, end) = if let Some(inner) = trimmed.strip_prefix('{') {
            let Some(close) = inner.find('}') else {
                continue;
            };
            (inner[..close].trim(), command_end + skipped + close + 2)
        } else {
            let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
            (&trimmed[..end], command_end + skipped + end)
        };
        // A name that a macro produces is unknown.
        if !name.is_empty() && !name.contains(['#', '\\', '{']) {
            return Some((start, end, name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draft;

    #[test]
    fn replaces_commands_by_the_files_that_they_include() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("parts")).unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write(
            "main.tex",
            "\\begin{document}\nIt starts right here.\n\n\\input{parts/one} % \\input{none}\n\
             \\includegraphics{none}\n\\begin{verbatim}\n\\input{none}\n\\end{verbatim}\n\
             \\input parts/two.tex\n\\end{document}\n",
        );
        // The folder of the including file precedes that of the main file.
        write(
            "parts/one.tex",
            "The first part is read.\n\n\\include{three}\n",
        );
        write(
            "parts/two.tex",
            "The second part is read.\n\n\\subfile{parts/three}\n",
        );
        write("parts/three.tex", "The third part cites \\cite{a}.\n\n");
        let draft = Draft::read(dir.path().join("main.tex")).unwrap();
        assert_eq!(
            draft.sentences().collect::<Vec<_>>(),
            [
                "It starts right here.",
                "The first part is read.",
                "The third part cites.",
                "The second part is read.",
                "The third part cites.",
            ]
        );
        assert_eq!(draft.citations().len(), 1);
    }

    #[test]
    fn an_error_names_a_missing_file_and_one_that_includes_itself() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write("a.tex", "Text.\n\\input{b}\n");
        write("b.tex", "Text.\n\n\\input{missing}\n");
        let error = Draft::read(dir.path().join("a.tex"))
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with(
                "b.tex:3: found no file `missing` or `missing.tex` in the folder of the draft"
            ),
            "{error}"
        );
        write("b.tex", "Text.\n\n\\input{a}\n");
        let error = Draft::read(dir.path().join("a.tex"))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("b.tex:3: `a` includes itself"), "{error}");
        let error = Draft::read(dir.path().join("none.tex"))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("cannot read `"), "{error}");
    }
}
