//! A library whose `papers.sqlite` was edited gives the right answer to every question, or an error.
#![no_main]

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use cognate::{
    BoxError, Embed, Embedded, EmbedderInfo, Filter, Library, Paper, Progress, Query, Result,
};
use cognate_fuzz::Edits;
use libfuzzer_sys::fuzz_target;
use ndarray::Array2;
use tempfile::TempDir;

const DIM: usize = 16;
const PAPERS: usize = 30;

struct Sound {
    dir: TempDir,
    bytes: Vec<u8>,
    answers: Vec<(String, String)>,
}

static SOUND: LazyLock<Sound> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder can be made");
    let library = Library::create(dir.path(), Letters).expect("the folder is empty");
    library.add((0..PAPERS).map(paper)).expect("they are sound");
    library.remove(&["p7"]).expect("it is there");
    let answers = ask(&library).into_iter().map(|(question, answer)| {
        let answer = answer.expect("it is sound");
        (question, answer)
    });
    Sound {
        answers: answers.collect(),
        bytes: fs::read(dir.path().join("papers.sqlite")).expect("it was written"),
        dir,
    }
});

fuzz_target!(|edits: Edits| {
    let sound = &*SOUND;
    // What `SQLite` may have made of the last file. It would take it for a part of this one.
    for ending in ["", "-journal", "-wal", "-shm"] {
        let _ = fs::remove_file(file(ending));
    }
    fs::write(file(""), edits.apply(&sound.bytes)).expect("the folder can be written");
    let library = Library::open(sound.dir.path());
    let Ok(library) = library.and_then(|library| library.with_embedder(Letters)) else {
        return;
    };
    for ((question, expected), (_, found)) in sound.answers.iter().zip(ask(&library)) {
        if let Ok(found) = found {
            assert_eq!(found, *expected, "{question}");
        }
    }
});

/// The table of papers, or a file that belongs to it.
fn file(ending: &str) -> PathBuf {
    SOUND.dir.path().join(format!("papers.sqlite{ending}"))
}

/// Questions, and what the library says to each. Printed floats are equal if their bits are.
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

/// One of some length, so that the table has several pages, and one that has pages of its own.
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

/// Counts the letters of a text: an embedder that needs no model.
struct Letters;

impl Letters {
    fn rows(texts: &[&str]) -> Array2<f32> {
        // Never the zero vector.
        let mut rows = Array2::from_elem((texts.len(), DIM), 0.5);
        for (mut row, text) in rows.outer_iter_mut().zip(texts) {
            for byte in text.bytes() {
                row[usize::from(byte) % DIM] += 1.0;
            }
        }
        rows
    }
}

impl Embed for Letters {
    fn info(&self) -> EmbedderInfo {
        EmbedderInfo::new("letters", "f32", "letters", DIM)
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        _: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        Ok(Embedded::new(Self::rows(texts)))
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        Ok(Self::rows(texts))
    }
}
