//! Tables with a header: CSV (RFC 4180) and tab-separated values.

mod columns;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::memchr_iter;

use self::columns::Column;
use super::file_start::FileStart;
use super::spec::{Evidence, FormatSpec, LocatedRecord, RecordSource};
use crate::RecordLocation;
use crate::read::input::{self, Input, MAX_RECORD, MAX_VALUES, without_break};

pub(super) const CSV: FormatSpec = FormatSpec {
    name: "csv",
    extensions: &["csv"],
    recognize: |start| {
        header(start)
            .filter(|header| !header.contains('\t'))
            .map(|_| Evidence::Header)
    },
    source: RecordSource::Stream(|input| Box::new(Delimited::new(input, None))),
};

pub(super) const TSV: FormatSpec = FormatSpec {
    name: "tsv",
    extensions: &["tsv", "tab"],
    recognize: |start| {
        header(start)
            .filter(|header| header.contains('\t'))
            .map(|_| Evidence::Header)
    },
    source: RecordSource::Stream(|input| Box::new(Delimited::new(input, Some(b'\t')))),
};

/// Returns the first line if it is the header of a table of papers.
fn header<'a>(start: &'a FileStart<'_>) -> Option<&'a str> {
    start
        .text_lines()
        .next()
        .filter(|line| columns::is_header(line))
}

/// Reads the rows of a table.
///
/// The reader finds the end of a row by its quotes before it splits the row into cells. So memory
/// is bounded, and a quote that is never closed invalidates its row only.
struct Delimited<'a> {
    lines: Lines<'a>,
    /// The separator of cells, once it is known.
    delimiter: Option<u8>,
    reader: Reader,
    header: Vec<(usize, Column)>,
    /// The number of columns before those of a paper in a table that Cognate wrote, or `None` for
    /// another table.
    own_columns: Option<usize>,
    row: Vec<u8>,
    cells: Vec<u8>,
    ends: Vec<usize>,
    ended: bool,
}

/// A source of lines, with their line breaks, that can be pushed back.
struct Lines<'a> {
    input: Input<'a>,
    /// The lines that were pushed back, the next one last.
    pushed_back: Vec<(usize, Vec<u8>)>,
}

impl Lines<'_> {
    fn next(&mut self) -> Option<(usize, Result<Vec<u8>, String>)> {
        if let Some((line, bytes)) = self.pushed_back.pop() {
            return Some((line, Ok(bytes)));
        }
        let mut bytes = Vec::new();
        let read = self.input.next_whole_line(&mut bytes)?;
        Some((self.input.line(), read.map(|()| bytes)))
    }
}

/// The number of cells for which a row has room at first.
const FIRST_CELLS: usize = 64;

/// The position of the last byte in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Bare,
    Quoted,
    /// After a quote in a quoted cell, which ends the cell or is the first of two.
    Quote,
}

impl<'a> Delimited<'a> {
    /// Without a delimiter, the header determines it: comma, semicolon or tab.
    fn new(input: Input<'a>, delimiter: Option<u8>) -> Self {
        Self {
            lines: Lines {
                input,
                pushed_back: Vec::new(),
            },
            delimiter,
            reader: Reader::new(),
            header: Vec::new(),
            own_columns: None,
            row: Vec::new(),
            cells: Vec::new(),
            ends: Vec::new(),
            ended: false,
        }
    }

