use serde_json::json;

use crate::sandbox::{Sandbox, papers};

#[test]
fn compacting_drops_removed_papers_and_changes_no_result() {
    let sandbox = Sandbox::with_library(30);
    sandbox.write("more.jsonl", &papers(30..35));
    sandbox.ok(&["add", "--library", "L", "more.jsonl"]);
    sandbox.ok(&["remove", "--library", "L", "paper-0", "paper-7", "paper-31"]);
    let hits = || {
        let arguments = [
            "related",
            "--library",
            "L",
            "paper-12",
            "-k",
            "31",
            "--json",
        ];
        sandbox.json(&arguments)["hits"].clone()
    };
    let before = hits();
    assert_eq!(before.as_array().unwrap().len(), 31);

    let mut document = sandbox.content(&["compact", "--library", "L", "--json"]);
    let sizes = ["bytes_before", "bytes"].map(|name| {
        let size = document.as_object_mut().unwrap().remove(name).unwrap();
        size.as_u64().unwrap()
    });
    assert!(sizes[1] < sizes[0], "{sizes:?}");
    let expected = json!({
        "papers": 32, "segments_before": 2, "segments": 1, "dropped": 3,
    });
    assert_eq!(document, expected);
    assert_eq!(hits(), before);
    let stdout = sandbox.ok(&["check", "--library", "L"]);
    assert_eq!(stdout, "32 papers and 32 vectors are intact\n");

    let stdout = sandbox.ok(&["compact", "--library", "L"]);
    let expected = "1 segment before, 1 now; dropped 0 vectors that no paper uses\n";
    assert_eq!(stdout, expected);
    // Papers keep their ids afterward.
    sandbox.ok(&["remove", "--library", "L", "paper-1"]);
    assert_eq!(sandbox.count("L"), 31);
    assert!(
        sandbox
            .fails(&["related", "--library", "L", "paper-1"])
            .contains("`paper-1`")
    );
}

#[test]
fn a_folder_without_a_library_is_an_error() {
    let sandbox = Sandbox::new();
    let message = sandbox.fails(&["compact", "--library", "nothing"]);
    assert!(message.contains("`nothing` is not a library"), "{message}");
}

#[test]
fn merge_is_an_alias_that_the_help_lists() {
    let sandbox = Sandbox::with_library(5);
    let arguments = |name| [name, "--library", "L", "--json"];
    assert_eq!(
        sandbox.content(&arguments("merge")),
        sandbox.content(&arguments("compact"))
    );
    let help = sandbox.ok(&["help"]);
    let is_listed = help
        .lines()
        .any(|line| line.trim_start().starts_with("compact ") && line.contains("[alias: merge]"));
    assert!(is_listed, "{help}");
}
