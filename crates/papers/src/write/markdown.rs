use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Rank, known};
use crate::Paper;

/// Writes an item of a numbered list: title, authors, year, venue, score.
pub(super) fn write(
    out: &mut impl Write,
    number: usize,
    paper: &Paper,
    place: Option<Rank>,
) -> io::Result<()> {
    let title = known(Some(&paper.title)).map_or_else(|| "(no title)".to_owned(), |t| escape(&t));
    let mut item = match address(paper) {
        Some(address) => format!("[{title}]({address})"),
        None => title,
    };
    let names: Vec<_> = paper
        .authors
        .iter()
        .filter_map(|a| known(Some(a)))
        .collect();
    let authors = (!names.is_empty()).then(|| escape(&names.join(", ")));
    let year = paper.year.map(|year| year.to_string());
    let venue = known(paper.venue.as_deref()).map(|venue| format!("*{}*", escape(&venue)));
    let score = place.map(|place| format!("score {:.3}", place.score));
    let facts: Vec<_> = [authors, year, venue, score]
        .into_iter()
        .flatten()
        .collect();
    if !facts.is_empty() {
        // Infallible: a `String` takes everything.
        let _ = write!(item, " — {}", facts.join(" · "));
    }
    let number = place.map_or(number, |place| place.rank);
    writeln!(out, "{number}. {item}")
}

/// Where the paper can be read: only what a browser opens as a page.
fn address(paper: &Paper) -> Option<String> {
    let is_page = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    let url = known(paper.url.as_deref()).filter(is_page);
    let doi = || known(paper.doi.as_deref()).map(|doi| format!("https://doi.org/{doi}"));
    let arxiv = || known(paper.arxiv.as_deref()).map(|n| format!("https://arxiv.org/abs/{n}"));
    let url = url.or_else(doi).or_else(arxiv)?;
    let mut address = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            ' ' => address.push_str("%20"),
            '(' => address.push_str("%28"),
            ')' => address.push_str("%29"),
            '<' => address.push_str("%3C"),
            '>' => address.push_str("%3E"),
            '\\' => address.push_str("%5C"),
            c => address.push(c),
        }
    }
    Some(address)
}

/// A text that Markdown prints as it stands.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\`*_[]<>#|~$&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(paper: &Paper, place: Option<Rank>) -> String {
        let mut out = Vec::new();
        write(&mut out, 7, paper, place).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn links_the_title_and_gives_the_facts() {
        let paper = Paper::new("a")
            .title("On\nwheels [and] *stars*")
            .authors(["Ann Ada", "Bo Øre"])
            .year(2020)
            .venue("Letters_X")
            .url("https://example.org/a (b)");
        assert_eq!(
            item(&paper, None),
            "7. [On wheels \\[and\\] \\*stars\\*](https://example.org/a%20%28b%29) — Ann Ada, Bo Øre · \
             2020 · *Letters\\_X*\n"
        );
        let place = Rank {
            rank: 2,
            score: 0.123_45,
        };
        assert!(item(&paper, Some(place)).starts_with("2. ["));
        assert!(item(&paper, Some(place)).ends_with("*Letters\\_X* · score 0.123\n"));
    }

    #[test]
    fn links_only_pages_and_does_without() {
        let paper = Paper::new("a").title("A").url("javascript:alert(1)");
        assert_eq!(item(&paper, None), "7. A\n");
        assert_eq!(
            item(&paper.clone().doi("10.1/a(b)c"), None),
            "7. [A](https://doi.org/10.1/a%28b%29c)\n"
        );
        assert_eq!(
            item(&paper.arxiv("2001.00001"), None),
            "7. [A](https://arxiv.org/abs/2001.00001)\n"
        );
        assert_eq!(
            item(&Paper::new("a").abstract_text("B"), None),
            "7. (no title)\n"
        );
    }
}
