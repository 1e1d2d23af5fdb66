//! What every command prints with `--json`, compared with the schema and with the library's own JSON.

use std::collections::BTreeSet;
use std::fs;

use cognate::{Library, Query, TopicOptions};
use cognate_testing::copy_dir;
use serde::Serialize;
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, fixture, papers, stderr, tiny_model};
use crate::schema::Schema;

/// A paper that has every field.
fn full_paper() -> Value {
    json!({
        "id": "full", "title": "Enzymes and graphs", "abstract": "We study enzymes.",
        "authors": [
            {"given": "Ana", "family": "García Molina"},
            {"given": "Jan", "particle": "van der", "family": "Berken", "suffix": "Jr."},
        ],
        "year": 2017, "venue": "Journal of Things", "url": "https://example.org/full",
        "categories": ["cs.CL"], "doi": "10.1000/full", "arxiv": "1706.03762",
        "references": ["paper-1"], "type": "thesis", "genre": "PhD thesis", "published": "2017-06-12",
        "updated": "2018-01", "volume": "1", "number": "2", "pages": "3-4", "publisher": "Press",
        "place": "Town", "series": "Series", "edition": "2", "editors": ["Ann Ada"], "isbn": "978-3-16-148410-0",
        "issn": "2049-3630", "pmid": "123", "pmcid": "PMC123", "language": "en",
        "added": "2024-02-29", "lists": [{"name": "liked", "note": "good"}, {"name": "read"}],
    })
}

/// Creates a sandbox whose library `L` has [`full_paper`], another record of it, and 110 others.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_library(110);
    let mut preprint = full_paper();
    preprint["id"] = "preprint".into();
    let text = format!("{}\n{preprint}\n", full_paper());
    sandbox.write("full.jsonl", &text);
    sandbox.ok(&["add", "--library", "L", "full.jsonl"]);
    sandbox
}

/// Runs the command with the words of `line` as arguments, and parses its stdout, whatever its exit status is.
#[track_caller]
fn document(sandbox: &Sandbox, line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    let output = sandbox.command(&words).output().unwrap();
    let parsed = serde_json::from_slice(&output.stdout);
    assert!(parsed.is_ok(), "{line}: {}", stderr(&output));
    parsed.unwrap()
}

/// Runs the command, and checks its document by the definition `name`.
#[track_caller]
fn checked(sandbox: &Sandbox, schema: &Schema, name: &str, line: &str) -> Value {
    let found = document(sandbox, line);
    schema.check(name, &found);
    schema.check_document(&found);
    assert_eq!(found["command"], line.split(' ').next().unwrap());
    found
}

