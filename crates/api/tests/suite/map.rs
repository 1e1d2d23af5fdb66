//! Maps of a library.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use cognate::{
    Error, Library, MapOptions, MapPoint, MapStage, Paper, PaperMap, Result, TopicOptions,
};
use cognate_testing::{LetterPairs, Numbers, SpelledVector, copy_dir, paper, papers};
use tempfile::tempdir;

/// Creates a library of `count` papers.
fn library(dir: &Path, count: usize) -> Library {
    let library = Library::create(dir, LetterPairs::default()).unwrap();
    library.add(papers(count)).unwrap();
    library
}

/// Returns options of a layout that is made fast.
fn options() -> MapOptions {
    MapOptions::default().epochs(60)
}

/// Returns the places of the papers, by id, as bits.
fn places(map: &PaperMap) -> BTreeMap<&str, (u32, u32, Option<usize>)> {
    let place = |point: &MapPoint| (point.x.to_bits(), point.y.to_bits(), point.topic);
    let points = map.points.iter();
    points
        .map(|point| (point.id.as_str(), place(point)))
        .collect()
}

fn bits(map: &PaperMap) -> Vec<(&str, u32, u32)> {
    let points = map.points.iter();
    points
        .map(|point| (point.id.as_str(), point.x.to_bits(), point.y.to_bits()))
        .collect()
}

#[test]
fn any_number_of_threads_and_any_order_of_adding_gives_the_same_map() {
    // Repulsion is summed over all pairs, and on a grid.
    for count in [120, 420] {
        let mut numbers = Numbers::new(7);
        let mut text = || [(); 3].map(|()| numbers.signed().to_string()).join(" ");
        let mut all: Vec<Paper> = (0..count)
            .map(|n| Paper::new(n.to_string()).abstract_text(text()))
            .collect();
        let dir = tempdir().unwrap();
        let library = Library::create(dir.path(), SpelledVector).unwrap();
        library.add(all.clone()).unwrap();
        let map = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            pool.install(|| library.map(&options().store(false)))
                .unwrap()
        };
        let one = map(1);
        assert_eq!(one.points.len(), count);
        for threads in [2, 4] {
            let other = map(threads);
            assert_eq!(bits(&other), bits(&one), "{threads} threads");
            assert_eq!(other, one);
        }
        let dir = tempdir().unwrap();
        let reversed = Library::create(dir.path(), SpelledVector).unwrap();
        all.reverse();
        let (first, second) = all.split_at(count / 3);
        reversed.add(first.to_vec()).unwrap();
        reversed.add(second.to_vec()).unwrap();
        let other = reversed.map(&options()).unwrap();
        assert!(places(&other) == places(&one), "{count}");
        assert_eq!(other.labels, one.labels);
    }
}

#[test]
fn near_papers_are_near_each_other_on_the_map() {
    let dir = tempdir().unwrap();
    let library = Library::create(dir.path(), LetterPairs::default()).unwrap();
    let groups = ["gravity waves", "quiet jazz", "boxwood"];
    let all = (0..60).map(|n| {
        let title = format!("{} {}", groups[n % 3], "x".repeat(n / 30));
        Paper::new(format!("{}-{n}", n % 3)).title(title).year(1990)
    });
    library.add(all).unwrap();
    let map = library.map(&MapOptions::default().epochs(300)).unwrap();
    let group = |point: &MapPoint| point.id.split('-').next().unwrap().to_owned();
    for point in &map.points {
        let distance = |other: &&MapPoint| (point.x - other.x).hypot(point.y - other.y);
        let others = map.points.iter().filter(|other| other.id != point.id);
        let nearest = others.min_by(|a, b| distance(a).total_cmp(&distance(b)));
        assert_eq!(group(nearest.unwrap()), group(point));
        assert_eq!(point.year, Some(1990));
    }
    // Each label is at the median of its papers, and has their words.
    assert!(map.labels.len() >= 3);
    assert!(map.labels.is_sorted_by(|a, b| a.papers >= b.papers));
    for (topic, label) in map.labels.iter().enumerate() {
        let of_topic = map.points.iter().filter(|point| point.topic == Some(topic));
        let mut x: Vec<f32> = of_topic.clone().map(|point| point.x).collect();
        x.sort_by(f32::total_cmp);
        assert_eq!(label.papers, x.len());
        assert_eq!(label.x.to_bits(), x[(x.len() - 1) / 2].to_bits());
        let id = &of_topic.clone().next().unwrap().id;
        let title = library.get(id).unwrap().unwrap().title;
        assert!(
            title.contains(label.words[0].split(' ').next().unwrap()),
            "{label:?} {title}"
        );
    }
    // The map fills the square in one dimension at least.
    let most = |coordinate: fn(&MapPoint) -> f32| {
        map.points
            .iter()
            .map(|point| coordinate(point).abs())
            .fold(0.0, f32::max)
    };
    assert!((most(|point| point.x).max(most(|point| point.y)) - 1.0).abs() < 1e-6);
}

