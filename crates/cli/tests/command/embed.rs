use std::fs;

use ndarray::Array2;
use ndarray_npy::read_npy;

use crate::sandbox::{Sandbox, stderr, tiny_model};

#[test]
fn one_row_is_written_for_each_text() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "graph and proof\n\nthe enzyme\n");
    sandbox.write(
        "b.jsonl",
        "{\"text\": \"the enzyme\"}\n{\"id\": \"x\", \"title\": \"graph\", \"abstract\": \"and proof\"}\n",
    );
    let model = tiny_model();
    let embed = |input: &str, output: &str| {
        let stdout = sandbox.ok(&[
            "embed", "--model", &model, "--input", input, "--output", output,
        ]);
        let rows: Array2<f32> = read_npy(sandbox.path(output)).unwrap();
        assert_eq!(
            stdout,
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
    sandbox.ok(&queries);
    let queries: Array2<f32> = read_npy(sandbox.path("q.npy")).unwrap();
    assert_eq!(queries.dim(), a.dim());
    assert_ne!(queries, a, "this model has a prompt for queries");
}

#[test]
fn texts_and_rows_may_go_through_pipes() {
    let sandbox = Sandbox::new();
    let model = tiny_model();
    let lines = "graph and proof\n\nthe enzyme\n";
    sandbox.write("a.txt", lines);
    let embed = ["embed", "--model", &model, "--input"];
    sandbox.ok(&[&embed[..], &["a.txt", "--output", "a.npy"]].concat());
    let expected = fs::read(sandbox.path("a.npy")).unwrap();
    let piped = [&embed[..], &["-", "--output", "-"]].concat();
    let json = "{\"text\": \"graph and proof\"}\n{\"text\": \"the enzyme\"}\n";
    assert_eq!(sandbox.piped(&piped, lines.as_bytes()).stdout, expected);
    let rows = sandbox.piped(&piped, json.as_bytes()).stdout;
    fs::write(sandbox.path("b.npy"), rows).unwrap();
    let rows: Array2<f32> = read_npy(sandbox.path("b.npy")).unwrap();
    assert_eq!(rows.dim(), (2, 32));
    for (input, message) in [
        (&b""[..], "error: standard input contains no texts\n"),
        (
            b"ab\xff",
            "error: standard input is not text in UTF-8 (byte 3), expected one text per line, or JSON lines\n",
        ),
    ] {
        let output = sandbox.piped(&piped, input);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stderr(&output), message);
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let sandbox = Sandbox::new();
    let texts: String = (1..200)
        .map(|n| "graph and the proof of enzyme ".repeat(n % 9 + 1) + "\n")
        .collect();
    sandbox.write("a.txt", &texts);
    let model = tiny_model();
    let embed = |threads: &str| {
        let arguments = [
            "embed", "--model", &model, "--input", "a.txt", "--output", "o.npy",
        ];
        let output = sandbox
            .command(&arguments)
            .env("CANDLE_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(output.status.success());
        fs::read(sandbox.path("o.npy")).unwrap()
    };
    assert_eq!(embed("1"), embed("3"));
}

#[test]
fn files_and_options_that_do_not_work_are_named() {
    let sandbox = Sandbox::new();
    let model = tiny_model();
    let embed = |input: &str, output: &str| {
        sandbox.fails(&[
            "embed", "--model", &model, "--input", input, "--output", output,
        ])
    };
    sandbox.write("a.txt", "graph\n");
    sandbox.write("a.csv", "graph\n");
    sandbox.write("bad.jsonl", "{\"text\": \"graph\"}\n{\"text\": 5}\n");
    sandbox.write("empty.txt", "");
    let expected = "`a.csv` has an unknown extension, expected `.txt`, `.jsonl`, `.jsonl.gz` or \
                    `.jsonl.zst`";
    assert_eq!(embed("a.csv", "o.npy"), format!("error: {expected}\n"));
    assert_eq!(
        embed("bad.jsonl", "o.npy"),
        "error: bad.jsonl:2: `text` is a number, expected a string\n"
    );
    assert_eq!(
        embed("empty.txt", "o.npy"),
        "error: `empty.txt` contains no texts\n"
    );
    let message = embed("a.txt", "missing/o.npy");
    assert_eq!(
        message,
        "error: cannot write `missing/o.npy`: the folder `missing` does not exist\n"
    );
    assert!(!sandbox.path("o.npy").exists());
    let message = sandbox.misused(&[
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
        message.ends_with("`precision` is `bf16`, expected one of `f32`, `int8` on `cpu`\n"),
        "{message}"
    );
    let message = sandbox.fails(&[
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
        message.contains("the device `cuda:9999` cannot be used"),
        "{message}"
    );
}
