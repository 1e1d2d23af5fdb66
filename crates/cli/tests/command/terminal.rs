//! Texts of others that would control a terminal or a spreadsheet.

use std::process::Output;

use crate::sandbox::{Sandbox, stderr, tiny_model};

/// A paper whose every field controls a terminal.
const HOSTILE: &str = r#"{"id": "e\u001b[2J", "title": "graph \u001b[31mRED\u001b]8;;http://x\u0007link \u009b31m \u202eabc \r OVER\u007f", "abstract": "graph proof \u0007 bell", "authors": ["A\u001b[1mB\u2066"], "venue": "V\u001b[5m", "url": "http://x/\u001b[31m", "year": 2000, "categories": ["c\u001b[0m"]}"#;

/// Asserts that an output has no character that a terminal acts on, except line feeds. The hits that a
/// pipe gets in the format of another program may have characters that change the direction of text.
#[track_caller]
fn assert_harmless(output: &Output, is_for_programs: bool) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(bytes).unwrap();
        let is_direction = |c: char| {
            ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        let is_separator = |c: char| c == '\n' || is_for_programs && c == '\t';
        let is_active =
            |c: char| !is_separator(c) && c.is_control() || !is_for_programs && is_direction(c);
        assert!(!text.contains(is_active), "{text:?}");
    }
}

fn with_hostile_paper() -> Sandbox {
    let sandbox = Sandbox::new();
    let good = "{\"id\": \"good\", \"title\": \"graph proof\"}\n";
    sandbox.write("papers.jsonl", &format!("{HOSTILE}\n{good}"));
    sandbox.add("L", "papers.jsonl");
    sandbox
}

#[test]
fn what_commands_print_for_a_person_controls_no_terminal() {
    let sandbox = with_hostile_paper();
    sandbox.write("draft.txt", "Graphs \u{1b}[2J have a proof \u{9b}31m.\n");
    for arguments in [
        &["search", "graph proof"][..],
        &["search", "--explain", "graph \u{1b}[2J proof"],
        &["search", "--json", "graph \u{9b} proof"],
        &["search", "--format", "csv", "graph"],
        &["search", "--format", "jsonl", "graph"],
        &["search", "--format", "bibtex", "graph"],
        &["search", "--format", "markdown", "graph"],
        &["related", "good"],
        &["related", "e\u{1b}[2J"],
        &["related", "unknown \u{1b}[2J\u{202e}"],
        &["related", "--strategy", "unknown \u{1b}[2J", "good"],
        &["missed", "draft.txt"],
        &["missed", "no \u{1b}[2J.txt"],
        &["duplicates", "--threshold", "-1"],
        &["topics"],
        &["map"],
        &["map", "--json"],
        &["info"],
        &["remove", "unknown \u{1b}[2J"],
        &["export", "--format", "jsonl"],
        &["export", "--output", "no\u{1b}[2J/where"],
        &["export", "--format", "csv", "--output", "no\u{1b}[2J/where"],
        &["list"],
        &["list", "--json"],
        &["list", "--author", "a\u{1b}[1mb x\u{202e}"],
        &["remove", "--dry-run", "e\u{1b}[2J"],
        &["remove", "--yes", "--year", "2000"],
    ] {
        let library = ["--library", "L"];
        let arguments = [&arguments[..1], &library, &arguments[1..]].concat();
        let output = sandbox.command(&arguments).output().unwrap();
        let other_formats = ["csv", "bibtex", "markdown", "list", "--dry-run"];
        let is_for_programs = other_formats.iter().any(|name| arguments.contains(name));
        assert_harmless(&output, is_for_programs);
        let printed = !output.stdout.is_empty() || !output.stderr.is_empty();
        assert!(printed, "{arguments:?}");
    }
}

