use bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};
use memmap2::MmapMut;

/// Floats of one line of the cache, and of one AVX-512 register.
const LINE: usize = 16;

/// Bytes of a large page of memory.
const LARGE_PAGE: usize = 2 << 20;

/// From how many floats on a buffer has large pages.
const LARGE: usize = LARGE_PAGE / 2 / size_of::<f32>();

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// A buffer of f32 that starts at a line of the cache, so that no vector load crosses two.
///
/// It grows and never shrinks: a worker keeps one for all its work.
///
/// One that is [`zeroed`](Self::zeroed) with 1 MiB or more asks Linux for pages of 2 MiB, which is what
/// weights should lie in together: with small pages, a processor that reads them in order waits for
/// the address of each.
#[derive(Debug, Default)]
pub struct AlignedBuffer {
    memory: Memory,
    len: usize,
}

impl AlignedBuffer {
    /// `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        Self {
            memory: Memory::zeroed(len),
            len,
        }
    }

    /// The first `len` floats, whatever they hold; the buffer grows to hold them.
    pub fn first(&mut self, len: usize) -> &mut [f32] {
        if self.memory.as_slice().len() < len {
            self.memory = Memory::lines(len);
        }
        self.len = self.len.max(len);
        &mut self.memory.as_mut_slice()[..len]
    }

    /// All floats.
    pub fn as_slice(&self) -> &[f32] {
        &self.memory.as_slice()[..self.len]
    }

    /// All floats.
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

/// As many floats as a buffer holds, or more.
#[derive(Debug)]
enum Memory {
    Lines(Vec<Line>),
    Pages(MmapMut),
}

impl Memory {
    fn zeroed(len: usize) -> Self {
        if len >= LARGE
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
            Self::Pages(pages) => cast_slice(pages),
        }
    }

    fn as_mut_slice(&mut self) -> &mut [f32] {
        match self {
            Self::Lines(lines) => cast_slice_mut(lines),
            Self::Pages(pages) => cast_slice_mut(pages),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

/// Memory of the system's own, zeroed. That pages are large is a wish, no promise.
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
    fn starts_at_a_line_of_the_cache_and_grows() {
        let mut buffer = AlignedBuffer::zeroed(3);
        assert_eq!(buffer.as_slice(), [0.0; 3]);
        for len in [1, 16, 17, LARGE - 1, LARGE, 3 * LARGE + 1, 5] {
            assert_eq!(buffer.first(len).len(), len);
            assert_eq!(buffer.first(len).as_ptr().addr() % 64, 0);
        }
        assert_eq!(buffer.as_slice().len(), 3 * LARGE + 1);
    }

    #[test]
    fn a_copy_is_its_own() {
        for len in [3, LARGE] {
            let mut buffer = AlignedBuffer::zeroed(len);
            let copy = buffer.clone();
            buffer.as_mut_slice().fill(1.0);
            assert_eq!(copy.as_slice(), vec![0.0; len]);
            assert_eq!(buffer.clone().as_slice(), vec![1.0; len]);
        }
    }
}
