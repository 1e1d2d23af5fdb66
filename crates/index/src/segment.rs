use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::checksums::Checksums;
use crate::compact::{self, Compact};
use crate::error::Damage;
use crate::header::Header;
#[cfg(feature = "mmap")]
use crate::map::Map;
use crate::{Error, Result, Storage, start, unit};

/// Rows that never change, in memory or in a file.
pub(crate) struct Segment {
    dim: usize,
    rows: u32,
    values: Values,
    compact: Option<Compact>,
    origin: Option<Origin>,
}

/// Words of 32 bits, in memory or in a file.
pub(crate) enum Values {
    Owned(Vec<f32>),
    #[cfg(feature = "mmap")]
    Mapped(Map),
}

/// The file of a segment.
struct Origin {
    path: PathBuf,
    block_rows: u32,
    checksums: Checksums,
}

impl Segment {
    /// Rows in memory: unit vectors, `[rows, dim]`.
    pub(crate) fn in_memory(dim: usize, rows: u32, values: Vec<f32>) -> Self {
        debug_assert_eq!(values.len(), rows as usize * dim);
        Self {
            dim,
            rows,
            compact: Compact::of(dim, &values),
            values: Values::Owned(values),
            origin: None,
        }
    }

    /// Opens a file. A mapped one is not read; one that is read is checked at once.
    pub(crate) fn open(path: &Path, storage: Storage) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let header = Header::read(&mut file, path)?;
        let blocks = header.blocks() as usize;
        let checksums = Checksums::read(&mut file, header.table_offset(), blocks, path)?;
        let len = header.rows as usize * header.dim;
        let values = Values::open(&mut file, start::LEN, len, storage);
        let values = values.map_err(Error::io("read", path))?;
        let mut segment = Self {
            dim: header.dim,
            rows: header.rows,
            values,
            compact: None,
            origin: Some(Origin {
                path: path.to_owned(),
                block_rows: header.block_rows,
                checksums,
            }),
        };
        if matches!(segment.values, Values::Owned(_)) {
            segment.verify_rows()?;
        }
        segment.compact = segment
            .open_compact(storage)
            .inspect_err(|error| tracing::warn!(%error, "a compact form is not used"))
            .ok()
            .flatten();
        tracing::debug!(path = %path.display(), rows = segment.rows, "opened");
        Ok(segment)
    }

    /// The compact form in the file beside that of the segment, if there is one.
    fn open_compact(&self, storage: Storage) -> Result<Option<Compact>> {
        match &self.origin {
            Some(origin) if cfg!(target_endian = "little") => Compact::open(
                &compact::path_beside(&origin.path),
                (self.dim, self.rows),
                origin.checksums.of_table(),
                storage,
            ),
            _ => Ok(None),
        }
    }

    /// Makes the compact form of rows that are in a file, and writes it beside them if it pays.
    pub(crate) fn write_compact(&self) -> Result<()> {
        let Some(origin) = &self.origin else {
            return Ok(());
        };
        if cfg!(target_endian = "big") || !Compact::may_pay(self.dim, self.rows) {
            return Ok(());
        }
        let Some(compact) = Compact::of(self.dim, self.read(0..self.rows)?) else {
            return Ok(());
        };
        let path = compact::path_beside(&origin.path);
        compact.write(&path, origin.checksums.of_table())
    }

    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// The values of some rows, `[rows, dim]`. Of a file, each block is compared with what was
    /// written when it is used first.
    pub(crate) fn read(&self, rows: Range<u32>) -> Result<&[f32]> {
        if let Some(origin) = &self.origin {
            for block in rows.start / origin.block_rows..rows.end.div_ceil(origin.block_rows) {
                let block = block as usize;
                let is_sound = |values| origin.checksums.is_sound(block, values);
                if !is_sound(self.block(origin, block)) {
                    return Err(self.damaged(origin, block));
                }
            }
        }
        Ok(&self.values.as_slice()[rows.start as usize * self.dim..rows.end as usize * self.dim])
    }

    /// What is in memory, `[rows, dim]`; of a file, nothing is checked.
    pub(crate) fn values(&self) -> &[f32] {
        self.values.as_slice()
    }

    /// The rows in fewer bytes, if there are enough of them.
    pub(crate) fn compact(&self) -> Option<&Compact> {
        self.compact.as_ref()
    }

    /// The file, if it is in one.
    pub(crate) fn path(&self) -> Option<&Path> {
        Some(&self.origin.as_ref()?.path)
    }

    /// Reads every row and compares it with what was written. Rows in memory are taken as sound.
    pub(crate) fn verify_rows(&self) -> Result<()> {
        let Some(origin) = &self.origin else {
            return Ok(());
        };
        (0..origin.checksums.blocks())
            .into_par_iter()
            .find_map_first(|block| self.checked_block(origin, block).err())
            .map_or(Ok(()), Err)
    }

    /// Does the same with the compact form, if there is a file of it, also one that is not used.
    pub(crate) fn verify_compact(&self) -> Result<()> {
        match (&self.origin, &self.compact) {
            (Some(origin), Some(compact)) => compact.verify(&compact::path_beside(&origin.path)),
            _ => self.open_compact(Storage::Owned).map(drop),
        }
    }

    /// The rows, a block at a time, each compared with what was written.
    pub(crate) fn checked_blocks(&self) -> impl Iterator<Item = Result<&[f32]>> {
        let origin = self.origin.as_ref();
        let in_memory = origin.is_none().then(|| Ok(self.values()));
        let blocks = origin.into_iter().flat_map(|origin| {
            (0..origin.checksums.blocks()).map(|block| self.checked_block(origin, block))
        });
        in_memory.into_iter().chain(blocks)
    }

    fn block(&self, origin: &Origin, block: usize) -> &[f32] {
        let len = origin.block_rows as usize * self.dim;
        let values = self.values();
        &values[block * len..values.len().min((block + 1) * len)]
    }

    fn checked_block(&self, origin: &Origin, block: usize) -> Result<&[f32]> {
        let values = self.block(origin, block);
        if !origin.checksums.matches(block, values) {
            return Err(self.damaged(origin, block));
        }
        let mut rows = values.chunks_exact(self.dim);
        match rows.position(|row| !unit::is_unit(row)) {
            Some(bad) => {
                let row = block * origin.block_rows as usize + bad;
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

impl Values {
    /// `len` words of a file from byte `offset` on, a multiple of 64.
    #[cfg_attr(
        not(feature = "mmap"),
        expect(unused_variables, reason = "without maps there is one storage")
    )]
    pub(crate) fn open(
        file: &mut File,
        offset: usize,
        len: usize,
        storage: Storage,
    ) -> std::io::Result<Self> {
        #[cfg(feature = "mmap")]
        if storage == Storage::Mapped && cfg!(target_endian = "little") {
            return Ok(Self::Mapped(Map::open(file, offset, len)?));
        }
        let mut values = vec![0.0_f32; len];
        file.seek(SeekFrom::Start(offset as u64))?;
        file.read_exact(bytemuck::cast_slice_mut(&mut values))?;
        if cfg!(target_endian = "big") {
            for x in &mut values {
                *x = f32::from_bits(x.to_bits().swap_bytes());
            }
        }
        Ok(Self::Owned(values))
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        match self {
            Self::Owned(values) => values,
            #[cfg(feature = "mmap")]
            Self::Mapped(map) => map.values(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::durable::{self, Existing};
    use crate::encode::SegmentEncoder;

    const STORAGES: [Storage; 2] = [Storage::Mapped, Storage::Owned];

    /// Writes a segment of one-hot rows: row `i` points along dimension `i mod dim`.
    fn written(dir: &Path, dim: usize, rows: u32) -> PathBuf {
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

    /// What is said about a file, less the folder.
    fn message(path: &Path, error: &Error) -> String {
        error
            .to_string()
            .replace(&path.parent().unwrap().display().to_string(), "lib")
    }

    #[test]
    fn what_was_written_comes_back_from_either_storage() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), 5, 17);
        for storage in STORAGES {
            let segment = Segment::open(&path, storage).unwrap();
            assert_eq!((segment.dim(), segment.rows()), (5, 17));
            assert_eq!(segment.values().len(), 5 * 17);
            for (i, row) in segment.values().chunks(5).enumerate() {
                assert!(
                    row.iter()
                        .enumerate()
                        .all(|(j, x)| (*x > 0.5) == (j == i % 5))
                );
            }
            segment.verify_rows().unwrap();
        }
    }

    #[test]
    fn damage_in_rows_is_found_in_its_block() {
        let dir = tempfile::tempdir().unwrap();
        // 2^10 dimensions: four rows to a block.
        let dim = 1 << 10;
        let path = written(dir.path(), dim, 10);
        let sound = fs::read(&path).unwrap();
        for (row, expected) in [
            (0, "`lib/segment-00000001.vec` is damaged in rows 0 to 3"),
            (7, "`lib/segment-00000001.vec` is damaged in rows 4 to 7"),
            (9, "`lib/segment-00000001.vec` is damaged in rows 8 to 9"),
        ] {
            let mut bytes = sound.clone();
            bytes[start::LEN + row as usize * dim * 4 + 999] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            // A mapped file is not read when it is opened.
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
    fn damage_elsewhere_is_found_on_opening() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), 2, 3);
        let sound = fs::read(&path).unwrap();
        assert_eq!(sound.len(), 96);
        let flipped = |at: usize| {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            bytes
        };
        let mut version = sound.clone();
        version[8] = 3;
        let longer = [sound.as_slice(), &[0]].concat();
        for (bytes, expected) in [
            (vec![], "is not a Cognate segment"),
            (b"PK and so on".to_vec(), "is not a Cognate segment"),
            (version, "has format version 3, this release reads 1"),
            (flipped(20), "has a damaged header"),
            (flipped(90), "has a damaged table of checksums"),
            (flipped(95), "has a damaged table of checksums"),
            (longer, "is too long: expected 96 bytes, found 97"),
            (
                sound[..60].to_vec(),
                "is truncated: expected 64 bytes, found 60",
            ),
            (
                sound[..95].to_vec(),
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
    fn every_damaged_bit_of_a_file_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), 2, 3);
        let sound = fs::read(&path).unwrap();
        for bit in 0..sound.len() * 8 {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bytes).unwrap();
            let found = Segment::open(&path, Storage::Mapped).and_then(|s| s.verify_rows());
            assert!(found.is_err(), "bit {bit}");
        }
    }

    #[test]
    fn rows_of_another_program_that_are_no_unit_vectors_are_found() {
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
                "`lib/segment-00000001.vec` holds no unit vector in row 1"
            );
        }
    }
}
