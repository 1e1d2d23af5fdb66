use std::collections::BTreeSet;
use std::fs;

use crate::sandbox::{Sandbox, copy_model, papers, stderr, tiny_model};

/// Creates a sandbox with a judged collection of twelve papers. Its two judged queries are the texts
/// of papers.
fn with_collection() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("corpus.jsonl", &papers(0..12));
    let line = |n: usize| papers(n..n + 1).lines().next().unwrap().to_owned();
    let text = |n: usize| {
        let paper: serde_json::Value = serde_json::from_str(&line(n)).unwrap();
        let field = |name: &str| paper[name].as_str().unwrap().to_owned();
        serde_json::json!({"id": format!("q{n}"), "text": field("title") + " " + &field("abstract")})
    };
    sandbox.write(
        "queries.jsonl",
        &format!(
            "{}\n{}\n{{\"id\": \"q99\", \"text\": \"x\"}}\n",
            text(3),
            text(7)
        ),
    );
    let qrels = "query-id\tcorpus-id\tscore\nq3\tpaper-3\t1\nq7\tpaper-7\t2\nq7\tnowhere\t1\n";
    sandbox.write("qrels.tsv", qrels);
    // Without prompts, a query and a document with the same text have the same embedding.
    copy_model(&sandbox.path("model"));
    fs::remove_file(sandbox.path("model/config_sentence_transformers.json")).unwrap();
    sandbox
}

const EVAL: [&str; 7] = [
    "eval",
    "--corpus",
    "corpus.jsonl",
    "--queries",
    "queries.jsonl",
    "--qrels",
    "qrels.tsv",
];

#[test]
fn metrics_equal_those_computed_by_hand() {
    let sandbox = with_collection();
    let mut arguments = EVAL.to_vec();
    arguments.extend(["--model", "model", "--json"]);
    let found = sandbox.json(&arguments);
    let keys: BTreeSet<&str> = found
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "model",
        "precision",
        "documents",
        "queries",
        "ndcg@10",
        "map@100",
        "recall@10",
        "recall@100",
        "mrr@10",
        "seconds",
        "keyword",
        "hybrid",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
    assert_eq!(
        (&found["documents"], &found["queries"]),
        (&12.into(), &2.into())
    );
    // Each text finds itself first. One of the two relevant papers of the second query is missing.
    let near = |name: &str, value: f64| {
        assert!(
            (found[name].as_f64().unwrap() - value).abs() < 1e-12,
            "{name}: {found}"
        );
    };
    let half = 2.0 / (2.0 + 1.0 / 3_f64.log2());
    near("ndcg@10", f64::midpoint(1.0, half));
    near("map@100", 0.75);
    near("recall@10", 0.75);
    near("recall@100", 0.75);
    near("mrr@10", 1.0);
    let mut metrics: Vec<&str> = expected.to_vec();
    metrics.retain(|name| name.contains('@'));
    for mode in ["keyword", "hybrid"] {
        let of_mode = found[mode].as_object().unwrap();
        assert_eq!(of_mode.len(), metrics.len());
        assert!(
            metrics
                .iter()
                .all(|name| of_mode[*name].as_f64().unwrap() > 0.0)
        );
    }

    let text = sandbox.ok(&arguments[..arguments.len() - 1]);
    assert!(
        text.contains("nDCG@10     0.8") && text.contains("MRR@10      1.00000"),
        "{text}"
    );
}

#[test]
fn a_library_keeps_the_vectors_of_the_corpus() {
    let sandbox = with_collection();
    let mut arguments = EVAL.to_vec();
    arguments.extend(["--model", "model", "--library", "L", "--json"]);
    let mut first = sandbox.json(&arguments);
    assert_eq!(sandbox.count("L"), 12);
    let mut second = sandbox.json(&arguments);
    for found in [&mut first, &mut second] {
        found["seconds"] = 0.into();
    }
    assert_eq!(first, second);

    sandbox.write("more.jsonl", &papers(12..14));
    sandbox.ok(&["add", "--library", "L", "more.jsonl"]);
    let message = sandbox.fails(&arguments);
    assert_eq!(
        message,
        "error: the library `L` holds 14 papers, the corpus 12; use a separate library for the evaluation\n"
    );
}

#[test]
fn invalid_files_of_a_collection_are_explained() {
    let sandbox = with_collection();
    sandbox.write("qrels.tsv", "q3\tpaper-3\tgood\nq7\tpaper-7\tgood\n");
    let message = sandbox.fails(&EVAL);
    assert_eq!(
        message,
        "error: qrels.tsv:2: grade `good`, expected a whole number\n"
    );
    sandbox.write("qrels.tsv", "other\tpaper-3\t1\n");
    let message = sandbox.fails(&EVAL);
    let expected = "error: no query of `queries.jsonl` has a judgment in `qrels.tsv`; check that the \
                    ids agree\n";
    assert_eq!(message, expected);
}

