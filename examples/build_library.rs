//! Builds a library from a file of papers, or updates it.
//!
//! ```sh
//! cargo run --release --example build_library -- target/my-library examples/data/papers.jsonl
//! ```
//!
//! On a second run, only papers whose text has changed are embedded.
#![expect(clippy::print_stdout, reason = "an example prints what it does")]

use std::env;
use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;

use cognate::{
    AddOptions, DEFAULT_MODEL, Encoder, EncoderOptions, Library, ModelSource, PaperReader,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(folder), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("expected two arguments: a library folder and a file of papers".into());
    };
    let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;
    let library = Library::open_or_create(&folder, encoder)?;

    // The reader returns one paper at a time, so the file may be larger than memory.
    let papers = PaperReader::open(Path::new(&file))?;
    let mut committed = 0;
    let report = library.add_with(papers, &AddOptions::default(), &mut |progress| {
        if progress.committed > committed {
            committed = progress.committed;
            println!("{committed} papers committed");
        }
        ControlFlow::Continue(())
    })?;

    println!(
        "{} papers in `{folder}`: {} added, {} updated, {} unchanged; {} texts embedded",
        library.len()?,
        report.added,
        report.updated,
        report.unchanged,
        report.embedded,
    );
    let truncation = report.truncation;
    println!(
        "{} of {} tokens were beyond the model's limit and truncated",
        truncation.tokens, truncation.total_tokens
    );
    Ok(())
}
