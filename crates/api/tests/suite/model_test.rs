//! Compares a library with a map in memory under random sequences of changes.

use std::collections::BTreeMap;

use cognate::{Library, Mode, Paper, Query};
use cognate_testing::{LetterCounts, paper};
use proptest::prelude::*;

use crate::without_day;

/// A change of a library.
#[derive(Clone, Debug)]
enum Step {
    Add(Vec<(usize, usize)>),
    Remove(usize),
    Compact,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    // Few ids and fewer texts, so that papers are replaced and texts occur again.
    let papers = prop::collection::vec((0..12_usize, 0..5_usize), 1..8);
    prop_oneof![
        3 => papers.prop_map(Step::Add),
        2 => (0..12_usize).prop_map(Step::Remove),
        1 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_library_has_the_same_papers_as_a_map_in_memory(
        steps in prop::collection::vec(step(), 1..14)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut library = Library::create(dir.path(), LetterCounts::default()).unwrap();
        let mut expected: BTreeMap<String, Paper> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Add(list) => {
                    let papers: Vec<Paper> = list
                        .into_iter()
                        .map(|(id, text)| {
                            let mut paper = paper(text);
                            paper.id = format!("p{id}");
                            paper
                        })
                        .collect();
                    expected.extend(papers.iter().map(|paper| (paper.id.clone(), paper.clone())));
                    library.add(papers).unwrap();
                }
                Step::Remove(id) => {
                    let id = format!("p{id}");
                    prop_assert_eq!(library.remove(&[&id]).is_ok(), expected.remove(&id).is_some());
                }
                Step::Compact => {
                    library.compact().unwrap();
                    let info = library.info().unwrap();
                    prop_assert_eq!(info.deleted_rows, 0);
                    prop_assert!(info.segments <= 1);
                }
                Step::Reopen => {
                    library = Library::open(dir.path()).unwrap();
                    library = library.with_embedder(LetterCounts::default()).unwrap();
                }
            }
            prop_assert_eq!(library.len().unwrap(), expected.len());
            prop_assert!(Library::check(dir.path()).unwrap().faults.is_empty());
            if expected.is_empty() {
                continue;
            }
            let query = Query::text("graph").mode(Mode::Vector).k(expected.len());
            // Papers with the same text are versions of one paper.
            let hits = library.search(&query.every_version(true)).unwrap();
            let found: BTreeMap<String, Paper> =
                hits.iter().map(|hit| (hit.paper.id.clone(), without_day(hit.paper.clone()))).collect();
            prop_assert_eq!(&found, &expected);
            for hit in &hits {
                let text = Query::text(hit.paper.text()).mode(Mode::Vector).k(1);
                prop_assert!((library.search(&text).unwrap()[0].score.unwrap() - 1.0).abs() < 1e-6);
            }
        }
    }
}
