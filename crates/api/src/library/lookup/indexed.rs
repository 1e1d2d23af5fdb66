//! Looking up papers with the help of the inverted index.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use cognate_index::{Phrase, RowId};
use cognate_papers::text::index_words;

use super::Lookup;
use super::candidates::Candidates;
use super::reference::{Reference, Way};
use crate::library::document::{FIELD_WEIGHTS, all_id_tags, id_of_tag, id_tag};
use crate::library::snapshot::Snapshot;
use crate::query::versions::{arxiv_of, doi_of, is_distinctive};
use crate::{Error, Paper, Result};

/// The largest number of papers that contain a title as a phrase and are read. If more contain it, all titles
/// are read.
const MAX_WITH_PHRASE: usize = 1000;

/// The number of papers that contain the text of a query as a phrase, the best by BM25, whose titles are
/// compared with the text.
const WITH_PHRASE_OF_QUERY: usize = 16;

/// The longest text that may be a title, in bytes.
const MAX_TITLE: usize = 2000;

/// The largest number of papers that the text of a query names. A text that names more is not a name.
const MAX_NAMED: usize = 8;

/// The least number of words of a query that is looked up as a title.
const MIN_TITLE_WORDS: usize = 3;

/// Looks up all texts.
pub(super) fn lookup_all(snapshot: &Snapshot<'_>, references: &[Reference]) -> Result<Vec<Lookup>> {
    let mut candidates: Vec<Candidates> = Vec::new();
    candidates.resize_with(references.len(), Candidates::default);
    let mut lookups: Vec<(&Reference, &mut Candidates)> =
        references.iter().zip(&mut candidates).collect();
    for (reference, candidates) in &mut lookups {
        find_by_id(snapshot, reference, candidates)?;
    }
    find_by_reading_ids(snapshot, &mut lookups)?;
    find_by_identifier(snapshot, &mut lookups)?;
    for (reference, candidates) in &mut lookups {
        if candidates.is_less_certain_than(Way::Title) {
            find_by_title(snapshot, reference, candidates, MAX_WITH_PHRASE)?;
        }
    }
    let nearest = |text: &str| snapshot.nearest_ids(text);
    let found = references.iter().zip(candidates);
    found
        .map(|(reference, candidates)| candidates.into_lookup(snapshot.papers, reference, nearest))
        .collect()
}

/// Returns the rows of the papers that the text of a query names: by an id, a DOI or an arXiv identifier, or a
/// title of three words or more; none if it names many. Other texts are what to search for.
pub(crate) fn named_rows(snapshot: &Snapshot<'_>, text: &str) -> Result<Vec<RowId>> {
    let reference = Reference::new(text);
    let mut candidates = Candidates::default();
    find_by_id(snapshot, &reference, &mut candidates)?;
    find_by_identifier(snapshot, &mut [(&reference, &mut candidates)])?;
    let has_words_of_title = text.split_whitespace().nth(MIN_TITLE_WORDS - 1).is_some();
    if candidates.way().is_none() && has_words_of_title {
        find_by_title(snapshot, &reference, &mut candidates, WITH_PHRASE_OF_QUERY)?;
    }
    let mut rows = Vec::new();
    for id in candidates.ids() {
        rows.extend(snapshot.find(id)?.map(|(row, _)| row));
    }
    if rows.len() > MAX_NAMED {
        rows.clear();
    }
    Ok(rows)
}

/// Returns the rows of the papers with the DOI, the arXiv identifier or the title of a paper, which are in ascending
/// order and have the row of the paper among them. Titles of few words do not count.
pub(crate) fn rows_alike(snapshot: &Snapshot<'_>, paper: &Paper) -> Result<BTreeSet<RowId>> {
    let identifiers = [doi_of(paper), arxiv_of(paper)].map(|identifier| {
        let reference = Reference::new(&identifier.unwrap_or_default());
        (reference, Candidates::default())
    });
    let mut names = Vec::from(identifiers);
    let mut lookups: Vec<_> = names
        .iter_mut()
        .map(|(reference, candidates)| (&*reference, candidates))
        .collect();
    find_by_identifier(snapshot, &mut lookups)?;
    if is_distinctive(&paper.title) {
        let (title, mut candidates) = (Reference::new(&paper.title), Candidates::default());
        find_by_title(snapshot, &title, &mut candidates, MAX_WITH_PHRASE)?;
        names.push((title, candidates));
    }
    let mut rows = BTreeSet::new();
    for id in names.iter().flat_map(|(_, candidates)| candidates.ids()) {
        rows.extend(snapshot.find(id)?.map(|(row, _)| row));
    }
    Ok(rows)
}

