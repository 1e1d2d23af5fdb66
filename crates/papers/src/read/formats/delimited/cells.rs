//! Splitting of a row into cells.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr, memchr_iter};

use crate::read::input::{self, MAX_VALUES};

/// The number of cells for which a row has room at first.
const FIRST_CELLS: usize = 64;

/// The cells of a row.
pub(super) struct Cells {
    reader: Reader,
    text: Vec<u8>,
    /// The end of each cell in `text`.
    ends: Vec<usize>,
    count: usize,
}

/// What a line of a row between tabs leaves open.
pub(super) enum Open {
    /// The row ends with the line.
    Nothing,
    /// The last cell begins with a quote that is not closed. It may go on in the next line.
    Quote,
}

impl Cells {
    pub(super) fn new(delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            text: Vec::new(),
            ends: Vec::new(),
            count: 0,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        // The row is UTF-8, and both ends of a cell are next to ASCII characters.
        std::str::from_utf8(&self.text[start..self.ends[at]]).unwrap_or_default()
    }

    /// Replaces the cells by those of a row that is quoted as in RFC 4180.
    pub(super) fn split(&mut self, row: &[u8]) -> Result<(), String> {
        input::text(row)?;
        self.reader.reset();
        self.text.resize(row.len() + 8, 0);
        self.ends.resize(FIRST_CELLS, 0);
        let (mut read, mut written, mut ended) = (0, 0, 0);
        loop {
            let (result, input, output, ends) = self.reader.read_record(
                &row[read..],
                &mut self.text[written..],
                &mut self.ends[ended..],
            );
            read += input;
            written += output;
            ended += ends;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => {
                    self.count = ended;
                    return Ok(());
                }
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

    /// Removes all cells.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.count = 0;
    }

    /// Removes the last cell.
    pub(super) fn pop(&mut self) {
        if self.count > 0 {
            self.count -= 1;
            self.ends.truncate(self.count);
            self.text.truncate(self.ends.last().copied().unwrap_or(0));
        }
    }

    pub(super) fn push(&mut self, cell: &[u8]) {
        self.text.extend_from_slice(cell);
        self.ends.push(self.text.len());
        self.count += 1;
    }

    /// Adds the cells of a line between tabs.
    ///
    /// Quotes enclose a cell if they enclose all of it and the quotes within are doubled. All others belong to
    /// the text, since not all programs quote. Tabs between quotes belong to the cell only if the line has other
    /// than `columns` cells without quotes.
    pub(super) fn push_between_tabs(
        &mut self,
        line: &[u8],
        columns: usize,
    ) -> Result<Open, String> {
        let is_plain = memchr_iter(b'\t', line).count() + 1 == columns;
        let mut at = 0;
        loop {
            if self.count >= MAX_VALUES {
                return Err(input::too_many());
            }
            let remaining = &line[at..];
            let tab = || memchr(b'\t', remaining).unwrap_or(remaining.len());
            let quoted = remaining.strip_prefix(b"\"").map(|text| match is_plain {
                true => closing_quote(&text[..tab() - 1]),
                false => closing_quote(text),
            });
            let taken = match quoted {
                Some(Closing::At(end)) => {
                    self.push(&unquoted(&remaining[1..=end]));
                    end + 2
                }
                Some(Closing::Missing | Closing::Within) | None => {
                    let end = tab();
                    self.push(&remaining[..end]);
                    if end == remaining.len() && matches!(quoted, Some(Closing::Missing)) {
                        return Ok(Open::Quote);
                    }
                    end
                }
            };
            if at + taken >= line.len() {
                return Ok(Open::Nothing);
            }
            at += taken + 1;
        }
    }
}

/// The quote that closes a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Closing {
    /// The position of the quote, which precedes a tab or the end of the line.
    At(usize),
    /// There is no quote, or all of them are doubled.
    Missing,
    /// Text follows the quote, so it closes nothing.
    Within,
}

/// Finds the quote that closes a cell whose text begins with `text`.
pub(super) fn closing_quote(text: &[u8]) -> Closing {
    let mut skip = None;
    for at in memchr_iter(b'"', text) {
        if skip == Some(at) {
            continue;
        }
        match text.get(at + 1) {
            Some(b'"') => skip = Some(at + 1),
            None | Some(b'\t') => return Closing::At(at),
            Some(_) => return Closing::Within,
        }
    }
    Closing::Missing
}

/// Returns a text with single quotes in place of doubled ones.
pub(super) fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        out.push(byte);
        if byte == b'"' {
            bytes.next();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_between_tabs_enclose_whole_cells_only() {
        for (line, expected, is_open) in [
            ("a\tb\t", &["a", "b", ""][..], false),
            ("\"a\"\t\"b \"\"c\"\"\"", &["a", "b \"c\""], false),
            ("\"a\tb\"\tc", &["a\tb", "c"], false),
            ("\"a\tb\"", &["\"a", "b\""], false),
            ("\"Smart\" roofs\tx", &["\"Smart\" roofs", "x"], false),
            ("say \"x\"\t\"", &["say \"x\"", "\""], true),
            ("\"open\tx", &["\"open", "x"], false),
            ("x\t\"open", &["x", "\"open"], true),
            ("\"\"\t\"\"\"\"", &["", "\""], false),
        ] {
            let mut cells = Cells::new(b'\t');
            let open = cells.push_between_tabs(line.as_bytes(), 2).unwrap();
            let found: Vec<&str> = (0..cells.count()).map(|at| cells.get(at)).collect();
            assert_eq!(found, expected, "{line}");
            assert_eq!(matches!(open, Open::Quote), is_open, "{line}");
        }
    }
}
