//! Recommends papers to read next, given a few papers, as a Markdown list.
//!
//! ```sh
//! cargo run --release --example reading_list
//! cargo run --release --example reading_list -- mikolov2013efficient watts1998collective
//! ```
//!
//! The arguments are ids from `examples/data/papers.jsonl`. The first run downloads the default model
//! (90 MB) to the cache.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::env;
use std::error::Error;
use std::io;
use std::path::Path;

use cognate::{
    DEFAULT_MODEL, Encoder, EncoderOptions, ExportFormat, Library, ModelSource, PaperReader,
    PaperWriter, Query, Strategy,
};

/// Papers on two subjects, both of which the recommendations cover.
const SEEDS: [&str; 3] = [
    "vaswani2017attention",
    "bahdanau2015neural",
    "watts1998collective",
];

fn main() -> Result<(), Box<dyn Error>> {
    let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;
    let folder = tempfile::tempdir()?;
    let library = Library::create(folder.path(), encoder)?;
    let papers = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/papers.jsonl");
    library.add(PaperReader::open(&papers)?.collect::<Result<Vec<_>, _>>()?)?;

    let arguments: Vec<String> = env::args().skip(1).collect();
    let seeds = if arguments.is_empty() {
        SEEDS.map(str::to_owned).to_vec()
    } else {
        arguments
    };
    println!("# Because you liked\n");
    for id in &seeds {
        let paper = library.get(id)?.ok_or_else(|| format!("no paper `{id}`"))?;
        println!("- {}", paper.title);
    }
    // Maximal marginal relevance keeps the list from repeating similar papers.
    let query = Query::papers(&seeds)
        .strategy(Strategy::Rocchio)
        .diversity(0.2)
        .k(10);
    let hits = library.search(&query)?;
    println!("\n# Read next\n");
    let mut writer = PaperWriter::for_hits(io::stdout().lock(), ExportFormat::Markdown);
    for hit in &hits {
        writer.write_ranked(&hit.paper, hit.rank, hit.score)?;
    }
    writer.finish().map(drop)?;
    Ok(())
}
