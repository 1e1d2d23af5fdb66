//! The reasons why no paper passes a filter, or answers a query.

use std::ops::{Bound, ControlFlow};

use cognate_index::RowId;
use cognate_papers::text::index_words;
use roaring::RoaringBitmap;

use crate::library::Library;
use crate::library::document::{
    ADDED, DatePart, PUBLISHED, all_day_tags, all_year_tags, date_of_day_tag, date_tag,
    year_of_tag, year_tag,
};
use crate::library::snapshot::Snapshot;
use crate::query::allowed_rows::allowed_rows;
use crate::query::empty_answer::EmptyReason;
use crate::query::excluded_words::rows_without;
use crate::query::filter::Filter;
use crate::query::keyword_query::KeywordQuery;
use crate::query::mode::Mode;
use crate::query::nearest_names::{NameField, nearest_names};
use crate::query::{Query, Target};
use crate::{Error, PartialDate, Result};

impl Library {
    /// Returns the reasons why no paper passes a filter, most telling first: the conditions that no paper meets,
    /// with the values of the library that are spelled like them. The result is empty if a paper passes.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Store`], [`Error::Damaged`] or [`Error::Index`] if the library cannot be read.
    ///
    /// # Complexity
    ///
    /// Linear in the papers that meet a condition, and for a condition on names that no paper meets, in the
    /// different words of all names of its kind.
    pub fn explain_no_papers(&self, filter: &Filter) -> Result<Vec<EmptyReason>> {
        self.read_papers_and_terms(|papers, snapshot| match snapshot {
            _ if papers.count()? == 0 => Ok(vec![EmptyReason::EmptyLibrary]),
            Some(snapshot) => reasons_of_filter(snapshot, filter),
            None => Ok(vec![EmptyReason::Other {
                is_filtered: !filter.is_empty(),
            }]),
        })
    }

    /// Returns the reasons why a query that [`search`](Self::search) answered with no hits has none, as
    /// [`explain_no_papers`](Self::explain_no_papers) does for its filter.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`explain_no_papers`](Self::explain_no_papers).
    ///
    /// # Complexity
    ///
    /// As in [`explain_no_papers`](Self::explain_no_papers), and linear in the papers that have a word of the
    /// query.
    pub fn explain_no_hits(&self, query: &Query) -> Result<Vec<EmptyReason>> {
        let of_filter = self.explain_no_papers(&query.filter)?;
        if !of_filter.is_empty() {
            return Ok(of_filter);
        }
        self.read(|snapshot| Ok(vec![reason_of_query(snapshot, query)?]))
    }
}

/// Returns the reason why a query whose filter papers pass has no hits.
fn reason_of_query(snapshot: &Snapshot<'_>, query: &Query) -> Result<EmptyReason> {
    let is_filtered = !query.filter.is_empty();
    let allowed = allowed_rows(snapshot, &query.filter)?;
    match &query.target {
        Target::Papers(ids) => {
            let mut named = RoaringBitmap::new();
            for id in ids.iter().chain(&query.unwanted) {
                named.extend(snapshot.find(id)?.map(|(row, _)| row.get()));
            }
            let is_none_left = match &allowed {
                Some(allowed) => (allowed - &named).is_empty(),
                None => snapshot.index.len() as u64 <= named.len(),
            };
            if is_none_left {
                return Ok(EmptyReason::OnlyQueryPapers { is_filtered });
            }
        }
        Target::Text(text) if query.ranking().mode == Mode::Keyword => {
            let wanted = KeywordQuery::of_text(text);
            if snapshot
                .keyword_hits(&wanted, 1, allowed.as_ref())?
                .is_empty()
            {
                return Ok(EmptyReason::Words {
                    words: words(text, &wanted),
                    is_filtered: is_filtered
                        && !snapshot.keyword_hits(&wanted, 1, None)?.is_empty(),
                });
            }
        }
        Target::Text(_) | Target::Vector(_) => {}
    }
    let left = rows_without(snapshot, &query.without_words, allowed)?;
    let are_excluded = match (&query.target, &left) {
        _ if query.without_words.is_empty() => false,
        (Target::Text(text), _) if query.ranking().mode == Mode::Keyword => {
            let wanted = KeywordQuery::of_text(text);
            snapshot.keyword_hits(&wanted, 1, left.as_ref())?.is_empty()
        }
        (_, left) => left.as_ref().is_some_and(RoaringBitmap::is_empty),
    };
    if are_excluded {
        return Ok(EmptyReason::Excluded);
    }
    Ok(match query.min_score {
        Some(wanted) => EmptyReason::MinScore { wanted },
        None => EmptyReason::Other { is_filtered: false },
    })
}

