//! Blocks: the units of work of threads.

use std::ops::Range;

use cognate_kernels::{Candidate, LeadingCodes, ResidualCodes};

use super::allowed::AllowedRows;
use crate::flat::SegmentAt;
use crate::quantized::BLOCK_ROWS;
use crate::{FlatIndex, Result};

/// The approximate number of bytes of rows in a block.
const BLOCK_BYTES: usize = 1 << 20;

/// Consecutive rows of one segment, which a thread scans at a time.
pub(super) struct Block<'a> {
    segment: &'a SegmentAt,
    /// The position of the segment in the index.
    pub(super) segment_index: usize,
    /// The row numbers in the index.
    pub(super) rows: Range<u32>,
}

impl<'a> Block<'a> {
    /// Returns whether the segment has quantized codes.
    pub(super) fn is_quantized(&self) -> bool {
        self.segment.segment.quantized().is_some()
    }

    /// Returns the quantized leading dimensions of the rows, or `None` if there are no quantized
    /// codes or they are damaged.
    pub(super) fn panels(&self) -> Option<LeadingCodes<'a>> {
        let SegmentAt {
            row_offset,
            segment,
        } = self.segment;
        segment.quantized()?.panels(self.rows.start - row_offset)
    }

    /// Returns the quantized residual dimensions of `rows`, or `None` if there are none or they are
    /// damaged at one of the candidates, whose rows are counted from `rows.start`.
    pub(super) fn residuals(
        &self,
        rows: Range<u32>,
        candidates: &[Candidate],
    ) -> Option<ResidualCodes<'a>> {
        let SegmentAt {
            row_offset,
            segment,
        } = self.segment;
        let wanted = candidates.iter().map(|candidate| candidate.row);
        let rows = rows.start - row_offset..rows.end - row_offset;
        segment.quantized()?.residuals(rows, wanted)
    }

    /// Returns the values of consecutive rows, `[rows, dim]`.
    pub(super) fn values(&self, rows: Range<u32>) -> Result<&'a [f32]> {
        let SegmentAt {
            row_offset,
            segment,
        } = self.segment;
        segment.read(rows.start - row_offset..rows.end - row_offset)
    }
}

/// Returns the blocks that contain allowed rows, in order.
pub(super) fn blocks<'a>(index: &'a FlatIndex, allowed: &AllowedRows<'_>) -> Vec<Block<'a>> {
    let block_rows = BLOCK_BYTES / (index.dim() * size_of::<f32>());
    let block_rows = u32::try_from(block_rows).unwrap_or(u32::MAX).max(16);
    let mut blocks = Vec::new();
    for (segment_index, segment) in index.segments_at().iter().enumerate() {
        let end = segment.row_offset + segment.segment.rows();
        let is_quantized = segment.segment.quantized().is_some();
        let mut next = segment.row_offset;
        while next < end {
            match allowed.first(next..end) {
                Some(row) => next = row,
                None => break,
            }
            if is_quantized {
                // Align with the blocks of quantized codes.
                next -= (next - segment.row_offset) % BLOCK_ROWS;
            }
            let len = if is_quantized { BLOCK_ROWS } else { block_rows };
            let rows = next..end.min(next.saturating_add(len));
            next = rows.end;
            blocks.push(Block {
                segment,
                segment_index,
                rows,
            });
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use roaring::RoaringBitmap;

    use super::*;
    use crate::IndexBuilder;

    #[test]
    fn blocks_hold_every_allowed_row_once_and_in_order() {
        // With 4096 dimensions a block has 64 rows.
        let mut builder = IndexBuilder::new(4096).unwrap();
        builder.append(Array2::ones((200, 4096)).view()).unwrap();
        let index = builder
            .build()
            .appended(Array2::ones((90, 4096)).view())
            .unwrap();
        assert_eq!(index.segments(), 2);
        let filters = [
            None,
            Some((0..290).collect()),
            Some(RoaringBitmap::new()),
            Some([0, 63, 64, 199, 200, 289, 290, 1000].into()),
            Some((100..120).chain(280..400).collect()),
        ];
        for filter in filters {
            let allowed = AllowedRows::new(filter.as_ref(), index.deleted());
            let blocks = blocks(&index, &allowed);
            let is_allowed = |row: &u32| filter.as_ref().is_none_or(|filter| filter.contains(*row));
            let found = blocks
                .iter()
                .flat_map(|block| block.rows.clone())
                .filter(is_allowed);
            assert!(found.eq((0..290).filter(is_allowed)));
            for Block { segment, rows, .. } in &blocks {
                assert!(is_allowed(&rows.start) && rows.len() <= 64);
                let end = segment.row_offset + segment.segment.rows();
                assert!(segment.row_offset <= rows.start && rows.end <= end);
            }
        }
    }
}
