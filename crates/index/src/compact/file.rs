//! The file of a compact form, format version 1, beside that of its segment. All numbers are
//! little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0 to 7 | magic: `COGNCOD` and a zero byte |
//! | 8 to 11 | format version: 1 |
//! | 12 to 15 | dimensions |
//! | 16 to 19 | rows |
//! | 20 to 23 | dimensions that are stored, the head |
//! | 24 to 31 | distortion of the rotation, f64 |
//! | 32 to 59 | zeros |
//! | 60 to 63 | CRC-32 of bytes 0 to 59 |
//! | 64 and on | rotation, `[dimensions, dimensions]` f64, then zeros up to a multiple of 64 |
//! | then | panels of 16 rows: codes, `[head / 2, 16, 2]` i8, 16 scales, errors and tails, f32 |
//! | then | CRC-32 of rotation and zeros, of each block of 256 panels |
//! | last 4 | CRC-32 of that table |

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

use cognate_kernels::CodePanels;
use rayon::prelude::*;

use super::{BLOCK_ROWS, Checks, Compact, DAMAGED, LEAST_DIM, MAX_DIM, SOUND, UNKNOWN};
use crate::durable::{self, Existing};
use crate::error::Damage;
use crate::header;
use crate::rotation::Rotation;
use crate::segment::Values;
use crate::{Error, Result, Storage};

const MAGIC: &[u8; 8] = b"COGNCOD\0";
const VERSION: u32 = 1;
const HEADER: usize = 64;

/// The name of the file that belongs to a segment's.
pub(crate) fn path_beside(segment: &Path) -> PathBuf {
    segment.with_extension("codes")
}

/// Where the parts of a file lie.
#[derive(Clone, Copy)]
struct Layout {
    dim: usize,
    rows: u32,
    head: usize,
}

impl Layout {
    fn panels_offset(self) -> usize {
        (HEADER + 8 * self.dim * self.dim).next_multiple_of(HEADER)
    }

    /// 32-bit words.
    fn panels_len(self) -> usize {
        (self.rows as usize).div_ceil(CodePanels::ROWS) * CodePanels::panel_len(self.head / 2)
    }

    fn table_offset(self) -> usize {
        self.panels_offset() + 4 * self.panels_len()
    }

    fn blocks(self) -> usize {
        self.rows.div_ceil(BLOCK_ROWS) as usize
    }

    fn file_len(self) -> u64 {
        (self.table_offset() + 4 * (self.blocks() + 2)) as u64
    }
}

impl Compact {
    fn layout(&self) -> Layout {
        Layout {
            dim: self.rotation.dim(),
            rows: self.rows,
            head: self.head,
        }
    }