#[test]
fn libraries_of_few_or_equal_papers_have_maps() {
    for count in 0..4 {
        let dir = tempdir().unwrap();
        let library = library(dir.path(), count);
        let map = library.map(&MapOptions::default().epochs(100)).unwrap();
        assert_eq!(map.points.len(), count);
        assert!(map.is_current());
        assert_eq!(library.stored_map().unwrap().unwrap(), map);
    }
    for count in [5, 350] {
        let dir = tempdir().unwrap();
        let library = Library::create(dir.path(), SpelledVector).unwrap();
        let text = |n: usize| if n < count { "0 3 4" } else { "0 3 -4" };
        let all = (0..count + 3).map(|n| Paper::new(n.to_string()).abstract_text(text(n)));
        library.add(all).unwrap();
        let map = library.map(&options()).unwrap();
        assert_eq!(map.points.len(), count + 3);
        for point in &map.points {
            assert!((-1.0..=1.0).contains(&point.x) && (-1.0..=1.0).contains(&point.y));
        }
        assert_eq!(library.map(&options()).unwrap(), map);
    }
}

#[test]
fn a_stored_map_is_that_of_the_papers_of_now() {
    let dir = tempdir().unwrap();
    let library = library(dir.path(), 80);
    assert_eq!(library.stored_map().unwrap(), None);
    assert_eq!(library.stored_map_checksum().unwrap(), None);
    let map = library.map(&options()).unwrap();
    assert_eq!(map.generation, library.generation().unwrap());
    let again = Library::open(dir.path()).unwrap();
    assert_eq!(again.stored_map().unwrap().as_ref(), Some(&map));
    assert_eq!(again.stored_map_checksum().unwrap(), Some(map.checksum()));

    // A list, a compaction and another year change no place.
    library.add_to_list("liked", &["p1"], None).unwrap();
    library.add([paper(3).year(1800)]).unwrap();
    library.remove(&["p5", "p6"]).unwrap();
    library.compact().unwrap();
    let now = library.stored_map().unwrap().unwrap();
    assert_eq!((now.placed, now.removed, now.is_current()), (0, 2, false));
    assert_eq!(now.checksum(), map.checksum());
    let mut expected = places(&map);
    assert!(expected.remove("p5").is_some() && expected.remove("p6").is_some());
    assert_eq!(places(&now), expected);
    let year = |map: &PaperMap| {
        map.points
            .iter()
            .find(|point| point.id == "p3")
            .unwrap()
            .year
    };
    assert_eq!((year(&map), year(&now)), (Some(2003), Some(1800)));
    let papers: usize = now.labels.iter().map(|label| label.papers).sum();
    let placed = now
        .points
        .iter()
        .filter(|point| point.topic.is_some())
        .count();
    assert_eq!(papers, placed);

    // A new paper with the text of another is at its place, and so is one whose text is now the text of another.
    let copy = |id: &str, n: usize| {
        let mut copy = paper(n);
        id.clone_into(&mut copy.id);
        copy
    };
    library.add([copy("new", 20)]).unwrap();
    library.remove(&["p7"]).unwrap();
    library.add([copy("p7", 30)]).unwrap();
    let now = library.stored_map().unwrap().unwrap();
    assert_eq!((now.placed, now.removed), (2, 3));
    let ids: Vec<&str> = now.points[now.points.len() - 2..]
        .iter()
        .map(|p| p.id.as_str())
        .collect();
    assert_eq!(ids, ["new", "p7"]);
    for point in &now.points[now.points.len() - 2..] {
        let ids = library.related(&point.id, 5).unwrap();
        let near = |coordinate: fn(&MapPoint) -> f32| {
            let of = |id: &str| {
                now.points
                    .iter()
                    .find(|point| point.id == id)
                    .map(coordinate)
            };
            let near: Vec<f32> = ids.iter().filter_map(|hit| of(&hit.paper.id)).collect();
            let (low, high) = (
                near.iter().copied().fold(f32::INFINITY, f32::min),
                near.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            );
            (low - 0.3..=high + 0.3).contains(&coordinate(point))
        };
        assert!(near(|point| point.x) && near(|point| point.y), "{point:?}");
    }
    // The stored layout stays as it was until the next one.
    assert_eq!(library.stored_map_checksum().unwrap(), Some(map.checksum()));
    let next = library.map(&options()).unwrap();
    assert!(next.is_current() && next.points.len() == 79);
    assert_eq!(library.stored_map().unwrap().unwrap(), next);
    assert_ne!(next.checksum(), map.checksum());
}

#[test]
fn a_map_of_papers_that_are_all_gone_is_no_map() {
    let dir = tempdir().unwrap();
    let library = library(dir.path(), 3);
    library.map(&options()).unwrap();
    library.remove(&["p0", "p1", "p2"]).unwrap();
    let empty = library.stored_map().unwrap().unwrap();
    assert_eq!((empty.points.len(), empty.removed), (0, 3));
    library.add([paper(9)]).unwrap();
    assert_eq!(library.stored_map().unwrap(), None);
}

