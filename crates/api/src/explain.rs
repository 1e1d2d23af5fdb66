use std::collections::HashSet;
use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView1};
use unicode_segmentation::UnicodeSegmentation;

use crate::embed::check_shape;
use crate::sentences::sentences;
use crate::words::{fold, is_stop_word, stem, words};
use crate::{Error, Library, Paper, PaperHit, Result};

/// Why a paper answers a query: what is nearest in the two, and the words that they share.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The sentence of the query that is nearest to one of the paper.
    pub query_sentence: String,
    /// That sentence of the paper: its title, or one of its abstract that the model reads for the
    /// paper's vector, at least in part.
    pub paper_sentence: String,
    /// The cosine of the two sentences, −1 to 1, higher is better.
    pub score: f32,
    /// The words of the paper that the query has too, in any form, as the paper writes them, in
    /// order of appearance, each family of words once. Function words do not count.
    pub words: Vec<String>,
}

impl Library {
    /// Explains the hits of a query by text: one explanation for each hit, in their order.
    ///
    /// ```
    /// # use cognate::{DEFAULT_MODEL, Encoder, EncoderOptions, Library, ModelSource, Paper, Query};
    /// # let checkpoint = ModelSource::from_env()?.resolve(DEFAULT_MODEL)?.open()?;
    /// # let encoder = Encoder::load(&checkpoint, EncoderOptions::default())?;
    /// # let folder = tempfile::tempdir()?;
    /// # let library = Library::create(folder.path(), encoder)?;
    /// library.add([Paper::new("a")
    ///     .title("Field notes")
    ///     .abstract_text("Some birds fly south. Others grow thicker feathers in the cold.")])?;
    /// let query = "How do animals survive the cold?";
    /// let hits = library.search(&Query::text(query).k(1))?;
    /// let why = &library.explain(query, &hits)?[0];
    /// assert_eq!(why.paper_sentence, "Others grow thicker feathers in the cold.");
    /// assert_eq!(why.words, ["cold"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::EmptyQuery`] when the query has no text; [`Error::NoEmbedder`] and
    /// [`Error::Embed`] when its sentences cannot be embedded.
    ///
    /// # Complexity
    ///
    /// Dominated by the model, which reads the sentences of the query and of all hits once.
    pub fn explain(&self, query: &str, hits: &[PaperHit]) -> Result<Vec<Explanation>> {
        let asked = sentences(query);
        if asked.is_empty() {
            return Err(Error::EmptyQuery { expected: "a text" });
        }
        self.explain_sentences(&asked, hits)
    }

    /// Explains the hits of a query by papers of the library, whose texts are the query's.
    ///
    /// # Errors
    ///
    /// Those of [`explain`](Self::explain), and [`Error::UnknownPaper`].
    pub fn explain_related<S: AsRef<str>>(
        &self,
        ids: &[S],
        hits: &[PaperHit],
    ) -> Result<Vec<Explanation>> {
        let seeds = self.read(|view, _| {
            let seed = |id: &S| match view.find(id.as_ref())? {
                Some(stored) => Ok(stored.paper),
                None => Err(Self::unknown(view, id.as_ref())),
            };
            ids.iter().map(seed).collect::<Result<Vec<Paper>>>()
        })?;
        let asked: Vec<&str> = seeds
            .iter()
            .map(|seed| self.sentences_read(seed))
            .collect::<Result<Vec<_>>>()?
            .concat();
        if asked.is_empty() {
            return Err(Error::EmptyQuery {
                expected: "at least one paper",
            });
        }
        self.explain_sentences(&asked, hits)
    }

