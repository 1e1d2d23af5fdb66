//! RIS, by the specification of Research Information Systems (2011) and as Zotero reads it.

use std::io::{self, Write};

use super::entry_type::{EntryType, entry_type};
use super::export::{Export, ExportSpec, Item};
use super::field::non_blank;
use crate::Paper;

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "ris",
    start: |_| Box::new(RisExport),
};

#[derive(Debug)]
struct RisExport;

impl Export for RisExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        write_record(out, item.paper)
    }
}

/// Writes a record, from its type to its end mark.
fn write_record(out: &mut dyn Write, paper: &Paper) -> io::Result<()> {
    let (reference_type, venue) = match entry_type(paper) {
        EntryType::Article(venue) => ("JOUR", Some(venue)),
        EntryType::InProceedings(venue) => ("CONF", Some(venue)),
        EntryType::Other(venue) => ("UNPB", venue),
    };
    let mut line = |tag: &str, value: Option<String>| match value {
        Some(value) => write!(out, "{tag}  - {value}\r\n"),
        None => Ok(()),
    };
    line("TY", Some(reference_type.to_owned()))?;
    line("ID", non_blank(Some(&paper.id)))?;
    line("TI", non_blank(Some(&paper.title)))?;
    for author in &paper.authors {
        line("AU", non_blank(Some(&author.inverted())))?;
    }
    line("PY", paper.year.map(|year| year.to_string()))?;
    line("T2", venue)?;
    line("AB", non_blank(Some(&paper.abstract_text)))?;
    for category in &paper.categories {
        line("KW", non_blank(Some(category)))?;
    }
    line("DO", non_blank(paper.doi.as_deref()))?;
    let arxiv = non_blank(paper.arxiv.as_deref());
    line("AN", arxiv.map(|identifier| format!("arXiv:{identifier}")))?;
    line("UR", non_blank(paper.url.as_deref()))?;
    line("ER", Some(String::new()))
}

#[cfg(test)]
mod tests {
    use super::super::export::written;
    use super::*;

    fn record(paper: &Paper) -> String {
        written(&EXPORT, &Item::first(paper, None))
    }

    #[test]
    fn begins_with_the_type_and_ends_with_the_end_mark() {
        let paper = Paper::new("w1")
            .title("Sorting by\r\nER  - Rotating Wheels")
            .abstract_text("One.\nTwo.")
            .authors(["Ann B. Ada", "Øre, Bo"])
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
            "TY  - UNPB\r\nID  - x\r\nTI  - A\r\nER  - \r\n"
        );
        assert!(record(&Paper::new("x").venue("Wheel Workshop")).starts_with("TY  - CONF\r\n"));
    }
}
