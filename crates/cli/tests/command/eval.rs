use std::collections::BTreeSet;
use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::sandbox::{Sandbox, copy_model, fixture, papers, stderr};

/// Creates a sandbox with a judged collection of twelve papers. Its two judged queries are the texts
/// of papers.
fn with_collection() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("corpus.jsonl", &papers(0..12));
    let line = |n: usize| papers(n..n + 1).lines().next().unwrap().to_owned();
    let text = |n: usize| {
        let paper: Value = serde_json::from_str(&line(n)).unwrap();
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

#[track_caller]
fn assert_fits(text: &str) {
    let too_long = text.lines().find(|line| line.chars().count() > 80);
    assert_eq!(too_long, None);
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
        "version",
        "command",
        "model",
        "precision",
        "documents",
        "queries",
        "setting",
        "ndcg@10",
        "map@100",
        "recall@10",
        "recall@100",
        "mrr@10",
        "took_ms",
        "keyword",
        "hybrid",
        "differences",
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
    assert!(text.contains("hybrid - vector") && text.contains("hybrid - keyword"));
    assert_fits(&text);
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
        found["took_ms"] = 0.into();
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
    sandbox.add("L", "papers.jsonl");
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
    let differences = tasks[0]["differences"].as_array().unwrap();
    let compared = differences
        .iter()
        .map(|difference| (&difference["run"], &difference["baseline"]));
    let hybrid = serde_json::json!("hybrid");
    assert_eq!(
        compared.collect::<Vec<_>>(),
        [(&hybrid, &"vector".into()), (&hybrid, &"keyword".into())]
    );
    let means = |at: usize| tasks[0]["results"][at]["map@100"]["mean"].as_f64().unwrap();
    let difference = differences[0]["map@100"]["mean"].as_f64().unwrap();
    assert!((difference - (means(2) - means(0))).abs() < 1e-9);
    let keyword = &tasks[0]["results"][1];
    assert_eq!(keyword["mode"], "keyword");
    assert!(
        keyword["mrr@10"]["mean"].as_f64().unwrap() > 0.99,
        "{keyword}"
    );
    let text = sandbox.ok(&arguments);
    let heading = "\n\na sentence finds its abstract: 15 queries, 15 papers\n  vector  ";
    assert!(text.contains(heading), "{text}");
    assert_fits(&text);
    let setting = ["--mode", "vector", "--diversity", "0.5", "--json"];
    let found = sandbox.json(&[&arguments[..], &setting].concat());
    let results = found["tasks"][2]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["mode"], "vector+diversity=0.5");
    assert_ne!(results[0]["map@100"], tasks[2]["results"][0]["map@100"]);
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
    sandbox.add("L", "papers.jsonl");
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
    let untimed = |output: &Output| {
        let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document.as_object_mut().unwrap().remove("took_ms").unwrap();
        document
    };
    assert_eq!(untimed(&from_environment), untimed(&from_option));

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

/// Evaluates a run file that holds these lines of query, document and score.
fn evaluate_run(sandbox: &Sandbox, lines: &[(&str, &str, f64)], options: &[&str]) -> Value {
    sandbox.write("run.txt", &run_file(lines));
    let arguments = ["eval", "--qrels", "qrels.tsv", "--run", "run.txt", "--json"];
    sandbox.json(&[&arguments[..], options].concat())
}

fn run_file(lines: &[(&str, &str, f64)]) -> String {
    let line = |(query, document, score): &(&str, &str, f64)| {
        format!("{query} Q0 {document} 0 {score} tag\n")
    };
    lines.iter().map(line).collect()
}

#[track_caller]
fn assert_near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!(
        (found - expected).abs() < 1e-12,
        "{found}, expected {expected}"
    );
}

#[test]
fn a_run_file_is_evaluated_without_a_corpus_and_ties_are_broken_by_id() {
    let sandbox = Sandbox::new();
    sandbox.write("qrels.tsv", "q 0 a 3\nq 0 b 1\nr 0 a 1\n");
    let lines = [("q", "a", 0.5), ("q", "b", 0.5), ("q", "c", 0.75)];
    let found = evaluate_run(&sandbox, &lines, &[]);
    assert_eq!(found["queries"], 2);
    assert!(found.get("model").is_none());
    // The ranking is c, b, a; nothing is found for the second query.
    let log = f64::log2;
    let ideal = 3.0 + 1.0 / log(3.0);
    assert_near(
        &found["ndcg@10"],
        (1.0 / log(3.0) + 3.0 / log(4.0)) / ideal / 2.0,
    );
    assert_near(&found["map@100"], f64::midpoint(1.0 / 2.0, 2.0 / 3.0) / 2.0);
    assert_near(&found["mrr@10"], 0.5 / 2.0);
    // The order of the lines does not matter.
    let mut reversed = lines;
    reversed.reverse();
    let mut again = evaluate_run(&sandbox, &reversed, &[]);
    again["took_ms"] = found["took_ms"].clone();
    assert_eq!(again, found);

    let exponential = evaluate_run(&sandbox, &lines, &["--gain", "exponential"]);
    let ideal = 7.0 + 1.0 / log(3.0);
    assert_near(
        &exponential["ndcg@10"],
        (1.0 / log(3.0) + 7.0 / log(4.0)) / ideal / 2.0,
    );
    assert_eq!(exponential["map@100"], found["map@100"]);
}

