//! BibTeX, by O. Patashnik, `BibTeXing` (1988), with the fields for arXiv that arXiv's own entries
//! have.
//!
//! BibTeX with its standard styles, BibLaTeX with Biber, and pybtex have different types of entries and forms of
//! dates. What is written is what all of them understand:
//!
//! - The types are those of BibTeX. A publication of a kind without a type is `@misc`, with its kind in
//!   `entrysubtype`, a field of BibLaTeX that no standard style prints.
//! - A date is `year`, and `month` as an abbreviation: BibTeX and pybtex know no other fields, and Biber accepts
//!   these. A known day adds `date`, a field of BibLaTeX that the others ignore; Biber prefers it to `year` and
//!   `month`, which agree with it. (BibTeX's own notation for a day, `month = "12~" # jun`, is an error in Biber.)
//! - The dates that no style prints, of the last revision, and of a publication in another year, are `updated` and
//!   `published`. All programs ignore fields that they do not know.

mod keys;
mod latex;
mod names;

use std::io::{self, Write};

use self::keys::CitationKeys;
use self::latex::{escape, pages, percent_encode};
use super::export::{Export, ExportSpec, Item};
use super::field::non_blank;
use super::publication::Publication;
use crate::text::words;
use crate::{Paper, PaperKind, PartialDate};

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "bibtex",
    extensions: &["bib", "bibtex"],
    start: |_| Box::new(BibtexExport::default()),
};

#[derive(Debug, Default)]
struct BibtexExport {
    keys: CitationKeys,
}

impl Export for BibtexExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        if item.index > 0 {
            out.write_all(b"\n")?;
        }
        write_entry(out, &self.keys.unique(&item.paper.id), item.paper)
    }
}

/// The abbreviations of the months.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Returns the type of an entry and its fields for the container and the publisher.
fn layout(kind: PaperKind, genre: Option<&str>) -> (&'static str, &'static str, &'static str) {
    match kind {
        PaperKind::Article => ("article", "journal", "publisher"),
        PaperKind::ConferencePaper => ("inproceedings", "booktitle", "publisher"),
        PaperKind::Chapter => ("incollection", "booktitle", "publisher"),
        PaperKind::Book => ("book", "howpublished", "publisher"),
        PaperKind::Proceedings => ("proceedings", "howpublished", "publisher"),
        PaperKind::Report => ("techreport", "howpublished", "institution"),
        PaperKind::Thesis if genre.is_some_and(is_below_doctorate) => {
            ("mastersthesis", "howpublished", "school")
        }
        PaperKind::Thesis => ("phdthesis", "howpublished", "school"),
        _ => ("misc", "howpublished", "publisher"),
    }
}

/// Returns whether a thesis of this genre is written for a degree below a doctorate. BibTeX has a type for the
/// theses of masters, and prints the genre, if it is given, instead of `Master's thesis`.
fn is_below_doctorate(genre: &str) -> bool {
    const STARTS: [&str; 5] = ["master", "bachelor", "magister", "diplom", "licentiate"];
    const DEGREES: [&str; 6] = ["msc", "mphil", "ma", "ms", "bsc", "ba"];
    let genre = genre.replace('.', "");
    words(&genre).any(|word| {
        STARTS.iter().any(|start| word.starts_with(start)) || DEGREES.contains(&word.as_str())
    })
}

/// Writes the fields of an entry that have a value.
struct Fields<'a>(&'a mut dyn Write);

impl Fields<'_> {
    fn raw(&mut self, name: &str, value: Option<String>) -> io::Result<()> {
        match value {
            Some(value) => writeln!(self.0, "  {name} = {{{value}}},"),
            None => Ok(()),
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) -> io::Result<()> {
        self.raw(name, non_blank(value).map(|text| escape(&text)))
    }

    /// Writes an identifier or an address, which bibliography styles print without interpreting LaTeX.
    fn verbatim(&mut self, name: &str, value: Option<&str>) -> io::Result<()> {
        self.raw(name, non_blank(value).map(|text| percent_encode(&text)))
    }
}

