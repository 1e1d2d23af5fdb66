use crate::AlignedBuffer;

/// Working memory of [`Cpu::attention`](crate::Cpu::attention), which grows to what the longest
/// sequence needs.
#[derive(Clone, Debug, Default)]
pub struct AttentionScratch {
    /// The queries of a panel, `[padded head size, panel width]`.
    pub(super) queries: AlignedBuffer,
    /// The values of a head in blocks of columns, `[blocks, n, columns]`.
    pub(super) values: AlignedBuffer,
    /// The scores of a panel, `[n, panel width]`.
    pub(super) scores: AlignedBuffer,
    /// The position bias of a head in reverse order.
    pub(super) bias: AlignedBuffer,
    pub(super) codes: CodeScratch,
}

/// Working memory for attention in 8 bits, in words of [`GROUP`](crate::simd::GROUP) codes.
#[derive(Clone, Debug, Default)]
pub(super) struct CodeScratch {
    /// `[padded head size / GROUP, panel width]`
    pub(super) queries: AlignedBuffer,
    /// `[n, padded head size / GROUP]`
    pub(super) keys: AlignedBuffer,
    /// The values in blocks of columns, `[blocks, n / GROUP, columns]`.
    pub(super) values: AlignedBuffer,
    /// `[padded head size]`
    pub(super) value_scales: AlignedBuffer,
    /// The weights of the softmax, `[n / GROUP, panel width]`.
    pub(super) weights: AlignedBuffer,
}
