//! The file of quantized codes, format version 3, beside the segment file. All numbers are
//! little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 7 | magic: `COGNCOD` and a zero byte |
//! | 8 to 11 | format version: 3 |
//! | 12 to 15 | dimensions |
//! | 16 to 19 | rows |
//! | 20 to 23 | leading dimensions |
//! | 24 to 31 | distortion of the rotation, f64 |
//! | 32 to 35 | CRC-32 of the table of checksums of the segment file |
//! | 36 to 59 | zeros |
//! | 60 to 63 | CRC-32 of bytes 0 to 59 |
//! | from 64 | rotation, `[dimensions, dimensions]` f64, then zeros up to a multiple of 64 |
//! | then | panels of 16 rows: codes, `[leading / 4, 16, 4]` i8; 16 initial values of sums, i32; 16 scales, 16 quantization errors and 16 residual norms, f32; after the last panel zeros up to a multiple of 64 |
//! | then | the residual dimensions of each row, unless all dimensions are leading: codes, `dimensions − leading` rounded up to a multiple of 32, i8; scale and bound correction, f32 |
//! | then | CRC-32 of the rotation and its padding, of each block of 256 panels (the last block with its padding), and of the residual dimensions of each 64 rows |
//! | last 4 | CRC-32 of that table |
//!
//! The codes of the leading dimensions are in the order 0, `leading − 1`, 1, `leading − 2`, …
//!
//! No release wrote versions 1 and 2.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use cognate_kernels::LeadingCodes;
use rayon::prelude::*;

use super::layout::{BLOCK_ROWS, Layout, MAX_DIM, MIN_DIM, RESIDUAL_BLOCK_ROWS};
use super::rotation::Rotation;
use super::rows::QuantizedRows;
use crate::checksums::{self, Checksums};
use crate::durable::{self, Existing};
use crate::preamble::{FilePreamble, check_len, check_shape};
use crate::storage::WordStorage;
use crate::{Damage, Error, Result, Storage};

const MAGIC: &[u8; 8] = b"COGNCOD\0";
const VERSION: u32 = 3;

/// The positions of the parts of a file, in bytes.
struct Offsets {
    panels: usize,
    residuals: usize,
    table: usize,
    /// The length of the file.
    end: u64,
}

impl Offsets {
    fn new(layout: Layout) -> Self {
        let rotation_len = 8 * layout.dim * layout.dim;
        let panels = (FilePreamble::LEN + rotation_len).next_multiple_of(FilePreamble::LEN);
        let residuals = panels + 4 * layout.panels_len();
        let table = residuals + 4 * layout.residuals_len();
        Self {
            panels,
            residuals,
            table,
            end: (table + checksums::table_len(blocks(layout))) as u64,
        }
    }
}

/// Returns the number of blocks with a checksum: the rotation, the blocks of panels, and those of
/// residual codes.
fn blocks(layout: Layout) -> usize {
    1 + layout.panel_blocks() + layout.residual_blocks()
}

impl QuantizedRows {
    /// Writes a new file beside a segment file whose table of checksums has the checksum
    /// `segment_checksum`.
    pub(crate) fn write(&self, path: &Path, segment_checksum: u32) -> Result<()> {
        let layout = self.layout;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let distortion = self.rotation.distortion().to_bits();
        #[expect(clippy::cast_possible_truncation, reason = "the halves of 64 bits")]
        let halves = [distortion as u32, (distortion >> 32) as u32];
        let mut preamble = FilePreamble::new(MAGIC, VERSION);
        for (offset, field) in [
            (12, number(layout.dim)),
            (16, layout.rows),
            (20, number(layout.leading)),
            (24, halves[0]),
            (28, halves[1]),
            (32, segment_checksum),
        ] {
            preamble.set(offset, field);
        }
        let mut rotation: Vec<u8> = self.rotation.values().flat_map(f64::to_le_bytes).collect();
        rotation.resize(Offsets::new(layout).panels - FilePreamble::LEN, 0);
        let mut table = crc32fast::hash(&rotation).to_le_bytes().to_vec();
        durable::write(path, Existing::Keep, |out| {
            let mut write = |bytes: &[u8]| out.write_all(bytes).map_err(Error::io("write", path));
            write(&preamble.encode())?;
            write(&rotation)?;
            for block in self.blocks() {
                // Codes are bytes, so words are written in the order of memory. Big-endian machines
                // write no codes.
                write(bytemuck::cast_slice(block))?;
                table.extend(crc32fast::hash(bytemuck::cast_slice(block)).to_le_bytes());
            }
            checksums::write_table(out, &table).map_err(Error::io("write", path))
        })
    }

