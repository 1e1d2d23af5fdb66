//! JSON: an array, and lines.

use std::io::{self, Write};

use serde::Serialize;

use super::export::{Export, ExportSpec, Item};
use crate::Paper;

pub(super) const ARRAY: ExportSpec = ExportSpec {
    name: "json",
    extensions: &["json"],
    start: |_| Box::new(Array),
};

pub(super) const LINES: ExportSpec = ExportSpec {
    name: "jsonl",
    extensions: &["jsonl", "ndjson"],
    start: |_| Box::new(Lines),
};

#[derive(Debug)]
struct Array;

impl Export for Array {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        out.write_all(if item.index == 0 { b"[\n" } else { b",\n" })?;
        write_object(out, item)
    }

    fn finish(&mut self, out: &mut dyn Write, written: usize) -> io::Result<()> {
        out.write_all(if written == 0 { b"[]\n" } else { b"\n]\n" })
    }
}

#[derive(Debug)]
struct Lines;

impl Export for Lines {
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
        write_object(out, item)?;
        out.write_all(b"\n")
    }
}

/// A paper after its rank and score, if it has them.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(flatten)]
    paper: &'a Paper,
}

fn write_object(out: &mut dyn Write, item: &Item<'_>) -> io::Result<()> {
    let record = Record {
        rank: item.rank.map(|rank| rank.rank),
        score: item.rank.and_then(|rank| rank.score),
        paper: item.paper,
    };
    serde_json::to_writer(out, &record).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::super::export::{Rank, written};
    use super::*;

    #[test]
    fn fields_have_the_names_that_the_reader_expects_after_rank_and_score() {
        let paper = Paper::new("a\n").title("Ä \"b\"");
        let text = |rank| written(&LINES, &Item::first(&paper, rank));
        let fields = r#""id":"a\n","title":"Ä \"b\"","abstract":"","authors":[],"year":null,"#
            .to_owned()
            + r#""venue":null,"url":null,"categories":[],"doi":null,"arxiv":null,"references":[]}"#;
        assert_eq!(text(None), format!("{{{fields}\n"));
        let rank = Rank {
            rank: 3,
            score: Some(0.1),
        };
        assert_eq!(
            text(Some(rank)),
            format!("{{\"rank\":3,\"score\":0.1,{fields}\n")
        );
    }
}
