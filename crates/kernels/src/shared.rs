use std::fmt;
#[cfg(feature = "mmap")]
use std::fs::File;
#[cfg(feature = "mmap")]
use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;

use bytemuck::cast_slice;
#[cfg(feature = "mmap")]
use memmap2::Mmap;

use crate::AlignedBuffer;

/// The number of floats in a cache line.
const LINE: usize = 16;

/// Read-only floats that start at a cache line and are shared by all clones: memory of this process,
/// or part of a mapped file, which all processes that map it share.
#[derive(Clone)]
pub struct SharedBuffer {
    memory: Arc<Memory>,
    start: usize,
    len: usize,
}

enum Memory {
    Owned(AlignedBuffer),
    #[cfg(feature = "mmap")]
    Mapped(Mmap),
}

impl SharedBuffer {
    /// Maps a file, without reading it. Bytes after the last whole float are left out.
    ///
    /// The file must not change as long as the buffer or a clone exists: values of a file that is
    /// written to may change, and on Unix the process is stopped by a signal when it reads a part
    /// that was cut off. Removing the file, or putting another in its place, does no harm.
    ///
    /// # Errors
    ///
    /// Returns the error of the system if the file cannot be mapped.
    #[cfg(feature = "mmap")]
    pub fn map(file: &File) -> io::Result<Self> {
        #[expect(
            unsafe_code,
            reason = "a file that changes would change under a shared reference"
        )]
        // SAFETY: the caller guarantees that the file does not change, as the documentation requires.
        // Every bit pattern is a valid f32 and a valid byte.
        let memory = unsafe { Mmap::map(file)? };
        let len = memory.len() / size_of::<f32>();
        Ok(Self {
            memory: Arc::new(Memory::Mapped(memory)),
            start: 0,
            len,
        })
    }

    /// Returns a part of the buffer, which shares its memory.
    ///
    /// # Panics
    ///
    /// Panics if the range does not start at a multiple of 16, or exceeds the buffer.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        assert_eq!(range.start % LINE, 0, "a part must start at a cache line");
        assert!(
            range.start <= range.end && range.end <= self.len,
            "the buffer has {} values, found {range:?}",
            self.len
        );
        Self {
            memory: Arc::clone(&self.memory),
            start: self.start + range.start,
            len: range.len(),
        }
    }

    /// Returns all floats.
    pub fn as_slice(&self) -> &[f32] {
        let floats = match &*self.memory {
            Memory::Owned(buffer) => buffer.as_slice(),
            #[cfg(feature = "mmap")]
            // A mapping starts at a page boundary, so that the floats are aligned.
            Memory::Mapped(bytes) => {
                cast_slice(&bytes[..bytes.len() / size_of::<f32>() * size_of::<f32>()])
            }
        };
        &floats[self.start..self.start + self.len]
    }

    /// Returns all floats as bytes, in the order of this machine.
    pub fn as_bytes(&self) -> &[u8] {
        cast_slice(self.as_slice())
    }
}

impl Deref for SharedBuffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.as_slice()
    }
}

impl From<AlignedBuffer> for SharedBuffer {
    fn from(buffer: AlignedBuffer) -> Self {
        Self {
            start: 0,
            len: buffer.as_slice().len(),
            memory: Arc::new(Memory::Owned(buffer)),
        }
    }
}

impl From<&[f32]> for SharedBuffer {
    fn from(values: &[f32]) -> Self {
        let mut buffer = AlignedBuffer::zeroed(values.len());
        buffer.as_mut_slice().copy_from_slice(values);
        buffer.into()
    }
}

impl fmt::Debug for SharedBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_mapped = !matches!(*self.memory, Memory::Owned(_));
        f.debug_struct("SharedBuffer")
            .field("len", &self.len)
            .field("is_mapped", &is_mapped)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "mmap")]
    use std::io::Write as _;

    use super::*;
    use crate::testing::numbers;

    #[test]
    fn a_part_shares_the_memory_and_starts_at_a_cache_line() {
        let values = numbers(1, 100);
        let all = SharedBuffer::from(&values[..]);
        let part = all.slice(32..100).slice(16..20);
        assert_eq!(*part, values[48..52]);
        assert_eq!(part.as_ptr(), all[48..].as_ptr());
        assert_eq!(part.as_ptr().addr() % 64, 0);
        assert_eq!(part.as_bytes(), cast_slice::<f32, u8>(&values[48..52]));
        assert!(all.slice(96..96).is_empty());
    }

    #[cfg(feature = "mmap")]
    #[test]
    fn a_mapped_file_has_its_values_without_a_torn_float() {
        let values = numbers(2, 50);
        let dir = std::env::temp_dir().join(format!("cognate-kernels-{}", std::process::id()));
        let mut file = File::create_new(&dir).unwrap();
        file.write_all(cast_slice(&values)).unwrap();
        file.write_all(&[1, 2, 3]).unwrap();
        let mapped = SharedBuffer::map(&File::open(&dir).unwrap());
        std::fs::remove_file(&dir).unwrap();
        let mapped = mapped.unwrap();
        assert_eq!(*mapped, values);
        assert_eq!(*mapped.slice(16..50), values[16..]);
    }

    #[test]
    #[should_panic = "the buffer has 5 values, found 0..6"]
    fn a_part_beyond_the_end_panics() {
        let _ = SharedBuffer::from(&[0.0; 5][..]).slice(0..6);
    }
}
