//! Changing the model of a library.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cognate::{Embed, Error, Library, Mode, Paper, PaperHit, Query, UpgradeOptions, UpgradeReport};
use cognate_index::Manifest;
use cognate_testing::{LetterCounts, LetterPairs, paper, papers};
use proptest::prelude::*;
use roaring::RoaringBitmap;
use tempfile::tempdir;

const SAMPLE: usize = 60;

fn options() -> UpgradeOptions {
    UpgradeOptions::default().sample(SAMPLE)
}

fn upgrade(library: &mut Library, options: UpgradeOptions) -> UpgradeReport {
    let go_on = &mut |_| ControlFlow::Continue(());
    library
        .upgrade(LetterPairs::default(), options, go_on)
        .unwrap()
}

/// Creates a library of 496 papers, some of them removed and some changed.
fn create(dir: &Path, embedder: impl Embed + 'static) -> Library {
    let library = Library::create(dir, embedder).unwrap();
    library.add(papers(500)).unwrap();
    library.remove(&["p0", "p77", "p250", "p499"]).unwrap();
    library.add([paper(7).title("another title")]).unwrap();
    library
}

/// Returns the ids of the papers in the rows that the library records as mapped.
fn recorded(library: &Library) -> BTreeSet<String> {
    let table = rusqlite::Connection::open(library.dir().join("papers.sqlite")).unwrap();
    let sql = "SELECT value FROM meta WHERE key = 'mapped_rows'";
    let Ok(text) = table.query_row(sql, [], |row| row.get::<_, String>(0)) else {
        return BTreeSet::new();
    };
    let bytes = STANDARD.decode(text).unwrap();
    let rows = RoaringBitmap::deserialize_from(bytes.as_slice()).unwrap();
    // Papers are in the order of the rows that are not deleted.
    let sql = "SELECT value FROM meta WHERE key = 'manifest'";
    let manifest: String = table.query_row(sql, [], |row| row.get(0)).unwrap();
    let manifest = Manifest::from_json(&manifest, library.dir()).unwrap();
    let live = (0..manifest.rows()).filter(|row| !manifest.deleted().contains(*row));
    let papers: BTreeMap<u32, String> = live.zip(library.ids().unwrap()).collect();
    let ids: BTreeSet<String> = rows.iter().map(|row| papers[&row].clone()).collect();
    assert_eq!(ids.len(), library.info().unwrap().mapped);
    ids
}

/// Returns the ids of the papers whose vectors are not those of the model.
fn not_native(library: &Library) -> BTreeSet<String> {
    let is_native = |paper: &Paper| {
        let query = Query::vector(LetterPairs::row(&paper.text()).to_vec());
        let hits = library
            .search(&query.k(library.len().unwrap()).every_version(true))
            .unwrap();
        let hit = hits.iter().find(|hit| hit.paper.id == paper.id).unwrap();
        hit.score.unwrap() > 1.0 - 1e-6
    };
    let papers = library.ids().unwrap();
    let papers = papers.iter().map(|id| library.get(id).unwrap().unwrap());
    papers
        .filter(|paper| !is_native(paper))
        .map(|paper| paper.id)
        .collect()
}

fn assert_record_is_exact(library: &Library) {
    assert_eq!(recorded(library), not_native(library));
    assert!(Library::check(library.dir()).unwrap().faults.is_empty());
}

fn answers(library: &Library) -> Vec<(PaperHit, u32)> {
    let modes = [Mode::Vector, Mode::Keyword, Mode::Hybrid];
    let texts = modes.map(|mode| Query::text("galaxy proof title").mode(mode).k(496));
    let texts = texts
        .iter()
        .flat_map(|query| library.search(query).unwrap());
    let hits = texts.chain(library.related("p7", 400).unwrap());
    hits.map(|hit| (hit.clone(), hit.score.unwrap().to_bits()))
        .collect()
}

