//! The pages of a Parquet column, checked before the decoders of the crate `parquet` trust them.
//!
//! A page of a few bytes may claim any size and any number of values, and the decoders allocate what it
//! claims. [`PageFile`] checks sizes before a page is decompressed, and [`CheckedPages`] checks the
//! numbers in a page before its values are decoded.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::iter::Take;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::delta;
use super::levels::{Levels, unsigned};
use crate::read::input::{self, MAX_RECORD};

/// The maximum size in bytes of the pages that are in memory at a time. Some programs write pages of 100
/// MiB.
const MAX_PAGES: usize = 4 * MAX_RECORD;

/// The maximum number of values of a page.
const MAX_PAGE_VALUES: u32 = 1 << 24;

/// The repetition levels of the pages of a column that were read.
pub(super) type SharedLevels = Arc<Mutex<VecDeque<Take<Levels<Bytes>>>>>;

/// A file whose page headers are checked when they are read.
pub(super) struct PageFile {
    file: File,
    /// The size of the current pages of all columns.
    open_bytes: Arc<AtomicUsize>,
    /// The size of the current data page of this column.
    page_bytes: AtomicUsize,
}

impl PageFile {
    /// Starts to read a column. The columns of a row group share `open_bytes`, which is 0 at first.
    pub(super) fn new(file: &File, open_bytes: &Arc<AtomicUsize>) -> Result<Self> {
        Ok(Self {
            file: file.try_clone()?,
            open_bytes: Arc::clone(open_bytes),
            page_bytes: AtomicUsize::new(0),
        })
    }

    /// Checks the sizes in the header of a page, which begins with its type and its sizes without and
    /// with compression.
    fn check_header(&self, header: &[u8]) -> Result<()> {
        const DICTIONARY_PAGE: u64 = 2;
        let fields = page_sizes(header);
        let (kind, size, compressed) = fields.ok_or_else(|| invalid("an unusual page header"))?;
        let size = size.max(compressed);
        // A dictionary stays; a data page replaces the one before it.
        let replaced = if kind == DICTIONARY_PAGE {
            0
        } else {
            self.page_bytes.swap(size, Ordering::Relaxed)
        };
        let open = self.open_bytes.load(Ordering::Relaxed) - replaced;
        let open = open.saturating_add(size);
        self.open_bytes.store(open, Ordering::Relaxed);
        if open > MAX_PAGES {
            return Err(invalid(&format!(
                "a page of {} MiB, with those of other columns more than {} MiB; a row may be {}",
                size >> 20,
                MAX_PAGES >> 20,
                input::too_long()
            )));
        }
        Ok(())
    }
}

impl Length for PageFile {
    fn len(&self) -> u64 {
        Length::len(&self.file)
    }
}

impl ChunkReader for PageFile {
    type T = BufReader<File>;

    /// Starts to read the header of a page. A page reader calls this for nothing else unless pages are
    /// peeked at or skipped, which [`CheckedPages`] does not permit.
    fn get_read(&self, start: u64) -> Result<BufReader<File>> {
        let mut reader = self.file.get_read(start)?;
        self.check_header(reader.fill_buf()?)?;
        Ok(reader)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // The file allocates the length before it reads.
        let end = start.saturating_add(length as u64);
        if end > Length::len(self) {
            return Err(invalid("a page beyond the end of the file"));
        }
        self.file.get_bytes(start, length)
    }
}

/// Returns the type of a page and its sizes without and with compression from its header, a structure in
/// Thrift's compact protocol whose first three fields are 32-bit integers.
fn page_sizes(mut header: &[u8]) -> Option<(u64, usize, usize)> {
    let mut next = || {
        const NEXT_FIELD_OF_32_BITS: u8 = 0x15;
        let (&NEXT_FIELD_OF_32_BITS, rest) = header.split_first()? else {
            return None;
        };
        header = rest;
        let zigzag = unsigned(&mut header)?;
        // Negative numbers are odd.
        zigzag.is_multiple_of(2).then_some(zigzag / 2)
    };
    let (kind, size, compressed) = (next()?, next()?, next()?);
    Some((kind, size.try_into().ok()?, compressed.try_into().ok()?))
}

