use std::fs;

use serde_json::json;

use crate::sandbox::Sandbox;

#[test]
fn an_intact_library_is_reported_as_intact() {
    let sandbox = Sandbox::with_library(12);
    let stdout = sandbox.ok(&["check", "--library", "L"]);
    assert_eq!(stdout, "12 papers and 12 vectors are intact\n");
    let document = sandbox.content(&["check", "--library", "L", "--repair", "--json"]);
    let expected = json!({
        "papers": 12, "vectors": 12, "repaired": 0, "faults": [],
    });
    assert_eq!(document, expected);
}

#[test]
fn damaged_rows_are_named() {
    let sandbox = Sandbox::with_library(12);
    let segment = sandbox.path("L/vectors/segment-00000001.vec");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let message = sandbox.fails(&["check", "--library", "L"]);
    let expected = "the vectors in `L/vectors` failed: `L/vectors/segment-00000001.vec` is damaged \
                    in rows 0 to 11; to embed these papers again, run `cognate check --repair`\nerror: 1 \
                    fault in `L`\n";
    assert_eq!(message, expected);

    // A search that needs the row fails with the same message and returns no hits.
    let message = sandbox.fails(&["related", "--library", "L", "paper-3"]);
    let expected =
        "is damaged in rows 0 to 11; to embed these papers again, run `cognate check --repair`\n";
    assert!(message.ends_with(expected), "{message}");

    // The papers are still there, and are embedded again.
    assert_eq!(
        sandbox.ok(&["export", "--library", "L"]).lines().count(),
        12
    );
    let stdout = sandbox.ok(&["check", "--library", "L", "--repair"]);
    let expected = "rebuilt 1 damaged piece of the library\n12 papers and 12 vectors are intact\n";
    assert_eq!(stdout, expected);
    sandbox.ok(&["related", "--library", "L", "paper-3"]);
}

#[test]
fn commands_that_need_only_papers_work_without_vectors_and_say_what_is_lost() {
    type Damage = fn(&std::path::Path);
    let sandbox = Sandbox::with_library(12);
    let vectors = "L/vectors/segment-00000001.vec";
    let terms = "L/vectors/segment-00000001.terms";
    let embed = "; to embed these papers again, run `cognate check --repair`";
    let rebuild = "; to rebuild it, run `cognate check --repair`";
    let info = sandbox.ok(&["info", "--library", "L"]);
    let export = sandbox.ok(&["export", "--library", "L"]);
    let list = sandbox.ok(&["list", "--library", "L"]);
    let paper = sandbox.ok(&["show", "--library", "L", "paper-3"]);
    let hits = sandbox.ok(&["related", "--library", "L", "paper-3"]);
    let lose: Damage = |file| fs::remove_file(file).unwrap();
    let truncate: Damage = |file| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    };
    let change_end: Damage = |file| {
        let mut bytes = fs::read(file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(file, bytes).unwrap();
    };
    for (file, advice) in [(vectors, embed), (terms, rebuild)] {
        for damage in [lose, truncate, change_end] {
            damage(&sandbox.path(file));
            let read = |arguments: &[&str], expected: &str| {
                let mut command = sandbox.command(&[arguments, &["--library", "L"]].concat());
                let output = command.output().unwrap();
                assert!(output.status.success());
                let message = crate::sandbox::stderr(&output);
                assert!(message.starts_with("warning: "), "{message}");
                assert!(message.contains(file), "{message}");
                assert!(message.ends_with(&format!("{advice}\n")), "{message}");
                assert_eq!(message.lines().count(), 1, "{message}");
                let stdout = String::from_utf8(output.stdout).unwrap();
                let without_size = |text: &str| text.split("size  ").next().map(str::to_owned);
                assert_eq!(without_size(&stdout), without_size(expected));
            };
            read(&["info"], &info);
            read(&["export"], &export);
            read(&["list"], &list);
            read(&["show", "paper-3"], &paper);
            for search in [&["search", "small worlds"][..], &["related", "paper-3"]] {
                let message = sandbox.fails(&[search, &["--library", "L"]].concat());
                assert!(message.contains(file), "{message}");
                assert!(message.ends_with(&format!("{advice}\n")), "{message}");
            }
            sandbox.ok(&["check", "--library", "L", "--repair"]);
            let output = sandbox.command(&["info", "--library", "L"]).output();
            assert_eq!(crate::sandbox::stderr(&output.unwrap()), "");
            assert_eq!(sandbox.ok(&["related", "--library", "L", "paper-3"]), hits);
        }
    }
    fs::remove_dir_all(sandbox.path("L/vectors")).unwrap();
    assert_eq!(sandbox.ok(&["export", "--library", "L"]), export);
    sandbox.ok(&["check", "--library", "L", "--repair"]);
    assert_eq!(sandbox.ok(&["related", "--library", "L", "paper-3"]), hits);
}

#[test]
fn a_search_says_that_it_samples_damaged_cosines_again() {
    let sandbox = Sandbox::with_library(12);
    let path = sandbox.path("L/papers.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    let name = b"pair_cosines";
    // The page may have been written before, elsewhere in the file.
    let is_name = |at: &usize| bytes[*at..].starts_with(name);
    let found: Vec<usize> = (0..bytes.len()).filter(is_name).collect();
    for at in found {
        bytes[at + 20] ^= 1;
    }
    fs::write(&path, bytes).unwrap();
    let related = sandbox.command(&["related", "--library", "L", "paper-3"]);
    let output = { related }.output().unwrap();
    assert!(output.status.success());
    let message = crate::sandbox::stderr(&output);
    let expected = "warning: `pair_cosines` of the library `L` is damaged and is sampled again; \
                    `cognate check --repair` stores it\n";
    assert_eq!(message, expected);
    let message = sandbox.fails(&["check", "--library", "L"]);
    assert!(
        message.contains("to rebuild it, run `cognate check --repair`"),
        "{message}"
    );
    sandbox.ok(&["check", "--library", "L", "--repair"]);
    sandbox.ok(&["check", "--library", "L"]);
}

#[test]
fn a_precision_other_than_that_of_the_library_is_refused() {
    let sandbox = Sandbox::with_library(3);
    sandbox.write("more.jsonl", &crate::sandbox::papers(3..4));
    let add = ["add", "--library", "L", "--precision", "int8", "more.jsonl"];
    let message = sandbox.fails(&add);
    let expected = "`--precision` is int8, but the vectors in `L` are f32";
    assert!(message.contains(expected), "{message}");
    assert_eq!(sandbox.count("L"), 3);
}

#[test]
fn a_folder_without_a_library_is_an_error() {
    let sandbox = Sandbox::new();
    let message = sandbox.fails(&["check", "--library", "nothing"]);
    assert!(message.contains("`nothing` is not a library"), "{message}");
}
