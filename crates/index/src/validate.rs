//! Checks of dimensions and row numbers.

use roaring::RoaringBitmap;

use crate::limits::MAX_DIM;
use crate::{Error, Result, RowId};

/// Checks that an index can have vectors of `dim` dimensions.
pub(crate) fn check_index_dim(dim: usize) -> Result<()> {
    if (1..=MAX_DIM).contains(&dim) {
        Ok(())
    } else {
        Err(Error::InvalidDimension { found: dim })
    }
}

/// Checks that vectors of `found` dimensions fit an index of `expected` dimensions.
pub(crate) fn check_dim(expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::DimensionMismatch { expected, found })
    }
}

/// Checks that all of `selected` exist in an index of `rows` rows.
pub(crate) fn check_rows_exist(selected: &RoaringBitmap, rows: u32) -> Result<()> {
    match selected.max() {
        Some(row) if row >= rows => Err(Error::UnknownRow {
            row: RowId::new(row),
            rows,
        }),
        _ => Ok(()),
    }
}

/// Returns the number of rows after `added` rows are added to `rows`.
pub(crate) fn total_rows(rows: u32, added: usize) -> Result<u32> {
    let found = u64::from(rows) + added as u64;
    u32::try_from(found).map_err(|_| Error::TooManyRows { found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_counts_are_limited_to_u32() {
        assert_eq!(total_rows(u32::MAX - 1, 1).unwrap(), u32::MAX);
        let error = total_rows(u32::MAX, 1).unwrap_err().to_string();
        assert_eq!(error, "expected at most 4294967295 rows, found 4294967296");
    }
}
