//! Groups of queries, for which a block is read once.

use std::sync::OnceLock;

use super::pruning::Pruning;
use super::thresholds::SharedThresholds;
use crate::FlatIndex;
use crate::flat::SegmentAt;
use crate::quantized::EncodedQueries;

/// The largest number of queries in a group. It is large because a row that passes the bounds of one
/// query has often been read for another.
pub(crate) const GROUP_QUERIES: usize = 256;

/// The largest number of bytes of the queries in a group. Their codes fit in the second-level cache.
const GROUP_BYTES: usize = 512 << 10;

/// Queries that are scanned together, with the state that threads share.
pub(super) struct QueryGroup<'a> {
    /// `[m, dim]`, unit vectors.
    pub(super) queries: &'a [f32],
    pub(super) m: usize,
    segments: &'a [SegmentAt],
    /// The queries, quantized for each segment when a thread first needs that.
    encoded: Vec<OnceLock<Option<EncodedQueries>>>,
    pub(super) thresholds: SharedThresholds,
    pub(super) pruning: Pruning,
}

impl<'a> QueryGroup<'a> {
    pub(super) fn new(index: &'a FlatIndex, queries: &'a [f32]) -> Self {
        let m = queries.len() / index.dim();
        let segments = index.segments_at();
        Self {
            queries,
            m,
            segments,
            encoded: segments.iter().map(|_| OnceLock::new()).collect(),
            thresholds: SharedThresholds::new(m),
            pruning: Pruning::default(),
        }
    }

    /// Returns the queries, quantized for a segment, or `None` if the segment has no quantized codes.
    pub(super) fn encoded(&self, segment_index: usize) -> Option<&EncodedQueries> {
        let encode = || {
            let quantized = self.segments[segment_index].segment.quantized()?;
            Some(quantized.encode(self.queries))
        };
        self.encoded[segment_index].get_or_init(encode).as_ref()
    }
}

/// Returns the largest number of queries in a group.
pub(crate) fn max_queries(dim: usize) -> usize {
    (GROUP_BYTES / (dim * size_of::<f32>())).clamp(1, GROUP_QUERIES)
}
