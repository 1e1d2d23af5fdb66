//! Libraries of 10,000 to 1,000,000 papers: adding, opening, searching, reading beside searches, memory
//! and size on disk, and how each grows.
//!
//! ```sh
//! cargo bench --bench library
//! cargo bench --bench library -- --from papers.jsonl.gz --sizes 10000,100000,1000000 --keep folder
//! ```
//!
//! `--from` names a file of papers, of which any number is made by pairing titles and abstracts of
//! different ones; without it, the papers consist of invented words. A fast embedder stands in for the
//! model. The hits of some queries are compared with those of a computation by loops before anything is
//! timed. `options.rs` has all options.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a benchmark should fail loudly, and its counts are far below 2⁵³"
)]

mod embedder;
mod figures;
mod made_papers;
mod measure;
mod memory;
mod options;
mod reference;
mod vocabulary;
mod word_vectors;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use cognate::{ExportFormat, PaperWriter};
use ndarray_npy::write_npy;

use embedder::WordEmbedder;
use figures::table;
use made_papers::MadePapers;
use measure::{Effort, Subject};
use options::{Options, Task};

fn main() {
    let options = Options::from_args();
    match &options.task {
        Task::Skip => return,
        Task::Child { act, dir } => return memory::run(act, dir),
        Task::Measure | Task::WritePapers(..) | Task::WriteVectors(..) => {}
    }
    let made = match &options.from {
        Some(path) => MadePapers::from_file(path),
        None => MadePapers::from_vocabulary(),
    };
    match &options.task {
        Task::WritePapers(path, count) => write_papers(&made, path, *count),
        Task::WriteVectors(path, count) => write_vectors(&made, path, *count),
        _ => measure(&made, &options),
    }
}

fn measure(made: &MadePapers, options: &Options) {
    let temporary = tempfile::tempdir().unwrap();
    let folder = options.keep.as_deref().unwrap_or(temporary.path());
    let embedder = WordEmbedder::new();
    let effort = Effort {
        is_measured: options.is_measured,
        check: options.check,
        analyses: options.analyses,
    };
    let mut columns = Vec::new();
    for &size in &options.sizes {
        eprintln!("{size} papers");
        let dir = folder.join(size.to_string());
        fs::create_dir_all(&dir).unwrap();
        let subject = Subject {
            dir: &dir,
            made,
            embedder: &embedder,
            size,
        };
        columns.push((size, subject.measure(effort)));
    }
    println!("{}", table(&columns));
}

fn write_papers(made: &MadePapers, path: &Path, count: usize) {
    let file = BufWriter::new(File::create(path).unwrap());
    let mut writer = PaperWriter::new(file, ExportFormat::JsonLines);
    for number in 0..count {
        writer.write(&made.paper(number)).unwrap();
    }
    writer.finish().unwrap();
}

fn write_vectors(made: &MadePapers, path: &Path, count: usize) {
    let texts: Vec<String> = (0..count).map(|number| made.paper(number).text()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    write_npy(path, &WordEmbedder::new().rows(&texts)).unwrap();
}
