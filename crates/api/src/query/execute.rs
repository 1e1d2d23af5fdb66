//! From a query to its hits: which rows, in which order, and what is said of each.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use cognate_index::{FlatIndex, Hit, RowId, SearchOptions};
use ndarray::{Array1, Array2, ArrayView1};
use roaring::RoaringBitmap;

use crate::library::background_similarity::{PairCosines, Standing, live_rows};
use crate::library::store::View;
use crate::query::search::{row_of, rows_allowed};
use crate::query::versions::same_work;
use crate::query::{Target, from_papers, fts_expression, mmr, rrf};
use crate::sampling::spaced;
use crate::{Error, Library, Mode, PaperHit, Query, Result, Strategy};

/// How deep rankings are fused, and among how many papers diversity chooses: enough for any list that
/// a person reads.
const DEPTH: usize = 200;

/// Papers of the library that a classifier tells the wanted ones from, at most.
const REST: usize = 20_000;

/// Wanted papers whose mean cosine is below that of this share of random pairs, in per cent, are of
/// several subjects.
const APART: f64 = 95.0;

impl Query {
    /// The number of nearest papers that the first look takes.
    pub(crate) fn depth(&self) -> usize {
        let k = self.k.unwrap_or(Self::DEFAULT_K);
        let is_fused = self.mode == Mode::Hybrid && matches!(self.target, Target::Text(_));
        if is_fused || self.diversity > 0.0 {
            k.max(DEPTH)
        } else if self.versions {
            k
        } else {
            k.saturating_mul(2)
        }
    }
}

/// A row that answers, before its paper is read.
#[derive(Clone, Copy, Debug)]
struct Ranked {
    row: RowId,
    score: f32,
    keyword_score: Option<f64>,
}

impl From<&Hit> for Ranked {
    fn from(hit: &Hit) -> Self {
        Self {
            row: hit.row,
            score: hit.score,
            keyword_score: None,
        }
    }
}

/// Where a query points: at one vector, or at several, whose answers are one by another rule.
enum Directions {
    One(Array1<f32>),
    /// Asked for in turn.
    Interleaved(Vec<Array1<f32>>),
    /// Near to any of the first, and nearer than to any of the second.
    Nearest(Vec<Array1<f32>>, Vec<Array1<f32>>),
}

/// One query on one state of the library.
pub(crate) struct Search<'a> {
    view: &'a View<'a>,
    index: &'a FlatIndex,
    dir: &'a Path,
    query: &'a Query,
    k: usize,
    filter: Option<RoaringBitmap>,
    seeds: RoaringBitmap,
    directions: Directions,
    /// The nearest rows to the direction, as many as are known already.
    nearest: Option<Vec<Hit>>,
}

impl<'a> Search<'a> {
    /// `vector` is that of a query by text or by vector; `nearest` what is known of its answer.
    pub(crate) fn new(
        view: &'a View<'a>,
        index: &'a FlatIndex,
        dir: &'a Path,
        query: &'a Query,
        vector: Option<&Array1<f32>>,
        nearest: Option<Vec<Hit>>,
    ) -> Result<Self> {
        let mut search = Self {
            view,
            index,
            dir,
            query,
            k: query.k.unwrap_or(Query::DEFAULT_K).min(index.len()),
            filter: rows_allowed(view, query)?,
            seeds: RoaringBitmap::new(),
            directions: Directions::One(Array1::zeros(0)),
            nearest,
        };
        search.directions = match (&query.target, vector) {
            (Target::Papers { wanted, unwanted }, _) => search.of_papers(wanted, unwanted)?,
            (_, Some(vector)) => Directions::One(search.with_feedback(vector)?),
            (_, None) => return Err(Error::EmptyQuery { expected: "a text" }),
        };
        Ok(search)
    }

    /// The hits.
    pub(crate) fn answer(&self) -> Result<Vec<PaperHit>> {
        let mut hits = if self.query.versions {
            let ranking = self.ranking(self.k)?;
            ranking
                .iter()
                .map(|ranked| self.hit(ranked))
                .collect::<Result<Vec<_>>>()?
        } else {
            self.works()?
        };
        for (rank, hit) in (1..).zip(&mut hits) {
            hit.rank = rank;
        }
        if self.query.standing {
            self.compare(&mut hits)?;
        }
        Ok(hits)
    }

    fn hit(&self, ranked: &Ranked) -> Result<PaperHit> {
        Ok(PaperHit {
            rank: 0,
            score: ranked.score,
            keyword_score: ranked.keyword_score,
            standing: None,
            rerank_score: None,
            paper: self.view.at(ranked.row)?,
            versions: Vec::new(),
        })
    }

