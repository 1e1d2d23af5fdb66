/// Rows of one length, contiguous or scattered in memory.
pub(super) trait Rows: Copy {
    fn count(&self) -> usize;
    fn row(&self, i: usize) -> &[f32];
}

/// Contiguous rows: `values` is `[count, dim]`.
#[derive(Clone, Copy)]
pub(super) struct ContiguousRows<'a> {
    pub(super) values: &'a [f32],
    pub(super) dim: usize,
}

impl Rows for ContiguousRows<'_> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.values.len() / self.dim
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }
}

impl Rows for &[&[f32]] {
    #[inline(always)]
    fn count(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &[f32] {
        self[i]
    }
}
