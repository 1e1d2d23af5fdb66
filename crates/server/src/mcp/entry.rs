//! A paper in an answer, in the form that the agent asked for.

use std::fmt::Write as _;

use cognate::{Name, Paper, PaperHit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::line::{beginning, one_line, shortened};

/// How much of a paper an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Detail {
    Ids,
    Compact,
    Full,
}

/// The most characters of a title, of an author's name, of a venue and of the beginning of an abstract.
const TITLE: usize = 200;
const NAME: usize = 60;
const VENUE: usize = 80;
const BEGINNING: usize = 220;
/// The most authors in the compact form, and in the text of the full form.
const AUTHORS: usize = 3;
const ALL_AUTHORS: usize = 50;

/// A paper in an answer.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) document: Map<String, Value>,
}

/// The form of a paper in the document of an answer, for its schema.
#[derive(Serialize, JsonSchema)]
pub(super) struct PaperDocument {
    /// The id, by which other tools name the paper
    id: String,
    /// The rank in the answer, from 1
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<usize>,
    /// The cosine similarity of query and paper, -1 to 1
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    /// The percentage of random pairs of papers of the library that are less similar
    #[serde(skip_serializing_if = "Option::is_none")]
    percentile: Option<f32>,
    /// The title
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The authors; in the compact form the first three
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<Vec<String>>,
    /// In the compact form, the number of further authors
    #[serde(skip_serializing_if = "Option::is_none")]
    more_authors: Option<usize>,
    /// The year of publication
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<i32>,
    /// The journal, conference or other place of publication
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<String>,
    /// In the compact form, how the abstract begins
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<String>,
    /// In the full form, the abstract
    #[serde(skip_serializing_if = "Option::is_none")]
    r#abstract: Option<String>,
    /// In the full form, further fields such as doi, url, categories, references and versions
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Entry {
    /// Creates the entry of a hit.
    pub(super) fn of_hit(hit: &PaperHit, detail: Detail) -> Self {
        let mut entry = match detail {
            Detail::Ids => Self::by_id(&hit.paper),
            Detail::Compact => Self::compact(&hit.paper),
            Detail::Full => Self::full(&hit.paper, &hit.versions, object(hit)),
        };
        let mut scores = Vec::new();
        if let Some(score) = hit.score {
            scores.push(format!("score {score:.3}"));
            entry.insert("score", shortest(score));
        }
        if hit.score.is_none()
            && let Some(score) = hit.keyword_score
        {
            scores.push(format!("keyword score {score:.3}"));
            entry.insert("keyword_score", score.into());
        }
        if let Some(percentile) = hit.score_context.and_then(|context| context.percentile) {
            let percent = (percentile * 100.0).floor() / 100.0;
            scores.push(format!("above {percent} % of random pairs"));
            entry.insert("percentile", shortest(percentile));
        }
        if let Some(score) = hit.rerank_score {
            entry.insert("rerank_score", shortest(score));
        }
        if detail == Detail::Ids {
            scores.truncate(1);
            entry.document.remove("percentile");
        }
        entry.insert("rank", hit.rank.into());
        entry.append_to_first_line(&scores);
        entry.text.insert_str(0, &format!("{}. ", hit.rank));
        entry
    }

    /// Creates the entry of a paper that was not searched for.
    pub(super) fn of_paper(paper: &Paper, versions: &[Paper], detail: Detail) -> Self {
        match detail {
            Detail::Ids => Self::by_id(paper),
            Detail::Compact => Self::compact(paper),
            Detail::Full => {
                let mut document = object(paper);
                if !versions.is_empty() {
                    document.insert("versions".to_owned(), json!(versions));
                }
                Self::full(paper, versions, document)
            }
        }
    }

    /// Adds a field to the document.
    pub(super) fn insert(&mut self, name: &str, value: Value) {
        self.document.insert(name.to_owned(), value);
    }

    /// Adds a line to the text.
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "   {line}");
    }

    /// Returns the larger number of characters of the text and of the document.
    pub(super) fn chars(&self) -> usize {
        let document = serde_json::to_string(&self.document).unwrap_or_default();
        self.text.chars().count().max(document.chars().count() + 1)
    }

    fn append_to_first_line(&mut self, details: &[String]) {
        if details.is_empty() {
            return;
        }
        let end = self.text.find('\n').unwrap_or(self.text.len());
        self.text
            .insert_str(end, &format!(" ({})", details.join(", ")));
    }

    fn by_id(paper: &Paper) -> Self {
        let mut document = Map::new();
        document.insert("id".to_owned(), paper.id.clone().into());
        Self {
            text: format!("{}\n", one_line(&paper.id)),
            document,
        }
    }

    fn compact(paper: &Paper) -> Self {
        let mut entry = Self::by_id(paper);
        entry.text = format!("{}\n", title(paper));
        if !paper.title.is_empty() {
            entry.insert("title", shortened(&one_line(&paper.title), TITLE).into());
        }
        let mut details = vec![format!("id {}", one_line(&paper.id))];
        if let Some(authors) = authors(&paper.authors, AUTHORS) {
            details.push(authors);
            let names = paper.authors.iter().take(AUTHORS).map(name);
            entry.insert("authors", names.collect::<Vec<_>>().into());
            if paper.authors.len() > AUTHORS {
                entry.insert("more_authors", (paper.authors.len() - AUTHORS).into());
            }
        }
        if let Some(year) = paper.year {
            details.push(year.to_string());
            entry.insert("year", year.into());
        }
        if let Some(venue) = &paper.venue {
            let venue = one_line(venue);
            let venue = shortened(&venue, VENUE);
            details.push(venue.clone().into_owned());
            entry.insert("venue", venue.into());
        }
        entry.line(&details.join(" · "));
        if let Some(snippet) = beginning(&paper.abstract_text, BEGINNING) {
            entry.line(&snippet);
            entry.insert("snippet", snippet.into());
        }
        entry
    }

    fn full(paper: &Paper, versions: &[Paper], mut document: Map<String, Value>) -> Self {
        // A field without a value says nothing to an agent.
        document.retain(|_, value| match value {
            Value::Null => false,
            Value::Array(items) => !items.is_empty(),
            Value::String(text) => !text.is_empty(),
            _ => true,
        });
        let mut entry = Self {
            text: format!("{}\n", title(paper)),
            document,
        };
        entry.line(&identifiers(paper));
        if let Some(authors) = authors(&paper.authors, ALL_AUTHORS) {
            entry.line(&authors);
        }
        let year = paper.year.map(|year| year.to_string());
        let place = [year, paper.venue.clone(), paper.url.clone()];
        let mut place: Vec<String> = place.into_iter().flatten().collect();
        if !paper.categories.is_empty() {
            place.push(paper.categories.join(", "));
        }
        if !place.is_empty() {
            entry.line(&one_line(&place.join(" · ")));
        }
        if !versions.is_empty() {
            let ids: Vec<&str> = versions.iter().map(|paper| paper.id.as_str()).collect();
            entry.line(&one_line(&format!("other versions: {}", ids.join(", "))));
        }
        let details = [
            ("published", paper.details.published),
            ("added", paper.added),
        ];
        let dates = details
            .into_iter()
            .filter_map(|(name, date)| Some(format!("{name} {}", date?)));
        let dates: Vec<String> = dates.collect();
        if !dates.is_empty() {
            entry.line(&dates.join(" · "));
        }
        for list in &paper.lists {
            let note = if list.note.is_empty() { "" } else { ": " };
            entry.line(&one_line(&format!(
                "on the list {}{note}{}",
                list.name, list.note
            )));
        }
        if !paper.references.is_empty() {
            entry.line(&format!("{} references", paper.references.len()));
        }
        let abstract_text = one_line(&paper.abstract_text);
        if !abstract_text.is_empty() {
            entry.line(&abstract_text);
        }
        entry
    }
}

