use strsim::osa_distance;

/// Returns up to `count` ids that are spelled like `wanted`, most similar first: ids that contain
/// `wanted`, then ids whose edit distance is at most a third of its length.
pub(crate) fn nearest_ids(
    wanted: &str,
    ids: impl IntoIterator<Item = String>,
    count: usize,
) -> Vec<String> {
    let folded = wanted.to_lowercase();
    let bound = (folded.chars().count() / 3).max(1);
    let mut near: Vec<(usize, usize, String)> = ids
        .into_iter()
        .filter_map(|id| {
            let other = id.to_lowercase();
            let contains = !folded.is_empty() && other.contains(&folded);
            let too_far = other.len().abs_diff(folded.len()) > 4 * bound;
            if !contains && too_far {
                return None;
            }
            let distance = osa_distance(&folded, &other);
            (contains || distance <= bound).then(|| (usize::from(!contains), distance, id))
        })
        .collect();
    near.sort_unstable();
    near.truncate(count);
    near.into_iter().map(|(.., id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_similar_ids_most_similar_first() {
        let ids = [
            "arXiv:1706.03762",
            "arXiv:1706.03763",
            "arXiv:1810.04805",
            "bm25",
        ];
        let near = |wanted| nearest_ids(wanted, ids.map(str::to_owned), 2);
        assert_eq!(
            near("arXiv:1706.03726"),
            ["arXiv:1706.03762", "arXiv:1706.03763"]
        );
        assert_eq!(near("1810.04805"), ["arXiv:1810.04805"]);
        assert_eq!(near("BM52"), ["bm25"]);
        assert!(near("bert").is_empty());
        assert!(near("something else entirely").is_empty());
    }
}
