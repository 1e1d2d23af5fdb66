//! Adding, changing and removing papers.

use std::ops::ControlFlow;

use cognate::{AddOptions, AddRemark, Error, Library, Mode, Paper, Query, SameId, TextRecipe};
use cognate_testing::{LetterCounts, paper, papers};

use crate::{undated, without_day};

fn library(embedder: &LetterCounts) -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::create(dir.path().join("library"), embedder.clone()).unwrap();
    (dir, library)
}

#[test]
fn embeds_only_what_changed() {
    let embedder = LetterCounts::default();
    let (_dir, library) = library(&embedder);
    let report = library.add(papers(300)).unwrap();
    assert_eq!(
        (
            report.added,
            report.updated,
            report.unchanged,
            report.embedded
        ),
        (300, 0, 0, 300)
    );
    assert_eq!(embedder.texts(), 300);

    let report = library.add(papers(300)).unwrap();
    assert_eq!(
        (
            report.added,
            report.updated,
            report.unchanged,
            report.embedded
        ),
        (0, 0, 300, 0)
    );

    let mut changed = papers(300);
    changed[7] = changed[7].clone().venue("Elsewhere").year(1999);
    changed[8].title.push_str(" revised");
    let report = library.add(changed.clone()).unwrap();
    assert_eq!(
        (
            report.added,
            report.updated,
            report.unchanged,
            report.embedded
        ),
        (0, 2, 298, 1)
    );
    assert_eq!(embedder.texts(), 301);
    assert_eq!(undated(&library, "p7").unwrap(), changed[7]);
    assert_eq!(undated(&library, "p8").unwrap(), changed[8]);
    assert_eq!(library.len().unwrap(), 300);
    // The paper with other metadata moved too, with its vector.
    assert_eq!(library.info().unwrap().deleted_rows, 2);

    // The new vector is found, and the old one is not.
    let hits = library
        .search(&Query::text(changed[8].text()).mode(Mode::Vector).k(300))
        .unwrap();
    assert_eq!(without_day(hits[0].paper.clone()), changed[8]);
    assert!((hits[0].score.unwrap() - 1.0).abs() < 1e-6);
    assert_eq!(hits.iter().filter(|hit| hit.paper.id == "p8").count(), 1);
}

#[test]
fn embeds_a_text_that_several_papers_share_once() {
    let embedder = LetterCounts::default();
    let (_dir, library) = library(&embedder);
    let same_text = ["a", "b", "c"].map(|id| Paper::new(id).title("the same title"));
    let report = library.add(same_text).unwrap();
    assert_eq!((report.added, report.embedded), (3, 1));
    let hits = library.related("a", 2).unwrap();
    assert_eq!(
        hits.iter()
            .map(|hit| hit.paper.id.as_str())
            .collect::<Vec<_>>(),
        ["b", "c"]
    );
}

#[test]
fn keeps_the_last_of_several_papers_with_one_id() {
    let (_dir, library) = library(&LetterCounts::default());
    let report = library
        .add([
            paper(1),
            Paper::new("x").title("first"),
            Paper::new("x").title("second"),
        ])
        .unwrap();
    assert_eq!((report.added, report.updated), (2, 1));
    assert_eq!(library.get("x").unwrap().unwrap().title, "second");
    // The last one is kept even if the first was committed before.
    let mut many = papers(500);
    many.push(paper(3).title("last"));
    library.add(many).unwrap();
    assert_eq!(library.get("p3").unwrap().unwrap().title, "last");
    assert_eq!(library.len().unwrap(), 501);
}

#[test]
fn a_cancelled_run_keeps_its_commits_and_can_be_continued() {
    let embedder = LetterCounts::default();
    let (dir, library) = library(&embedder);
    let mut stop_at_250 = |state: cognate::AddProgress| {
        if state.embedded >= 250 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let papers = || papers(1000).into_iter().map(Ok::<_, Error>);
    let error = library
        .add_with(papers(), &AddOptions::default(), &mut stop_at_250)
        .unwrap_err();
    assert!(error.is_cancelled());
    let Error::Cancelled { committed } = error else {
        unreachable!()
    };
    assert_eq!(committed, 128);
    assert_eq!(library.len().unwrap(), 128);

    drop(library);
    let library = Library::open(dir.path().join("library")).unwrap();
    let library = library.with_embedder(embedder.clone()).unwrap();
    let before = embedder.texts();
    let mut seen = Vec::new();
    let mut proceed = |state| {
        seen.push(state);
        ControlFlow::Continue(())
    };
    let report = library
        .add_with(papers(), &AddOptions::default(), &mut proceed)
        .unwrap();
    assert_eq!((report.added, report.unchanged), (872, 128));
    assert_eq!(embedder.texts() - before, 872);
    assert_eq!(library.len().unwrap(), 1000);
    assert!(seen.is_sorted_by_key(|state| (state.papers, state.committed)));
    assert_eq!(seen.last().unwrap().committed, 1000);
}

#[test]
fn a_failing_source_or_embedder_does_not_undo_commits() {
    let embedder = LetterCounts {
        poison: Some("poison"),
        ..LetterCounts::default()
    };
    let (_dir, library) = library(&embedder);
    let mut source: Vec<_> = papers(200).into_iter().map(Ok).collect();
    source.push(Err(Error::EmptyQuery {
        expected: "a good source",
    }));
    let mut proceed = |_| ControlFlow::Continue(());
    let error = library
        .add_with(source, &AddOptions::default(), &mut proceed)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the query is empty, expected a good source"
    );
    assert_eq!(library.len().unwrap(), 128);

    let error = library
        .add([paper(900), Paper::new("bad").title("poison")])
        .unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        (error.to_string().as_str(), cause.as_str()),
        ("the embedder failed", "the text `poison` is poison")
    );
    assert_eq!(library.get("p900").unwrap(), None);
    assert_eq!(library.len().unwrap(), 128);
}

