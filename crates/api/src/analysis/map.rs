//! A map of a library: all papers as points of a plane, in which near papers are near each other.

mod affinities;
mod fourier;
mod layout;
mod placing;
mod quality;
mod repulsion;
mod start;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use cognate_index::{FlatIndex, Hit, RowId};
use serde::Serialize;

use self::affinities::Affinities;
use self::repulsion::Point;
use crate::analysis::topics::Groups;
use crate::library::Library;
use crate::library::canonical_order::canonical_sample;
use crate::library::map_file;
use crate::library::paper_map::{MapLabel, MapPoint, PaperMap};
use crate::library::snapshot::{Snapshot, cancelled_or};
use crate::library::vectors_dir;
use crate::progress::of_index;
use crate::{Error, Result, TopicOptions};

/// Options of [`Library::map`].
///
/// ```
/// use cognate::{MapOptions, TopicOptions};
///
/// let coarser = TopicOptions::default().resolution(0.5);
/// let options = MapOptions::default().topics(coarser).store(false);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MapOptions {
    neighbors: usize,
    epochs: usize,
    topics: TopicOptions,
    store: bool,
}

impl Default for MapOptions {
    fn default() -> Self {
        Self {
            neighbors: 15,
            epochs: 500,
            topics: TopicOptions::default().central(0),
            store: true,
        }
    }
}

impl MapOptions {
    /// Sets the number of nearest papers that attract each paper, at least 1. Default: 15.
    #[must_use]
    pub fn neighbors(mut self, k: usize) -> Self {
        self.neighbors = k;
        self
    }

    /// Sets the number of epochs of the layout, at least 1. In each, every paper moves once. Default: 500.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Sets how the topics are found whose words are the labels of the map. Default: as by [`TopicOptions`].
    #[must_use]
    pub fn topics(mut self, options: TopicOptions) -> Self {
        self.topics = options.central(0);
        self
    }

    /// Sets whether the map is stored in the library, for [`Library::stored_map`]. Default: true.
    #[must_use]
    pub fn store(mut self, store: bool) -> Self {
        self.store = store;
        self
    }