    /// Opens the file beside a segment file that has the given dimensions and rows, and whose table
    /// of checksums has the checksum `segment_checksum`. Returns `None` if there is no such file.
    ///
    /// The blocks of a mapped file are checked when they are first used; a file that is read into
    /// memory is checked at once.
    pub(crate) fn open(
        path: &Path,
        shape: (usize, u32),
        segment_checksum: u32,
        storage: Storage,
    ) -> Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        let read_error = || Error::io("read", path);
        let corrupt = |damage| Err(Error::corrupt(path, damage));
        let preamble = FilePreamble::read(&mut file, MAGIC, VERSION, path)?;
        let Some((layout, distortion)) = decode(&preamble) else {
            return corrupt(Damage::Header);
        };
        check_shape(shape, (layout.dim, layout.rows), path)?;
        if preamble.get(32) != segment_checksum {
            return corrupt(Damage::Foreign);
        }
        let offsets = Offsets::new(layout);
        check_len(&file, offsets.end, path)?;

        let checksums = Checksums::read(&mut file, offsets.table as u64, blocks(layout), path)?;
        let mut rotation = vec![0.0_f32; (offsets.panels - FilePreamble::LEN) / 4];
        file.seek(SeekFrom::Start(FilePreamble::LEN as u64))
            .and_then(|_| file.read_exact(bytemuck::cast_slice_mut(&mut rotation)))
            .map_err(read_error())?;
        if !checksums.is_intact(0, &rotation) {
            return corrupt(Damage::Rotation);
        }
        let bytes: &[u8] = bytemuck::cast_slice(&rotation);
        let values = bytes
            .as_chunks::<8>()
            .0
            .iter()
            .take(layout.dim * layout.dim);
        let values = values.map(|bytes| f64::from_le_bytes(*bytes)).collect();
        let Some(rotation) = Rotation::from_values(layout.dim, values, distortion) else {
            return corrupt(Damage::Rotation);
        };
        let mut words =
            |offset, len| WordStorage::open(&mut file, offset, len, storage).map_err(read_error());
        let panels = words(offsets.panels, layout.panels_len())?;
        let residuals = match layout.residuals_len() {
            0 => WordStorage::Owned(Vec::new()),
            len => words(offsets.residuals, len)?,
        };
        let quantized = Self {
            layout,
            rotation,
            panels,
            residuals,
            checksums: Some(checksums),
        };
        if quantized.panels.is_owned() {
            quantized.verify(path)?;
        }
        Ok(Some(quantized))
    }

    /// Reads all blocks and compares them with their checksums.
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
            let (block, block_rows) = match block.checked_sub(self.layout.panel_blocks()) {
                None => (block, BLOCK_ROWS),
                Some(block) => (block, RESIDUAL_BLOCK_ROWS),
            };
            let block = u32::try_from(block).unwrap_or(u32::MAX);
            let damage = Damage::rows_of_block(block, block_rows, self.layout.rows);
            Err(Error::corrupt(path, damage))
        })
    }

    /// Returns the blocks with a checksum, except the rotation, in the order of the file.
    fn blocks(&self) -> impl Iterator<Item = &[f32]> {
        let panels = self.panels.as_slice().chunks(self.layout.block_len());
        let residual_block_len = self.layout.residual_block_len().max(1);
        panels.chain(self.residuals.as_slice().chunks(residual_block_len))
    }
}

/// Returns the layout and the distortion of the rotation, or `None` if a field is out of range.
fn decode(preamble: &FilePreamble) -> Option<(Layout, f64)> {
    let layout = Layout {
        dim: preamble.get(12) as usize,
        rows: preamble.get(16),
        leading: preamble.get(20) as usize,
    };
    let distortion = u64::from(preamble.get(24)) | u64::from(preamble.get(28)) << 32;
    let distortion = f64::from_bits(distortion);
    let is_valid = (MIN_DIM..=MAX_DIM).contains(&layout.dim)
        && layout.rows > 0
        && layout.leading.is_multiple_of(LeadingCodes::GROUP)
        && (LeadingCodes::GROUP..=layout.dim.next_multiple_of(LeadingCodes::GROUP))
            .contains(&layout.leading)
        && distortion >= 0.0;
    is_valid.then_some((layout, distortion))
}