fn write_entry(out: &mut dyn Write, key: &str, paper: &Paper) -> io::Result<()> {
    let details = &paper.details;
    let publication = Publication::of(paper);
    let (entry, container_field, publisher_field) =
        layout(publication.kind, details.genre.as_deref());
    let is_misc = entry == "misc";
    writeln!(out, "@{entry}{{{key},")?;
    let mut fields = Fields(out);
    // The inner braces keep bibliography styles from converting names and formulas to lower case.
    let title = non_blank(Some(&paper.title)).map(|title| format!("{{{}}}", escape(&title)));
    fields.raw("title", title)?;
    fields.raw("author", names::list(publication.authors))?;
    fields.raw("editor", names::list(&details.editors))?;
    let container = publication.container.as_deref();
    if is_misc {
        // The standard styles print `howpublished` of such an entry, and not `publisher`.
        let published_by = publication.publisher.as_deref();
        fields.text(container_field, container.or(published_by))?;
        fields.text(publisher_field, details.publisher.as_deref())?;
    } else {
        fields.text(container_field, container)?;
        fields.text(publisher_field, publication.publisher.as_deref())?;
    }
    fields.text("address", details.place.as_deref())?;
    fields.text("series", details.series.as_deref())?;
    fields.text("volume", details.volume.as_deref())?;
    fields.text("number", details.number.as_deref())?;
    fields.raw(
        "pages",
        non_blank(details.pages.as_deref()).map(|text| pages(&text)),
    )?;
    fields.text("edition", details.edition.as_deref())?;
    fields.text("type", details.genre.as_deref())?;
    write_dates(&mut fields, paper, &publication)?;
    fields.verbatim("doi", paper.doi.as_deref())?;
    if let Some(identifier) = non_blank(paper.arxiv.as_deref()) {
        fields.verbatim("eprint", Some(&identifier))?;
        fields.text("archiveprefix", Some("arXiv"))?;
    }
    fields.verbatim("url", paper.url.as_deref())?;
    fields.text("isbn", details.isbn.as_deref())?;
    fields.text("issn", details.issn.as_deref())?;
    fields.text("pmid", details.pmid.as_deref())?;
    fields.text("pmcid", details.pmcid.as_deref())?;
    fields.text("language", details.language.as_deref())?;
    let keywords: Vec<_> = paper.categories.iter().filter_map(|c| keyword(c)).collect();
    fields.raw(
        "keywords",
        (!keywords.is_empty()).then(|| keywords.join(", ")),
    )?;
    fields.text("abstract", Some(&paper.abstract_text))?;
    // A reader may infer another kind from an identifier of arXiv or from the genre.
    let is_other = publication.kind == PaperKind::Other;
    if is_misc && (!is_other || paper.arxiv.is_some() || details.genre.is_some()) {
        fields.text("entrysubtype", Some(publication.kind.name()))?;
    }
    writeln!(out, "}}")
}

fn write_dates(
    fields: &mut Fields<'_>,
    paper: &Paper,
    publication: &Publication<'_>,
) -> io::Result<()> {
    fields.raw("year", publication.year.map(|year| year.to_string()))?;
    let date = publication.date;
    let month = date.and_then(PartialDate::month);
    if let Some(month) = month.and_then(|month| MONTHS.get(usize::from(month) - 1)) {
        writeln!(fields.0, "  month = {month},")?;
    }
    let to_the_day = date.filter(|date| date.day().is_some());
    fields.raw("date", to_the_day.map(|date| date.to_string()))?;
    let other = publication.other_date;
    fields.raw("published", other.map(|date| date.to_string()))?;
    let updated = paper.details.updated;
    fields.raw("updated", updated.map(|date| date.to_string()))
}

