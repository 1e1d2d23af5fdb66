//! How many papers a library has of each year, venue, category and list.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, ControlFlow};

use cognate_index::{InvertedIndex, RowId};
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::library::Library;
use crate::library::document::{
    all_category_tags, all_venue_name_tags, all_year_tags, category_tag, venue_of_tag, year_of_tag,
};
use crate::library::snapshot::Snapshot;
use crate::query::allowed_rows::allowed_rows;
use crate::query::filter::Filter;
use crate::{Error, Result};

/// The numbers of papers that pass a filter, in all and by their fields, from
/// [`Library::facets`](crate::Library::facets).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Facets {
    /// The number of papers that pass the filter.
    pub papers: usize,
    /// The years of publication with their numbers of papers, in ascending order.
    pub years: Vec<(i32, usize)>,
    /// The venues with the most papers. Names that differ in case, accents and punctuation only are one venue, spelled
    /// as in most papers.
    pub venues: Vec<FacetCount>,
    /// The categories with the most papers.
    pub categories: Vec<FacetCount>,
    /// The lists with the most papers.
    pub lists: Vec<FacetCount>,
}

/// A value of a field and the number of papers that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FacetCount {
    /// The venue, the category or the name of the list.
    pub name: String,
    /// The number of papers.
    pub papers: usize,
}

impl Library {
    /// Counts the papers that pass a filter by year, venue, category and list. Venues, categories and lists are those
    /// with the most papers, at most `limit` of each, with at least one paper; equal ones are in the order of their
    /// names. A venue whose name is longer than 200 bytes is left out.
    ///
    /// # Errors
    ///
    /// Returns [`Error::UnknownList`] if the filter names a list that does not exist, and [`Error::Store`],
    /// [`Error::Damaged`] or [`Error::Index`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the different values of the fields. With a filter, and in a library of which papers were removed,
    /// also in the papers. At most `limit` papers are read.
    pub fn facets(&self, filter: &Filter, limit: usize) -> Result<Facets> {
        self.read(|snapshot| facets(snapshot, filter, limit))
    }
}

fn facets(snapshot: &Snapshot<'_>, filter: &Filter, limit: usize) -> Result<Facets> {
    let allowed = allowed_rows(snapshot, filter)?;
    let papers = allowed
        .as_ref()
        .map_or(snapshot.index.len() as u64, RoaringBitmap::len);
    let (terms, allowed) = (snapshot.terms, allowed.as_ref());
    let (years, (venues, categories)) = rayon::join(
        || years(terms, allowed),
        || {
            rayon::join(
                || venues(terms, allowed, limit),
                || categories(terms, allowed, limit),
            )
        },
    );
    let index_error = || Error::index(snapshot.dir);
    let categories = categories.map_err(index_error())?;
    Ok(Facets {
        papers: size(papers),
        years: years.map_err(index_error())?,
        venues: venues.map_err(index_error())?,
        categories: spelled(snapshot, categories)?,
        lists: lists(snapshot, allowed, limit)?,
    })
}

pub(super) fn size(papers: u64) -> usize {
    usize::try_from(papers).unwrap_or(usize::MAX)
}

type TagRange = (&'static [u8], Bound<&'static [u8]>);

/// Calls `take` with the tags of a range and the numbers of their papers, none of them 0.
fn count(
    terms: &InvertedIndex,
    (first, end): TagRange,
    allowed: Option<&RoaringBitmap>,
    mut take: impl FnMut(&[u8], u64),
) -> cognate_index::Result<()> {
    terms.count_tags(first, end, allowed, |tag, papers| {
        if papers > 0 {
            take(tag, papers);
        }
        ControlFlow::Continue(())
    })
}

fn years(
    terms: &InvertedIndex,
    allowed: Option<&RoaringBitmap>,
) -> cognate_index::Result<Vec<(i32, usize)>> {
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    count(terms, all_year_tags(), allowed, |tag, papers| {
        if let Some(year) = year_of_tag(tag) {
            *years.entry(year).or_default() += size(papers);
        }
    })?;
    Ok(years.into_iter().collect())
}

