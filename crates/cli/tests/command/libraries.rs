//! Which library a command uses, and several libraries together.

use std::fs;

use crate::sandbox::{Sandbox, fixture, papers, stderr, tiny_model};

/// Creates a sandbox whose libraries `L` and `M` hold the first papers, of which they share five.
fn two_libraries() -> Sandbox {
    let sandbox = Sandbox::with_library(20);
    sandbox.write("more.jsonl", &papers(15..40));
    sandbox.add("M", "more.jsonl");
    sandbox
}

/// Returns the number of papers that `info` finds in `folder` of the sandbox.
fn count_in(sandbox: &Sandbox, folder: &str, arguments: &[&str]) -> Option<u64> {
    let arguments = [arguments, &["info", "--json"]].concat();
    let mut command = sandbox.command(&arguments);
    let output = command.current_dir(sandbox.path(folder)).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    document["papers"].as_u64()
}

#[test]
fn the_current_folder_or_one_above_it_is_the_library() {
    let sandbox = Sandbox::with_library(5);
    assert_eq!(count_in(&sandbox, "L", &[]), Some(5));
    fs::create_dir_all(sandbox.path("L/notes/old")).unwrap();
    assert_eq!(count_in(&sandbox, "L/notes/old", &[]), Some(5));
    assert_eq!(count_in(&sandbox, "", &[]), None);
}

#[test]
fn options_come_before_the_variable_the_folder_and_the_default() {
    let sandbox = two_libraries();
    sandbox.write("three.jsonl", &papers(0..3));
    sandbox.add("T", "three.jsonl");
    sandbox.ok(&["config", "set", "default-library", "T"]);
    assert_eq!(count_in(&sandbox, "", &[]), Some(3));
    assert_eq!(count_in(&sandbox, "M", &[]), Some(25));
    assert_eq!(count_in(&sandbox, "M", &["--library", "../L"]), Some(20));
    let output = sandbox
        .command(&["info", "--json"])
        .current_dir(sandbox.path("M"))
        .env("COGNATE_LIBRARY", sandbox.path("L"))
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"papers\": 20,"));
}

#[test]
fn a_command_without_a_library_names_the_four_ways_to_one() {
    let sandbox = Sandbox::new();
    sandbox.write("papers.jsonl", &papers(0..3));
    for arguments in [&["info"][..], &["search", "text"], &["add", "papers.jsonl"]] {
        let output = sandbox.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            stderr(&output),
            "error: no library is named: use --library <DIR>, set COGNATE_LIBRARY, run the command in the \
             folder of a library or below it, or choose a default with `cognate config set default-library \
             <DIR>`\n"
        );
    }
}

#[test]
fn a_name_comes_before_a_folder_and_a_path_is_always_a_folder() {
    let sandbox = two_libraries();
    sandbox.ok(&["config", "set", "libraries.work", "M"]);
    assert_eq!(sandbox.count("work"), 25);
    assert_eq!(count_in(&sandbox, "L", &["--library", "work"]), Some(25));
    sandbox.ok(&["config", "set", "libraries.L", "M"]);
    let output = sandbox
        .command(&["--library", "L", "info", "--json"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"papers\": 25,"));
    let note = stderr(&output);
    assert!(note.starts_with("`L` is a name in the configuration file and a folder here; using `"));
    assert!(note.ends_with("M`, and `./L` is the folder\n"), "{note}");
    assert_eq!(sandbox.count("./L"), 20);
}

#[test]
fn a_broken_file_stops_only_commands_that_need_it() {
    let sandbox = Sandbox::with_library(5);
    sandbox.write("config.toml", "default-library = \"L\"\nlibraries = = 3\n");
    assert_eq!(sandbox.count("./L"), 5);
    assert_eq!(count_in(&sandbox, "L", &[]), Some(5));
    for arguments in [
        &["info"][..],
        &["config", "list"],
        &["--library", "L", "info"],
    ] {
        let message = sandbox.fails(arguments);
        assert!(message.contains("config.toml`:2:13: "), "{message}");
    }
    assert!(sandbox.ok(&["config", "path"]).ends_with("config.toml\n"));
}

