//! What a library is about.

mod labels;
mod leiden;

use std::collections::BTreeMap;
use std::mem;
use std::ops::ControlFlow;

use cognate_index::{FlatIndex, RowId};
use ndarray::Array1;

use self::labels::WordCounts;
use self::leiden::Graph;
use crate::library::snapshot::cancelled_or;
use crate::library::store::View;
use crate::library::vectors_dir;
use crate::{Error, Library, Paper, Result};

/// How topics are found.
///
/// ```
/// use cognate::TopicOptions;
///
/// let finer = TopicOptions::default().resolution(2.0).words(3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TopicOptions {
    resolution: f64,
    neighbors: usize,
    min_papers: usize,
    words: usize,
    central: usize,
}

impl Default for TopicOptions {
    fn default() -> Self {
        Self {
            resolution: 1.0,
            neighbors: 10,
            min_papers: 3,
            words: 5,
            central: 3,
        }
    }
}

impl TopicOptions {
    /// How fine topics are: more than 1 for more and smaller ones, less for fewer. Default: 1.
    #[must_use]
    pub fn resolution(mut self, resolution: f64) -> Self {
        self.resolution = resolution;
        self
    }

    /// The nearest papers that each paper is linked with. Default: 10.
    #[must_use]
    pub fn neighbors(mut self, k: usize) -> Self {
        self.neighbors = k;
        self
    }

    /// The papers of a topic, at least; fewer are none, and are counted as such. Default: 3.
    #[must_use]
    pub fn min_papers(mut self, papers: usize) -> Self {
        self.min_papers = papers;
        self
    }

    /// The words that name a topic, at most. Default: 5.
    #[must_use]
    pub fn words(mut self, words: usize) -> Self {
        self.words = words;
        self
    }

    /// The most central papers of a topic that are given in full. Default: 3.
    #[must_use]
    pub fn central(mut self, papers: usize) -> Self {
        self.central = papers;
        self
    }

    fn check(&self) -> Result<()> {
        let invalid = |name, found: String, expected| Error::InvalidOption {
            name,
            found,
            expected,
        };
        if !(self.resolution > 0.0 && self.resolution.is_finite()) {
            let found = self.resolution.to_string();
            return Err(invalid("the resolution", found, "a number above 0"));
        }
        if self.neighbors == 0 {
            return Err(invalid(
                "the number of neighbours",
                "0".to_owned(),
                "1 or more",
            ));
        }
        Ok(())
    }
}

/// The topics of a library.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Topics {
    /// The topics, the largest first.
    pub topics: Vec<Topic>,
    /// Papers that are in none, because too few are like them.
    pub unplaced: usize,
    /// How well the topics are parted, −1/2 to 1: the part of the links between near papers that lie
    /// within topics, less what would by chance. Above 0.3 there are topics.
    pub modularity: f64,
}

/// Papers of a library that are about one subject.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Topic {
    /// Its most typical words, or pairs of words, the most typical first, in small letters.
    pub words: Vec<String>,
    /// Its most central papers, the most central first.
    pub central: Vec<Paper>,
    /// The ids of all its papers, the most central first.
    pub ids: Vec<String>,
}

impl Library {
    /// The topics of the library: groups of papers that are nearer to one another than to the rest, each
    /// named by its words.
    ///
    /// Papers are linked with their nearest ones, as exact search finds them, by the cosine, and the
    /// communities of this graph are the topics; each is connected. The most central papers are those
    /// nearest to the mean of the topic's vectors. The same library has the same topics, whatever the
    /// threads. It can be used meanwhile; if it is changed again and again, changes wait in the end.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidOption`] and [`Error::EmptyLibrary`] say what is wrong with the question;
    /// [`Error::Index`], [`Error::Store`] and [`Error::Damaged`] when the library cannot be read.
    ///
    /// # Complexity
    ///
    /// O(papers² · dim) for the nearest papers; the rest is linear. The papers are read twice.
    pub fn topics(&self, options: &TopicOptions) -> Result<Topics> {
        self.topics_with(options, &mut |_, _| ControlFlow::Continue(()))
    }

