use crate::Checkpoint;

/// Gathers what an embedding depends on into one short name.
pub(crate) struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// Starts with the configuration; files follow by [`update`](Self::update).
    pub(crate) fn new(
        checkpoint: &Checkpoint,
        max_tokens: usize,
        truncate_dim: Option<usize>,
    ) -> Self {
        let mut fingerprint = Self(blake3::Hasher::new());
        let head: Vec<_> = checkpoint
            .modules
            .head
            .iter()
            .map(super::modules::HeadModule::name)
            .collect();
        let facts = format!(
            "cognate 1\n{}\nlower {}\npooling {:?}\nhead {head:?}\nprompts {:?}\n\
             max_tokens {max_tokens}\ntruncate_dim {truncate_dim:?}\n",
            checkpoint.transformer.facts(),
            checkpoint.do_lower_case,
            checkpoint.modules.pooling,
            checkpoint.prompts,
        );
        fingerprint.update(facts.as_bytes());
        fingerprint
    }

    /// Adds a part; its length is hashed too, so that no two lists of parts look alike.
    pub(crate) fn update(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// The first 128 bits, in hexadecimal.
    pub(crate) fn finish(self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}
