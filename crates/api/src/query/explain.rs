//! Explanations of hits: the nearest sentences of query and paper, and the words that they share.

use std::collections::HashSet;

use cognate_papers::text::{fold, is_stop_word, sentences, stem, words};
use ndarray::Array2;
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use crate::library::Library;
use crate::query::hit::PaperHit;
use crate::unit_vector::cosine;
use crate::{Error, Paper, Result};

/// Why a paper answers a query: the nearest sentences of query and paper, and the words that they
/// share.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The sentence of the query that is nearest to a sentence of the paper.
    pub query_sentence: String,
    /// The sentence of the paper that is nearest to a sentence of the query: the title, or a sentence
    /// of the abstract that is at least partly within the model's limit on the length of a text.
    pub paper_sentence: String,
    /// The cosine of the two sentences, −1 to 1, higher is better.
    pub score: f32,
    /// The words of the paper whose stems the query has too, as the paper writes them, in order of
    /// appearance, one word for each stem. Stop words are left out.
    pub words: Vec<String>,
}

impl Library {
    /// Explains the hits of a query by text. Returns one explanation for each hit, in the order of the
    /// hits.
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
    /// let explanation = &library.explain(query, &hits)?[0];
    /// assert_eq!(explanation.paper_sentence, "Others grow thicker feathers in the cold.");
    /// assert_eq!(explanation.words, ["cold"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::EmptyQuery`] if the query has no text, and [`Error::NoEmbedder`] or
    /// [`Error::Embed`] if the sentences cannot be embedded.
    ///
    /// # Complexity
    ///
    /// Dominated by the model, which reads the sentences of the query and of all hits once.
    pub fn explain(&self, query: &str, hits: &[PaperHit]) -> Result<Vec<Explanation>> {
        let query_sentences = sentences(query);
        if query_sentences.is_empty() {
            return Err(Error::EmptyQuery { expected: "a text" });
        }
        self.explain_sentences(&query_sentences, hits)
    }

    /// Explains the hits of a query by papers of the library, whose sentences are those of the query.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`explain`](Self::explain), and [`Error::UnknownPaper`] if an id is not in
    /// the library.
    pub fn explain_related<S: AsRef<str>>(
        &self,
        ids: &[S],
        hits: &[PaperHit],
    ) -> Result<Vec<Explanation>> {
        let query_papers = self.read(|snapshot| {
            let paper = |id: &S| snapshot.paper_at(snapshot.row_of(id.as_ref())?);
            ids.iter().map(paper).collect::<Result<Vec<Paper>>>()
        })?;
        let query_sentences: Vec<&str> = query_papers
            .iter()
            .map(|paper| self.embedded_sentences(paper))
            .collect::<Result<Vec<_>>>()?
            .concat();
        if query_sentences.is_empty() {
            return Err(Error::EmptyQuery {
                expected: "at least one paper",
            });
        }
        self.explain_sentences(&query_sentences, hits)
    }

    fn explain_sentences(
        &self,
        query_sentences: &[&str],
        hits: &[PaperHit],
    ) -> Result<Vec<Explanation>> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let paper_sentences = hits
            .iter()
            .map(|hit| self.embedded_sentences(&hit.paper))
            .collect::<Result<Vec<_>>>()?;
        let texts: Vec<&str> = query_sentences
            .iter()
            .chain(paper_sentences.iter().flatten())
            .copied()
            .collect();
        let vectors = self.embed_sentences(&texts)?;
        Ok(explanations(
            query_sentences,
            hits,
            &paper_sentences,
            &vectors,
        ))
    }

    /// Returns the sentences of a paper on which its vector depends, because the embedder reads them.
    fn embedded_sentences<'p>(&self, paper: &'p Paper) -> Result<Vec<&'p str>> {
        let text = self.text.text(paper);
        let within_limit = self
            .embedder()?
            .text_within_limit(&text)
            .map_err(|source| Error::Embed { source })?;
        Ok(sentences_within(paper, &text, within_limit.len()))
    }
}