    /// Does [`topics`](Self::topics), and tells `progress` of how many papers of how many the nearest are
    /// found, which takes longest; again from the start where the library was changed.
    ///
    /// # Errors
    ///
    /// Those of [`topics`](Self::topics), and [`Error::Cancelled`] when `progress` breaks.
    pub fn topics_with(
        &self,
        options: &TopicOptions,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Topics> {
        options.check()?;
        if self.is_empty()? {
            return Err(Error::EmptyLibrary {
                dir: self.dir.clone(),
            });
        }
        let failed = |error| Error::index(&vectors_dir(&self.dir))(error);
        self.settled(
            |index| Groups::of(index, options, progress).map_err(cancelled_or(failed)),
            |view, _, groups| groups.describe(view, options),
        )
    }
}

/// Rows by topic, and what the rest is.
struct Groups {
    /// The rows of each topic, the most central first.
    rows: Vec<Vec<RowId>>,
    unplaced: usize,
    modularity: f64,
}

impl Groups {
    fn of(
        index: &FlatIndex,
        options: &TopicOptions,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> cognate_index::Result<Self> {
        let neighbors = index.neighbors_with(options.neighbors, progress)?;
        let rows: Vec<RowId> = neighbors.iter().map(|(row, _)| *row).collect();
        let graph = Graph::new(rows.len(), &edges(&rows, neighbors));
        let partition = graph.communities(options.resolution);
        let modularity = graph.modularity(&partition, options.resolution);

        let count = partition.iter().max().map_or(0, |last| last + 1);
        let mut groups = vec![Vec::new(); count];
        for (row, community) in rows.iter().zip(partition) {
            groups[community].push(*row);
        }
        let all = rows.len();
        groups.retain(|rows| rows.len() >= options.min_papers);
        // Stable: of equal size, the one with the first row.
        groups.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
        let placed: usize = groups.iter().map(Vec::len).sum();
        for rows in &mut groups {
            sort_by_centrality(index, rows)?;
        }
        Ok(Self {
            rows: groups,
            unplaced: all - placed,
            modularity,
        })
    }

    fn describe(self, view: &View<'_>, options: &TopicOptions) -> Result<Topics> {
        let mut places: BTreeMap<RowId, (usize, usize)> = BTreeMap::new();
        for (topic, rows) in self.rows.iter().enumerate() {
            places.extend((0..).zip(rows).map(|(at, &row)| (row, (topic, at))));
        }
        let mut topics: Vec<Topic> = self
            .rows
            .iter()
            .map(|rows| Topic {
                words: Vec::new(),
                central: vec![Paper::default(); options.central.min(rows.len())],
                ids: vec![String::new(); rows.len()],
            })
            .collect();
        let mut counts = WordCounts::new(topics.len());
        view.for_each(|mut stored| {
            if let Some(&(topic, at)) = places.get(&stored.row) {
                counts.add(topic, &stored.paper);
                topics[topic].ids[at].clone_from(&stored.paper.id);
                if let Some(central) = topics[topic].central.get_mut(at) {
                    *central = mem::take(&mut stored.paper);
                }
            }
        })?;
        let mut candidates = counts.candidates(options.words);
        view.for_each(|stored| {
            if let Some(&(topic, _)) = places.get(&stored.row) {
                candidates.add(topic, &stored.paper);
            }
        })?;
        for (topic, words) in topics.iter_mut().zip(candidates.labels()) {
            topic.words = words;
        }
        Ok(Topics {
            topics,
            unplaced: self.unplaced,
            modularity: self.modularity,
        })
    }
}

/// The links between rows of which one at least is among the nearest of the other, by places in `rows`.
fn edges(
    rows: &[RowId],
    neighbors: Vec<(RowId, Vec<cognate_index::Hit>)>,
) -> Vec<(usize, usize, f64)> {
    let place = |row: RowId| rows.partition_point(|other| *other < row);
    let mut edges = Vec::new();
    for (a, (_, hits)) in neighbors.into_iter().enumerate() {
        for hit in hits {
            let b = place(hit.row);
            // What points away from one another is no link.
            if hit.score > 0.0 {
                edges.push((a.min(b), a.max(b), f64::from(hit.score)));
            }
        }
    }
    edges.sort_by_key(|edge| (edge.0, edge.1));
    edges.dedup_by_key(|edge| (edge.0, edge.1));
    edges
}

/// Puts the rows nearest to the mean of all first.
fn sort_by_centrality(index: &FlatIndex, rows: &mut Vec<RowId>) -> cognate_index::Result<()> {
    let mut mean: Array1<f64> = Array1::zeros(index.dim());
    for row in rows.iter() {
        if let Some(vector) = index.row(*row)? {
            mean.zip_mut_with(&vector, |sum, value| *sum += f64::from(*value));
        }
    }
    let mut scored = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let score: f64 = match index.row(*row)? {
            Some(vector) => vector
                .iter()
                .zip(&mean)
                .map(|(x, m)| f64::from(*x) * m)
                .sum(),
            None => f64::NEG_INFINITY,
        };
        scored.push((score, *row));
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    *rows = scored.into_iter().map(|(_, row)| row).collect();
    Ok(())
}
