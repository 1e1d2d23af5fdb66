//! Comma-separated values.

use std::io::{self, Write};

use super::export::{Export, ExportOptions, ExportSpec, Item};
use crate::table::names::{are_spoken, item as name_item};
use crate::table::{
    COLUMNS, DETAIL_COLUMNS, LIBRARY_COLUMNS, RANK_COLUMNS, guarded, join, list_item, unmistakable,
};
use crate::{Name, PaperKind, PartialDate};

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "csv",
    extensions: &["csv"],
    start: |options| Box::new(CsvExport { options }),
};

/// A table with [`RANK_COLUMNS`], if papers may have a rank, [`COLUMNS`], [`DETAIL_COLUMNS`] and
/// [`LIBRARY_COLUMNS`].
#[derive(Debug)]
struct CsvExport {
    options: ExportOptions,
}

impl CsvExport {
    fn write_header(&self, out: &mut dyn Write) -> io::Result<()> {
        let rank: &[&str] = if self.options.has_ranks {
            &RANK_COLUMNS
        } else {
            &[]
        };
        let of_paper = COLUMNS.iter().chain(&DETAIL_COLUMNS);
        write_row(out, rank.iter().chain(of_paper).chain(&LIBRARY_COLUMNS))
    }
}

impl Export for CsvExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        if item.index == 0 {
            self.write_header(out)?;
        }
        let paper = item.paper;
        let mut fields = Vec::new();
        if self.options.has_ranks {
            let rank = item.rank.map(|rank| rank.rank.to_string());
            let score = item.rank.and_then(|rank| rank.score);
            let score = score.map(|score| score.to_string());
            fields.extend([rank.unwrap_or_default(), score.unwrap_or_default()]);
        }
        let text = |text: &str| {
            if self.options.guards_cells {
                guarded(text)
            } else {
                unmistakable(text)
            }
        };
        let optional = |field: &Option<String>| text(field.as_deref().unwrap_or_default());
        let list = |list: &[String]| text(&join(list));
        let names = |names: &[Name], item: fn(&Name) -> String| {
            let names = names.iter().filter(|name| !name.full().trim().is_empty());
            text(&join(&names.map(item).collect::<Vec<_>>()))
        };
        let date = |date: Option<PartialDate>| {
            text(&date.map(|date| date.to_string()).unwrap_or_default())
        };
        let details = &paper.details;
        fields.extend([
            text(&paper.id),
            text(&paper.title),
            text(&paper.abstract_text),
            names(&paper.authors, |name| name.full().to_owned()),
            paper.year.map(|year| year.to_string()).unwrap_or_default(),
            optional(&paper.venue),
            optional(&paper.url),
            list(&paper.categories),
            optional(&paper.doi),
            optional(&paper.arxiv),
            list(&paper.references),
            details.kind.map_or("", PaperKind::name).to_owned(),
            optional(&details.genre),
            date(details.published),
            date(details.updated),
            optional(&details.volume),
            optional(&details.number),
            optional(&details.pages),
            optional(&details.publisher),
            optional(&details.place),
            optional(&details.series),
            optional(&details.edition),
            names(&details.editors, name_item),
            optional(&details.isbn),
            optional(&details.issn),
            optional(&details.pmid),
            optional(&details.pmcid),
            optional(&details.language),
            if are_spoken(&paper.authors) {
                String::new()
            } else {
                names(&paper.authors, name_item)
            },
            date(paper.added),
            list(&paper.lists.iter().map(list_item).collect::<Vec<_>>()),
        ]);
        write_row(out, &fields)
    }

    fn finish(&mut self, out: &mut dyn Write, written: usize) -> io::Result<()> {
        if written == 0 {
            self.write_header(out)?;
        }
        Ok(())
    }
}

fn write_row<F: AsRef<[u8]>>(
    out: &mut dyn Write,
    fields: impl IntoIterator<Item = F>,
) -> io::Result<()> {
    let mut row = csv::Writer::from_writer(Vec::new());
    row.write_record(fields)?;
    let row = row.into_inner().map_err(csv::IntoInnerError::into_error)?;
    out.write_all(&row)
}

#[cfg(test)]
mod tests {
    use super::super::export::Rank;
    use super::*;
    use crate::{ListEntry, Paper};

    #[test]
    fn quotes_special_characters_and_joins_lists() {
        let options = ExportOptions {
            has_ranks: true,
            guards_cells: true,
        };
        let mut export = CsvExport { options };
        let mut out = Vec::new();
        let mut paper = Paper::new("a")
            .title("One, \"two\"\nthree")
            .authors([Name::new("Ann Ada"), Name::parse("García Else, Bo")])
            .year(1999)
            .categories(["x; y", "z"])
            .kind(PaperKind::Article);
        paper.details.published = "1999-12".parse().ok();
        paper.details.pages = Some("1-2".to_owned());
        paper.added = "2026-11-30".parse().ok();
        paper.lists = vec![ListEntry::new("liked").note("good"), ListEntry::new("read")];
        let rank = Rank {
            rank: 1,
            score: Some(0.25),
        };
        export
            .write(&mut out, &Item::first(&paper, Some(rank)))
            .unwrap();
        let second = Item {
            paper: &Paper::new("b").title("B"),
            index: 1,
            rank: None,
        };
        export.write(&mut out, &second).unwrap();
        export.finish(&mut out, 2).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "rank,score,id,title,abstract,authors,year,venue,url,categories,doi,arxiv,references,\
             type,genre,published,updated,volume,number,pages,publisher,place,series,edition,editors,\
             isbn,issn,pmid,pmcid,language,author_names,added,lists\n\
             1,0.25,a,\"One, \"\"two\"\"\nthree\",,Ann Ada; Bo García Else,1999,,,\"x, y; z\",,,,\
             article,,1999-12,,,,1-2,,,,,,,,,,,\"Ann Ada; García Else, Bo\",\
             2026-11-30,\"liked, good; read\"\n\
             ,,b,B,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n"
        );
    }
}
