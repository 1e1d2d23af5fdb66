use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cognate_index::{FlatIndex, RowId, SearchOptions};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use roaring::RoaringBitmap;

use crate::library::store::View;
use crate::{Citation, Draft, Error, Filter, Library, Paper, PaperHit, Result};
use cognate_papers::text::sentences;

mod cited;
mod titles;

use cited::Cited;
use titles::Titles;

/// What [`Library::missed`] gives.
#[derive(Clone, Debug)]
pub struct MissedOptions {
    k: usize,
    filter: Filter,
}

/// What a draft may have missed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MissedReport {
    /// The papers that it does not cite, best first.
    pub hits: Vec<MissedHit>,
    /// What it cites and the library has, in order of citation.
    pub found: Vec<CitedPaper>,
    /// What it cites and the library has not, in order of citation, with what the list of
    /// references says of it: its title is the citation's text.
    pub not_found: Vec<Citation>,
    /// The sentences of the draft that were compared, title and abstract among them.
    pub sentences: usize,
}

/// A citation that is a paper of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CitedPaper {
    /// What the draft calls it: a key, an identifier or an entry of its list of references.
    pub citation: String,
    /// The id of the paper.
    pub id: String,
}

/// A paper that a draft may have missed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MissedHit {
    /// The place, the score and the paper.
    ///
    /// The score is the mean of two cosines: that of the paper with the draft, which is the mean
    /// over the five sentences nearest to it, and that of the paper with the mean vector of the
    /// papers that the draft cites. Where none of these is known, it is the first alone.
    pub hit: PaperHit,
    /// How much the title has in common with those of the papers cited, 0 to 1: the mean of its
    /// cosines with them, of words weighted by rarity, where only words count that three of them
    /// and a quarter of them have. Hits are in the order of the score plus twice this.
    pub title_score: f32,
    /// The sentence of the draft that is nearest to the paper.
    pub sentence: String,
    /// The cosine of the two, −1 to 1, higher is better.
    pub sentence_score: f32,
}

/// The sentences of a draft whose cosines with a paper are averaged.
const NEAREST_SENTENCES: usize = 5;

/// The papers that are looked at: the nearest of each sentence,
const POOL_OF_SENTENCE: usize = 100;
/// and the nearest of the draft as a whole, and of what it cites.
const POOL_OF_WHOLE: usize = 1_000;

/// What the words of titles weigh beside the cosines of vectors: the mean over many titles is a
/// small number. With more, papers that share a subject but no word would be found less.
const TITLE_WEIGHT: f32 = 2.0;

impl Default for MissedOptions {
    fn default() -> Self {
        Self {
            k: 20,
            filter: Filter::default(),
        }
    }
}

impl MissedOptions {
    /// The number of papers to give, 1 or more; fewer where the library has fewer. Default: 20.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// Only papers that pass `filter`. Default: all pass.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }
}