#[test]
fn the_difference_from_a_baseline_has_a_paired_interval() {
    let sandbox = Sandbox::new();
    let queries = ["q1", "q2", "q3", "q4"];
    let qrels = queries.map(|query| format!("{query} 0 a 1\n"));
    sandbox.write("qrels.tsv", &qrels.concat());
    // The reciprocal ranks are 1 and 1/2 for every query.
    let worse: Vec<_> = queries
        .iter()
        .flat_map(|query| [(*query, "a", 0.25), (*query, "x", 0.5)])
        .collect();
    sandbox.write("baseline.txt", &run_file(&worse));
    let better = queries.map(|query| (query, "a", 1.0));
    let found = evaluate_run(&sandbox, &better, &["--baseline", "baseline.txt"]);
    assert_near(&found["baseline"]["mrr@10"], 0.5);
    let difference = &found["differences"][0];
    assert_eq!(
        (&difference["run"], &difference["baseline"]),
        (&"run".into(), &"baseline".into())
    );
    for end in ["mean", "low", "high"] {
        assert_near(&difference["mrr@10"][end], 0.5);
        assert_near(&difference["recall@10"][end], 0.0);
    }
    // Only one of four queries differs: a bootstrap sample has it 0 to 3 times in the central 95 %.
    let mut one_better = worse.clone();
    one_better[0].2 = 1.0;
    let found = evaluate_run(&sandbox, &one_better, &["--baseline", "baseline.txt"]);
    let difference = &found["differences"][0]["mrr@10"];
    assert_near(&difference["mean"], 0.5 / 4.0);
    assert_near(&difference["low"], 0.0);
    assert_near(&difference["high"], 3.0 * 0.5 / 4.0);

    let arguments = ["eval", "--qrels", "qrels.tsv", "--run", "run.txt"];
    let compare = [&arguments[..], &["--baseline", "baseline.txt"]].concat();
    let text = sandbox.ok(&compare);
    assert!(
        text.contains("MRR@10      +0.1250 [+0.0000, +0.3750]\n"),
        "{text}"
    );
    assert_fits(&text);
    // A query that one of the two does not answer is reported, and counts as zero for it.
    sandbox.write("baseline.txt", &run_file(&worse[..6]));
    let output = sandbox.command(&compare).output().unwrap();
    assert_eq!(
        stderr(&output),
        "judged queries missing from `baseline.txt`, counted as unanswered: 1\n"
    );
    sandbox.write("baseline.txt", &run_file(&worse));
    // A run does not differ from itself.
    let found = evaluate_run(&sandbox, &worse, &["--baseline", "baseline.txt"]);
    assert_near(&found["differences"][0]["ndcg@10"]["high"], 0.0);
}

