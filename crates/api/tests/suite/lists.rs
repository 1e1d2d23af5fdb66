//! Lists of papers.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use cognate::{
    AddOptions, Error, ExportFormat, Filter, Generation, Library, List, ListEntry, Listing, Mode,
    Paper, PaperReader, PaperWriter, Query,
};
use cognate_testing::{LetterCounts, paper, papers};
use rusqlite::Connection;
use tempfile::tempdir;

fn create(dir: &Path, count: usize) -> Library {
    let library = Library::create(dir, LetterCounts::default()).unwrap();
    library.add(papers(count)).unwrap();
    library
}

fn counts(library: &Library) -> Vec<(String, usize)> {
    let lists = library.lists().unwrap().into_iter();
    lists.map(|list| (list.name, list.papers)).collect()
}

fn others(library: &Library) -> Vec<(String, usize)> {
    let mut counts = counts(library);
    counts.retain(|(name, papers)| *papers > 0 || !List::is_built_in(name));
    counts
}

fn listed(library: &Library, filter: Filter) -> Vec<String> {
    let mut ids = Vec::new();
    let listing = Listing::default().filter(filter);
    let listed = library.list(&listing, |paper| {
        ids.push(paper.id);
        ControlFlow::Continue(())
    });
    assert_eq!(listed.unwrap(), ids.len());
    ids
}

fn lists_of(library: &Library, id: &str) -> Vec<ListEntry> {
    library.get(id).unwrap().unwrap().lists
}

fn is_sound(dir: &Path) -> bool {
    Library::check(dir).unwrap().faults.is_empty()
}

#[test]
fn every_library_has_four_lists_and_takes_others() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 3);
    let built_in = List::BUILT_IN.map(|name| (name.to_owned(), 0));
    assert_eq!(counts(&library), built_in);
    library.create_list("to read").unwrap();
    library.create_list("\u{e4}").unwrap();
    library.create_list("liked").unwrap();
    library.add_to_list("a", &["p1"], None).unwrap();
    let expected = [("a", 1), ("to read", 0), ("\u{e4}", 0)];
    let expected = expected.map(|(name, papers)| (name.to_owned(), papers));
    assert_eq!(counts(&library), [&built_in[..], &expected[..]].concat());
    library.delete_list("to read").unwrap();
    library.delete_list("liked").unwrap();
    assert_eq!(counts(&library).len(), 6);
    for name in ["", "a,b", " a", "a\n"] {
        assert!(library.create_list(name).is_err(), "{name}");
        assert!(library.add_to_list(name, &["p1"], None).is_err(), "{name}");
    }
    assert!(is_sound(dir.path()));
}

#[test]
fn papers_are_put_on_lists_with_notes_and_taken_from_them() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 6);
    assert_eq!(
        library.add_to_list("liked", &["p1", "p2"], None).unwrap(),
        2
    );
    assert_eq!(
        library
            .add_to_list("liked", &["p2", "p3"], Some("N"))
            .unwrap(),
        1
    );
    assert_eq!(
        library.add_to_list("read", &["p2"], Some("twice")).unwrap(),
        1
    );
    // Without a note, the note stays.
    assert_eq!(library.add_to_list("liked", &["p2"], None).unwrap(), 0);
    let expected = [
        ListEntry::new("liked").note("N"),
        ListEntry::new("read").note("twice"),
    ];
    assert_eq!(lists_of(&library, "p2"), expected);
    assert_eq!(lists_of(&library, "p1"), [ListEntry::new("liked")]);
    assert!(lists_of(&library, "p4").is_empty());
    library.add_to_list("liked", &["p2"], Some("")).unwrap();
    assert_eq!(lists_of(&library, "p2")[0], ListEntry::new("liked"));
    assert_eq!(
        library
            .remove_from_list("liked", &["p2", "p4", "nobody"])
            .unwrap(),
        1
    );
    assert_eq!(
        lists_of(&library, "p2"),
        [ListEntry::new("read").note("twice")]
    );
    assert_eq!(
        others(&library),
        [("liked".to_owned(), 2), ("read".to_owned(), 1)]
    );
    library.delete_list("liked").unwrap();
    assert!(lists_of(&library, "p1").is_empty());
    assert!(is_sound(dir.path()));
}

