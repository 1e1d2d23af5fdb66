use std::io::{self, Write};

use crc32fast::Hasher;

use super::header::Header;
use crate::checksums;

/// Writes a segment file from start to end.
pub(crate) struct SegmentEncoder<W> {
    out: W,
    header: Header,
    /// The checksum of what was written of the current block.
    block_checksum: Hasher,
    /// The number of rows that the current block still lacks.
    missing_rows: u32,
    /// The checksums of the complete blocks, as bytes.
    table: Vec<u8>,
}

impl<W: Write> SegmentEncoder<W> {
    /// Starts a file of `rows` rows.
    pub(crate) fn new(mut out: W, dim: usize, rows: u32) -> io::Result<Self> {
        let header = Header::new(dim, rows);
        out.write_all(&header.encode())?;
        Ok(Self {
            out,
            header,
            block_checksum: Hasher::new(),
            missing_rows: header.block_rows,
            table: Vec::new(),
        })
    }

    /// Writes whole rows.
    pub(crate) fn push(&mut self, mut rows: &[f32]) -> io::Result<()> {
        while !rows.is_empty() {
            let missing = self.missing_rows as usize * self.header.dim;
            let (current, later) = rows.split_at(rows.len().min(missing));
            checksums::update(&mut self.block_checksum, current);
            checksums::with_bytes(current, |bytes| self.out.write_all(bytes))?;
            let written = current.len() / self.header.dim;
            self.missing_rows -= u32::try_from(written).unwrap_or(self.missing_rows);
            if self.missing_rows == 0 {
                self.end_block();
            }
            rows = later;
        }
        Ok(())
    }

    /// Writes the table of checksums, after all rows are written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.missing_rows < self.header.block_rows {
            self.end_block();
        }
        debug_assert_eq!(self.table.len(), 4 * self.header.blocks() as usize);
        checksums::write_table(&mut self.out, &self.table)
    }

    fn end_block(&mut self) {
        let checksum = std::mem::take(&mut self.block_checksum).finalize();
        self.table.extend(checksum.to_le_bytes());
        self.missing_rows = self.header.block_rows;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::durable::{self, Existing};
    use crate::{Error, FlatIndex, IndexWriter};

    /// A disk with `room` free bytes.
    struct Disk<W> {
        out: W,
        room: usize,
    }

    impl<W: Write> Write for Disk<W> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let written = self.out.write(&bytes[..bytes.len().min(self.room)])?;
            self.room -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.out.flush()
        }
    }

    fn encode(out: impl Write, dim: usize, values: &[f32], chunk_rows: usize) -> io::Result<()> {
        let rows = u32::try_from(values.len() / dim).unwrap();
        let mut out = SegmentEncoder::new(out, dim, rows)?;
        for chunk in values.chunks(chunk_rows * dim) {
            out.push(chunk)?;
        }
        out.finish()
    }

    #[test]
    fn a_full_disk_is_an_error_and_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("segment-00000001.vec");
        let values = [1.0; 30];
        let file_len = 64 + 30 * 4 + 4 + 4;
        for room in 0..=file_len {
            let written = durable::write(&path, Existing::Keep, |out| {
                encode(Disk { out, room }, 3, &values, 2).map_err(Error::io("write", &path))
            });
            let left = fs::read_dir(dir.path()).unwrap().count();
            if room < file_len {
                let kind = written.unwrap_err().io_kind();
                assert_eq!(
                    (kind, left),
                    (Some(io::ErrorKind::StorageFull), 0),
                    "{room}"
                );
            } else {
                assert!(written.is_ok());
                assert_eq!(fs::metadata(&path).unwrap().len(), file_len as u64);
            }
        }
    }

    #[test]
    fn a_full_disk_leaves_the_old_index_intact() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::create(dir.path(), 2).unwrap();
        writer.append(ndarray::array![[1.0, 0.0]].view()).unwrap();
        writer.commit().unwrap();
        let path = dir.path().join("manifest.json");
        for room in 0..10 {
            let written = durable::write(&path, Existing::Replace, |out| {
                let text = writer.manifest().to_json();
                let mut out = Disk { out, room };
                out.write_all(text.as_bytes())
                    .map_err(Error::io("write", &path))
            });
            assert!(written.is_err());
            assert_eq!(FlatIndex::open(dir.path()).unwrap().len(), 1);
        }
    }

    proptest! {
        #[test]
        fn the_size_of_chunks_does_not_change_the_file(
            dim in prop::sample::select(vec![1usize, 3, 20_000, 65_536]),
            rows in 1usize..40,
            chunk_rows in 1usize..50,
        ) {
            let values: Vec<f32> = (0u16..).map(f32::from).take(100).collect();
            let values: Vec<f32> = values.into_iter().cycle().take(dim * rows).collect();
            let (mut once, mut often) = (Vec::new(), Vec::new());
            encode(&mut once, dim, &values, rows).unwrap();
            encode(&mut often, dim, &values, chunk_rows).unwrap();
            prop_assert!(once == often);
        }
    }
}