/// Reads pages whose numbers are checked, without their repetition levels.
///
/// So the column's own reader sees one value per record and can be read value by value, however long a
/// list is. The repetition levels go to [`SharedLevels`].
pub(super) struct CheckedPages {
    inner: SerializedPageReader<PageFile>,
    physical_type: Type,
    max_def_level: i16,
    max_rep_level: i16,
    levels: SharedLevels,
    has_dictionary: bool,
}

impl CheckedPages {
    pub(super) fn new(
        file: PageFile,
        column: &ColumnChunkMetaData,
        levels: &SharedLevels,
    ) -> Result<Self> {
        let offset = column.dictionary_page_offset();
        let offset = offset.unwrap_or_else(|| column.data_page_offset());
        if offset < 0 || column.compressed_size() < 0 {
            return Err(invalid("a column at a negative position"));
        }
        let descriptor = column.column_descr();
        Ok(Self {
            inner: SerializedPageReader::new(Arc::new(file), column, 0, None)?,
            physical_type: descriptor.physical_type(),
            max_def_level: descriptor.max_def_level(),
            max_rep_level: descriptor.max_rep_level(),
            levels: Arc::clone(levels),
            has_dictionary: false,
        })
    }

    fn checked(&mut self, page: Page) -> Result<Page> {
        if page.is_data_page() && page.num_values() > MAX_PAGE_VALUES {
            return Err(invalid(&format!(
                "a page of {} values, expected at most {MAX_PAGE_VALUES}; a row may be {}",
                page.num_values(),
                input::too_long()
            )));
        }
        match page {
            Page::DictionaryPage {
                ref buf,
                num_values,
                ..
            } => {
                let smallest = match self.physical_type {
                    Type::INT64 | Type::DOUBLE => 8,
                    Type::INT96 => 12,
                    // A length before each text, or the value itself.
                    _ => 4,
                };
                if num_values as usize > buf.len() / smallest {
                    return Err(invalid("a dictionary with more values than bytes"));
                }
                self.has_dictionary = true;
                Ok(page)
            }
            Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                statistics,
            } => {
                let mut at = 0;
                if self.max_rep_level > 0 {
                    let range = prefixed_levels(&buf, at, rep_level_encoding)?;
                    at = range.end;
                    self.push_levels(buf.slice(range), num_values);
                }
                let buf = buf.slice(at..);
                let levels = if self.max_def_level > 0 {
                    prefixed_levels(&buf, 0, def_level_encoding)?
                } else {
                    0..0
                };
                let values = &buf[levels.end..];
                self.check_values(encoding, values, &buf[levels], num_values)?;
                Ok(Page::DataPage {
                    buf,
                    num_values,
                    encoding,
                    def_level_encoding,
                    rep_level_encoding,
                    statistics,
                })
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                statistics,
            } => {
                let rep_end = rep_levels_byte_len as usize;
                let values_at = rep_end.saturating_add(def_levels_byte_len as usize);
                if values_at > buf.len() {
                    return Err(invalid("levels that are longer than their page"));
                }
                if self.max_rep_level > 0 {
                    self.push_levels(buf.slice(..rep_end), num_values);
                }
                let (values, levels) = (&buf[values_at..], &buf[rep_end..values_at]);
                self.check_values(encoding, values, levels, num_values)?;
                Ok(Page::DataPageV2 {
                    buf: buf.slice(rep_end..),
                    num_values,
                    encoding,
                    num_nulls,
                    num_rows,
                    def_levels_byte_len,
                    rep_levels_byte_len: 0,
                    is_compressed,
                    statistics,
                })
            }
        }
    }

    /// Returns whether one of `count` definition levels is that of a value.
    fn has_value(&self, levels: &[u8], count: usize) -> bool {
        if self.max_def_level == 0 {
            return count > 0;
        }
        let mut levels = Levels::new(levels, self.max_def_level).take(count);
        levels.any(|level| level == self.max_def_level)
    }

    fn push_levels(&self, bytes: Bytes, count: u32) {
        let mut pages = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        // Further levels fill the last group of packed ones.
        let levels = Levels::new(bytes, self.max_rep_level).take(count as usize);
        pages.push_back(levels);
    }

    /// Checks what the decoder of an encoding does not. `levels` are the definition levels.
    fn check_values(
        &self,
        encoding: Encoding,
        values: &[u8],
        levels: &[u8],
        count: u32,
    ) -> Result<()> {
        let max = count as usize;
        let checked = match encoding {
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY if !self.has_dictionary => {
                Err("values of a dictionary that is missing")
            }
            // A page without values has an empty sequence, or none.
            Encoding::DELTA_BINARY_PACKED
            | Encoding::DELTA_LENGTH_BYTE_ARRAY
            | Encoding::DELTA_BYTE_ARRAY
                if values.is_empty() =>
            {
                Ok(())
            }
            Encoding::DELTA_BINARY_PACKED => match delta::count(values, max) {
                // The decoder would return the first value of an empty sequence.
                Ok(0) if self.has_value(levels, max) => Err("an empty sequence of values"),
                found => found.map(drop),
            },
            Encoding::DELTA_LENGTH_BYTE_ARRAY => delta::check_lengths(values, max).map(drop),
            Encoding::DELTA_BYTE_ARRAY => delta::check_prefixes(values, max),
            Encoding::PLAIN
            | Encoding::RLE_DICTIONARY
            | Encoding::PLAIN_DICTIONARY
            | Encoding::BYTE_STREAM_SPLIT => Ok(()),
            _ => return Err(invalid(&format!("values in the encoding {encoding}"))),
        };
        checked.map_err(invalid)
    }
}

