use crate::setup::Desk;

/// A draft on enzymes and graphs, which cites two papers of the library and one that is not there.
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

fn desk() -> Desk {
    let desk = Desk::with_library(40);
    desk.write("draft.tex", DRAFT);
    desk.write("refs.jsonl", REFERENCES);
    desk
}

#[test]
fn prints_what_a_draft_missed_and_the_sentence_that_it_matches() {
    let desk = desk();
    let arguments = [
        "missed",
        "--library",
        "L",
        "-k",
        "3",
        "draft.tex",
        "refs.jsonl",
    ];
    let text = desk.ok(&arguments);
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
            "cited, and not in the library:",
            "  absent: A paper of nobody",
        ],
        "{text}"
    );
}

#[test]
fn json_names_what_is_cited_and_leaves_it_out_of_the_hits() {
    let desk = desk();
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
    let found = desk.json(&arguments);
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 38);
    assert!(
        hits.iter()
            .all(|hit| hit["id"] != "paper-1" && hit["id"] != "paper-2")
    );
    assert!(
        hits.iter().any(|hit| hit["id"] == "paper-5"),
        "in the list, and not cited"
    );
    let scores: Vec<f64> = hits
        .iter()
        .map(|hit| hit["score"].as_f64().unwrap())
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
fn says_what_is_wrong_with_a_draft() {
    let desk = desk();
    let missed = |draft: &str| desk.fails(&["missed", "--library", "L", draft]);
    assert!(missed("none.tex").contains("cannot read `none.tex`"));
    desk.write("draft.docx", "A text.");
    assert!(missed("draft.docx").contains("expected a draft in a file named .tex, .md or .txt"));
    desk.write("asks.tex", "One.\n\\input{none}\n");
    assert!(missed("asks.tex").contains("asks.tex:2: found no file `none`"));
    desk.write("empty.tex", "\\begin{document} $x$ \\end{document}");
    assert!(missed("empty.tex").contains("expected a draft with a sentence of prose"));
    let said = desk.fails(&["missed", "--library", "L", "-k", "0", "draft.tex"]);
    assert!(said.contains("k is 0"), "{said}");
}

#[test]
fn explains_hits_on_request() {
    let desk = desk();
    let arguments = [
        "search",
        "--library",
        "L",
        "-k",
        "2",
        "--explain",
        "enzyme and graph",
    ];
    let text = desk.ok(&arguments);
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
    let found = desk.json(&arguments);
    for hit in found["hits"].as_array().unwrap() {
        let why = &hit["explanation"];
        assert!(why["score"].as_f64().unwrap() <= 1.0 && why["words"].is_array());
        assert!(!why["query_sentence"].as_str().unwrap().is_empty());
        assert!(!why["paper_sentence"].as_str().unwrap().is_empty());
    }
}
