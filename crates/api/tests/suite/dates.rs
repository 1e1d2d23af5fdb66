//! The days on which papers were added, dates of publication, and orders by date.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cognate::{
    AddOptions, AddReport, Filter, HitOrder, Library, Listing, Mode, Paper, PartialDate, Query,
    SameId, SortBy,
};
use cognate_testing::{LetterCounts, paper, papers};
use tempfile::tempdir;

fn date(text: &str) -> PartialDate {
    text.parse().unwrap()
}

fn create(dir: &Path) -> Library {
    Library::create(dir, LetterCounts::default()).unwrap()
}

fn add_on(library: &Library, day: &str, papers: impl IntoIterator<Item = Paper>) -> AddReport {
    let options = AddOptions::default().added(date(day));
    let papers = papers.into_iter().map(Ok::<_, cognate::Error>);
    let go_on = &mut |_| ControlFlow::Continue(());
    library.add_with(papers, &options, go_on).unwrap()
}

fn added(library: &Library, id: &str) -> Option<String> {
    let paper = library.get(id).unwrap().unwrap();
    paper.added.map(|day| day.to_string())
}

fn listed(library: &Library, listing: &Listing) -> Vec<String> {
    let mut ids = Vec::new();
    let listed = library.list(listing, |paper| {
        ids.push(paper.id);
        ControlFlow::Continue(())
    });
    listed.unwrap();
    ids
}

#[test]
fn a_paper_has_the_day_on_which_it_was_added_first() {
    let dir = tempdir().unwrap();
    let library = create(dir.path());
    add_on(&library, "2026-03-01", papers(3));
    assert_eq!(added(&library, "p1").unwrap(), "2026-03-01");
    let again = add_on(&library, "2026-04-01", papers(3));
    assert_eq!((again.unchanged, again.updated), (3, 0));
    let changed = add_on(
        &library,
        "2026-05-01",
        [paper(1).year(1900), paper(2).title("other")],
    );
    assert_eq!(changed.updated, 2);
    for id in ["p0", "p1", "p2"] {
        assert_eq!(added(&library, id).unwrap(), "2026-03-01");
    }
    library.remove(&["p0"]).unwrap();
    add_on(&library, "2026-06-01", [paper(0)]);
    assert_eq!(added(&library, "p0").unwrap(), "2026-06-01");
}

#[test]
fn the_earlier_day_of_a_file_and_of_the_library_is_kept() {
    let dir = tempdir().unwrap();
    let library = create(dir.path());
    add_on(
        &library,
        "2026-03-01",
        [paper(0).added(date("2024-05-06")), paper(1), paper(2)],
    );
    assert_eq!(added(&library, "p0").unwrap(), "2024-05-06");
    let later = add_on(&library, "2026-03-02", [paper(1).added(date("2026-03-02"))]);
    assert_eq!(
        (later.unchanged, added(&library, "p1").unwrap().as_str()),
        (1, "2026-03-01")
    );
    let earlier = add_on(&library, "2026-03-02", [paper(1).added(date("2025"))]);
    assert_eq!(
        (earlier.updated, added(&library, "p1").unwrap().as_str()),
        (1, "2025")
    );
    // A month counts as its first day, so it is not earlier than that day.
    let same = add_on(&library, "2026-03-02", [paper(2).added(date("2026-03"))]);
    assert_eq!(
        (same.unchanged, added(&library, "p2").unwrap().as_str()),
        (1, "2026-03-01")
    );
    // The rule that merges records keeps the day too, and does not report it as a field of the record.
    let options = AddOptions::default().same_id(SameId::Update);
    let poorer = Paper::new("p0").title(paper(0).title);
    let go_on = &mut |_| ControlFlow::Continue(());
    let merged = library
        .add_with([Ok::<_, cognate::Error>(poorer)], &options, go_on)
        .unwrap();
    assert!(
        !format!("{:?}", merged.remarks).contains("added"),
        "{:?}",
        merged.remarks
    );
    assert_eq!(added(&library, "p0").unwrap(), "2024-05-06");
}

#[test]
fn the_day_is_the_current_one_unless_another_is_given() {
    let days = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        since.as_secs() / 86_400
    };
    // 2026-11-30, counted from 1970-01-01.
    let known_day = 20_787;
    let dir = tempdir().unwrap();
    let library = create(dir.path());
    let before = days();
    library.add([paper(0)]).unwrap();
    let after = days();
    let added = library.get("p0").unwrap().unwrap().added.unwrap();
    let mut day = date("2026-11-30");
    let mut number = known_day;
    // The clock of a test may be later by years, and is not earlier than this test.
    while number < before {
        let (year, month) = (day.year(), day.month().unwrap());
        let next = day.day().unwrap() + 1;
        day = PartialDate::new(year, Some(month), Some(next))
            .or_else(|| PartialDate::new(year, Some(month + 1), Some(1)))
            .or_else(|| PartialDate::new(year + 1, Some(1), Some(1)))
            .unwrap();
        number += 1;
    }
    assert!(added == day || after > before, "{added} {day}");
}

