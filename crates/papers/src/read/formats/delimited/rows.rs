//! The rows of a table.

use memchr::{memchr, memchr_iter};

use super::cells::{Cells, Closing, Open, closing_quote, unquoted};
use crate::read::input::{self, Input, MAX_RECORD, without_break};

/// A source of lines, with their line breaks, that can be pushed back.
pub(super) struct Lines<'a> {
    pub(super) input: Input<'a>,
    /// The lines that were pushed back, the next one last.
    pushed_back: Vec<(usize, Vec<u8>)>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self {
            input,
            pushed_back: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Option<(usize, Result<Vec<u8>, String>)> {
        if let Some((line, bytes)) = self.pushed_back.pop() {
            return Some((line, Ok(bytes)));
        }
        let mut bytes = Vec::new();
        let read = self.input.next_whole_line(&mut bytes)?;
        Some((self.input.line(), read.map(|()| bytes)))
    }

    /// Returns the next line that is not blank.
    pub(super) fn next_filled(&mut self) -> Option<(usize, Result<Vec<u8>, String>)> {
        loop {
            match self.next()? {
                (_, Ok(line)) if line.trim_ascii().is_empty() => {}
                found => return Some(found),
            }
        }
    }

    /// Returns lines, the first of which is the next one again.
    pub(super) fn push_back(&mut self, lines: Vec<(usize, Vec<u8>)>) {
        self.pushed_back.extend(lines.into_iter().rev());
    }
}

/// Reads rows, of which a cell between quotes may have several lines.
///
/// The reader finds the end of a row by its quotes before it splits the row into cells. So memory is bounded,
/// and a quote that is never closed invalidates its row only.
///
/// A carriage return without a line feed ends a row, unless the row would be too short without the text behind
/// it, or what follows has no more cells than one; then it is white space within a cell.
pub(super) struct Rows<'a> {
    pub(super) lines: Lines<'a>,
    pub(super) cells: Cells,
    delimiter: u8,
    /// The number of cells of a row, or 0 until it is known.
    pub(super) columns: usize,
    row: Vec<u8>,
}

/// The position of the last byte in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Bare,
    Quoted,
    /// After a quote in a quoted cell, which ends the cell or is the first of two.
    Quote,
}

/// A scan of a row for quotes and delimiters.
#[derive(Clone, Copy)]
struct Scan {
    state: State,
    /// The number of cells that have begun.
    cells: usize,
}

/// The number of a row's first line, and whether the row is complete.
type ReadRow = (usize, Result<(), String>);

impl<'a> Rows<'a> {
    pub(super) fn new(lines: Lines<'a>, delimiter: u8) -> Self {
        Self {
            lines,
            cells: Cells::new(delimiter),
            delimiter,
            columns: 0,
            row: Vec::new(),
        }
    }

    /// Reads a row into `cells`.
    pub(super) fn next(&mut self) -> Option<ReadRow> {
        if self.delimiter == b'\t' {
            return self.next_between_tabs();
        }
        let (number, row) = self.read_quoted()?;
        Some((number, row.and_then(|()| self.cells.split(&self.row))))
    }

    /// Reads a row that is quoted as in RFC 4180 into `row`.
    fn read_quoted(&mut self) -> Option<ReadRow> {
        let (first, line) = self.lines.next_filled()?;
        let mut line = match line {
            Ok(line) => line,
            Err(reason) => return Some((first, Err(reason))),
        };
        self.row.clear();
        // The lines after the first, which are pushed back if the row turns out to be invalid.
        let mut following: Vec<(usize, Vec<u8>)> = Vec::new();
        let mut scan = Scan {
            state: State::CellStart,
            cells: 1,
        };
        let error = loop {
            let content = without_break(&line);
            match scan.advance(content, self.delimiter) {
                Ok(()) if scan.state != State::Quoted => {
                    self.row.extend_from_slice(content);
                    if !self.goes_on(&line, scan) {
                        return Some((first, Ok(())));
                    }
                    self.row.push(b' ');
                    scan.after_space();
                }
                // Only text of several rows has so many cells.
                Ok(()) if self.columns > 0 && scan.cells > self.columns => {
                    break "a quote is not closed".to_owned();
                }
                // The line break is part of the cell.
                Ok(()) => self.row.extend_from_slice(&line),
                Err(reason) => break reason,
            }
            // The memory of the following lines in addition to their bytes.
            let overhead = following.len().saturating_mul(64);
            if self.row.len().saturating_add(overhead) > MAX_RECORD {
                break input::too_long();
            }
            match self.lines.next() {
                Some((number, Ok(next))) => {
                    following.push((number, next.clone()));
                    line = next;
                }
                Some((number, Err(reason))) => {
                    break format!("a quote is not closed before line {number}: {reason}");
                }
                None => {
                    if following.is_empty() {
                        self.lines.input.notes().set_incomplete();
                    }
                    break "a quote is not closed, the file ends in it".to_owned();
                }
            }
        };
        self.lines.push_back(following);
        Some((first, Err(error)))
    }