#[test]
fn refuses_papers_without_id_or_text() {
    let (_dir, library) = library(&LetterCounts::default());
    for (bad, message) in [
        (Paper::new("").title("T"), "paper ``: `id` is missing"),
        (
            Paper::new("x").year(2000),
            "paper `x`: `title` and `abstract` are both missing, expected one at least",
        ),
    ] {
        assert_eq!(
            library.add([paper(1), bad]).unwrap_err().to_string(),
            message
        );
        assert!(library.is_empty().unwrap());
    }
}

#[test]
fn embeds_the_text_of_the_recipe_and_refuses_another_recipe() {
    let (dir, library) = library(&LetterCounts::default());
    let titles = TextRecipe::new("title", |paper: &Paper| paper.title.clone());
    let library = library.with_text_recipe(titles).unwrap();
    library.add(papers(20)).unwrap();
    let hits = library
        .search(&Query::text(paper(4).title).mode(Mode::Vector).k(1))
        .unwrap();
    assert_eq!(hits[0].paper.id, "p4");
    assert!((hits[0].score.unwrap() - 1.0).abs() < 1e-6);

    let library = Library::open(dir.path().join("library")).unwrap();
    let library = library.with_embedder(LetterCounts::default()).unwrap();
    let error = library.add([Paper::new("new").title("N")]).unwrap_err();
    assert!(matches!(&error, Error::TextRecipeMismatch { expected, .. } if expected == "title"));
    let other = TextRecipe::new("abstract", |paper: &Paper| paper.abstract_text.clone());
    let error = library.with_text_recipe(other).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the recipe `title`, found `abstract`"),
        "{error}"
    );
}

#[test]
fn removes_all_papers_or_none() {
    let (_dir, library) = library(&LetterCounts::default());
    library.add(papers(50)).unwrap();
    let error = library.remove(&["p3", "p999"]).unwrap_err().to_string();
    assert_eq!(error, "no paper `p999` in the library");
    assert_eq!(library.len().unwrap(), 50);
    library.remove(&["p3", "p5", "p3"]).unwrap();
    assert_eq!(library.len().unwrap(), 48);
    assert_eq!(library.get("p3").unwrap(), None);
    let hits = library
        .search(&Query::text(paper(3).text()).mode(Mode::Vector).k(48))
        .unwrap();
    assert!(
        hits.iter()
            .all(|hit| !["p3", "p5"].contains(&hit.paper.id.as_str()))
    );
    // A removed paper can be added again.
    library.add([paper(3)]).unwrap();
    assert_eq!(library.related("p3", 48).unwrap().len(), 48);
}

#[test]
fn a_recipe_is_refused_once_another_handle_has_added_papers_of_another() {
    let (_dir, library) = library(&LetterCounts::default());
    let titles = TextRecipe::new("title", |paper: &Paper| paper.title.clone());
    // An empty library accepts every recipe.
    let first = library.with_text_recipe(titles).unwrap();
    let second = Library::open(first.dir()).unwrap();
    let second = second.with_embedder(LetterCounts::default()).unwrap();
    second.add(papers(3)).unwrap();
    let error = first.add([paper(9)]).unwrap_err();
    assert!(matches!(error, Error::TextRecipeMismatch { .. }), "{error}");
    assert_eq!(second.len().unwrap(), 3);
    // The recipe may change when no paper is left.
    second.remove(&["p0", "p1", "p2"]).unwrap();
    first.add([paper(9)]).unwrap();
    let error = second.add([paper(8)]).unwrap_err();
    assert!(matches!(error, Error::TextRecipeMismatch { .. }), "{error}");
}

fn merge(library: &Library, papers: Vec<Paper>) -> cognate::AddReport {
    let options = AddOptions::default().same_id(SameId::Distinguish);
    let papers = papers.into_iter().map(Ok::<_, Error>);
    let mut proceed = |_| ControlFlow::Continue(());
    library.add_with(papers, &options, &mut proceed).unwrap()
}