/// Returns a keyword, in braces if it has a separator of keywords.
fn keyword(category: &str) -> Option<String> {
    let text = escape(&non_blank(Some(category))?);
    Some(if text.contains([',', ';']) {
        format!("{{{text}}}")
    } else {
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::export::written;
    use super::*;
    use crate::{Details, Name};

    fn entry(paper: &Paper) -> String {
        written(&EXPORT, &Item::first(paper, None))
    }

    #[test]
    fn writes_every_field() {
        let paper = Paper::new("arXiv:2001.00001")
            .title("Sorting by\n Rotating Wheels")
            .abstract_text("We sort 50% more.\n\nCheaply.")
            .authors(["Ann Ada", "Bo Øre", "Wheel Team", "Cut and Dry"])
            .year(2020)
            .venue("arXiv")
            .url("https://example.org/a_b%20{c}#d e")
            .categories(["cs.DS", "cs_X", "a, b"])
            .doi("10.48550/arXiv.2001.00001")
            .arxiv("2001.00001")
            .references(["other"]);
        assert_eq!(
            entry(&paper),
            r"@misc{arXiv:2001.00001,
  title = {{Sorting by Rotating Wheels}},
  author = {Ann Ada and Bo Øre and {Wheel Team} and {Cut and Dry}},
  howpublished = {arXiv},
  year = {2020},
  doi = {10.48550/arXiv.2001.00001},
  eprint = {2001.00001},
  archiveprefix = {arXiv},
  url = {https://example.org/a_b%20%7Bc%7D#d%20e},
  keywords = {cs.DS, cs\_X, {a, b}},
  abstract = {We sort 50\% more. Cheaply.},
  entrysubtype = {preprint},
}
"
        );
    }

    #[test]
    fn writes_every_detail() {
        let text = |text: &str| Some(text.to_owned());
        let details = Details {
            kind: Some(PaperKind::Chapter),
            genre: text("Survey"),
            published: "2017-06-12".parse().ok(),
            updated: "2018-01".parse().ok(),
            volume: text("3"),
            number: text("4"),
            pages: text("12-34, 56"),
            publisher: text("Spoke & Sons"),
            place: text("Wheelham"),
            series: text("Wheels"),
            edition: text("Second"),
            editors: vec![Name::parse("Roe, Jr., Max")],
            isbn: text("978-3-16-148410-0"),
            issn: text("1234-5679"),
            pmid: text("12345678"),
            pmcid: text("PMC1234567"),
            language: text("en"),
        };
        let paper = Paper::new("a").venue("The Book").details(details);
        assert_eq!(
            entry(&paper),
            r"@incollection{a,
  editor = {Roe, Jr., Max},
  booktitle = {The Book},
  publisher = {Spoke \& Sons},
  address = {Wheelham},
  series = {Wheels},
  volume = {3},
  number = {4},
  pages = {12--34, 56},
  edition = {Second},
  type = {Survey},
  year = {2017},
  month = jun,
  date = {2017-06-12},
  updated = {2018-01},
  isbn = {978-3-16-148410-0},
  issn = {1234-5679},
  pmid = {12345678},
  pmcid = {PMC1234567},
  language = {en},
}
"
        );
    }

    #[test]
    fn omits_unknown_fields() {
        let paper = Paper::new("a").abstract_text("B.").authors([" "]).url("");
        assert_eq!(entry(&paper), "@misc{a,\n  abstract = {B.},\n}\n");
    }

    #[test]
    fn the_kind_determines_entry_type_and_fields() {
        use PaperKind::*;
        for (kind, genre, expected) in [
            (Article, "", "@article{a,\n  journal = {V \\& W},\n}\n"),
            (
                ConferencePaper,
                "",
                "@inproceedings{a,\n  booktitle = {V \\& W},\n}\n",
            ),
            (
                Chapter,
                "",
                "@incollection{a,\n  booktitle = {V \\& W},\n}\n",
            ),
            (Book, "", "@book{a,\n  publisher = {V \\& W},\n}\n"),
            (
                Proceedings,
                "",
                "@proceedings{a,\n  publisher = {V \\& W},\n}\n",
            ),
            (Thesis, "", "@phdthesis{a,\n  school = {V \\& W},\n}\n"),
            (
                Thesis,
                "Master's",
                "@mastersthesis{a,\n  school = {V \\& W},\n  type = {Master's},\n}\n",
            ),
            (
                Thesis,
                "M.Sc.",
                "@mastersthesis{a,\n  school = {V \\& W},\n  type = {M.Sc.},\n}\n",
            ),
            (
                Report,
                "",
                "@techreport{a,\n  institution = {V \\& W},\n}\n",
            ),
            (
                Dataset,
                "",
                "@misc{a,\n  howpublished = {V \\& W},\n  entrysubtype = {dataset},\n}\n",
            ),
            (Other, "", "@misc{a,\n  howpublished = {V \\& W},\n}\n"),
        ] {
            let mut paper = Paper::new("a").venue("V & W").kind(kind);
            paper.details.genre = non_blank(Some(genre));
            assert_eq!(entry(&paper), expected);
        }
        let article = Paper::new("a").venue("Letters");
        assert!(entry(&article).starts_with("@article{a,\n  journal = {Letters},"));
    }

    #[test]
    fn dates_are_as_precise_as_they_are_known() {
        let of = |published: &str, year: Option<i32>| {
            let mut paper = Paper::new("a");
            paper.year = year;
            paper.details.published = published.parse().ok();
            let entry = entry(&paper);
            entry.lines().skip(1).map(str::trim).collect::<String>()
        };
        assert_eq!(of("2017", None), "year = {2017},}");
        assert_eq!(of("2017-12", None), "year = {2017},month = dec,}");
        assert_eq!(
            of("2017-12-31", Some(2018)),
            "year = {2018},published = {2017-12-31},}"
        );
        assert_eq!(of("-0400", None), "year = {-400},}");
    }

    #[test]
    fn the_editors_of_a_book_are_not_its_authors_too() {
        let mut paper = Paper::new("a").kind(PaperKind::Book).authors(["Ann Ada"]);
        paper.details.editors = paper.authors.clone();
        assert_eq!(entry(&paper), "@book{a,\n  editor = {Ann Ada},\n}\n");
    }

    #[test]
    fn no_text_unbalances_the_braces() {
        let hostile = Paper::new("}a{")
            .title("}} {")
            .abstract_text("\\}")
            .authors(["}", "{ and }"])
            .categories(["},"])
            .url("}");
        let text = entry(&hostile);
        let mut depth = 0;
        for (at, c) in text.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            assert_eq!(depth == 0, at < 5 || at >= text.len() - 2, "{at} in {text}");
        }
    }
}
