use std::fmt;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::checksums::Checksums;
use crate::file_names::codes_path;
use crate::manifest::SegmentEntry;
use crate::preamble::{FilePreamble, check_shape};
use crate::quantized::QuantizedRows;
use crate::storage::WordStorage;
use crate::{Damage, Error, Result, Storage, normalize};

mod encoder;
mod header;

pub(crate) use encoder::SegmentEncoder;
use header::Header;

/// Immutable rows, in memory or in a file.
pub(crate) struct Segment {
    dim: usize,
    rows: u32,
    values: WordStorage,
    quantized: Option<QuantizedRows>,
    origin: Option<Origin>,
}

/// The file of a segment.
struct Origin {
    path: PathBuf,
    block_rows: u32,
    checksums: Checksums,
}

impl Segment {
    /// Makes a segment in memory from unit vectors, `[rows, dim]`.
    pub(crate) fn in_memory(dim: usize, rows: u32, values: Vec<f32>) -> Self {
        debug_assert_eq!(values.len(), rows as usize * dim);
        Self {
            dim,
            rows,
            quantized: QuantizedRows::quantize(dim, &values),
            values: WordStorage::Owned(values),
            origin: None,
        }
    }

    /// Opens a segment file. The rows of a mapped file are not read; rows that are read into memory
    /// are checked at once.
    pub(crate) fn open(path: &Path, storage: Storage) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let header = Header::read(&mut file, path)?;
        let blocks = header.blocks() as usize;
        let checksums = Checksums::read(&mut file, header.table_offset(), blocks, path)?;
        let len = header.rows as usize * header.dim;
        let values = WordStorage::open(&mut file, FilePreamble::LEN, len, storage)
            .map_err(Error::io("read", path))?;
        let mut segment = Self {
            dim: header.dim,
            rows: header.rows,
            values,
            quantized: None,
            origin: Some(Origin {
                path: path.to_owned(),
                block_rows: header.block_rows,
                checksums,
            }),
        };
        if segment.values.is_owned() {
            segment.verify_rows()?;
        }
        segment.quantized = segment
            .open_quantized(storage)
            .inspect_err(|error| tracing::warn!(%error, "ignoring damaged quantized codes"))
            .ok()
            .flatten();
        tracing::debug!(path = %path.display(), rows = segment.rows, "opened a segment");
        Ok(segment)
    }

    /// Opens the file of a segment in `dir`, and checks that it is the one that the manifest means: it has
    /// `dim` dimensions, and the rows and the checksum of the entry.
    pub(crate) fn open_entry(
        dir: &Path,
        dim: usize,
        entry: &SegmentEntry,
        storage: Storage,
    ) -> Result<Self> {
        let path = dir.join(&entry.file);
        let segment = Self::open(&path, storage)?;
        check_shape((dim, entry.rows), (segment.dim, segment.rows), &path)?;
        if entry.checksum.is_some() && entry.checksum != segment.checksum() {
            return Err(Error::corrupt(&path, Damage::AnotherFile));
        }
        Ok(segment)
    }

    /// Returns the checksum of the table of checksums of the file, or `None` if the segment is in memory.
    pub(crate) fn checksum(&self) -> Option<u32> {
        let origin = self.origin.as_ref()?;
        Some(origin.checksums.table_checksum())
    }

    /// Opens the quantized codes in the file beside the segment file; `None` if there is no such
    /// file.
    fn open_quantized(&self, storage: Storage) -> Result<Option<QuantizedRows>> {
        match &self.origin {
            Some(origin) if cfg!(target_endian = "little") => QuantizedRows::open(
                &codes_path(&origin.path),
                (self.dim, self.rows),
                origin.checksums.table_checksum(),
                storage,
            ),
            _ => Ok(None),
        }
    }

    /// Quantizes the rows of a segment file and writes the codes beside it, if pruning with them is
    /// worthwhile. Returns whether it is.
    pub(crate) fn write_quantized(&self) -> Result<bool> {
        let Some(origin) = &self.origin else {
            return Ok(false);
        };
        if cfg!(target_endian = "big") || !QuantizedRows::is_eligible(self.dim, self.rows) {
            return Ok(false);
        }
        let Some(quantized) = QuantizedRows::quantize(self.dim, self.read(0..self.rows)?) else {
            return Ok(false);
        };
        let path = codes_path(&origin.path);
        quantized.write(&path, origin.checksums.table_checksum())?;
        Ok(true)
    }

    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Returns the values of `rows`, `[rows, dim]`. The blocks of a file are compared with their
    /// checksums when they are read for the first time.
    pub(crate) fn read(&self, rows: Range<u32>) -> Result<&[f32]> {
        if let Some(origin) = &self.origin {
            for block in rows.start / origin.block_rows..rows.end.div_ceil(origin.block_rows) {
                let block = block as usize;
                let values = self.block(origin, block);
                if !origin.checksums.is_intact(block, values) {
                    return Err(self.damaged(origin, block));
                }
            }
        }
        Ok(&self.values.as_slice()[rows.start as usize * self.dim..rows.end as usize * self.dim])
    }

    /// Returns all values, `[rows, dim]`, without comparing a file with its checksums.
    pub(crate) fn unchecked_values(&self) -> &[f32] {
        self.values.as_slice()
    }

    /// Returns the quantized codes of the rows, or `None` if there are none or they cannot be used.
    pub(crate) fn quantized(&self) -> Option<&QuantizedRows> {
        self.quantized.as_ref()
    }

    /// Returns the path of the segment file, or `None` if the segment is in memory.
    pub(crate) fn path(&self) -> Option<&Path> {
        Some(&self.origin.as_ref()?.path)
    }

    /// Reads every row of a file and checks it. Rows in memory are not checked.
    pub(crate) fn verify_rows(&self) -> Result<()> {
        let Some(origin) = &self.origin else {
            return Ok(());
        };
        (0..origin.checksums.blocks())
            .into_par_iter()
            .find_map_first(|block| self.checked_block(origin, block).err())
            .map_or(Ok(()), Err)
    }

    /// Reads the file of quantized codes, if there is one, and checks it, even if it was ignored on
    /// opening.
    pub(crate) fn verify_quantized(&self) -> Result<()> {
        match (&self.origin, &self.quantized) {
            (Some(origin), Some(quantized)) => quantized.verify(&codes_path(&origin.path)),
            _ => self.open_quantized(Storage::Owned).map(drop),
        }
    }

    /// Checks the file of quantized codes as [`verify_quantized`](Self::verify_quantized) does, and also
    /// that it exists if the manifest says so.
    pub(crate) fn verify_codes(&self, entry: &SegmentEntry) -> Result<()> {
        self.verify_quantized()?;
        match (&self.origin, &self.quantized) {
            (Some(origin), None) if entry.codes && cfg!(target_endian = "little") => {
                let path = codes_path(&origin.path);
                Err(Error::io("open", &path)(ErrorKind::NotFound.into()))
            }
            _ => Ok(()),
        }
    }

    /// Returns the values of the rows block by block. Each block of a file is checked.
    pub(crate) fn checked_blocks(&self) -> impl Iterator<Item = Result<&[f32]>> {
        let origin = self.origin.as_ref();
        let in_memory = origin.is_none().then(|| Ok(self.unchecked_values()));
        let blocks = origin.into_iter().flat_map(|origin| {
            (0..origin.checksums.blocks()).map(|block| self.checked_block(origin, block))
        });
        in_memory.into_iter().chain(blocks)
    }

    fn block(&self, origin: &Origin, block: usize) -> &[f32] {
        let len = origin.block_rows as usize * self.dim;
        let values = self.unchecked_values();
        &values[block * len..values.len().min((block + 1) * len)]
    }

    /// Returns a block after comparing it with its checksum and checking that it holds unit vectors.
    fn checked_block(&self, origin: &Origin, block: usize) -> Result<&[f32]> {
        let values = self.block(origin, block);
        if !origin.checksums.matches(block, values) {
            return Err(self.damaged(origin, block));
        }
        let mut rows = values.chunks_exact(self.dim);
        match rows.position(|row| !normalize::is_unit(row)) {
            Some(position) => {
                let row = block * origin.block_rows as usize + position;
                let row = u32::try_from(row).unwrap_or(u32::MAX);
                Err(Error::corrupt(&origin.path, Damage::NotUnit { row }))
            }
            None => Ok(values),
        }
    }

    fn damaged(&self, origin: &Origin, block: usize) -> Error {
        let block = u32::try_from(block).unwrap_or(u32::MAX);
        let damage = Damage::rows_of_block(block, origin.block_rows, self.rows);
        Error::corrupt(&origin.path, damage)
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("rows", &self.rows)
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::durable::{self, Existing};

    const STORAGES: [Storage; 2] = [Storage::Mapped, Storage::Owned];

    /// Writes a segment of one-hot rows: row `i` points along dimension `i mod dim`.
    fn write_segment(dir: &Path, dim: usize, rows: u32) -> PathBuf {
        let path = dir.join("segment-00000001.vec");
        durable::write(&path, Existing::Keep, |out| {
            let mut out = SegmentEncoder::new(out, dim, rows).unwrap();
            for i in 0..rows as usize {
                let mut row = vec![0.0; dim];
                row[i % dim] = 1.0;
                out.push(&row).unwrap();
            }
            out.finish().map_err(Error::io("write", &path))
        })
        .unwrap();
        path
    }

    /// Returns an error message with the folder of the file replaced by `lib`.
    fn message(path: &Path, error: &Error) -> String {
        error
            .to_string()
            .replace(&path.parent().unwrap().display().to_string(), "lib")
    }

    #[test]
    fn rows_round_trip_in_either_storage() {
        let dir = tempfile::tempdir().unwrap();
        let path = write_segment(dir.path(), 5, 17);
        for storage in STORAGES {
            let segment = Segment::open(&path, storage).unwrap();
            assert_eq!((segment.dim(), segment.rows()), (5, 17));
            assert_eq!(segment.unchecked_values().len(), 5 * 17);
            for (i, row) in segment.unchecked_values().chunks(5).enumerate() {
                assert!(
                    row.iter()
                        .enumerate()
                        .all(|(j, x)| (*x > 0.5) == (j == i % 5))
                );
            }
            segment.verify_rows().unwrap();
        }
    }

    // Without mapping, damage is found on opening.
    #[cfg(feature = "mmap")]
    #[test]
    fn damaged_rows_are_reported_by_block() {
        let dir = tempfile::tempdir().unwrap();
        // With 2^10 dimensions a block has four rows.
        let dim = 1 << 10;
        let path = write_segment(dir.path(), dim, 10);
        let intact = fs::read(&path).unwrap();
        for (row, expected) in [
            (0, "`lib/segment-00000001.vec` is damaged in rows 0 to 3"),
            (7, "`lib/segment-00000001.vec` is damaged in rows 4 to 7"),
            (9, "`lib/segment-00000001.vec` is damaged in rows 8 to 9"),
        ] {
            let mut bytes = intact.clone();
            bytes[FilePreamble::LEN + row as usize * dim * 4 + 999] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            // Opening a mapped file reads no rows.
            let segment = Segment::open(&path, Storage::Mapped).unwrap();
            assert_eq!(
                message(&path, &segment.verify_rows().unwrap_err()),
                expected
            );
            for first in 0..10 {
                let found = segment.read(first..first + 1);
                if first / 4 == row / 4 {
                    assert_eq!(message(&path, &found.unwrap_err()), expected);
                } else {
                    assert_eq!(found.unwrap().len(), dim);
                }
            }
            assert!(segment.read(0..10).is_err());
            let found = Segment::open(&path, Storage::Owned).unwrap_err();
            assert_eq!(message(&path, &found), expected);
        }
    }

    #[test]
    fn damage_outside_the_rows_is_found_on_opening() {
        let dir = tempfile::tempdir().unwrap();
        let path = write_segment(dir.path(), 2, 3);
        let intact = fs::read(&path).unwrap();
        assert_eq!(intact.len(), 96);
        let flipped = |at: usize| {
            let mut bytes = intact.clone();
            bytes[at] ^= 1;
            bytes
        };
        let mut version = intact.clone();
        version[8] = 3;
        let longer = [intact.as_slice(), &[0]].concat();
        for (bytes, expected) in [
            (vec![], "is not a Cognate segment"),
            (b"PK and so on".to_vec(), "is not a Cognate segment"),
            (version, "has format version 3, this release reads 1"),
            (flipped(20), "has a damaged header"),
            (flipped(90), "has a damaged table of checksums"),
            (flipped(95), "has a damaged table of checksums"),
            (longer, "is too long: expected 96 bytes, found 97"),
            (
                intact[..60].to_vec(),
                "is truncated: expected 64 bytes, found 60",
            ),
            (
                intact[..95].to_vec(),
                "is truncated: expected 96 bytes, found 95",
            ),
        ] {
            fs::write(&path, bytes).unwrap();
            for storage in STORAGES {
                let error = Segment::open(&path, storage).unwrap_err();
                let expected = format!("`lib/segment-00000001.vec` {expected}");
                assert_eq!(message(&path, &error), expected);
            }
        }
    }

    #[test]
    fn every_flipped_bit_of_a_file_is_detected() {
        let dir = tempfile::tempdir().unwrap();
        let path = write_segment(dir.path(), 2, 3);
        let intact = fs::read(&path).unwrap();
        for bit in 0..intact.len() * 8 {
            let mut bytes = intact.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bytes).unwrap();
            let found = Segment::open(&path, Storage::Mapped).and_then(|s| s.verify_rows());
            assert!(found.is_err(), "bit {bit}");
        }
    }

    #[test]
    fn foreign_rows_that_are_not_unit_vectors_are_reported() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("segment-00000001.vec");
        for bad in [0.0, 0.999, 1.001, f32::NAN, f32::INFINITY] {
            let mut bytes = Vec::new();
            let mut out = SegmentEncoder::new(&mut bytes, 1, 2).unwrap();
            out.push(&[1.0, bad]).unwrap();
            out.finish().unwrap();
            fs::write(&path, bytes).unwrap();
            let found = Segment::open(&path, Storage::Mapped).and_then(|s| s.verify_rows());
            let found = message(&path, &found.unwrap_err());
            assert_eq!(
                found,
                "`lib/segment-00000001.vec` holds a vector that is not a unit vector in row 1"
            );
        }
    }
}
