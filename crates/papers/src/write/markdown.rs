//! A list in Markdown.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::export::{Export, ExportSpec, Item};
use super::field::non_blank;
use crate::Paper;

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "markdown",
    extensions: &["md", "markdown"],
    start: |_| Box::new(MarkdownExport),
};

#[derive(Debug)]
struct MarkdownExport;

impl Export for MarkdownExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        write_list_item(out, item)
    }
}

/// Writes an item of a numbered list: title, authors, year, venue and score.
fn write_list_item(out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
    let Item { paper, index, rank } = *item;
    let title =
        non_blank(Some(&paper.title)).map_or_else(|| "(no title)".to_owned(), |t| escape(&t));
    let mut line = match address(paper) {
        Some(address) => format!("[{title}]({address})"),
        None => title,
    };
    let names: Vec<_> = paper
        .authors
        .iter()
        .filter_map(|a| non_blank(Some(a.full())))
        .collect();
    let authors = (!names.is_empty()).then(|| escape(&names.join(", ")));
    let year = paper.year.map(|year| year.to_string());
    let venue = non_blank(paper.venue.as_deref()).map(|venue| format!("*{}*", escape(&venue)));
    let score = rank.and_then(|rank| rank.score);
    let score = score.map(|score| format!("score {score:.3}"));
    let details: Vec<_> = [authors, year, venue, score]
        .into_iter()
        .flatten()
        .collect();
    if !details.is_empty() {
        // Writing to a `String` cannot fail.
        let _ = write!(line, " — {}", details.join(" · "));
    }
    let number = rank.map_or(index + 1, |rank| rank.rank);
    writeln!(out, "{number}. {line}")
}

/// Returns the address of a page about the paper, with the characters escaped that would end the
/// link.
///
/// An address with a scheme other than HTTP is ignored, since a browser might execute it.
fn address(paper: &Paper) -> Option<String> {
    let is_page = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    let url = non_blank(paper.url.as_deref()).filter(is_page);
    let doi = || non_blank(paper.doi.as_deref()).map(|doi| format!("https://doi.org/{doi}"));
    let arxiv = || non_blank(paper.arxiv.as_deref()).map(|n| format!("https://arxiv.org/abs/{n}"));
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

/// Escapes the characters that are special in Markdown.
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
    use super::super::export::{Rank, written};
    use super::*;

    fn item(paper: &Paper, rank: Option<Rank>) -> String {
        let item = Item {
            paper,
            index: 6,
            rank,
        };
        written(&EXPORT, &item)
    }

    #[test]
    fn links_the_title_and_appends_the_details() {
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
        let rank = Rank {
            rank: 2,
            score: Some(0.123_45),
        };
        assert!(item(&paper, Some(rank)).starts_with("2. ["));
        assert!(item(&paper, Some(rank)).ends_with("*Letters\\_X* · score 0.123\n"));
    }

    #[test]
    fn links_only_web_pages_and_falls_back_to_doi_and_arxiv() {
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