    /// Writes it to a new file.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let layout = self.layout();
        let mut start = vec![0; HEADER];
        start[..8].copy_from_slice(MAGIC);
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        for (at, field) in [
            (8, VERSION),
            (12, number(layout.dim)),
            (16, layout.rows),
            (20, number(layout.head)),
        ] {
            start[at..at + 4].copy_from_slice(&field.to_le_bytes());
        }
        start[24..32].copy_from_slice(&self.rotation.distortion().to_le_bytes());
        let checksum = crc32fast::hash(&start[..HEADER - 4]);
        start[HEADER - 4..].copy_from_slice(&checksum.to_le_bytes());
        start.extend(self.rotation.values().flat_map(f64::to_le_bytes));
        start.resize(layout.panels_offset(), 0);
        let mut table = crc32fast::hash(&start[HEADER..]).to_le_bytes().to_vec();
        durable::write(path, Existing::Replace, |out| {
            let mut write = |bytes: &[u8]| out.write_all(bytes).map_err(Error::io("write", path));
            write(&start)?;
            for block in self.words.as_slice().chunks(self.block_len()) {
                // Codes are bytes, so the words are written as they lie in memory.
                write(bytemuck::cast_slice(block))?;
                table.extend(crc32fast::hash(bytemuck::cast_slice(block)).to_le_bytes());
            }
            write(&table)?;
            write(&crc32fast::hash(&table).to_le_bytes())
        })
    }

    /// Opens the file of a segment; none where there is none. A mapped one is checked block by
    /// block when it is used, one that is read at once.
    pub(crate) fn open(
        path: &Path,
        dim: usize,
        rows: u32,
        storage: Storage,
    ) -> Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        let read = || Error::io("read", path);
        let corrupt = |damage| Err(Error::corrupt(path, damage));
        let len = file.metadata().map_err(read())?.len();
        let mut start = [0; HEADER];
        let mut found = Vec::with_capacity(HEADER);
        let mut head = (&mut file).take(HEADER as u64);
        head.read_to_end(&mut found).map_err(read())?;
        if found.is_empty() || found[..found.len().min(8)] != MAGIC[..found.len().min(8)] {
            return corrupt(Damage::NotASegment);
        }
        if found.len() < HEADER {
            return corrupt(Damage::Truncated {
                expected: HEADER as u64,
                found: len,
            });
        }
        start.copy_from_slice(&found);
        let field = |at: usize| {
            u32::from_le_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]])
        };
        if field(8) != VERSION {
            return Err(Error::Version {
                path: path.to_owned(),
                found: field(8),
                expected: VERSION,
            });
        }
        let layout = Layout {
            dim: field(12) as usize,
            rows: field(16),
            head: field(20) as usize,
        };
        let distortion = f64::from_bits(u64::from(field(24)) | u64::from(field(28)) << 32);
        let sound = (LEAST_DIM..=MAX_DIM).contains(&layout.dim)
            && layout.rows > 0
            && layout.head.is_multiple_of(2)
            && (2..=layout.dim.next_multiple_of(2)).contains(&layout.head)
            && distortion >= 0.0;
        if field(HEADER - 4) != crc32fast::hash(&start[..HEADER - 4]) || !sound {
            return corrupt(Damage::Header);
        }
        for (unit, expected, found) in [
            ("dimensions", dim, layout.dim),
            ("rows", rows as usize, layout.rows as usize),
        ] {
            if expected != found {
                return corrupt(Damage::Contradiction {
                    unit,
                    expected,
                    found,
                });
            }
        }
        match (len, layout.file_len()) {
            (found, expected) if found < expected => {
                return corrupt(Damage::Truncated { expected, found });
            }
            (found, expected) if found > expected => {
                return corrupt(Damage::TooLong { expected, found });
            }
            _ => {}
        }

        let mut table = vec![0; 4 * (layout.blocks() + 2)];
        file.seek(SeekFrom::Start(layout.table_offset() as u64))
            .and_then(|_| file.read_exact(&mut table))
            .map_err(read())?;
        let words = table.as_chunks::<4>().0.iter();
        let mut checksums: Vec<u32> = words.map(|word| u32::from_le_bytes(*word)).collect();
        if checksums.pop() != Some(crc32fast::hash(&table[..table.len() - 4])) {
            return corrupt(Damage::Table);
        }
        let mut rotation = vec![0; layout.panels_offset() - HEADER];
        file.seek(SeekFrom::Start(HEADER as u64))
            .and_then(|_| file.read_exact(&mut rotation))
            .map_err(read())?;
        if checksums.remove(0) != crc32fast::hash(&rotation) {
            return corrupt(Damage::Rotation);
        }
        let numbers = rotation.as_chunks::<8>().0.iter().take(dim * dim);
        let numbers = numbers.map(|bytes| f64::from_le_bytes(*bytes)).collect();
        let Some(rotation) = Rotation::from_values(dim, numbers, distortion) else {
            return corrupt(Damage::Rotation);
        };
        let words = Values::open(
            &mut file,
            layout.panels_offset(),
            layout.panels_len(),
            storage,
        )
        .map_err(read())?;
        let states = checksums.iter().map(|_| AtomicU8::new(UNKNOWN)).collect();
        let compact = Self {
            rows,
            head: layout.head,
            rotation,
            words,
            checks: Some(Checks { checksums, states }),
        };
        if matches!(compact.words, Values::Owned(_)) {
            compact.verify(path)?;
        }
        Ok(Some(compact))
    }

    /// Reads all of it and compares it with what was written.
    pub(crate) fn verify(&self, path: &Path) -> Result<()> {
        let Some(checks) = &self.checks else {
            return Ok(());
        };
        let blocks = self.words.as_slice().par_chunks(self.block_len());
        let bad = blocks
            .zip(&checks.checksums)
            .zip(&checks.states)
            .enumerate()
            .find_map_first(|(block, ((words, checksum), state))| {
                let sound = header::checksum(words) == *checksum;
                state.store(if sound { SOUND } else { DAMAGED }, Ordering::Relaxed);
                (!sound).then_some(block)
            });
        bad.map_or(Ok(()), |block| {
            let first = u32::try_from(block)
                .unwrap_or(u32::MAX)
                .saturating_mul(BLOCK_ROWS);
            let last = self.rows.min(first.saturating_add(BLOCK_ROWS)) - 1;
            Err(Error::corrupt(path, Damage::Rows { first, last }))
        })
    }
}
