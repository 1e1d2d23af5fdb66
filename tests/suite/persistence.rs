use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Library, Progress, Query};
use ndarray::Array2;
use std::ops::ControlFlow;

use crate::bundled::papers;
use crate::model::ENCODER;

/// Lets several libraries share the one encoder of all tests.
struct Shared;

impl Embed for Shared {
    fn info(&self) -> EmbedderInfo {
        ENCODER.info()
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        ENCODER.embed_documents(texts, progress)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        ENCODER.embed_queries(texts)
    }
}

#[test]
fn a_reopened_library_returns_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("library");
    let query = Query::text("how do neural networks translate languages?").k(12);
    let id = papers()[0].id.clone();

    let library = Library::create(&dir, Shared).unwrap();
    library.add(papers().into_iter().take(40)).unwrap();
    let (searched, related) = (
        library.search(&query).unwrap(),
        library.related(&id, 12).unwrap(),
    );
    drop(library);

    let library = Library::open(&dir).unwrap().with_embedder(Shared).unwrap();
    for (again, before) in [
        (library.search(&query).unwrap(), searched),
        (library.related(&id, 12).unwrap(), related),
    ] {
        assert_eq!(again, before);
        let bits = |hits: &[cognate::PaperHit]| {
            hits.iter()
                .map(|hit| hit.score.unwrap().to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&again), bits(&before));
    }
    // Existing texts are not embedded again, and new papers are found too.
    let report = library.add(papers().into_iter().take(44)).unwrap();
    assert_eq!(
        (report.added, report.unchanged, report.embedded),
        (4, 40, 4)
    );
    assert_eq!(library.related(&id, 43).unwrap().len(), 43);
}
