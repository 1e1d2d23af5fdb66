//! A map of a library, as a program sees it and as it is stored.

use serde::{Serialize, Serializer};

use crate::Generation;

/// A map of a library: the papers as points of a plane, and the topics at their places.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PaperMap {
    /// The papers. The papers of the layout come first, in an order that depends on their vectors only, then those that
    /// were [placed](Self::placed) afterwards.
    pub points: Vec<MapPoint>,
    /// The topics, the largest one of the layout first.
    pub labels: Vec<MapLabel>,
    /// The generation of the library that was laid out.
    #[serde(serialize_with = "as_text")]
    pub generation: Generation,
    /// The share of the nearest papers of a paper that are its nearest on the map too, 0 to 1, as the layout was made: of
    /// as many as [attract](crate::MapOptions::neighbors) it, in the mean over a sample of 1,000 papers. A plane has no
    /// room for all neighbors of many dimensions.
    pub neighbors_kept: f32,
    /// The number of papers, at the end of the points, that are new or have another text since the layout. Each is
    /// placed among its nearest papers.
    pub placed: usize,
    /// The number of papers of the layout that were removed or have another text since.
    pub removed: usize,
    /// The hash of the manifest of the library that was laid out.
    #[serde(skip)]
    pub(crate) manifest_hash: [u8; 16],
    /// The checksum of the layout, with the labels.
    #[serde(skip)]
    pub(crate) checksum: u32,
}

/// A paper on a map.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MapPoint {
    /// The id of the paper.
    pub id: String,
    /// The horizontal coordinate, −1 to 1.
    pub x: f32,
    /// The vertical coordinate, −1 to 1.
    pub y: f32,
    /// The year of publication.
    pub year: Option<i32>,
    /// The topic of the paper, as a position in the [labels](PaperMap::labels), or `None` if it is in none.
    pub topic: Option<usize>,
    /// The checksum of the vector by which the paper was laid out.
    #[serde(skip)]
    pub(crate) vector_checksum: u32,
}

/// A topic on a map.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MapLabel {
    /// The median of the horizontal coordinates of the papers, −1 to 1.
    pub x: f32,
    /// The median of the vertical coordinates of the papers, −1 to 1.
    pub y: f32,
    /// The most typical words or pairs of words, in lower case, the most typical first.
    pub words: Vec<String>,
    /// The number of papers.
    pub papers: usize,
}

impl PaperMap {
    /// Returns whether every paper of the library has a place of its own in the layout, and no paper of the layout
    /// is missing.
    pub fn is_current(&self) -> bool {
        self.placed == 0 && self.removed == 0
    }

    /// Returns a checksum of the layout, with the labels. Another layout has another one, except by chance.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }
}

fn as_text<S: Serializer>(generation: &Generation, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(generation)
}
