//! The ids that an unknown one may be compared with, of which a large library has too many.

use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};

use cognate_index::{InvertedIndex, Result};

use crate::library::document::{all_id_tags, id_of_tag, id_tag};

/// The bounds of how many ids are read.
struct Limits {
    /// The largest number of rows of a library of which all ids are read.
    rows: usize,
    /// The largest number of ids with one beginning that are read.
    alike: usize,
}

const LIMITS: Limits = Limits {
    rows: 20_000,
    alike: 1000,
};

/// The longest scheme, such as `arXiv:`, in bytes.
const MAX_SCHEME: usize = 16;

/// The longest beginning of an id that is looked up, in bytes. Longer ids are shortened to it first.
const MAX_BEGINNING: usize = 64;

/// Returns ids that may be spelled like `wanted`, among them ids of papers that were removed: all ids of a
/// small library, and of a large one those that begin like `wanted`, in its spelling or in lower case, or
/// with a scheme that one of the ids `examples` has put before it or in the place of its own.
pub(super) fn ids_to_compare(
    terms: &InvertedIndex,
    wanted: &str,
    examples: &[String],
) -> Result<BTreeSet<String>> {
    ids_within(&LIMITS, terms, wanted, examples)
}

fn ids_within(
    limits: &Limits,
    terms: &InvertedIndex,
    wanted: &str,
    examples: &[String],
) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    let mut read = |first: &[u8], end: Bound<&[u8]>, count: usize| -> Result<usize> {
        let mut found = 0;
        terms.for_each_tag(first, end, |tag| {
            ids.extend(id_of_tag(tag).map(str::to_owned));
            found += 1;
            if found < count {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(found)
    };
    let (first, end) = all_id_tags();
    if terms.rows() <= limits.rows {
        read(first, end, usize::MAX)?;
        return Ok(ids);
    }
    for spelling in spellings(wanted, examples) {
        // The longest beginning first: when too many ids have one, the nearest have been read.
        let lens = (1..=spelling.len().min(MAX_BEGINNING)).rev();
        for len in lens.filter(|len| spelling.is_char_boundary(*len)) {
            let first = id_tag(&spelling[..len]);
            let mut end = first.clone();
            // No byte of UTF-8 is the largest one.
            if let Some(last) = end.last_mut() {
                *last += 1;
            }
            if read(&first, Bound::Excluded(&end), limits.alike)? == limits.alike {
                break;
            }
        }
    }
    Ok(ids)
}

/// Returns the length of the scheme of an id with its colon, or `None` if the id has no scheme.
fn scheme_len(id: &str) -> Option<usize> {
    let colon = id.find(':').filter(|colon| *colon < MAX_SCHEME)?;
    Some(colon + 1)
}

/// Returns how `wanted` may be spelled in a library with these ids.
fn spellings(wanted: &str, examples: &[String]) -> BTreeSet<String> {
    let rest = &wanted[scheme_len(wanted).unwrap_or(0)..];
    let schemes = examples
        .iter()
        .filter_map(|id| Some(&id[..scheme_len(id)?]));
    let with_scheme = schemes.map(|scheme| format!("{scheme}{rest}"));
    let as_given = [wanted.to_owned(), wanted.to_lowercase()];
    with_scheme.chain(as_given).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{library, random_texts};
    use crate::{Library, Paper};

    /// Returns a library of 300 papers with ids of two schemes and 30 without.
    fn large_library() -> (tempfile::TempDir, Library) {
        let (dir, library) = library(&[]);
        let papers = (0..).zip(random_texts(330)).map(|(n, text)| {
            let id = match n {
                0..200 => format!("arXiv:{}.{:05}", 1701 + n / 20, n * 37 % 20),
                200..300 => format!("doi:10.1000/{}", n * 7919 % 1000),
                _ => format!("author{n}title"),
            };
            Paper::new(id).abstract_text(text)
        });
        library.add(papers).unwrap();
        (dir, library)
    }

    #[test]
    fn few_ids_of_a_large_library_are_read_and_the_nearest_are_among_them() {
        let (_dir, library) = large_library();
        let limits = Limits {
            rows: 100,
            alike: 25,
        };
        for (wanted, nearest) in [
            ("arXiv:1705.00021", "arXiv:1705.00002"),
            ("1705.00012", "arXiv:1705.00012"),
            ("arxiv:1705.00021", "arXiv:1705.00002"),
            ("AUTHOR310TITLE", "author310title"),
            ("author310titel", "author310title"),
        ] {
            library
                .read(|snapshot| {
                    let examples = snapshot.some_ids(32)?;
                    let found = ids_within(&limits, snapshot.terms, wanted, &examples).unwrap();
                    assert!(found.contains(nearest), "{wanted}: {found:?}");
                    assert!(found.len() < 120, "{wanted}: {}", found.len());
                    // A library with few rows is read as a whole.
                    let all = ids_to_compare(snapshot.terms, wanted, &examples);
                    assert_eq!(all.unwrap().len(), 330);
                    Ok(())
                })
                .unwrap();
        }
    }

    #[test]
    fn ids_of_any_characters_are_looked_up() {
        let (_dir, library) = large_library();
        let limits = Limits { rows: 0, alike: 25 };
        for wanted in ["", ":", "ä:ö", &"深度".repeat(60), &"x".repeat(300)] {
            let examples = ["arXiv:1706.03762".to_owned(), "é:".to_owned()];
            let found = library.read(|snapshot| {
                Ok(ids_within(&limits, snapshot.terms, wanted, &examples).unwrap())
            });
            assert!(found.unwrap().len() < 120, "{wanted}");
        }
    }
}
