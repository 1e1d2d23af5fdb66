//! Topics of a library: communities of papers that are near each other, named by their words.

mod graph;
mod labels;
mod leiden;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use cognate_index::{FlatIndex, Hit, RowId};
use ndarray::Array1;
use serde::Serialize;

use self::graph::Graph;
use self::labels::{Occurrences, WordCounts};
use self::leiden::communities;
use crate::analysis::require_papers;
use crate::library::Library;
use crate::library::canonical_order::canonical_sample;
use crate::library::snapshot::Snapshot;
use crate::library::snapshot::cancelled_or;
use crate::library::vectors_dir;
use crate::progress::of_index;
use crate::{Error, Paper, Progress, Result};

/// Options of [`Library::topics`].
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
    /// Sets the resolution of the topics, above 0: a higher value gives more and smaller topics. Default:
    /// 1.
    #[must_use]
    pub fn resolution(mut self, resolution: f64) -> Self {
        self.resolution = resolution;
        self
    }

    /// Sets the number of nearest papers that each paper is linked with, at least 1. Default: 10.
    #[must_use]
    pub fn neighbors(mut self, k: usize) -> Self {
        self.neighbors = k;
        self
    }

    /// Sets the fewest papers of a topic; the papers of smaller groups count as
    /// [`unplaced`](Topics::unplaced). Default: 3.
    #[must_use]
    pub fn min_papers(mut self, papers: usize) -> Self {
        self.min_papers = papers;
        self
    }

    /// Sets the largest number of words that name a topic. Default: 5.
    #[must_use]
    pub fn words(mut self, words: usize) -> Self {
        self.words = words;
        self
    }

    /// Sets the largest number of [`central`](Topic::central) papers of a topic. Default: 3.
    #[must_use]
    pub fn central(mut self, papers: usize) -> Self {
        self.central = papers;
        self
    }

    /// Returns the number of nearest papers that each paper is linked with.
    pub(super) fn number_of_neighbors(&self) -> usize {
        self.neighbors
    }

    pub(super) fn check(&self) -> Result<()> {
        let invalid = |option, found: String, expected: &str| Error::InvalidOption {
            option,
            found,
            expected: expected.to_owned(),
        };
        if !(self.resolution > 0.0 && self.resolution.is_finite()) {
            let found = self.resolution.to_string();
            return Err(invalid("resolution", found, "a number above 0"));
        }
        if self.neighbors == 0 {
            return Err(invalid("neighbors", "0".to_owned(), "at least 1"));
        }
        Ok(())
    }
}

/// The topics of a library.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Topics {
    /// The topics, largest first.
    pub topics: Vec<Topic>,
    /// The number of papers that are in no topic, because too few papers are like them.
    pub unplaced: usize,
    /// The modularity of the topics, −1/2 to 1: the share of the links between near papers that are
    /// within a topic, minus the share expected by chance. Above 0.3, the topics are well separated.
    pub modularity: f64,
}

/// A group of papers about one subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Topic {
    /// The most typical words or pairs of words, in lower case, the most typical first.
    pub words: Vec<String>,
    /// The papers nearest to the mean vector of the topic, the nearest first.
    pub central: Vec<Paper>,
    /// The ids of all papers of the topic, those nearest to its mean vector first.
    pub ids: Vec<String>,
}

impl Library {
    /// Returns the topics of the library: groups of papers that are nearer to each other than to other
    /// papers, each named by its most typical words.
    ///
    /// Each paper is linked with its nearest papers, found by exact search and weighted by the cosine.
    /// The topics are the communities of this graph, and each is connected. The same papers always have
    /// the same topics, whatever the number of threads and the order in which they were added.
    ///
    /// The library can be used while this method runs. If it is changed, the computation starts again,
    /// at most twice; the last time, other changes wait until it is done.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidOption`] if an option is out of range, [`Error::EmptyLibrary`] if there
    /// is no paper, and [`Error::Index`], [`Error::Store`] or [`Error::Damaged`] if the library cannot
    /// be read.
    ///
    /// # Complexity
    ///
    /// O(papers² · dim) for the nearest papers; everything else is linear. The papers are read twice.
    pub fn topics(&self, options: &TopicOptions) -> Result<Topics> {
        self.topics_with(options, &mut |_| ControlFlow::Continue(()))
    }

