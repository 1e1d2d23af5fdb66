//! The rows that have none of some words.

use roaring::RoaringBitmap;

use crate::Result;
use crate::library::snapshot::Snapshot;
use crate::query::keyword_query::KeywordQuery;

/// Returns the rows of `allowed`, where `None` is all rows, that have none of the words and phrases.
///
/// # Complexity
///
/// Linear in the papers that have one of the words.
pub(crate) fn rows_without(
    snapshot: &Snapshot<'_>,
    words: &[String],
    allowed: Option<RoaringBitmap>,
) -> Result<Option<RoaringBitmap>> {
    let excluded = KeywordQuery::of_phrases(words);
    if excluded.phrases().is_empty() {
        return Ok(allowed);
    }
    let hits = snapshot.keyword_hits(&excluded, snapshot.index.len(), allowed.as_ref())?;
    let with_words: RoaringBitmap = hits.iter().map(|hit| hit.row.get()).collect();
    let allowed = allowed.unwrap_or_else(|| {
        let rows = u32::try_from(snapshot.index.rows()).unwrap_or(u32::MAX);
        let all: RoaringBitmap = (0..rows).collect();
        all - snapshot.index.deleted()
    });
    Ok(Some(allowed - with_words))
}
