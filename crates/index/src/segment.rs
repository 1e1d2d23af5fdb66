use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::compact::{self, Compact};
use crate::error::Damage;
use crate::header::{self, Header};
#[cfg(feature = "mmap")]
use crate::map::Map;
use crate::{Error, Result, Storage, unit};

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
    checksums: Vec<u32>,
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
        let len = file.metadata().map_err(Error::io("open", path))?.len();
        let read = || Error::io("read", path);
        let mut start = Vec::with_capacity(header::LEN);
        let mut head = (&mut file).take(header::LEN as u64);
        head.read_to_end(&mut start)
            .map_err(Error::io("read", path))?;
        let header = Header::decode(&start, len, path)?;

        let mut table = vec![0; 4 * (header.blocks() as usize + 1)];
        file.seek(SeekFrom::Start(header.table_offset()))
            .and_then(|_| file.read_exact(&mut table))
            .map_err(read())?;
        let (words, _) = table.as_chunks::<4>();
        let mut checksums: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        let of_table = checksums.pop();
        if of_table != Some(crc32fast::hash(&table[..table.len() - 4])) {
            return Err(Error::corrupt(path, Damage::Table));
        }

        let len = header.rows as usize * header.dim;
        let values = Values::open(&mut file, header::LEN, len, storage).map_err(read())?;
        let origin = Some(Origin {
            path: path.to_owned(),
            block_rows: header.block_rows,
            checksums,
        });
        let segment = Self {
            dim: header.dim,
            rows: header.rows,
            values,
            compact: open_compact(path, header, storage),
            origin,
        };
        if matches!(segment.values, Values::Owned(_)) {
            segment.verify_rows()?;
        }
        tracing::debug!(path = %segment.origin_path().display(), rows = segment.rows, "opened");
        Ok(segment)
    }

    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// All values, `[rows, dim]`.
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

    fn origin_path(&self) -> &Path {
        self.path().unwrap_or(Path::new(""))
    }

    /// Reads every row and compares it with what was written, and the compact form if there is one.
    /// Rows in memory are taken as sound.
    pub(crate) fn verify(&self) -> Result<()> {
        if let Some(path) = self.path() {
            let beside = compact::path_beside(path);
            if let Some(compact) = &self.compact {
                compact.verify(&beside)?;
            } else if let Some(damaged) =
                Compact::open(&beside, self.dim, self.rows, Storage::Mapped)?
            {
                damaged.verify(&beside)?;
            }
        }
        self.verify_rows()
    }

    fn verify_rows(&self) -> Result<()> {
        let Some(origin) = &self.origin else {
            return Ok(());
        };
        (0..origin.checksums.len())
            .into_par_iter()
            .find_map_first(|block| self.checked_block(origin, block).err())
            .map_or(Ok(()), Err)
    }

    /// The rows, a block at a time, each compared with what was written.
    pub(crate) fn checked_blocks(&self) -> impl Iterator<Item = Result<&[f32]>> {
        let origin = self.origin.as_ref();
        let in_memory = origin.is_none().then(|| Ok(self.values()));
        let blocks = origin.into_iter().flat_map(|origin| {
            (0..origin.checksums.len()).map(|block| self.checked_block(origin, block))
        });
        in_memory.into_iter().chain(blocks)
    }

    fn checked_block(&self, origin: &Origin, block: usize) -> Result<&[f32]> {
        let corrupt = |damage| Err(Error::corrupt(&origin.path, damage));
        let block_len = origin.block_rows as usize * self.dim;
        let values = self.values();
        let start = block * block_len;
        let rows = &values[start..values.len().min(start + block_len)];
        let row = |i: usize| u32::try_from((start + i) / self.dim).unwrap_or(u32::MAX);
        if header::checksum(rows) != origin.checksums[block] {
            return corrupt(Damage::Rows {
                first: row(0),
                last: row(rows.len() - 1),
            });
        }
        match rows
            .chunks_exact(self.dim)
            .position(|row| !unit::is_unit(row))
        {
            Some(bad) => corrupt(Damage::NotUnit {
                row: row(bad * self.dim),
            }),
            None => Ok(rows),
        }
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

/// The compact form beside a segment. One that cannot be used is none: rows are then read in f32.
fn open_compact(path: &Path, header: Header, storage: Storage) -> Option<Compact> {
    if cfg!(target_endian = "big") {
        return None;
    }
    let path = compact::path_beside(path);
    Compact::open(&path, header.dim, header.rows, storage)
        .inspect_err(|error| tracing::warn!(%error, "a compact form is not used"))
        .ok()
        .flatten()
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
            segment.verify().unwrap();
        }
    }

    #[test]
    fn damage_in_rows_is_found_in_its_block() {
        let dir = tempfile::tempdir().unwrap();
        // 2^16 dimensions: four rows to a block.
        let dim = header::MAX_DIM;
        let path = written(dir.path(), dim, 10);
        let sound = fs::read(&path).unwrap();
        for (row, expected) in [
            (0, "`lib/segment-00000001.vec` is damaged in rows 0 to 3"),
            (7, "`lib/segment-00000001.vec` is damaged in rows 4 to 7"),
            (9, "`lib/segment-00000001.vec` is damaged in rows 8 to 9"),
        ] {
            let mut bytes = sound.clone();
            bytes[header::LEN + row * dim * 4 + 999] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            // A mapped file is not read when it is opened.
            let found = Segment::open(&path, Storage::Mapped).and_then(|s| s.verify());
            assert_eq!(message(&path, &found.unwrap_err()), expected);
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
            let found = Segment::open(&path, Storage::Mapped).and_then(|s| s.verify());
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
            let found = Segment::open(&path, Storage::Mapped).and_then(|s| s.verify());
            let found = message(&path, &found.unwrap_err());
            assert_eq!(
                found,
                "`lib/segment-00000001.vec` holds no unit vector in row 1"
            );
        }
    }
}
