//! Finds papers of the bundled list that a small draft should perhaps cite, and shows why.
//!
//! ```sh
//! cargo run --release --example draft_review
//! ```
//!
//! The first run downloads the default model (90 MB) to the cache.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::error::Error;
use std::path::Path;

use cognate::{
    DEFAULT_MODEL, Draft, DraftFormat, Encoder, EncoderOptions, Library, MissedOptions,
    ModelSource, PaperReader,
};

/// A draft in LaTeX, whose citation keys are ids of the list. For other keys, the second argument of
/// [`Library::missed`] is the bibliography that defines them.
const DRAFT: &str = r"
\documentclass{article}
\title{Shorter Attention for Longer Texts}
\begin{document}
\begin{abstract}
We translate long texts with a network that attends to a few words only.
\end{abstract}
\section{Introduction}
Recurrent networks read a sentence word by word~\citep{sutskever2014sequence}, and attention lets
them look back~\citep[see][]{bahdanau2015neural}. The Transformer needs no recurrence at
all~\citep{vaswani2017attention}. % shorten this
Large models that were trained on plain text before need only a few examples of a new task.
As others did~\citep{unknown2031}, we represent words by vectors which are learned from the words
around them.
\end{document}
";

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

    // `Draft::read` reads a file, and the files that it includes with `\input`.
    let draft = Draft::parse(DRAFT, DraftFormat::Latex);
    let report = library.missed(&draft, &[], &MissedOptions::default().k(6))?;

    println!("\nNot cited in “{}”:\n", draft.title().unwrap_or_default());
    for missed in &report.hits {
        let paper = &missed.hit.paper;
        println!(
            "{:.3}  {}",
            missed.hit.score.unwrap_or_default(),
            paper.title
        );
        println!(
            "       matches ({:.3}): {}",
            missed.sentence_score, missed.sentence
        );
    }
    println!("\nCited and in the library:");
    for cited in &report.found {
        println!("       {}", cited.id);
    }
    println!("\nCited but not in the library:");
    for citation in &report.not_found {
        println!("       {}", citation.label());
    }
    Ok(())
}
