//! The sizes of quantized codes in memory and on disk.

use cognate_kernels::{LeadingCodes, ResidualCodes};

use crate::preamble::FilePreamble;

/// The number of rows of a block of panels, which has one checksum and is scanned by one thread.
pub(crate) const BLOCK_ROWS: u32 = 4096;

/// The number of rows of a block of residual codes, which has one checksum. It is small because
/// residual codes are read for scattered rows.
pub(super) const RESIDUAL_BLOCK_ROWS: u32 = 64;

/// The smallest number of dimensions for which rows are quantized. Rows with fewer dimensions are
/// small already.
pub(super) const MIN_DIM: usize = 32;

/// The largest number of dimensions for which rows are quantized. Beyond it, learning the rotation
/// takes too long, and the rounding argument of the bound does not hold.
pub(super) const MAX_DIM: usize = 1024;

/// The sizes of the parts of quantized codes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// The number of dimensions of a row.
    pub(super) dim: usize,
    pub(super) rows: u32,
    /// The number of leading dimensions, a multiple of [`LeadingCodes::GROUP`]. It exceeds `dim` by up
    /// to three if all dimensions are leading; the values of these dimensions are 0.
    pub(super) leading: usize,
}

impl Layout {
    /// Returns the number of groups of codes of the leading dimensions.
    pub(super) fn groups(self) -> usize {
        self.leading / LeadingCodes::GROUP
    }

    /// Returns the number of words of a panel.
    pub(super) fn panel_len(self) -> usize {
        LeadingCodes::panel_len(self.groups())
    }

    /// Returns the number of words of a full block of panels.
    pub(super) fn block_len(self) -> usize {
        BLOCK_ROWS as usize / LeadingCodes::PANEL_ROWS * self.panel_len()
    }

    /// Returns the number of words of all panels and the padding after them: the next part starts at
    /// a multiple of 64 bytes.
    pub(super) fn panels_len(self) -> usize {
        let panels = (self.rows as usize).div_ceil(LeadingCodes::PANEL_ROWS);
        (panels * self.panel_len()).next_multiple_of(FilePreamble::LEN / size_of::<f32>())
    }

    /// Returns the number of blocks of panels.
    pub(super) fn panel_blocks(self) -> usize {
        self.rows.div_ceil(BLOCK_ROWS) as usize
    }

    /// Returns the number of pairs of residual dimensions, including padding.
    pub(super) fn residual_pairs(self) -> usize {
        residual_pairs(self.dim, self.leading)
    }

    /// Returns the number of words of the residual codes of a row.
    pub(super) fn residual_len(self) -> usize {
        residual_len(self.dim, self.leading)
    }

    /// Returns the number of words of the residual codes of all rows.
    pub(super) fn residuals_len(self) -> usize {
        self.rows as usize * self.residual_len()
    }

    /// Returns the number of words of a full block of residual codes.
    pub(super) fn residual_block_len(self) -> usize {
        RESIDUAL_BLOCK_ROWS as usize * self.residual_len()
    }

    /// Returns the number of blocks of residual codes.
    pub(super) fn residual_blocks(self) -> usize {
        match self.residual_len() {
            0 => 0,
            _ => self.rows.div_ceil(RESIDUAL_BLOCK_ROWS) as usize,
        }
    }
}

/// Returns the number of pairs of the residual dimensions, including padding.
fn residual_pairs(dim: usize, leading: usize) -> usize {
    let residual = dim.saturating_sub(leading);
    residual
        .div_ceil(2)
        .next_multiple_of(ResidualCodes::PAIR_MULTIPLE)
}

/// Returns the number of words of the residual codes of a row.
pub(super) fn residual_len(dim: usize, leading: usize) -> usize {
    match residual_pairs(dim, leading) {
        0 => 0,
        pairs => ResidualCodes::row_len(pairs),
    }
}
