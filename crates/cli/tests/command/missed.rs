use crate::sandbox::Sandbox;

/// A draft that cites two papers of the library and one that the library lacks.
const DRAFT: &str = r"\title{On enzymes}
\begin{document}
Enzymes and graphs go together~\cite{paper-2,second}. We study proof in graph.
They were studied before~\citep{absent}.
\end{document}
";

const REFERENCES: &str = r#"{"id": "second", "title": "proof and graph 1"}
{"id": "absent", "title": "A paper of nobody"}
{"id": "idle", "title": "syntax and graph 5"}
"#;

fn with_draft() -> Sandbox {
    let sandbox = Sandbox::with_library(40);
    sandbox.write("draft.tex", DRAFT);
    sandbox.write("refs.jsonl", REFERENCES);
    sandbox
}

#[test]
fn each_missed_paper_is_printed_with_the_sentence_that_it_matches() {
    let sandbox = with_draft();
    let arguments = [
        "missed",
        "--library",
        "L",
        "-k",
        "3",
        "draft.tex",
        "refs.jsonl",
    ];
    let text = sandbox.ok(&arguments);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("  1  "), "{text}");
    assert!(lines[1].starts_with("            Ada Author"), "{text}");
    assert!(lines[3].starts_with("            matches ("), "{text}");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("matches ("))
            .count(),
        3
    );
    assert_eq!(
        lines[13..],
        [
            "4 sentences compared; 3 citations, 2 of them in the library",
            "cited but not in the library:",
            "  absent: A paper of nobody",
        ],
        "{text}"
    );
}

#[test]
fn cited_papers_are_listed_in_json_and_excluded_from_the_hits() {
    let sandbox = with_draft();
    let arguments = [
        "missed",
        "--library",
        "L",
        "-k",
        "40",
        "--json",
        "draft.tex",
        "refs.jsonl",
    ];
    let found = sandbox.json(&arguments);
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 38);
    assert!(
        hits.iter()
            .all(|hit| hit["id"] != "paper-1" && hit["id"] != "paper-2")
    );
    assert!(
        hits.iter().any(|hit| hit["id"] == "paper-5"),
        "in the bibliography but not cited"
    );
    let scores: Vec<f64> = hits
        .iter()
        .map(|hit| hit["fused_score"].as_f64().unwrap())
        .collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    let cited = &found["cited"];
    assert_eq!(
        cited["found"],
        serde_json::json!([
            {"citation": "paper-2", "id": "paper-2"},
            {"citation": "second", "id": "paper-1"},
        ])
    );
    assert_eq!(cited["not_found"][0]["key"], "absent");
    assert_eq!(found["title"], "On enzymes");
}

#[test]
fn invalid_drafts_are_explained() {
    let sandbox = with_draft();
    let missed = |draft: &str| sandbox.fails(&["missed", "--library", "L", draft]);
    assert!(missed("none.tex").contains("cannot read `none.tex`"));
    sandbox.write("draft.pdf", "A text.");
    assert!(missed("draft.pdf").contains("expected a draft in a file named .tex, .md, .qmd"));
    sandbox.write("draft.docx", "A text.");
    assert!(missed("draft.docx").contains("draft.docx: not a ZIP archive"));
    sandbox.write("empty.tex", "\\begin{document} $x$ \\end{document}");
    assert!(missed("empty.tex").contains("expected a draft with a sentence of prose"));
}

#[test]
fn references_that_the_draft_names_are_read_and_bad_ones_are_notes() {
    let sandbox = with_draft();
    sandbox.write(
        "named.tex",
        "\\begin{document}\nWe study proof in graph \\cite{second,other}.\n\\input{none}\n\
         \\bibliography{named}\n\\end{document}\n",
    );
    sandbox.write(
        "named.bib",
        "@misc{second, title = {proof and graph 1}}\n@misc{web, url = {http://x.example}}\n",
    );
    sandbox.write("more.bib", "@misc{other, title = {enzyme and graph 2}}\n");
    let missed = ["missed", "--library", "L", "--json", "-k", "40"];
    let arguments = [
        &missed[..],
        &["named.tex", "refs.jsonl", "more.bib", "named.bib"],
    ]
    .concat();
    let output = sandbox.command(&arguments).output().unwrap();
    let messages = crate::sandbox::stderr(&output);
    assert!(output.status.success(), "{messages}");
    assert!(
        messages.contains("named.tex:3: found no file `none`"),
        "{messages}"
    );
    assert_eq!(
        messages.matches("skipped: named.bib:2: ").count(),
        1,
        "{messages}"
    );
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys: Vec<_> = found["cited"]["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cited| &cited["citation"])
        .collect();
    assert_eq!(keys, ["second", "other"]);

    sandbox.write("draft.bin", "\u{1}\u{2} no references");
    let arguments = [&missed[..], &["named.tex", "draft.bin"]].concat();
    assert!(
        sandbox
            .fails(&arguments)
            .contains("cannot read the references `draft.bin`")
    );
    sandbox.ok(&[&arguments[..], &["--skip-bad"]].concat());
}

#[test]
fn hits_are_explained_on_request() {
    let sandbox = with_draft();
    let arguments = [
        "search",
        "--library",
        "L",
        "-k",
        "2",
        "--explain",
        "enzyme and graph",
    ];
    let text = sandbox.ok(&arguments);
    assert_eq!(
        text.matches("            “enzyme and graph”\n").count(),
        2,
        "{text}"
    );
    assert_eq!(text.matches("            ≈ ").count(), 2, "{text}");
    let arguments = [
        "related",
        "--library",
        "L",
        "-k",
        "2",
        "--explain",
        "--json",
        "paper-3",
    ];
    let found = sandbox.json(&arguments);
    for hit in found["hits"].as_array().unwrap() {
        let explanation = &hit["explanation"];
        assert!(explanation["score"].as_f64().unwrap() <= 1.0 && explanation["words"].is_array());
        assert!(!explanation["query_sentence"].as_str().unwrap().is_empty());
        assert!(!explanation["paper_sentence"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_draft_reads_files_outside_its_folder_only_if_asked_to() {
    let sandbox = Sandbox::with_library(5);
    std::fs::create_dir_all(sandbox.path("draft/parts")).unwrap();
    sandbox.write("secret.tex", "We study proof in graph.\n");
    let main = |name: &str| format!("\\begin{{document}}\nA text.\n\\input{{{name}}}\n");
    let absolute = sandbox.path("secret.tex").display().to_string();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../../secret.tex", sandbox.path("draft/parts/link.tex")).unwrap();
    let names = ["../secret", &absolute, "parts/link"];
    let missed = ["missed", "--library", "L", "draft/main.tex"];
    for name in &names[..if cfg!(unix) { 3 } else { 2 }] {
        sandbox.write("draft/main.tex", &main(name));
        assert_eq!(
            sandbox.fails(&missed),
            format!(
                "error: draft/main.tex:3: `{name}` is outside the folder of the draft; \
                 `--allow-outside`, or `DraftOptions::allow_outside`, includes it\n"
            )
        );
        let text = sandbox.ok(&[&missed[..], &["--allow-outside"]].concat());
        assert!(text.contains("We study proof in graph."), "{text}");
    }
    sandbox.write("draft/main.tex", &main("parts/part"));
    sandbox.write("draft/parts/part.tex", "We study proof in graph.\n");
    assert!(sandbox.ok(&missed).contains("We study proof in graph."));
}