    /// The best papers, each once, with its other versions.
    fn works(&self) -> Result<Vec<PaperHit>> {
        let mut n = self.k.saturating_mul(2);
        loop {
            let ranking = self.ranking(n)?;
            let mut works: Vec<(RowId, PaperHit)> = Vec::new();
            for ranked in &ranking {
                let hit = self.hit(ranked)?;
                let vector = self.row(ranked.row)?;
                let mut is_version = None;
                for (place, (row, work)) in works.iter().enumerate() {
                    let cosine = vector.dot(&self.row(*row)?);
                    if same_work(&work.paper, &hit.paper, cosine).is_some() {
                        is_version = Some(place);
                        break;
                    }
                }
                match is_version {
                    Some(place) => works[place].1.versions.push(hit.paper),
                    None => works.push((ranked.row, hit)),
                }
            }
            // Versions are as near as their papers: twice as many hits as asked for show them.
            if works.len() >= self.k || ranking.len() < n {
                works.truncate(self.k);
                return Ok(works.into_iter().map(|(_, hit)| hit).collect());
            }
            n = n.saturating_mul(2);
        }
    }

    /// The best `n` rows.
    fn ranking(&self, n: usize) -> Result<Vec<Ranked>> {
        if self.query.diversity == 0.0 {
            return self.relevant(n);
        }
        let pool = self.relevant(n.max(DEPTH))?;
        let vectors = pool.iter().map(|ranked| self.row(ranked.row));
        let vectors = vectors.collect::<Result<Vec<_>>>()?;
        let scores: Vec<f32> = pool.iter().map(|ranked| ranked.score).collect();
        let chosen = mmr::choose(&scores, &vectors, self.query.diversity, n);
        Ok(chosen.into_iter().map(|place| pool[place]).collect())
    }

    fn relevant(&self, n: usize) -> Result<Vec<Ranked>> {
        let mode = match self.query.target {
            Target::Text(_) => self.query.mode,
            _ => Mode::Vector,
        };
        match (&self.directions, mode) {
            (Directions::One(vector), Mode::Vector) => {
                let hits = self.near(vector.view(), n)?;
                Ok(hits.iter().map(Ranked::from).collect())
            }
            (Directions::One(vector), Mode::Keyword) => self.with_keywords(vector, n),
            (Directions::One(vector), Mode::Hybrid) => self.fused(vector, n),
            (Directions::Interleaved(vectors), _) => self.interleaved(vectors, n),
            (Directions::Nearest(wanted, unwanted), _) => self.nearest_of(wanted, unwanted, n),
        }
    }

    /// The `n` rows nearest to a vector that are no seeds.
    fn near(&self, vector: ArrayView1<'_, f32>, n: usize) -> Result<Vec<Hit>> {
        if let Some(nearest) = &self.nearest
            && (n <= nearest.len() || nearest.len() == self.index.len())
        {
            return Ok(nearest[..n.min(nearest.len())].to_vec());
        }
        // Top n is a prefix of top n + m: asking for more and leaving the seeds out is exact.
        let margin = usize::try_from(self.seeds.len()).unwrap_or(usize::MAX);
        let mut options = SearchOptions::new(n.saturating_add(margin));
        if let Some(rows) = &self.filter {
            options = options.filter(rows);
        }
        if let Some(score) = self.query.min_score {
            options = options.min_score(score);
        }
        let hits = self.index.search(vector, options);
        let mut hits = hits.map_err(Error::index(self.dir))?;
        hits.retain(|hit| !self.seeds.contains(hit.row.get()));
        hits.truncate(n);
        Ok(hits)
    }

