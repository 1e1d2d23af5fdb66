//! RIS, by the specification of Research Information Systems (2011) and as Zotero reads it.

use std::io::{self, Write};

use super::export::{Export, ExportSpec, Item};
use super::field::{non_blank, one_line};
use super::publication::{Publication, parts};
use crate::{Name, Paper, PaperKind, PartialDate};

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "ris",
    extensions: &["ris"],
    start: |_| Box::new(RisExport),
};

#[derive(Debug)]
struct RisExport;

impl Export for RisExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        write_record(out, item.paper)
    }
}

/// Returns the type of a record. Proceedings have none; their type of work tells them from a book.
fn reference_type(kind: PaperKind) -> &'static str {
    match kind {
        PaperKind::Article => "JOUR",
        PaperKind::ConferencePaper => "CONF",
        PaperKind::Preprint => "UNPB",
        PaperKind::Book | PaperKind::Proceedings => "BOOK",
        PaperKind::Chapter => "CHAP",
        PaperKind::Thesis => "THES",
        PaperKind::Report => "RPRT",
        PaperKind::Dataset => "DATA",
        PaperKind::Software => "COMP",
        PaperKind::WebPage => "ELEC",
        PaperKind::Patent => "PAT",
        PaperKind::Standard => "STAND",
        PaperKind::Other => "GEN",
    }
}

/// Writes the lines of a record that have a value.
struct Lines<'a>(&'a mut dyn Write);

impl Lines<'_> {
    fn line(&mut self, tag: &str, value: Option<&str>) -> io::Result<()> {
        match non_blank(value) {
            Some(value) => write!(self.0, "{tag}  - {value}\r\n"),
            None => Ok(()),
        }
    }

    fn names(&mut self, tag: &str, names: &[Name]) -> io::Result<()> {
        let mut names = names.iter();
        names.try_for_each(|name| self.line(tag, Some(&inverted(name))))
    }
}

/// Writes a record, from its type to its end mark.
fn write_record(out: &mut dyn Write, paper: &Paper) -> io::Result<()> {
    let details = &paper.details;
    let publication = Publication::of(paper);
    let mut lines = Lines(out);
    lines.line("TY", Some(reference_type(publication.kind)))?;
    lines.line("ID", Some(&paper.id))?;
    lines.line("TI", Some(&paper.title))?;
    lines.names("AU", publication.authors)?;
    // The second authors of a patent are its assignees.
    let is_patent = publication.kind == PaperKind::Patent;
    lines.names(if is_patent { "ED" } else { "A2" }, &details.editors)?;
    let year = publication.year.map(|year| year.to_string());
    lines.line("PY", year.as_deref())?;
    let more_precise = publication.date.filter(|date| date.month().is_some());
    let date = more_precise.or(publication.other_date).map(date);
    lines.line("DA", date.as_deref())?;
    // The second title of a book is that of its series.
    let is_book = reference_type(publication.kind) == "BOOK";
    let container = publication.container.as_deref();
    lines.line(if is_book { "JF" } else { "T2" }, container)?;
    lines.line("T3", details.series.as_deref())?;
    lines.line("VL", details.volume.as_deref())?;
    lines.line("IS", details.number.as_deref())?;
    let (first, last) = pages(details.pages.as_deref().unwrap_or_default());
    lines.line("SP", Some(first))?;
    lines.line("EP", last)?;
    lines.line("PB", publication.publisher.as_deref())?;
    lines.line("CY", details.place.as_deref())?;
    lines.line("ET", details.edition.as_deref())?;
    let is_proceedings = publication.kind == PaperKind::Proceedings;
    let genre = non_blank(details.genre.as_deref());
    let genre = genre.or_else(|| is_proceedings.then(|| publication.kind.name().to_owned()));
    lines.line("M3", genre.as_deref())?;
    lines.line("SN", details.isbn.as_deref())?;
    lines.line("SN", details.issn.as_deref())?;
    lines.line("LA", details.language.as_deref())?;
    lines.line("AB", Some(&paper.abstract_text))?;
    for category in &paper.categories {
        lines.line("KW", Some(category))?;
    }
    lines.line("DO", paper.doi.as_deref())?;
    let labeled = |label: &str, identifier: &Option<String>| {
        let identifier = non_blank(identifier.as_deref());
        identifier.map(|identifier| format!("{label}:{identifier}"))
    };
    lines.line("AN", labeled("arXiv", &paper.arxiv).as_deref())?;
    lines.line("AN", labeled("PMID", &details.pmid).as_deref())?;
    lines.line("C2", details.pmcid.as_deref())?;
    lines.line("UR", paper.url.as_deref())?;
    lines.0.write_all(b"ER  - \r\n")
}

