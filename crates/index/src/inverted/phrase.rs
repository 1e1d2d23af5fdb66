//! The rows that have terms next to each other.

use super::postings::{Block, Posting, Postings, positions_count};
use super::segment::{FoundTerm, TermSegment};
use super::varint;
use crate::Result;

/// Returns the rows of a segment in which `terms` follow one another, with the number of places in either
/// field. `is_live` returns whether a row counts.
pub(super) fn phrase_postings(
    segment: &TermSegment,
    terms: &[FoundTerm],
    is_live: &dyn Fn(u32) -> bool,
) -> Result<Vec<Posting>> {
    let mut lists = Vec::with_capacity(terms.len());
    for (offset, term) in (0_u32..).zip(terms) {
        lists.push((offset, PositionReader::new(segment, term)?));
    }
    // The rarest term has the fewest rows to look at.
    lists.sort_by_key(|(_, list)| list.postings.count());
    let mut found = Vec::new();
    let Some(((first_offset, first), others)) = lists.split_first_mut() else {
        return Ok(found);
    };
    let mut row = 0;
    'rows: while let Some(posting) = first.seek(row)? {
        row = posting.row;
        for (_, other) in &mut *others {
            match other.seek(row)? {
                None => return Ok(found),
                Some(other) if other.row > row => {
                    row = other.row;
                    continue 'rows;
                }
                Some(_) => {}
            }
        }
        if is_live(row) {
            let starts = first.positions()?.map(|positions| {
                let starts = positions.into_iter();
                starts
                    .filter_map(|position| position.checked_sub(*first_offset))
                    .collect::<Vec<u32>>()
            });
            let mut places = starts;
            for (offset, other) in &mut *others {
                let positions = other.positions()?;
                for (places, positions) in places.iter_mut().zip(&positions) {
                    let follows = |start: &u32| {
                        let position = start.checked_add(*offset);
                        position.is_some_and(|position| positions.binary_search(&position).is_ok())
                    };
                    places.retain(follows);
                }
            }
            let frequencies = places.map(|places| u32::try_from(places.len()).unwrap_or(u32::MAX));
            if frequencies != [0, 0] {
                found.push(Posting { row, frequencies });
            }
        }
        row += 1;
    }
    Ok(found)
}

/// Reads the postings of a term, row by row, with positions.
struct PositionReader<'a> {
    segment: &'a TermSegment,
    postings: Postings<'a>,
    /// The number of the decoded block, or `None` before the first.
    number: Option<usize>,
    block: Block,
    /// The next row of the block.
    next: usize,
    /// The encoded positions from row `next` of the block on.
    positions: &'a [u8],
    /// The row that was found last.
    current: Option<Posting>,
}

impl<'a> PositionReader<'a> {
    fn new(segment: &'a TermSegment, term: &FoundTerm) -> Result<Self> {
        Ok(Self {
            segment,
            postings: segment.postings_with_positions(term)?,
            number: None,
            block: Block::new(),
            next: 0,
            positions: &[],
            current: None,
        })
    }

    /// Moves to the first row of at least `row`, and returns it, or `None` if there is none. Moves forward
    /// only.
    fn seek(&mut self, row: u32) -> Result<Option<Posting>> {
        if let Some(current) = self.current.filter(|current| current.row >= row) {
            return Ok(Some(current));
        }
        let number = self.postings.block_of(self.number.unwrap_or(0), row);
        if number >= self.postings.blocks() {
            self.current = None;
            return Ok(None);
        }
        if self.number != Some(number) {
            self.segment
                .decode(&self.postings, number, &mut self.block)?;
            let positions = self.postings.positions_of(number);
            self.positions = positions.ok_or_else(|| self.segment.file.invalid())?;
            self.number = Some(number);
            self.next = 0;
            self.current = None;
        }
        if let Some(passed) = self.current.take() {
            self.skip_positions(&passed)?;
        }
        while let Some(found) = self.block.rows().get(self.next) {
            let (found, posting) = (*found, self.block.posting(self.next));
            self.next += 1;
            if found >= row {
                self.current = Some(posting);
                return Ok(self.current);
            }
            self.skip_positions(&posting)?;
        }
        Ok(None)
    }

    fn skip_positions(&mut self, posting: &Posting) -> Result<()> {
        let len = varint::len_of(self.positions, positions_count(posting));
        let len = len.ok_or_else(|| self.segment.file.invalid())?;
        self.positions = &self.positions[len..];
        Ok(())
    }

    /// Returns the positions in either field of the row that was found last.
    fn positions(&self) -> Result<[Vec<u32>; 2]> {
        let mut found = [Vec::new(), Vec::new()];
        let mut bytes = self.positions;
        let frequencies = self.current.map_or([0, 0], |posting| posting.frequencies);
        for (found, count) in found.iter_mut().zip(frequencies) {
            let mut next = 0_u32;
            for _ in 0..count {
                let position = varint::take_u32(&mut bytes).and_then(|gap| next.checked_add(gap));
                let position = position.ok_or_else(|| self.segment.file.invalid())?;
                found.push(position);
                next = position.saturating_add(1);
            }
        }
        Ok(found)
    }
}
