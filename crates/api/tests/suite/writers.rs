//! Several handles and threads that use one library.

use std::sync::Barrier;
use std::thread;

use cognate::{Library, Mode, Query};
use cognate_testing::{LetterCounts, paper, papers};
use tempfile::tempdir;

fn handle(dir: &std::path::Path) -> Library {
    Library::open_or_create(dir, LetterCounts::default()).unwrap()
}

#[test]
fn writers_take_turns_and_lose_nothing() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for writer in 0..4 {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                // Each thread has its own handle, like a process, and tries to create the library.
                let library = handle(dir);
                for step in 0..5 {
                    // All writers add the first 10 papers of a step; the others are this writer's own.
                    let shared = (0..10).map(|n| step * 10 + n);
                    let own = (0..20).map(|n| 1000 * (writer + 1) + step * 20 + n);
                    library.add(shared.chain(own).map(paper)).unwrap();
                }
            });
        }
    });
    let library = handle(dir);
    assert_eq!(library.len().unwrap(), 50 + 4 * 100);
    let mut ids = library.ids().unwrap();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 450);
    for id in ids {
        let paper = library.get(&id).unwrap().unwrap();
        let hits = library
            .search(
                &Query::text(paper.text())
                    .mode(Mode::Vector)
                    .k(450)
                    .every_version(true),
            )
            .unwrap();
        assert_eq!(hits.len(), 450);
        let own = hits.iter().find(|hit| hit.paper.id == id).unwrap();
        assert!(
            (own.score.unwrap() - 1.0).abs() < 1e-6,
            "{id} has its own vector"
        );
    }
}

#[test]
fn every_call_uses_the_newest_commit() {
    let dir = tempdir().unwrap();
    let (writer, reader) = (handle(dir.path()), handle(dir.path()));
    assert!(reader.is_empty().unwrap());
    writer.add(papers(30)).unwrap();
    assert_eq!(reader.len().unwrap(), 30);
    assert_eq!(reader.related("p1", 30).unwrap().len(), 29);
    writer.remove(&["p2"]).unwrap();
    assert!(
        reader
            .related("p1", 29)
            .unwrap()
            .iter()
            .all(|hit| hit.paper.id != "p2")
    );
    // A write on a handle whose state is old also starts from the newest commit.
    reader.add([paper(2), paper(40)]).unwrap();
    assert_eq!(writer.len().unwrap(), 31);
    let hits = writer
        .search(&Query::text(paper(40).text()).mode(Mode::Vector).k(1))
        .unwrap();
    assert!((hits[0].score.unwrap() - 1.0).abs() < 1e-6);
}

#[test]
fn many_threads_can_share_a_handle() {
    let dir = tempdir().unwrap();
    let library = handle(dir.path());
    library.add(papers(100)).unwrap();
    let expected = library.related("p7", 10).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(library.related("p7", 10).unwrap(), expected);
                }
            });
        }
    });
}
