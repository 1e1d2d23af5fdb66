use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Result;
use cognate::{Explanation, Paper, PaperHit, Standing};
use serde::Serialize;

/// Prints on stdout; everything that is an answer goes through here.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Prints one JSON document on stdout.
pub(crate) fn print_json(document: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    print(&text)
}

/// Prints a line on stderr: what is said beside the answer.
pub(crate) fn note(line: &str) {
    // Nobody can be told that stderr is closed.
    let _ = writeln!(io::stderr(), "{line}");
}

/// `n` and its noun: `1 paper`, `2 papers`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// A whole number in groups of three: `1,234,567`.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Hits for a reader: rank, score and title; then who, when, where and the id; then the address.
pub(crate) fn hits(hits: &[PaperHit]) -> String {
    let mut text = String::new();
    for hit in hits {
        let paper = &hit.paper;
        let standing = hit.standing.as_ref();
        let title = if paper.title.is_empty() {
            "(no title)"
        } else {
            &paper.title
        };
        let _ = writeln!(
            text,
            "{:>3}  {:.3}  {}{}",
            hit.rank,
            hit.score,
            standing.and_then(percentile).unwrap_or_default(),
            one_line(title)
        );
        let year = paper.year.map(|year| year.to_string());
        let facts = [
            authors(&paper.authors),
            year,
            paper.venue.clone(),
            Some(paper.id.clone()),
            versions(&hit.versions),
            standing.and_then(|standing| nearness(standing, hit.rank)),
            hit.rerank_score
                .map(|score| format!("reranked with {score:.3}")),
        ];
        let facts: Vec<_> = facts
            .into_iter()
            .flatten()
            .map(|fact| one_line(&fact))
            .collect();
        let _ = writeln!(text, "            {}", facts.join(" · "));
        if let Some(url) = &paper.url {
            let _ = writeln!(text, "            {}", one_line(url));
        }
    }
    text
}

/// Hits for a reader, each with its explanation below it, if there are any.
pub(crate) fn explained(all: &[PaperHit], why: &[Explanation]) -> String {
    let mut text = String::new();
    for (at, hit) in all.iter().enumerate() {
        text.push_str(&hits(std::slice::from_ref(hit)));
        let Some(why) = why.get(at) else { continue };
        let asked = one_line(&why.query_sentence);
        let found = one_line(&why.paper_sentence);
        let _ = writeln!(text, "            “{asked}”");
        let _ = writeln!(text, "            ≈ {:.3} “{found}”", why.score);
        if !why.words.is_empty() {
            let words = one_line(&why.words.join(", "));
            let _ = writeln!(text, "            shared words: {words}");
        }
    }
    text
}

/// Hits for a script, with their explanations, if there are any.
pub(crate) fn documents<'a>(hits: &'a [PaperHit], why: &'a [Explanation]) -> Vec<HitDocument<'a>> {
    let document = |(at, hit): (usize, &'a PaperHit)| HitDocument {
        explanation: why.get(at).map(|why| ExplanationDocument {
            query_sentence: &why.query_sentence,
            paper_sentence: &why.paper_sentence,
            score: why.score,
            words: &why.words,
        }),
        ..HitDocument::new(hit)
    };
    hits.iter().enumerate().map(document).collect()
}

/// The share of random pairs of papers that are less alike. Most hits are above 99 per cent, where
/// the digits behind the point tell them apart.
fn percentile(standing: &Standing) -> Option<String> {
    let percent = standing.percentile?;
    Some(format!("> {percent:>5.2} % of pairs  "))
}

/// Where a hit stands by its cosine alone, if that is not its rank.
fn nearness(standing: &Standing, rank: usize) -> Option<String> {
    let near = standing.at_least_as_near?;
    (near != rank).then(|| format!("number {} by cosine", thousands(near)))
}

/// The ids of other versions of a paper.
fn versions(papers: &[Paper]) -> Option<String> {
    let ids: Vec<&str> = papers.iter().map(|paper| paper.id.as_str()).collect();
    (!ids.is_empty()).then(|| format!("also {}", ids.join(", ")))
}

/// The first authors, and whether there are more.
fn authors(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [first, second, third, _, ..] => Some(format!("{first}, {second}, {third} and others")),
        names => Some(names.join(", ")),
    }
}

/// Metadata is not ours: line breaks and control characters of it must not move the cursor.
pub(crate) fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a search prints with `--json`.
#[derive(Debug, Serialize)]
pub(crate) struct SearchDocument<'a, Q> {
    pub(crate) query: Q,
    pub(crate) took_ms: f64,
    pub(crate) hits: Vec<HitDocument<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct HitDocument<'a> {
    rank: usize,
    id: &'a str,
    score: f32,
    percentile: Option<f32>,
    at_least_as_near: Option<usize>,
    keyword_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rerank_score: Option<f32>,
    title: &'a str,
    year: Option<i32>,
    venue: Option<&'a str>,
    url: Option<&'a str>,
    authors: &'a [String],
    versions: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<ExplanationDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct ExplanationDocument<'a> {
    query_sentence: &'a str,
    paper_sentence: &'a str,
    score: f32,
    words: &'a [String],
}

impl<'a> HitDocument<'a> {
    pub(crate) fn new(hit: &'a PaperHit) -> Self {
        let paper = &hit.paper;
        Self {
            rank: hit.rank,
            id: &paper.id,
            score: hit.score,
            percentile: hit.standing.and_then(|standing| standing.percentile),
            at_least_as_near: hit.standing.and_then(|standing| standing.at_least_as_near),
            keyword_score: hit.keyword_score,
            rerank_score: hit.rerank_score,
            title: &paper.title,
            year: paper.year,
            venue: paper.venue.as_deref(),
            url: paper.url.as_deref(),
            authors: &paper.authors,
            versions: hit.versions.iter().map(|paper| paper.id.as_str()).collect(),
            explanation: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits() {
        let texts = [0, 999, 1000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(1, "paper"), "1 paper");
        assert_eq!(count(2000, "paper"), "2,000 papers");
    }

    #[test]
    fn keeps_control_characters_off_the_terminal() {
        assert_eq!(
            one_line("A\u{1b}[2J title\r\nwith\tbreaks "),
            "A [2J title with breaks"
        );
    }

    #[test]
    fn names_three_authors_at_most() {
        let names = ["A", "B", "C", "D"].map(str::to_owned);
        assert_eq!(authors(&names[..0]), None);
        assert_eq!(authors(&names[..3]).unwrap(), "A, B, C");
        assert_eq!(authors(&names).unwrap(), "A, B, C and others");
    }
}
