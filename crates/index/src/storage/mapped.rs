use std::fs::File;
use std::io;

use memmap2::Mmap;

/// A part of a memory-mapped file.
pub(crate) struct MappedBytes {
    file: Mmap,
    /// The byte at which the part starts.
    offset: usize,
    len: usize,
}

impl MappedBytes {
    /// Maps a file that holds `len` bytes from byte `offset` on; `offset` is a multiple of 4.
    pub(crate) fn open(file: &File, offset: usize, len: usize) -> io::Result<Self> {
        #[expect(
            unsafe_code,
            reason = "a file that changes would change under a shared reference"
        )]
        // SAFETY: the files of an index are immutable. They get their final name when they are
        // complete, nothing in this crate writes to or truncates a file afterwards, and file names
        // are never reused. Removing a file leaves its mapping intact. Another process that writes
        // to a file of an open index breaks the contract stated at `FlatIndex::open`.
        let file = unsafe { Mmap::map(file)? };
        if offset.checked_add(len).is_none_or(|end| file.len() < end) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self { file, offset, len })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.file[self.offset..self.offset + self.len]
    }

    pub(crate) fn words(&self) -> &[f32] {
        // A mapping starts at a page boundary, so the words are aligned; otherwise the first use
        // would panic.
        bytemuck::cast_slice(self.bytes())
    }
}
