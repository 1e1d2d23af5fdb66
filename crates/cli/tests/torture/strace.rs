//! System calls of the command, as `strace` logs or fails them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::sandbox::{Outcome, Sandbox};

/// The system calls that change files. Those that a platform lacks are marked by `?`, so that they are not an
/// error.
const CHANGES: [&str; 14] = [
    "?open",
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "?rename",
    "?renameat",
    "renameat2",
    "?link",
    "linkat",
    "?unlink",
    "unlinkat",
];

/// A system call of a run: the `count`-th one of its name, counted from 1 in its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) count: usize,
}

/// Runs the command and returns its calls that concern files of the library `L`.
pub(crate) fn calls(sandbox: &Sandbox, arguments: &[String]) -> Vec<Call> {
    let (root, library) = (sandbox.root(), sandbox.path("L"));
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    let mut calls = Vec::new();
    for line in log(sandbox, arguments) {
        let Some(call) = Line::parse(&line, &root) else {
            continue;
        };
        let name = call.name.to_owned();
        if name == "lseek" {
            continue;
        }
        let count = counts
            .entry((call.thread.to_owned(), name.clone()))
            .or_default();
        *count += 1;
        if call.paths().iter().any(|path| path.starts_with(&library)) {
            calls.push(Call {
                name,
                count: *count,
            });
        }
    }
    calls
}

/// Runs the command, asserts that it succeeds, and returns a line for each of its calls that changes files,
/// for [`Line::parse`].
pub(crate) fn log(sandbox: &Sandbox, arguments: &[String]) -> Vec<String> {
    let file = sandbox.path("log");
    let traced = format!("trace={},lseek", CHANGES.join(","));
    // Paths of descriptors, all strings in hexadecimal notation, and none of them cut.
    let strace = [
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "100000000",
        "-e",
        &traced,
        "-o",
        file.to_str().unwrap(),
    ];
    let output = sandbox.command_under(&strace, arguments).output().unwrap();
    let outcome = Outcome::from(output);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let mut unfinished: HashMap<String, String> = HashMap::new();
    let mut lines = Vec::new();
    for line in fs::read_to_string(file).unwrap().lines() {
        let (thread, rest) = line.split_once(' ').unwrap();
        if let Some(start) = line.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread.to_owned(), start.to_owned());
        } else if rest.trim_start().starts_with("<... ") {
            let (_, end) = rest.split_once(" resumed>").unwrap();
            lines.push(unfinished.remove(thread).unwrap() + end);
        } else {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Runs the command with something injected at a call, such as `error=EIO` or `signal=KILL`.
pub(crate) fn inject(
    sandbox: &Sandbox,
    arguments: &[String],
    call: &Call,
    injection: &str,
) -> Outcome {
    let Call { name, count } = call;
    let inject = format!("inject={name}:{injection}:when={count}");
    let traced = format!("trace={name}");
    let strace = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        &traced,
        "-e",
        &inject,
    ];
    let output = sandbox.command_under(&strace, arguments).output().unwrap();
    Outcome::from(output)
}

/// A line of a log: a call that succeeded.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// The folder of the process.
    folder: &'a Path,
    thread: &'a str,
    pub(crate) name: &'a str,
    arguments: Vec<&'a str>,
    /// What the call returned.
    pub(crate) result: usize,
}

impl<'a> Line<'a> {
    /// Parses a line of a process that ran in `folder`. Returns `None` if it is no call that succeeded.
    pub(crate) fn parse(line: &'a str, folder: &'a Path) -> Option<Self> {
        let (thread, call) = line.split_once(' ')?;
        let (name, rest) = call.trim_start().split_once('(')?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let arguments = arguments.trim_end().strip_suffix(')')?;
        let digits = result.find(|c: char| !c.is_ascii_digit());
        let result = result[..digits.unwrap_or(result.len())].parse().ok()?;
        Some(Self {
            folder,
            thread,
            name,
            arguments: arguments.split(", ").collect(),
            result,
        })
    }

    pub(crate) fn argument(&self, position: usize) -> &'a str {
        self.arguments[position]
    }

    pub(crate) fn number(&self, position: usize) -> usize {
        self.arguments[position].parse().unwrap()
    }

    /// Returns the string that an argument is.
    pub(crate) fn bytes(&self, position: usize) -> Vec<u8> {
        let mut bytes = decode(self.arguments[position].trim_matches('"'));
        if self.name.contains("write") {
            bytes.truncate(self.result);
        }
        bytes
    }

    /// Returns the number of a descriptor.
    pub(crate) fn descriptor(&self, position: usize) -> usize {
        let (number, _) = self.arguments[position].split_once('<').unwrap();
        number.parse().unwrap()
    }

    /// Returns the path of a descriptor.
    pub(crate) fn descriptor_path(&self, position: usize) -> PathBuf {
        let (_, path) = self.arguments[position].split_once('<').unwrap();
        path_of(path.trim_end_matches('>'))
    }

    /// Returns a path, which may be relative to the folder of the process.
    pub(crate) fn path(&self, position: usize) -> PathBuf {
        self.folder.join(self.string(position))
    }

    /// Returns a path, which is relative to the folder in the argument before it.
    pub(crate) fn path_at(&self, position: usize) -> PathBuf {
        self.descriptor_path(position)
            .join(self.string(position + 1))
    }

    fn string(&self, position: usize) -> PathBuf {
        path_of(self.arguments[position].trim_matches('"'))
    }

    /// Returns all paths in the arguments.
    fn paths(&self) -> Vec<PathBuf> {
        let all = 0..self.arguments.len();
        let paths = all.filter_map(|position| {
            let argument = self.arguments[position];
            let is_folder = self.name.ends_with("at") || self.name.ends_with("at2");
            if argument.contains('<') && is_folder {
                Some(self.path_at(position))
            } else if argument.contains('<') {
                Some(self.descriptor_path(position))
            } else if argument.starts_with('"') && !self.name.contains("write") {
                Some(self.path(position))
            } else {
                None
            }
        });
        paths.collect()
    }
}

fn path_of(hexadecimal: &str) -> PathBuf {
    Path::new(&OsString::from_vec(decode(hexadecimal)))
        .components()
        .collect()
}

/// Decodes `\x2f\x64`.
fn decode(hexadecimal: &str) -> Vec<u8> {
    let bytes = hexadecimal.split("\\x").skip(1);
    bytes
        .map(|byte| u8::from_str_radix(&byte[..2], 16).unwrap())
        .collect()
}