#[test]
fn libraries_are_searched_together() {
    let sandbox = two_libraries();
    let both = ["--library", "L", "--library", "M"];
    for mode in ["vector", "keyword", "hybrid"] {
        let query = [
            "search",
            "--json",
            "--mode",
            mode,
            "-k",
            "12",
            "graph and proof",
        ];
        let found = sandbox.json(&[&query[..], &both].concat());
        let hits = found["hits"].as_array().unwrap();
        assert_eq!(hits.len(), 12, "{mode}");
        let ids: Vec<&str> = hits.iter().map(|hit| hit["id"].as_str().unwrap()).collect();
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id), "{mode}: {ids:?}");
        }
        for (rank, hit) in (1..).zip(hits) {
            assert_eq!(hit["rank"], rank);
            let number: usize = hit["id"].as_str().unwrap()["paper-".len()..]
                .parse()
                .unwrap();
            let also_in = hit
                .get("also_in")
                .map(|libraries| libraries[0].as_str().unwrap());
            match number {
                0..15 => assert_eq!(hit["library"], "L", "{hit}"),
                20.. => assert_eq!(hit["library"], "M", "{hit}"),
                // By vector, a paper has the same place in both, and the first library comes first.
                _ if mode == "vector" => {
                    assert_eq!(hit["library"], "L", "{hit}");
                    assert_eq!(also_in, Some("M"), "{hit}");
                }
                _ => {}
            }
        }
    }
    // By vector, the best of both are the best of one library with all the papers.
    sandbox.ok(&[
        "add",
        "--library",
        "A",
        "--model",
        &tiny_model(),
        "papers.jsonl",
        "more.jsonl",
    ]);
    let query = ["search", "--json", "--mode", "vector", "graph and proof"];
    let ids = |document: serde_json::Value| -> Vec<String> {
        let hits = document["hits"].as_array().unwrap().clone();
        hits.iter()
            .map(|hit| hit["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let together = ids(sandbox.json(&[&query[..], &both].concat()));
    let alone = ids(sandbox.json(&[&query[..], &["--library", "A"]].concat()));
    assert_eq!(together, alone);
    let text = sandbox.ok(&[&["search", "--explain", "graph"][..], &both].concat());
    assert_eq!(text.matches("\n            in ").count(), 10);
}

#[test]
fn libraries_of_different_models_are_merged_by_rank() {
    let sandbox = Sandbox::with_library(10);
    let model = fixture("architectures/distilbert");
    sandbox.ok(&["add", "--library", "M", "--model", &model, "papers.jsonl"]);
    let arguments = [
        "search",
        "--library",
        "L",
        "--library",
        "M",
        "--json",
        "graph",
    ];
    let output = sandbox.command(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let note = stderr(&output);
    assert!(
        note.contains("their cosines are not comparable, so the hits are merged by rank"),
        "{note}"
    );
}

#[test]
fn a_command_that_takes_one_library_refuses_two() {
    let sandbox = two_libraries();
    for arguments in [
        &["info", "--library", "L", "--library", "M"][..],
        &["--library", "L", "--library", "M", "remove", "paper-1"],
    ] {
        let output = sandbox.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            stderr(&output),
            "error: 2 libraries are named, and this command takes one\n"
        );
    }
    // The library after a command replaces those before it.
    assert!(
        sandbox
            .ok(&["--library", "L", "info", "--library", "M"])
            .contains("papers       25\n")
    );
}

#[test]
fn related_papers_of_several_libraries_are_found_by_the_vector_of_a_paper() {
    let sandbox = two_libraries();
    let both = ["--library", "L", "--library", "M"];
    let query = [
        "related", "--json", "--mode", "vector", "-k", "8", "paper-3",
    ];
    let together = sandbox.json(&[&query[..], &both].concat());
    sandbox.ok(&[
        "add",
        "--library",
        "A",
        "--model",
        &tiny_model(),
        "papers.jsonl",
        "more.jsonl",
    ]);
    let alone = sandbox.json(&[&query[..], &["--library", "A"]].concat());
    let ids = |document: &serde_json::Value| -> Vec<String> {
        let hits = document["hits"].as_array().unwrap().clone();
        hits.iter()
            .map(|hit| hit["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&together), ids(&alone));
    // Only `M` has this paper.
    let found = sandbox.json(&[&["related", "--json", "paper-30"], &both[..]].concat());
    assert_eq!(found["hits"].as_array().unwrap().len(), 10);
    for option in [
        &["--not", "paper-4"][..],
        &["--explain"],
        &["--mode", "keyword"],
    ] {
        let arguments = [&["related", "paper-3"], &both[..], option].concat();
        let output = sandbox.command(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{option:?}");
        assert!(stderr(&output).ends_with("needs one library, and several are named\n"));
    }
    let message = sandbox.fails(&[&["related", "unknown"], &both[..]].concat());
    assert!(message.contains("unknown"), "{message}");
}
