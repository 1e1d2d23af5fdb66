//! The rows that may be hits.

use std::borrow::Cow;
use std::ops::Range;

use roaring::RoaringBitmap;

/// The rows that may be hits.
pub(super) enum AllowedRows<'a> {
    /// All rows but the deleted ones.
    AllBut(&'a RoaringBitmap),
    /// The rows that pass the filter of a search and are not deleted.
    Only(Cow<'a, RoaringBitmap>),
}

impl<'a> AllowedRows<'a> {
    pub(super) fn new(filter: Option<&'a RoaringBitmap>, deleted: &'a RoaringBitmap) -> Self {
        match filter {
            None => Self::AllBut(deleted),
            Some(filter) if deleted.is_empty() => Self::Only(Cow::Borrowed(filter)),
            Some(filter) => Self::Only(Cow::Owned(filter - deleted)),
        }
    }

    pub(super) fn contains(&self, row: u32) -> bool {
        match self {
            Self::AllBut(deleted) => !deleted.contains(row),
            Self::Only(allowed) => allowed.contains(row),
        }
    }

    /// Returns the number of `rows` that are allowed.
    pub(super) fn count(&self, rows: Range<u32>) -> u64 {
        match self {
            Self::AllBut(deleted) => rows.len() as u64 - deleted.range_cardinality(rows),
            Self::Only(allowed) => allowed.range_cardinality(rows),
        }
    }

    /// Returns whether all of `rows` are allowed.
    pub(super) fn has_all(&self, rows: Range<u32>) -> bool {
        self.count(rows.clone()) == rows.len() as u64
    }

    /// Calls `act` with the allowed rows among `rows`, up to `N` at a time, in ascending order.
    pub(super) fn for_each_strip<const N: usize, E>(
        &self,
        rows: Range<u32>,
        mut act: impl FnMut(&[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut strip = [0; N];
        let mut len = 0;
        let mut add = |row| {
            strip[len] = row;
            len += 1;
            if len < N {
                return Ok(());
            }
            len = 0;
            act(&strip)
        };
        match self {
            Self::AllBut(deleted) => {
                let mut allowed = rows.filter(|row| !deleted.contains(*row));
                allowed.try_for_each(&mut add)?;
            }
            Self::Only(allowed) => allowed.range(rows).try_for_each(&mut add)?,
        }
        if len > 0 { act(&strip[..len]) } else { Ok(()) }
    }

    /// Returns the first of `rows` that is allowed.
    pub(super) fn first(&self, mut rows: Range<u32>) -> Option<u32> {
        match self {
            Self::AllBut(deleted) => rows.find(|row| !deleted.contains(*row)),
            Self::Only(allowed) => allowed.range(rows).next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_set_of_all_allowed_rows() {
        let some: RoaringBitmap = (0..300).filter(|row| row % 3 > 0).collect();
        for filter in [None, Some(&some)] {
            for deleted in [vec![], vec![0, 1, 2, 64, 70, 299], (0..300).collect()] {
                let deleted: RoaringBitmap = deleted.into_iter().collect();
                let is_allowed = |row: &u32| {
                    filter.is_none_or(|filter| filter.contains(*row)) && !deleted.contains(*row)
                };
                let allowed = AllowedRows::new(filter, &deleted);
                assert!((0..300).all(|row| allowed.contains(row) == is_allowed(&row)));
                for rows in [0..300, 0..0, 1..3, 3..64, 65..70, 299..300] {
                    let expected: Vec<u32> = rows.clone().filter(is_allowed).collect();
                    assert_eq!(allowed.count(rows.clone()), expected.len() as u64);
                    assert_eq!(allowed.has_all(rows.clone()), expected.len() == rows.len());
                    assert_eq!(allowed.first(rows.clone()), expected.first().copied());
                    let mut found = Vec::new();
                    let strips = allowed.for_each_strip::<7, ()>(rows, |strip| {
                        assert!((1..=7).contains(&strip.len()));
                        found.extend_from_slice(strip);
                        Ok(())
                    });
                    assert_eq!((strips, found), (Ok(()), expected));
                }
            }
        }
    }
}
