use std::process::Stdio;

use crate::sandbox::{Sandbox, stderr};

#[test]
fn the_environment_variable_names_the_library() {
    let sandbox = Sandbox::with_library(5);
    let output = sandbox
        .command(&["info", "--json"])
        .env("COGNATE_LIBRARY", sandbox.path("L"))
        .output()
        .unwrap();
    assert!(output.status.success());
}

#[test]
fn wrong_usage_exits_with_status_2_and_help_with_0() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["search", "text"][..],
        &["find", "text"],
        &["search", "--library", "L", "-k", "many", "text"],
        &["add", "--library", "L", "--precision", "int4", "f.jsonl"],
        &["add", "--library", "L", "--device", "gpu", "f.jsonl"],
        &["related", "--library", "L"],
        &["search", "--library", "L", "--year", "soon", "text"],
    ] {
        let output = sandbox.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
    for command in [
        "add",
        "search",
        "related",
        "list",
        "missed",
        "info",
        "check",
        "compact",
        "upgrade",
        "remove",
        "export",
        "duplicates",
        "topics",
        "map",
        "eval",
        "embed",
        "model",
    ] {
        assert!(sandbox.ok(&[command, "--help"]).contains("Usage: cognate"));
    }
    assert!(sandbox.ok(&["--version"]).starts_with("cognate 0."));
}

#[cfg(unix)]
#[test]
fn a_reader_that_closes_the_pipe_early_is_not_an_error() {
    let sandbox = Sandbox::with_library(40);
    let mut child = sandbox
        .command(&["search", "--library", "L", "-k", "40", "graph"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
}