#[test]
fn an_unknown_paper_or_list_is_an_error_and_changes_nothing() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 5);
    let error = library
        .add_to_list("liked", &["p1", "p9"], None)
        .unwrap_err();
    assert!(matches!(error, Error::UnknownPaper { .. }), "{error}");
    assert!(others(&library).is_empty());
    assert_eq!(library.generation().unwrap().lists, 0);
    let expected =
        "no list `wanted` in the library, which has `liked`, `disliked`, `read`, `hidden`";
    let wanted = || Filter::default().list("wanted");
    let unwanted = || Filter::default().not_list("wanted");
    let keep = |_: Paper| ControlFlow::Continue(());
    for error in [
        library.delete_list("wanted").unwrap_err(),
        library.remove_from_list("wanted", &["p1"]).unwrap_err(),
        library
            .search(&Query::text("graph").filter(wanted()))
            .unwrap_err(),
        library
            .search(&Query::text("graph").filter(unwanted()))
            .unwrap_err(),
        library
            .list(&Listing::default().filter(wanted()), keep)
            .unwrap_err(),
        library.facets(&unwanted(), 3).unwrap_err(),
        library.explain_no_papers(&wanted()).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn hits_listings_and_exports_have_the_lists_of_their_papers() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 40);
    library
        .add_to_list("liked", &["p7", "p8"], Some("good"))
        .unwrap();
    let entry = ListEntry::new("liked").note("good");
    for hit in library.search(&Query::text("graph enzyme").k(40)).unwrap() {
        let is_liked = ["p7", "p8"].contains(&hit.paper.id.as_str());
        let expected: &[ListEntry] = if is_liked {
            std::slice::from_ref(&entry)
        } else {
            &[]
        };
        assert_eq!(hit.paper.lists, expected);
    }
    let mut found = 0;
    for limit in [40, 2000] {
        let listing = Listing::default().limit(limit);
        let listed = library.list(&listing, |paper| {
            found += paper.lists.len();
            ControlFlow::Continue(())
        });
        listed.unwrap();
    }
    assert_eq!(found, 4);
    let mut writer = PaperWriter::new(Vec::new(), ExportFormat::JsonLines);
    library
        .for_each(|paper| {
            writer.write(&paper).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
    let exported = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert_eq!(
        exported
            .matches(r#""lists":[{"name":"liked","note":"good"}]"#)
            .count(),
        2
    );
    // Another library gets the lists with the papers.
    let path = dir.path().join("exported.jsonl");
    fs::write(&path, exported).unwrap();
    let other = tempdir().unwrap();
    let copy = Library::create(other.path(), LetterCounts::default()).unwrap();
    let add = || {
        let go_on = &mut |_| ControlFlow::Continue(());
        let reader = PaperReader::open(&path).unwrap();
        copy.add_with(reader, &AddOptions::default(), go_on)
            .unwrap()
    };
    assert_eq!((add().added, others(&copy)), (40, others(&library)));
    assert_eq!(lists_of(&copy, "p8"), std::slice::from_ref(&entry));
    let before = copy.generation().unwrap();
    let again = add();
    assert_eq!((again.unchanged, again.updated), (40, 0));
    assert_eq!(copy.generation().unwrap(), before);
    // Only the missing entry is added again.
    copy.remove_from_list("liked", &["p8"]).unwrap();
    let again = add();
    assert_eq!((again.unchanged, again.updated), (39, 1));
    assert_eq!(lists_of(&copy, "p8"), [entry]);
    assert_eq!(copy.generation().unwrap().papers, before.papers);
    assert!(is_sound(other.path()));
}

#[test]
fn an_imported_note_replaces_one_and_a_missing_note_does_not() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 3);
    library
        .add_to_list("liked", &["p1", "p2"], Some("old"))
        .unwrap();
    let with = |n: usize, entry: ListEntry| paper(n).lists([entry]);
    let entries = [
        with(1, ListEntry::new("liked")),
        with(2, ListEntry::new("liked").note("new")),
        with(0, ListEntry::new("mine")),
        // A later record of the same paper.
        with(0, ListEntry::new("read").note("r")),
    ];
    let report = library.add(entries).unwrap();
    assert_eq!((report.updated, report.unchanged), (2, 2));
    assert_eq!(
        lists_of(&library, "p1"),
        [ListEntry::new("liked").note("old")]
    );
    assert_eq!(
        lists_of(&library, "p2"),
        [ListEntry::new("liked").note("new")]
    );
    let expected = [ListEntry::new("mine"), ListEntry::new("read").note("r")];
    assert_eq!(lists_of(&library, "p0"), expected);
    let error = library.add([with(1, ListEntry::new("a,b"))]).unwrap_err();
    assert!(matches!(error, Error::InvalidOption { .. }), "{error}");
}

