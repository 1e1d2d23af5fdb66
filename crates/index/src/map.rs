use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Values of a file that is mapped into memory.
pub(crate) struct Map {
    bytes: Mmap,
    /// Where the values begin, in bytes.
    offset: usize,
    len: usize,
}

impl Map {
    /// Maps a file that holds `len` values from byte `offset` on, a multiple of 4.
    pub(crate) fn open(file: &File, offset: usize, len: usize) -> io::Result<Self> {
        #[expect(
            unsafe_code,
            reason = "a file that changes would change under a shared reference"
        )]
        // SAFETY: segment files are immutable: they get their final name when they are complete,
        // nothing in this crate writes to one or shortens it afterwards, and a name is not used
        // again. Removing one leaves a map intact. A foreign process that writes to a file of an
        // open index is outside the contract, which `FlatIndex::open` states.
        let bytes = unsafe { Mmap::map(file)? };
        if bytes.len() < offset + len * size_of::<f32>() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self { bytes, offset, len })
    }

    pub(crate) fn values(&self) -> &[f32] {
        // A map begins at a page, so the values are aligned, or this would panic at first use.
        bytemuck::cast_slice(&self.bytes[self.offset..self.offset + self.len * size_of::<f32>()])
    }
}
