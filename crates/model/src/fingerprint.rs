use crate::Checkpoint;
use crate::checkpoint::{Input, Route};
use crate::modules::PostPoolingModule;

/// Hashes everything that an embedding depends on.
///
/// Libraries store fingerprints, so the hashed bytes must not change between releases. They include
/// the `Debug` forms of [`Pooling`](crate::pooling::Pooling),
/// [`Prompts`](crate::checkpoint::Prompts) and some enums, whose names are therefore fixed.
pub(crate) struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// Starts with the configuration of a route; [`update`](Self::update) adds the contents of files.
    pub(crate) fn new(
        checkpoint: &Checkpoint,
        route: &Route,
        max_tokens: usize,
        truncate_dim: Option<usize>,
    ) -> Self {
        let mut fingerprint = Self(blake3::Hasher::new());
        let post_pooling: Vec<_> = route
            .post_pooling
            .iter()
            .map(PostPoolingModule::fingerprint_fields)
            .collect();
        let prompts = &checkpoint.prompts;
        let fields = match &route.input {
            Input::Transformer(module, pooling) => format!(
                "cognate 1\n{}\nlower {}\npooling {pooling:?}\nhead {post_pooling:?}\n\
                 prompts {prompts:?}\nmax_tokens {max_tokens}\ntruncate_dim {truncate_dim:?}\n",
                module.transformer.config.fingerprint_fields(),
                module.do_lower_case,
            ),
            Input::Static(_) => {
                let limit = Some(max_tokens).filter(|&tokens| tokens != usize::MAX);
                format!(
                    "cognate 1\nstatic\nhead {post_pooling:?}\nprompts {prompts:?}\n\
                     max_tokens {limit:?}\ntruncate_dim {truncate_dim:?}\n"
                )
            }
        };
        fingerprint.update(fields.as_bytes());
        fingerprint
    }

    /// Returns the fingerprint of an encoder with different modules for queries and documents, given
    /// those of both routes.
    pub(crate) fn of_routes(query: &str, document: &str) -> String {
        let mut fingerprint = Self(blake3::Hasher::new());
        fingerprint.update(b"cognate 1\nroutes");
        fingerprint.update(query.as_bytes());
        fingerprint.update(document.as_bytes());
        fingerprint.finish()
    }

    /// Adds a part, preceded by its length, so that different lists of parts hash differently.
    pub(crate) fn update(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Returns the first 128 bits of the hash, in hexadecimal.
    pub(crate) fn finish(self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}