    /// Reads a row into `row`, and returns the number of its first line and whether the row is
    /// complete.
    fn read_row(&mut self, delimiter: u8) -> Option<(usize, Result<(), String>)> {
        let (first, mut line) = loop {
            match self.lines.next()? {
                (_, Ok(line)) if line.trim_ascii().is_empty() => {}
                (number, Ok(line)) => break (number, line),
                (number, Err(reason)) => return Some((number, Err(reason))),
            }
        };
        self.row.clear();
        // The lines after the first, which are pushed back if the row turns out to be invalid.
        let mut following: Vec<(usize, Vec<u8>)> = Vec::new();
        let mut state = State::CellStart;
        let error = loop {
            match scan_line(without_break(&line), delimiter, &mut state) {
                Ok(()) if state != State::Quoted => {
                    self.row.extend_from_slice(without_break(&line));
                    return Some((first, Ok(())));
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
                None => break "a quote is not closed, the file ends in it".to_owned(),
            }
        };
        self.lines.pushed_back.extend(following.into_iter().rev());
        Some((first, Err(error)))
    }

    /// Splits `row` into cells, which are the ranges of `cells` that end at `ends`, and returns
    /// their number.
    fn split(&mut self) -> Result<usize, String> {
        input::text(&self.row)?;
        self.reader.reset();
        self.cells.resize(self.row.len() + 8, 0);
        self.ends.resize(FIRST_CELLS, 0);
        let (mut read, mut written, mut ended) = (0, 0, 0);
        loop {
            let (result, input, output, ends) = self.reader.read_record(
                &self.row[read..],
                &mut self.cells[written..],
                &mut self.ends[ended..],
            );
            read += input;
            written += output;
            ended += ends;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => return Ok(ended),
                // The end of the row must be signaled by one more call with empty input.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputEndsFull if self.ends.len() < MAX_VALUES => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(input::too_many());
                }
            }
        }
    }

    fn cell(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        // The row is UTF-8, and both ends of a cell are next to ASCII characters.
        std::str::from_utf8(&self.cells[start..self.ends[at]]).unwrap_or_default()
    }

    /// Reads the header, and returns the number of its line and whether it is valid.
    fn read_header(&mut self) -> Option<(usize, Result<(), String>)> {
        let (number, line) = loop {
            match self.lines.next()? {
                (_, Ok(line)) if line.trim_ascii().is_empty() => {}
                (number, Ok(line)) => break (number, line),
                (number, Err(reason)) => return Some((number, Err(reason))),
            }
        };
        let delimiter = *self.delimiter.get_or_insert_with(|| {
            let count = |delimiter: &u8| memchr_iter(*delimiter, &line).count();
            // Of equal counts `max_by_key` returns the last, so the comma comes last.
            let candidates = [b'\t', b';', b','];
            candidates.into_iter().max_by_key(count).unwrap_or(b',')
        });
        self.reader = ReaderBuilder::new().delimiter(delimiter).build();
        self.lines.pushed_back.push((number, line));
        let (number, row) = self.read_row(delimiter)?;
        let header = row.and_then(|()| self.split());
        let header = header.and_then(|count| {
            let names: Vec<String> = (0..count).map(|at| self.cell(at).to_owned()).collect();
            self.header = names.iter().map(|name| columns::column(name)).collect();
            self.own_columns = columns::own_columns(&names);
            let has = |column| self.header.iter().any(|(_, found)| *found == column);
            if has(Column::Title) || has(Column::Abstract) {
                return Ok(());
            }
            let names: Vec<String> = names
                .iter()
                .take(20)
                .map(|name| format!("`{name}`"))
                .collect();
            Err(format!(
                "the header has no `title` and no `abstract`, found {}",
                names.join(", ")
            ))
        });
        Some((number, header))
    }

    fn try_next(&mut self) -> Option<LocatedRecord> {
        if self.header.is_empty() {
            let (number, read) = self.read_header()?;
            if let Err(reason) = read {
                self.ended = true;
                return Some((RecordLocation::Line(number), Err(reason)));
            }
        }
        let delimiter = self.delimiter.unwrap_or(b',');
        let (number, row) = self.read_row(delimiter)?;
        let cells = row.and_then(|()| self.split());
        let paper = cells.and_then(|count| {
            let expected = self.header.len();
            let is_surplus = |at: usize| !self.cell(at).trim().is_empty();
            if count < expected || (expected..count).any(is_surplus) {
                return Err(format!("the row has {count} cells, expected {expected}"));
            }
            if let Some(before) = self.own_columns {
                let cells = (before..expected).map(|at| self.cell(at));
                return columns::own_paper(cells, self.lines.input.notes());
            }
            let mut cells: Vec<(usize, Column, &str)> = self
                .header
                .iter()
                .enumerate()
                .map(|(at, (order, column))| (*order, *column, self.cell(at)))
                .collect();
            cells.sort_by_key(|(order, ..)| *order);
            let cells: Vec<(Column, &str)> = cells
                .into_iter()
                .map(|(_, column, cell)| (column, cell))
                .collect();
            columns::paper(&cells, self.lines.input.notes())
        });
        Some((RecordLocation::Line(number), paper))
    }
}

impl Iterator for Delimited<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        if self.ended {
            return None;
        }
        self.try_next()
    }
}

/// Advances the state over one line of a row.
fn scan_line(line: &[u8], delimiter: u8, state: &mut State) -> Result<(), String> {
    for &byte in line {
        *state = match (*state, byte) {
            (State::Quoted, b'"') => State::Quote,
            (State::CellStart | State::Quote, b'"') | (State::Quoted, _) => State::Quoted,
            (_, byte) if byte == delimiter => State::CellStart,
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
