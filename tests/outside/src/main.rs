//! A program outside the workspace: a library of three papers with an embedder of its own.
//!
//! Nothing but `cognate` is linked for it, so every type that its API asks for must be reachable
//! from there. The embedder counts words; no model is needed.

use std::error::Error;
use std::ops::ControlFlow;

use cognate::ndarray::Array2;
use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Library, Paper, Progress, Query};

/// The words that the embedder counts, one dimension for each.
const WORDS: [&str; 4] = ["protein", "galaxy", "graph", "language"];

/// Counts the words of `WORDS` in a text.
struct WordCounts;

impl WordCounts {
    fn rows(texts: &[&str]) -> Array2<f32> {
        Array2::from_shape_fn((texts.len(), WORDS.len()), |(row, word)| {
            let text = texts[row].to_lowercase();
            // A small constant keeps a text without any of the words from becoming a zero vector.
            0.01 + text.matches(WORDS[word]).count() as f32
        })
    }
}

impl Embed for WordCounts {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo::new("word-counts", "f32", "word-counts-1", WORDS.len())
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        _: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        Ok(Embedded::new(Self::rows(texts)))
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(Self::rows(texts))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let library = Library::create(folder.path(), WordCounts)?;
    let report = library.add([
        Paper::new("folding")
            .title("How a protein folds")
            .year(2021),
        Paper::new("halo")
            .title("The dark halo of a galaxy")
            .year(1997),
        Paper::new("alignment")
            .title("Protein graph alignment")
            .year(2009),
    ])?;
    assert_eq!(report.added, 3);

    let hits = library.search(&Query::text("a galaxy and its halo").k(1))?;
    assert_eq!(hits[0].paper.id, "halo");
    let hits = library.related("folding", 2)?;
    assert_eq!(hits[0].paper.id, "alignment");
    assert!(hits[0].score > hits[1].score);

    drop(library);
    let library = Library::open(folder.path())?;
    assert_eq!(library.ids()?, ["folding", "halo", "alignment"]);
    println!("outside: 3 papers added, searched and opened again");
    Ok(())
}
