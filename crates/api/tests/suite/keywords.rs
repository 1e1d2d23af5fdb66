//! Search by keywords, and the keyword index that follows the papers.

use std::fs;

use cognate::{Error, Filter, Library, Mode, Paper, PaperHit, Query, QueryText};
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

fn by_keyword(text: &str) -> Query {
    Query::text(text).mode(Mode::Keyword)
}

fn ids(hits: &[PaperHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.paper.id.as_str()).collect()
}

#[track_caller]
fn assert_finds(library: &Library, query: &Query, expected: &[&str]) {
    let hits = library.search(query).unwrap();
    let mut found = ids(&hits);
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn finds_words_of_one_stem_with_and_without_accents() {
    let (_dir, library) = library();
    assert_finds(&library, &by_keyword("learning an INDEX"), &["a", "b", "c"]);
    assert_finds(&library, &by_keyword("schrodinger"), &["d"]);
    assert_finds(&library, &by_keyword("\"sparse index\""), &["a"]);
    assert_finds(&library, &by_keyword("nowhere"), &[]);
    assert_finds(&library, &by_keyword("?!"), &[]);
}

#[test]
fn curly_quotes_make_a_phrase() {
    let (_dir, library) = library();
    for quoted in ["“sparse index”", "„sparse index“", "«sparse index»"] {
        assert_finds(&library, &by_keyword(quoted), &["a"]);
    }
    assert_finds(&library, &by_keyword("“index sparse”"), &[]);
}

#[test]
fn papers_with_an_excluded_word_are_no_hits_in_any_mode() {
    let (_dir, library) = library();
    let find = |typed: &str, mode: Mode, expected: &[&str]| {
        let query = QueryText::parse(typed).query().mode(mode).k(10);
        assert_finds(&library, &query, expected);
    };
    find("index -sea", Mode::Keyword, &["a", "c"]);
    // A form of the word, a phrase, and a word of the abstract.
    find("index -learn", Mode::Keyword, &["b"]);
    find("index -“sparse index”", Mode::Keyword, &["b", "c"]);
    find("index -\"index sparse\"", Mode::Keyword, &["a", "b", "c"]);
    find("index -atlantic -learned", Mode::Keyword, &[]);
    find("index -nowhere", Mode::Keyword, &["a", "b", "c"]);
    for mode in [Mode::Vector, Mode::Hybrid] {
        find("index -sea", mode, &["a", "c", "d"]);
        find("index -sea -index -volcanoes", mode, &[]);
    }
    // The other filters count too.
    let query = QueryText::parse("index -sea").query();
    let early = query.clone().filter(Filter::default().years(..2003));
    assert_finds(&library, &early, &["a"]);

    // The vector is of the text without the excluded words.
    let hits = library.search(&query.clone().k(1)).unwrap();
    let plain = library.search(&Query::text("index").k(10)).unwrap();
    let same = plain.iter().find(|hit| hit.paper == hits[0].paper);
    assert_eq!(same.unwrap().score, hits[0].score);
    let batch = [query.clone().k(10), query.clone().mode(Mode::Vector)];
    for hits in library.search_batch(&batch).unwrap() {
        assert!(hits.iter().all(|hit| hit.paper.id != "b"));
    }

    // `Query::text` takes a hyphen as it is, and related papers may be without words too.
    assert_finds(&library, &by_keyword("index -sea"), &["a", "b", "c"]);
    let related = Query::paper("a").without_words(["sea"]).k(10);
    assert_finds(&library, &related, &["c", "d"]);
}

#[test]
fn hits_have_cosines_and_are_sorted_by_bm25() {
    let (_dir, library) = library();
    let hits = library.search(&by_keyword("sparse learned index")).unwrap();
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
        assert_eq!(same.score, hit.score);
        assert_eq!(same.keyword_score, None);
    }
}

#[test]
fn filters_and_the_minimum_score_apply_to_keyword_search() {
    let (_dir, library) = library();
    let late = Filter::default().years(2002..);
    assert_finds(
        &library,
        &by_keyword("index learned").filter(late),
        &["b", "c"],
    );
    let hits = library.search(&by_keyword("index learned")).unwrap();
    let bound = hits
        .iter()
        .map(|hit| hit.score.unwrap())
        .max_by(f32::total_cmp)
        .unwrap();
    let found = library
        .search(&by_keyword("index learned").min_score(bound))
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].score, Some(bound));
}

#[test]
fn hybrid_search_finds_all_papers_and_ranks_those_found_twice_first() {
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
fn the_index_follows_additions_changes_and_removals() {
    let (dir, library) = library();
    library
        .add([Paper::new("b").title("Glaciers").abstract_text("Ice.")])
        .unwrap();
    // The whole text stays the same, and so does the vector; its words move from title to abstract.
    library
        .add([Paper::new("d").abstract_text("Volcanoes Schrödinger has nothing to do with it.")])
        .unwrap();
    library.remove(&["a"]).unwrap();
    assert_finds(&library, &by_keyword("index learned"), &["c"]);
    assert_finds(&library, &by_keyword("ice volcanoes"), &["b", "d"]);
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn a_damaged_index_is_an_error_and_can_be_repaired() {
    let (dir, library) = library();
    drop(library);
    let path = dir.path().join("vectors/segment-00000001.terms");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();

    let library = Library::open(dir.path())
        .unwrap()
        .with_embedder(LetterCounts::default())
        .unwrap();
    let error = library.search(&by_keyword("index")).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        cause.contains("segment-00000001.terms` is damaged in bytes"),
        "{cause}"
    );
    // Papers can be read all the same.
    assert_eq!(library.get("c").unwrap().unwrap().title, "A note");
    assert_eq!(library.ids().unwrap(), ["a", "b", "c", "d"]);
    let faults = Library::check(dir.path()).unwrap().faults;
    assert!(
        matches!(faults.as_slice(), [fault] if fault.is_repairable),
        "{faults:?}"
    );
    assert_eq!(Library::repair(dir.path()).unwrap(), 1);
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
    let library = Library::open(dir.path()).unwrap();
    let library = library.with_embedder(LetterCounts::default()).unwrap();
    assert_finds(&library, &by_keyword("index"), &["a", "b", "c"]);
}

#[test]
fn a_library_without_an_embedder_gives_the_same_hits_without_cosines() {
    let (dir, library) = library();
    let without = Library::open(dir.path()).unwrap();
    let query = || by_keyword("learned index");
    let late = Filter::default().years(2002..);
    for query in [
        query(),
        query().k(1),
        query().filter(late),
        query().every_version(true),
        query().diversity(0.5),
        query().smooth(true),
    ] {
        let mut expected = library.search(&query).unwrap();
        assert!(!expected.is_empty());
        for hit in &mut expected {
            assert!(hit.score.take().is_some());
        }
        assert_eq!(without.search(&query).unwrap(), expected);
        let batch = [query, Query::paper("a")];
        let answers = without.search_batch(&batch).unwrap();
        assert_eq!(answers[0], expected);
        assert!(answers[1].iter().all(|hit| hit.score.is_some()));
    }
    for query in [
        query().mode(Mode::Hybrid),
        query().mode(Mode::Vector),
        query().min_score(0.5),
        query().score_context(true),
    ] {
        let error = without.search(&query).unwrap_err();
        assert!(matches!(error, Error::NoEmbedder), "{error}");
    }
    let error = without.search(&by_keyword(" ")).unwrap_err();
    assert_eq!(error.to_string(), "the query is empty, expected a text");
}
