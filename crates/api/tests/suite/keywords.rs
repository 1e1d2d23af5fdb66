//! Search by words: what is found, what is left out, and that the index keeps up with the papers.

use cognate::{Error, Filter, Library, Mode, Paper, PaperHit, Query};
use rusqlite::Connection;

use cognate_testing::LetterCounts;

fn library() -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    let paper = |id: &str, title: &str, text: &str| Paper::new(id).title(title).abstract_text(text);
    library
        .add([
            paper("a", "Learned sparse indexes", "A filter that was learned.").year(2001),
            paper("b", "Indexing the sea", "Currents of the Atlantic.").year(2002),
            paper("c", "A note", "On learning and on an index of everything.").year(2003),
            paper("d", "Volcanoes", "Schrödinger has nothing to do with it.").year(2004),
        ])
        .unwrap();
    (dir, library)
}

fn worded(text: &str) -> Query {
    Query::text(text).mode(Mode::Keyword)
}

fn ids(hits: &[PaperHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.paper.id.as_str()).collect()
}

#[track_caller]
fn finds(library: &Library, query: &Query, expected: &[&str]) {
    let hits = library.search(query).unwrap();
    let mut found = ids(&hits);
    found.sort_unstable();
    assert_eq!(found, expected);
}

/// What `SQLite` itself says about the index and the papers that it is of.
#[track_caller]
fn assert_index_agrees(dir: &tempfile::TempDir) {
    let connection = Connection::open(dir.path().join("papers.sqlite")).unwrap();
    connection
        .execute_batch("INSERT INTO keywords (keywords, rank) VALUES ('integrity-check', 1)")
        .unwrap();
}

#[test]
fn finds_words_of_one_stem_with_and_without_accents() {
    let (_dir, library) = library();
    finds(&library, &worded("learning an INDEX"), &["a", "b", "c"]);
    finds(&library, &worded("schrodinger"), &["d"]);
    finds(&library, &worded("\"sparse index\""), &["a"]);
    finds(&library, &worded("nowhere"), &[]);
    finds(&library, &worded("?!"), &[]);
}

#[test]
fn scores_are_cosines_beside_bm25_and_the_best_words_come_first() {
    let (_dir, library) = library();
    let hits = library.search(&worded("sparse learned index")).unwrap();
    assert_eq!(ids(&hits)[0], "a");
    let scores: Vec<f64> = hits.iter().map(|hit| hit.keyword_score.unwrap()).collect();
    assert!(
        scores.is_sorted_by(|a, b| a >= b) && scores[2] > 0.0,
        "{scores:?}"
    );
    for hit in hits {
        let vector = Query::text("sparse learned index").mode(Mode::Vector).k(4);
        let near = library.search(&vector).unwrap();
        let same = near
            .iter()
            .find(|other| other.paper.id == hit.paper.id)
            .unwrap();
        assert_eq!(same.score.to_bits(), hit.score.to_bits());
        assert_eq!(same.keyword_score, None);
    }
}

#[test]
fn filters_and_the_least_score_hold_for_words_too() {
    let (_dir, library) = library();
    let late = Filter::default().years(2002..);
    finds(&library, &worded("index learned").filter(late), &["b", "c"]);
    let hits = library.search(&worded("index learned")).unwrap();
    let bound = hits
        .iter()
        .map(|hit| hit.score)
        .max_by(f32::total_cmp)
        .unwrap();
    let found = library
        .search(&worded("index learned").min_score(bound))
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].score.to_bits(), bound.to_bits());
}

#[test]
fn hybrid_has_all_papers_and_puts_first_what_both_find() {
    let (_dir, library) = library();
    let text = "learned sparse indexes a filter that was learned";
    let hits = library
        .search(&Query::text(text).mode(Mode::Hybrid))
        .unwrap();
    assert_eq!(hits.len(), 4);
    assert_eq!(ids(&hits)[0], "a");
    for k in 1..4 {
        let first = library
            .search(&Query::text(text).mode(Mode::Hybrid).k(k))
            .unwrap();
        assert_eq!(first, hits[..k], "top k is a prefix of top k + 1");
    }
}

#[test]
fn the_index_follows_what_is_added_changed_and_removed() {
    let (dir, library) = library();
    library
        .add([Paper::new("b").title("Glaciers").abstract_text("Ice.")])
        .unwrap();
    // The text as a whole stays, so that the vector does; its words move from title to abstract.
    library
        .add([Paper::new("d").abstract_text("Volcanoes Schrödinger has nothing to do with it.")])
        .unwrap();
    library.remove(&["a"]).unwrap();
    finds(&library, &worded("index learned"), &["c"]);
    finds(&library, &worded("ice volcanoes"), &["b", "d"]);
    assert_index_agrees(&dir);
}

#[test]
fn a_damaged_index_is_an_error_that_repair_mends() {
    let (dir, library) = library();
    drop(library);
    let connection = Connection::open(dir.path().join("papers.sqlite")).unwrap();
    let changed = connection
        .execute("UPDATE keywords_docsize SET sz = x'0101' WHERE id = 1", [])
        .unwrap();
    assert_eq!(changed, 1);
    drop(connection);

    let library = Library::open(dir.path())
        .unwrap()
        .with_embedder(LetterCounts::default())
        .unwrap();
    let error = library.search(&worded("index")).unwrap_err();
    assert!(
        matches!(&error, Error::Damaged { what, .. } if what == "its index of keywords"),
        "{error}"
    );
    assert!(
        library
            .search(&Query::text("index").mode(Mode::Vector))
            .is_ok()
    );
    let faults = Library::check(dir.path()).unwrap().faults;
    assert!(
        matches!(faults.as_slice(), [fault] if fault.is_repairable),
        "{faults:?}"
    );
    assert_eq!(Library::repair(dir.path()).unwrap(), 1);
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
    finds(&library, &worded("index"), &["a", "b", "c"]);
    assert_index_agrees(&dir);
}
