//! What a library has when its model is changed: the old vectors, and texts of the papers.

use cognate_index::{FlatIndex, RowId};
use cognate_papers::Paper;

use crate::Result;
use crate::library::embedding::hash_text;
use crate::library::snapshot::Snapshot;
use crate::library::store::TextHash;
use crate::sampling::evenly_spaced;
use crate::text_recipe::TextRecipe;

/// The number of words of the opening of a text without a title.
const OPENING_WORDS: usize = 20;

/// The papers of one commit.
pub(super) struct Source {
    generation: i64,
    index: FlatIndex,
    /// The rows of the papers, ascending.
    rows: Vec<RowId>,
    /// The openings of the papers' texts, in row order; empty if all papers are in the sample.
    openings: Vec<Text>,
    sample: Vec<Sampled>,
}

/// A paper that is embedded before the library changes its model.
pub(super) struct Sampled {
    pub(super) id: String,
    /// The position of the paper in row order.
    pub(super) position: usize,
    text: Text,
}

/// A text with its hash.
struct Text {
    text: String,
    hash: TextHash,
}

impl Text {
    fn new(text: String) -> Self {
        Self {
            hash: hash_text(&text),
            text,
        }
    }

    fn hashed(&self) -> (TextHash, &str) {
        (self.hash, &self.text)
    }
}

impl Source {
    /// Reads the papers. The sample is evenly spaced over the papers by id, so it does not depend on
    /// the order in which they were added; it has `size` papers, or all if there are no more.
    pub(super) fn read(snapshot: &Snapshot<'_>, recipe: &TextRecipe, size: usize) -> Result<Self> {
        snapshot.papers.check_text_recipe(recipe)?;
        let (mut rows, mut ids, mut openings) = (Vec::new(), Vec::new(), Vec::new());
        snapshot.for_each(|row, stored| {
            ids.push((stored.paper.id.clone(), rows.len()));
            rows.push(row);
            openings.push(Text::new(opening(&stored.paper, recipe)));
        })?;
        if rows.len() <= size {
            openings.clear();
        }
        ids.sort_unstable();
        let read = |(id, position): (String, usize)| {
            let paper: Paper = snapshot.paper_at(rows[position])?;
            let text = Text::new(recipe.text(&paper));
            Ok(Sampled { id, position, text })
        };
        let sample = evenly_spaced(ids, size).into_iter().map(read);
        Ok(Self {
            generation: snapshot.papers.generation()?,
            index: snapshot.index.clone(),
            sample: sample.collect::<Result<_>>()?,
            rows,
            openings,
        })
    }

    pub(super) fn generation(&self) -> i64 {
        self.generation
    }

    pub(super) fn index(&self) -> &FlatIndex {
        &self.index
    }

    pub(super) fn rows(&self) -> &[RowId] {
        &self.rows
    }

    pub(super) fn sample(&self) -> &[Sampled] {
        &self.sample
    }

    /// Returns the texts of the sample, in its order.
    pub(super) fn sampled_texts(&self) -> Vec<(TextHash, &str)> {
        self.sample
            .iter()
            .map(|paper| paper.text.hashed())
            .collect()
    }

    /// Returns the openings of all texts in row order, or none if all papers are in the sample.
    pub(super) fn openings(&self) -> Vec<(TextHash, &str)> {
        self.openings.iter().map(Text::hashed).collect()
    }
}

/// Returns a short text that says what a paper is about: its title, or the first words of its text if
/// it has none.
fn opening(paper: &Paper, recipe: &TextRecipe) -> String {
    if !paper.title.trim().is_empty() {
        return paper.title.clone();
    }
    let text = recipe.text(paper);
    let words: Vec<&str> = text.split_whitespace().take(OPENING_WORDS).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_the_title_or_has_the_first_words() {
        let opening = |paper: &Paper| opening(paper, &TextRecipe::default());
        let paper = Paper::new("a").abstract_text(format!("Some\n{}", "word ".repeat(100)));
        assert!(opening(&paper).starts_with("Some word "));
        assert_eq!(opening(&paper).split(' ').count(), OPENING_WORDS);
        assert_eq!(opening(&paper.title("A title")), "A title");
    }
}
