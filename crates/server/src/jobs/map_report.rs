//! What the layout of a map did, as JSON.

use cognate::PaperMap;
use serde::Serialize;
use utoipa::ToSchema;

/// A map that was made.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct MapReport {
    /// The number of papers that were laid out.
    papers: usize,
    /// The number of topics.
    topics: usize,
    /// Whether the map is stored in the library. A server that may not change libraries keeps it in memory.
    is_stored: bool,
}

impl MapReport {
    pub(super) fn new(map: &PaperMap, is_stored: bool) -> Self {
        Self {
            papers: map.points.len(),
            topics: map.labels.len(),
            is_stored,
        }
    }
}
