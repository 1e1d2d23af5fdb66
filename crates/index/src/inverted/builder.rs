//! The terms of documents in memory, before they are written.

use std::collections::HashMap;

use super::document::{Document, FIELDS};
use super::postings::{EncodedPostings, Kind, Posting, PostingsEncoder};
use super::segment::dictionary_name;
use super::varint;

/// The terms of rows in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryTerms {
    pub(super) keys: Vec<u64>,
    pub(super) lengths: Vec<u32>,
    /// The postings of each term, in ascending order of their names in the dictionary.
    pub(super) terms: Vec<(Vec<u8>, EncodedPostings)>,
}

impl MemoryTerms {
    /// Collects the terms of documents, of which the first is of row 0.
    pub(crate) fn of(documents: &[Document]) -> Self {
        let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut encoders: Vec<(Vec<u8>, PostingsEncoder)> = Vec::new();
        let mut number_of = |kind: Kind, term: &[u8]| {
            let name = dictionary_name(kind, term);
            *numbers.entry(name).or_insert_with_key(|name| {
                encoders.push((name.clone(), PostingsEncoder::new(kind)));
                encoders.len() - 1
            })
        };
        let mut occurrences: Vec<Vec<(usize, usize, u32)>> = Vec::with_capacity(documents.len());
        let mut tags: Vec<Vec<(usize, u32)>> = Vec::with_capacity(documents.len());
        for document in documents {
            // The number of the term, the field and the position.
            let mut found = Vec::with_capacity(document.len());
            for (field, terms) in document.fields.iter().enumerate() {
                for (position, term) in (0_u32..).zip(terms) {
                    found.push((number_of(Kind::Term, term.as_bytes()), field, position));
                }
            }
            found.sort_unstable();
            occurrences.push(found);
            let tag = |(tag, value): &(Vec<u8>, u32)| (number_of(Kind::Tag, tag), *value);
            tags.push(document.tags.iter().map(tag).collect());
        }
        let mut lengths = Vec::with_capacity(documents.len());
        let mut positions = Vec::new();
        for (row, (occurrences, mut tags)) in (0_u32..).zip(occurrences.iter().zip(tags)) {
            let length = u32::try_from(occurrences.len()).unwrap_or(u32::MAX);
            lengths.push(length);
            for of_term in occurrences.chunk_by(|a, b| a.0 == b.0) {
                let mut frequencies = [0; FIELDS];
                positions.clear();
                for of_field in of_term.chunk_by(|a, b| a.1 == b.1) {
                    let mut next = 0;
                    for (_, field, position) in of_field {
                        frequencies[*field] += 1;
                        varint::put(&mut positions, u64::from(position - next));
                        next = position + 1;
                    }
                }
                let posting = Posting { row, frequencies };
                encoders[of_term[0].0].1.push(posting, length, &positions);
            }
            // Of several values of one tag, the last one counts.
            tags.reverse();
            tags.sort_by_key(|(number, _)| *number);
            tags.dedup_by_key(|(number, _)| *number);
            for (number, value) in tags {
                let frequencies = [value, 0];
                let posting = Posting { row, frequencies };
                encoders[number].1.push(posting, length, &[]);
            }
        }
        let finish = |(name, encoder): (Vec<u8>, PostingsEncoder)| (name, encoder.finish());
        let mut terms: Vec<_> = encoders.into_iter().map(finish).collect();
        terms.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Self {
            keys: documents.iter().map(|document| document.key).collect(),
            lengths,
            terms,
        }
    }
}
