//! Packed weights: what the CPU kernels need of a checkpoint, in memory or in a file of a cache.
//!
//! Packing reads, converts, hashes and reorders all weights. A file with the result is mapped instead,
//! which takes hardly any time, and processes share its memory. Such a file is used only if it was
//! made from exactly these weights, configuration, precision and release; see [`WeightsCache`].

mod cache;
mod file;
mod parts;
mod verified;

pub(crate) use cache::{CacheKey, Saving, WeightsCache};
pub(crate) use parts::Parts;
