//! What a program that links the crate relies on: pointers to embedders, types that move between
//! threads, and errors of its own that come back.

use std::error::Error as StdError;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use cognate::{
    AddOptions, AddProgress, AddReport, CheckReport, Checkpoint, CompactReport, Draft,
    DraftOptions, DuplicatePair, Embed, EmbedderInfo, Embeddings, Encoder, EncoderOptions, Error,
    Evaluation, Explanation, Filter, Library, LibraryInfo, MissedOptions, MissedReport, Mode,
    ModelSource, Paper, PaperHit, PaperReader, PapersError, Progress, Qrels, Query, Rerank,
    Reranker, RerankerOptions, Run, SearchSetting, SelfEvaluation, SelfEvaluationOptions,
    TextReader, TextRecipe, TokenBatch, TopicOptions, Topics, UpgradeOptions, UpgradeReport,
};
use cognate_testing::{LetterCounts, papers};
use tempfile::tempdir;

fn tiny_encoder(threads: usize) -> Encoder {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures/tiny-bert");
    let checkpoint = Checkpoint::open(folder).unwrap();
    Encoder::load(&checkpoint, EncoderOptions::default().threads(threads)).unwrap()
}

/// The ids and the bits of the scores of hits.
fn bits(hits: &[PaperHit]) -> Vec<(String, Option<u32>)> {
    let bits = |hit: &PaperHit| (hit.paper.id.clone(), hit.score.map(f32::to_bits));
    hits.iter().map(bits).collect()
}

fn search(library: &Library) -> Vec<(String, Option<u32>)> {
    let query = Query::text("graphs of proteins").mode(Mode::Vector).k(5);
    bits(&library.search(&query).unwrap())
}

#[test]
fn libraries_share_an_encoder_between_threads() {
    let encoder = Arc::new(tiny_encoder(2));
    let folders: [_; 3] = std::array::from_fn(|_| tempdir().unwrap());
    thread::scope(|scope| {
        for folder in &folders {
            let encoder = Arc::clone(&encoder);
            scope.spawn(move || {
                let library = Library::create(folder.path(), encoder).unwrap();
                library.add(papers(30)).unwrap();
            });
        }
    });
    // Each library still holds what an encoder of its own, in one thread, writes and finds.
    let alone = tempdir().unwrap();
    let library = Library::create(alone.path(), tiny_encoder(1)).unwrap();
    library.add(papers(30)).unwrap();
    let expected = search(&library);
    assert_eq!(expected.len(), 5);
    for folder in &folders {
        let library = Library::open(folder.path()).unwrap();
        let library = library.with_embedder(Arc::clone(&encoder)).unwrap();
        let found: Vec<_> = thread::scope(|scope| {
            let handles: Vec<_> = (0..3).map(|_| scope.spawn(|| search(&library))).collect();
            let found = handles.into_iter().map(|handle| handle.join().unwrap());
            found.collect()
        });
        assert_eq!(found, vec![expected.clone(); 3]);
    }
    // Nothing but this test holds the encoder now: the libraries gave it back.
    assert_eq!(Arc::strong_count(&encoder), 1);
}

#[test]
fn pointers_to_embedders_are_the_same_embedder() {
    let folder = tempdir().unwrap();
    let library = Library::create(folder.path(), LetterCounts::default()).unwrap();
    library.add(papers(10)).unwrap();
    let expected = search(&library);
    let shared: Arc<dyn Embed> = Arc::new(LetterCounts::default());
    let boxed: Box<dyn Embed> = Box::new(LetterCounts::default());
    let borrowed: &'static LetterCounts = Box::leak(Box::default());
    let open = || Library::open(folder.path()).unwrap();
    for library in [
        open().with_embedder(shared).unwrap(),
        open().with_embedder(boxed).unwrap(),
        open().with_embedder(borrowed).unwrap(),
        open().with_embedder(Arc::new(Box::new(borrowed))).unwrap(),
    ] {
        assert_eq!(search(&library), expected);
        // The text recipe, truncation and progress go through the pointer too.
        assert_eq!(library.embedder_info(), &LetterCounts::default().info());
        let report = library.add([Paper::new("new").title("A new one")]).unwrap();
        assert_eq!(report.embedded, 1);
        library.remove(&["new"]).unwrap();
    }
}

/// Prefers long texts.
struct Longest;

