use std::io::{self, Write};

use super::Rank;
use crate::Paper;

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

/// A table in CSV.
#[derive(Debug)]
pub(super) struct Table<W: Write> {
    out: csv::Writer<W>,
    hits: bool,
    started: bool,
}

impl<W: Write> Table<W> {
    /// With `hits`, the columns `rank` and `score` come first.
    pub(super) fn new(writer: W, hits: bool) -> Self {
        Self {
            out: csv::Writer::from_writer(writer),
            hits,
            started: false,
        }
    }

    /// Writes the header before the first line.
    fn start(&mut self) -> io::Result<()> {
        if !self.started {
            let place = if self.hits {
                &["rank", "score"][..]
            } else {
                &[]
            };
            self.out.write_record(place.iter().chain(&COLUMNS))?;
            self.started = true;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, paper: &Paper, place: Option<Rank>) -> io::Result<()> {
        self.start()?;
        if self.hits {
            let place = place.map(|place| (place.rank.to_string(), place.score.to_string()));
            let (rank, score) = place.unwrap_or_default();
            self.out.write_field(rank)?;
            self.out.write_field(score)?;
        }
        let year = paper.year.map(|year| year.to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let fields: [String; COLUMNS.len()] = [
            paper.id.clone(),
            paper.title.clone(),
            paper.abstract_text.clone(),
            join(&paper.authors),
            year,
            text(&paper.venue),
            text(&paper.url),
            join(&paper.categories),
            text(&paper.doi),
            text(&paper.arxiv),
            join(&paper.references),
        ];
        Ok(self.out.write_record(fields)?)
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.start()?;
        self.out
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)
    }
}

/// Whoever splits the list at its semicolons finds as many items as there were.
fn join(list: &[String]) -> String {
    let items: Vec<_> = list.iter().map(|item| item.replace(';', ",")).collect();
    items.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_needs_it_and_joins_lists() {
        let mut table = Table::new(Vec::new(), true);
        let paper = Paper::new("a")
            .title("One, \"two\"\nthree")
            .authors(["Ann Ada", "Bo; Else"])
            .year(1999);
        let place = Rank {
            rank: 1,
            score: 0.25,
        };
        table.write(&paper, Some(place)).unwrap();
        table.write(&Paper::new("b").title("B"), None).unwrap();
        assert_eq!(
            String::from_utf8(table.finish().unwrap()).unwrap(),
            "rank,score,id,title,abstract,authors,year,venue,url,categories,doi,arxiv,references\n\
             1,0.25,a,\"One, \"\"two\"\"\nthree\",,Ann Ada; Bo, Else,1999,,,,,,\n\
             ,,b,B,,,,,,,,,\n"
                .replace("Ann Ada; Bo, Else", "\"Ann Ada; Bo, Else\"")
        );
    }
}