    /// Does the same as [`topics`](Self::topics), and calls `progress` with the number of papers whose
    /// nearest papers are found, which takes longest. The number returns to 0 if the computation starts
    /// again.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`topics`](Self::topics), and [`Error::Cancelled`] if `progress` breaks.
    pub fn topics_with(
        &self,
        options: &TopicOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Topics> {
        options.check()?;
        require_papers(self)?;
        let vectors = vectors_dir(&self.dir);
        let failed = cancelled_or(|error| Error::index(&vectors)(error));
        self.read(|snapshot| {
            let groups = Groups::find(snapshot.index, options, progress).map_err(failed)?;
            groups.describe(snapshot, options)
        })
    }
}

/// The rows of each topic, before their papers are read.
pub(super) struct Groups {
    /// The rows of each topic, largest topic first, the most central row first.
    rows: Vec<Vec<RowId>>,
    /// The number of rows that are in no topic.
    unplaced: usize,
    modularity: f64,
}

impl Groups {
    /// Finds the topics of all rows.
    fn find(
        index: &FlatIndex,
        options: &TopicOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> cognate_index::Result<Self> {
        let neighbors =
            index.neighbors_with(options.neighbors, &mut |state| progress(of_index(state)))?;
        Self::of_neighbors(index, neighbors, options)
    }

    /// Finds the topics of all rows by their nearest rows, of which those beyond the number in the options are left
    /// out.
    pub(super) fn of_neighbors(
        index: &FlatIndex,
        mut neighbors: Vec<(RowId, Vec<Hit>)>,
        options: &TopicOptions,
    ) -> cognate_index::Result<Self> {
        for (_, hits) in &mut neighbors {
            hits.truncate(options.neighbors);
        }
        let rows = neighbors.iter().map(|(row, _)| *row).collect();
        // Communities and sums depend on the order of the nodes in their last bits and beyond.
        let rows = canonical_sample(index, rows, usize::MAX)?;
        let graph = Graph::new(rows.len(), &edges(&rows, neighbors));
        let partition = communities(&graph, options.resolution);
        let modularity = graph.modularity(&partition, options.resolution);

        let count = partition.iter().max().map_or(0, |last| last + 1);
        let mut groups = vec![Vec::new(); count];
        for (row, community) in rows.iter().zip(partition) {
            groups[community].push(*row);
        }
        groups.retain(|rows| rows.len() >= options.min_papers);
        // The sort is stable, so groups of the same size stay in the order of their first rows.
        groups.sort_by_key(|rows| Reverse(rows.len()));
        let placed: usize = groups.iter().map(Vec::len).sum();
        for group in &mut groups {
            sort_by_centrality(index, group)?;
        }
        Ok(Self {
            rows: groups,
            unplaced: rows.len() - placed,
            modularity,
        })
    }

    /// Returns the rows of each topic, the largest topic first.
    pub(super) fn rows(&self) -> &[Vec<RowId>] {
        &self.rows
    }

    /// Reads the papers of the topics and names each topic.
    pub(super) fn describe(
        self,
        snapshot: &Snapshot<'_>,
        options: &TopicOptions,
    ) -> Result<Topics> {
        // The topic of each row, and the rank of the row in the topic.
        let mut membership: BTreeMap<RowId, (usize, usize)> = BTreeMap::new();
        for (topic, rows) in self.rows.iter().enumerate() {
            membership.extend((0..).zip(rows).map(|(rank, &row)| (row, (topic, rank))));
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
        let groups = topics.len();
        let counts = snapshot.sum_in_parallel(
            |row, stored| {
                let &(topic, rank) = membership.get(&row)?;
                topics[topic].ids[rank].clone_from(&stored.paper.id);
                if let Some(central) = topics[topic].central.get_mut(rank) {
                    central.clone_from(&stored.paper);
                }
                Some((topic, stored.paper))
            },
            || WordCounts::new(groups),
            |counts, (topic, paper)| counts.add(topic, &paper),
        )?;
        let mut counts = counts.into_iter();
        let mut sum = counts.next().unwrap_or_else(|| WordCounts::new(groups));
        counts.for_each(|counts| sum.merge(counts));
        let candidates = sum.candidates(options.words);
        let occurrences = snapshot.sum_in_parallel(
            |row, stored| Some((membership.get(&row)?.0, stored.paper)),
            || Occurrences::new(&candidates),
            |found, (topic, paper)| candidates.count(found, topic, &paper),
        )?;
        let mut occurrences = occurrences.into_iter();
        let first = occurrences.next();
        let mut sum = first.unwrap_or_else(|| Occurrences::new(&candidates));
        occurrences.for_each(|found| sum.merge(found));
        for (topic, words) in topics.iter_mut().zip(candidates.labels(&sum)) {
            topic.words = words;
        }
        Ok(Topics {
            topics,
            unplaced: self.unplaced,
            modularity: self.modularity,
        })
    }
}

/// Returns the links between rows of which at least one is a neighbor of the other, as positions in
/// `rows` with the cosine as weight.
fn edges(rows: &[RowId], neighbors: Vec<(RowId, Vec<Hit>)>) -> Vec<(usize, usize, f64)> {
    let positions: HashMap<RowId, usize> = rows.iter().copied().zip(0..).collect();
    let links = neighbors.iter().map(|(_, hits)| hits.len()).sum();
    let mut edges = Vec::with_capacity(links);
    for (row, hits) in neighbors {
        let a = positions[&row];
        for hit in hits {
            let b = positions[&hit.row];
            // Weights have to be positive.
            if hit.score > 0.0 {
                edges.push((a.min(b), a.max(b), f64::from(hit.score)));
            }
        }
    }
    edges.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
    edges.dedup_by_key(|edge| (edge.0, edge.1));
    edges
}

/// Sorts the rows of a topic by their dot product with the mean of the topic, highest first.
fn sort_by_centrality(index: &FlatIndex, rows: &mut Vec<RowId>) -> cognate_index::Result<()> {
    let mut sum: Array1<f64> = Array1::zeros(index.dim());
    for row in rows.iter() {
        if let Some(vector) = index.row(*row)? {
            sum.zip_mut_with(&vector, |sum, value| *sum += f64::from(*value));
        }
    }
    let mut scored = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let score: f64 = match index.row(*row)? {
            Some(vector) => vector
                .iter()
                .zip(&sum)
                .map(|(x, s)| f64::from(*x) * s)
                .sum(),
            None => f64::NEG_INFINITY,
        };
        scored.push((score, *row));
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    *rows = scored.into_iter().map(|(_, row)| row).collect();
    Ok(())
}