impl Rerank for Longest {
    fn scores(&self, _: &str, documents: &[&str]) -> Result<Vec<f32>, cognate::BoxError> {
        let length = |text: &&str| u16::try_from(text.len()).map_or(f32::MAX, f32::from);
        Ok(documents.iter().map(length).collect())
    }
}

#[test]
fn pointers_to_rerankers_are_the_same_reranker() {
    let folder = tempdir().unwrap();
    let library = Library::create(folder.path(), LetterCounts::default()).unwrap();
    library.add(papers(10)).unwrap();
    let hits = library.search(&Query::text("graph")).unwrap();
    let expected = library.rerank("graph", hits.clone(), &Longest).unwrap();
    let (shared, boxed): (Arc<dyn Rerank>, Box<dyn Rerank>) =
        (Arc::new(Longest), Box::new(Longest));
    for pointer in [&shared as &dyn Rerank, &boxed, &&Longest] {
        assert_eq!(
            library.rerank("graph", hits.clone(), pointer).unwrap(),
            expected
        );
    }
}

fn is_send<T: Send>() {}

fn is_send_and_sync<T: Send + Sync>() {}

/// Compiles only if the types are what they promise.
#[test]
fn types_move_between_threads() {
    is_send::<PaperReader<'static>>();
    is_send::<TextReader<'static>>();
    is_send_and_sync::<(Library, Encoder, Reranker, Checkpoint, ModelSource)>();
    is_send_and_sync::<(Arc<dyn Embed>, Arc<dyn Rerank>, TextRecipe, TokenBatch)>();
    is_send_and_sync::<(EncoderOptions, RerankerOptions, AddOptions, UpgradeOptions)>();
    is_send_and_sync::<(Query, Filter, MissedOptions, TopicOptions, DraftOptions)>();
    is_send_and_sync::<(SearchSetting<'static>, SelfEvaluationOptions<'static>)>();
    is_send_and_sync::<(PaperHit, Explanation, DuplicatePair, MissedReport, Topics)>();
    is_send_and_sync::<(
        AddReport,
        CheckReport,
        CompactReport,
        UpgradeReport,
        LibraryInfo,
    )>();
    is_send_and_sync::<(SelfEvaluation, Evaluation, Qrels, Run, Draft, Embeddings)>();
    is_send_and_sync::<(EmbedderInfo, Progress, AddProgress, Error)>();
}

/// An error of a program.
#[derive(Debug, PartialEq)]
struct Unplugged(u8);

impl fmt::Display for Unplugged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cable {} is unplugged", self.0)
    }
}

impl StdError for Unplugged {}

fn add_one_and_fail<E: Into<cognate::BoxError>>(error: E) -> Error {
    let folder = tempdir().unwrap();
    let library = Library::create(folder.path(), LetterCounts::default()).unwrap();
    let source = [Ok(Paper::new("a").title("One")), Err(error)];
    let go_on = &mut |_| ControlFlow::Continue(());
    library
        .add_with(source, &AddOptions::default(), go_on)
        .unwrap_err()
}

#[test]
fn the_error_of_a_source_comes_back_as_it_was() {
    let error = add_one_and_fail(Unplugged(7));
    assert_eq!(error.to_string(), "cable 7 is unplugged");
    let Error::PaperSource(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(*error.downcast::<Unplugged>().unwrap(), Unplugged(7));

    // A boxed error is not boxed again.
    let boxed: cognate::BoxError = Box::new(Unplugged(8));
    let error = add_one_and_fail(boxed);
    assert!(matches!(error, Error::PaperSource(error) if error.is::<Unplugged>()));
    let error = add_one_and_fail("no more papers");
    assert_eq!(error.to_string(), "no more papers");
}

#[test]
fn errors_of_the_crate_and_of_readers_keep_their_variants() {
    let error = add_one_and_fail(Error::NoEmbedder);
    assert!(matches!(error, Error::NoEmbedder), "{error:?}");
    let boxed: cognate::BoxError = Box::new(Error::Cancelled { committed: 3 });
    assert!(add_one_and_fail(boxed).is_cancelled());

    let mut reader = PaperReader::new(&b"{\"year\": 2017}\n"[..], "f.jsonl").unwrap();
    let error = add_one_and_fail(reader.next().unwrap().unwrap_err());
    let is_record = matches!(&error, Error::Papers(PapersError::Record { .. }));
    assert!(is_record, "{error:?}");
}
