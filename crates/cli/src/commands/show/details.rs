//! A paper as a person reads it: its title, its authors, where it was published, what identifies it, and its
//! abstract.

use cognate::{Details, ListEntry, Name, Paper, identifiers};

use crate::output::{one_line, thousands, title};
use crate::page::Page;
use crate::styled::Styled;

/// Adds a paper and its other versions to a page.
pub(super) fn add(page: &mut Page, paper: &Paper, versions: &[Paper]) {
    let title = title(&paper.title);
    page.paragraph(0, &Styled::new().bold(&title));
    let names: Vec<&str> = paper.authors.iter().map(Name::full).collect();
    if !names.is_empty() {
        let names = one_line(&names.join(", "));
        page.paragraph(0, &Styled::new().plain(&names));
    }
    let publication = publication(paper);
    if !publication.is_empty() {
        let publication = one_line(&publication.join(" · "));
        page.paragraph(0, &Styled::new().dim(&publication));
    }
    page.blank();
    for (name, value) in fields(paper, versions) {
        page.field(name, &Styled::new().plain(&one_line(&value)));
    }
    let abstract_text = one_line(&paper.abstract_text);
    if !abstract_text.is_empty() {
        page.blank();
        page.paragraph(0, &Styled::new().plain(&abstract_text));
    }
}

/// Returns year, venue, and the place of the paper in it.
fn publication(paper: &Paper) -> Vec<String> {
    let Details {
        kind,
        genre,
        published,
        volume,
        number,
        pages,
        publisher,
        ..
    } = &paper.details;
    let date = published.map(|date| date.to_string());
    let named =
        |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} {value}"));
    let other_publisher = publisher
        .clone()
        .filter(|name| Some(name) != paper.venue.as_ref());
    let parts = [
        date.or_else(|| paper.year.map(|year| year.to_string())),
        paper.venue.clone(),
        named("volume", volume),
        named("number", number),
        named("pages", pages),
        other_publisher,
        genre.clone().or_else(|| kind.map(|kind| kind.to_string())),
    ];
    parts.into_iter().flatten().collect()
}

