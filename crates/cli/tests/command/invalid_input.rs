use crate::sandbox::{Sandbox, papers, stderr, tiny_model};

/// Asserts that adding `text` to a library fails and changes nothing, and returns the message.
#[track_caller]
fn rejected(text: &str) -> String {
    let sandbox = Sandbox::with_library(3);
    sandbox.write("bad.jsonl", text);
    let message = sandbox.fails(&["add", "--library", "L", "bad.jsonl"]);
    assert_eq!(sandbox.count("L"), 3);
    message
}

#[test]
fn an_invalid_line_is_named_and_nothing_is_added() {
    let (good, more) = (papers(10..12), papers(12..14));
    let suffix = "; nothing was added; use --skip-bad to skip it\n";
    for (line, fault) in [
        (
            "{\"id\": \"x\", ",
            "not JSON at column 11: the text ends too early",
        ),
        (
            "{\"year\": 2000}",
            "there is no `id`, no `doi` and no `title` to name the paper",
        ),
        (
            "{\"id\": \"x\", \"year\": 2000}",
            "`title` and `abstract` are both missing, expected one at least",
        ),
        (
            "{\"id\": \"x\", \"title\": {\"a\": 1}}",
            "`title` is an object, expected a string",
        ),
    ] {
        let message = rejected(&format!("{good}{line}\n{more}"));
        assert_eq!(message, format!("error: bad.jsonl:3: {fault}{suffix}"));
    }
}

#[test]
fn only_the_first_invalid_lines_are_listed() {
    let message = rejected(&"{}\n".repeat(7));
    let fault = "there is no `id`, no `doi` and no `title` to name the paper";
    let lines: Vec<String> = (1..=5)
        .map(|line| format!("  bad.jsonl:{line}: {fault}\n"))
        .collect();
    let expected = format!(
        "error: invalid records; nothing was added; use --skip-bad to skip them\n{}  and 2 more\n",
        lines.concat()
    );
    assert_eq!(message, expected);
}

#[test]
fn skip_bad_adds_valid_records_and_counts_invalid_ones() {
    let sandbox = Sandbox::with_library(3);
    sandbox.write(
        "mixed.jsonl",
        &format!("{}oops\n{}", papers(5..7), papers(7..9)),
    );
    let output = sandbox
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
        "skipped 1 invalid record:\n  mixed.jsonl:3: not JSON at column 1: expected a value: a text in double \
         quotes, a number, a list or an object\n"
    );
    assert_eq!(sandbox.count("L"), 7);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let sandbox = Sandbox::new();
    let add = |file| sandbox.fails(&["add", "--library", "L", "--model", &tiny_model(), file]);
    assert!(add("missing.jsonl").starts_with("error: cannot open `missing.jsonl`: No such file"));
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    assert_eq!(
        add("folder"),
        "error: `folder` is a folder, expected a file of papers\n"
    );
    sandbox.write("empty.jsonl", "\n");
    assert_eq!(
        add("empty.jsonl"),
        "error: the input contains no papers, nothing was added\n"
    );
    assert!(!sandbox.path("L").exists(), "no library is created");
}

#[test]
fn invalid_queries_are_explained() {
    let sandbox = Sandbox::with_library(12);
    let search = |text: &str| sandbox.misused(&["search", "--library", "L", text]);
    let example = "as in `cognate search small world networks`";
    assert_eq!(
        search(" "),
        format!("error: the query is empty, expected a text, {example}\n")
    );
    let unknown = "no paper `paper-1O` in the library; nearest by spelling: `paper-1`, `paper-10`, \
                   `paper-11`";
    for command in ["related", "remove"] {
        let message = sandbox.fails(&[command, "--library", "L", "paper-1O"]);
        assert_eq!(message, format!("error: {unknown}\n"));
    }
    assert_eq!(sandbox.count("L"), 12);
}

#[test]
fn a_folder_that_is_not_a_library_is_left_alone() {
    let sandbox = Sandbox::new();
    let not_a_library = |found: &str| format!("error: `L` is not a library: {found}\n");
    for command in [
        &["info", "--library", "L"][..],
        &["search", "--library", "L", "graph"],
    ] {
        assert_eq!(
            sandbox.fails(command),
            not_a_library("it has no `papers.sqlite`")
        );
    }
    assert!(!sandbox.path("L").exists());

    sandbox.write("L", "a file");
    let info = ["info", "--library", "L"];
    assert_eq!(
        sandbox.fails(&info),
        not_a_library("found a file, expected a folder")
    );
    sandbox.write("papers.jsonl", &papers(0..3));
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "papers.jsonl",
    ];
    assert_eq!(
        sandbox.fails(&add),
        "error: cannot create a library in `L`: it is a file\n"
    );

    std::fs::remove_file(sandbox.path("L")).unwrap();
    std::fs::create_dir(sandbox.path("L")).unwrap();
    sandbox.write("L/thesis.tex", "text");
    assert_eq!(
        sandbox.fails(&add),
        "error: cannot create a library in `L`: it holds other files\n"
    );
    sandbox.write(
        "L/papers.sqlite",
        "not a table at all, only some text in a file",
    );
    assert_eq!(
        sandbox.fails(&info),
        not_a_library("its `papers.sqlite` is not an SQLite file")
    );
}
