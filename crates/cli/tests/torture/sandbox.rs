//! A temporary folder in which the command runs.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cognate_testing::copy_dir;
use serde_json::Value;
use tempfile::TempDir;

use crate::contents::Contents;

/// The folder of the model in the sandbox.
const MODEL: &str = "./model";

/// The folder.
pub(crate) struct Sandbox {
    dir: TempDir,
}

/// The outcome of a run of the command.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code, or `None` if a signal ended the process.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    /// Creates a sandbox with a copy of the tiny checkpoint of `cognate-model` that has no prompts, so that
    /// the text of a paper as a query has the vector of the paper.
    pub(crate) fn new() -> Self {
        let sandbox = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let model = sandbox.path(MODEL);
        let original =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures/tiny-bert");
        copy_dir(&original, &model);
        fs::remove_file(model.join("config_sentence_transformers.json")).unwrap();
        sandbox
    }

    /// Creates a sandbox whose library `L` has papers.
    pub(crate) fn with_library(papers: &[Value]) -> Self {
        let sandbox = Self::new();
        sandbox.add("L", papers);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Returns the folder, in which the command runs.
    pub(crate) fn root(&self) -> PathBuf {
        // `strace` logs paths without symbolic links.
        self.dir.path().canonicalize().unwrap()
    }

    /// Adds papers to a library, which is created if it does not exist.
    #[track_caller]
    pub(crate) fn add(&self, library: &str, papers: &[Value]) {
        self.write_papers("papers.jsonl", papers);
        self.ok(&add_arguments(library, "papers.jsonl"));
    }

    pub(crate) fn write_papers(&self, name: &str, papers: &[Value]) {
        let mut lines = String::new();
        for paper in papers {
            writeln!(lines, "{paper}").unwrap();
        }
        fs::write(self.path(name), lines).unwrap();
    }

    /// Prepares the command to run in the sandbox, independent of the user's caches and variables.
    pub(crate) fn command<S: AsRef<str>>(&self, arguments: &[S]) -> Command {
        self.prepare(Command::new(binary()), arguments)
    }

    /// Prepares the command to run under another program, such as `strace`.
    pub(crate) fn command_under<S: AsRef<str>>(
        &self,
        program: &[&str],
        arguments: &[S],
    ) -> Command {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).arg(binary());
        self.prepare(command, arguments)
    }

    fn prepare<S: AsRef<str>>(&self, mut command: Command, arguments: &[S]) -> Command {
        command
            .current_dir(self.root())
            .stdin(Stdio::null())
            .env_remove("COGNATE_LIBRARY")
            .env_remove("COGNATE_DEVICE")
            .env("HF_HOME", self.path("huggingface"))
            .env_remove("HF_HUB_CACHE")
            .env("COGNATE_CACHE", self.path("cache"))
            .env("HF_HUB_OFFLINE", "1")
            .env("RAYON_NUM_THREADS", "1")
            .args(arguments.iter().map(AsRef::as_ref));
        command
    }

    pub(crate) fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Outcome {
        Outcome::from(self.command(arguments).output().unwrap())
    }

    /// Runs the command, asserts that it succeeds, and returns its stdout.
    #[track_caller]
    pub(crate) fn ok<S: AsRef<str> + std::fmt::Debug>(&self, arguments: &[S]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome:?}");
        outcome.stdout
    }

    /// Returns the papers of a library.
    #[track_caller]
    pub(crate) fn contents(&self, library: &str) -> Contents {
        Contents::parse(&self.ok(&["export", "--library", library]))
    }
}

impl Outcome {
    /// Returns whether the command succeeded, or failed with a message as it should.
    pub(crate) fn is_orderly(&self) -> bool {
        let has_message = self.stderr.lines().any(|line| line.starts_with("error: "));
        let is_expected = match self.code {
            Some(0) => true,
            Some(1) => has_message,
            _ => false,
        };
        is_expected && !self.stderr.contains("panicked")
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut stderr = text(&output.stderr);
        if let Some(signal) = output.status.signal() {
            write!(stderr, "ended by signal {signal}").unwrap();
        }
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr,
        }
    }
}

/// Returns the arguments that add the papers of a file, in place of those with their ids.
pub(crate) fn add_arguments(library: &str, file: &str) -> Vec<String> {
    [
        "add",
        "--replace",
        "--library",
        library,
        "--model",
        MODEL,
        file,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn binary() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("cognate")
}
