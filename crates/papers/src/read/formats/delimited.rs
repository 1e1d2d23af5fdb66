//! Tables with a header: CSV (RFC 4180) and tab-separated values.

mod cells;
mod citation;
mod columns;
mod dates;
mod kinds;
mod lists;
mod objects;
mod own;
mod paper;
mod rows;

use memchr::memchr_iter;

use self::columns::Column;
use self::objects::Objects;
use self::paper::Cell;
use self::rows::{Lines, Rows};
use super::file_start::FileStart;
use super::spec::{Evidence, FormatSpec, LocatedRecord, ObjectsOf, RecordSource};
use crate::read::input::{Input, without_break};
use crate::{Paper, RecordLocation};

pub(super) const CSV: FormatSpec = FormatSpec {
    name: "csv",
    extensions: &["csv"],
    recognize: |start| {
        header(start)
            .filter(|header| !header.contains('\t'))
            .map(|_| Evidence::Header)
    },
    source: RecordSource::StreamOfObjects(|input, objects_of| {
        Box::new(Delimited::new(input, None, objects_of))
    }),
};

pub(super) const TSV: FormatSpec = FormatSpec {
    name: "tsv",
    extensions: &["tsv", "tab"],
    recognize: |start| {
        header(start)
            .filter(|header| header.contains('\t'))
            .map(|_| Evidence::Header)
    },
    source: RecordSource::StreamOfObjects(|input, objects_of| {
        Box::new(Delimited::new(input, Some(b'\t'), objects_of))
    }),
};

/// The number of bytes of a column's name that an error has.
const MAX_NAME: usize = 30;

/// The number of lines among which a header is searched.
const MAX_PREFACE: usize = 10;

/// Returns the first line if it is the header of a table of papers, or the line behind a preface.
fn header<'a>(start: &'a FileStart<'_>) -> Option<&'a str> {
    let mut lines = start.text_lines().take(MAX_PREFACE);
    lines
        .find(|line| !columns::is_preface(line))
        .filter(|line| columns::is_header(line))
}

/// Reads the rows of a table.
struct Delimited<'a> {
    state: State<'a>,
    header: Vec<HeaderCell>,
    /// Whether Cognate wrote the table.
    is_own: bool,
    objects: Objects,
}