#[test]
fn a_paper_that_changes_stays_on_its_lists_and_one_that_is_removed_does_not() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 6);
    library
        .add_to_list("liked", &["p1", "p2", "p3"], Some("N"))
        .unwrap();
    let before = library.generation().unwrap();
    library
        .add([paper(1).title("another title"), paper(2).year(1900)])
        .unwrap();
    assert_eq!(library.generation().unwrap().lists, before.lists);
    for id in ["p1", "p2"] {
        assert_eq!(lists_of(&library, id), [ListEntry::new("liked").note("N")]);
    }
    assert_eq!(
        listed(&library, Filter::default().list("liked")),
        ["p3", "p1", "p2"]
    );
    library.compact().unwrap();
    assert_eq!(
        listed(&library, Filter::default().list("liked")),
        ["p3", "p1", "p2"]
    );
    library.remove(&["p1", "p4"]).unwrap();
    assert_eq!(others(&library), [("liked".to_owned(), 2)]);
    assert!(library.generation().unwrap().lists > before.lists);
    // A new paper with the same id is on no list.
    library.add([paper(1)]).unwrap();
    assert!(lists_of(&library, "p1").is_empty());
    assert_eq!(
        listed(&library, Filter::default().list("liked")),
        ["p3", "p2"]
    );
    assert!(is_sound(dir.path()));
}

#[test]
fn a_change_of_lists_leaves_papers_and_their_generation() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 20);
    let reader = Library::open(dir.path()).unwrap();
    let liked = || listed(&reader, Filter::default().list("liked"));
    assert!(liked().is_empty());
    let before = reader.generation().unwrap();
    for (at, id) in ["p3", "p5", "p4"].iter().enumerate() {
        library.add_to_list("liked", &[id], None).unwrap();
        let now = reader.generation().unwrap();
        assert_eq!(now.papers, before.papers);
        assert_eq!(now.lists, before.lists + at as u64 + 1);
        assert_eq!(liked().len(), at + 1);
    }
    let unchanged: Generation = reader.generation().unwrap();
    library.add_to_list("liked", &["p3"], None).unwrap();
    library.remove_from_list("liked", &["p9"]).unwrap();
    library.create_list("liked").unwrap();
    assert_eq!(reader.generation().unwrap(), unchanged);
    library.add([paper(50)]).unwrap();
    let added = reader.generation().unwrap();
    assert_eq!(
        (added.papers, added.lists),
        (unchanged.papers + 1, unchanged.lists)
    );
    assert_eq!(added.to_string().parse::<Generation>().unwrap(), added);
}

#[test]
fn filters_by_lists_agree_with_the_lists_in_every_mode() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 60);
    let of =
        |step: usize| -> Vec<String> { (0..60).step_by(step).map(|n| format!("p{n}")).collect() };
    library.add_to_list("liked", &of(2), None).unwrap();
    library.add_to_list("mine", &of(3), None).unwrap();
    library.add_to_list("hidden", &of(5), None).unwrap();
    let (liked, mine, hidden): (BTreeSet<_>, BTreeSet<_>, BTreeSet<_>) = (
        of(2).into_iter().collect(),
        of(3).into_iter().collect(),
        of(5).into_iter().collect(),
    );
    let all: BTreeSet<String> = of(1).into_iter().collect();
    let filter = Filter::default;
    for (filter, expected) in [
        (filter().list("liked"), liked.clone()),
        (filter().list("liked").list("mine"), &liked | &mine),
        (filter().not_list("hidden"), &all - &hidden),
        (
            filter().not_list("hidden").not_list("liked"),
            &(&all - &hidden) - &liked,
        ),
        (filter().list("mine").not_list("liked"), &mine - &liked),
        (filter().list("read"), BTreeSet::new()),
    ] {
        let found: BTreeSet<String> = listed(&library, filter.clone()).into_iter().collect();
        assert_eq!(found, expected, "{filter:?}");
        let query = Query::text("graph enzyme title").mode(Mode::Vector).k(60);
        let hits = library
            .search(&query.every_version(true).filter(filter))
            .unwrap();
        let found: BTreeSet<String> = hits.into_iter().map(|hit| hit.paper.id).collect();
        assert_eq!(found, expected);
    }
    // Without files of terms, lists are read by papers.
    fs::remove_dir_all(dir.path().join("vectors")).unwrap();
    let library = Library::open(dir.path()).unwrap();
    let found = listed(&library, filter().list("mine").not_list("liked"));
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), &mine - &liked);
    let error = library.list(&Listing::default().filter(filter().list("wanted")), |_| {
        ControlFlow::Continue(())
    });
    assert!(matches!(error, Err(Error::UnknownList { .. })));
}