    /// Returns whether a row goes on after `line`, which ends outside of quotes.
    fn goes_on(&mut self, line: &[u8], scan: Scan) -> bool {
        if !line.ends_with(b"\r") || self.columns < 2 {
            return false;
        }
        let Some((number, Ok(next))) = self.lines.next() else {
            return false;
        };
        let mut ahead = Scan {
            state: State::Bare,
            cells: scan.cells,
        };
        let is_valid = ahead.advance(without_break(&next), self.delimiter).is_ok();
        self.lines.push_back(vec![(number, next)]);
        is_valid && ahead.cells <= self.columns
    }

    /// Reads a row between tabs into `cells`.
    fn next_between_tabs(&mut self) -> Option<ReadRow> {
        let (first, line) = self.lines.next_filled()?;
        let row = line.and_then(|line| {
            self.cells.clear();
            let mut line = self.joined_at_returns(line);
            loop {
                input::text(&line)?;
                match self
                    .cells
                    .push_between_tabs(without_break(&line), self.columns)?
                {
                    Open::Nothing => return Ok(()),
                    Open::Quote => match self.close_cell()? {
                        Some(remaining) => line = remaining,
                        None => return Ok(()),
                    },
                }
            }
        });
        Some((first, row))
    }

    /// Appends the next lines to a line that ends in a carriage return within a cell.
    fn joined_at_returns(&mut self, mut line: Vec<u8>) -> Vec<u8> {
        loop {
            let scan = Scan {
                state: State::Bare,
                cells: memchr_iter(b'\t', &line).count() + 1,
            };
            if line.len() > MAX_RECORD || !self.goes_on(&line, scan) {
                return line;
            }
            let Some((_, Ok(next))) = self.lines.next() else {
                return line;
            };
            if let Some(last) = line.last_mut() {
                *last = b' ';
            }
            line.extend_from_slice(&next);
        }
    }

    /// Reads the following lines of the last cell, which begins with a quote, if one of them closes the quote
    /// before a tab. Returns the text behind the next tab, or `None` if the row ends.
    fn close_cell(&mut self) -> Result<Option<Vec<u8>>, String> {
        let last = self.cells.get(self.cells.count() - 1);
        let mut text = last.as_bytes()[1..].to_vec();
        let mut following: Vec<(usize, Vec<u8>)> = Vec::new();
        while text
            .len()
            .saturating_add(following.len().saturating_mul(64))
            <= MAX_RECORD
        {
            let (number, next) = match self.lines.next() {
                Some((number, next)) => (number, next?),
                None => break,
            };
            following.push((number, next.clone()));
            let content = without_break(&next);
            let closing = closing_quote(content);
            let end = match closing {
                Closing::At(end) => end,
                Closing::Missing => content.len(),
                Closing::Within => break,
            };
            if memchr(b'\t', &content[..end]).is_some() {
                break;
            }
            text.push(b'\n');
            text.extend_from_slice(&content[..end]);
            if let Closing::At(end) = closing {
                input::text(&text)?;
                self.cells.pop();
                self.cells.push(&unquoted(&text));
                let remaining = next.get(end + 2..).filter(|_| end + 1 < content.len());
                return Ok(remaining.map(<[u8]>::to_vec));
            }
        }
        // The quote belongs to the text.
        self.lines.push_back(following);
        Ok(None)
    }
}

impl Scan {
    /// Advances over one line of a row.
    fn advance(&mut self, line: &[u8], delimiter: u8) -> Result<(), String> {
        for &byte in line {
            self.state = match (self.state, byte) {
                (State::Quoted, b'"') => State::Quote,
                (State::CellStart | State::Quote, b'"') | (State::Quoted, _) => State::Quoted,
                (_, byte) if byte == delimiter => {
                    self.cells += 1;
                    State::CellStart
                }
                (State::Quote, b' ' | b'\r') => State::Quote,
                (State::Quote, _) => {
                    return Err(
                        "text after a closing quote, expected the next cell; a quote before \
                         it is not closed, or not doubled"
                            .to_owned(),
                    );
                }
                _ => State::Bare,
            };
        }
        Ok(())
    }

    /// Advances over a space outside of quotes.
    fn after_space(&mut self) {
        if self.state != State::Quote {
            self.state = State::Bare;
        }
    }
}
