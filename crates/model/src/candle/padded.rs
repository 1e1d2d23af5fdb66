use candle_core::{Device, Result, Tensor};

/// Sequences that go through a model together, all made as long as the longest.
pub(super) struct Padded<'a> {
    sequences: &'a [&'a [u32]],
    longest: usize,
    device: &'a Device,
}

impl<'a> Padded<'a> {
    pub(super) fn new(sequences: &'a [&'a [u32]], device: &'a Device) -> Self {
        let longest = sequences.iter().map(|ids| ids.len()).max().unwrap_or(0);
        Self {
            sequences,
            longest,
            device,
        }
    }

    /// The number of sequences, `B`.
    pub(super) fn len(&self) -> usize {
        self.sequences.len()
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    pub(super) fn device(&self) -> &Device {
        self.device
    }

    /// The number of tokens of a sequence.
    pub(super) fn length(&self, sequence: usize) -> usize {
        self.sequences[sequence].len()
    }

    /// Whether no sequence is longer than its tokens.
    pub(super) fn is_full(&self) -> bool {
        self.sequences.iter().all(|ids| ids.len() == self.longest)
    }

    /// Token ids, `[B * longest]`; 0 for padding.
    pub(super) fn ids(&self) -> Result<Tensor> {
        self.each_token(<[u32]>::to_vec)
    }

    /// A number for each token, `[B * longest]`, from those of each sequence; 0 for padding.
    pub(super) fn each_token(&self, numbers: impl Fn(&[u32]) -> Vec<u32>) -> Result<Tensor> {
        let mut all = Vec::with_capacity(self.len() * self.longest);
        for (row, ids) in self.sequences.iter().enumerate() {
            all.extend(numbers(ids));
            all.resize((row + 1) * self.longest, 0);
        }
        Tensor::new(all, self.device)
    }
}
