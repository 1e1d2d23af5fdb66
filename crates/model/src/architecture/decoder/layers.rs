use cognate_kernels::AttentionMask;
use serde::de::DeserializeOwned;

use super::variant::{DecoderVariant, Windows};
use crate::Result;
use crate::config::Json;

/// The attention of each layer.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    /// Whether each layer attends within a sliding window.
    pub(crate) sliding: Vec<bool>,
    /// How many positions away a key may be within the window.
    pub(crate) reach: usize,
    /// Whether keys after the query are hidden.
    pub(crate) causal: bool,
}

/// The settings in `config.json` that decide about the attention of the layers.
pub(super) struct LayerFields<'a> {
    pub(super) count: usize,
    /// `sliding_window`, or its default.
    pub(super) window: Option<usize>,
    pub(super) max_window_layers: usize,
    pub(super) sliding_window_pattern: usize,
    pub(super) layer_types: Option<&'a [String]>,
    pub(super) is_causal: bool,
    pub(super) use_bidirectional_attention: bool,
}

/// The greatest number of layers, for each of which the attention is listed. Models of 70 billion
/// parameters have 80.
const MAX_LAYERS: usize = 4096;

const FULL: &str = "full_attention";
const SLIDING: &str = "sliding_attention";

impl LayerFields<'_> {
    /// Reads the attention of each layer, and refuses what this release does not run.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        json: &Json<T>,
        variant: &DecoderVariant,
    ) -> Result<Layers> {
        json.at_most("num_hidden_layers", self.count, MAX_LAYERS)?;
        if let Some(window) = self.window {
            json.at_least("sliding_window", window, 1)?;
        }
        let sliding = self.sliding(json, variant)?;
        if sliding.contains(&true) && self.window.is_none() {
            let expected = "a number, because layers attend within a window";
            return Err(json.unsupported("sliding_window", "(none)", expected));
        }
        Ok(Layers {
            sliding,
            reach: self.reach(),
            causal: self.is_causal && !self.use_bidirectional_attention,
        })
    }

    /// Returns whether each layer attends within a sliding window.
    fn sliding<T: DeserializeOwned>(
        &self,
        json: &Json<T>,
        variant: &DecoderVariant,
    ) -> Result<Vec<bool>> {
        let default = |layer: usize| match variant.windows {
            Windows::Never => false,
            Windows::All => self.window.is_some(),
            Windows::Last => self.window.is_some() && layer >= self.max_window_layers,
            Windows::AllButEvery => !(layer + 1).is_multiple_of(self.sliding_window_pattern),
        };
        json.at_least("sliding_window_pattern", self.sliding_window_pattern, 1)?;
        let Some(types) = self.layer_types else {
            return Ok((0..self.count).map(default).collect());
        };
        if types.len() != self.count {
            let found = format!("a list of {}", types.len());
            let expected = format!("a list of num_hidden_layers, {}", self.count);
            return Err(json.unsupported("layer_types", found, expected));
        }
        let read = |(layer, name): (usize, &String)| {
            let one_kind = match variant.windows {
                Windows::Never | Windows::All => Some(default(layer)),
                Windows::Last | Windows::AllButEvery => None,
            };
            match (name.as_str(), one_kind) {
                (FULL, None | Some(false)) => Ok(false),
                (SLIDING, None | Some(true)) => Ok(true),
                (found, one_kind) => {
                    let expected = match one_kind {
                        None => format!("one of `{FULL}`, `{SLIDING}`"),
                        Some(false) => format!("`{FULL}`"),
                        Some(true) => format!("`{SLIDING}`"),
                    };
                    Err(json.unsupported("layer_types", found, expected))
                }
            }
        };
        types.iter().enumerate().map(read).collect()
    }

    /// Returns how many positions away a key may be within the window.
    ///
    /// In transformers, the window counts the query itself if attention is causal, and
    /// `use_bidirectional_attention` halves it.
    fn reach(&self) -> usize {
        let window = self.window.unwrap_or_default();
        match (self.is_causal, self.use_bidirectional_attention) {
            (true, false) => window.saturating_sub(1),
            (true, true) => window / 2,
            (false, false) => window,
            (false, true) => window / 2 + 1,
        }
    }
}

impl Layers {
    /// Returns the mask of a layer.
    pub(super) fn mask(&self, layer: usize) -> AttentionMask {
        match (self.sliding[layer], self.causal) {
            (false, true) => AttentionMask::Causal,
            (false, false) => AttentionMask::All,
            (true, true) => AttentionMask::CausalWindow(self.reach),
            (true, false) => AttentionMask::Window(self.reach),
        }
    }

    /// Formats what differs from causal attention in all layers, for the fingerprint.
    pub(super) fn fingerprint_fields(&self) -> String {
        let mut fields = String::new();
        if self.sliding.contains(&true) {
            let layer = |&sliding: &bool| if sliding { 's' } else { 'f' };
            let layers: String = self.sliding.iter().map(layer).collect();
            fields += &format!(" window {} layers {layers}", self.reach);
        }
        if !self.causal {
            fields += " bidirectional";
        }
        fields
    }
}
