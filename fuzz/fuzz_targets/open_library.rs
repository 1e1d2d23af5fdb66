//! A library whose `papers.sqlite` was edited gives the right answer to every query, or an error.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use cognate::{Filter, Library, Paper, Query, Result};
use cognate_fuzz::Edits;
use cognate_fuzz::letters::Letters;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

const PAPERS: usize = 30;

/// A library that was not edited.
struct Intact {
    dir: TempDir,
    bytes: Vec<u8>,
    answers: Vec<(String, String)>,
}

static INTACT: LazyLock<Intact> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a temporary folder can be created");
    let library = Library::create(dir.path(), Letters).expect("the folder is empty");
    library.add((0..PAPERS).map(paper)).expect("the papers are valid");
    library.remove(&["p7"]).expect("the paper exists");
    let answers = ask(&library).into_iter().map(|(question, answer)| {
        let answer = answer.expect("the library is intact");
        (question, answer)
    });
    Intact {
        answers: answers.collect(),
        bytes: fs::read(dir.path().join("papers.sqlite")).expect("the file was written"),
        dir,
    }
});

fuzz_target!(|edits: Edits| {
    let intact = &*INTACT;
    // SQLite would apply a journal of the last input to this one.
    for ending in ["", "-journal", "-wal", "-shm"] {
        let _ = fs::remove_file(file(ending));
    }
    fs::write(file(""), edits.apply(&intact.bytes)).expect("the folder can be written");
    let library = Library::open(intact.dir.path());
    let Ok(library) = library.and_then(|library| library.with_embedder(Letters)) else {
        return;
    };
    for ((question, expected), (_, found)) in intact.answers.iter().zip(ask(&library)) {
        if let Ok(found) = found {
            assert_eq!(found, *expected, "{question}");
        }
    }
});

/// Returns the path of the database, or of one of its journals.
fn file(ending: &str) -> PathBuf {
    INTACT.dir.path().join(format!("papers.sqlite{ending}"))
}

/// Returns queries, each with the answer of the library. Floats that print alike have the same bits.
fn ask(library: &Library) -> Vec<(String, Result<String>)> {
    let mut answers = vec![(
        "ids".to_owned(),
        library.ids().map(|ids| format!("{ids:?}")),
    )];
    for n in 0..PAPERS {
        let id = paper(n).id;
        let found = library.get(&id).map(|paper| format!("{paper:?}"));
        answers.push((format!("get {id}"), found));
    }
    for query in [
        Query::text("about the graphs of galaxies"),
        Query::text("quartz").filter(Filter::default().years(2004..2016).category("cs")),
        Query::text("quartz").filter(Filter::default().author("Ann").venue("letters")),
        Query::paper("p3").k(5),
        Query::papers(["p1", "p20"]).not(["p5"]).k(PAPERS - 1),
    ] {
        let found = library.search(&query).map(|hits| format!("{hits:?}"));
        answers.push((format!("{query:?}"), found));
    }
    answers
}

/// Returns paper `n`. The texts fill several pages of the database, and one text overflows a page.
fn paper(n: usize) -> Paper {
    let words = ["graph", "proof", "enzyme", "galaxy", "market", "quartz"];
    let word = |k: usize| words[(n / k + k) % words.len()];
    let text = format!("About the {} of the {} and {}. ", word(2), word(3), word(5));
    Paper::new(format!("p{n}"))
        .title(format!("{} {n}", word(1)))
        .abstract_text(text.repeat(if n == 11 { 200 } else { 6 }))
        .authors([format!("Ann Other{}", n % 3), format!("Author{n} Smith")])
        .year(2000 + n as i32)
        .venue(["Journal of Things", "Letters"][n % 2])
        .categories([["cs.CL", "math.CO", "cs.LG"][n % 3]])
}
