//! The outcome of an upgrade.

use cognate_model::Truncation;
use serde::Serialize;

/// The outcome of [`Library::upgrade`](crate::Library::upgrade).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpgradeReport {
    /// The number of papers whose vectors were mapped from the former model; 0 if the library
    /// had the model already.
    pub mapped: usize,
    /// The number of texts of papers that were embedded; titles alone are not counted.
    pub embedded: usize,
    /// The number of papers whose vectors are mapped now.
    pub remaining: usize,
    /// The number of texts longer than the model reads, and the tokens that were cut off.
    pub truncation: Truncation,
}