#[test]
fn every_command_prints_what_the_schema_describes_and_nothing_else() {
    let schema = Schema::read();
    check_additions(&schema);
    let sandbox = sandbox();
    for (name, copy) in [
        ("tiny-bert", "model"),
        ("cross_encoders/bert", "reranker"),
        ("architectures/mpnet", "other"),
    ] {
        copy_dir(fixture(name).as_ref(), &sandbox.path(copy));
    }
    let check = |name: &str, line: &str| checked(&sandbox, &schema, name, line);
    let count = |list: &Value| list.as_array().unwrap().len();

    let line = "search --library L --json --explain --rerank reranker Enzymes";
    assert_eq!(count(&check("search", line)["hits"]), 10);
    check("search", "search --library L --json --mode keyword graph");
    check("search", "search --library L --json --year 1800 graph");
    check("related", "related --library L --json paper-3");
    let found = check(
        "related",
        "related --library L -k 111 --format json paper-3",
    );
    let hits = found["hits"].as_array().unwrap();
    let grouped = hits.iter().filter(|hit| count(&hit["versions"]) == 1);
    assert_eq!(grouped.count(), 1);

    let found = check("show", "show --library L --json full paper-3");
    assert_eq!(found["papers"][0]["versions"][0]["id"], "preprint");
    sandbox.ok(&["add", "--library", "M", "--model", "model", "full.jsonl"]);
    let both = "search --library L --library M --json Enzymes and graphs";
    let found = check("search", both);
    assert_eq!(found["libraries"], json!(["L", "M"]));
    let first = &found["hits"][0];
    assert_eq!(
        (&first["named"], &first["library"]),
        (&true.into(), &"L".into())
    );
    assert_eq!(first["also_in"], json!(["M"]));

    let found = check("related", "related --library M --library L --json full");
    assert_eq!(found["libraries"], json!(["M", "L"]));

    let draft = "# Enzymes\n\nWe study enzymes [@paper-2; @absent].\n";
    sandbox.write("draft.md", draft);
    check("missed", "missed --library L --json draft.md");
    check("duplicates", "duplicates --library L --json");
    check("topics", "topics --library L --json");
    let found = check("map", "map --library L --json");
    assert_eq!(count(&found["points"]), 112);
    check("info", "info --library L --json");
    check("check", "check --library L --json");
    let found = check("list", "list --library L --json --year 2000-2004");
    assert_eq!(count(&found["papers"]), 30);
    let found = check("lists", "lists --library L --json");
    assert_eq!(found["lists"][0], json!({"name": "liked", "papers": 2}));
    let found = check("lists", "lists add mine paper-1 paper-2 --library L --json");
    assert_eq!(
        (&found["changed"], &found["lists"][4]["papers"]),
        (&json!(2), &json!(2))
    );

    check("eval_self", "eval --self --library L --sample 15 --json");
    let query = "{\"id\": \"q\", \"text\": \"graph and proof\"}\n";
    sandbox.write("queries.jsonl", query);
    sandbox.write("qrels.tsv", "query-id\tcorpus-id\tscore\nq\tpaper-3\t1\n");
    sandbox.write("run.txt", "q Q0 paper-3 1 0.5 x\n");
    let judged =
        "eval --json --library L --queries queries.jsonl --qrels qrels.tsv --baseline run.txt";
    assert_eq!(check("eval", judged)["library"], "L");
    let of_run = check("eval", "eval --json --run run.txt --qrels qrels.tsv");
    assert_eq!(of_run.get("library"), None);

    let rehearsed = check("remove", "remove --library L --json --dry-run paper-7 full");
    let removed = check("remove", "remove --library L --json paper-7 full");
    assert_eq!(rehearsed["papers"], removed["papers"]);
    for found in [&rehearsed, &removed] {
        assert_eq!(
            (&found["removed"], &found["left"]),
            (&2.into(), &110.into())
        );
    }
    check("compact", "compact --library L --json");

    sandbox.write("a.txt", "graph and proof\nthe enzyme\n");
    check(
        "embed",
        "embed --json --model model --input a.txt --output a.npy",
    );
    check("model", "model --json --compare a.npy --input a.txt model");
    check("model", "model --json reranker");
    check("upgrade", "upgrade --library L --json --model other");

    damage(&sandbox);
    let found = check("check", "check --library L --json");
    assert_eq!(count(&found["faults"]), 1);
    fs::remove_dir_all(sandbox.path("L/vectors")).unwrap();
    assert_ne!(
        count(&check("info", "info --library L --json")["faults"]),
        0
    );

    // Only files of Parquet have records without lines.
    let unseen = schema.unseen();
    assert_eq!(
        unseen,
        BTreeSet::from(["#/$defs/report_line/record".to_owned()])
    );
}

/// Adds files with everything that a report can tell, and checks documents and reports.
fn check_additions(schema: &Schema) {
    let sandbox = sandbox();
    copy_dir(tiny_model().as_ref(), &sandbox.path("model"));
    let lines = [
        json!({"id": "paper-1", "title": "", "abstract": ""}),
        json!({"id": "long", "title": "graph ".repeat(100), "year": "soon", "mood": "glad"}),
        json!({"id": "full", "title": "A paper of its own", "doi": "10.1000/other"}),
        json!({"id": "paper-3", "title": "galaxy and graph 3"}),
    ];
    let text = lines.map(|line| line.to_string() + "\n").concat();
    sandbox.write("more.jsonl", &text);
    // A gzip file of one stored block, without the block that ends it.
    let whole = papers(50..51);
    let length = u16::try_from(whole.len()).unwrap();
    let mut damaged = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0];
    damaged.extend(length.to_le_bytes());
    damaged.extend((!length).to_le_bytes());
    damaged.extend(whole.bytes());
    fs::write(sandbox.path("damaged.jsonl.gz"), damaged).unwrap();

    let mut events = BTreeSet::new();
    let mut add = |rest: &str| {
        let line = format!("add --json --skip-bad --report report.jsonl {rest}");
        let found = checked(&sandbox, schema, "add", &line);
        assert_eq!(found["invalid"], 1);
        let report = fs::read_to_string(sandbox.path("report.jsonl")).unwrap();
        for line in report.lines() {
            let line = serde_json::from_str::<Value>(line).unwrap();
            schema.check("report_line", &line);
            events.insert(line["event"].as_str().unwrap().to_owned());
        }
        found
    };
    let found = add("--library L more.jsonl");
    let counts = ["added", "updated", "unchanged", "renamed", "merged"].map(|name| &found[name]);
    assert_eq!(counts, [2, 0, 1, 1, 1].map(Value::from).each_ref());
    assert_eq!(found["truncation"]["texts"], 1);
    assert_eq!(
        (&found["created"], &found["incomplete"]),
        (&false.into(), &Value::Null)
    );
    let found = add("--library L --replace more.jsonl");
    assert_eq!(found["replaced"], 1);
    let found = add("--library New --model model more.jsonl damaged.jsonl.gz");
    assert_eq!(
        (&found["created"], &found["added"]),
        (&true.into(), &4.into())
    );
    assert!(
        found["incomplete"]
            .as_str()
            .unwrap()
            .contains("damaged.jsonl.gz")
    );
    assert_eq!(events.len(), 8, "{events:?}");
}

