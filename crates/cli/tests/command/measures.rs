use std::collections::BTreeSet;
use std::fs;

use ndarray::Array2;
use ndarray_npy::read_npy;

use crate::setup::{Desk, copy_model, papers, tiny_model};

/// A desk with twelve papers, two queries that are titles of papers, and judgements.
fn with_judgements() -> Desk {
    let desk = Desk::new();
    desk.write("corpus.jsonl", &papers(0..12));
    let line = |n: usize| papers(n..n + 1).lines().next().unwrap().to_owned();
    let text = |n: usize| {
        let paper: serde_json::Value = serde_json::from_str(&line(n)).unwrap();
        let field = |name: &str| paper[name].as_str().unwrap().to_owned();
        serde_json::json!({"id": format!("q{n}"), "text": field("title") + " " + &field("abstract")})
    };
    desk.write(
        "queries.jsonl",
        &format!(
            "{}\n{}\n{{\"id\": \"q99\", \"text\": \"x\"}}\n",
            text(3),
            text(7)
        ),
    );
    let qrels = "query-id\tcorpus-id\tscore\nq3\tpaper-3\t1\nq7\tpaper-7\t2\nq7\tnowhere\t1\n";
    desk.write("qrels.tsv", qrels);
    // Without prompts a query is embedded as a document of the same text is.
    copy_model(&desk.path("model"));
    fs::remove_file(desk.path("model/config_sentence_transformers.json")).unwrap();
    desk
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
fn eval_measures_what_a_hand_computes() {
    let desk = with_judgements();
    let mut arguments = EVAL.to_vec();
    arguments.extend(["--model", "model", "--json"]);
    let found = desk.json(&arguments);
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
    // A text finds itself first; of the two that answer the second query one is not there.
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

    let text = desk.ok(&arguments[..arguments.len() - 1]);
    assert!(
        text.contains("nDCG@10     0.8") && text.contains("MRR@10      1.00000"),
        "{text}"
    );
}

#[test]
fn eval_keeps_the_vectors_where_told() {
    let desk = with_judgements();
    let mut arguments = EVAL.to_vec();
    arguments.extend(["--model", "model", "--library", "L", "--json"]);
    let mut first = desk.json(&arguments);
    assert_eq!(desk.count("L"), 12);
    let mut second = desk.json(&arguments);
    for found in [&mut first, &mut second] {
        found["seconds"] = 0.into();
    }
    assert_eq!(first, second);

    desk.write("more.jsonl", &papers(12..14));
    desk.ok(&["add", "--library", "L", "more.jsonl"]);
    let said = desk.fails(&arguments);
    assert_eq!(
        said,
        "error: the library `L` holds 14 papers, the corpus 12; evaluate with a library of its own\n"
    );
}

#[test]
fn eval_says_what_is_wrong_with_its_files() {
    let desk = with_judgements();
    desk.write("qrels.tsv", "q3\tpaper-3\tgood\nq7\tpaper-7\tgood\n");
    let said = desk.fails(&EVAL);
    assert_eq!(
        said,
        "error: qrels.tsv:2: grade `good`, expected a whole number\n"
    );
    desk.write("qrels.tsv", "other\tpaper-3\t1\n");
    let said = desk.fails(&EVAL);
    let expected = "error: no query of `queries.jsonl` has a judgement in `qrels.tsv`; do their ids \
                    agree?\n";
    assert_eq!(said, expected);
}

#[test]
fn embed_writes_a_row_for_each_text() {
    let desk = Desk::new();
    desk.write("a.txt", "graph and proof\n\nthe enzyme\n");
    desk.write(
        "b.jsonl",
        "{\"text\": \"the enzyme\"}\n{\"id\": \"x\", \"title\": \"graph\", \"abstract\": \"and proof\"}\n",
    );
    let model = tiny_model();
    let embed = |input: &str, output: &str| {
        let said = desk.ok(&[
            "embed", "--model", &model, "--input", input, "--output", output,
        ]);
        let rows: Array2<f32> = read_npy(desk.path(output)).unwrap();
        assert_eq!(
            said,
            format!("wrote {} rows of 32 values to `{output}`\n", rows.nrows())
        );
        rows
    };
    let (a, b) = (embed("a.txt", "a.npy"), embed("b.jsonl", "b.npy"));
    assert_eq!((a.dim(), b.dim()), ((3, 32), (2, 32)));
    assert_eq!((a.row(2), a.row(0)), (b.row(0), b.row(1)));
    for row in a.outer_iter() {
        assert!((row.dot(&row) - 1.0).abs() < 1e-5);
    }
    let queries = [
        "embed", "--model", &model, "--query", "--input", "a.txt", "--output", "q.npy",
    ];
    desk.ok(&queries);
    let queries: Array2<f32> = read_npy(desk.path("q.npy")).unwrap();
    assert_eq!(queries.dim(), a.dim());
    assert_ne!(queries, a, "this model has a prompt for queries");
}

#[test]
fn embed_gives_the_same_bytes_however_many_threads_candle_has() {
    let desk = Desk::new();
    let texts: String = (1..200)
        .map(|n| "graph and the proof of enzyme ".repeat(n % 9 + 1) + "\n")
        .collect();
    desk.write("a.txt", &texts);
    let model = tiny_model();
    let embed = |threads: &str| {
        let arguments = [
            "embed", "--model", &model, "--input", "a.txt", "--output", "o.npy",
        ];
        let output = desk
            .command(&arguments)
            .env("CANDLE_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(output.status.success());
        fs::read(desk.path("o.npy")).unwrap()
    };
    assert_eq!(embed("1"), embed("3"));
}

#[test]
fn embed_names_what_it_cannot_read_or_write() {
    let desk = Desk::new();
    let model = tiny_model();
    let embed = |input: &str, output: &str| {
        desk.fails(&[
            "embed", "--model", &model, "--input", input, "--output", output,
        ])
    };
    desk.write("a.txt", "graph\n");
    desk.write("a.csv", "graph\n");
    desk.write("bad.jsonl", "{\"text\": \"graph\"}\n{\"text\": 5}\n");
    desk.write("empty.txt", "");
    let expected = "`a.csv` has an unknown extension, expected `.txt`, `.jsonl`, `.jsonl.gz` or \
                    `.jsonl.zst`";
    assert_eq!(embed("a.csv", "o.npy"), format!("error: {expected}\n"));
    assert_eq!(
        embed("bad.jsonl", "o.npy"),
        "error: bad.jsonl:2: `text` is a number, expected a string\n"
    );
    assert_eq!(
        embed("empty.txt", "o.npy"),
        "error: `empty.txt` holds no text\n"
    );
    let said = embed("a.txt", "missing/o.npy");
    assert!(
        said.starts_with("error: cannot write `missing/o.npy`: No such file"),
        "{said}"
    );
    assert!(!desk.path("o.npy").exists());
    let said = desk.fails(&[
        "embed",
        "--model",
        &model,
        "--precision",
        "bf16",
        "--input",
        "a.txt",
        "--output",
        "o.npy",
    ]);
    assert!(
        said.ends_with("`precision` is `bf16`, expected one of `f32`, `int8` on `cpu`\n"),
        "{said}"
    );
    let said = desk.fails(&[
        "embed",
        "--model",
        &model,
        "--device",
        "cuda:9999",
        "--input",
        "a.txt",
        "--output",
        "o.npy",
    ]);
    assert!(
        said.contains("the device `cuda:9999` cannot be used"),
        "{said}"
    );
}

#[test]
fn a_library_is_judged_by_its_own_papers() {
    let desk = Desk::new();
    let record = |n: usize| {
        let word = ["graphs", "enzymes", "galaxies"][n % 3];
        format!(
            "{{\"id\": \"p{n}\", \"title\": \"On {word} number{n}\", \"categories\": [\"{word}\"], \
             \"abstract\": \"We look at {word} of the kind number{n}. It is known since long ago \
             that {word} like number{n} are of use to many. More of it later.\"}}\n"
        )
    };
    desk.write("papers.jsonl", &(0..20).map(record).collect::<String>());
    desk.ok(&[
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "papers.jsonl",
    ]);
    let arguments = ["eval", "--self", "--library", "L", "--sample", "15"];
    let found = desk.json(&[&arguments[..], &["--json"]].concat());
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
    // Every title has a word that its own abstract has alone.
    let by_words = &tasks[0]["results"][1];
    assert_eq!(by_words["mode"], "keyword");
    assert!(
        by_words["mrr@10"]["mean"].as_f64().unwrap() > 0.99,
        "{by_words}"
    );
    let text = desk.ok(&arguments);
    assert!(
        text.contains("a sentence finds its abstract         15  "),
        "{text}"
    );
    let said = desk.fails(&["eval", "--self", "--library", "none"]);
    assert!(said.contains("is not a library"), "{said}");
}
