use crate::setup::{Desk, papers, stderr, tiny_model};

/// Adds `text` to a library that holds three papers, which must fail and change nothing.
#[track_caller]
fn refused(text: &str) -> String {
    let desk = Desk::with_library(3);
    desk.write("bad.jsonl", text);
    let said = desk.fails(&["add", "--library", "L", "bad.jsonl"]);
    assert_eq!(desk.count("L"), 3);
    said
}

#[test]
fn a_bad_line_is_named_and_nothing_is_added() {
    let (good, more) = (papers(10..12), papers(12..14));
    let tail = "; nothing was added; --skip-bad leaves it out\n";
    for (line, fault) in [
        (
            "{\"id\": \"x\", ",
            "not JSON at column 11: EOF while parsing a value",
        ),
        ("{\"title\": \"T\"}", "`id` is missing"),
        (
            "{\"id\": \"x\", \"year\": 2000}",
            "`title` and `abstract` are both missing, expected one at least",
        ),
        (
            "{\"id\": \"x\", \"title\": 7}",
            "`title` is a number, expected a string",
        ),
    ] {
        let said = refused(&format!("{good}{line}\n{more}"));
        assert_eq!(said, format!("error: bad.jsonl:3: {fault}{tail}"));
    }
}

#[test]
fn many_bad_lines_are_counted() {
    let said = refused(&"{}\n".repeat(7));
    let expected = "error: bad records, nothing was added; --skip-bad leaves them out\n  \
                    bad.jsonl:1: `id` is missing\n  bad.jsonl:2: `id` is missing\n  \
                    bad.jsonl:3: `id` is missing\n  bad.jsonl:4: `id` is missing\n  \
                    bad.jsonl:5: `id` is missing\n  and 2 more\n";
    assert_eq!(said, expected);
}

#[test]
fn skip_bad_adds_the_good_and_counts_the_bad() {
    let desk = Desk::with_library(3);
    desk.write(
        "mixed.jsonl",
        &format!("{}oops\n{}", papers(5..7), papers(7..9)),
    );
    let output = desk
        .command(&["add", "--library", "L", "--skip-bad", "mixed.jsonl"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout.clone())
            .unwrap()
            .starts_with("added 4, ")
    );
    assert_eq!(
        stderr(&output),
        "left out 1 bad record:\n  mixed.jsonl:3: not JSON at column 1: expected value\n"
    );
    assert_eq!(desk.count("L"), 7);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let desk = Desk::new();
    let add = |file| desk.fails(&["add", "--library", "L", "--model", &tiny_model(), file]);
    assert!(add("missing.jsonl").starts_with("error: cannot open `missing.jsonl`: No such file"));
    std::fs::create_dir(desk.path("folder")).unwrap();
    assert_eq!(
        add("folder"),
        "error: `folder` is a folder, expected a file of papers\n"
    );
    desk.write("empty.jsonl", "\n");
    assert_eq!(
        add("empty.jsonl"),
        "error: there is no paper in the input, nothing was added\n"
    );
    assert!(!desk.path("L").exists(), "no library is made for nothing");
}

#[test]
fn a_question_that_cannot_be_answered_says_why() {
    let desk = Desk::with_library(12);
    let search = |k: &str, text: &str| desk.fails(&["search", "--library", "L", "-k", k, text]);
    assert_eq!(
        search("3", " "),
        "error: the query is empty, expected a text\n"
    );
    assert_eq!(
        search("0", "graph"),
        "error: k is 0, expected 1 to 12 papers\n"
    );
    assert_eq!(
        search("13", "graph"),
        "error: k is 13, expected 1 to 12 papers\n"
    );
    let unknown = "no paper `paper-1O` in the library; nearest by spelling: `paper-1`, `paper-10`, \
                   `paper-11`";
    for command in ["related", "remove"] {
        let said = desk.fails(&[command, "--library", "L", "paper-1O"]);
        assert_eq!(said, format!("error: {unknown}\n"));
    }
    assert_eq!(desk.count("L"), 12);
}

#[test]
fn what_is_no_library_is_not_touched() {
    let desk = Desk::new();
    let is_none = |found: &str| format!("error: `L` is not a library: {found}\n");
    for command in [
        &["info", "--library", "L"][..],
        &["search", "--library", "L", "graph"],
    ] {
        assert_eq!(desk.fails(command), is_none("it has no `papers.sqlite`"));
    }
    assert!(!desk.path("L").exists());

    desk.write("L", "a file");
    let info = ["info", "--library", "L"];
    assert_eq!(
        desk.fails(&info),
        is_none("found a file, expected a folder")
    );
    desk.write("papers.jsonl", &papers(0..3));
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "papers.jsonl",
    ];
    assert_eq!(
        desk.fails(&add),
        "error: cannot create a library in `L`: it is a file\n"
    );

    std::fs::remove_file(desk.path("L")).unwrap();
    std::fs::create_dir(desk.path("L")).unwrap();
    desk.write("L/thesis.tex", "text");
    assert_eq!(
        desk.fails(&add),
        "error: cannot create a library in `L`: it holds other files\n"
    );
    desk.write(
        "L/papers.sqlite",
        "not a table at all, only some text in a file",
    );
    assert_eq!(
        desk.fails(&info),
        is_none("its `papers.sqlite` is not an SQLite file")
    );
}
