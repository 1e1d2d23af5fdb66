//! Comma-separated values.

use std::io::{self, Write};

use super::export::{Export, ExportOptions, ExportSpec, Item};
use crate::table::{COLUMNS, RANK_COLUMNS, guarded, join, unmistakable};

pub(super) const EXPORT: ExportSpec = ExportSpec {
    name: "csv",
    start: |options| Box::new(CsvExport { options }),
};

/// A table with [`RANK_COLUMNS`], if papers may have a rank, and [`COLUMNS`].
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
        write_row(out, rank.iter().chain(&COLUMNS))
    }
}

impl Export for CsvExport {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        if item.index == 0 {
            self.write_header(out)?;
        }
        let paper = item.paper;
        let mut fields = Vec::with_capacity(COLUMNS.len() + RANK_COLUMNS.len());
        if self.options.has_ranks {
            let rank = item.rank.map(|rank| rank.rank.to_string());
            let score = item.rank.map(|rank| rank.score.to_string());
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
        fields.extend([
            text(&paper.id),
            text(&paper.title),
            text(&paper.abstract_text),
            list(
                &paper
                    .authors
                    .iter()
                    .map(|name| name.full().to_owned())
                    .collect::<Vec<_>>(),
            ),
            paper.year.map(|year| year.to_string()).unwrap_or_default(),
            optional(&paper.venue),
            optional(&paper.url),
            list(&paper.categories),
            optional(&paper.doi),
            optional(&paper.arxiv),
            list(&paper.references),
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
    use crate::Paper;

    #[test]
    fn quotes_special_characters_and_joins_lists() {
        let options = ExportOptions {
            has_ranks: true,
            guards_cells: true,
        };
        let mut export = CsvExport { options };
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
