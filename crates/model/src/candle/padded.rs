use candle_core::{Device, Result, Tensor};

/// Sequences that go through a model together, each padded to the length of the longest.
pub(crate) struct PaddedBatch<'a> {
    sequences: &'a [&'a [u32]],
    longest: usize,
    device: &'a Device,
}

impl<'a> PaddedBatch<'a> {
    pub(super) fn new(sequences: &'a [&'a [u32]], device: &'a Device) -> Self {
        let longest = sequences.iter().map(|ids| ids.len()).max().unwrap_or(0);
        Self {
            sequences,
            longest,
            device,
        }
    }

    /// Returns the number of sequences, `B`.
    pub(crate) fn len(&self) -> usize {
        self.sequences.len()
    }

    /// Returns the number of tokens of the longest sequence.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    pub(crate) fn device(&self) -> &Device {
        self.device
    }

    /// Returns the number of tokens of a sequence, without its padding.
    pub(super) fn length(&self, sequence: usize) -> usize {
        self.sequences[sequence].len()
    }

    /// Returns whether no sequence has padding.
    pub(super) fn is_full(&self) -> bool {
        self.sequences.iter().all(|ids| ids.len() == self.longest)
    }

    /// Returns the token ids, `[B * longest]`, with 0 for padding.
    pub(crate) fn ids(&self) -> Result<Tensor> {
        self.map_tokens(<[u32]>::to_vec)
    }

    /// Returns a number for each token, `[B * longest]`, with 0 for padding; `numbers` maps the
    /// token ids of one sequence to its numbers.
    pub(crate) fn map_tokens(&self, numbers: impl Fn(&[u32]) -> Vec<u32>) -> Result<Tensor> {
        let mut all = Vec::with_capacity(self.len() * self.longest);
        for (row, ids) in self.sequences.iter().enumerate() {
            all.extend(numbers(ids));
            all.resize((row + 1) * self.longest, 0);
        }
        Tensor::new(all, self.device)
    }
}
