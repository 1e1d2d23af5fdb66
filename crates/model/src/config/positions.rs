/// Returns the position of each token of a text, counted as transformers counts: from 0, or from one
/// more than the padding token `pad_token_id`.
pub(crate) fn token_positions(ids: &[u32], pad_token_id: Option<u32>) -> Vec<usize> {
    match pad_token_id {
        None => (0..ids.len()).collect(),
        // A text can spell out the padding token, which does not advance the count.
        Some(pad) => {
            let mut last = pad as usize;
            let position = |&id: &u32| {
                if id == pad {
                    return pad as usize;
                }
                last += 1;
                last
            };
            ids.iter().map(position).collect()
        }
    }
}