#[test]
fn another_paper_with_a_taken_id_gets_an_id_of_its_own() {
    let (_dir, library) = library(&LetterCounts::default());
    let moss = Paper::new("1").title("Mosses on stones").doi("10.1000/m1");
    let bonds = Paper::new("1").title("Bonds and equity").doi("10.1000/b1");
    let trees = Paper::new("1").title("The growth of old trees");
    for _ in 0..2 {
        // In one batch and in several, and again.
        merge(&library, vec![moss.clone(), bonds.clone()]);
        merge(&library, vec![trees.clone()]);
    }
    let title = |id: &str| library.get(id).unwrap().map(|paper| paper.title);
    assert_eq!(library.len().unwrap(), 3);
    assert_eq!(title("1").unwrap(), moss.title);
    assert_eq!(title("1-2").unwrap(), bonds.title);
    assert_eq!(title("1-3").unwrap(), trees.title);

    let stones = Paper::new("1").title("How stones are cut");
    let report = merge(&library, vec![moss.clone(), stones.clone()]);
    assert_eq!((report.added, report.updated, report.unchanged), (1, 0, 1));
    let renamed = AddRemark::Renamed {
        position: 1,
        id: "1".to_owned(),
        new_id: "1-4".to_owned(),
        title: stones.title,
        other_title: moss.title,
    };
    assert_eq!(report.remarks, [renamed]);
}

#[test]
fn a_record_with_fewer_fields_erases_none_unless_it_replaces_the_paper() {
    let (_dir, library) = library(&LetterCounts::default());
    let mut rich = Paper::new("k").title("Moss on stones").year(2001);
    rich.abstract_text = "A long abstract on moss.".to_owned();
    rich.details.pages = Some("1-9".to_owned());
    library.add([rich.clone()]).unwrap();
    let poor = Paper::new("k").title("Moss on Stones").venue("Letters");
    let report = merge(&library, vec![poor.clone()]);
    let merged = AddRemark::Merged {
        position: 0,
        id: "k".to_owned(),
        fields: vec!["abstract", "year", "pages"],
    };
    assert_eq!(report.remarks, [merged]);
    let expected = rich.title("Moss on Stones").venue("Letters");
    assert_eq!(undated(&library, "k").unwrap(), expected);
    // The same record again changes nothing.
    let report = merge(&library, vec![poor.clone()]);
    assert_eq!((report.updated, report.unchanged), (0, 1));

    let report = library.add([poor.clone()]).unwrap();
    assert_eq!((report.updated, report.remarks), (1, vec![]));
    assert_eq!(undated(&library, "k").unwrap(), poor);
    let report = library.add([Paper::new("k").title("Bonds")]).unwrap();
    assert!(
        matches!(&report.remarks[..], [AddRemark::Replaced { other_title, .. }]
            if *other_title == poor.title)
    );
}

#[test]
fn an_update_changes_the_title_but_no_paper_with_other_identifiers() {
    let (_dir, library) = library(&LetterCounts::default());
    let options = AddOptions::default().same_id(SameId::Update);
    let update = |paper: Paper| {
        let mut proceed = |_| ControlFlow::Continue(());
        let papers = [Ok::<_, Error>(paper)];
        let report = library.add_with(papers, &options, &mut proceed).unwrap();
        (report.added, report.updated, report.remarks.len())
    };
    let moss = || Paper::new("a").title("Mosses").doi("10.1000/m");
    assert_eq!(update(moss().year(2001)), (1, 0, 0));
    // A record of the same paper lacks the year, which stays.
    assert_eq!(update(moss().venue("Letters")), (0, 1, 1));
    assert_eq!(library.get("a").unwrap().unwrap().year, Some(2001));
    // The title is another one, which is remarked, and no field of the paper that goes stays.
    let ferns = Paper::new("a").title("Ferns").doi("10.1000/f");
    assert_eq!(update(Paper::new("a").title("Ferns")), (0, 1, 1));
    assert_eq!(
        undated(&library, "a").unwrap(),
        Paper::new("a").title("Ferns")
    );
    assert_eq!(update(ferns), (0, 1, 0));
    let bonds = Paper::new("a").title("Bonds").doi("10.1000/b");
    assert_eq!(update(bonds), (1, 0, 1));
    assert_eq!(library.get("a-2").unwrap().unwrap().title, "Bonds");
}

#[test]
fn records_of_one_paper_in_one_batch_are_merged_in_their_order() {
    let (_dir, library) = library(&LetterCounts::default());
    let first = Paper::new("k").title("Moss on stones").year(2001);
    let second = Paper::new("k").title("Moss on stones").venue("Letters");
    let report = merge(&library, vec![first, second.clone(), paper(1)]);
    assert_eq!((report.added, report.updated, report.unchanged), (2, 1, 0));
    assert_eq!(report.embedded, 2);
    assert_eq!(undated(&library, "k").unwrap(), second.year(2001));
}
