use bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};

/// Floats of one line of the cache, and of one AVX-512 register.
const LINE: usize = 16;

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// A buffer of f32 that starts at a line of the cache, so that no vector load crosses two.
///
/// It grows and never shrinks: a worker keeps one for all its work.
#[derive(Clone, Debug, Default)]
pub struct AlignedBuffer {
    lines: Vec<Line>,
    len: usize,
}

impl AlignedBuffer {
    /// `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        Self {
            lines: vec![Line([0.0; LINE]); len.div_ceil(LINE)],
            len,
        }
    }

    /// The first `len` floats, whatever they hold; the buffer grows to hold them.
    pub fn first(&mut self, len: usize) -> &mut [f32] {
        let lines = len.div_ceil(LINE);
        if self.lines.len() < lines {
            self.lines.resize(lines, Line([0.0; LINE]));
        }
        self.len = self.len.max(len);
        &mut cast_slice_mut(&mut self.lines)[..len]
    }

    /// All floats.
    pub fn as_slice(&self) -> &[f32] {
        &cast_slice(&self.lines)[..self.len]
    }

    /// All floats.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut cast_slice_mut(&mut self.lines)[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_a_line_of_the_cache_and_grows() {
        let mut buffer = AlignedBuffer::zeroed(3);
        assert_eq!(buffer.as_slice(), [0.0; 3]);
        for len in [1, 16, 17, 1000, 5] {
            assert_eq!(buffer.first(len).len(), len);
            assert_eq!(buffer.first(len).as_ptr().addr() % 64, 0);
        }
        assert_eq!(buffer.as_slice().len(), 1000);
    }
}
