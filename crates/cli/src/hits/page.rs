//! Hits on a screen: the title first, then what a reader needs to judge it, and nothing twice.

use cognate::{Explanation, FoundBy, Name, PaperHit};
use textwrap::core::display_width;

use crate::hits::text::{authors, other_versions};
use crate::output::{one_line, thousands, title};
use crate::page::Page;
use crate::styled::{Styled, shortened_to};
use crate::web_address::web_address;

/// The column in which the lines of a hit begin, right of its rank.
const INDENT: usize = 5;

/// The smallest number of columns to which the name of a venue is shortened.
const MIN_VENUE: usize = 12;

/// The difference of two ranks from which the rank by cosine says more than the rank itself.
const TELLING_RANKS: usize = 5;

/// Adds hits, each followed by its explanation. `explanations` may be empty.
pub(crate) fn add_hits(page: &mut Page, hits: &[PaperHit], explanations: &[Explanation]) {
    let mut last_query_sentence = "";
    for (at, hit) in hits.iter().enumerate() {
        add_hit(page, hit);
        let Some(explanation) = explanations.get(at) else {
            continue;
        };
        if explanation.query_sentence != last_query_sentence {
            last_query_sentence = &explanation.query_sentence;
            let sentence = one_line(last_query_sentence);
            page.paragraph(INDENT, &Styled::new().dim(&format!("“{sentence}”")));
        }
        let score = format!("≈ {:.3} ", explanation.score);
        let sentence = one_line(&explanation.paper_sentence);
        let sentence = Styled::new().plain(&format!("“{sentence}”"));
        page.item(&indented(Styled::new().dim(&score)), INDENT + 8, &sentence);
        if !explanation.words.is_empty() {
            let words = one_line(&explanation.words.join(", "));
            let words = Styled::new().dim("shared words: ").plain(&words);
            page.paragraph(INDENT, &words);
        }
    }
}

/// Adds a hit: its title; authors, year, venue and id; its score, and how it was found.
pub(crate) fn add_hit(page: &mut Page, hit: &PaperHit) {
    let paper = &hit.paper;
    let url = web_address(paper).ok();
    let heading = Styled::new().bold_link(&title(&paper.title), url.as_deref());
    let rank = Styled::new().plain(&format!("{:>3}", hit.rank));
    page.item(&rank, INDENT, &heading);
    let room = page.room(INDENT);
    page.paragraph(INDENT, &facts(hit, room));
    let mut score = score(hit);
    // Where titles are links, the address would be there twice.
    let url = url.filter(|url| !page.screen().has_links && !url.ends_with(bare(&paper.id)));
    if let Some(url) = url {
        let with_url = score.clone().dim(" · ").dim_whole(&url);
        if with_url.width() <= room {
            score = with_url;
        }
    }
    page.paragraph(INDENT, &score);
}

/// Adds a sentence below a hit.
pub(crate) fn add_remark(page: &mut Page, remark: &Styled) {
    page.paragraph(INDENT, remark);
}

fn indented(text: Styled) -> Styled {
    Styled::new().plain(&" ".repeat(INDENT)).then(text)
}

/// Returns an id without the name of what it is an id of: `1706.03762` of `arXiv:1706.03762`.
fn bare(id: &str) -> &str {
    id.rsplit_once(':').map_or(id, |(_, bare)| bare)
}

/// Returns authors, year, venue, id and other versions on one line of `room` columns, for which
/// authors and venue are shortened if that is enough.
fn facts(hit: &PaperHit, room: usize) -> Styled {
    let paper = &hit.paper;
    let names: Vec<&str> = paper.authors.iter().map(Name::full).collect();
    // The id of a preprint begins with the name of the server.
    let is_in_id = |venue: &str| {
        let start = paper.id.get(..venue.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(venue))
    };
    let venue = paper.venue.as_deref().map(one_line);
    let venue = venue.filter(|venue| !is_in_id(venue));
    let first_author = match names[..] {
        [first, _, ..] => Some(format!("{first} and others")),
        _ => authors(&names),
    };
    for authors in [authors(&names), first_author] {
        let all = line_of_facts(hit, authors.clone(), venue.clone());
        let excess = all.width().saturating_sub(room);
        if excess == 0 {
            return all;
        }
        let venue = venue.as_deref().and_then(|venue| {
            let width = display_width(venue).checked_sub(excess)?;
            (width >= MIN_VENUE).then(|| shortened_to(venue, width))
        });
        if venue.is_some() {
            return line_of_facts(hit, authors, venue);
        }
    }
    line_of_facts(hit, authors(&names), venue)
}

fn line_of_facts(hit: &PaperHit, authors: Option<String>, venue: Option<String>) -> Styled {
    let paper = &hit.paper;
    let year = paper.year.map(|year| year.to_string());
    let mut line = Styled::new();
    for fact in [authors, year, venue].into_iter().flatten() {
        line = line.dim(&one_line(&fact)).dim(" · ");
    }
    line = line.dim_whole(&one_line(&paper.id));
    match other_versions(&hit.versions) {
        Some(versions) => line.dim(" · ").dim(&one_line(&versions)),
        None => line,
    }
}

/// Returns the score of a hit, and why it stands at its rank.
fn score(hit: &PaperHit) -> Styled {
    let context = hit.score_context.as_ref();
    let mut line = match (hit.score, hit.keyword_score) {
        (Some(cosine), _) => Styled::new().plain(&format!("{cosine:.3}")),
        (None, score) => Styled::new().plain(&format!("BM25 {:.3}", score.unwrap_or_default())),
    };
    if let Some(percentile) = context.and_then(|context| context.percentile) {
        // Rounded down, so that it never claims all pairs.
        let percentile = (f64::from(percentile) * 100.0).floor().min(9999.0) / 100.0;
        line = line.dim(&format!(" (> {percentile:.2} % of pairs)"));
    }
    let found_by = match context {
        Some(context) => context.found_by,
        // A search by keywords measures no cosines.
        None => hit.score.is_none().then_some(FoundBy::Words),
    };
    if let Some(found_by) = found_by {
        line = line.dim(" · ").plain(name(found_by));
    }
    let by_cosine = context.and_then(|context| context.rank_by_cosine);
    if let Some(by_cosine) = by_cosine.filter(|rank| rank.abs_diff(hit.rank) >= TELLING_RANKS) {
        line = line.dim(&format!(" · rank {} by cosine", thousands(by_cosine)));
    }
    if let Some(score) = hit.rerank_score {
        line = line.dim(&format!(" · reranked with {score:.3}"));
    }
    line
}

fn name(found_by: FoundBy) -> &'static str {
    match found_by {
        FoundBy::Words => "words",
        FoundBy::Meaning => "meaning",
        _ => "both",
    }
}