    fn check(&self) -> Result<()> {
        self.topics.check()?;
        for (option, value) in [("neighbors", self.neighbors), ("epochs", self.epochs)] {
            if value == 0 {
                return Err(Error::InvalidOption {
                    option,
                    found: "0".to_owned(),
                    expected: "at least 1".to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// How far a map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapProgress {
    /// What is being done.
    pub stage: MapStage,
    /// The number of papers, epochs or steps of the stage that are done.
    pub done: usize,
    /// The number of all papers, epochs or steps of the stage.
    pub total: usize,
}

/// The stages in which a map is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MapStage {
    /// The nearest papers of each paper are searched for.
    Neighbors,
    /// The papers are laid out, in epochs.
    Layout,
    /// The topics are found and named.
    Topics,
}

impl MapProgress {
    /// Returns the share of all work that is done, 0 to 1, from a rough estimate of the time of each stage.
    pub fn share(&self) -> f64 {
        let (before, part) = match self.stage {
            MapStage::Neighbors => (0.0, 0.4),
            MapStage::Layout => (0.4, 0.5),
            MapStage::Topics => (0.9, 0.1),
        };
        let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        before + part * (count(self.done) / count(self.total.max(1))).min(1.0)
    }
}

impl Library {
    /// Lays the papers out as points of a plane, so that papers with near vectors are near each other, and stores the
    /// map in the library.
    ///
    /// The layout is made by t-SNE (van der Maaten and Hinton, "Visualizing data using t-SNE", 2008) from the exact
    /// nearest papers of each paper, found by exact search, and begins at the first two principal components. Distances
    /// between groups that are far apart mean little, and the directions of the axes mean nothing. The labels are
    /// the [`topics`](Self::topics) of the same papers.
    ///
    /// The same papers always have the same map, bit for bit, whatever the number of threads and the order in which
    /// they were added; the order only decides between papers with equal vectors, or with equal cosines to another.
    /// Systems whose functions sine and cosine round differently may give different maps.
    ///
    /// The library can be used while this method runs. A map of a library without papers has no points.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidOption`] if an option is out of range, [`Error::Index`], [`Error::Store`] or
    /// [`Error::Damaged`] if the library cannot be read, and [`Error::Io`] or [`Error::Locked`] if the map cannot be
    /// stored. A library on a medium that cannot be written has a map with [`MapOptions::store`].
    ///
    /// # Complexity
    ///
    /// O(papers² · dim) for the nearest papers; an epoch is linear in the papers, and the grid on which repulsion is
    /// computed takes at most 150 MB. The papers are read three times.
    pub fn map(&self, options: &MapOptions) -> Result<PaperMap> {
        self.map_with(options, &mut |_| ControlFlow::Continue(()))
    }

    /// Does the same as [`map`](Self::map), and calls `progress` with the stage and how far it is.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`map`](Self::map), and [`Error::Cancelled`] if `progress` breaks. The library is then
    /// unchanged.
    pub fn map_with(
        &self,
        options: &MapOptions,
        progress: &mut dyn FnMut(MapProgress) -> ControlFlow<()>,
    ) -> Result<PaperMap> {
        options.check()?;
        if options.store {
            // Fail before much is computed if the library cannot be written.
            map_file::check_writable(&self.dir)?;
        }
        let mut map = self.read(|snapshot| lay_out(snapshot, options, progress))?;
        let payload = map_file::encode(&map);
        map.checksum = crc32fast::hash(&payload);
        if options.store {
            map_file::store(&self.dir, &payload)?;
        }
        Ok(map)
    }

    /// Returns the stored map with the papers that the library has now, or `None` without a map, or if no paper of it
    /// is left.
    ///
    /// Papers that are new or have another text since the layout are placed at the mean of their nearest papers of
    /// the layout, weighted by the cosine. The stored map stays as it is.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Damaged`] if the file of the map is not as it was written, [`Error::Version`] if a later
    /// release wrote it, and [`Error::Io`], [`Error::Index`] or [`Error::Store`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the points if the library has not changed. Otherwise all papers and vectors are read, and there is a
    /// search for each paper that is placed.
    pub fn stored_map(&self) -> Result<Option<PaperMap>> {
        match map_file::read(&self.dir)? {
            Some(map) => self.update_map(&map),
            None => Ok(None),
        }
    }

    /// Returns a map that was not stored with the papers that the library has now, as [`stored_map`](Self::stored_map)
    /// does.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Index`], [`Error::Store`] or [`Error::Damaged`] if the library cannot be read.
    pub fn update_map(&self, map: &PaperMap) -> Result<Option<PaperMap>> {
        self.read(|snapshot| {
            if map.is_current() && snapshot.papers.manifest_hash()? == map.manifest_hash {
                return Ok(Some(map.clone()));
            }
            placing::update(snapshot, map)
        })
    }

    /// Returns the [checksum](PaperMap::checksum) of the stored map, which changes with each layout, or `None`
    /// without a map.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Damaged`] if the file is not a map, [`Error::Version`] if a later release wrote it, and
    /// [`Error::Io`] if it cannot be read.
    ///
    /// # Complexity
    ///
    /// Reads the first bytes of the file. The rest may be damaged.
    pub fn stored_map_checksum(&self) -> Result<Option<u32>> {
        map_file::checksum(&self.dir)
    }
}

/// Lays out the papers of a snapshot.
fn lay_out(
    snapshot: &Snapshot<'_>,
    options: &MapOptions,
    progress: &mut dyn FnMut(MapProgress) -> ControlFlow<()>,
) -> Result<PaperMap> {
    let vectors = vectors_dir(snapshot.dir);
    let failed = cancelled_or(|error| Error::index(&vectors)(error));
    let index = snapshot.index;
    let k = options.neighbors.max(options.topics.number_of_neighbors());
    let neighbors = index.neighbors_with(k, &mut |state| {
        let state = of_index(state);
        progress(MapProgress {
            stage: MapStage::Neighbors,
            done: state.done,
            total: state.total,
        })
    });
    let neighbors = neighbors.map_err(&failed)?;
    // The bits of sums depend on the order of the points.
    let rows = neighbors.iter().map(|(row, _)| *row).collect();
    let rows = canonical_sample(index, rows, usize::MAX).map_err(&failed)?;
    let layout = Layout::new(&vectors, index, &rows, &neighbors, options, progress)?;
    let mut topics = |done| {
        let stage = MapStage::Topics;
        let total = 2;
        progress(MapProgress { stage, done, total })
    };
    let cancelled = Error::Cancelled { committed: 0 };
    if topics(0).is_break() {
        return Err(cancelled);
    }
    let groups = Groups::of_neighbors(index, neighbors, &options.topics).map_err(&failed)?;
    if topics(1).is_break() {
        return Err(cancelled);
    }
    let map = describe(snapshot, &rows, layout, groups, &options.topics)?;
    let _ = topics(2);
    Ok(map)
}

/// The places of all rows of an index.
struct Layout {
    points: Vec<Point>,
    neighbors_kept: f32,
}

impl Layout {
    /// Lays out `rows` of an index, which is in `dir`, by their nearest rows.
    fn new(
        dir: &Path,
        index: &FlatIndex,
        rows: &[RowId],
        neighbors: &[(RowId, Vec<Hit>)],
        options: &MapOptions,
        progress: &mut dyn FnMut(MapProgress) -> ControlFlow<()>,
    ) -> Result<Self> {
        let positions: HashMap<RowId, u32> = rows.iter().copied().zip(0..).collect();
        let mut nearest = vec![Vec::new(); rows.len()];
        for (row, hits) in neighbors {
            let hits = hits.iter().take(options.neighbors);
            nearest[positions[row] as usize] = hits.map(|hit| positions[&hit.row]).collect();
        }
        let affinities = Affinities::new(&nearest);
        let start = start::start(index, rows).map_err(Error::index(dir))?;
        let (stage, total) = (MapStage::Layout, options.epochs);
        let mut epoch = |done| progress(MapProgress { stage, done, total });
        let points = layout::lay_out(&affinities, start, options.epochs, &mut epoch);
        let mut points = points.ok_or(Error::Cancelled { committed: 0 })?;
        layout::fit(&mut points);
        Ok(Self {
            neighbors_kept: quality::share_kept(&points, &nearest),
            points,
        })
    }
}

/// Makes the map of a layout of all rows and their topics.
fn describe(
    snapshot: &Snapshot<'_>,
    rows: &[RowId],
    layout: Layout,
    groups: Groups,
    options: &TopicOptions,
) -> Result<PaperMap> {
    let positions: HashMap<RowId, usize> = rows.iter().copied().zip(0..).collect();
    let mut points: Vec<MapPoint> = Vec::with_capacity(rows.len());
    for (row, [x, y]) in rows.iter().zip(layout.points) {
        let vector_checksum = placing::checksum_of(snapshot.index, *row);
        points.push(MapPoint {
            id: String::new(),
            x,
            y,
            year: None,
            topic: None,
            vector_checksum: vector_checksum.map_err(Error::index(snapshot.dir))?,
        });
    }
    snapshot.for_each(|row, stored| {
        let point = &mut points[positions[&row]];
        point.id = stored.paper.id;
        point.year = stored.paper.year;
    })?;
    let mut medians = Vec::with_capacity(groups.rows().len());
    for (topic, rows) in groups.rows().iter().enumerate() {
        let positions: Vec<usize> = rows.iter().map(|row| positions[row]).collect();
        for &at in &positions {
            points[at].topic = Some(topic);
        }
        let median = |coordinate: fn(&MapPoint) -> f32| {
            median(
                positions
                    .iter()
                    .map(|&at| coordinate(&points[at]))
                    .collect(),
            )
        };
        medians.push((median(|point| point.x), median(|point| point.y)));
    }
    let topics = groups.describe(snapshot, options)?.topics;
    let labels = topics.into_iter().zip(medians);
    let labels = labels.map(|(topic, (x, y))| MapLabel {
        x,
        y,
        words: topic.words,
        papers: topic.ids.len(),
    });
    Ok(PaperMap {
        labels: labels.collect(),
        points,
        generation: snapshot.papers.full_generation()?,
        neighbors_kept: layout.neighbors_kept,
        placed: 0,
        removed: 0,
        manifest_hash: snapshot.papers.manifest_hash()?,
        checksum: 0,
    })
}

/// Returns the lower median of numbers, or 0 if there are none.
fn median(mut numbers: Vec<f32>) -> f32 {
    if numbers.is_empty() {
        return 0.0;
    }
    let middle = (numbers.len() - 1) / 2;
    *numbers.select_nth_unstable_by(middle, f32::total_cmp).1
}