/// Finds the papers whose id is the text, or the identifier that the text is.
fn find_by_id(
    snapshot: &Snapshot<'_>,
    reference: &Reference,
    candidates: &mut Candidates,
) -> Result<()> {
    let exact = [reference.given.as_str(), reference.trimmed()].map(|id| (id.to_owned(), Way::Id));
    for (id, way) in exact.into_iter().chain(reference.identifiers_as_ids()) {
        if let Some((_, stored)) = snapshot.find(&id)?
            && !reference.is_contradicted(way, &stored.paper)
        {
            candidates.add(way, id, stored.key);
        }
        if candidates.way() == Some(Way::Id) {
            break;
        }
    }
    Ok(())
}

/// Finds the papers whose id is the text in another case, or begins with it.
fn find_by_reading_ids(
    snapshot: &Snapshot<'_>,
    lookups: &mut [(&Reference, &mut Candidates)],
) -> Result<()> {
    let open = lookups
        .iter_mut()
        .filter(|(_, candidates)| candidates.is_less_certain_than(Way::IdIgnoringCase));
    let mut open: Vec<_> = open.collect();
    if open.is_empty() {
        return Ok(());
    }
    let mut found: HashMap<String, Vec<(usize, Way)>> = HashMap::new();
    let (first, end) = all_id_tags();
    let read = snapshot.terms.for_each_tag(first, end, |tag| {
        let Some(id) = id_of_tag(tag) else {
            return ControlFlow::Continue(());
        };
        for (position, (reference, _)) in open.iter().enumerate() {
            if let Some(way) = reference.names_id(id) {
                found
                    .entry(id.to_owned())
                    .or_default()
                    .push((position, way));
            }
        }
        ControlFlow::Continue(())
    });
    read.map_err(Error::index(snapshot.dir))?;
    for (id, matches) in found {
        // The terms still have the ids of papers that were removed.
        let rows = snapshot.terms.rows_with_tag(&id_tag(&id));
        let Some(row) = rows.map_err(Error::index(snapshot.dir))?.min() else {
            continue;
        };
        let key = snapshot.key_of(RowId::new(row))?;
        for (position, way) in matches {
            open[position].1.add(way, id.clone(), key);
        }
    }
    Ok(())
}

/// Finds the papers whose DOI or arXiv identifier is the text.
fn find_by_identifier(
    snapshot: &Snapshot<'_>,
    lookups: &mut [(&Reference, &mut Candidates)],
) -> Result<()> {
    let open = lookups.iter_mut().filter(|(reference, candidates)| {
        let has_identifier = reference.doi.is_some() || reference.arxiv.is_some();
        has_identifier && candidates.is_less_certain_than(Way::Doi)
    });
    let mut open: Vec<_> = open.collect();
    if open.is_empty() {
        return Ok(());
    }
    let parts = open
        .iter()
        .flat_map(|(reference, _)| reference.identifier_parts());
    let parts: Vec<&str> = parts.collect();
    let mut keys = Vec::new();
    snapshot.papers.for_each_identified(&parts, |key, paper| {
        for (position, (reference, _)) in open.iter().enumerate() {
            if reference.identifies(&paper).is_some() {
                keys.push((position, key));
            }
        }
    })?;
    for (position, key) in keys {
        let (reference, candidates) = &mut *open[position];
        // The paper is compared with its checksum here.
        let paper = snapshot.papers.paper(key)?.paper;
        if let Some(way) = reference.identifies(&paper) {
            candidates.add(way, paper.id, key);
        }
    }
    Ok(())
}

/// Finds the papers whose title is the text, among the best `limit` papers by BM25 that contain the text as a
/// phrase. If the limit is [`MAX_WITH_PHRASE`] and more papers contain the phrase, all titles are read.
fn find_by_title(
    snapshot: &Snapshot<'_>,
    reference: &Reference,
    candidates: &mut Candidates,
    limit: usize,
) -> Result<()> {
    if !reference.has_words() || reference.trimmed().len() > MAX_TITLE {
        return Ok(());
    }
    let words = index_words(reference.trimmed());
    let phrase = Phrase::new(words.into_iter().flat_map(|word| word.terms), 1);
    let hits = snapshot
        .terms
        .search(&[phrase], FIELD_WEIGHTS, limit, None)
        .map_err(Error::index(snapshot.dir))?;
    let mut keys = Vec::new();
    if hits.len() == limit && limit == MAX_WITH_PHRASE {
        snapshot.papers.for_each_title(|key, title| {
            if reference.is_title(title) {
                keys.push(key);
            }
        })?;
    } else {
        for hit in hits {
            keys.push(snapshot.key_of(hit.row)?);
        }
    }
    for key in keys {
        let paper = snapshot.papers.paper(key)?.paper;
        if reference.is_title(&paper.title) {
            candidates.add(Way::Title, paper.id, key);
        }
    }
    Ok(())
}