/// Returns what identifies the paper and what it belongs to, each with its name, none of them twice.
fn fields(paper: &Paper, versions: &[Paper]) -> Vec<(&'static str, String)> {
    let doi = paper.doi.as_deref().and_then(identifiers::doi);
    let arxiv = paper.arxiv.as_deref().and_then(identifiers::arxiv);
    // The id, the DOI of arXiv and the address of a resolver say the same as an identifier.
    let id_is = |identifier: &Option<String>, read: fn(&str) -> Option<String>| {
        identifier.is_some() && read(&paper.id) == *identifier
    };
    let is_doi_of_arxiv = |doi: &str| identifiers::arxiv(doi).is_some();
    let shown_doi = paper.doi.as_deref().filter(|text| {
        let is_of_arxiv = arxiv.is_some() && is_doi_of_arxiv(text);
        !is_of_arxiv && !id_is(&doi, identifiers::doi)
    });
    let shown_arxiv = paper
        .arxiv
        .as_deref()
        .filter(|_| !id_is(&arxiv, identifiers::arxiv));
    let shown_url = paper.url.as_deref().filter(|url| {
        let is_resolver = url.contains("://doi.org/") || url.contains("://dx.doi.org/");
        !(is_resolver && doi.is_some() && identifiers::doi(url) == doi)
    });
    let details = &paper.details;
    let text = |text: &str| Some(text.to_owned());
    let counted = |n: usize| (n > 0).then(|| thousands(n));
    let listed = |items: &[String]| (!items.is_empty()).then(|| items.join(", "));
    let editors: Vec<String> = details
        .editors
        .iter()
        .map(|name| name.full().to_owned())
        .collect();
    let versions: Vec<String> = versions.iter().map(version).collect();
    let lists: Vec<String> = paper.lists.iter().map(list).collect();
    [
        ("id", text(&paper.id)),
        ("DOI", shown_doi.and_then(text)),
        ("arXiv", shown_arxiv.and_then(text)),
        ("URL", shown_url.and_then(text)),
        ("PubMed", details.pmid.clone()),
        ("PMC", details.pmcid.clone()),
        ("ISBN", details.isbn.clone()),
        ("ISSN", details.issn.clone()),
        ("series", details.series.clone()),
        ("edition", details.edition.clone()),
        ("editors", listed(&editors)),
        ("place", details.place.clone()),
        ("language", details.language.clone()),
        ("revised", details.updated.map(|date| date.to_string())),
        ("categories", listed(&paper.categories)),
        ("references", counted(paper.references.len())),
        ("added", paper.added.map(|day| day.to_string())),
        ("lists", (!lists.is_empty()).then(|| lists.join("; "))),
        (
            "versions",
            (!versions.is_empty()).then(|| versions.join("; ")),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// Names a list with the note about the paper there.
fn list(entry: &ListEntry) -> String {
    if entry.note.is_empty() {
        entry.name.clone()
    } else {
        format!("{} ({})", entry.name, entry.note)
    }
}

/// Names another version of a paper: its id, and where it was published.
fn version(paper: &Paper) -> String {
    let year = paper.year.map(|year| year.to_string());
    let facts: Vec<String> = [paper.venue.clone(), year].into_iter().flatten().collect();
    if facts.is_empty() {
        paper.id.clone()
    } else {
        format!("{} ({})", paper.id, facts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Screen;

    fn text(paper: &Paper, versions: &[Paper], width: usize) -> String {
        let mut page = Page::new(Screen {
            width,
            ..Screen::FILE
        });
        add(&mut page, paper, versions);
        page.text().to_owned()
    }

    fn preprint() -> Paper {
        Paper::new("vaswani2017")
            .title("Attention Is All You Need")
            .authors([
                "Ashish Vaswani",
                "Noam Shazeer",
                "Niki Parmar",
                "Jakob Uszkoreit",
            ])
            .year(2017)
            .venue("NeurIPS")
            .doi("10.48550/arXiv.1706.03762")
            .arxiv("1706.03762")
            .url("https://arxiv.org/abs/1706.03762")
            .categories(["cs.CL", "cs.LG"])
            .references(["a", "b"])
            .added("2026-11-30".parse().unwrap())
            .lists([ListEntry::new("liked").note("good"), ListEntry::new("read")])
            .abstract_text("The dominant sequence transduction\nmodels are based on networks.")
    }

    #[test]
    fn a_paper_is_shown_with_all_that_is_known_and_nothing_twice() {
        let published = Paper::new("nips/3f5ee").venue("NIPS").year(2017);
        assert_eq!(
            text(&preprint(), &[published, Paper::new("x")], 50),
            "Attention Is All You Need\n\
             Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob\n\
             Uszkoreit\n\
             2017 · NeurIPS\n\
             \n\
             id           vaswani2017\n\
             arXiv        1706.03762\n\
             URL          https://arxiv.org/abs/1706.03762\n\
             categories   cs.CL, cs.LG\n\
             references   2\n\
             added        2026-11-30\n\
             lists        liked (good); read\n\
             versions     nips/3f5ee (NIPS, 2017); x\n\
             \n\
             The dominant sequence transduction models are\n\
             based on networks.\n"
        );
        assert_eq!(
            text(&Paper::new("only-an-id"), &[], 50),
            "(no title)\n\nid           only-an-id\n"
        );
    }

    #[test]
    fn an_identifier_that_the_id_has_is_not_repeated() {
        let names = |paper: &Paper| -> Vec<&str> {
            fields(paper, &[]).iter().map(|(name, _)| *name).collect()
        };
        let arxiv = Paper::new("arXiv:1706.03762").arxiv("1706.03762");
        assert_eq!(names(&arxiv), ["id"]);
        let doi = Paper::new("doi:10.1234/x").doi("10.1234/X");
        assert_eq!(names(&doi), ["id"]);
        let both = Paper::new("x")
            .doi("10.1234/x")
            .url("https://doi.org/10.1234/X");
        assert_eq!(names(&both), ["id", "DOI"]);
        let other = both
            .clone()
            .arxiv("1706.03762")
            .url("https://doi.org/10.1234/y");
        assert_eq!(names(&other), ["id", "DOI", "arXiv", "URL"]);
    }

    #[test]
    fn lines_are_no_wider_than_the_screen() {
        let mut paper = preprint();
        paper.abstract_text = "word ".repeat(100);
        paper.details.volume = Some("30".to_owned());
        for width in [50, 80, 120] {
            let text = text(&paper, &[], width);
            assert!(
                text.lines()
                    .all(|line| textwrap::core::display_width(line) <= width)
            );
            assert!(text.contains("2017 · NeurIPS · volume 30\n"), "{text}");
        }
    }
}
