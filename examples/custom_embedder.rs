//! Implements an embedder without a model: letter trigrams hashed into a vector.
//!
//! ```sh
//! cargo run --release --example custom_embedder
//! ```
//!
//! Such vectors capture spelling rather than meaning. A library accepts the vectors of any embedder
//! but does not mix those of different ones.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::path::Path;

use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Library, PaperReader, Progress, Query};
use ndarray::Array2;

/// An embedder that counts the letter trigrams of a text, each in the dimension that its hash
/// selects (Weinberger and others 2009, <https://arxiv.org/abs/0902.2206>).
struct HashedTrigrams {
    dim: usize,
}

impl HashedTrigrams {
    fn rows(&self, texts: &[&str]) -> Array2<f32> {
        let mut rows = Array2::zeros((texts.len(), self.dim));
        for (text, mut row) in texts.iter().zip(rows.outer_iter_mut()) {
            let letters: Vec<char> = format!(" {} ", text.to_lowercase()).chars().collect();
            for trigram in letters.windows(3) {
                let mut hasher = DefaultHasher::new();
                trigram.hash(&mut hasher);
                let hash = hasher.finish();
                // With a sign from the hash, collisions cancel out on average.
                let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
                let dimension = hash % self.dim as u64;
                row[usize::try_from(dimension).unwrap_or(0)] += sign;
            }
        }
        rows
    }
}

impl Embed for HashedTrigrams {
    fn info(&self) -> EmbedderInfo {
        // The fingerprint must change whenever the vectors of a text change.
        let fingerprint = format!("hashed-trigrams-1-{}", self.dim);
        EmbedderInfo::new("hashed-trigrams", "f32", fingerprint, self.dim)
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        let rows = self.rows(texts);
        // The work is done, so a request to stop no longer matters.
        let _ = progress(Progress::new(texts.len(), texts.len()));
        Ok(Embedded::new(rows))
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(self.rows(texts))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let library = Library::create(folder.path(), HashedTrigrams { dim: 1024 })?;
    let papers = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/papers.jsonl");
    let papers = PaperReader::open(&papers)?.collect::<Result<Vec<_>, _>>()?;
    let report = library.add(papers)?;
    println!(
        "{} papers, {} vectors of 1,024 values\n",
        report.added, report.embedded
    );

    let text = "graphs and networks";
    println!("Most similar in spelling to “{text}”\n");
    for hit in library.search(&Query::text(text).k(5))? {
        println!("{:.3}  {}", hit.score.unwrap_or_default(), hit.paper.title);
    }
    Ok(())
}