/// Changes a byte of the vectors of the library.
fn damage(sandbox: &Sandbox) {
    let folder = fs::read_dir(sandbox.path("L/vectors")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    let segment = files.filter(|file| file.extension().is_some_and(|ending| ending == "vec"));
    let segment = segment.last().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    fs::write(&segment, bytes).unwrap();
}

#[test]
fn a_field_that_the_schema_lacks_or_that_is_missing_is_found() {
    let schema = Schema::read();
    let sandbox = sandbox();
    let found = sandbox.json(&["related", "--library", "L", "--json", "paper-3"]);
    assert_eq!(schema.errors("related", &found), Vec::<String>::new());
    let places = ["", "/hits/0", "/hits/0/score"];
    for place in &places[..2] {
        let mut more = found.clone();
        more.pointer_mut(place).unwrap()["undescribed"] = 1.into();
        assert_eq!(schema.errors("related", &more).len(), 1, "{place}");
        // A reader of the published schema accepts later additions.
        schema.check_document(&more);
    }
    let mut fewer = found.clone();
    fewer["hits"][0].as_object_mut().unwrap().remove("score");
    assert_ne!(schema.errors("related", &fewer), Vec::<String>::new());
    let mut other = found;
    *other.pointer_mut(places[2]).unwrap() = "high".into();
    assert_ne!(schema.errors("related", &other), Vec::<String>::new());
}

#[test]
fn papers_in_json_lines_are_those_of_the_schema() {
    let schema = Schema::read();
    let sandbox = sandbox();
    for line in sandbox.ok(&["export", "--library", "L"]).lines() {
        schema.check("paper", &serde_json::from_str(line).unwrap());
    }
}

#[test]
fn hits_can_be_added_to_another_library_alone_and_as_a_document() {
    let sandbox = sandbox();
    let arguments = [
        "search",
        "--library",
        "L",
        "-k",
        "50",
        "--explain",
        "--json",
        "Enzymes and graphs",
    ];
    let text = sandbox.ok(&arguments);
    sandbox.write("document.json", &text);
    let found: Value = serde_json::from_str(&text).unwrap();
    let hits = found["hits"].as_array().unwrap();
    let lines: String = hits.iter().map(|hit| hit.to_string() + "\n").collect();
    sandbox.write("hits.jsonl", &lines);
    let exported = |library: &str| -> BTreeSet<String> {
        let text = sandbox.ok(&["export", "--library", library]);
        text.lines().map(str::to_owned).collect()
    };
    let all = exported("L");
    for (library, file) in [("A", "hits.jsonl"), ("B", "document.json")] {
        let model = tiny_model();
        let add = ["add", "--library", library, "--model", &model, file];
        let output = sandbox.command(&add).output().unwrap();
        // No field is unknown.
        assert_eq!(stderr(&output), format!("made library `{library}`\n"));
        let added = exported(library);
        assert_eq!(added.len(), hits.len());
        assert!(added.is_subset(&all), "{:?}", &added - &all);
    }
    assert!(hits[0]["named"] == true && hits[0]["author_names"].is_array());
}

#[test]
fn the_header_comes_first_and_everything_but_the_time_is_the_same_each_time() {
    let sandbox = sandbox();
    let print = || {
        let text = sandbox.ok(&["search", "--library", "L", "--json", "graph"]);
        let (time, others): (Vec<_>, Vec<_>) = text
            .lines()
            .partition(|line| line.starts_with("  \"took_ms\": "));
        assert_eq!(time.len(), 1);
        let decimals = time[0]
            .trim_end_matches(',')
            .split_once('.')
            .map_or(0, |(_, end)| end.len());
        assert!(decimals <= 3, "{}", time[0]);
        others.join("\n")
    };
    let text = print();
    let start = "{\n  \"version\": 1,\n  \"command\": \"search\",\n  \"library\": \"L\",\n  \"query\": \"graph\",\n";
    assert!(text.starts_with(start), "{text}");
    assert_eq!(print(), text);
    // The cosine is written with the digits of an f32.
    let score = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("\"score\": "));
    assert!(score.unwrap().len() <= "-0.123456789,".len(), "{score:?}");
}