#[test]
fn two_handles_change_lists_at_the_same_time_and_lose_nothing() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 100);
    let other = Library::open(dir.path()).unwrap();
    library.create_list("a").unwrap();
    std::thread::scope(|scope| {
        for (handle, name, first) in [(&library, "a", 0), (&other, "b", 0), (&other, "a", 50)] {
            scope.spawn(move || {
                for n in first..first + 50 {
                    handle.add_to_list(name, &[format!("p{n}")], None).unwrap();
                }
            });
        }
        scope.spawn(|| {
            for n in 100..110 {
                library.add([paper(n)]).unwrap();
            }
        });
        scope.spawn(|| {
            // Each answer is of one state: a paper on the list is a paper of the library.
            for _ in 0..50 {
                let found = listed(&other, Filter::default().list("a"));
                assert!(found.len() <= 100);
            }
        });
    });
    let expected = [("a".to_owned(), 100), ("b".to_owned(), 50)];
    assert_eq!(others(&library), expected);
    assert_eq!(others(&other), expected);
    let generation = library.generation().unwrap();
    assert_eq!(generation.lists, 151);
    assert!(is_sound(dir.path()));
}

/// Runs statements on the file of papers of a library.
fn tamper(dir: &Path, statements: &str) {
    let table = Connection::open(dir.join("papers.sqlite")).unwrap();
    table.execute_batch(statements).unwrap();
}

#[test]
fn a_lost_or_changed_entry_is_noticed_and_repaired() {
    for (statements, left) in [
        ("DELETE FROM list_entries WHERE id = 'p2'", 3),
        ("UPDATE list_entries SET note = 'x' WHERE id = 'p2'", 3),
        ("UPDATE list_entries SET id = 'p9' WHERE id = 'p2'", 3),
        ("UPDATE list_entries SET list = 'mine' WHERE id = 'p2'", 3),
        ("UPDATE list_entries SET checksum = 1 WHERE id = 'p2'", 3),
        ("INSERT INTO list_entries VALUES ('liked', 'p9', '', 5)", 4),
        ("DELETE FROM meta WHERE key = 'lists'", 4),
        ("UPDATE meta SET value = '{}' WHERE key = 'lists'", 4),
    ] {
        let dir = tempdir().unwrap();
        let library = create(dir.path(), 6);
        library
            .add_to_list("liked", &["p1", "p2", "p3", "p4"], Some("N"))
            .unwrap();
        drop(library);
        tamper(dir.path(), statements);
        let library = Library::open(dir.path()).unwrap();
        let liked = Listing::default().filter(Filter::default().list("liked"));
        let found = library.list(&liked, |_| ControlFlow::Continue(()));
        assert!(found.unwrap_err().is_damage(), "{statements}");
        let faults = Library::check(dir.path()).unwrap().faults;
        assert!(!faults.is_empty(), "{statements}");
        assert!(
            faults.iter().all(|fault| fault.is_repairable),
            "{statements}"
        );
        assert_eq!(Library::repair(dir.path()).unwrap(), 1, "{statements}");
        assert!(is_sound(dir.path()), "{statements}");
        assert_eq!(
            listed(&library, Filter::default().list("liked")).len(),
            left,
            "{statements}"
        );
        assert_eq!(
            lists_of(&library, "p1"),
            [ListEntry::new("liked").note("N")]
        );
        library.add_to_list("liked", &["p2"], None).unwrap();
        assert_eq!(Library::repair(dir.path()).unwrap(), 0);
    }
}

#[test]
fn an_entry_of_a_paper_that_does_not_exist_is_noticed_and_removed() {
    let dir = tempdir().unwrap();
    let library = create(dir.path(), 4);
    library.add_to_list("liked", &["p1", "p2"], None).unwrap();
    let entries = || {
        let table = Connection::open(dir.path().join("papers.sqlite")).unwrap();
        let sql = "SELECT count(*) FROM list_entries";
        table
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let (meta, entry) = {
        let table = Connection::open(dir.path().join("papers.sqlite")).unwrap();
        let meta: (String, i64) = table
            .query_row(
                "SELECT value, checksum FROM meta WHERE key = 'lists'",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        let entry: i64 = table
            .query_row(
                "SELECT checksum FROM list_entries WHERE id = 'p2'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        (meta, entry)
    };
    library.remove(&["p2"]).unwrap();
    assert_eq!(entries(), 1);
    // As if the removal had not been in one transaction.
    let (value, checksum) = meta;
    tamper(
        dir.path(),
        &format!(
            "INSERT INTO list_entries VALUES ('liked', 'p2', '', {entry});
             UPDATE meta SET value = '{value}', checksum = {checksum} WHERE key = 'lists';"
        ),
    );
    let faults = Library::check(dir.path()).unwrap().faults;
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].error.to_string().contains("`p2` of a list"),
        "{}",
        faults[0].error
    );
    assert_eq!(Library::repair(dir.path()).unwrap(), 1);
    assert_eq!(others(&library), [("liked".to_owned(), 1)]);
    assert!(is_sound(dir.path()));
}