#[test]
fn messages_about_files_control_no_terminal_and_stay_on_their_lines() {
    let sandbox = Sandbox::new();
    sandbox.write("unclosed.bib", "@article{a\u{1b}[31mRED, title={T");
    let twice = |title: &str| {
        format!(
            "{{\"id\": \"a\\u001b[31mX\\nadded 5\\u001b]0;owned\\u0007\", \"title\": \"{title}\"}}\n"
        )
    };
    sandbox.write("repeated.jsonl", &(twice("one") + &twice("two")));
    sandbox.write(
        "year.jsonl",
        "{\"id\": \"a\", \"title\": \"A\", \"year\": \"\u{202e}\u{9b}\"}",
    );
    let add = |file: &str| {
        let arguments = ["add", "--library", "L", "--model", &tiny_model(), file];
        let output = sandbox.command(&arguments).output().unwrap();
        assert_harmless(&output, false);
        stderr(&output)
    };
    assert!(add("unclosed.bib").contains("`@article{a␛[31mRED, title={T` is not closed"));
    assert_eq!(
        add("repeated.jsonl"),
        "made library `L`\nrepeated.jsonl:2: `a␛[31mX added 5␛]0;owned␇` replaces another paper, “one”\n"
    );
    assert!(add("year.jsonl").contains("`year` is \"��\""));
}

#[test]
fn json_and_files_keep_what_they_hold() {
    let sandbox = with_hostile_paper();
    let paper: serde_json::Value = serde_json::from_str(HOSTILE).unwrap();
    let lines = sandbox.ok(&["export", "--library", "L"]);
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let found = sandbox.json(&["search", "--library", "L", "--json", "graph \u{9b} RED"]);
    assert_eq!(found["query"], "graph \u{9b} RED");
    let hits = found["hits"].as_array().unwrap();
    let hit = hits.iter().find(|hit| hit["id"] == paper["id"]).unwrap();
    for field in ["id", "title", "authors", "venue", "url"] {
        assert_eq!(line[field], paper[field]);
        assert_eq!(hit[field], paper[field]);
    }
    // What a program reads or a file stores is the text of the paper.
    let piped = sandbox.ok(&["export", "--library", "L", "--format", "csv"]);
    assert!(piped.contains("graph \u{1b}[31mRED") && piped.contains('\u{202e}'));
    let file = ["--format", "csv", "--output", "out.csv"];
    sandbox.ok(&[&["export", "--library", "L"][..], &file].concat());
    let written = std::fs::read_to_string(sandbox.path("out.csv")).unwrap();
    assert_eq!(written, piped);
}

#[test]
fn a_table_has_no_formulas_unless_asked_for_and_is_read_back() {
    let sandbox = Sandbox::new();
    let formulas = serde_json::json!({
        "id": "=cmd|' /C calc'!A0", "title": "=HYPERLINK(\"http://x\",\"x\") graph",
        "abstract": "+1+1", "authors": ["@SUM(1)", "-a"], "venue": "-2+3", "year": 2000,
    });
    let other = serde_json::json!({"id": "'=b", "title": "a < b\r\n\"c\"; d", "authors": ["A;B"]});
    sandbox.write("papers.jsonl", &format!("{formulas}\n{other}\n"));
    let add = |library: &str, file: &str| {
        let model = tiny_model();
        sandbox.ok(&["add", "--library", library, "--model", &model, file]);
        sandbox.ok(&["export", "--library", library])
    };
    let lines = add("L", "papers.jsonl");
    for (library, raw) in [("M", &[][..]), ("N", &["--raw-cells"])] {
        let export = ["export", "--library", "L", "--format", "csv"];
        let table = sandbox.ok(&[&export[..], raw].concat());
        let guarded =
            table.contains("\n'=cmd") && table.contains(",'+1+1,'@SUM(1); -a,2000,'-2+3,");
        let plain = table.contains("\n=cmd") && table.contains(",+1+1,@SUM(1); -a,2000,-2+3,");
        assert_eq!(
            (guarded, plain),
            (raw.is_empty(), !raw.is_empty()),
            "{table}"
        );
        sandbox.write("table.csv", &table);
        assert_eq!(add(library, "table.csv"), lines);
    }
    let search = ["search", "--library", "L", "--format", "csv", "graph"];
    assert!(sandbox.ok(&search).contains(",'=cmd"));
    let raw = [&search[..5], &["--raw-cells", "graph"]].concat();
    assert!(sandbox.ok(&raw).contains(",=cmd"));
}
