//! Tensors that the files have and the model does not read.
//!
//! transformers reports them and goes on. Most are heads for training or buffers, and leave the hidden
//! states as they are; any other could belong to a computation that only the code of the checkpoint's
//! author does, so it is refused by its name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::member::Place;
use super::{BASE_PREFIXES, ReadTensors, Weights};
use crate::{Error, Result};

/// The first parts of the names of heads, which work on the hidden states: poolers, heads for training
/// and classifiers. A model of transformers never uses them for the hidden states.
const HEADS: [&str; 17] = [
    "pooler",
    "cls",
    "lm_head",
    "vocab_transform",
    "vocab_layer_norm",
    "vocab_projector",
    "pre_classifier",
    "classifier",
    "score",
    "qa_outputs",
    // ModernBERT and encoders of an encoder and a decoder, whose embeddings both may share.
    "head",
    "decoder",
    "shared",
    // SimCSE.
    "mlp",
    // DeBERTa.
    "lm_predictions",
    "mask_predictions",
    "predictions",
];

/// The last parts of the names of buffers that older releases of transformers saved, and which follow from
/// the configuration.
const BUFFERS: [&str; 4] = [
    "position_ids",
    "token_type_ids",
    "inv_freq",
    "original_inv_freq",
];

/// The number of names that an error lists.
const LISTED: usize = 4;

/// Returns whether a tensor does not matter if the model does not read it.
pub(super) fn is_harmless(name: &str) -> bool {
    let is_head = |name: &str| HEADS.contains(&name.split('.').next().unwrap_or_default());
    let is_buffer = BUFFERS.contains(&name.rsplit('.').next().unwrap_or_default());
    let stripped = BASE_PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    is_buffer || is_head(name) || stripped.is_some_and(is_head)
}

impl Weights {
    /// Returns a handle to the list of the tensors that are read.
    pub(crate) fn read_tensors(&self) -> ReadTensors {
        ReadTensors(self.hashes.clone())
    }

    /// Returns the names of all tensors in the files of each member, which may have one of `prefixes` that
    /// the model's names lack.
    pub(crate) fn inventory(&self, prefixes: &'static [&'static str]) -> Inventory {
        let placed = |member: &super::Member| {
            let names = member.tensors.names();
            let placed = names.map(|name| (name.to_owned(), member.tensors.place(name)));
            placed.collect()
        };
        Inventory {
            prefixes,
            members: self
                .members
                .iter()
                .map(|member| (member.path.clone(), placed(member)))
                .collect(),
        }
    }
}

/// The names of the tensors in files.
#[derive(Debug)]
pub(crate) struct Inventory {
    prefixes: &'static [&'static str],
    /// The names of each member, with the places of the values.
    members: Vec<(PathBuf, PlacedNames)>,
}

/// Names of tensors, with the places of their values.
type PlacedNames = Vec<(String, Option<Place>)>;

impl Inventory {
    fn without_prefix<'a>(&self, name: &'a str) -> &'a str {
        let mut stripped = self
            .prefixes
            .iter()
            .filter_map(|prefix| name.strip_prefix(prefix));
        stripped.next().unwrap_or(name)
    }

    /// Returns whether transformers ignores a tensor that the model does not read without a word.
    fn is_ignored(&self, name: &str) -> bool {
        // DeBERTa has positions that its settings may switch off.
        let is_deberta = self.prefixes.contains(&"deberta.");
        is_harmless(name) || (is_deberta && name.contains("position_embeddings"))
    }

    /// Refuses tensors that were not in `read` and might matter, and reports layers beyond the
    /// `num_layers` of the configuration, which the model does not have either for transformers.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Unsupported`] with the names of some of the tensors.
    pub(crate) fn check<'a>(
        &self,
        read: impl IntoIterator<Item = &'a String>,
        num_layers: usize,
    ) -> Result<()> {
        let read: BTreeSet<&str> = read.into_iter().map(String::as_str).collect();
        let read_plain: BTreeSet<&str> =
            read.iter().map(|name| self.without_prefix(name)).collect();
        for (index, (path, names)) in self.members.iter().enumerate() {
            let is_read = |name: &str| match index {
                0 => read.contains(name),
                // Tensors that were read are listed under the names of the first member.
                _ => read_plain.contains(self.without_prefix(name)),
            };
            let read_places: BTreeSet<&Option<Place>> = names
                .iter()
                .filter_map(|(name, place)| is_read(name).then_some(place))
                .collect();
            let unread = names.iter().filter(|(name, place)| {
                // A tensor under a second name, as in models whose embeddings are shared, is read too.
                !read_places.contains(place) && !self.is_ignored(name)
            });
            let unread = unread.map(|(name, _)| name);
            let (beyond, unread): (Vec<&String>, Vec<&String>) =
                unread.partition(|name| layer_of(name).is_some_and(|layer| layer >= num_layers));
            if !beyond.is_empty() {
                tracing::warn!(
                    "`{}` has {} tensors of layers beyond the {num_layers} of `config.json`, which are \
                     ignored",
                    path.display(),
                    beyond.len()
                );
            }
            if !unread.is_empty() {
                let shown: Vec<_> = unread
                    .iter()
                    .take(LISTED)
                    .map(|name| name.as_str())
                    .collect();
                let such_as = if shown.len() < unread.len() {
                    ", such as"
                } else {
                    ":"
                };
                return Err(Error::Unsupported {
                    path: path.clone(),
                    field: format!("tensors that nothing reads ({}){such_as}", unread.len()),
                    found: shown.join("`, `"),
                    expected:
                        "only tensors of the architecture that `config.json` names, its heads and \
                               its buffers"
                            .to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Returns the number of the layer to which a tensor belongs: the first number in its name.
fn layer_of(name: &str) -> Option<usize> {
    name.split('.').find_map(|part| part.parse().ok())
}