/// Returns a name in the order `Family, Given, Suffix`. A comma ends the name of an organization that could be the
/// name of a person.
fn inverted(name: &Name) -> String {
    let [given, _, family, suffix] = parts(name);
    if name.is_single() || family.is_empty() {
        let full = one_line(name.full());
        let is_ambiguous = !full.contains(',') && Name::parse(&full) != *name;
        return if is_ambiguous { full + "," } else { full };
    }
    let mut inverted = Name::from_parts("", name.particle(), &family, "").inverted();
    if !given.is_empty() || !suffix.is_empty() {
        inverted.push_str(", ");
        inverted.push_str(&given);
    }
    if !suffix.is_empty() {
        inverted.push_str(", ");
        inverted.push_str(&suffix);
    }
    inverted
}

/// Returns the first and the last page, or all pages as the first one if they are not one range.
fn pages(pages: &str) -> (&str, Option<&str>) {
    match pages.split_once('-') {
        Some((first, last))
            if !first.trim().is_empty()
                && !last.trim().is_empty()
                && !pages.contains([',', ';'])
                && !last.contains('-') =>
        {
            (first, Some(last))
        }
        _ => (pages, None),
    }
}

/// Returns a date as `YYYY/MM/DD/`, with all slashes even if day or month are unknown.
fn date(date: PartialDate) -> String {
    let part = |part: Option<u8>| part.map(|part| format!("{part:02}")).unwrap_or_default();
    let (month, day) = (part(date.month()), part(date.day()));
    let year = PartialDate::new(date.year(), None, None).map(|year| year.to_string());
    format!("{}/{month}/{day}/", year.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::export::written;
    use super::*;
    use crate::Details;

    fn record(paper: &Paper) -> String {
        written(&EXPORT, &Item::first(paper, None))
    }

    #[test]
    fn begins_with_the_type_and_ends_with_the_end_mark() {
        let paper = Paper::new("w1")
            .title("Sorting by\r\nER  - Rotating Wheels")
            .abstract_text("One.\nTwo.")
            .authors(["Ann B. Ada", "Bo Øre"])
            .year(2020)
            .venue("Letters")
            .url("https://example.org/1")
            .categories(["cs.DS", "cs.CG"])
            .doi("10.1234/w")
            .arxiv("2001.00001");
        let expected = "TY  - JOUR\nID  - w1\nTI  - Sorting by ER - Rotating Wheels\n\
                        AU  - Ada, Ann B.\nAU  - Øre, Bo\nPY  - 2020\nT2  - Letters\n\
                        AB  - One. Two.\nKW  - cs.DS\nKW  - cs.CG\nDO  - 10.1234/w\n\
                        AN  - arXiv:2001.00001\nUR  - https://example.org/1\nER  - \n";
        assert_eq!(record(&paper), expected.replace('\n', "\r\n"));
        assert_eq!(
            record(&Paper::new("x").title("A")),
            "TY  - GEN\r\nID  - x\r\nTI  - A\r\nER  - \r\n"
        );
        assert!(record(&Paper::new("x").venue("Wheel Workshop")).starts_with("TY  - CONF\r\n"));
    }

    #[test]
    fn writes_every_detail() {
        let text = |text: &str| Some(text.to_owned());
        let details = Details {
            kind: Some(PaperKind::Proceedings),
            genre: None,
            published: "2017-06".parse().ok(),
            updated: None,
            volume: text("3"),
            number: text("4"),
            pages: text("12-34"),
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
        let expected = "TY  - BOOK\nID  - x\nA2  - Roe, Max, Jr.\nPY  - 2017\nDA  - 2017/06//\nT3  - Wheels\n\
                        VL  - 3\nIS  - 4\nSP  - 12\nEP  - 34\nPB  - Spoke & Sons\nCY  - Wheelham\n\
                        ET  - Second\nM3  - proceedings\nSN  - 978-3-16-148410-0\nSN  - 1234-5679\nLA  - en\n\
                        AN  - PMID:12345678\nC2  - PMC1234567\nER  - \n";
        let paper = Paper::new("x").details(details);
        assert_eq!(record(&paper), expected.replace('\n', "\r\n"));
    }

    #[test]
    fn names_have_the_family_name_first_and_the_suffix_last() {
        for (name, expected) in [
            (Name::new("Ann B. Ada"), "Ada, Ann B."),
            (Name::new("Jan van der Berken"), "van der Berken, Jan"),
            (Name::from_parts("Jeanne", "d'", "Arc", ""), "d'Arc, Jeanne"),
            (Name::parse("Roe, Jr., Max"), "Roe, Max, Jr."),
            (Name::from_parts("", "", "Roe", "Jr."), "Roe, , Jr."),
            (Name::parse("García Molina, Ana"), "García Molina, Ana"),
            (Name::new("Wheel Team"), "Wheel Team"),
            (Name::new("Barrow & Nettle, Inc."), "Barrow & Nettle, Inc."),
            (Name::organization("Ann Ada"), "Ann Ada,"),
            (Name::new("Plato"), "Plato"),
        ] {
            assert_eq!(inverted(&name), expected);
        }
    }

    #[test]
    fn pages_are_split_if_they_are_one_range() {
        assert_eq!(pages("12-34"), ("12", Some("34")));
        for whole in ["", "12", "-12", "12-34, 56", "1-2-3", "e12"] {
            assert_eq!(pages(whole), (whole, None));
        }
    }
}
