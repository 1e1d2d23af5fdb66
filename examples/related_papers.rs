//! Finds related papers in the list that is part of the repository.
//!
//! ```sh
//! cargo run --release --example related_papers
//! cargo run --release --example related_papers -- "planets around other stars"
//! ```
//!
//! The first run downloads the default model (90 MB) to the cache.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::env;
use std::error::Error;
use std::path::Path;

use cognate::{
    DEFAULT_MODEL, Encoder, EncoderOptions, Library, Mode, ModelSource, PaperHit, PaperReader,
    Query,
};

/// The queries if the command line has none: a text and the id of a paper.
const TEXT: &str = "How can a computer learn to translate between languages?";
const PAPER: &str = "watts1998collective";

fn main() -> Result<(), Box<dyn Error>> {
    println!("Loading the model {DEFAULT_MODEL} …");
    let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;

    let folder = tempfile::tempdir()?;
    let library = Library::create(folder.path(), encoder)?;
    let papers = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/papers.jsonl");
    let papers = PaperReader::open(&papers)?.collect::<Result<Vec<_>, _>>()?;
    println!("Embedding {} papers …", papers.len());
    library.add(papers)?;

    let query = env::args().skip(1).collect::<Vec<_>>().join(" ");
    let text = if query.is_empty() { TEXT } else { &query };
    println!("\nMost similar to the text “{text}”\n");
    print_table(&library.search(&Query::text(text).mode(Mode::Vector).k(8))?);

    if query.is_empty() {
        let title = library
            .get(PAPER)?
            .map(|paper| paper.title)
            .unwrap_or_default();
        println!("\nMost similar to the paper “{title}”\n");
        print_table(&library.search(&Query::paper(PAPER).mode(Mode::Vector).k(8))?);
    }
    Ok(())
}

fn print_table(hits: &[PaperHit]) {
    println!("score  year  {:<58}  authors", "title");
    for hit in hits {
        let paper = &hit.paper;
        let year = paper.year.map(|year| year.to_string()).unwrap_or_default();
        let others = if paper.authors.len() > 1 {
            " and others"
        } else {
            ""
        };
        let first = paper.authors.first().map_or("", |name| name.full());
        println!(
            "{:.3}  {year:<4}  {:<58}  {first}{others}",
            hit.score.unwrap_or_default(),
            shorten(&paper.title, 58)
        );
    }
}

/// Shortens `text` to at most `width` characters, with an ellipsis at the end.
fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let start: String = text.chars().take(width - 1).collect();
    start.trim_end().to_owned() + "…"
}