#[test]
fn a_written_run_gives_the_same_figures_and_the_metrics_of_each_query_are_written() {
    let sandbox = with_collection();
    let evaluate = [&EVAL[..], &["--model", "model", "--json"]].concat();
    for mode in ["vector", "keyword", "hybrid"] {
        let options = [
            "--mode",
            mode,
            "--write-run",
            "written.txt",
            "--per-query",
            "queries.tsv",
        ];
        let searched = sandbox.json(&[&evaluate[..], &options].concat());
        assert_eq!(searched["setting"], mode);
        let read = [
            "eval",
            "--qrels",
            "qrels.tsv",
            "--run",
            "written.txt",
            "--json",
        ];
        let read = sandbox.json(&read);
        for metric in ["ndcg@10", "map@100", "recall@10", "recall@100", "mrr@10"] {
            assert_eq!(read[metric], searched[metric], "{mode} {metric}");
        }
        let run = fs::read_to_string(sandbox.path("written.txt")).unwrap();
        let first: Vec<&str> = run.lines().next().unwrap().split(' ').collect();
        let found = (first[0], first[1], first[3], first[5]);
        assert_eq!(found, ("q3", "Q0", "1", mode));

        let table = fs::read_to_string(sandbox.path("queries.tsv")).unwrap();
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split('\t').collect())
            .collect();
        assert_eq!(
            rows[0],
            [
                "run",
                "query",
                "ndcg@10",
                "map@100",
                "recall@10",
                "recall@100",
                "mrr@10"
            ]
        );
        assert_eq!(
            (&rows[1][..2], &rows[2][..2]),
            (&[mode, "q3"][..], &[mode, "q7"][..])
        );
        let values = rows[1..].iter().map(|row| row[3].parse::<f64>().unwrap());
        assert_near(&searched["map@100"], values.sum::<f64>() / 2.0);
    }
    // All modes have one file of metrics, but a run file holds one run.
    sandbox.ok(&[&evaluate[..], &["--per-query", "queries.tsv"]].concat());
    let table = fs::read_to_string(sandbox.path("queries.tsv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 3 * 2);
    let message = sandbox.fails(&[&evaluate[..], &["--write-run", "all.txt"]].concat());
    assert_eq!(
        message,
        "error: --write-run writes one run, found 3 (vector, keyword, hybrid); use --mode to choose \
         one\n"
    );
}

#[test]
fn the_order_of_adding_does_not_change_a_figure() {
    let sandbox = with_collection();
    // Each paper has three copies with the same scores, and only one of them is judged.
    let copies = |n: usize| {
        let line = papers(n..n + 1);
        ["z", "", "a"].map(|prefix| line.replace("\"paper-", &format!("\"{prefix}paper-")))
    };
    let mut lines: Vec<String> = (0..12).flat_map(copies).collect();
    let evaluate = [&EVAL[..], &["--model", "model", "--json"]].concat();
    let mut found = Vec::new();
    for _ in 0..2 {
        sandbox.write("corpus.jsonl", &lines.concat());
        let mut document = sandbox.json(&evaluate);
        document["took_ms"] = 0.into();
        found.push(document);
        lines.reverse();
    }
    assert_eq!(found[0], found[1]);
    // By id, descending, the judged copy is the second.
    assert_near(&found[0]["mrr@10"], 0.5);
}

#[test]
fn search_settings_are_measured_one_at_a_time() {
    let sandbox = with_collection();
    let evaluate = [&EVAL[..], &["--model", "model", "--library", "L", "--json"]].concat();
    let modes = sandbox.json(&evaluate);
    let measure = |options: &[&str]| sandbox.json(&[&evaluate[..], options].concat());
    let vector = measure(&["--mode", "vector"]);
    assert_eq!(vector["map@100"], modes["map@100"]);
    assert!(vector.get("hybrid").is_none());
    let model = fixture("cross_encoders/bert");
    for (options, name) in [
        (&["--feedback", "3"][..], "hybrid+feedback=3"),
        (&["--fusion", "rrf", "--smooth"], "hybrid+rrf+smooth"),
        (&["--diversity", "0.25"], "hybrid+diversity=0.25"),
        (
            &["--rerank", &model, "--rerank-depth", "4"],
            "hybrid+rerank",
        ),
        (&["--mode", "vector", "--category", "cs"], "vector+filter"),
    ] {
        let found = measure(options);
        assert_eq!(found["setting"], name);
        assert_eq!(found["queries"], 2);
    }
    // The papers that are judged, 3 and 7, are in another category.
    assert_near(&measure(&["--category", "cs"])["recall@100"], 0.0);
    // Without a corpus, the library is searched as it is.
    let library = ["eval", "--library", "L", "--queries", "queries.jsonl"];
    let options = ["--qrels", "qrels.tsv", "--model", "model", "--json"];
    let mut found = sandbox.json(&[&library[..], &options].concat());
    found["took_ms"] = modes["took_ms"].clone();
    assert_eq!(found, modes);

    sandbox.write("run.txt", "q3 Q0 paper-3 1 1 t\n");
    let run = ["eval", "--qrels", "qrels.tsv", "--run", "run.txt"];
    let message = sandbox.misused(&[&run[..], &["--mode", "vector"]].concat());
    assert_eq!(
        message,
        "error: `run.txt` is evaluated as it is, expected no search settings\n"
    );
    let arguments = ["eval", "--queries", "queries.jsonl", "--qrels", "qrels.tsv"];
    let output = sandbox.command(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        "error: an evaluation needs papers: use --corpus <FILE> or --library <DIR>, or set COGNATE_LIBRARY\n"
    );
}

#[test]
fn related_papers_are_evaluated_without_queries_or_a_model() {
    let sandbox = Sandbox::with_library(30);
    let hits = sandbox.json(&["related", "--library", "L", "--json", "paper-3"]);
    let hit = |rank: usize| hits["hits"][rank - 1]["id"].as_str().unwrap();
    let qrels = [
        format!("paper-3\t{}\t1\n", hit(1)),
        format!("paper-3\t{}\t1\n", hit(4)),
        // No paper is an answer to itself.
        "paper-3\tpaper-3\t1\n".to_owned(),
        "unknown\tpaper-4\t1\n".to_owned(),
    ];
    sandbox.write("qrels.tsv", &qrels.concat());
    let evaluate = [
        "eval",
        "--related",
        "--library",
        "L",
        "--qrels",
        "qrels.tsv",
    ];
    let found = sandbox.json(&[&evaluate[..], &["--json"]].concat());
    assert_eq!(
        (&found["queries"], &found["documents"]),
        (&2.into(), &30.into())
    );
    // The hits of `related` are those of the mode hybrid.
    let hybrid = &found["hybrid"];
    assert_near(&hybrid["map@100"], f64::midpoint(1.0, 2.0 / 4.0) / 2.0);
    assert_near(&hybrid["recall@10"], 0.5);

    let output = sandbox.command(&evaluate).output().unwrap();
    let expected = "judged queries missing from `L`, counted as unanswered: 1\n";
    assert_eq!(stderr(&output), expected);
    assert_fits(&String::from_utf8(output.stdout).unwrap());
    for (options, name) in [
        (&["--mode", "vector"][..], "vector"),
        (&["--no-smooth"], "hybrid+no-smooth"),
        (&["--strategy", "svm", "--fusion", "rrf"], "hybrid+rrf+svm"),
    ] {
        let found = sandbox.json(&[&evaluate[..], options, &["--json"]].concat());
        assert_eq!(found["setting"], name);
        assert!(found["map@100"].as_f64().unwrap() > 0.0);
    }

    sandbox.write("qrels.tsv", "unknown\tpaper-4\t1\n");
    assert_eq!(
        sandbox.fails(&evaluate),
        "error: no query of `qrels.tsv` is a paper of the library `L`; check that the ids agree\n"
    );
}

#[test]
fn records_without_a_year_and_invalid_ones_do_not_stop_an_evaluation() {
    let sandbox = with_collection();
    // A data frame that lacks one year writes the others as floating-point numbers.
    let record = |line: &str| {
        let mut paper: Value = serde_json::from_str(line).unwrap();
        paper["year"] = match paper["id"].as_str().unwrap() {
            "paper-0" => Value::Null,
            "paper-1" => "NaN".into(),
            _ => paper["year"].as_f64().unwrap().into(),
        };
        paper.to_string() + "\n"
    };
    let corpus: String = papers(0..12).lines().map(record).collect();
    let invalid = "{\"id\": \"empty\"}\n{\"id\": \"b\", \"title\": \"B\", \"year\": \"soon\"}\n";
    sandbox.write("corpus.jsonl", &(corpus + invalid));
    let queries = fs::read_to_string(sandbox.path("queries.jsonl")).unwrap();
    let twice = "{\"id\": \"q3\", \"text\": \"replaced\"}";
    let queries = format!("{{\"id\": \"q1\"}}\n{twice}\n{queries}");
    sandbox.write("queries.jsonl", &queries);
    let evaluate = [&EVAL[..], &["--model", "model", "--json"]].concat();
    let output = sandbox.command(&evaluate).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["documents"], &found["queries"]),
        (&13.into(), &2.into())
    );
    assert_near(&found["mrr@10"], 1.0);
    let expected = [
        "skipped a query: queries.jsonl:1: there is no text, expected `text`, or `title` and `abstract`",
        "queries.jsonl: duplicate id `q3`, the later query replaces the earlier one",
        "corpus.jsonl:14: `year` is \"soon\", which was left out, expected a year such as 2017",
        "skipped 1 invalid record:",
        "  corpus.jsonl:13: `title` and `abstract` are both missing, expected one at least",
        "judged papers that are not in the collection, counted as not found: 1",
    ];
    assert_eq!(stderr(&output).lines().collect::<Vec<_>>(), expected);
    // A filter by year passes over the papers without one.
    let years = [&evaluate[..], &["--mode", "vector", "--year", "2003"]].concat();
    assert_near(&sandbox.json(&years)["recall@10"], 0.5);
    // Older scripts still run.
    sandbox.ok(&[&evaluate[..], &["--skip-bad"]].concat());
}