/// Papers with the dates of publication and of adding of `DATES`, and the position as id.
const DATES: [(Option<i32>, Option<&str>, &str); 9] = [
    (Some(2024), None, "2026-01-31"),
    (Some(2024), Some("2024-06"), "2026-01-31"),
    (Some(2024), Some("2024-06-15"), "2026-02-01"),
    (Some(2024), Some("2024-12-31"), "2026-02"),
    (Some(2025), Some("2025-01-01"), "2026-02-02"),
    // The date of publication precedes the year.
    (Some(2025), Some("2023-12"), "2026"),
    (None, None, "2025-12-31"),
    (Some(-50), None, "2026-03-15"),
    (Some(2024), Some("2024-05-31"), "2027-01-01"),
];

fn dated_library(dir: &Path) -> Library {
    let library = create(dir);
    for (at, (year, published, added)) in DATES.iter().enumerate() {
        let mut paper = paper(at);
        paper.id = at.to_string();
        paper.year = *year;
        paper.details.published = published.map(date);
        add_on(&library, added, [paper]);
    }
    library
}

#[test]
fn papers_are_filtered_by_the_first_day_of_a_partial_date() {
    let dir = tempdir().unwrap();
    let library = dated_library(dir.path());
    let published = |since: &str| {
        let filter = Filter::default().published_since(date(since));
        listed(&library, &Listing::default().filter(filter)).join(" ")
    };
    assert_eq!(published("2024"), "0 1 2 3 4 8");
    assert_eq!(published("2024-01-01"), "0 1 2 3 4 8");
    assert_eq!(published("2024-01-02"), "1 2 3 4 8");
    assert_eq!(published("2024-06"), "1 2 3 4");
    assert_eq!(published("2024-06-02"), "2 3 4");
    assert_eq!(published("2024-06-15"), "2 3 4");
    assert_eq!(published("2024-06-16"), "3 4");
    assert_eq!(published("2024-12-31"), "3 4");
    assert_eq!(published("2025"), "4");
    assert_eq!(published("2025-01-02"), "");
    assert_eq!(published("-9999"), "0 1 2 3 4 5 7 8");
    assert_eq!(published("9999-12-31"), "");
    let added = |since: &str| {
        let filter = Filter::default().added_since(date(since));
        listed(&library, &Listing::default().filter(filter)).join(" ")
    };
    assert_eq!(added("2026"), "0 1 2 3 4 5 7 8");
    assert_eq!(added("2026-01-31"), "0 1 2 3 4 7 8");
    assert_eq!(added("2026-02"), "2 3 4 7 8");
    assert_eq!(added("2026-02-02"), "4 7 8");
    assert_eq!(added("2027-01-01"), "8");
}

#[test]
fn hits_by_date_are_the_best_ones_with_the_latest_first() {
    let dir = tempdir().unwrap();
    let library = dated_library(dir.path());
    let query = Query::text("graph enzyme title")
        .mode(Mode::Vector)
        .every_version(true);
    for k in [3, 9] {
        let best = library.search(&query.clone().k(k)).unwrap();
        let by_date = library
            .search(&query.clone().k(k).sort(HitOrder::Date))
            .unwrap();
        let mut expected: Vec<(usize, String)> = best
            .iter()
            .map(|hit| {
                // The positions by date, latest first; 6 has none, and 0 begins its year.
                let order = ["4", "3", "2", "1", "8", "0", "5", "7", "6"];
                let place = order.iter().position(|id| *id == hit.paper.id).unwrap();
                (place, hit.paper.id.clone())
            })
            .collect();
        expected.sort();
        let ids: Vec<&str> = by_date.iter().map(|hit| hit.paper.id.as_str()).collect();
        let expected: Vec<&str> = expected.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(ids, expected);
        let ranks: Vec<usize> = by_date.iter().map(|hit| hit.rank).collect();
        assert_eq!(ranks, (1..=k).collect::<Vec<_>>());
    }
}

#[test]
fn a_listing_is_sorted_by_date_and_paged() {
    let dir = tempdir().unwrap();
    let library = dated_library(dir.path());
    let by_date = || Listing::default().sort_by(SortBy::Published);
    assert_eq!(listed(&library, &by_date()).join(" "), "7 5 0 8 1 2 3 4 6");
    assert_eq!(
        listed(&library, &by_date().reverse(true)).join(" "),
        "4 3 2 1 8 0 5 7 6"
    );
    for listing in [
        Listing::default(),
        by_date(),
        by_date().reverse(true),
        Listing::default().reverse(true),
    ] {
        for filter in [Filter::default(), Filter::default().years(2024..=2024)] {
            let listing = listing.clone().filter(filter);
            let all = listed(&library, &listing);
            for offset in [0, 1, 4, 8, 9, 20] {
                for limit in [1, 3, 20] {
                    let page = listed(&library, &listing.clone().offset(offset).limit(limit));
                    let expected: Vec<String> =
                        all.iter().skip(offset).take(limit).cloned().collect();
                    assert_eq!(page, expected);
                }
                let rest = listed(&library, &listing.clone().offset(offset));
                assert_eq!(rest, all[offset.min(all.len())..]);
            }
        }
    }
}
