//! Words and bytes of a file, mapped or read into memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

#[cfg(feature = "mmap")]
mod mapped;

#[cfg(feature = "mmap")]
use mapped::MappedBytes;

/// How the rows of an opened index are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Storage {
    /// In memory-mapped files. Opening reads no rows; the operating system reads the pages that a
    /// search touches and caches them while memory is free. Without the feature `mmap` and on
    /// big-endian machines this is the same as [`Owned`](Self::Owned).
    #[default]
    Mapped,
    /// In memory. Opening reads and checks everything.
    Owned,
}

/// 32-bit words, in memory or in a mapped file.
pub(crate) enum WordStorage {
    Owned(Vec<f32>),
    #[cfg(feature = "mmap")]
    Mapped(MappedBytes),
}

impl WordStorage {
    /// Opens `len` words of a file, starting at byte `offset`, which is a multiple of 64.
    #[cfg_attr(
        not(feature = "mmap"),
        expect(unused_variables, reason = "without mapping there is one storage")
    )]
    pub(crate) fn open(
        file: &mut File,
        offset: usize,
        len: usize,
        storage: Storage,
    ) -> io::Result<Self> {
        #[cfg(feature = "mmap")]
        if storage == Storage::Mapped && cfg!(target_endian = "little") {
            return Ok(Self::Mapped(MappedBytes::open(
                file,
                offset,
                len * size_of::<f32>(),
            )?));
        }
        let mut words = vec![0.0_f32; len];
        file.seek(SeekFrom::Start(offset as u64))?;
        file.read_exact(bytemuck::cast_slice_mut(&mut words))?;
        if cfg!(target_endian = "big") {
            for word in &mut words {
                *word = f32::from_bits(word.to_bits().swap_bytes());
            }
        }
        Ok(Self::Owned(words))
    }

    /// Returns whether the words were read into memory rather than mapped.
    pub(crate) fn is_owned(&self) -> bool {
        matches!(self, Self::Owned(_))
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        match self {
            Self::Owned(words) => words,
            #[cfg(feature = "mmap")]
            Self::Mapped(map) => map.words(),
        }
    }
}

/// Bytes, in memory or in a mapped file.
pub(crate) enum ByteStorage {
    Owned(Vec<u8>),
    #[cfg(feature = "mmap")]
    Mapped(MappedBytes),
}

impl ByteStorage {
    /// Opens `len` bytes of a file, starting at byte `offset`.
    #[cfg_attr(
        not(feature = "mmap"),
        expect(unused_variables, reason = "without mapping there is one storage")
    )]
    pub(crate) fn open(
        file: &mut File,
        offset: usize,
        len: usize,
        storage: Storage,
    ) -> io::Result<Self> {
        #[cfg(feature = "mmap")]
        if storage == Storage::Mapped {
            return Ok(Self::Mapped(MappedBytes::open(file, offset, len)?));
        }
        let mut bytes = vec![0; len];
        file.seek(SeekFrom::Start(offset as u64))?;
        file.read_exact(&mut bytes)?;
        Ok(Self::Owned(bytes))
    }

    /// Returns whether the bytes were read into memory rather than mapped.
    pub(crate) fn is_owned(&self) -> bool {
        matches!(self, Self::Owned(_))
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            #[cfg(feature = "mmap")]
            Self::Mapped(map) => map.bytes(),
        }
    }
}
