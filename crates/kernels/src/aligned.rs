use bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};
#[cfg(feature = "mmap")]
use memmap2::MmapMut;

/// The number of floats in a cache line, and in an AVX-512 register.
const LINE: usize = 16;

/// The size of a large memory page in bytes.
#[cfg(any(feature = "mmap", test))]
const LARGE_PAGE: usize = 2 << 20;

/// The smallest number of floats for which a buffer gets large pages.
#[cfg(any(feature = "mmap", test))]
const MIN_LARGE: usize = LARGE_PAGE / 2 / size_of::<f32>();

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// A buffer of f32 that starts at a cache line, so that no vector load crosses two lines.
///
/// The buffer grows and never shrinks, so that a worker can reuse it.
///
/// With the feature `mmap`, a buffer of 1 MiB or more that is created by [`zeroed`](Self::zeroed) asks
/// Linux for pages of 2 MiB.
/// The weights of a model should lie in such pages: with small pages, a processor that reads them in
/// order waits for the address translation of each page.
#[derive(Debug, Default)]
pub struct AlignedBuffer {
    memory: Memory,
    len: usize,
}

impl AlignedBuffer {
    /// Creates a buffer of `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        Self {
            memory: Memory::zeroed(len),
            len,
        }
    }

    /// Returns the first `len` floats, whose values are unspecified. The buffer grows if it is shorter.
    pub fn first(&mut self, len: usize) -> &mut [f32] {
        if self.memory.as_slice().len() < len {
            self.memory = Memory::lines(len);
        }
        self.len = self.len.max(len);
        &mut self.memory.as_mut_slice()[..len]
    }

    /// Returns all floats.
    pub fn as_slice(&self) -> &[f32] {
        &self.memory.as_slice()[..self.len]
    }

    /// Returns all floats.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.memory.as_mut_slice()[..self.len]
    }
}

impl Clone for AlignedBuffer {
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.len);
        copy.as_mut_slice().copy_from_slice(self.as_slice());
        copy
    }
}

/// The memory of a buffer, which may be longer than the buffer.
#[derive(Debug)]
enum Memory {
    Lines(Vec<Line>),
    #[cfg(feature = "mmap")]
    Pages(MmapMut),
}

impl Memory {
    fn zeroed(len: usize) -> Self {
        #[cfg(feature = "mmap")]
        if len >= MIN_LARGE
            && let Some(pages) = large_pages(len * size_of::<f32>())
        {
            return Self::Pages(pages);
        }
        Self::lines(len)
    }

    fn lines(len: usize) -> Self {
        Self::Lines(vec![Line([0.0; LINE]); len.div_ceil(LINE)])
    }

    fn as_slice(&self) -> &[f32] {
        match self {
            Self::Lines(lines) => cast_slice(lines),
            #[cfg(feature = "mmap")]
            Self::Pages(pages) => cast_slice(pages),
        }
    }

    fn as_mut_slice(&mut self) -> &mut [f32] {
        match self {
            Self::Lines(lines) => cast_slice_mut(lines),
            #[cfg(feature = "mmap")]
            Self::Pages(pages) => cast_slice_mut(pages),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

/// Maps zeroed memory and asks for large pages, which the system may refuse. Returns `None` if the
/// memory cannot be mapped.
#[cfg(feature = "mmap")]
fn large_pages(bytes: usize) -> Option<MmapMut> {
    let pages = MmapMut::map_anon(bytes.next_multiple_of(LARGE_PAGE)).ok()?;
    #[cfg(target_os = "linux")]
    let _ = pages.advise(memmap2::Advice::HugePage);
    Some(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_a_cache_line_and_grows() {
        let mut buffer = AlignedBuffer::zeroed(3);
        assert_eq!(buffer.as_slice(), [0.0; 3]);
        for len in [1, 16, 17, MIN_LARGE - 1, MIN_LARGE, 3 * MIN_LARGE + 1, 5] {
            assert_eq!(buffer.first(len).len(), len);
            assert_eq!(buffer.first(len).as_ptr().addr() % 64, 0);
        }
        assert_eq!(buffer.as_slice().len(), 3 * MIN_LARGE + 1);
    }

    #[test]
    fn a_clone_has_its_own_memory() {
        for len in [3, MIN_LARGE] {
            let mut buffer = AlignedBuffer::zeroed(len);
            let copy = buffer.clone();
            buffer.as_mut_slice().fill(1.0);
            assert_eq!(copy.as_slice(), vec![0.0; len]);
            assert_eq!(buffer.clone().as_slice(), vec![1.0; len]);
        }
    }
}