#[test]
fn a_map_of_another_library_is_not_taken_for_its_own() {
    let (dir, other) = (tempdir().unwrap(), tempdir().unwrap());
    let first = library(dir.path(), 20);
    let second = Library::create(other.path(), LetterPairs::default()).unwrap();
    second.add((15..35).map(paper)).unwrap();
    assert_eq!(first.generation().unwrap(), second.generation().unwrap());
    let map = first.map(&options()).unwrap();
    fs::copy(dir.path().join("map.bin"), other.path().join("map.bin")).unwrap();
    let found = second.stored_map().unwrap().unwrap();
    assert_eq!(
        (found.points.len(), found.placed, found.removed),
        (20, 15, 15)
    );
    let (places, found) = (places(&map), places(&found));
    assert!((15..20).all(|n| found[&*format!("p{n}")] == places[&*format!("p{n}")]));
}

#[test]
fn a_map_that_is_not_stored_follows_the_library_too() {
    let dir = tempdir().unwrap();
    let library = library(dir.path(), 20);
    let map = library.map(&options().store(false)).unwrap();
    assert_eq!(library.stored_map().unwrap(), None);
    assert!(!dir.path().join("map.bin").exists());
    assert_eq!(library.update_map(&map).unwrap().unwrap(), map);
    library.add([paper(20)]).unwrap();
    let first = library.update_map(&map).unwrap().unwrap();
    assert_eq!((first.placed, first.removed), (1, 0));
    library.remove(&["p4"]).unwrap();
    library.add([paper(21)]).unwrap();
    // An updated map can be updated again.
    let second = library.update_map(&first).unwrap().unwrap();
    assert_eq!((second.placed, second.removed), (2, 1));
    assert_eq!(second, library.update_map(&map).unwrap().unwrap());
}

#[test]
fn a_damaged_map_is_reported_and_never_used() {
    let dir = tempdir().unwrap();
    let library = library(dir.path(), 20);
    library.map(&options()).unwrap();
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
    let file = dir.path().join("map.bin");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let error = library.stored_map().unwrap_err();
    assert!(error.is_damage(), "{error}");
    let faults = Library::check(dir.path()).unwrap().faults;
    assert_eq!(faults.len(), 1);
    assert!(faults[0].is_repairable && !faults[0].is_in_vectors);
    let message = faults[0].error.to_string();
    assert!(
        message.ends_with("map.bin` is damaged in its content, which does not match its checksum"),
        "{message}"
    );
    // Papers can be found all the same.
    assert_eq!(library.related("p3", 2).unwrap().len(), 2);

    let other = tempdir().unwrap();
    copy_dir(dir.path(), other.path());
    assert_eq!(Library::repair(other.path()).unwrap(), 1);
    assert!(!other.path().join("map.bin").exists());
    assert!(Library::check(other.path()).unwrap().faults.is_empty());
    assert_eq!(
        Library::open(other.path()).unwrap().stored_map().unwrap(),
        None
    );

    let map = library.map(&options()).unwrap();
    assert_eq!(library.stored_map().unwrap(), Some(map));
    assert!(Library::check(dir.path()).unwrap().faults.is_empty());
}

#[test]
fn progress_can_cancel_every_stage() {
    let dir = tempdir().unwrap();
    let library = library(dir.path(), 40);
    let mut stages = Vec::new();
    let mut last = 0.0;
    library
        .map_with(&options(), &mut |state| {
            if stages.last() != Some(&state.stage) {
                stages.push(state.stage);
            }
            assert!(state.share() >= last && state.share() <= 1.0);
            last = state.share();
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(
        stages,
        [MapStage::Neighbors, MapStage::Layout, MapStage::Topics]
    );
    let file = dir.path().join("map.bin");
    fs::remove_file(&file).unwrap();
    for stage in stages {
        let stopped: Result<PaperMap> = library.map_with(&options(), &mut |state| {
            if state.stage == stage {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(stopped.unwrap_err().is_cancelled());
        assert!(!file.exists());
    }
}

#[test]
fn invalid_options_are_errors() {
    let dir = tempdir().unwrap();
    let library = library(dir.path(), 3);
    let message = |options: &MapOptions| library.map(options).unwrap_err().to_string();
    assert_eq!(
        message(&options().neighbors(0)),
        "`neighbors` is 0, expected at least 1"
    );
    assert_eq!(
        message(&options().epochs(0)),
        "`epochs` is 0, expected at least 1"
    );
    let topics = TopicOptions::default().resolution(-1.0);
    let error = library.map(&options().topics(topics)).unwrap_err();
    assert!(matches!(
        error,
        Error::InvalidOption {
            option: "resolution",
            ..
        }
    ));
}

#[test]
fn a_library_that_cannot_be_written_has_a_map_that_is_not_stored() {
    let dir = tempdir().unwrap();
    let library = library(dir.path(), 10);
    let lock = dir.path().join("lock");
    // A folder in place of the lock, which cannot be opened for writing.
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let mut calls = 0;
    let refused = library.map_with(&options(), &mut |_| {
        calls += 1;
        ControlFlow::Continue(())
    });
    assert!(matches!(refused, Err(Error::Io { .. })));
    assert_eq!(calls, 0);
    assert_eq!(
        library.map(&options().store(false)).unwrap().points.len(),
        10
    );
}
