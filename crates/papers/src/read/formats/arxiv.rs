//! The metadata of arXiv, in its two formats.

pub(super) mod atom;
pub(super) mod json;

use super::normalize::{doi, filled};
use crate::text::latex;
use crate::{Paper, identifiers};

/// Completes a paper with the fields that all formats of arXiv spell alike.
pub(super) fn finish(
    mut paper: Paper,
    id: &str,
    journal: &str,
    doi_text: &str,
) -> Result<Paper, String> {
    if id.trim().is_empty() {
        return Err("`id` is missing".to_owned());
    }
    let Some(identifier) = identifiers::arxiv(id) else {
        return Err(format!(
            "`id` is `{}`, expected an arXiv identifier such as 1706.03762",
            id.trim()
        ));
    };
    paper.url = Some(format!("https://arxiv.org/abs/{identifier}"));
    paper.venue = Some(filled(latex::plain(journal)).unwrap_or_else(|| "arXiv".to_owned()));
    paper.doi = doi(doi_text.split_whitespace().next().unwrap_or_default());
    paper.id.clone_from(&identifier);
    paper.arxiv = Some(identifier);
    Ok(paper)
}