/// Returns the values with the most papers, by number and name.
pub(super) fn most_frequent(
    counts: impl IntoIterator<Item = FacetCount>,
    limit: usize,
) -> Vec<FacetCount> {
    let mut counts: Vec<FacetCount> = counts.into_iter().collect();
    counts.sort_unstable_by(|a, b| (Reverse(a.papers), &a.name).cmp(&(Reverse(b.papers), &b.name)));
    counts.truncate(limit);
    counts
}

fn venues(
    terms: &InvertedIndex,
    allowed: Option<&RoaringBitmap>,
    limit: usize,
) -> cognate_index::Result<Vec<FacetCount>> {
    // The spellings of each venue, by its words.
    let mut venues: HashMap<String, BTreeMap<String, usize>> = HashMap::new();
    count(terms, all_venue_name_tags(), allowed, |tag, papers| {
        if let Some((words, name)) = venue_of_tag(tag) {
            let spellings = venues.entry(words.to_owned()).or_default();
            *spellings.entry(name.to_owned()).or_default() += size(papers);
        }
    })?;
    let counts = venues.into_values().filter_map(most_frequent_spelling);
    Ok(most_frequent(counts, limit))
}

/// Returns the spelling of a name that most papers have, the first of several, and the number of papers of all
/// spellings.
pub(super) fn most_frequent_spelling(spellings: BTreeMap<String, usize>) -> Option<FacetCount> {
    let papers = spellings.values().sum();
    // Of equal ones, the last is taken.
    let (name, _) = spellings
        .into_iter()
        .rev()
        .max_by_key(|(_, papers)| *papers)?;
    Some(FacetCount { name, papers })
}

/// Returns the categories with the most papers, in lower case.
fn categories(
    terms: &InvertedIndex,
    allowed: Option<&RoaringBitmap>,
    limit: usize,
) -> cognate_index::Result<Vec<FacetCount>> {
    let mut categories: HashMap<String, usize> = HashMap::new();
    count(terms, all_category_tags(), allowed, |tag, papers| {
        if let Ok(name) = std::str::from_utf8(&tag[1..]) {
            *categories.entry(name.to_owned()).or_default() += size(papers);
        }
    })?;
    let counts = categories
        .into_iter()
        .map(|(name, papers)| FacetCount { name, papers });
    Ok(most_frequent(counts, limit))
}

/// Spells categories as the first paper does that has them.
pub(super) fn spelled(
    snapshot: &Snapshot<'_>,
    mut categories: Vec<FacetCount>,
) -> Result<Vec<FacetCount>> {
    for category in &mut categories {
        if let Some(name) = spelling_of_category(snapshot, &category.name)? {
            category.name = name;
        }
    }
    Ok(categories)
}

/// Returns a category, given in lower case, as the first paper spells it that has it.
fn spelling_of_category(snapshot: &Snapshot<'_>, folded: &str) -> Result<Option<String>> {
    let rows = snapshot.terms.rows_with_tag(&category_tag(folded));
    let rows = rows.map_err(Error::index(snapshot.dir))?;
    let Some(row) = rows.min() else {
        return Ok(None);
    };
    let paper = snapshot.stored_at(RowId::new(row))?.paper;
    let mut names = paper.categories.into_iter();
    Ok(names.find(|name| name.to_lowercase() == folded))
}

fn lists(
    snapshot: &Snapshot<'_>,
    allowed: Option<&RoaringBitmap>,
    limit: usize,
) -> Result<Vec<FacetCount>> {
    let mut counts = Vec::new();
    for list in snapshot.papers.list_directory()?.lists {
        let papers = match allowed {
            None => size(list.papers),
            Some(allowed) => {
                let rows = snapshot.rows_of_list(&list.name)?;
                size(allowed.intersection_len(&rows))
            }
        };
        if papers > 0 {
            let name = list.name;
            counts.push(FacetCount { name, papers });
        }
    }
    Ok(most_frequent(counts, limit))
}
