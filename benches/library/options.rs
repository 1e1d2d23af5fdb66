//! The arguments of the benchmark.

use std::env;
use std::path::PathBuf;

/// The usage, for a wrong argument.
const USAGE: &str = "\
cargo bench --bench library -- [options]
  --sizes N,N,…             numbers of papers (10000)
  --from FILE               make the papers from those of this file, not from invented words
  --keep FOLDER             keep the libraries in this folder, and use them again
  --analyses                also measure `topics`, `duplicates` and `map`
  --no-check                do not compare answers with those of a computation by loops
  --write-papers FILE N     write the first N papers as JSON lines, and nothing else
  --write-vectors FILE N    write the vectors of the first N papers as .npy, and nothing else";

/// What to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Measure libraries.
    Measure,
    /// Write papers.
    WritePapers(PathBuf, usize),
    /// Write vectors.
    WriteVectors(PathBuf, usize),
    /// Report the memory of one act on a library to the process that started this one.
    Child { act: String, dir: PathBuf },
    /// Nothing, because the name of another benchmark was given.
    Skip,
}

/// What to do, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) sizes: Vec<usize>,
    /// A file of papers.
    pub(crate) from: Option<PathBuf>,
    pub(crate) keep: Option<PathBuf>,
    pub(crate) analyses: bool,
    pub(crate) check: bool,
    /// Whether figures matter. Without, each is measured once, as a test of the benchmark.
    pub(crate) is_measured: bool,
}

impl Options {
    /// Reads the arguments of this process. Cargo adds `--bench`, except for a test of the benchmark.
    pub(crate) fn from_args() -> Self {
        let mut args = env::args().skip(1).peekable();
        let mut options = Self {
            task: Task::Measure,
            sizes: Vec::new(),
            from: None,
            keep: None,
            analyses: false,
            check: true,
            is_measured: false,
        };
        let mut is_test = false;
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .unwrap_or_else(|| panic!("{arg}: a value is missing\n{USAGE}"))
            };
            match arg.as_str() {
                "--bench" => options.is_measured = true,
                "--test" => is_test = true,
                "--sizes" => options.sizes = value().split(',').map(number).collect(),
                "--from" => options.from = Some(value().into()),
                "--keep" => options.keep = Some(value().into()),
                "--analyses" => options.analyses = true,
                "--no-check" => options.check = false,
                "--write-papers" => {
                    options.task = Task::WritePapers(value().into(), number(&value()));
                }
                "--write-vectors" => {
                    options.task = Task::WriteVectors(value().into(), number(&value()));
                }
                "--child" => {
                    let (act, dir) = (value(), value().into());
                    options.task = Task::Child { act, dir };
                }
                // The filter by name that all benchmarks of `cargo bench` are given.
                filter if !filter.starts_with('-') => {
                    if !"library".contains(filter) {
                        options.task = Task::Skip;
                    }
                }
                _ => panic!("`{arg}` is unknown\n{USAGE}"),
            }
        }
        options.is_measured &= !is_test;
        if options.sizes.is_empty() {
            options.sizes = vec![if options.is_measured { 10_000 } else { 1_500 }];
        }
        options.sizes.sort_unstable();
        options
    }
}

fn number(text: &str) -> usize {
    text.parse()
        .unwrap_or_else(|_| panic!("`{text}` is not a number\n{USAGE}"))
}
