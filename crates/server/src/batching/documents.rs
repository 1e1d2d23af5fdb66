//! Slices of documents.

use std::ops::{ControlFlow, Range};

use cognate::{BoxError, Embedded, Progress, Truncation};
use ndarray::{Array2, Axis, Slice};

use super::{BatchingEmbedder, Limits};

/// Embeds documents slice by slice, so that queries can take their turn in between.
pub(super) fn embed(
    batching: &BatchingEmbedder,
    texts: &[&str],
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Embedded, BoxError> {
    let total = texts.len();
    let mut range = slice_at(texts, 0, &batching.limits);
    if range.len() == total {
        return embed_slice(batching, texts, progress);
    }
    let mut rows = Array2::zeros((0, 0));
    let mut truncation = Truncation::default();
    while !range.is_empty() {
        let start = range.start;
        let mut flow = ControlFlow::Continue(());
        let mut slice_progress = |state: Progress| {
            flow = progress(Progress::new(start + state.done, total));
            flow
        };
        let slice = embed_slice(batching, &texts[range.clone()], &mut slice_progress)?;
        if flow.is_break() {
            return Err("embedding was stopped".into());
        }
        if slice.rows.nrows() != range.len() {
            let (expected, found) = (range.len(), slice.rows.nrows());
            return Err(format!("the embedder returned {found} rows, expected {expected}").into());
        }
        if start == 0 {
            rows = Array2::zeros((total, slice.rows.ncols()));
        }
        if rows.ncols() != slice.rows.ncols() {
            let (expected, found) = (rows.ncols(), slice.rows.ncols());
            let what = "values for a text";
            return Err(
                format!("the embedder returned {found} {what}, expected {expected}").into(),
            );
        }
        rows.slice_axis_mut(Axis(0), Slice::from(range.clone()))
            .assign(&slice.rows);
        truncation += slice.truncation;
        range = slice_at(texts, range.end, &batching.limits);
    }
    Ok(Embedded::new(rows).truncation(truncation))
}

/// Embeds documents in one turn.
fn embed_slice(
    batching: &BatchingEmbedder,
    texts: &[&str],
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Embedded, BoxError> {
    let _turn = batching.turns.wait_for_slice(texts.len(), batching.limits);
    batching.embedder.embed_documents(texts, progress)
}

/// Returns the slice that begins with text `start`: at least one text, unless there is none.
fn slice_at(texts: &[&str], start: usize, limits: &Limits) -> Range<usize> {
    let mut bytes = 0;
    let fitting = texts[start..].iter().take(limits.documents);
    let count = fitting.take_while(|text| {
        bytes += text.len();
        bytes <= limits.document_bytes
    });
    let count = count.count().max(1).min(texts.len() - start);
    start..start + count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_have_all_texts_once_within_their_limits() {
        let limits = Limits {
            batches: 1,
            queries: 1,
            query_bytes: 1,
            documents: 3,
            document_bytes: 10,
        };
        let texts = [
            "aaaa",
            "bbbb",
            "cccc",
            "d",
            "e",
            "f",
            "gggggggggggggggg",
            "h",
        ];
        let mut slices = Vec::new();
        let mut next = slice_at(&texts, 0, &limits);
        while !next.is_empty() {
            let end = next.end;
            slices.push(next);
            next = slice_at(&texts, end, &limits);
        }
        assert_eq!(slices, [0..2, 2..5, 5..6, 6..7, 7..8]);
        assert!(slice_at(&[], 0, &limits).is_empty());
    }
}
