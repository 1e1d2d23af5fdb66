//! How hybrid search ranks papers that mean what a question asks and share few of its words.

use cognate::{DEFAULT_MODEL, Encoder, EncoderOptions, Library, Mode, ModelSource, Query};

use crate::bundled::papers;

/// Questions in everyday words, each with the paper that answers it.
const QUESTIONS: [(&str, &str); 6] = [
    ("cigarettes make people ill", "doll1950smoking"),
    ("why sharing land ruins it for all", "hardin1968tragedy"),
    (
        "switching nerve cells on with light",
        "boyden2005millisecond",
    ),
    ("packing oranges in eight dimensions", "viazovska2017sphere"),
    ("does a higher wage floor cost jobs", "card1994minimum"),
    (
        "why the sky hums with radio noise in every direction",
        "penzias1965measurement",
    ),
];

#[test]
fn the_clear_first_by_meaning_is_among_the_first_three_of_hybrid_search() {
    let checkpoint = ModelSource::from_env().unwrap();
    let checkpoint = checkpoint.resolve(DEFAULT_MODEL).unwrap().open().unwrap();
    let encoder = Encoder::load(&checkpoint, EncoderOptions::default()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path(), encoder).unwrap();
    library.add(papers()).unwrap();
    for (question, id) in QUESTIONS {
        let query = |mode| Query::text(question).mode(mode).k(3);
        let by_vector = library.search(&query(Mode::Vector)).unwrap();
        let cosine = |rank: usize| by_vector[rank].score.unwrap();
        assert_eq!(by_vector[0].paper.id, id, "{question}");
        assert!(cosine(0) - cosine(1) > 0.1, "{question}: no clear first");
        let hybrid = library.search(&query(Mode::Hybrid)).unwrap();
        let ids: Vec<&str> = hybrid.iter().map(|hit| hit.paper.id.as_str()).collect();
        assert!(ids.contains(&id), "{question}: {ids:?}");
    }
}
