use serde_json::json;

use crate::setup::{Desk, papers};

#[test]
fn a_merge_drops_what_was_removed_and_changes_no_answer() {
    let desk = Desk::with_library(30);
    desk.write("more.jsonl", &papers(30..35));
    desk.ok(&["add", "--library", "L", "more.jsonl"]);
    desk.ok(&["remove", "--library", "L", "paper-0", "paper-7", "paper-31"]);
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
        desk.json(&arguments)["hits"].clone()
    };
    let before = hits();
    assert_eq!(before.as_array().unwrap().len(), 31);

    let mut document = desk.json(&["merge", "--library", "L", "--json"]);
    let sizes = ["bytes_before", "bytes"].map(|name| {
        let size = document.as_object_mut().unwrap().remove(name).unwrap();
        size.as_u64().unwrap()
    });
    assert!(sizes[1] < sizes[0], "{sizes:?}");
    let expected = json!({
        "library": "L", "papers": 32, "segments_before": 2, "segments": 1, "dropped": 3,
    });
    assert_eq!(document, expected);
    assert_eq!(hits(), before);
    let said = desk.ok(&["check", "--library", "L"]);
    assert_eq!(said, "32 papers and 32 vectors are as they were written\n");

    let said = desk.ok(&["merge", "--library", "L"]);
    let expected = "1 file of vectors, 1 before; dropped 0 vectors of no paper\n";
    assert_eq!(said, expected);
    // What comes later is found under its own name.
    desk.ok(&["remove", "--library", "L", "paper-1"]);
    assert_eq!(desk.count("L"), 31);
    assert!(
        desk.fails(&["related", "--library", "L", "paper-1"])
            .contains("`paper-1`")
    );
}

#[test]
fn a_folder_without_a_library_is_an_error() {
    let desk = Desk::new();
    let said = desk.fails(&["merge", "--library", "nothing"]);
    assert!(said.contains("`nothing` is not a library"), "{said}");
}
