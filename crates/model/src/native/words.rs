/// The vectors of the vocabulary, `[vocab_size, hidden_size]`.
#[derive(Debug)]
pub(super) enum WordTable {
    F32(Vec<f32>),
}

impl WordTable {
    /// Adds the vector of token `id` to `row`, `[hidden_size]`.
    pub(super) fn add(&self, id: usize, row: &mut [f32]) {
        let width = row.len();
        match self {
            Self::F32(values) => {
                for (to, value) in row.iter_mut().zip(&values[id * width..][..width]) {
                    *to += value;
                }
            }
        }
    }
}