/// Returns the words and phrases of a keyword query as the text has them.
fn words(text: &str, query: &KeywordQuery) -> Vec<String> {
    let of_text = index_words(text);
    let as_typed = |term: &String| {
        let word = of_text.iter().find(|word| word.terms == [term.as_str()]);
        word.map_or_else(|| term.clone(), |word| word.text.clone())
    };
    let phrases = query.phrases().iter();
    let typed = phrases.map(|phrase| {
        let words: Vec<String> = phrase.terms().iter().map(as_typed).collect();
        words.join(" ")
    });
    typed.collect()
}

fn reasons_of_filter(snapshot: &Snapshot<'_>, filter: &Filter) -> Result<Vec<EmptyReason>> {
    if allowed_rows(snapshot, filter)?.is_none_or(|rows| !rows.is_empty()) {
        return Ok(Vec::new());
    }
    let mut reasons = Vec::new();
    let mut passing = Vec::new();
    let count = |filter: &Filter| -> Result<u64> {
        Ok(allowed_rows(snapshot, filter)?.map_or(0, |rows| rows.len()))
    };
    if let Some(wanted) = filter.years {
        let only = Filter {
            years: filter.years,
            ..Filter::default()
        };
        match count(&only)? {
            0 => reasons.push(reason_of_years(snapshot, wanted)?),
            papers => passing.push(("year", papers)),
        }
    }
    for (kind, date_kind, wanted) in [
        ("date of publication", PUBLISHED, filter.published_since),
        ("day of adding", ADDED, filter.added_since),
    ] {
        let Some(wanted) = wanted else { continue };
        let only = match date_kind {
            PUBLISHED => Filter::default().published_since(wanted),
            _ => Filter::default().added_since(wanted),
        };
        match count(&only)? {
            0 => {
                let latest = latest_date(snapshot, date_kind)?;
                reasons.push(match date_kind {
                    PUBLISHED => EmptyReason::PublishedSince { wanted, latest },
                    _ => EmptyReason::AddedSince { wanted, latest },
                });
            }
            papers => passing.push((kind, papers)),
        }
    }
    if !filter.lists.is_empty() {
        let wanted = filter.lists.clone();
        let only = Filter {
            lists: wanted.clone(),
            ..Filter::default()
        };
        match count(&only)? {
            0 => reasons.push(EmptyReason::Lists { wanted }),
            papers => passing.push(("list", papers)),
        }
    }
    if !filter.not_lists.is_empty() {
        let unwanted = filter.not_lists.clone();
        let only = Filter {
            not_lists: unwanted.clone(),
            ..Filter::default()
        };
        match count(&only)? {
            0 => reasons.push(EmptyReason::NotLists { unwanted }),
            papers => passing.push(("lists that are left out", papers)),
        }
    }
    for (kind, field, names) in [
        ("venue", NameField::Venue, &filter.venues),
        ("author", NameField::Author, &filter.authors),
        ("category", NameField::Category, &filter.categories),
    ] {
        let mut only = Filter::default();
        match field {
            NameField::Venue => only.venues.clone_from(names),
            NameField::Author => only.authors.clone_from(names),
            NameField::Category => only.categories.clone_from(names),
        }
        if names.is_empty() {
            continue;
        }
        match count(&only)? {
            0 => {
                for wanted in names {
                    let nearest = nearest_names(snapshot, field, wanted)?;
                    let wanted = wanted.clone();
                    reasons.push(match field {
                        NameField::Venue => EmptyReason::Venue { wanted, nearest },
                        NameField::Author => EmptyReason::Author { wanted, nearest },
                        NameField::Category => EmptyReason::Category { wanted, nearest },
                    });
                }
            }
            papers => passing.push((kind, papers)),
        }
    }
    if reasons.is_empty() {
        reasons.push(EmptyReason::Together { passing });
    }
    Ok(reasons)
}