impl Library {
    /// The papers of the library that are near to a draft and that it does not cite, each with
    /// the sentence of the draft that it is nearest to.
    ///
    /// `references` is its list of references, where an id is a citation key. What the draft cites
    /// is recognized in the library by id, DOI, arXiv number or title, which come from the
    /// references or from the draft itself. A draft that names no key, such as one in plain text,
    /// cites all of the references. A paper with the draft's own title is left out too.
    ///
    /// Looked at are the nearest 100 papers of each sentence, and the nearest 1,000 of the draft's
    /// mean vector, of that of the papers cited, and of the words of their titles; a
    /// [`MissedHit`] says how they are ordered. Of the orders that were tried on topics of arXiv,
    /// this one found most of what a draft had been kept from citing: the nearest sentence,
    /// passage or cited paper alone, their means, and their fusions by rank were behind it.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyQuery`] when the draft has no sentence; [`Error::InvalidK`] when `k` is 0;
    /// [`Error::EmptyLibrary`]; [`Error::NoEmbedder`] and [`Error::Embed`] when its sentences
    /// cannot be embedded; [`Error::Index`] and [`Error::Store`] when the library cannot be read.
    ///
    /// # Complexity
    ///
    /// The model reads the draft once. Then the papers' metadata are read once, and every vector
    /// is compared with every sentence.
    pub fn missed(
        &self,
        draft: &Draft,
        references: &[Paper],
        options: &MissedOptions,
    ) -> Result<MissedReport> {
        let texts = texts_of(draft);
        if texts.is_empty() {
            return Err(Error::EmptyQuery {
                expected: "a draft with a sentence of prose",
            });
        }
        if self.is_empty()? {
            return Err(Error::EmptyLibrary {
                dir: self.dir.clone(),
            });
        }
        if options.k == 0 {
            return Err(Error::InvalidK {
                found: 0,
                expected: 1..=self.len()?,
            });
        }
        // Before the library is locked: this takes longest.
        let mut vectors = self.embed_sentences(&texts)?;
        vectors.axis_iter_mut(Axis(0)).for_each(scale_to_unit);
        self.read(|view, index| {
            let mut cited = Cited::new(draft, references);
            let mut allowed = RoaringBitmap::new();
            let mut rows = BTreeSet::new();
            let mut titles = Titles::default();
            view.for_each(|stored| {
                titles.push(stored.row, &stored.paper.title);
                if cited.take(&stored.paper) {
                    rows.insert(stored.row);
                } else if !cited.is_draft(&stored.paper) && options.filter.allows(&stored.paper) {
                    allowed.insert(stored.row.get());
                }
            })?;
            let center = center_of(index, &self.dir, &rows)?;
            let ranking = Ranking {
                index,
                dir: &self.dir,
                vectors: &vectors,
                center: center.as_ref(),
                titles: titles.near(&rows),
            };
            let best = ranking.best(&allowed, options.k)?;
            let (found, not_found) = cited.into_report();
            Ok(MissedReport {
                hits: hits_of(view, &texts, &best)?,
                found,
                not_found,
                sentences: texts.len(),
            })
        })
    }
}

/// Title, abstract and prose of a draft, in sentences.
fn texts_of(draft: &Draft) -> Vec<&str> {
    let title = draft.title().map(str::trim);
    let abstract_text = draft.abstract_text().map(sentences).unwrap_or_default();
    title
        .into_iter()
        .chain(abstract_text)
        .chain(draft.sentences())
        .collect()
}

/// A paper with its score.
#[derive(Debug)]
struct Candidate {
    row: RowId,
    score: f32,
    title_score: f32,
    /// The sentence nearest to it, and their cosine.
    sentence: usize,
    sentence_score: f32,
}

struct Ranking<'a> {
    index: &'a FlatIndex,
    dir: &'a Path,
    /// Of the sentences, `[n, dim]`, unit length.
    vectors: &'a Array2<f32>,
    /// The direction of the papers cited.
    center: Option<&'a Array1<f32>>,
    /// How much each title has in common with theirs.
    titles: BTreeMap<RowId, f32>,
}

impl Candidate {
    /// What they are ordered by.
    fn merit(&self) -> f32 {
        TITLE_WEIGHT.mul_add(self.title_score, self.score)
    }
}

