//! Commands of LaTeX that read other files.

use std::path::{Path, PathBuf};

use super::scan::{
    argument, command, group, optional, skip_optional, skip_space, without_comments,
};
use super::{Expander, Scan};
use crate::Result;

/// The maximum number of macros in the name of a file.
const MAX_MACROS: usize = 100;

/// The extensions of files that belong to TeX, not to a draft.
const OF_TEX: [&str; 9] = [
    ".sty", ".cls", ".def", ".cfg", ".clo", ".ldf", ".fd", ".enc", ".mkii",
];

/// The names of other files that belong to TeX.
const NAMES_OF_TEX: [&str; 15] = [
    "glyphtounicode",
    "glyphtounicode-cmr",
    "pdfmsym",
    "epsf",
    "psfig",
    "xy",
    "xypic",
    "amssym",
    "mathcolor",
    "insbox",
    "miniltx",
    "pgf",
    "tikz",
    "binhex",
    "random",
];

impl Expander<'_> {
    /// Reads a command that names files. Returns whether it does.
    pub(super) fn file_command(
        &mut self,
        scan: &mut Scan<'_>,
        name: &str,
        end: usize,
    ) -> Result<bool> {
        let text = scan.text;
        match name {
            "input" => match input_name(text, end) {
                Some((file, end)) => self.include(scan, file, end)?,
                None => return Ok(false),
            },
            "include" | "subfile" | "subfileinclude" | "includestandalone" | "loadglsentries" => {
                let start = skip_optional(text, end);
                let Some((file, end)) = group(text, start) else {
                    return Ok(false);
                };
                self.include(scan, &text[file], end)?;
            }
            "import" | "inputfrom" | "includefrom" => return self.import(scan, end, false),
            "subimport" | "subinputfrom" | "subincludefrom" => return self.import(scan, end, true),
            "usepackage" | "RequirePackage" => {
                let Some((names, end)) = group(text, skip_optional(text, end)) else {
                    return Ok(false);
                };
                let line = scan.line();
                scan.at = end;
                for name in text[names].split(',') {
                    self.package(name.trim(), line)?;
                }
            }
            "InputIfFileExists" | "IfFileExists" => {
                return self.if_exists(scan, end, name == "InputIfFileExists");
            }
            "addbibresource" | "addglobalbib" | "addsectionbib" | "putbib" => {
                // `\putbib[a,b]` has its files in brackets.
                let files = if name == "putbib" {
                    optional(text, end)
                } else {
                    group(text, skip_optional(text, end))
                };
                let Some((names, end)) = files else {
                    return Ok(false);
                };
                self.bibliography(scan, &text[names]);
                scan.at = end;
            }
            "bibliography" | "nobibliography" | "defaultbibliography" => {
                let Some((names, end)) = group(text, skip_optional(text, end)) else {
                    return Ok(false);
                };
                self.bibliography(scan, &text[names]);
                scan.at = end;
            }
            // Package multibib: `\newcites{own}{Own papers}` and `\bibliographyown{a}`.
            _ if is_multibib(name) => {
                let Some((names, end)) = group(text, end) else {
                    return Ok(false);
                };
                self.bibliography(scan, &text[names]);
                scan.at = end;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Reads a file that a command ending at `end` includes.
    fn include(&mut self, scan: &mut Scan<'_>, raw: &str, end: usize) -> Result<()> {
        let line = scan.line();
        scan.at = end;
        let Some(name) = self.file_name(raw, line) else {
            return Ok(());
        };
        let folders = self.folders();
        if let Some(path) = self.files.find(&folders, &name, &[".tex"]) {
            let import = self.imports.last().cloned().flatten();
            self.read(&path, &name, line, import)?;
        } else {
            self.note_missing(&name, line);
        }
        Ok(())
    }

    /// Reads the arguments `{folder}{file}` of `\import` and its variants.
    fn import(&mut self, scan: &mut Scan<'_>, end: usize, is_relative: bool) -> Result<bool> {
        let text = scan.text;
        let arguments = || {
            let start = end + usize::from(text[end..].starts_with('*'));
            let (folder, next) = group(text, start)?;
            let (file, next) = group(text, next)?;
            Some((&text[folder], &text[file], next))
        };
        let Some((folder, file, next)) = arguments() else {
            return Ok(false);
        };
        let line = scan.line();
        scan.at = next;
        let names = self.file_name(folder, line).zip(self.file_name(file, line));
        let Some((folder, name)) = names else {
            return Ok(true);
        };
        let mut bases = self.folders();
        if !is_relative {
            // `\import` starts from the folder of the main file.
            bases.insert(0, self.files.root().to_owned());
        }
        let folders: Vec<PathBuf> = bases.iter().map(|base| base.join(&folder)).collect();
        let found = folders.iter().find_map(|folder| {
            let path = self
                .files
                .find(std::slice::from_ref(folder), &name, &[".tex"]);
            path.map(|path| (folder.clone(), path))
        });
        if let Some((folder, path)) = found {
            self.read(&path, &name, line, Some(folder))?;
        } else {
            let separator = if folder.is_empty() || folder.ends_with('/') {
                ""
            } else {
                "/"
            };
            self.note_missing(&format!("{folder}{separator}{name}"), line);
        }
        Ok(true)
    }

    /// Reads `\InputIfFileExists{file}{then}{else}` or `\IfFileExists`.
    fn if_exists(&mut self, scan: &mut Scan<'_>, end: usize, reads: bool) -> Result<bool> {
        let text = scan.text;
        let arguments = || {
            let (file, next) = group(text, end)?;
            let (yes, next) = group(text, next)?;
            let (no, next) = group(text, next)?;
            Some((&text[file], &text[yes], &text[no], next))
        };
        let Some((file, yes, no, next)) = arguments() else {
            return Ok(false);
        };
        let line = scan.line();
        scan.at = next;
        let folders = self.folders();
        let name = self.path(file).unwrap_or_default();
        let Some(path) = self.files.find(&folders, &name, &[".tex"]) else {
            self.produced(no, line)?;
            return Ok(true);
        };
        if reads {
            let import = self.imports.last().cloned().flatten();
            self.read(&path, &name, line, import)?;
        }
        self.produced(yes, line)?;
        Ok(true)
    }

    fn read(
        &mut self,
        path: &Path,
        name: &str,
        line: usize,
        import: Option<PathBuf>,
    ) -> Result<()> {
        let text = self.files.open(path, name, line)?;
        self.imports.push(import);
        self.file(text.strip_prefix('\u{feff}').unwrap_or(&text))?;
        self.imports.pop();
        self.files.close();
        Ok(())
    }

    /// Reads the definitions of a package that is in the folder of the draft.
    fn package(&mut self, name: &str, line: usize) -> Result<()> {
        let folders = [self.files.root().to_owned()];
        let name = format!("{name}.sty");
        if let Some(path) = self.files.find(&folders, &name, &[])
            // A package that cannot be read is one of TeX as well.
            && let Ok(text) = self.files.open(&path, &name, line)
        {
            let start = self.out.len();
            self.imports.push(None);
            self.file(&text)?;
            self.imports.pop();
            self.files.close();
            self.out.truncate(start);
        }
        Ok(())
    }

    /// Returns the folders in which a file is looked for.
    fn folders(&self) -> Vec<PathBuf> {
        let root = self.files.root();
        let import = self.imports.last().cloned().flatten();
        let listed = self.input_path.iter().map(|path| root.join(path));
        import
            .into_iter()
            .chain([self.files.folder().to_owned(), root.to_owned()])
            .chain(listed)
            .collect()
    }

    /// Adds the files of references that a list names.
    fn bibliography(&mut self, scan: &mut Scan<'_>, names: &str) {
        let line = scan.line();
        let folders = self.folders();
        let mut has_one = false;
        let mut missing = Vec::new();
        for raw in names.split(',').filter(|name| !name.trim().is_empty()) {
            let Some(name) = self.file_name(raw, line) else {
                continue;
            };
            let with_extension = if name.strip_suffix(".bib").is_some() {
                name.clone()
            } else {
                format!("{name}.bib")
            };
            if self.files.add_bibliography(&folders, &name, line) {
                has_one = true;
            } else if let Some(content) = self.contents.remove(&with_extension) {
                self.bibtex.push(content);
                has_one = true;
            } else {
                missing.push(with_extension);
            }
        }
        if !has_one && self.read_bbl() {
            return;
        }
        for name in missing {
            if is_of_tex(&name) {
                let message =
                    format!("`{name}` is not in the folder of the draft; it belongs to TeX");
                self.files.note(line, &message);
            } else {
                self.files.note_missing_bibliography(&name, line);
            }
        }
    }

    /// Reads the list of references that BibTeX wrote for the draft. Returns whether there is one.
    fn read_bbl(&mut self) -> bool {
        let Some(name) = self.files.stem().map(|stem| format!("{stem}.bbl")) else {
            return false;
        };
        let root = [self.files.root().to_owned()];
        let Some(path) = self.files.find(&root, &name, &[]) else {
            return false;
        };
        match self.files.open(&path, &name, 0) {
            Ok(text) => {
                self.files.close();
                // The list that biber writes has another form.
                if !text.contains("\\bibitem") {
                    return false;
                }
                self.out.push_str("\n\n");
                self.out.push_str(&without_comments(&text));
                true
            }
            Err(_) => false,
        }
    }

    /// Returns the name of a file with its macros replaced, or notes the one that is unknown.
    fn file_name(&mut self, raw: &str, line: usize) -> Option<String> {
        match self.path(raw) {
            Ok(name) => Some(name),
            // The name is an argument of a macro that is being defined.
            Err(unknown) if unknown == "#" => None,
            Err(unknown) => {
                let message = format!(
                    "the draft does not define `{unknown}`, so the file `{}` is not read",
                    raw.trim()
                );
                self.files.note(line, &message);
                None
            }
        }
    }

    /// Replaces the macros in the name of a file.
    ///
    /// # Errors
    ///
    /// Returns the macro that is unknown.
    pub(super) fn path(&self, raw: &str) -> std::result::Result<String, String> {
        let mut name = without_comments(raw).trim().to_owned();
        for _ in 0..MAX_MACROS {
            let Some(at) = name.find(['\\', '#']) else {
                break;
            };
            if name[at..].starts_with('#') {
                return Err("#".to_owned());
            }
            let found = command(&name, at).to_owned();
            let end = at + 1 + found.len();
            let (value, end) = match found.as_str() {
                "jobname" => (self.files.stem().unwrap_or_default().to_owned(), end),
                "string" | "relax" | "empty" | "expandafter" | "noexpand" => (String::new(), end),
                "space" => (" ".to_owned(), end),
                "subfix" | "detokenize" | "unexpanded" => {
                    let (inner, end) = argument(&name, end).ok_or_else(|| format!("\\{found}"))?;
                    (inner.to_owned(), end)
                }
                // `\_` and `\ ` are characters.
                "" => {
                    let symbol = name[end..].chars().next().map_or(0, char::len_utf8);
                    (name[end..end + symbol].to_owned(), end + symbol)
                }
                _ => {
                    let text = self.definitions.text(&found);
                    (text.ok_or_else(|| format!("\\{found}"))?.to_owned(), end)
                }
            };
            // White space after a macro is not part of the name, nor is an empty group.
            let rest = if found.is_empty() {
                &name[end..]
            } else {
                name[end..].trim_start()
            };
            let rest = rest.strip_prefix("{}").unwrap_or(rest);
            name = format!("{}{value}{rest}", &name[..at]);
            if name.len() > 4_096 {
                return Err(format!("\\{found}"));
            }
        }
        let unquoted = name.replace(['"', '{', '}'], "");
        Ok(unquoted.trim().to_owned())
    }

    fn note_missing(&mut self, name: &str, line: usize) {
        if is_of_tex(name) {
            let message = format!("`{name}` is not in the folder of the draft; it belongs to TeX");
            self.files.note(line, &message);
        } else {
            self.files.note_missing(name, line);
        }
    }
}

/// Returns whether a file belongs to TeX or one of its packages.
fn is_of_tex(name: &str) -> bool {
    let stem = name.strip_suffix(".tex").unwrap_or(name);
    NAMES_OF_TEX.contains(&stem)
        || OF_TEX.iter().any(|extension| name.ends_with(extension))
        || ["IEEEabrv.bib", "IEEEfull.bib", "IEEEexample.bib"].contains(&name)
}

/// Returns the name of the file after `\input`, in braces or not, and the position after it.
fn input_name(text: &str, at: usize) -> Option<(&str, usize)> {
    if let Some((inner, end)) = group(text, at) {
        return Some((&text[inner], end));
    }
    let start = skip_space(text, at);
    let name = &text[start..];
    if let Some(quoted) = name.strip_prefix('"') {
        let end = quoted.find(['"', '\n'])?;
        return Some((&quoted[..end], start + end + 2));
    }
    // A name may begin with a macro: `\input \folder/part`.
    let end = name.find(|c: char| c.is_whitespace() || "}{%".contains(c));
    let end = end.unwrap_or(name.len());
    (end > 0).then_some((&name[..end], start + end))
}

/// Returns whether a command is `\bibliography` with the name of a list, as the package multibib has it.
fn is_multibib(name: &str) -> bool {
    let list = name.strip_prefix("bibliography");
    list.is_some_and(|list| {
        !list.is_empty()
            && !["style", "unit", "punct"]
                .iter()
                .any(|other| list.starts_with(other))
    })
}