fn reason_of_years(snapshot: &Snapshot<'_>, wanted: (i32, i32)) -> Result<EmptyReason> {
    let (first, end) = all_year_tags();
    let mut years = Vec::new();
    let all = snapshot.terms.for_each_tag(first, end, |tag| {
        years.extend(year_of_tag(tag));
        ControlFlow::Continue(())
    });
    all.map_err(Error::index(snapshot.dir))?;
    years.sort_unstable();
    years.dedup();
    // The terms still have the years of papers that were removed.
    let mut live = Vec::new();
    for year in years {
        let rows = snapshot.terms.rows_with_tag(&year_tag(year));
        if !rows.map_err(Error::index(snapshot.dir))?.is_empty() {
            live.push(year);
        }
    }
    let range = live.first().zip(live.last());
    Ok(EmptyReason::Years {
        wanted,
        range: range.map(|(first, last)| (*first, *last)),
        before: live.iter().rev().find(|year| **year < wanted.0).copied(),
        after: live.iter().find(|year| **year > wanted.1).copied(),
    })
}

/// Returns the latest date of a kind that a paper has.
fn latest_date(snapshot: &Snapshot<'_>, kind: u8) -> Result<Option<PartialDate>> {
    let (first, end) = all_day_tags(kind);
    let mut days = Vec::new();
    let all = snapshot
        .terms
        .for_each_tag(&first, Bound::Excluded(&end), |tag| {
            days.extend(date_of_day_tag(tag));
            ControlFlow::Continue(())
        });
    all.map_err(Error::index(snapshot.dir))?;
    days.sort_unstable();
    // The terms still have the days of papers that were removed.
    for day in days.into_iter().rev() {
        let tag = date_tag(kind, DatePart::of_day(day));
        let rows = snapshot.terms.rows_with_tag(&tag);
        if let Some(row) = rows.map_err(Error::index(snapshot.dir))?.min() {
            let paper = snapshot.stored_at(RowId::new(row))?.paper;
            return Ok(match kind {
                PUBLISHED => paper.publication_date(),
                _ => paper.added,
            });
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Paper;
    use crate::testing::SpelledVector;

    fn library() -> (tempfile::TempDir, Library) {
        let dir = tempfile::tempdir().unwrap();
        let library = Library::create(dir.path(), SpelledVector).unwrap();
        let paper = |id: &str, author: &str, year, venue: &str| {
            Paper::new(id)
                .title(format!("graph {id}"))
                .abstract_text("1 0 0")
                .authors([author, "Bea Other"])
                .year(year)
                .venue(venue)
                .categories(["cs.CL", "q-bio.NC"])
        };
        let papers = [
            paper("a", "Geoffrey Hinton", 1990, "Nature Physics"),
            paper("b", "Geoffrey Everest", 2001, "Journal of Graphs"),
            paper("c", "Kurt G\u{f6}del", 2019, "Neural Computation"),
            paper("old", "Ada Old", 1800, "Ancient Letters"),
        ];
        library.add(papers).unwrap();
        library.remove(&["old"]).unwrap();
        (dir, library)
    }

    fn reasons(filter: Filter) -> Vec<String> {
        let (_dir, library) = library();
        let reasons = library.explain_no_papers(&filter).unwrap();
        reasons.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_condition_that_no_paper_meets_is_named_with_the_nearest_values() {
        let filter = Filter::default;
        for (filter, expected) in [
            (
                filter().author("Geofrey Hintn"),
                "no author matches `Geofrey Hintn`; nearest: Geoffrey Hinton; Geoffrey Everest",
            ),
            (
                filter().author("Geoffrey Godel"),
                "no author matches `Geoffrey Godel`; nearest: Geoffrey Everest; Geoffrey Hinton; Kurt G\u{f6}del",
            ),
            (filter().author("Zzyzx"), "no author matches `Zzyzx`"),
            (
                filter().venue("Natur Phisics"),
                "no venue matches `Natur Phisics`; nearest: Nature Physics",
            ),
            (
                filter().category("CS.CI"),
                "no paper is in the category `CS.CI`; nearest: cs.CL",
            ),
            (
                filter().years(..1800),
                "no paper is from 1799 or earlier; the library has papers from 1990 to 2019",
            ),
            (
                filter().years(1800..=1800),
                "no paper is from 1800; the library has papers from 1990 to 2019",
            ),
            (
                filter().years(2002..=2003),
                "no paper is from 2002 to 2003; the library has papers from 1990 to 2019, the nearest \
                 from 2001 and 2019",
            ),
            (
                filter().years(2000..).author("Hinton"),
                "no paper passes all filters together: 2 pass the year, 1 passes the author",
            ),
        ] {
            assert_eq!(reasons(filter.clone()), [expected], "{filter:?}");
        }
        let both = filter().years(..1900).author("nobody").category("cs");
        assert_eq!(reasons(both).len(), 2);
        assert!(reasons(filter()).is_empty());
        assert!(reasons(filter().author("hinton")).is_empty());
    }

    #[test]
    fn a_query_without_hits_is_explained_by_its_words_its_score_or_its_papers() {
        let (dir, _) = library();
        // Without the embedder, which reads numbers only.
        let library = Library::open(dir.path()).unwrap();
        let explain = |query: &Query| {
            assert!(library.search(query).unwrap().is_empty(), "{query:?}");
            let reasons = library.explain_no_hits(query).unwrap();
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            reasons.join("\n")
        };
        let keyword = |text: &str| Query::text(text).mode(Mode::Keyword);
        assert_eq!(
            explain(&keyword("qubits")),
            "no paper has the word `qubits`"
        );
        assert_eq!(
            explain(&keyword("the qubits of Elena")),
            "no paper has any of the words `qubits`, `elena`"
        );
        assert_eq!(
            explain(&keyword("\"b graph\"")),
            "no paper has the phrase `b graph`"
        );
        let old = Filter::default().years(..2000);
        let filtered = keyword("b").filter(old.clone());
        assert_eq!(
            explain(&filtered),
            "no paper that passes the filters has the word `b`"
        );
        let excluded = keyword("graph").without_words(["a", "b", "c"]);
        assert_eq!(
            explain(&excluded),
            "every paper that would be found has a word that the query leaves out"
        );
        let near = Query::vector([0.0, 1.0, 0.0]).min_score(0.5);
        assert_eq!(
            explain(&near),
            "no paper has a cosine similarity of at least 0.5"
        );
        let related = Query::paper("a").filter(old);
        assert_eq!(explain(&related), "no other paper passes the filters");
        let all = Query::papers(["a", "b", "c"]);
        assert_eq!(explain(&all), "the library has no other paper");
    }

    #[test]
    fn an_empty_library_and_lost_files_of_terms_are_said() {
        let (dir, library) = library();
        library.remove(&["a", "b", "c"]).unwrap();
        let nobody = Filter::default().author("nobody");
        let reasons = library.explain_no_papers(&nobody).unwrap();
        assert_eq!(reasons, [EmptyReason::EmptyLibrary]);
        drop(library);
        drop(dir);
        let (dir, library) = self::library();
        drop(library);
        std::fs::remove_dir_all(crate::library::vectors_dir(dir.path())).unwrap();
        let library = Library::open(dir.path()).unwrap();
        let reasons = library.explain_no_papers(&nobody).unwrap();
        assert_eq!(reasons, [EmptyReason::Other { is_filtered: true }]);
    }
}
