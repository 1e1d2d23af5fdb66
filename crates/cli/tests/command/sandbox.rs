use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cognate_testing::copy_dir;
use serde_json::Value;
use tempfile::TempDir;

/// A temporary folder in which a test runs the command.
pub(crate) struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// Creates a sandbox whose library `L` holds the first `count` of [`papers`].
    pub(crate) fn with_library(count: usize) -> Self {
        let sandbox = Self::new();
        sandbox.write("papers.jsonl", &papers(0..count));
        sandbox.add("L", "papers.jsonl");
        sandbox
    }

    /// Adds the papers of a file to a library of the tiny model, asserts that it succeeds, and returns stdout.
    #[track_caller]
    pub(crate) fn add(&self, library: &str, file: &str) -> String {
        self.ok(&["add", "--library", library, "--model", &tiny_model(), file])
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Prepares the command to run in the sandbox, independent of the user's caches and variables.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cognate"));
        command
            .current_dir(self.dir.path())
            .env_remove("COGNATE_LIBRARY")
            .env("COGNATE_CONFIG", self.path("config.toml"))
            .env_remove("COGNATE_DEVICE")
            .env("HF_HOME", self.path("huggingface"))
            .env_remove("HF_HUB_CACHE")
            .env("COGNATE_CACHE", self.path("cache"))
            .env("HF_HUB_OFFLINE", "1")
            .args(arguments);
        for variable in [
            "COLUMNS",
            "NO_COLOR",
            "CLICOLOR",
            "CLICOLOR_FORCE",
            "FORCE_HYPERLINK",
            // Makes a terminal without styles count as one with styles.
            "CI",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the command, asserts that it succeeds, and returns its stdout.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the command, asserts that it succeeds, and parses its stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// Runs the command with `--json`, and returns the document without the header that all have.
    #[track_caller]
    pub(crate) fn content(&self, arguments: &[&str]) -> Value {
        let mut document = self.json(arguments);
        let fields = document.as_object_mut().unwrap();
        assert_eq!(fields.remove("version"), Some(1.into()));
        for name in ["command", "library", "took_ms"] {
            fields.remove(name);
        }
        document
    }

    /// Runs the command, asserts that it fails with status 1 and an empty stdout, and returns its
    /// stderr.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(
            output.stdout.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        let message = stderr(&output);
        assert!(!message.contains("panicked"), "{message}");
        message
    }

    /// Runs the command, asserts that it fails with status 2 and an empty stdout, because its arguments are
    /// wrong, and returns its stderr.
    #[track_caller]
    pub(crate) fn misused(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
        stderr(&output)
    }

    /// Runs the command with `input` as its standard input, and returns what it prints.
    pub(crate) fn piped(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // The command may stop reading early.
        let _ = stdin.write_all(input);
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    /// Returns the number of papers in a library.
    #[track_caller]
    pub(crate) fn count(&self, library: &str) -> u64 {
        self.json(&["info", "--library", library, "--json"])["papers"]
            .as_u64()
            .unwrap()
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns the path of the tiny checkpoint that the tests of `cognate-model` use.
pub(crate) fn tiny_model() -> String {
    fixture("tiny-bert")
}

/// Returns the path of a checkpoint in the fixtures of `cognate-model`.
pub(crate) fn fixture(name: &str) -> String {
    fixtures().join(name).display().to_string()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures")
}

/// Copies the tiny checkpoint to `to`, where a test may damage it.
pub(crate) fn copy_model(to: &Path) {
    copy_dir(&fixtures().join("tiny-bert"), to);
}

/// Returns JSON Lines of invented papers, no two with the same text.
pub(crate) fn papers(numbers: std::ops::Range<usize>) -> String {
    let words = [
        "graph", "proof", "enzyme", "galaxy", "market", "syntax", "quartz", "fever",
    ];
    let line = |n: usize| {
        serde_json::json!({
            "id": format!("paper-{n}"),
            "title": format!("{} and {} {n}", words[n % 8], words[n / 8 % 8]),
            "abstract": format!("We study {} in {}.", words[n / 3 % 8], words[n / 5 % 8]),
            "authors": [format!("Ada Author{}", n % 3), "Bea Other"],
            "year": 2000 + n % 20,
            "venue": "Journal of Things",
            "url": format!("https://example.org/{n}"),
            "categories": if n.is_multiple_of(2) { "cs.CL cs.LG" } else { "math.CO" },
        })
        .to_string()
    };
    numbers.map(|n| line(n) + "\n").collect()
}
