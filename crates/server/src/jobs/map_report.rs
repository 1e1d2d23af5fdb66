//! What the layout of a map did, as JSON.

use serde::Serialize;
use utoipa::ToSchema;

/// A map that was made.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct MapReport {
    /// The number of papers that were laid out.
    pub(super) papers: usize,
    /// The number of topics.
    pub(super) topics: usize,
    /// Whether the map is stored in the library. A server that may not change libraries keeps it in memory.
    pub(super) is_stored: bool,
}
