//! Groups of queries, for which a block is read once.

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
    /// The queries, quantized for each segment that has quantized codes.
    pub(super) encoded: Vec<Option<EncodedQueries>>,
    pub(super) thresholds: SharedThresholds,
    pub(super) pruning: Pruning,
}

impl<'a> QueryGroup<'a> {
    pub(super) fn new(index: &FlatIndex, queries: &'a [f32]) -> Self {
        let m = queries.len() / index.dim();
        let encode = |at: &SegmentAt| Some(at.segment.quantized()?.encode(queries));
        Self {
            queries,
            m,
            encoded: index.segments_at().iter().map(encode).collect(),
            thresholds: SharedThresholds::new(m),
            pruning: Pruning::default(),
        }
    }
}

/// Returns the largest number of queries in a group.
pub(super) fn max_queries(dim: usize) -> usize {
    (GROUP_BYTES / (dim * size_of::<f32>())).clamp(1, GROUP_QUERIES)
}