#[test]
fn an_upgraded_library_equals_one_made_with_the_new_model() {
    let dir = tempdir().unwrap();
    let expected = create(&dir.path().join("new"), LetterPairs::default());
    expected.compact().unwrap();
    let mut library = create(&dir.path().join("old"), LetterCounts::default());
    let counter = LetterPairs::default();
    let mut states = Vec::new();
    let report = library
        .upgrade(counter.clone(), options(), &mut |state| {
            states.push(state);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((report.mapped, report.remaining), (496 - SAMPLE, 0));
    assert_eq!((report.embedded, counter.texts()), (496, 2 * 496));
    assert!(states.is_sorted_by_key(|state| state.done));
    let last = states.last().unwrap();
    assert_eq!((last.done, last.total), (2 * 496, 2 * 496));

    let reopened = Library::open(library.dir()).unwrap();
    let reopened = reopened.with_embedder(LetterPairs::default()).unwrap();
    for library in [&library, &reopened] {
        assert_eq!(library.ids().unwrap(), expected.ids().unwrap());
        assert_eq!(answers(library), answers(&expected));
        let (found, expected) = (library.info().unwrap(), expected.info().unwrap());
        assert_eq!(found.embedder, expected.embedder);
        assert_eq!(
            (found.papers, found.mapped, found.deleted_rows),
            (496, 0, 0)
        );
    }
    assert_record_is_exact(&library);

    assert_eq!(upgrade(&mut library, options()), UpgradeReport::default());
}

#[test]
fn the_record_of_mapped_papers_is_exact_while_the_library_changes() {
    let dir = tempdir().unwrap();
    let mut library = create(dir.path(), LetterCounts::default());
    let report = upgrade(&mut library, options().map_only(true));
    assert_eq!(
        (report.mapped, report.remaining),
        (496 - SAMPLE, 496 - SAMPLE)
    );
    assert_eq!(report.embedded, SAMPLE);
    assert_record_is_exact(&library);
    let mapped = recorded(&library);
    assert_eq!(mapped.len(), 496 - SAMPLE);

    // A new paper, a changed text, a changed year, and a removed paper.
    let mut some = mapped.iter().map(|id| library.get(id).unwrap().unwrap());
    let (text, year, removed) = (
        some.next().unwrap(),
        some.next().unwrap(),
        some.next().unwrap(),
    );
    library
        .add([
            paper(900),
            text.clone().title("changed"),
            year.clone().year(1999),
        ])
        .unwrap();
    library.remove(&[&removed.id]).unwrap();
    assert_record_is_exact(&library);
    let mut expected = mapped;
    expected.remove(&text.id);
    expected.remove(&removed.id);
    assert_eq!(recorded(&library), expected);
    library.compact().unwrap();
    assert_eq!(recorded(&library), expected);
    assert_record_is_exact(&library);

    // The first batch is committed, the second one interrupted.
    let stop = 200;
    let error = library
        .upgrade(LetterPairs::default(), options(), &mut |state| {
            assert_eq!(state.total, expected.len());
            if state.done < stop {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })
        .unwrap_err();
    assert!(
        matches!(error, Error::Cancelled { committed: 128 }),
        "{error:?}"
    );
    assert_eq!(library.info().unwrap().mapped, expected.len() - 128);
    assert_record_is_exact(&library);

    // Another process continues without embedding the same papers again.
    let mut other = Library::open(dir.path()).unwrap();
    let counter = LetterPairs::default();
    let report = other
        .upgrade(counter.clone(), options(), &mut |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((report.mapped, report.remaining), (0, 0));
    assert_eq!(counter.texts(), expected.len() - 128);
    assert_eq!(recorded(&other), BTreeSet::new());
    assert_record_is_exact(&other);
    assert_eq!(library.get(&year.id).unwrap().unwrap().year, Some(1999));
}

#[test]
fn mapped_vectors_are_near_those_of_the_model() {
    let dir = tempdir().unwrap();
    let mut library = create(dir.path(), LetterCounts::default());
    upgrade(&mut library, options().map_only(true));
    let scores: Vec<f32> = recorded(&library)
        .iter()
        .map(|id| {
            let paper = library.get(id).unwrap().unwrap();
            let query = Query::text(paper.text()).mode(Mode::Vector).k(496);
            let hits = library.search(&query.every_version(true)).unwrap();
            hits.iter()
                .find(|hit| hit.paper.id == *id)
                .unwrap()
                .score
                .unwrap()
        })
        .collect();
    let count = f32::from(u16::try_from(scores.len()).unwrap());
    let mean = scores.iter().sum::<f32>() / count;
    assert!(mean > 0.9, "{mean}");
    // Percentiles are those of the new vectors.
    let query = Query::text(paper(8).text()).score_context(true).k(1);
    let hits = library.search(&query).unwrap();
    let percentile = hits[0].score_context.as_ref().unwrap().percentile;
    assert!(percentile > Some(90.0), "{percentile:?}");
}

#[test]
fn an_upgrade_does_not_depend_on_the_order_of_adding() {
    let dir = tempdir().unwrap();
    let scores = |name: &str, papers: Vec<Paper>| {
        let last = papers.last().unwrap().id.clone();
        let mut library = Library::create(dir.path().join(name), LetterCounts::default()).unwrap();
        library.add(papers).unwrap();
        upgrade(&mut library, options().map_only(true));
        let hits = library
            .search(&Query::text("graph").mode(Mode::Vector).k(300))
            .unwrap();
        let scores = hits
            .into_iter()
            .map(|hit| (hit.paper.id, hit.score.unwrap().to_bits()));
        (last, scores.collect::<BTreeMap<_, _>>())
    };
    // Neither of the two papers that are last is in the sample.
    let (_, expected) = scores("forward", papers(300));
    let mut moved = papers(300);
    moved.rotate_right(201);
    let (last, found) = scores("rotated", moved);
    assert_eq!(last, "p98");
    assert_eq!(found, expected);
}

#[test]
fn a_small_library_is_embedded_at_once() {
    let dir = tempdir().unwrap();
    let mut library = Library::create(dir.path(), LetterCounts::default()).unwrap();
    assert_eq!(upgrade(&mut library, options()), UpgradeReport::default());
    library.add(papers(SAMPLE)).unwrap();
    assert_eq!(library.info().unwrap().embedder.model, "letter-pairs");

    let old = tempdir().unwrap();
    let mut library = Library::create(old.path(), LetterCounts::default()).unwrap();
    library.add(papers(SAMPLE)).unwrap();
    library.remove(&["p3"]).unwrap();
    let report = upgrade(&mut library, options().map_only(true));
    assert_eq!((report.mapped, report.remaining), (0, 0));
    assert_eq!(report.embedded, SAMPLE - 1);
    assert_record_is_exact(&library);
}

#[test]
fn an_upgrade_that_stops_before_its_first_commit_changes_nothing() {
    let dir = tempdir().unwrap();
    let mut library = create(dir.path(), LetterCounts::default());
    let before = (
        library.ids().unwrap(),
        answers(&library),
        library.info().unwrap(),
    );
    let error = library
        .upgrade(LetterPairs::default(), options(), &mut |_| {
            ControlFlow::Break(())
        })
        .unwrap_err();
    assert!(
        matches!(error, Error::Cancelled { committed: 0 }),
        "{error:?}"
    );
    let broken = LetterCounts {
        version: 1,
        poison: Some("another title"),
        ..LetterCounts::default()
    };
    let all = UpgradeOptions::default();
    let error = library
        .upgrade(broken, all, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();
    assert!(matches!(error, Error::Embed { .. }), "{error:?}");
    let error = library
        .upgrade(LetterPairs::default(), options().sample(0), &mut |_| {
            ControlFlow::Continue(())
        })
        .unwrap_err();
    assert_eq!(error.to_string(), "`sample` is 0, expected at least 1");
    assert_eq!(
        (
            library.ids().unwrap(),
            answers(&library),
            library.info().unwrap()
        ),
        before
    );
}

#[test]
fn handles_of_the_old_model_are_refused_after_the_change() {
    let dir = tempdir().unwrap();
    let mut library = create(dir.path(), LetterCounts::default());
    let old = Library::open(dir.path()).unwrap();
    let old = old.with_embedder(LetterCounts::default()).unwrap();
    let other = Library::open(dir.path()).unwrap();
    upgrade(&mut library, options().map_only(true));
    let is_refused = |result: Result<(), Error>| {
        assert!(
            matches!(result, Err(Error::ModelMismatch { .. })),
            "{result:?}"
        );
    };
    is_refused(old.search(&Query::text("graph")).map(drop));
    is_refused(old.add([paper(1000)]).map(drop));
    is_refused(old.remove(&["p9"]));
    is_refused(other.remove(&["p9"]));
    assert_eq!(library.len().unwrap(), 496);
    assert!(
        Library::open(dir.path())
            .unwrap()
            .with_embedder(LetterPairs::default())
            .is_ok()
    );
}

#[test]
fn a_library_can_be_upgraded_again_half_way() {
    let dir = tempdir().unwrap();
    let mut library = create(dir.path(), LetterCounts::default());
    upgrade(&mut library, options().map_only(true));
    let newest = LetterCounts {
        version: 2,
        ..LetterCounts::default()
    };
    let go_on = &mut |_| ControlFlow::Continue(());
    let report = library.upgrade(newest.clone(), options(), go_on).unwrap();
    assert_eq!((report.mapped, report.remaining), (496 - SAMPLE, 0));
    let expected = tempdir().unwrap();
    let expected = create(expected.path(), newest);
    assert_eq!(answers(&library), answers(&expected));
}

/// A change of a library.
#[derive(Clone, Debug)]
enum Step {
    Add(Vec<(usize, usize)>),
    Remove(usize),
    Compact,
    /// Embeds mapped papers until the given number of texts is done.
    Continue(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let papers = prop::collection::vec((0..400_usize, 0..1000_usize), 1..20);
    prop_oneof![
        3 => papers.prop_map(Step::Add),
        2 => (0..400_usize).prop_map(Step::Remove),
        1 => Just(Step::Compact),
        1 => (0..400_usize).prop_map(Step::Continue),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn a_paper_is_recorded_as_mapped_until_it_is_embedded(
        steps in prop::collection::vec(step(), 1..10)
    ) {
        let dir = tempdir().unwrap();
        let mut library = Library::create(dir.path(), LetterCounts::default()).unwrap();
        library.add(papers(400)).unwrap();
        upgrade(&mut library, options().map_only(true));
        let mut mapped = recorded(&library);
        for step in steps {
            match step {
                Step::Add(list) => {
                    // Of several papers with one id, the last one counts.
                    let last: BTreeMap<_, _> = list.iter().copied().collect();
                    let numbered = last.iter().map(|(&id, &text)| {
                        let mut paper = paper(text);
                        paper.id = format!("p{id}");
                        paper
                    });
                    for paper in numbered.clone() {
                        let stored = library.get(&paper.id).unwrap();
                        if stored.is_none_or(|stored| stored.text() != paper.text()) {
                            mapped.remove(&paper.id);
                        }
                    }
                    library.add(numbered).unwrap();
                }
                Step::Remove(id) => {
                    let id = format!("p{id}");
                    if library.remove(&[&id]).is_ok() {
                        mapped.remove(&id);
                    }
                }
                Step::Compact => {
                    library.compact().unwrap();
                }
                Step::Continue(stop) => {
                    let order = library.ids().unwrap();
                    let done = library.upgrade(LetterPairs::default(), options(), &mut |state| {
                        if state.done < stop { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                    });
                    let committed = match done {
                        Ok(_) => mapped.len(),
                        Err(Error::Cancelled { committed }) => committed,
                        Err(error) => panic!("{error}"),
                    };
                    let next = order.iter().filter(|id| mapped.contains(*id)).take(committed);
                    let next: Vec<String> = next.cloned().collect();
                    for id in next {
                        mapped.remove(&id);
                    }
                }
            }
            prop_assert_eq!(&recorded(&library), &mapped);
            prop_assert!(Library::check(dir.path()).unwrap().faults.is_empty());
        }
        prop_assert_eq!(not_native(&library), mapped);
    }
}