/// Returns the range of levels that begin with their length, in a page of version 1.
fn prefixed_levels(page: &[u8], at: usize, encoding: Encoding) -> Result<std::ops::Range<usize>> {
    if encoding != Encoding::RLE {
        return Err(invalid(&format!("levels in the encoding {encoding}")));
    }
    let length = page[at..]
        .first_chunk()
        .map(|&bytes| u32::from_le_bytes(bytes));
    let start = at + 4;
    let end = length.and_then(|length| start.checked_add(length as usize));
    match end {
        Some(end) if end <= page.len() => Ok(start..end),
        _ => Err(invalid("levels that are longer than their page")),
    }
}

fn invalid(found: &str) -> ParquetError {
    ParquetError::General(format!("found {found}"))
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        page.map(|page| self.checked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Err(invalid("a page that is peeked at"))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(invalid("a page that is skipped"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the start of the header of a page with these sizes.
    fn header(kind: u8, size: u32, compressed: u32) -> Vec<u8> {
        let mut bytes = vec![0x15, kind * 2];
        for size in [size, compressed] {
            bytes.push(0x15);
            let mut zigzag = u64::from(size) * 2;
            while zigzag >= 0x80 {
                bytes.push(u8::try_from(zigzag & 0x7f).unwrap() | 0x80);
                zigzag >>= 7;
            }
            bytes.push(u8::try_from(zigzag).unwrap());
        }
        bytes
    }

    #[test]
    fn reads_the_sizes_of_a_page() {
        assert_eq!(page_sizes(&header(2, 300, 20)), Some((2, 300, 20)));
        let largest = header(0, i32::MAX.unsigned_abs(), 1);
        assert_eq!(page_sizes(&largest), Some((0, 0x7fff_ffff, 1)));
        assert_eq!(page_sizes(&largest[..5]), None);
        // A negative size.
        assert_eq!(page_sizes(&[0x15, 0, 0x15, 1, 0x15, 2]), None);
    }

    #[test]
    fn the_pages_that_are_open_together_are_bounded() {
        const MIB: u32 = 1 << 20;
        let open_bytes = Arc::default();
        let file = tempfile::tempfile().unwrap();
        let first = PageFile::new(&file, &open_bytes).unwrap();
        let second = PageFile::new(&file, &open_bytes).unwrap();
        // A page replaces the one before it, and a dictionary stays.
        for _ in 0..5 {
            first.check_header(&header(0, 100 * MIB, 1)).unwrap();
        }
        first.check_header(&header(2, 100 * MIB, 1)).unwrap();
        second.check_header(&header(3, 1, 50 * MIB)).unwrap();
        let error = second.check_header(&header(0, 57 * MIB, 1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Parquet error: found a page of 57 MiB, with those of other columns more than 256 MiB; a row \
             may be longer than 64 MiB, the most for a record"
        );
        let claim = first.check_header(&header(0, i32::MAX.unsigned_abs(), 1));
        assert!(claim.is_err());
    }
}
