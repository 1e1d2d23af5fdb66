use std::fs;

use ndarray::Array2;
use ndarray_npy::{read_npy, write_npy};
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, copy_model, fixture, stderr, tiny_model};

#[test]
fn a_model_is_described_as_text_and_as_json() {
    let sandbox = Sandbox::new();
    let model = tiny_model();
    let text = sandbox.ok(&["model", &model]);
    let value = |name: &str| {
        let mut lines = text.lines();
        let line = lines.find(|line| line.starts_with(&format!("{name} ")));
        line.map(|line| line[13..].to_owned())
    };
    let folder = fs::canonicalize(&model).unwrap();
    assert_eq!(value("model"), Some(folder.display().to_string()));
    assert_eq!(value("folder"), None);
    assert_eq!(value("modules").unwrap(), "mean pooling, Normalize");
    assert_eq!(value("embedding").unwrap(), "32 values");
    assert_eq!(value("precision").unwrap(), "f32 or int8 on a CPU");
    assert!(
        value("prompts")
            .unwrap()
            .starts_with("“query: ” before queries")
    );
    // Paths and fingerprints cannot be broken.
    let breaks = |line: &&str| !line.starts_with("model ") && !line.starts_with("fingerprint ");
    assert!(
        text.lines()
            .filter(breaks)
            .all(|line| line.chars().count() <= 80),
        "{text}"
    );

    let document = sandbox.json(&["model", "--json", &model]);
    assert_eq!(document["document"]["architecture"], "bert");
    assert_eq!(document["document"]["sizes"]["layers"], 2);
    assert_eq!(
        document["document"]["modules"],
        json!(["mean pooling", "Normalize"])
    );
    assert_eq!(document["dim"], 32);
    assert_eq!(document["query"], Value::Null);
    assert_eq!(document["cpu_precisions"], json!(["f32", "int8"]));
    assert_eq!(document.get("comparison"), None);
    let int8 = sandbox.json(&["model", "--json", "--precision", "int8", &model]);
    assert_eq!(int8["precision"], "int8");
    // A library records the precision beside the fingerprint.
    assert_eq!(int8["fingerprint"], document["fingerprint"]);
}

#[test]
fn what_is_followed_in_part_is_a_note() {
    let sandbox = Sandbox::new();
    copy_model(&sandbox.path("m"));
    // More tokens than the model has positions for.
    let settings = r#"{"max_seq_length": 4096, "do_lower_case": false}"#;
    sandbox.write("m/sentence_bert_config.json", settings);
    let text = sandbox.ok(&["model", "m"]);
    assert!(text.contains("\nnote         "), "{text}");
    assert!(text.contains("4096"), "{text}");
    let document = sandbox.json(&["model", "--json", "m"]);
    assert_eq!(document["notes"].as_array().unwrap().len(), 1);
    let positions = &document["document"]["sizes"]["positions"];
    assert_eq!(&document["max_tokens"], positions);
    assert_eq!(&document["max_query_tokens"], positions);
}

#[test]
fn a_model_that_does_not_run_is_an_error() {
    let sandbox = Sandbox::new();
    let message = sandbox.fails(&["model", "missing"]);
    assert!(message.contains("missing"), "{message}");
    fs::create_dir(sandbox.path("empty")).unwrap();
    let message = sandbox.fails(&["model", "empty"]);
    assert!(message.contains("config.json"), "{message}");
}

#[test]
fn embeddings_are_compared_with_given_ones() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "graph and proof\nthe enzyme\na galaxy\n");
    let model = tiny_model();
    sandbox.ok(&[
        "embed", "--model", &model, "--input", "a.txt", "--output", "a.npy",
    ]);
    let compare = |given: &str, more: &[&str]| {
        let mut arguments = vec!["model", "--compare", given, "--input", "a.txt"];
        arguments.extend(more);
        arguments.push(&model);
        sandbox.command(&arguments).output().unwrap()
    };
    let output = compare("a.npy", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let verdict = "verdict      the same: no value differs by 5e-5 or more\n";
    assert!(text.ends_with(verdict), "{text}");
    assert!(
        text.contains("compared     3 texts with `a.npy`\n"),
        "{text}"
    );

    // Values of float64, of which the second row is another text.
    let rows: Array2<f32> = read_npy(sandbox.path("a.npy")).unwrap();
    let mut wide = rows.mapv(f64::from);
    wide.row_mut(1).assign(&rows.row(2).mapv(f64::from));
    write_npy(sandbox.path("wide.npy"), &wide).unwrap();
    let output = compare("wide.npy", &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "error: the embeddings differ from the given ones\n"
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let comparison = &document["comparison"];
    assert_eq!(comparison["verdict"], "different");
    assert_eq!(comparison["greatest_difference_in"], 2);
    assert_eq!(comparison["least_cosine_in"], 2);
    assert_eq!(
        (&comparison["texts"], &comparison["dim"]),
        (&json!(3), &json!(32))
    );

    // The model has a prompt for queries.
    assert_eq!(compare("a.npy", &["--query"]).status.code(), Some(1));

    let fewer = rows.slice(ndarray::s![..2, ..]).to_owned();
    write_npy(sandbox.path("fewer.npy"), &fewer).unwrap();
    let expected = "error: `fewer.npy` has 2 rows of 32 values, expected 3 rows of 32 values: one for \
                    each text\n";
    assert_eq!(stderr(&compare("fewer.npy", &[])), expected);
    write_npy(sandbox.path("whole.npy"), &Array2::<i32>::zeros((3, 32))).unwrap();
    let message = stderr(&compare("whole.npy", &[]));
    assert!(message.contains("expected float32 or float64"), "{message}");
    sandbox.write("text.npy", "no matrix");
    let message = stderr(&compare("text.npy", &[]));
    assert_eq!(
        message,
        "error: `text.npy` is not a .npy file, expected a matrix of float32 or float64 as NumPy saves it\n"
    );
}

#[test]
fn a_cross_encoder_has_no_embeddings() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "graph\n");
    write_npy(sandbox.path("a.npy"), &Array2::<f32>::zeros((1, 32))).unwrap();
    let model = fixture("cross_encoders/bert");
    let text = sandbox.ok(&["model", &model]);
    assert!(text.contains("\nkind         cross-encoder, "), "{text}");
    assert!(!text.contains("embedding"), "{text}");
    let message = sandbox.fails(&["model", "--compare", "a.npy", "--input", "a.txt", &model]);
    assert!(message.contains("is a cross-encoder"), "{message}");
}
