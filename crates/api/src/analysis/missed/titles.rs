//! What the titles of the papers cited have in common, in words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cognate_index::RowId;

use cognate_papers::text::{is_stop_word, stem, words};

/// The titles that must have a stem before it says what they are about.
const SHARED_BY: usize = 3;

/// The stems in the titles of a library.
///
/// A title is a vector with a value for each of its stems: how often it occurs, dampened, times how
/// rare it is in the library (tf-idf, Spärck Jones 1972), scaled to length 1.
#[derive(Debug, Default)]
pub(super) struct Titles {
    numbers: HashMap<String, usize>,
    /// The titles that have the stem of each number.
    frequencies: Vec<u32>,
    /// The numbers of the stems of each title, and how often each occurs.
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

    /// For each row the mean of the cosines, 0 to 1, of its title with the titles in `cited`, where
    /// those stems alone count that several of them have: [`SHARED_BY`], and a quarter of them.
    pub(super) fn near(&self, cited: &BTreeSet<RowId>) -> BTreeMap<RowId, f32> {
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
                let is_shared = titles >= SHARED_BY && titles * 4 >= cited.len();
                if is_shared { sum / count } else { 0.0 }
            })
            .collect();
        let near = |&row: &RowId| {
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
        self.stems.keys().map(near).collect()
    }

    fn vector(&self, row: RowId) -> Vec<(usize, f64)> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a number of papers is far below 2^52"
        )]
        let count = self.stems.len() as f64;
        let stems = self.stems.get(&row).map_or(&[][..], Vec::as_slice);
        let mut vector: Vec<(usize, f64)> = stems
            .iter()
            // A stem of one title has nothing in common with another.
            .filter(|(number, _)| self.frequencies[*number] > 1)
            .map(|&(number, times)| {
                let rarity = (count / f64::from(self.frequencies[number])).ln();
                (number, (1.0 + f64::from(times).ln()) * rarity)
            })
            .collect();
        scale(vector.iter_mut().map(|(_, value)| value));
        vector
    }
}

/// Scales a vector to length 1; one without a direction stays.
fn scale<'a>(values: impl Iterator<Item = &'a mut f64>) {
    let values: Vec<&mut f64> = values.collect();
    let length = values
        .iter()
        .map(|value| **value * **value)
        .sum::<f64>()
        .sqrt();
    if length > 0.0 {
        for value in values {
            *value /= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_titles_have_in_common() {
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
        let near = titles.near(&[0, 1, 2].map(RowId::new).into());
        let score = |row| near[&RowId::new(row)];
        // All three have trees; growth and winter are in too few to count.
        assert!(score(3) > 0.2, "{near:?}");
        assert_eq!(score(4).to_bits(), 0.0_f32.to_bits());
        assert_eq!(score(5).to_bits(), 0.0_f32.to_bits());
        assert!(
            titles
                .near(&BTreeSet::new())
                .values()
                .all(|score| score.to_bits() == 0)
        );
        assert!(
            titles
                .near(&[0, 1].map(RowId::new).into())
                .values()
                .all(|score| *score <= 0.0)
        );
    }
}
