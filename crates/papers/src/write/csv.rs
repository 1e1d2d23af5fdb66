//! Comma-separated values.

use std::io::{self, Write};

use super::export::{Export, ExportSpec, Item};

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "csv",
    start: |has_ranks| Box::new(CsvExport { has_ranks }),
};

const COLUMNS: [&str; 11] = [
    "id",
    "title",
    "abstract",
    "authors",
    "year",
    "venue",
    "url",
    "categories",
    "doi",
    "arxiv",
    "references",
];

/// A table with the columns `rank` and `score`, if papers may have a rank, and [`COLUMNS`].
#[derive(Debug)]
struct CsvExport {
    has_ranks: bool,
}

impl CsvExport {
    fn write_header(&self, out: &mut dyn Write) -> io::Result<()> {
        let rank: &[&str] = if self.has_ranks {
            &["rank", "score"]
        } else {
            &[]
        };
        write_row(out, rank.iter().chain(&COLUMNS))
    }
}

impl Export for CsvExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        if item.index == 0 {
            self.write_header(out)?;
        }
        let paper = item.paper;
        let mut fields = Vec::with_capacity(COLUMNS.len() + 2);
        if self.has_ranks {
            let rank = item.rank.map(|rank| rank.rank.to_string());
            let score = item.rank.map(|rank| rank.score.to_string());
            fields.extend([rank.unwrap_or_default(), score.unwrap_or_default()]);
        }
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        fields.extend([
            paper.id.clone(),
            paper.title.clone(),
            paper.abstract_text.clone(),
            join(&paper.authors),
            paper.year.map(|year| year.to_string()).unwrap_or_default(),
            text(&paper.venue),
            text(&paper.url),
            join(&paper.categories),
            text(&paper.doi),
            text(&paper.arxiv),
            join(&paper.references),
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

/// Joins a list by semicolons. A semicolon within an item becomes a comma, so that splitting the
/// result at its semicolons yields as many items.
fn join(list: &[String]) -> String {
    let items: Vec<_> = list.iter().map(|item| item.replace(';', ",")).collect();
    items.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::export::Rank;
    use super::*;
    use crate::Paper;

    #[test]
    fn quotes_special_characters_and_joins_lists() {
        let mut export = CsvExport { has_ranks: true };
        let mut out = Vec::new();
        let paper = Paper::new("a")
            .title("One, \"two\"\nthree")
            .authors(["Ann Ada", "Bo; Else"])
            .year(1999);
        let rank = Rank {
            rank: 1,
            score: 0.25,
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
            "rank,score,id,title,abstract,authors,year,venue,url,categories,doi,arxiv,references\n\
             1,0.25,a,\"One, \"\"two\"\"\nthree\",,\"Ann Ada; Bo, Else\",1999,,,,,,\n\
             ,,b,B,,,,,,,,,\n"
        );
    }
}
