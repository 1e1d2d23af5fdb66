use std::fs;

use serde_json::json;

use crate::setup::Desk;

#[test]
fn a_sound_library_is_said_to_be_sound() {
    let desk = Desk::with_library(12);
    let said = desk.ok(&["check", "--library", "L"]);
    assert_eq!(said, "12 papers and 12 vectors are as they were written\n");
    let document = desk.json(&["check", "--library", "L", "--repair", "--json"]);
    let expected = json!({
        "library": "L", "papers": 12, "vectors": 12, "repaired": 0, "faults": [],
    });
    assert_eq!(document, expected);
}

#[test]
fn what_is_damaged_is_named() {
    let desk = Desk::with_library(12);
    let segment = desk.path("L/vectors/segment-00000001.vec");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let said = desk.fails(&["check", "--library", "L"]);
    let expected = "the vectors in `L/vectors` failed: `L/vectors/segment-00000001.vec` is damaged \
                    in rows 0 to 11\nerror: 1 fault in `L`\n";
    assert_eq!(said, expected);

    // A search that needs the row says the same, and gives no other answer.
    let said = desk.fails(&["related", "--library", "L", "paper-3"]);
    assert!(said.contains("is damaged in rows 0 to 11"), "{said}");
}

#[test]
fn a_folder_without_a_library_is_an_error() {
    let desk = Desk::new();
    let said = desk.fails(&["check", "--library", "nothing"]);
    assert!(said.contains("`nothing` is not a library"), "{said}");
}