impl Ranking<'_> {
    /// The best `k` of the rows allowed, ties by ascending row.
    fn best(&self, allowed: &RoaringBitmap, k: usize) -> Result<Vec<Candidate>> {
        if allowed.is_empty() {
            return Ok(Vec::new());
        }
        let pool = self.pool(allowed, k)?;
        let candidates = pool.into_iter().map(|row| self.candidate(row));
        let mut candidates = candidates.collect::<Result<Vec<_>>>()?;
        candidates.sort_by(|a, b| match b.merit().total_cmp(&a.merit()) {
            Ordering::Equal => a.row.cmp(&b.row),
            order => order,
        });
        candidates.truncate(k);
        Ok(candidates)
    }

    /// The rows that are looked at, at least `k` where there are as many.
    fn pool(&self, allowed: &RoaringBitmap, k: usize) -> Result<BTreeSet<RowId>> {
        let near = |k: usize| SearchOptions::new(k).filter(allowed);
        let failed = || Error::index(self.dir);
        let mut pool = BTreeSet::new();
        let by_sentence = self
            .index
            .search_batch(self.vectors.view(), near(POOL_OF_SENTENCE))
            .map_err(failed())?;
        pool.extend(by_sentence.into_iter().flatten().map(|hit| hit.row));
        let mut whole = self.vectors.sum_axis(Axis(0));
        scale_to_unit(whole.view_mut());
        for vector in [Some(&whole), self.center].into_iter().flatten() {
            // Sentences may cancel one another out.
            if vector.iter().any(|&value| value != 0.0) {
                let hits = self
                    .index
                    .search(vector.view(), near(POOL_OF_WHOLE.max(k)))
                    .map_err(failed())?;
                pool.extend(hits.into_iter().map(|hit| hit.row));
            }
        }
        let mut by_title: Vec<(RowId, f32)> = self
            .titles
            .iter()
            .filter(|&(row, &score)| score > 0.0 && allowed.contains(row.get()))
            .map(|(&row, &score)| (row, score))
            .collect();
        // Stable: ties stay in the order of the rows.
        by_title.sort_by(|a, b| b.1.total_cmp(&a.1));
        pool.extend(by_title.iter().take(POOL_OF_WHOLE).map(|(row, _)| *row));
        Ok(pool)
    }

    fn candidate(&self, row: RowId) -> Result<Candidate> {
        let vector = vector_of(self.index, row, self.dir)?;
        let mut cosines: Vec<(usize, f32)> = self
            .vectors
            .dot(&vector)
            .into_iter()
            .map(|cosine| cosine.clamp(-1.0, 1.0))
            .enumerate()
            .collect();
        cosines.sort_by(|a, b| b.1.total_cmp(&a.1));
        let (sentence, sentence_score) = cosines.first().copied().unwrap_or_default();
        cosines.truncate(NEAREST_SENTENCES);
        let draft = mean(cosines.iter().map(|(_, cosine)| *cosine));
        let score = match self.center {
            Some(center) => f32::midpoint(draft, center.dot(&vector).clamp(-1.0, 1.0)),
            None => draft,
        };
        Ok(Candidate {
            row,
            score,
            title_score: self.titles.get(&row).copied().unwrap_or_default(),
            sentence,
            sentence_score,
        })
    }
}

/// The direction of the sum of the papers' unit vectors; none without papers.
fn center_of(index: &FlatIndex, dir: &Path, rows: &BTreeSet<RowId>) -> Result<Option<Array1<f32>>> {
    let mut sum = Array1::zeros(index.dim());
    for &row in rows {
        sum += &vector_of(index, row, dir)?;
    }
    scale_to_unit(sum.view_mut());
    Ok(Some(sum).filter(|sum| sum.iter().any(|&value| value != 0.0)))
}

/// The vector of a paper, which the table of papers says is there.
fn vector_of<'a>(index: &'a FlatIndex, row: RowId, dir: &Path) -> Result<ArrayView1<'a, f32>> {
    index.row(row).map_err(Error::index(dir))?.ok_or_else(|| {
        let source = format!("row {row} is missing, though `papers.sqlite` names it");
        Error::Index {
            dir: dir.to_owned(),
            source: source.into(),
        }
    })
}

fn hits_of(view: &View<'_>, texts: &[&str], best: &[Candidate]) -> Result<Vec<MissedHit>> {
    let hit = |(place, candidate): (usize, &Candidate)| {
        Ok(MissedHit {
            hit: PaperHit {
                rank: place + 1,
                score: candidate.score,
                keyword_score: None,
                rerank_score: None,
                standing: None,
                paper: view.at(candidate.row)?,
                versions: Vec::new(),
            },
            title_score: candidate.title_score,
            sentence: texts[candidate.sentence].to_owned(),
            sentence_score: candidate.sentence_score,
        })
    };
    best.iter().enumerate().map(hit).collect()
}

/// Makes a vector one of length 1; one without a direction stays.
fn scale_to_unit(mut vector: ndarray::ArrayViewMut1<'_, f32>) {
    let length = vector
        .iter()
        .map(|&value| f64::from(value).powi(2))
        .sum::<f64>()
        .sqrt();
    if length > 1e-9 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a vector is f32, rounded once"
        )]
        vector.mapv_inplace(|value| (f64::from(value) / length) as f32);
    } else {
        vector.fill(0.0);
    }
}

/// The mean of a few numbers; 0 of none.
fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "they are a few")]
    let count = values.len().max(1) as f32;
    values.sum::<f32>() / count
}