/// Explains each hit. `vectors` has the vectors of the query's sentences, followed by those of the
/// sentences of each paper.
fn explanations(
    query_sentences: &[&str],
    hits: &[PaperHit],
    paper_sentences: &[Vec<&str>],
    vectors: &Array2<f32>,
) -> Vec<Explanation> {
    let query_stems: HashSet<String> = query_sentences
        .iter()
        .flat_map(|sentence| words(sentence))
        .filter(|word| !is_stop_word(word))
        .map(|word| stem(&word))
        .collect();
    let mut next_row = query_sentences.len();
    let explain = |(hit, sentences): (&PaperHit, &Vec<&str>)| {
        let paper_rows = next_row..next_row + sentences.len();
        next_row = paper_rows.end;
        let mut best = Explanation {
            query_sentence: String::new(),
            paper_sentence: String::new(),
            score: f32::NEG_INFINITY,
            words: shared_words(&query_stems, &hit.paper),
        };
        for (paper_row, paper_sentence) in paper_rows.zip(sentences) {
            for (query_row, query_sentence) in query_sentences.iter().enumerate() {
                let score = cosine(vectors.row(query_row), vectors.row(paper_row));
                if score > best.score {
                    best.score = score;
                    (*query_sentence).clone_into(&mut best.query_sentence);
                    (*paper_sentence).clone_into(&mut best.paper_sentence);
                }
            }
        }
        best
    };
    hits.iter().zip(paper_sentences).map(explain).collect()
}

/// Returns the title, and the sentences of the abstract that begin before byte `limit` of `text`, the
/// text that the model reads of the paper. A text that does not contain the abstract has none of its
/// sentences. If there would be no sentence at all, the result is the first sentence of the abstract.
fn sentences_within<'p>(paper: &'p Paper, text: &str, limit: usize) -> Vec<&'p str> {
    let (title, abstract_text) = (paper.title.trim(), paper.abstract_text.trim());
    let abstract_start = text.rfind(abstract_text).unwrap_or(text.len());
    let of_abstract = sentences(abstract_text);
    let mut within: Vec<&str> = Some(title)
        .filter(|title| !title.is_empty())
        .into_iter()
        .collect();
    let mut end = 0;
    for sentence in &of_abstract {
        let start = end + abstract_text[end..].find(sentence).unwrap_or(0);
        end = start + sentence.len();
        if abstract_start + start >= limit {
            break;
        }
        within.push(sentence);
    }
    if within.is_empty() {
        within.extend(of_abstract.first());
    }
    within
}

/// Returns the words of a paper whose stems are in `query_stems`, one word for each stem.
fn shared_words(query_stems: &HashSet<String>, paper: &Paper) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut shared = Vec::new();
    for word in paper.text().unicode_words() {
        let folded = fold(word);
        let stem = stem(&folded);
        if !is_stop_word(&folded) && query_stems.contains(&stem) && seen.insert(stem) {
            shared.push(word.to_owned());
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_one_word_for_each_stem_as_the_paper_writes_it() {
        let query_stems = ["learn", "graph"].map(str::to_owned).into();
        let paper = Paper::new("a")
            .title("Learning on Graphs")
            .abstract_text("We learned the graph, and learn it.");
        let shared = shared_words(&query_stems, &paper);
        assert_eq!(shared, ["Learning", "Graphs"]);
    }

    #[test]
    fn leaves_out_sentences_beyond_the_limit() {
        let paper = Paper::new("a")
            .title("Title")
            .abstract_text("The first sentence. The second sentence.");
        let text = paper.text();
        let within = |limit| sentences_within(&paper, &text, limit);
        assert_eq!(
            within(text.len()),
            ["Title", "The first sentence.", "The second sentence."]
        );
        let second = text.find("The second").unwrap();
        assert_eq!(within(second + 1).len(), 3);
        assert_eq!(within(second), ["Title", "The first sentence."]);
        assert_eq!(within(0), ["Title"]);
        assert_eq!(sentences_within(&paper, "Title", 5), ["Title"]);
        let untitled = Paper::new("a").abstract_text("Only this.");
        assert_eq!(sentences_within(&untitled, "Only this.", 0), ["Only this."]);
    }
}