enum State<'a> {
    /// The header was not read. The delimiter is known, or the header determines it.
    Start(Lines<'a>, Option<u8>),
    Rows(Box<Rows<'a>>),
    Ended,
}

struct HeaderCell {
    name: String,
    /// The position of the column among those of its field.
    precedence: usize,
    column: Column,
}

impl<'a> Delimited<'a> {
    /// Without a delimiter, the header determines it: comma, semicolon or tab.
    fn new(input: Input<'a>, delimiter: Option<u8>, objects_of: ObjectsOf) -> Self {
        Self {
            state: State::Start(Lines::new(input), delimiter),
            header: Vec::new(),
            is_own: false,
            objects: Objects::new(objects_of),
        }
    }

    /// Reads the header, and returns its error with the number of its line.
    fn read_header(
        &mut self,
        mut lines: Lines<'a>,
        delimiter: Option<u8>,
    ) -> Result<Option<Rows<'a>>, (usize, String)> {
        if !find_header(&mut lines)? {
            return Ok(None);
        }
        let Some((number, line)) = lines.next_filled() else {
            return Ok(None);
        };
        let line = line.map_err(|reason| (number, reason))?;
        let delimiter = delimiter.unwrap_or_else(|| {
            let count = |delimiter: &u8| memchr_iter(*delimiter, &line).count();
            // Of equal counts `max_by_key` returns the last, so the comma comes last.
            let candidates = [b'\t', b';', b','];
            candidates.into_iter().max_by_key(count).unwrap_or(b',')
        });
        lines.push_back(vec![(number, line)]);
        let mut rows = Rows::new(lines, delimiter);
        let Some((number, row)) = rows.next() else {
            return Ok(None);
        };
        row.map_err(|reason| (number, reason))?;
        let cells = &rows.cells;
        let names: Vec<String> = (0..cells.count())
            .map(|at| {
                cells
                    .get(at)
                    .trim()
                    .trim_start_matches('\u{feff}')
                    .to_owned()
            })
            .collect();
        self.is_own = own::is_own(&names);
        let columns = columns::columns(&names);
        let has = |column| columns.iter().any(|(_, found)| *found == column);
        if !has(Column::Title) && !has(Column::Abstract) {
            let names: Vec<String> = names
                .iter()
                .take(20)
                .map(|name| {
                    format!(
                        "`{}`",
                        name.get(..name.floor_char_boundary(MAX_NAME))
                            .unwrap_or(name)
                    )
                })
                .collect();
            let reason = format!(
                "the header has no `title` and no `abstract`, found {}; write the names of the columns \
                 into the first line, such as `title`, `abstract`, `authors` and `year`",
                names.join(", ")
            );
            return Err((number, reason));
        }
        if names.len() > 1
            && columns
                .iter()
                .filter(|(_, found)| *found != Column::Other)
                .count()
                == 1
        {
            refuse_fields_in_rows(&mut rows)?;
        }
        rows.columns = names.len();
        let header = names.into_iter().zip(columns);
        self.header = header
            .map(|(name, (precedence, column))| HeaderCell {
                name,
                precedence,
                column,
            })
            .collect();
        Ok(Some(rows))
    }

    /// Converts the row that was read last to a paper.
    fn paper(&mut self, rows: &Rows<'_>) -> Result<Paper, String> {
        let (count, expected) = (rows.cells.count(), self.header.len());
        let is_surplus = |at: usize| !rows.cells.get(at).trim().is_empty();
        if count < expected || (expected..count).any(is_surplus) {
            return Err(format!("the row has {count} cells, expected {expected}"));
        }
        let notes = rows.lines.input.notes();
        let cells = self.header.iter().enumerate();
        let cells = cells.map(|(at, header)| (header, rows.cells.get(at)));
        if self.is_own {
            return own::paper(cells.map(|(header, text)| (&*header.name, text)), notes);
        }
        if let Some(paper) = self.objects.paper(
            cells.clone().map(|(header, text)| (&*header.name, text)),
            notes,
        ) {
            return paper;
        }
        let mut cells: Vec<(usize, Cell<'_>)> = cells
            .map(|(header, text)| {
                let (column, name) = (header.column, &*header.name);
                (header.precedence, Cell { column, name, text })
            })
            .collect();
        cells.sort_by_key(|(precedence, _)| *precedence);
        let cells = cells.into_iter().map(|(_, cell)| cell).collect();
        paper::paper(cells, notes)
    }
}

/// Returns an error if the rows of a table are the fields of papers, as Embase writes them on request.
fn refuse_fields_in_rows(rows: &mut Rows<'_>) -> Result<(), (usize, String)> {
    let Some((number, Ok(line))) = rows.lines.next_filled() else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(without_break(&line)).into_owned();
    rows.lines.push_back(vec![(number, line)]);
    let name = text.split([',', ';', '\t']).next().unwrap_or_default();
    let name = name.trim_matches('"');
    match columns::columns(&[name.to_owned()])[..] {
        [(_, Column::Other | Column::Unused)] => Ok(()),
        _ => Err((
            number,
            format!(
                "the row begins with the name of a field, `{name}`, expected a paper per row; \
                 export the fields by column"
            ),
        )),
    }
}

/// Skips the lines before the header, unless none of the first lines is one. Returns whether there is a line.
fn find_header(lines: &mut Lines<'_>) -> Result<bool, (usize, String)> {
    let mut before: Vec<(usize, Vec<u8>)> = Vec::new();
    while before.len() < MAX_PREFACE {
        let (number, line) = match lines.next_filled() {
            Some((number, line)) => (number, line.map_err(|reason| (number, reason))?),
            None => break,
        };
        let text = String::from_utf8_lossy(without_break(&line)).into_owned();
        before.push((number, line));
        if columns::is_header(&text) {
            lines.push_back(before.split_off(before.len() - 1));
            return Ok(true);
        }
    }
    let has_lines = !before.is_empty();
    lines.push_back(before);
    Ok(has_lines)
}

impl Iterator for Delimited<'_> {
    type Item = LocatedRecord;

    fn next(&mut self) -> Option<LocatedRecord> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return None,
                State::Start(lines, delimiter) => {
                    let notes = lines.input.notes().clone();
                    match self.read_header(lines, delimiter) {
                        Ok(Some(rows)) => self.state = State::Rows(Box::new(rows)),
                        Ok(None) => return None,
                        Err((number, reason)) => {
                            notes.set_incomplete();
                            return Some((RecordLocation::Line(number), Err(reason)));
                        }
                    }
                }
                State::Rows(mut rows) => {
                    let (number, row) = rows.next()?;
                    let paper = row.and_then(|()| self.paper(&rows));
                    self.state = State::Rows(rows);
                    return Some((RecordLocation::Line(number), paper));
                }
            }
        }
    }
}
