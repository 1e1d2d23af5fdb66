//! The keys of the metadata table.

pub(super) const MODEL: &str = "model";
pub(super) const PRECISION: &str = "precision";
pub(super) const FINGERPRINT: &str = "fingerprint";
pub(super) const DIM: &str = "dim";
pub(super) const MANIFEST: &str = "manifest";
pub(super) const GENERATION: &str = "generation";
pub(super) const TEXT_RECIPE: &str = "text_recipe";
pub(super) const BACKGROUND_SIMILARITY: &str = "pair_cosines";
/// The directory of the lists of papers.
pub(super) const LISTS: &str = "lists";
/// Absent unless some rows are mapped.
pub(super) const MAPPED_ROWS: &str = "mapped_rows";
/// The checksum of the keyword index of formats 2 and 3.
pub(super) const KEYWORDS_CHECKSUM: &str = "keywords";