    /// The `n` rows of highest BM25, with the cosines that they have.
    fn with_keywords(&self, vector: &Array1<f32>, n: usize) -> Result<Vec<Ranked>> {
        let Target::Text(text) = &self.query.target else {
            return Ok(Vec::new());
        };
        let Some(expression) = fts_expression::expression(text) else {
            return Ok(Vec::new());
        };
        let mut found: Vec<(RowId, f64)> = Vec::new();
        let mut cosines: HashMap<RowId, f32> = HashMap::new();
        let mut failure = None;
        self.view.keyword_hits(&expression, |row, score| {
            let is_allowed = self
                .filter
                .as_ref()
                .is_none_or(|rows| rows.contains(row.get()));
            if is_allowed && !self.seeds.contains(row.get()) {
                found.push((row, score));
            }
            // Scores are looked at in lots, so that a minimum does not need one search for each row.
            if found.len() >= n {
                match self.cosines(vector, &found, &mut cosines) {
                    Ok(()) => found.retain(|(row, _)| cosines.contains_key(row)),
                    Err(error) => failure = Some(error),
                }
            }
            found.len() < n && failure.is_none()
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        self.cosines(vector, &found, &mut cosines)?;
        let ranked = found.into_iter().filter_map(|(row, score)| {
            Some(Ranked {
                row,
                score: *cosines.get(&row)?,
                keyword_score: Some(score),
            })
        });
        Ok(ranked.collect())
    }

    /// Adds the cosines of rows that are not known yet and reach the query's minimum.
    fn cosines(
        &self,
        vector: &Array1<f32>,
        rows: &[(RowId, f64)],
        known: &mut HashMap<RowId, f32>,
    ) -> Result<()> {
        let unknown = rows
            .iter()
            .map(|(row, _)| row)
            .filter(|row| !known.contains_key(row));
        let unknown: RoaringBitmap = unknown.map(|row| row.get()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let count = usize::try_from(unknown.len()).unwrap_or(usize::MAX);
        let mut options = SearchOptions::new(count).filter(&unknown);
        if let Some(score) = self.query.min_score {
            options = options.min_score(score);
        }
        let hits = self.index.search(vector.view(), options);
        let hits = hits.map_err(Error::index(self.dir))?;
        known.extend(hits.iter().map(|hit| (hit.row, hit.score)));
        Ok(())
    }

    /// Cosine and BM25 by reciprocal rank over the best of each, and behind those the next nearest.
    fn fused(&self, vector: &Array1<f32>, n: usize) -> Result<Vec<Ranked>> {
        let near = self.near(vector.view(), n.max(DEPTH))?;
        let worded = self.with_keywords(vector, DEPTH)?;
        let mut known: HashMap<RowId, Ranked> = HashMap::new();
        known.extend(near.iter().map(|hit| (hit.row, Ranked::from(hit))));
        known.extend(worded.iter().map(|ranked| (ranked.row, *ranked)));
        let by_cosine: Vec<RowId> = near.iter().map(|hit| hit.row).collect();
        let by_words: Vec<RowId> = worded.iter().map(|ranked| ranked.row).collect();
        let mut rows = rrf::fuse(&[&by_cosine[..by_cosine.len().min(DEPTH)], &by_words]);
        let fused: HashSet<RowId> = rows.iter().copied().collect();
        rows.extend(by_cosine.into_iter().filter(|row| !fused.contains(row)));
        rows.truncate(n);
        Ok(rows
            .iter()
            .filter_map(|row| known.get(row).copied())
            .collect())
    }

    /// The nearest to the first vector, to the second and so on, then the second nearest to each.
    fn interleaved(&self, vectors: &[Array1<f32>], n: usize) -> Result<Vec<Ranked>> {
        let lists = vectors.iter().map(|vector| self.near(vector.view(), n));
        let lists = lists.collect::<Result<Vec<_>>>()?;
        let mut seen = HashSet::new();
        let mut ranking = Vec::new();
        for place in 0..n {
            let hits = lists.iter().filter_map(|list| list.get(place));
            ranking.extend(hits.filter(|hit| seen.insert(hit.row)).map(Ranked::from));
        }
        ranking.truncate(n);
        Ok(ranking)
    }

    /// The rows with the highest cosine to any of the wanted, but for those that are nearer to one of
    /// the unwanted.
    fn nearest_of(
        &self,
        wanted: &[Array1<f32>],
        unwanted: &[Array1<f32>],
        n: usize,
    ) -> Result<Vec<Ranked>> {
        let mut depth = n;
        loop {
            let mut best: HashMap<RowId, f32> = HashMap::new();
            let mut is_all = true;
            // Below this, a row may be missing that one of the wanted is near to.
            let mut sure = f32::NEG_INFINITY;
            for vector in wanted {
                let hits = self.near(vector.view(), depth)?;
                if hits.len() == depth {
                    is_all = false;
                    sure = hits.last().map_or(sure, |hit| sure.max(hit.score));
                }
                for hit in &hits {
                    let score = best.entry(hit.row).or_insert(hit.score);
                    *score = score.max(hit.score);
                }
            }
            let mut hits: Vec<Hit> = best
                .into_iter()
                .map(|(row, score)| Hit { row, score })
                .collect();
            hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
            let mut ranking = Vec::new();
            for hit in hits {
                // A tie with the last of a list may have others before it that the list lacks.
                if !is_all && hit.score <= sure {
                    break;
                }
                let vector = self.row(hit.row)?;
                if unwanted.iter().all(|other| vector.dot(other) <= hit.score) {
                    ranking.push(Ranked::from(&hit));
                }
            }
            if ranking.len() >= n || is_all {
                ranking.truncate(n);
                return Ok(ranking);
            }
            depth = depth.saturating_mul(2);
        }
    }

    fn row(&self, row: RowId) -> Result<ArrayView1<'a, f32>> {
        row_of(self.index, row, self.dir)
    }

    fn with_feedback(&self, vector: &Array1<f32>) -> Result<Array1<f32>> {
        if self.query.feedback == 0 {
            return Ok(vector.clone());
        }
        let hits = self.near(vector.view(), self.query.feedback)?;
        let found = hits
            .iter()
            .map(|hit| self.row(hit.row))
            .collect::<Result<Vec<_>>>()?;
        let vector = from_papers::towards(vector.view(), &found);
        vector.ok_or(Error::EmptyQuery {
            expected: "a vector that the papers near it do not cancel out",
        })
    }

    fn of_papers(&mut self, wanted: &[String], unwanted: &[String]) -> Result<Directions> {
        if wanted.is_empty() {
            return Err(Error::EmptyQuery {
                expected: "at least one paper",
            });
        }
        let wanted = self.rows_of(wanted)?;
        let unwanted = self.rows_of(unwanted)?;
        let vectors = |rows: &[RowId]| -> Result<Vec<ArrayView1<'a, f32>>> {
            rows.iter().map(|row| self.row(*row)).collect()
        };
        let (for_them, against) = (vectors(&wanted)?, vectors(&unwanted)?);
        let owned =
            |vectors: Vec<ArrayView1<'_, f32>>| vectors.iter().map(ArrayView1::to_owned).collect();
        let direction = match self.query.strategy {
            Strategy::Best => return Ok(Directions::Nearest(owned(for_them), owned(against))),
            Strategy::Mean => {
                let apart = self
                    .view
                    .pair_cosines()?
                    .and_then(|pairs| pairs.cosine(APART));
                let groups = from_papers::groups(&for_them, apart.unwrap_or(-1.0));
                let directions = groups.iter().map(|group| {
                    let group: Vec<_> = group.iter().map(|place| for_them[*place]).collect();
                    from_papers::direction(&group, &against)
                });
                directions.collect::<Option<Vec<_>>>()
            }
            Strategy::Svm => {
                let rows = self.with_rest(&wanted, &unwanted)?;
                from_papers::classified(&rows, wanted.len()).map(|direction| vec![direction])
            }
        };
        match direction.as_deref() {
            Some([direction]) => Ok(Directions::One(direction.clone())),
            Some(directions) => Ok(Directions::Interleaved(directions.to_vec())),
            None => Err(Error::EmptyQuery {
                expected: "papers that do not cancel one another out",
            }),
        }
    }

    /// The rows of papers, each once, which are left out of the answer.
    fn rows_of(&mut self, ids: &[String]) -> Result<Vec<RowId>> {
        let mut rows = Vec::new();
        for id in ids {
            let stored = self
                .view
                .find(id)?
                .ok_or_else(|| Library::unknown(self.view, id))?;
            if !rows.contains(&stored.row) {
                rows.push(stored.row);
            }
            self.seeds.insert(stored.row.get());
        }
        Ok(rows)
    }

    /// The vectors of the wanted papers, of the unwanted, and of the rest of the library, evenly spaced
    /// where it is large.
    fn with_rest(&self, wanted: &[RowId], unwanted: &[RowId]) -> Result<Array2<f32>> {
        let mut rest = live_rows(self.index);
        rest.retain(|row| !self.seeds.contains(row.get()));
        let rows = [wanted, unwanted, &spaced(rest, REST)].concat();
        let mut vectors = Array2::zeros((rows.len(), self.index.dim()));
        for (mut vector, row) in vectors.outer_iter_mut().zip(rows) {
            vector.assign(&self.row(row)?);
        }
        Ok(vectors)
    }

    /// Says what each score is worth.
    fn compare(&self, hits: &mut [PaperHit]) -> Result<()> {
        let pairs = self.view.pair_cosines()?;
        let lowest = hits.iter().map(|hit| hit.score).min_by(f32::total_cmp);
        let all = match (&self.directions, lowest) {
            (Directions::One(vector), Some(lowest)) => {
                let options = SearchOptions::new(self.index.len()).min_score(lowest);
                let all = self.index.search(vector.view(), options);
                let mut all = all.map_err(Error::index(self.dir))?;
                all.retain(|hit| !self.seeds.contains(hit.row.get()));
                Some(all)
            }
            _ => None,
        };
        for hit in hits {
            let nearer = |all: &Vec<Hit>| all.partition_point(|other| other.score >= hit.score);
            hit.standing = Some(Standing {
                percentile: pairs
                    .as_ref()
                    .and_then(|pairs: &PairCosines| pairs.percentile(hit.score)),
                at_least_as_near: all.as_ref().map(nearer),
            });
        }
        Ok(())
    }
}