    fn explain_sentences(&self, asked: &[&str], hits: &[PaperHit]) -> Result<Vec<Explanation>> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let papers = hits
            .iter()
            .map(|hit| self.sentences_read(&hit.paper))
            .collect::<Result<Vec<_>>>()?;
        let texts: Vec<&str> = asked
            .iter()
            .chain(papers.iter().flatten())
            .copied()
            .collect();
        let rows = self.embed_sentences(&texts)?;
        let query_words: HashSet<String> = asked
            .iter()
            .flat_map(|sentence| words(sentence))
            .filter(|word| !is_stop_word(word))
            .map(|word| stem(&word))
            .collect();
        let mut first = asked.len();
        let explain = |(hit, sentences): (&PaperHit, &Vec<&str>)| {
            let rows_of_paper = first..first + sentences.len();
            first = rows_of_paper.end;
            let mut best = Explanation {
                query_sentence: String::new(),
                paper_sentence: String::new(),
                score: f32::NEG_INFINITY,
                words: shared_words(&query_words, &hit.paper),
            };
            for (row, paper_sentence) in rows_of_paper.zip(sentences) {
                for (query_row, query_sentence) in asked.iter().enumerate() {
                    let score = cosine(rows.row(query_row), rows.row(row));
                    if score > best.score {
                        best.score = score;
                        (*query_sentence).clone_into(&mut best.query_sentence);
                        (*paper_sentence).clone_into(&mut best.paper_sentence);
                    }
                }
            }
            best
        };
        Ok(hits.iter().zip(&papers).map(explain).collect())
    }

    /// The title, then the sentences of the abstract that begin where the embedder still reads; one
    /// at least, where there is any text.
    fn sentences_read<'p>(&self, paper: &'p Paper) -> Result<Vec<&'p str>> {
        let embedder = self.embedder.as_ref().ok_or(Error::NoEmbedder)?;
        let text = paper.text();
        let read = embedder
            .text_within_limit(&text)
            .map_err(|source| Error::Embed { source })?;
        let (title, abstract_text) = (paper.title.trim(), paper.abstract_text.trim());
        // The abstract is the end of the text.
        let before = text.len() - abstract_text.len();
        let mut at = 0;
        let of_abstract = sentences(abstract_text).into_iter().take_while(|sentence| {
            let start = at + abstract_text[at..].find(sentence).unwrap_or(0);
            at = start + sentence.len();
            // The first text there is counts in any case.
            before + start == 0 || before + start < read.len()
        });
        let title = Some(title).filter(|title| !title.is_empty());
        Ok(title.into_iter().chain(of_abstract).collect())
    }

    /// Embeds sentences as what is searched, since they are compared with one another.
    pub(crate) fn embed_sentences(&self, texts: &[&str]) -> Result<Array2<f32>> {
        let embedder = self.embedder.as_ref().ok_or(Error::NoEmbedder)?;
        let embedded = embedder
            .embed_documents(texts, &mut |_| ControlFlow::Continue(()))
            .map_err(|source| Error::Embed { source })?;
        check_shape(&embedded.rows, texts.len(), self.stored.dim)?;
        Ok(embedded.rows)
    }
}

/// The words of a paper whose stems are in `query`, each stem once.
fn shared_words(query: &HashSet<String>, paper: &Paper) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut shared = Vec::new();
    for word in paper.text().unicode_words() {
        let folded = fold(word);
        let stem = stem(&folded);
        if !is_stop_word(&folded) && query.contains(&stem) && seen.insert(stem) {
            shared.push(word.to_owned());
        }
    }
    shared
}

/// The cosine of two vectors of any length; 0 with a vector that has none.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a score is f32, rounded once"
)]
pub(crate) fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
    let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a), f64::from(b));
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    let lengths = (aa * bb).sqrt();
    if lengths > 0.0 {
        (dot / lengths).clamp(-1.0, 1.0) as f32
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_words_of_one_family_as_the_paper_writes_them() {
        let query = ["learn", "graph"].map(str::to_owned).into();
        let paper = Paper::new("a")
            .title("Learning on Graphs")
            .abstract_text("We learned the graph, and learn it.");
        let shared = shared_words(&query, &paper);
        assert_eq!(shared, ["Learning", "Graphs"]);
    }

    #[test]
    fn measures_angles_not_lengths() {
        let rows = ndarray::array![[3.0, 4.0], [-6.0, -8.0], [4.0, -3.0], [0.0, 0.0]];
        let score = |a: usize, b: usize| cosine(rows.row(a), rows.row(b));
        assert_eq!(
            [score(0, 0), score(0, 1), score(0, 2), score(0, 3)].map(f32::to_bits),
            [1.0_f32, -1.0, 0.0, 0.0].map(f32::to_bits)
        );
    }
}
