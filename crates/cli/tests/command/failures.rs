use std::fs;
use std::process::Command;

use crate::sandbox::{Sandbox, copy_model, papers, stderr};

/// Damages a copy of the tiny model, asserts that adding papers with it fails, and returns the
/// message with the model's folder replaced by `MODEL`.
#[track_caller]
fn with_damaged_model(damage: impl FnOnce(&std::path::Path)) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("papers.jsonl", &papers(0..3));
    copy_model(&sandbox.path("model"));
    damage(&sandbox.path("model"));
    let message = sandbox.fails(&["add", "--library", "L", "--model", "model", "papers.jsonl"]);
    assert!(!sandbox.path("L").exists(), "no library is created");
    message.replace(
        &sandbox
            .path("model")
            .canonicalize()
            .unwrap()
            .display()
            .to_string(),
        "MODEL",
    )
}

fn replace(path: &std::path::Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn missing_or_truncated_weights_are_named() {
    let message = with_damaged_model(|dir| fs::remove_file(dir.join("model.safetensors")).unwrap());
    assert!(
        message.starts_with("error: `MODEL/model.safetensors` is missing, expected "),
        "{message}"
    );

    let message = with_damaged_model(|dir| {
        let path = dir.join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(
        message.contains(
            "`MODEL/model.safetensors`: the weights cannot be loaded; fetch the file again"
        ),
        "{message}"
    );
}

#[test]
fn an_unsupported_checkpoint_is_rejected_with_what_is_supported() {
    let message = with_damaged_model(|dir| {
        replace(
            &dir.join("config.json"),
            "\"BertModel\"",
            "\"LongT5EncoderModel\"",
        );
        replace(&dir.join("config.json"), "\"bert\"", "\"longt5\"");
    });
    let expected = "error: `MODEL/config.json`: unsupported architecture `LongT5EncoderModel`, expected \
                    one of `BertModel`, `RobertaModel`, `XLMRobertaModel`, `CamembertModel`, \
                    `MPNetModel`, `DistilBertModel`, `ModernBertModel`, `NomicBertModel`, \
                    `Qwen3Model`, `Qwen2Model`, `MistralModel`, `LlamaModel`, \
                    `Gemma3TextModel`, `NewModel`, `GteModel`, `JinaBertModel`, `T5Model`, \
                    `DebertaV2Model`\n";
    assert_eq!(message, expected);

    let message =
        with_damaged_model(|dir| replace(&dir.join("config.json"), "\"gelu\"", "\"mish\""));
    assert!(
        message.contains("unsupported hidden_act `mish`, expected "),
        "{message}"
    );
}

#[test]
fn the_places_searched_for_a_missing_model_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write("papers.jsonl", &papers(0..3));
    let message = sandbox.fails(&[
        "add",
        "--library",
        "L",
        "--model",
        "nobody/nothing",
        "papers.jsonl",
    ]);
    assert!(message.starts_with("error: the model `nobody/nothing` was not found: cache: not in "));
    assert!(
        message.ends_with("; Hub: the network is switched off\n"),
        "{message}"
    );
}

#[test]
fn a_library_rejects_another_model_and_stays_unchanged() {
    let sandbox = Sandbox::with_library(4);
    copy_model(&sandbox.path("other"));
    // Pooling changes the embeddings.
    let pooling = sandbox.path("other").join("1_Pooling/config.json");
    replace(
        &pooling,
        "\"pooling_mode_cls_token\": false",
        "\"pooling_mode_cls_token\": true",
    );
    replace(
        &pooling,
        "\"pooling_mode_mean_tokens\": true",
        "\"pooling_mode_mean_tokens\": false",
    );
    sandbox.write("more.jsonl", &papers(4..9));
    for command in [
        &["add", "--library", "L", "--model", "other", "more.jsonl"][..],
        &["search", "--library", "L", "--model", "other", "graph"],
    ] {
        let message = sandbox.fails(command);
        assert!(
            message.starts_with("error: `L` was made by the model `"),
            "{message}"
        );
        assert!(
            message.ends_with("; use that model, or upgrade the library\n"),
            "{message}"
        );
    }
    assert_eq!(sandbox.count("L"), 4);
    // The same model in another folder is accepted.
    copy_model(&sandbox.path("moved"));
    sandbox.ok(&["search", "--library", "L", "--model", "moved", "graph"]);
}

#[cfg(unix)]
#[test]
fn a_read_only_library_can_be_searched_and_rejects_writes() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let sandbox = Sandbox::with_library(5);
    sandbox.write("more.jsonl", &papers(5..9));
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(sandbox.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    // Everybody may read and nobody may write. Root ignores permissions, so root runs the command as
    // the user `nobody`.
    copy_model(&sandbox.path("model"));
    fs::copy(
        assert_cmd::cargo::cargo_bin!("cognate"),
        sandbox.path("cognate"),
    )
    .unwrap();
    for (name, bits) in [
        ("", 0o755),
        ("L", 0o555),
        ("L/lock", 0o444),
        ("L/papers.sqlite", 0o444),
    ] {
        mode(name, bits);
    }
    let run = |arguments: &[&str]| {
        let mut command = Command::new(sandbox.path("cognate"));
        command
            .current_dir(sandbox.path(""))
            .env("HF_HUB_OFFLINE", "1")
            .env("HOME", sandbox.path(""));
        if fs::metadata("/proc/self").is_ok_and(|process| {
            use std::os::unix::fs::MetadataExt;
            process.uid() == 0
        }) {
            command.uid(65534).gid(65534);
        }
        command.args(arguments).output().unwrap()
    };
    let output = run(&["related", "--library", "L", "paper-1", "-k", "2"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let add = run(&["add", "--library", "L", "--model", "model", "more.jsonl"]);
    let remove = run(&["remove", "--library", "L", "paper-1"]);
    for output in [add, remove] {
        assert_eq!(output.status.code(), Some(1));
        let message = stderr(&output);
        assert_eq!(
            message,
            "error: cannot write `L/lock`: Permission denied (os error 13)\n"
        );
    }
    // A process that was killed left commits in the log.
    mode("L", 0o755);
    sandbox.write("L/papers.sqlite-wal", "commits");
    mode("L/papers.sqlite-wal", 0o444);
    mode("L", 0o555);
    let output = run(&["related", "--library", "L", "paper-1", "-k", "2"]);
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(
        message.contains("commits are in `L/papers.sqlite-wal`")
            && message.contains("open the library once where it can be written"),
        "{message}"
    );
    mode("L", 0o755);
    fs::remove_file(sandbox.path("L/papers.sqlite-wal")).unwrap();
    assert_eq!(sandbox.count("L"), 5);
}

/// Runs the command with file sizes limited to `blocks` of 512 or 1024 bytes, so that writing fails
/// as it does on a full disk.
#[cfg(unix)]
fn with_small_disk(sandbox: &Sandbox, blocks: u32, arguments: &[&str]) -> std::process::Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let cognate = sandbox.command(arguments);
    let mut command = Command::new("sh");
    command
        .current_dir(sandbox.path(""))
        .args(["-c", &script])
        .arg(cognate.get_program());
    for (name, value) in cognate.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.args(arguments).output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_committed_papers_stay() {
    let sandbox = Sandbox::with_library(20);
    let before = sandbox.ok(&["related", "--library", "L", "-k", "20", "paper-1"]);
    sandbox.write("more.jsonl", &papers(20..4000));
    // Depending on the limit, writing the vectors fails, or the database or its journal.
    for blocks in [1, 4, 8, 16, 64] {
        let output = with_small_disk(&sandbox, blocks, &["add", "--library", "L", "more.jsonl"]);
        assert_eq!(output.status.code(), Some(1), "{blocks}");
        let message = stderr(&output);
        assert!(
            message.starts_with("error: ") && !message.contains("panicked"),
            "{message}"
        );
        assert!(message.contains("`L"), "the library is named: {message}");
        let count = sandbox.count("L");
        let k = count.to_string();
        let hits = sandbox.json(&["related", "--library", "L", "--json", "-k", &k, "paper-1"]);
        assert_eq!(hits["hits"].as_array().unwrap().len() as u64, count - 1);
        if count == 20 {
            assert_eq!(
                sandbox.ok(&["related", "--library", "L", "-k", "20", "paper-1"]),
                before
            );
        }
    }
    // Once there is space, the same command completes the work.
    sandbox.ok(&["add", "--library", "L", "more.jsonl"]);
    assert_eq!(sandbox.count("L"), 4000);
}

#[test]
fn a_model_that_has_moved_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("papers.jsonl", &papers(0..3));
    copy_model(&sandbox.path("model"));
    sandbox.ok(&["add", "--library", "L", "--model", "model", "papers.jsonl"]);
    let dir = sandbox.path("model").canonicalize().unwrap();
    fs::rename(sandbox.path("model"), sandbox.path("elsewhere")).unwrap();
    let message = sandbox.fails(&["search", "--library", "L", "graph"]);
    assert!(
        message.contains(&format!("the model `{}` was not found", dir.display())),
        "{message}"
    );
    sandbox.ok(&[
        "search",
        "--library",
        "L",
        "--model",
        "elsewhere",
        "-k",
        "1",
        "graph",
    ]);
    // A command that needs no model still works.
    sandbox.ok(&["related", "--library", "L", "-k", "1", "paper-1"]);
}