#[test]
fn a_command_that_fails_prints_no_document() {
    let sandbox = Sandbox::with_library(5);
    for arguments in [
        ["search", "--library", "none", "--json", "graph"].as_slice(),
        &["related", "--library", "L", "--json", "nothing"],
        &["info", "--library", "none", "--json"],
        &["add", "--library", "L", "--json", "none.jsonl"],
        &["model", "--json", "none"],
    ] {
        let message = sandbox.fails(arguments);
        assert!(message.starts_with("error: "), "{message}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_whose_name_is_no_unicode_is_named_approximately() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let sandbox = Sandbox::with_library(5);
    let name = OsStr::from_bytes(b"L\xff");
    fs::rename(sandbox.path("L"), sandbox.path("").join(name)).unwrap();
    let mut command = sandbox.command(&["info", "--json", "--library"]);
    let output = command.arg(name).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["library"], "L\u{fffd}");
}

/// Returns the JSON of a value of the library, as a program would write it.
fn value(report: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(report).unwrap()).unwrap()
}

/// Returns the names of the fields of an object, without those that only the command has.
fn names<'a>(object: &'a Value, only_here: &[&str]) -> BTreeSet<&'a str> {
    let names = object.as_object().unwrap().keys().map(String::as_str);
    names.filter(|name| !only_here.contains(name)).collect()
}

#[test]
fn the_library_writes_the_same_fields_as_the_command() {
    let sandbox = sandbox();
    let library = Library::open(sandbox.path("L")).unwrap();
    let query = Query::papers(["paper-3"]).score_context(true);
    let hits = value(&library.search(&query).unwrap());
    let found = sandbox.json(&["related", "--library", "L", "--json", "paper-3"]);
    assert_eq!(found["hits"], hits);

    let pairs = value(&library.duplicates(0.95).unwrap());
    let found = sandbox.json(&["duplicates", "--library", "L", "--json"]);
    assert_eq!(found["pairs"], pairs);
    assert!(!pairs.as_array().unwrap().is_empty());

    let topics = value(&library.topics(&TopicOptions::default()).unwrap());
    let mut found = sandbox.content(&["topics", "--library", "L", "--json"]);
    for topic in found["topics"].as_array_mut().unwrap() {
        topic.as_object_mut().unwrap().remove("size");
    }
    assert_eq!(found, topics);

    let info = value(&library.info().unwrap());
    let mut found = sandbox.content(&["info", "--library", "L", "--json"]);
    found.as_object_mut().unwrap().remove("native");
    assert_eq!(
        found.as_object_mut().unwrap().remove("faults"),
        Some(json!([]))
    );
    assert_eq!(found, info);

    let report = value(&Library::check(sandbox.path("L")).unwrap());
    let found = sandbox.content(&["check", "--library", "L", "--json"]);
    assert_eq!(names(&found, &["repaired"]), names(&report, &[]));

    let report = value(&library.compact().unwrap());
    let found = sandbox.content(&["compact", "--library", "L", "--json"]);
    let only_here = ["papers", "bytes_before", "bytes"];
    assert_eq!(names(&found, &only_here), names(&report, &[]));

    let report = value(&cognate::AddReport::default());
    sandbox.write("again.jsonl", &papers(0..3));
    let found = sandbox.content(&["add", "--library", "L", "--json", "again.jsonl"]);
    let only_here = [
        "created",
        "model",
        "precision",
        "invalid",
        "renamed",
        "merged",
        "replaced",
        "incomplete",
    ];
    // The command counts the remarks.
    assert_eq!(names(&found, &only_here), names(&report, &["remarks"]));

    let report = value(&cognate::UpgradeReport::default());
    let found = sandbox.content(&["upgrade", "--library", "L", "--json"]);
    let only_here = ["papers", "model", "precision"];
    assert_eq!(names(&found, &only_here), names(&report, &[]));

    drop(library);
    damage(&sandbox);
    let report = value(&Library::check(sandbox.path("L")).unwrap());
    let found = document(&sandbox, "check --library L --json");
    assert_eq!(
        names(&found["faults"][0], &[]),
        names(&report["faults"][0], &[])
    );
}
