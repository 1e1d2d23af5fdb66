//! The map of 10,000 papers of arXiv.

use std::path::PathBuf;

use cognate::{
    DEFAULT_MODEL, Encoder, EncoderOptions, Library, MapOptions, ModelSource, PaperReader,
    Precision,
};

/// The least share of the 15 nearest papers that are near on the map. A plane has no room for more: the t-SNE of
/// bhtsne keeps 28%, the first two principal components 2%.
const LEAST_KEPT: f32 = 0.25;

/// `COGNATE_ARXIV` is a folder with `arxiv-10k.jsonl`; `COGNATE_ARXIV_LIBRARY` is a folder that keeps the embeddings
/// for the next run.
#[test]
#[ignore = "embeds 10,000 papers; set COGNATE_ARXIV to the folder of arxiv-10k.jsonl"]
fn a_map_keeps_a_quarter_of_the_neighbors_for_any_number_of_threads() {
    let Some(data) = std::env::var_os("COGNATE_ARXIV").map(PathBuf::from) else {
        panic!("COGNATE_ARXIV is not set, expected the folder of arxiv-10k.jsonl");
    };
    let temporary = tempfile::tempdir().unwrap();
    let dir = std::env::var_os("COGNATE_ARXIV_LIBRARY")
        .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let options = EncoderOptions::default().precision(Precision::Int8);
    let source = ModelSource::from_env().unwrap();
    let checkpoint = source.resolve(DEFAULT_MODEL).unwrap().open().unwrap();
    let encoder = Encoder::load(&checkpoint, options).unwrap();
    let library = Library::open_or_create(dir, encoder).unwrap();
    if library.is_empty().unwrap() {
        let papers = PaperReader::open(&data.join("arxiv-10k.jsonl")).unwrap();
        library.add(papers.map(Result::unwrap)).unwrap();
    }
    let map = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| library.map(&MapOptions::default().store(false)))
            .unwrap()
    };
    let map_of_one = map(1);
    eprintln!("{:.3} of the neighbors are kept", map_of_one.neighbors_kept);
    assert!(map_of_one.neighbors_kept >= LEAST_KEPT);
    assert!(map(2) == map_of_one);
    assert!(map(4) == map_of_one);
}
