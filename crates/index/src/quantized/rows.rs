use std::ops::Range;

use cognate_kernels::{LeadingCodes, ResidualCodes};
use rayon::prelude::*;

use super::layout::{BLOCK_ROWS, Layout, MAX_DIM, MIN_DIM, RESIDUAL_BLOCK_ROWS};
use super::leading_dims::choose_leading_dims;
use super::query::EncodedQueries;
use super::rotation::Rotation;
use super::row_codes::{encode_leading, encode_residual};
use crate::checksums::Checksums;
use crate::storage::WordStorage;

/// The smallest number of rows that are quantized. Fewer rows are read in f32 before pruning pays
/// off.
pub(super) const MIN_ROWS: u32 = 16_384;

/// The number of rows from which the rotation and the number of leading dimensions are learned.
const SAMPLE_ROWS: usize = 8192;

/// The rows of a segment, rotated and quantized to 8 bits.
pub(crate) struct QuantizedRows {
    pub(super) layout: Layout,
    pub(super) rotation: Rotation,
    /// The leading dimensions, in the form of [`LeadingCodes`].
    pub(super) panels: WordStorage,
    /// The residual dimensions, in the form of [`ResidualCodes`]; empty if all dimensions are leading.
    pub(super) residuals: WordStorage,
    /// The checksums of the file, if the codes are in one: of the rotation, of each block of panels,
    /// then of each block of residual codes.
    pub(super) checksums: Option<Checksums>,
}

impl QuantizedRows {
    /// Learns a rotation from unit vectors, `[rows, dim]`, and quantizes them. Returns `None` if
    /// pruning with the codes would not make searches faster.
    ///
    /// # Complexity
    ///
    /// O(rows · dim² + dim³).
    pub(crate) fn quantize(dim: usize, values: &[f32]) -> Option<Self> {
        let rows = u32::try_from(values.len() / dim).ok()?;
        if !Self::is_eligible(dim, rows) {
            return None;
        }
        let sample = sample(dim, values);
        let rotation = Rotation::learn(dim, &sample)?;
        let leading = choose_leading_dims(rotation.apply(&sample).view(), rows)?;
        tracing::debug!(rows, dim, leading, "quantizing rows");
        Some(Self::with_rotation(rotation, values, leading))
    }

    /// Returns whether a segment of this size may be worth quantizing.
    pub(crate) fn is_eligible(dim: usize, rows: u32) -> bool {
        rows >= MIN_ROWS && (MIN_DIM..=MAX_DIM).contains(&dim)
    }

    /// Quantizes unit vectors, `[rows, dim]`.
    pub(super) fn with_rotation(rotation: Rotation, values: &[f32], leading: usize) -> Self {
        let dim = rotation.dim();
        let layout = Layout {
            dim,
            rows: u32::try_from(values.len() / dim).unwrap_or(u32::MAX),
            leading,
        };
        let panel_len = layout.panel_len();
        let residual_len = layout.residual_len();
        let mut panels = vec![0.0; layout.panels_len()];
        let mut residuals = vec![0.0; layout.residuals_len()];
        let encode_block = |panels: &mut [f32], residuals: &mut [f32], values: &[f32]| {
            let rotated = rotation.apply(values);
            for (row, y) in rotated.outer_iter().enumerate() {
                let panel = &mut panels[row / LeadingCodes::PANEL_ROWS * panel_len..][..panel_len];
                let norm = encode_leading(y, leading, panel, row % LeadingCodes::PANEL_ROWS);
                if residual_len > 0 {
                    let residual = &mut residuals[row * residual_len..][..residual_len];
                    encode_residual(y, leading, norm, residual);
                }
            }
        };
        let panel_blocks = panels.par_chunks_mut(layout.block_len());
        let value_blocks = values.par_chunks(BLOCK_ROWS as usize * dim);
        if residual_len == 0 {
            let blocks = panel_blocks.zip(value_blocks);
            blocks.for_each(|(panels, values)| encode_block(panels, &mut [], values));
        } else {
            let blocks = panel_blocks
                .zip(residuals.par_chunks_mut(BLOCK_ROWS as usize * residual_len))
                .zip(value_blocks);
            blocks.for_each(|((panels, residuals), values)| {
                encode_block(panels, residuals, values);
            });
        }
        Self {
            layout,
            rotation,
            panels: WordStorage::Owned(panels),
            residuals: WordStorage::Owned(residuals),
            checksums: None,
        }
    }

    /// Returns the panels of the block that starts at row `first` of the segment, or `None` if the
    /// file is damaged there.
    pub(crate) fn panels(&self, first: u32) -> Option<LeadingCodes<'_>> {
        let block = (first / BLOCK_ROWS) as usize;
        let block_len = self.layout.block_len();
        let words = self.panels.as_slice();
        let start = block * block_len;
        let words = &words[start..words.len().min(start + block_len)];
        if let Some(checksums) = &self.checksums
            && !checksums.is_intact(block + 1, words)
        {
            return None;
        }
        // The last block may end with padding.
        let panel_len = self.layout.panel_len();
        let words = &words[..words.len() / panel_len * panel_len];
        Some(LeadingCodes::new(words, self.layout.groups()))
    }

    /// Returns the position, among all checksums, of that of the first block of residual codes.
    pub(super) fn first_residual_checksum(&self) -> usize {
        1 + self.layout.panel_blocks()
    }

    /// Returns the residual codes of `rows` of the segment, or `None` if all dimensions are leading
    /// or if the file is damaged at one of the rows `wanted`, which are counted from `rows.start`.
    pub(crate) fn residuals(
        &self,
        rows: Range<u32>,
        wanted: impl Iterator<Item = u32>,
    ) -> Option<ResidualCodes<'_>> {
        let pairs = self.layout.residual_pairs();
        if pairs == 0 {
            return None;
        }
        let words = self.residuals.as_slice();
        if let Some(checksums) = &self.checksums {
            let block_len = self.layout.residual_block_len();
            let mut last_block = None;
            for row in wanted {
                let block = (rows.start + row) / RESIDUAL_BLOCK_ROWS;
                if last_block != Some(block) {
                    let block = block as usize;
                    let start = block * block_len;
                    let end = words.len().min(start + block_len);
                    let checksum = self.first_residual_checksum() + block;
                    if !checksums.is_intact(checksum, &words[start..end]) {
                        return None;
                    }
                }
                last_block = Some(block);
            }
        }
        let len = self.layout.residual_len();
        let words = &words[rows.start as usize * len..rows.end as usize * len];
        Some(ResidualCodes::new(words, pairs))
    }

    /// Rotates and quantizes queries, `[m, dim]`, unit vectors.
    pub(crate) fn encode(&self, queries: &[f32]) -> EncodedQueries {
        EncodedQueries::new(&self.rotation, self.layout, queries)
    }
}

/// Returns up to [`SAMPLE_ROWS`] rows, evenly spaced.
pub(super) fn sample(dim: usize, values: &[f32]) -> Vec<f32> {
    let rows = values.len() / dim;
    let taken = rows.min(SAMPLE_ROWS);
    (0..taken)
        .flat_map(|i| &values[i * rows / taken * dim..][..dim])
        .copied()
        .collect()
}
