//! Builds a library from JSON lines, or brings one up to date.
//!
//! ```sh
//! cargo run --release --example build_library -- target/my-library examples/data/papers.jsonl
//! ```
//!
//! Run it again: papers whose text has not changed are not embedded again.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

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
        return Err("expected two arguments: the library's folder and a file of papers".into());
    };
    let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;
    let library = Library::open_or_create(&folder, encoder)?;

    // The reader gives one paper at a time: a file may be larger than memory.
    let papers = PaperReader::open(Path::new(&file))?;
    let mut told = 0;
    let report = library.add_with(papers, &AddOptions::default(), &mut |state| {
        if state.committed > told {
            told = state.committed;
            println!("{told} papers are safe in the library");
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
    let cut = report.truncation;
    println!(
        "{} of {} tokens were beyond what the model reads",
        cut.tokens, cut.total_tokens
    );
    Ok(())
}
