use std::io::{self, Write};

use serde::Serialize;

use super::Rank;
use crate::Paper;

/// A paper with its place before it, if it is a hit.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(flatten)]
    paper: &'a Paper,
}

/// Writes one object on one line, without its end.
pub(super) fn write(out: &mut impl Write, paper: &Paper, place: Option<Rank>) -> io::Result<()> {
    let record = Record {
        rank: place.map(|place| place.rank),
        score: place.map(|place| place.score),
        paper,
    };
    serde_json::to_writer(out, &record).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_names_of_the_reader_and_the_place_first() {
        let text = |place| {
            let mut out = Vec::new();
            write(&mut out, &Paper::new("a\n").title("Ä \"b\""), place).unwrap();
            String::from_utf8(out).unwrap()
        };
        let rest = r#""id":"a\n","title":"Ä \"b\"","abstract":"","authors":[],"year":null,"#
            .to_owned()
            + r#""venue":null,"url":null,"categories":[],"doi":null,"arxiv":null,"references":[]}"#;
        assert_eq!(text(None), format!("{{{rest}"));
        let place = Rank {
            rank: 3,
            score: 0.1,
        };
        assert_eq!(
            text(Some(place)),
            format!(r#"{{"rank":3,"score":0.1,{rest}"#)
        );
    }
}