/// Returns the title on one line, or what a text shows instead.
pub(super) fn title(paper: &Paper) -> String {
    let title = one_line(&paper.title);
    if title.is_empty() {
        return "(no title)".to_owned();
    }
    shortened(&title, TITLE).into_owned()
}

fn identifiers(paper: &Paper) -> String {
    let mut identifiers = format!("id {}", paper.id);
    for (name, value) in [("DOI", &paper.doi), ("arXiv", &paper.arxiv)] {
        if let Some(value) = value {
            let _ = write!(identifiers, " · {name} {value}");
        }
    }
    one_line(&identifiers)
}

fn name(name: &Name) -> String {
    shortened(&one_line(name.full()), NAME).into_owned()
}

/// Joins at most `most` names.
fn authors(names: &[Name], most: usize) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let named: Vec<String> = names.iter().take(most).map(name).collect();
    let mut text = named.join(", ");
    if names.len() > most {
        let _ = write!(text, " and {} more", names.len() - most);
    }
    Some(text)
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// Returns the number with the digits of a 32-bit number. A conversion to 64 bits would show eight more,
/// which say nothing. Read as 32 bits, it is the same number.
pub(super) fn shortest(number: f32) -> Value {
    let digits = number.to_string();
    digits.parse::<f64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_of_32_bits_and_stay_the_same() {
        for number in [
            0.1_f32,
            0.583_019,
            -1.0,
            1.0 / 3.0,
            99.99,
            f32::MIN_POSITIVE,
        ] {
            let value = shortest(number);
            #[expect(clippy::cast_possible_truncation, reason = "what a reader does")]
            let read = value.as_f64().unwrap() as f32;
            assert_eq!(read.to_bits(), number.to_bits());
            assert_eq!(
                value,
                serde_json::from_str::<Value>(&serde_json::to_string(&number).unwrap()).unwrap()
            );
        }
    }

    #[test]
    fn the_compact_form_is_bounded_whatever_the_paper() {
        let long = "word ".repeat(10_000);
        let paper = Paper::new("a")
            .title(&long)
            .abstract_text(&long)
            .venue(&long)
            .authors(vec![long.as_str(); 500]);
        let entry = Entry::of_paper(&paper, &[], Detail::Compact);
        assert!(entry.chars() < 1_000, "{}", entry.chars());
        assert_eq!(entry.document["more_authors"], 497);
    }
}
