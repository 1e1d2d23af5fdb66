use std::fs;

use serde_json::Value;

use crate::sandbox::{Sandbox, stderr};

const MAP: [&str; 3] = ["map", "--library", "L"];

#[test]
fn a_map_is_stored_and_used_until_papers_change() {
    let sandbox = Sandbox::with_library(30);
    let first = sandbox.ok(&MAP);
    assert!(first.starts_with("papers"), "{first}");
    assert!(
        first.contains("new, took ") && first.contains("30"),
        "{first}"
    );
    let file = sandbox.path("L").join("map.bin");
    let stored = fs::read(&file).unwrap();
    let second = sandbox.ok(&MAP);
    assert!(second.contains("stored before, and current"), "{second}");
    assert_eq!(fs::read(&file).unwrap(), stored);
    sandbox.ok(&["remove", "--library", "L", "paper-1"]);
    let third = sandbox.ok(&MAP);
    assert!(
        third.contains("new, took ") && third.contains("29"),
        "{third}"
    );
    assert_ne!(fs::read(&file).unwrap(), stored);
}

#[test]
fn points_are_written_as_csv_and_json() {
    let sandbox = Sandbox::with_library(12);
    let json = sandbox.json(&[&MAP[..], &["--json", "--no-store"]].concat());
    assert!(!sandbox.path("L").join("map.bin").exists());
    let points = json["points"].as_array().unwrap();
    assert_eq!(points.len(), 12);
    let csv = sandbox.ok(&[&MAP[..], &["--output", "-"]].concat());
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("id,x,y,year,topic,words", 13));
    for (line, point) in lines[1..].iter().zip(points) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[0], point["id"]);
        let x: f64 = cells[1].parse().unwrap();
        assert!((x - point["x"].as_f64().unwrap()).abs() < 1e-6);
        let year: Option<i64> = cells[3].parse().ok();
        assert_eq!(year, point["year"].as_i64());
    }
    let output = sandbox.command(&[&MAP[..], &["--output", "points.csv"]].concat());
    let written = { output }.output().unwrap();
    assert_eq!(stderr(&written), "wrote 12 points to `points.csv`\n");
    assert_eq!(fs::read_to_string(sandbox.path("points.csv")).unwrap(), csv);
    sandbox.ok(&[&MAP[..], &["--output", "points.json"]].concat());
    let file = fs::read_to_string(sandbox.path("points.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(file["points"], json["points"]);
    assert_eq!(file["labels"], json["labels"]);

    let message = sandbox.fails(&[&MAP[..], &["--output", "points.csv"]].concat());
    assert!(message.contains("use --force to replace it"), "{message}");
    sandbox.ok(&[&MAP[..], &["--output", "points.csv", "--force"]].concat());
    let message = sandbox.misused(&[&MAP[..], &["--output", "points.txt"]].concat());
    assert!(
        message.contains("expected one that ends in .csv or .json"),
        "{message}"
    );
}

#[test]
fn a_damaged_map_is_made_again() {
    let sandbox = Sandbox::with_library(10);
    sandbox.ok(&MAP);
    let file = sandbox.path("L").join("map.bin");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let message = sandbox.fails(&["check", "--library", "L"]);
    assert!(message.contains("map.bin"), "{message}");
    let output = sandbox.command(&MAP).output().unwrap();
    assert!(output.status.success());
    assert!(stderr(&output).contains("the papers are laid out again"));
    assert_eq!(fs::read(&file).unwrap(), whole);
    sandbox.ok(&["check", "--library", "L"]);
}
