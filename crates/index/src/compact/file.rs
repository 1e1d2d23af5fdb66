//! The file of a compact form, format version 3, beside that of its segment. All numbers are
//! little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0 to 7 | magic: `COGNCOD` and a zero byte |
//! | 8 to 11 | format version: 3 |
//! | 12 to 15 | dimensions |
//! | 16 to 19 | rows |
//! | 20 to 23 | dimensions that are stored, the head |
//! | 24 to 31 | distortion of the rotation, f64 |
//! | 32 to 35 | CRC-32 of the table of checksums of its segment |
//! | 36 to 59 | zeros |
//! | 60 to 63 | CRC-32 of bytes 0 to 59 |
//! | 64 and on | rotation, `[dimensions, dimensions]` f64, then zeros up to a multiple of 64 |
//! | then | panels of 16 rows: codes, `[head / 4, 16, 4]` i8, 16 starts of sums, i32, 16 scales, errors and tails, f32; then zeros up to a multiple of 64 |
//! | then | the rest of each row, if the head is not all: codes, as many as `dimensions − head` up to a multiple of 32, scale and lift, f32 |
//! | then | CRC-32 of rotation and zeros, of each block of 256 panels, the last one with the zeros behind it, of the rests of each 64 rows |
//! | last 4 | CRC-32 of that table |
//!
//! The codes of a head are in the order of dimensions 0, `head − 1`, 1, `head − 2`, …
//!
//! Versions 1 and 2 were in no release.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use cognate_kernels::LeadingCodes;
use rayon::prelude::*;

use super::{BLOCK_ROWS, Compact, LEAST_DIM, MAX_DIM, REST_ROWS, panels_len, rest_len};
use crate::checksums::{self, Checksums};
use crate::durable::{self, Existing};
use crate::error::Damage;
use crate::rotation::Rotation;
use crate::segment::Values;
use crate::start::{self, Start, check_len, check_shape};
use crate::{Error, Result, Storage};

