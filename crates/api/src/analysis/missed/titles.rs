//! The similarity of titles to the titles of cited papers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cognate_index::RowId;
use cognate_papers::text::{is_stop_word, stem, words};

use crate::unit_vector::scale_sparse_to_unit;

/// The fewest cited titles that must have a stem for the stem to be counted.
const MIN_TITLES: usize = 3;

/// The titles of a library as sparse vectors of stems.
///
/// The vector of a title has for each of its stems the tf-idf weight `(1 + ln tf) · ln(n / df)`, where
/// `tf` is the number of times that the stem is in the title, `df` the number of titles that have it,
/// and `n` the number of titles (Spärck Jones, "A statistical interpretation of term specificity", 1972).
/// The vector is scaled to length 1.
#[derive(Debug, Default)]
pub(super) struct Titles {
    /// The number of each stem.
    numbers: HashMap<String, usize>,
    /// The number of titles that have each stem, by the number of the stem.
    frequencies: Vec<u32>,
    /// The numbers of the stems of each title, with their counts in the title.
    stems: BTreeMap<RowId, Vec<(usize, u32)>>,
}

impl Titles {
    /// Adds the title of the paper in a row.
    pub(super) fn push(&mut self, row: RowId, title: &str) {
        let mut stems: BTreeMap<usize, u32> = BTreeMap::new();
        for word in words(title).filter(|word| !is_stop_word(word)) {
            let next = self.numbers.len();
            let number = *self.numbers.entry(stem(&word)).or_insert(next);
            *stems.entry(number).or_default() += 1;
        }
        self.frequencies.resize(self.numbers.len(), 0);
        for &number in stems.keys() {
            self.frequencies[number] += 1;
        }
        self.stems.insert(row, stems.into_iter().collect());
    }

    /// Returns for each row the mean cosine, 0 to 1, of its title with the titles in the rows `cited`.
    /// Only stems that are in at least [`MIN_TITLES`] of the cited titles, and in at least a quarter of
    /// them, are counted.
    pub(super) fn scores(&self, cited: &BTreeSet<RowId>) -> BTreeMap<RowId, f32> {
        let mut center = vec![(0.0, 0_usize); self.frequencies.len()];
        for &row in cited {
            for (number, value) in self.vector(row) {
                center[number].0 += value;
                center[number].1 += 1;
            }
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a number of papers is far below 2^52"
        )]
        let count = cited.len().max(1) as f64;
        let center: Vec<f64> = center
            .into_iter()
            .map(|(sum, titles)| {
                let is_shared = titles >= MIN_TITLES && titles * 4 >= cited.len();
                if is_shared { sum / count } else { 0.0 }
            })
            .collect();
        let score = |&row: &RowId| {
            let cosine: f64 = self
                .vector(row)
                .into_iter()
                .map(|(number, value)| center[number] * value)
                .sum();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a score is f32, rounded once"
            )]
            let cosine = cosine.clamp(0.0, 1.0) as f32;
            (row, cosine)
        };
        self.stems.keys().map(score).collect()
    }

    /// Returns the sparse vector of a title: the numbers of its stems with their weights.
    fn vector(&self, row: RowId) -> Vec<(usize, f64)> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a number of papers is far below 2^52"
        )]
        let count = self.stems.len() as f64;
        let stems = self.stems.get(&row).map_or(&[][..], Vec::as_slice);
        let mut vector: Vec<(usize, f64)> = stems
            .iter()
            // A stem that only one title has contributes to no cosine with another title.
            .filter(|(number, _)| self.frequencies[*number] > 1)
            .map(|&(number, times)| {
                let rarity = (count / f64::from(self.frequencies[number])).ln();
                (number, (1.0 + f64::from(times).ln()) * rarity)
            })
            .collect();
        scale_sparse_to_unit(&mut vector);
        vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_only_stems_that_several_cited_titles_share() {
        let mut titles = Titles::default();
        for (row, title) in [
            "Growth of trees in winter",
            "The tree as a graph",
            "Trees and their growth",
            "Growing trees",
            "A survey of stars",
            "Stars and the winter sky",
        ]
        .into_iter()
        .enumerate()
        {
            titles.push(RowId::new(u32::try_from(row).unwrap()), title);
        }
        let scores = titles.scores(&[0, 1, 2].map(RowId::new).into());
        let score = |row| scores[&RowId::new(row)];
        // Trees are in all three cited titles; growth and winter are in fewer than three.
        assert!(score(3) > 0.2, "{scores:?}");
        assert_eq!(score(4).to_bits(), 0.0_f32.to_bits());
        assert_eq!(score(5).to_bits(), 0.0_f32.to_bits());
        assert!(
            titles
                .scores(&BTreeSet::new())
                .values()
                .all(|score| score.to_bits() == 0)
        );
        assert!(
            titles
                .scores(&[0, 1].map(RowId::new).into())
                .values()
                .all(|score| *score <= 0.0)
        );
    }
}
