//! The ways to name a paper on the command line.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, stderr};

/// Creates a sandbox whose library `L` has papers with identifiers of every kind.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let papers = [
        json!({
            "id": "vaswani2017attention", "title": "Attention Is All You Need", "abstract": "We study graphs.",
            "authors": ["Ashish Vaswani", "Noam Shazeer"], "year": 2017, "arxiv": "1706.03762",
            "url": "https://arxiv.org/abs/1706.03762", "categories": ["cs.CL"], "references": ["wheels2019"],
        }),
        json!({
            "id": "wheels2019", "title": "Sorting by rotating wheels", "abstract": "We study wheels and \u{1b}[2J.",
            "authors": ["Ann Ada"], "year": 2019, "doi": "10.1234/WHEELS",
        }),
        json!({
            "id": "wheels2020", "title": "Sorting by rotating wheels", "abstract": "We study wheels again.",
            "authors": ["Ann Ada"], "year": 2020, "arxiv": "hep-th/9901001", "venue": "arXiv",
        }),
        json!({ "id": "file", "title": "A local file", "url": "file:///etc/passwd" }),
        json!({ "id": "nowhere", "title": "Without an address" }),
    ];
    let lines = papers.map(|paper| paper.to_string() + "\n");
    sandbox.write("papers.jsonl", &lines.concat());
    sandbox.add("L", "papers.jsonl");
    sandbox
}

/// Runs a command, and returns its stdout and its stderr.
#[track_caller]
fn both(sandbox: &Sandbox, arguments: &[&str]) -> (String, String) {
    let output = sandbox.command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    (stdout, stderr(&output))
}

#[test]
fn a_paper_is_found_by_each_of_its_names_with_a_note() {
    let sandbox = sandbox();
    let related = |id| both(&sandbox, &["related", "--library", "L", id]);
    let (hits, note) = related("vaswani2017attention");
    assert_eq!(note, "", "an id needs no note");
    for (name, reason) in [
        ("Vaswani2017Attention", "whose id differs in case alone"),
        ("1706.03762", "whose arXiv identifier is 1706.03762"),
        (
            "https://arxiv.org/pdf/1706.03762v5",
            "whose arXiv identifier is 1706.03762",
        ),
        (
            "attention is all you need",
            "whose title is “attention is all you need”",
        ),
        ("vaswani", "the only id that begins with `vaswani`"),
    ] {
        let expected = format!("taking `vaswani2017attention`, {reason}\n");
        assert_eq!(related(name), (hits.clone(), expected));
    }
    let (_, note) = related("https://doi.org/10.1234/wheels.");
    assert_eq!(note, "taking `wheels2019`, whose DOI is 10.1234/wheels\n");
    let document: Value = sandbox.json(&["related", "--library", "L", "--json", "1706.03762"]);
    assert_eq!(document["query"], json!(["vaswani2017attention"]));
}

#[test]
fn several_papers_of_one_name_are_listed() {
    let sandbox = sandbox();
    for (name, by) in [
        ("wheels", "beginning of the id"),
        ("Sorting by Rotating Wheels", "title"),
    ] {
        let message = sandbox.fails(&["related", "--library", "L", name]);
        assert_eq!(
            message,
            format!(
                "error: `{name}` is the {by} of 2 papers, expected the id of one:\n  \
                 wheels2019  Sorting by rotating wheels (2019)\n  \
                 wheels2020  Sorting by rotating wheels (2020)\n"
            )
        );
    }
    assert_eq!(
        sandbox.fails(&["related", "--library", "L", "wheel2019"]),
        "error: no paper `wheel2019` in the library; nearest by spelling: `wheels2019`, `wheels2020`\n"
    );
}

#[test]
fn unwanted_papers_are_named_in_the_same_ways() {
    let sandbox = sandbox();
    let related = |not| {
        both(
            &sandbox,
            &["related", "--library", "L", "wheels2019", "--not", not],
        )
    };
    let (hits, note) = related("wheels2020");
    assert_eq!(note, "");
    let expected = "taking `wheels2020`, whose arXiv identifier is hep-th/9901001\n";
    assert_eq!(related("hep-th/9901001v2"), (hits, expected.to_owned()));
}

#[test]
fn a_hyphen_reads_ids_from_standard_input() {
    let sandbox = sandbox();
    let expected = sandbox.ok(&["related", "--library", "L", "wheels2019", "file", "nowhere"]);
    sandbox.write("ids.txt", "  file\r\n\nnowhere\n");
    let with_ids = |file: &str| {
        let mut command = sandbox.command(&["related", "--library", "L", "wheels2019", "-"]);
        command.stdin(std::fs::File::open(sandbox.path(file)).unwrap());
        command.output().unwrap()
    };
    let output = with_ids("ids.txt");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    sandbox.write("blank.txt", "\n \n");
    let output = with_ids("blank.txt");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "error: standard input has no id, expected one on each line\n"
    );
}

#[test]
fn a_search_for_the_name_of_a_paper_puts_it_first() {
    let sandbox = sandbox();
    for (text, id) in [
        ("10.1234/wheels", "wheels2019"),
        ("arXiv:1706.03762v3", "vaswani2017attention"),
        ("nowhere", "nowhere"),
        ("attention is all you need", "vaswani2017attention"),
    ] {
        for mode in ["hybrid", "vector", "keyword"] {
            let search = ["search", "--library", "L", "--mode", mode, "--json", text];
            let document = sandbox.json(&search);
            let hits = document["hits"].as_array().unwrap();
            assert_eq!(hits[0]["id"], id, "{mode}: {text}");
            let ranks = hits.iter().map(|hit| hit["rank"].as_u64().unwrap());
            assert_eq!(
                ranks.collect::<Vec<_>>(),
                (1..=hits.len() as u64).collect::<Vec<_>>()
            );
        }
    }
}
