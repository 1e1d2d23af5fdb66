//! What the command says about arguments and files that it cannot use: each message is for a person, not for a
//! programmer of the command.

use crate::sandbox::{Sandbox, papers};

/// Texts of Rust, of libraries in C, and of parsers, which mean nothing to a reader.
const FOREIGN: [&str; 12] = [
    "invalid digit",
    "float literal",
    "target type",
    "non-zero type",
    "expected ident",
    "EOF while",
    "key must be",
    "Error code",
    "stream did not contain",
    "ParseIntError",
    "error: error",
    ".part",
];

#[track_caller]
fn assert_speaks_to_a_person(message: &str) {
    for foreign in FOREIGN {
        assert!(!message.contains(foreign), "{foreign}: {message}");
    }
}

#[test]
fn wrong_values_of_options_are_wrong_usage_that_says_what_is_expected() {
    let sandbox = Sandbox::with_library(3);
    let whole = "expected a whole number, at least 1";
    let any = "expected a whole number, at least 0";
    let cosine = "expected a cosine from -1 to 1";
    let weight = "expected a number from 0 to 1";
    let positive = "expected a number above 0";
    for (command, options) in [
        (
            &["search", "graph"][..],
            &[
                ("-k", &["0", "-5", "x", "1.5"][..], whole),
                ("--min-score", &["7", "-2", "x", "nan"], cosine),
                ("--diversity", &["3", "-1", "x"], weight),
                ("--feedback", &["x", "-1"], any),
            ][..],
        ),
        (
            &["search", "graph", "--rerank", "x"],
            &[("--rerank-depth", &["0", "x", "-1"], whole)],
        ),
        (
            &["related", "paper-1"],
            &[("-k", &["0", "x"], whole), ("--diversity", &["2"], weight)],
        ),
        (
            &["missed", "draft.tex"],
            &[("-k", &["0", "x", "-1"], whole)],
        ),
        (
            &["duplicates"],
            &[
                ("-k", &["0", "x"], whole),
                ("--threshold", &["2", "x"], cosine),
            ],
        ),
        (
            &["topics"],
            &[("--resolution", &["0", "-1", "x", "inf"], positive)],
        ),
        (&["upgrade"], &[("--sample", &["0", "x", "-1"], whole)]),
        (
            &["eval", "--self"],
            &[
                ("--sample", &["0", "x", "-1"], whole),
                ("--feedback", &["x", "-1"], any),
                ("--diversity", &["2", "x"], weight),
            ],
        ),
    ] {
        for (option, values, expected) in options {
            for value in *values {
                let arguments = [command, &["--library", "L", option, value]].concat();
                let message = sandbox.misused(&arguments);
                assert!(message.contains(&format!("'{value}'")), "{message}");
                assert!(message.contains(expected), "{message}");
                assert_speaks_to_a_person(&message);
            }
        }
    }
    // Values that no parser of one option can refuse.
    for options in [
        &["--feedback", "2", "--mode", "keyword"][..],
        &["--fusion", "rrf", "--mode", "vector"],
    ] {
        let arguments = [&["search", "graph", "--library", "L"], options].concat();
        assert!(sandbox.misused(&arguments).contains("expected"));
    }
}

#[test]
fn a_command_without_a_library_is_wrong_usage() {
    let message = Sandbox::new().misused(&["info"]);
    assert!(message.starts_with("error: no library"), "{message}");
}

#[test]
fn files_that_cannot_be_used_are_described_and_hints_help() {
    let sandbox = Sandbox::with_library(3);
    let fails = |arguments: &[&str]| {
        let message = sandbox.fails(arguments);
        assert_speaks_to_a_person(&message);
        message
    };
    let add = |name: &str, content: &[u8]| {
        std::fs::write(sandbox.path(name), content).unwrap();
        fails(&["add", "--library", "L", name])
    };
    assert_eq!(
        add("a.pdf", b"%PDF-1.5\n"),
        "error: `a.pdf` is a PDF document, expected a file that lists papers, such as an export of a reference \
         manager in BibTeX, RIS or CSL JSON, or a CSV file with title and abstract; nothing was added\n"
    );
    assert_eq!(
        add("a.png", b"\x89PNG\r\n\x1a\n"),
        "error: `a.png` is an image, expected text or Parquet, plain or compressed with gzip or zstd; nothing \
         was added\n"
    );
    let message = add("a.csv", b"Deep graphs,2019,Ann\n");
    let hint = "write the names of the columns into the first line, such as `title`, `abstract`, `authors` and \
                `year`";
    assert!(
        message.contains(hint) && !message.contains("--skip-bad"),
        "{message}"
    );
    let message = add("words", b"plain words\n");
    assert!(
        message.ends_with("; use --format to name it\n"),
        "{message}"
    );
    for (line, reason) in [
        ("{\"id\": \"a\", bad}", "expected a name in double quotes"),
        (
            "{\"id\": nonsense}",
            "expected a value: a text in double quotes, a number, a list or an object",
        ),
        ("{\"id\": \"a", "the text ends inside a string"),
        ("{\"id\": \"a\"} {}", "more text after the end of the value"),
    ] {
        let message = add("a.jsonl", format!("{line}\n").as_bytes());
        assert!(message.contains(reason), "{message}");
    }

    sandbox.write("texts.txt", "graph\n");
    let embed = |input: &str, output: &str| fails(&["embed", "--input", input, "--output", output]);
    std::fs::write(sandbox.path("binary.txt"), b"ab\xff").unwrap();
    assert_eq!(
        embed("binary.txt", "o.npy"),
        "error: `binary.txt` is not text in UTF-8 (byte 3), expected one text per line\n"
    );
    sandbox.write("more.jsonl", &papers(3..4));
    let export = ["export", "--library", "L", "--output", "nowhere/o.jsonl"];
    assert_eq!(
        fails(&export),
        "error: cannot write `nowhere/o.jsonl`: the folder `nowhere` does not exist\n"
    );
}