const MAGIC: &[u8; 8] = b"COGNCOD\0";
const VERSION: u32 = 3;

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
        (start::LEN + 8 * self.dim * self.dim).next_multiple_of(start::LEN)
    }

    /// 32-bit words.
    fn panels_len(self) -> usize {
        panels_len(self.rows as usize, self.head)
    }

    fn rests_offset(self) -> usize {
        self.panels_offset() + 4 * self.panels_len()
    }

    /// 32-bit words.
    fn rests_len(self) -> usize {
        self.rows as usize * rest_len(self.dim, self.head)
    }

    fn table_offset(self) -> usize {
        self.rests_offset() + 4 * self.rests_len()
    }

    /// Those that have a checksum each.
    fn blocks(self) -> usize {
        let rest_blocks = match self.rests_len() {
            0 => 0,
            _ => self.rows.div_ceil(REST_ROWS) as usize,
        };
        1 + self.rows.div_ceil(BLOCK_ROWS) as usize + rest_blocks
    }

    fn file_len(self) -> u64 {
        (self.table_offset() + checksums::table_len(self.blocks())) as u64
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

    /// Writes it to a new file, beside that of a segment whose table of checksums has the checksum
    /// `of`.
    pub(crate) fn write(&self, path: &Path, of: u32) -> Result<()> {
        let layout = self.layout();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let distortion = self.rotation.distortion().to_bits();
        #[expect(clippy::cast_possible_truncation, reason = "the halves of 64 bits")]
        let halves = [distortion as u32, (distortion >> 32) as u32];
        let mut start = Start::new(MAGIC, VERSION);
        for (at, field) in [
            (12, number(layout.dim)),
            (16, layout.rows),
            (20, number(layout.head)),
            (24, halves[0]),
            (28, halves[1]),
            (32, of),
        ] {
            start.set(at, field);
        }
        let mut rotation: Vec<u8> = self.rotation.values().flat_map(f64::to_le_bytes).collect();
        rotation.resize(layout.panels_offset() - start::LEN, 0);
        let mut table = crc32fast::hash(&rotation).to_le_bytes().to_vec();
        durable::write(path, Existing::Keep, |out| {
            let mut write = |bytes: &[u8]| out.write_all(bytes).map_err(Error::io("write", path));
            write(&start.encode())?;
            write(&rotation)?;
            for block in self.blocks() {
                // Codes are bytes, so the words are written as they lie in memory.
                write(bytemuck::cast_slice(block))?;
                table.extend(crc32fast::hash(bytemuck::cast_slice(block)).to_le_bytes());
            }
            checksums::write_table(out, &table).map_err(Error::io("write", path))
        })
    }

    /// Opens the file beside that of a segment of so many dimensions and rows, whose table of
    /// checksums has the checksum `of`; none where there is none. A mapped one is checked block by
    /// block when it is used, one that is read at once.
    pub(crate) fn open(
        path: &Path,
        (dim, rows): (usize, u32),
        of: u32,
        storage: Storage,
    ) -> Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        let read = || Error::io("read", path);
        let corrupt = |damage| Err(Error::corrupt(path, damage));
        let start = Start::read(&mut file, MAGIC, VERSION, path)?;
        let layout = Layout {
            dim: start.get(12) as usize,
            rows: start.get(16),
            head: start.get(20) as usize,
        };
        let distortion = u64::from(start.get(24)) | u64::from(start.get(28)) << 32;
        let distortion = f64::from_bits(distortion);
        let sound = (LEAST_DIM..=MAX_DIM).contains(&layout.dim)
            && layout.rows > 0
            && layout.head.is_multiple_of(LeadingCodes::GROUP)
            && (LeadingCodes::GROUP..=layout.dim.next_multiple_of(LeadingCodes::GROUP))
                .contains(&layout.head)
            && distortion >= 0.0;
        if !sound {
            return corrupt(Damage::Header);
        }
        check_shape((dim, rows), (layout.dim, layout.rows), path)?;
        if start.get(32) != of {
            return corrupt(Damage::Foreign);
        }
        check_len(&file, layout.file_len(), path)?;

        let table = layout.table_offset() as u64;
        let checksums = Checksums::read(&mut file, table, layout.blocks(), path)?;
        let mut rotation = vec![0.0_f32; (layout.panels_offset() - start::LEN) / 4];
        file.seek(SeekFrom::Start(start::LEN as u64))
            .and_then(|_| file.read_exact(bytemuck::cast_slice_mut(&mut rotation)))
            .map_err(read())?;
        if !checksums.is_sound(0, &rotation) {
            return corrupt(Damage::Rotation);
        }
        let bytes: &[u8] = bytemuck::cast_slice(&rotation);
        let numbers = bytes.as_chunks::<8>().0.iter().take(dim * dim);
        let numbers = numbers.map(|bytes| f64::from_le_bytes(*bytes)).collect();
        let Some(rotation) = Rotation::from_values(dim, numbers, distortion) else {
            return corrupt(Damage::Rotation);
        };
        let mut values =
            |offset, len| Values::open(&mut file, offset, len, storage).map_err(read());
        let words = values(layout.panels_offset(), layout.panels_len())?;
        let rests = match layout.rests_len() {
            0 => Values::Owned(Vec::new()),
            len => values(layout.rests_offset(), len)?,
        };
        let compact = Self {
            rows,
            head: layout.head,
            rotation,
            words,
            rests,
            checksums: Some(checksums),
        };
        if matches!(compact.words, Values::Owned(_)) {
            compact.verify(path)?;
        }
        Ok(Some(compact))
    }

    /// Reads all blocks and compares them with what was written.
    pub(crate) fn verify(&self, path: &Path) -> Result<()> {
        let Some(checksums) = &self.checksums else {
            return Ok(());
        };
        let blocks: Vec<&[f32]> = self.blocks().collect();
        let damaged = blocks
            .par_iter()
            .enumerate()
            .find_map_first(|(block, words)| {
                (!checksums.matches(block + 1, words)).then_some(block)
            });
        damaged.map_or(Ok(()), |block| {
            let panels = self.first_rest_block() - 1;
            let (block, block_rows) = match block.checked_sub(panels) {
                None => (block, BLOCK_ROWS),
                Some(block) => (block, REST_ROWS),
            };
            let block = u32::try_from(block).unwrap_or(u32::MAX);
            let damage = Damage::rows_of_block(block, block_rows, self.rows);
            Err(Error::corrupt(path, damage))
        })
    }

    /// What has a checksum each, but for the rotation, in the order of the file.
    fn blocks(&self) -> impl Iterator<Item = &[f32]> {
        let panels = self.words.as_slice().chunks(self.block_len());
        let len = self.rest_len().max(1) * REST_ROWS as usize;
        panels.chain(self.rests.as_slice().chunks(len))
    }
}
