//! Models that are downloaded, from a server on the loopback interface.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use cognate_testing::{HttpServer, hub_server};

use crate::sandbox::{Sandbox, papers, stderr, tiny_model};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn hub(commit: &str) -> HttpServer {
    hub_server(Path::new(&tiny_model()), commit, |_, reply| reply)
}

/// Prepares the command to run with a mirror of the Hub, and without Python, which could fetch a
/// wheel.
fn online(sandbox: &Sandbox, hub: &HttpServer, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    command
        .env_remove("HF_HUB_OFFLINE")
        .env_remove("HF_TOKEN")
        .env("HF_ENDPOINT", hub.url())
        .env("NO_PROXY", "127.0.0.1")
        .env("PATH", "");
    command
}

fn run(sandbox: &Sandbox, hub: &HttpServer, arguments: &[&str]) -> Output {
    online(sandbox, hub, arguments).output().unwrap()
}

/// Makes the library `L` with a model of the Hub, and forgets the model.
fn library_of_a_stranger(hub: &HttpServer) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.jsonl", &papers(0..4));
    let add = ["add", "--library", "L", "--model", "some/model", "a.jsonl"];
    // The user chose this model by naming it.
    let output = run(&sandbox, hub, &add);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("downloaded `some/model`"));
    for cache in ["huggingface", "cache"] {
        fs::remove_dir_all(sandbox.path(cache)).unwrap();
    }
    sandbox
}

#[test]
fn the_model_that_a_library_names_is_downloaded_only_with_permission() {
    let hub = hub(COMMIT);
    let sandbox = library_of_a_stranger(&hub);
    sandbox.write("more.jsonl", &papers(4..6));
    let before = hub.requests().len();
    for arguments in [
        &["search", "--library", "L", "graph"][..],
        &["related", "--library", "L", "--explain", "paper-1"],
        &["add", "--library", "L", "more.jsonl"],
        &["upgrade", "--library", "L"],
    ] {
        let output = run(&sandbox, &hub, arguments);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            stderr(&output),
            "error: the library uses the model `some/model`, which is not in the cache: use --fetch \
             to download it, or --model to name a folder that has it\n"
        );
    }
    assert_eq!(hub.requests().len(), before, "nothing was asked for");

    // What needs no model works without it.
    let output = run(&sandbox, &hub, &["related", "--library", "L", "paper-1"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(hub.requests().len(), before);

    let output = run(
        &sandbox,
        &hub,
        &["search", "--library", "L", "--fetch", "graph"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let after = hub.requests().len();
    assert!(after > before);
    // Once it is in the cache, the option is not needed.
    let output = run(&sandbox, &hub, &["search", "--library", "L", "graph"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    assert_eq!(hub.requests().len(), after);
}

#[test]
fn a_folder_in_place_of_the_model_needs_no_permission() {
    let hub = hub(COMMIT);
    let sandbox = library_of_a_stranger(&hub);
    let before = hub.requests().len();
    let model = tiny_model();
    let search = ["search", "--library", "L", "--model", &model, "graph"];
    let output = run(&sandbox, &hub, &search);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(hub.requests().len(), before);
}

#[test]
fn a_default_model_that_is_not_the_real_one_is_refused_at_every_run() {
    // The revision of the default model, with other files.
    let hub = hub("c9745ed1d9f207416be6d2e6f8de32d1f16199bf");
    let sandbox = Sandbox::new();
    sandbox.write("a.jsonl", &papers(0..2));
    for _ in 0..2 {
        let output = run(&sandbox, &hub, &["add", "--library", "L", "a.jsonl"]);
        assert_eq!(output.status.code(), Some(1));
        let message = stderr(&output);
        assert!(message.contains("has SHA-256"), "{message}");
        assert!(message.contains("expected 4be450dde3b0273b"), "{message}");
        assert!(!sandbox.path("L").exists());
    }
}

#[test]
fn a_cached_file_that_was_changed_is_named_and_removed() {
    let hub = hub(COMMIT);
    let sandbox = Sandbox::new();
    sandbox.write("a.jsonl", &papers(0..4));
    let add = ["add", "--library", "L", "--model", "some/model", "a.jsonl"];
    let output = run(&sandbox, &hub, &add);
    assert!(output.status.success(), "{}", stderr(&output));

    let snapshot = sandbox.path("huggingface/hub/models--some--model/snapshots");
    let config = snapshot.join(COMMIT).join("config.json");
    let changed = fs::read_to_string(&config).unwrap().replace("gelu", "relu");
    fs::write(&config, changed).unwrap();
    let search = ["search", "--library", "L", "graph"];
    // Without the network, nothing else can be done.
    let output = sandbox.command(&search).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    let name = format!("`{}` has SHA-256 ", config.display());
    assert!(message.contains(&name), "{message}");
    assert!(message.contains("has been removed"), "{message}");
    assert!(fs::symlink_metadata(&config).is_err());
    let output = run(&sandbox, &hub, &search);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("use --fetch"),
        "{}",
        stderr(&output)
    );
    let fetch = ["search", "--library", "L", "--fetch", "graph"];
    let output = run(&sandbox, &hub, &fetch);
    assert!(output.status.success(), "{}", stderr(&output));
}
