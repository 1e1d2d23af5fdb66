use std::fmt::Write as _;

use cognate::{Explanation, Name, Paper, PaperHit, ScoreContext};

use crate::output::{one_line, thousands, title};

/// Formats a hit as two or three lines: rank, score, percentile and title; authors, year, venue and
/// id; the URL if there is one. Without a cosine, the score is the BM25 score.
pub(crate) fn hit_text(hit: &PaperHit) -> String {
    let mut text = String::new();
    let paper = &hit.paper;
    let context = hit.score_context.as_ref();
    let score = hit.score.map(f64::from).or(hit.keyword_score);
    let _ = writeln!(
        text,
        "{:>3}  {:.3}  {}{}",
        hit.rank,
        score.unwrap_or_default(),
        context.and_then(percentile).unwrap_or_default(),
        title(&paper.title)
    );
    let details = [
        authors(&paper.authors.iter().map(Name::full).collect::<Vec<_>>()),
        paper.year.map(|year| year.to_string()),
        paper.venue.clone(),
        Some(paper.id.clone()),
        other_versions(&hit.versions),
        context.and_then(|context| rank_by_cosine(context, hit.rank)),
        hit.rerank_score
            .map(|score| format!("reranked with {score:.3}")),
    ];
    let details: Vec<_> = details
        .into_iter()
        .flatten()
        .map(|detail| one_line(&detail))
        .collect();
    let _ = writeln!(text, "            {}", details.join(" · "));
    if let Some(url) = &paper.url {
        let _ = writeln!(text, "            {}", one_line(url));
    }
    text
}

/// Formats hits, each followed by its explanation. `explanations` may be empty.
pub(crate) fn explained_hits_text(hits: &[PaperHit], explanations: &[Explanation]) -> String {
    let mut text = String::new();
    for (at, hit) in hits.iter().enumerate() {
        text.push_str(&hit_text(hit));
        let Some(explanation) = explanations.get(at) else {
            continue;
        };
        let query_sentence = one_line(&explanation.query_sentence);
        let paper_sentence = one_line(&explanation.paper_sentence);
        let score = explanation.score;
        let _ = writeln!(text, "            “{query_sentence}”");
        let _ = writeln!(text, "            ≈ {score:.3} “{paper_sentence}”");
        if !explanation.words.is_empty() {
            let words = one_line(&explanation.words.join(", "));
            let _ = writeln!(text, "            shared words: {words}");
        }
    }
    text
}

/// Formats the share of random paper pairs that are less similar. It has two decimals because most
/// hits are above 99 percent, and is rounded down, so that it never claims all pairs.
fn percentile(context: &ScoreContext) -> Option<String> {
    let percent = (context.percentile? * 100.0).floor() / 100.0;
    Some(format!("> {percent:>5.2} % of pairs  "))
}

/// Formats the rank of a hit by its cosine, or returns `None` if it equals `rank`.
fn rank_by_cosine(context: &ScoreContext, rank: usize) -> Option<String> {
    let by_cosine = context.rank_by_cosine?;
    (by_cosine != rank).then(|| format!("rank {} by cosine", thousands(by_cosine)))
}

/// Formats the ids of other versions.
pub(crate) fn other_versions(papers: &[Paper]) -> Option<String> {
    let ids: Vec<&str> = papers.iter().map(|paper| paper.id.as_str()).collect();
    (!ids.is_empty()).then(|| format!("also {}", ids.join(", ")))
}

/// Joins the names of the authors, or of the first three if there are more.
pub(crate) fn authors(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [first, second, third, _, ..] => Some(format!("{first}, {second}, {third} and others")),
        names => Some(names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_three_authors_are_named() {
        let names = ["A", "B", "C", "D"];
        assert_eq!(authors(&names[..0]), None);
        assert_eq!(authors(&names[..3]).unwrap(), "A, B, C");
        assert_eq!(authors(&names).unwrap(), "A, B, C and others");
    }
}