#[test]
fn a_library_is_evaluated_on_its_own_papers() {
    let sandbox = Sandbox::new();
    let record = |n: usize| {
        let word = ["graphs", "enzymes", "galaxies"][n % 3];
        format!(
            "{{\"id\": \"p{n}\", \"title\": \"On {word} number{n}\", \"categories\": [\"{word}\"], \
             \"abstract\": \"We look at {word} of the kind number{n}. It is known since long ago \
             that {word} like number{n} are of use to many. More of it later.\"}}\n"
        )
    };
    sandbox.write("papers.jsonl", &(0..20).map(record).collect::<String>());
    sandbox.ok(&[
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "papers.jsonl",
    ]);
    let arguments = ["eval", "--self", "--library", "L", "--sample", "15"];
    let found = sandbox.json(&[&arguments[..], &["--json"]].concat());
    let tasks = found["tasks"].as_array().unwrap();
    let names: Vec<&str> = tasks
        .iter()
        .map(|task| task["task"].as_str().unwrap())
        .collect();
    let expected = [
        "a title finds its abstract",
        "a sentence finds its abstract",
        "a paper finds its category",
    ];
    assert_eq!(names, expected);
    for task in tasks {
        assert_eq!(task["queries"], 15);
        for result in task["results"].as_array().unwrap() {
            let [low, mean, high] =
                ["low", "mean", "high"].map(|name| result["ndcg@10"][name].as_f64().unwrap());
            assert!(low <= mean && mean <= high && high <= 1.0, "{result}");
        }
    }
    // Every title has a word that occurs in its own abstract only.
    let keyword = &tasks[0]["results"][1];
    assert_eq!(keyword["mode"], "keyword");
    assert!(
        keyword["mrr@10"]["mean"].as_f64().unwrap() > 0.99,
        "{keyword}"
    );
    let text = sandbox.ok(&arguments);
    assert!(
        text.contains("a sentence finds its abstract         15  "),
        "{text}"
    );
    let message = sandbox.fails(&["eval", "--self", "--library", "none"]);
    assert!(message.contains("is not a library"), "{message}");
}

/// Creates a sandbox whose library `L` is large enough to be evaluated on itself.
fn with_library_to_evaluate() -> Sandbox {
    let sandbox = Sandbox::new();
    let categories = |n: usize| {
        if n.is_multiple_of(2) {
            "cs.CL"
        } else {
            "math.CO"
        }
    };
    let record = |n: usize| {
        format!(
            "{{\"id\": \"p{n}\", \"title\": \"Paper {n}\", \"categories\": [\"{}\"]}}\n",
            categories(n)
        )
    };
    sandbox.write("papers.jsonl", &(0..12).map(record).collect::<String>());
    let model = tiny_model();
    sandbox.ok(&["add", "--library", "L", "--model", &model, "papers.jsonl"]);
    sandbox
}

#[test]
fn self_evaluation_reads_the_library_from_the_environment() {
    let sandbox = with_library_to_evaluate();
    let evaluate = |arguments: &[&str], variable: &str| {
        sandbox
            .command(&[&["eval", "--self", "--json"], arguments].concat())
            .env("COGNATE_LIBRARY", variable)
            .output()
            .unwrap()
    };
    let from_environment = evaluate(&[], "L");
    assert!(
        from_environment.status.success(),
        "{}",
        stderr(&from_environment)
    );
    // The option has precedence over the variable.
    let from_option = evaluate(&["--library", "L"], "nothing");
    assert_eq!(from_environment.stdout, from_option.stdout);

    let without = evaluate(&[], "");
    assert_eq!(without.status.code(), Some(2));
    assert_eq!(
        stderr(&without),
        "error: --self needs a library: use --library <DIR> or set COGNATE_LIBRARY\n"
    );
}

#[test]
fn a_judged_collection_is_never_added_to_the_library_of_the_environment() {
    let sandbox = with_collection();
    sandbox.write("papers.jsonl", &papers(20..25));
    let add = ["add", "--library", "L", "--model", "model", "papers.jsonl"];
    sandbox.ok(&add);
    let output = sandbox
        .command(&[&EVAL[..], &["--model", "model"]].concat())
        .env("COGNATE_LIBRARY", "L")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(sandbox.count("L"), 5);
}
