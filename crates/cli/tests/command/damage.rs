use std::fs;
use std::process::Command;

use crate::setup::{Desk, copy_model, papers, stderr};

/// Adds papers with a copy of the tiny model that `damage` was done to; what is said.
#[track_caller]
fn with_damaged_model(damage: impl FnOnce(&std::path::Path)) -> String {
    let desk = Desk::new();
    desk.write("papers.jsonl", &papers(0..3));
    copy_model(&desk.path("model"));
    damage(&desk.path("model"));
    let said = desk.fails(&["add", "--library", "L", "--model", "model", "papers.jsonl"]);
    assert!(!desk.path("L").exists(), "no library is made for nothing");
    said.replace(
        &desk
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
fn weights_that_are_missing_or_cut_short_are_named() {
    let said = with_damaged_model(|dir| fs::remove_file(dir.join("model.safetensors")).unwrap());
    assert!(
        said.starts_with("error: `MODEL/model.safetensors` is missing, expected "),
        "{said}"
    );

    let said = with_damaged_model(|dir| {
        let path = dir.join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(
        said.contains(
            "`MODEL/model.safetensors`: the weights cannot be loaded; fetch the file again"
        ),
        "{said}"
    );
}

#[test]
fn unsupported_checkpoints_say_what_is_supported() {
    let said = with_damaged_model(|dir| {
        replace(
            &dir.join("config.json"),
            "\"BertModel\"",
            "\"T5EncoderModel\"",
        );
        replace(&dir.join("config.json"), "\"bert\"", "\"t5\"");
    });
    let expected = "error: `MODEL/config.json`: unsupported architecture `T5EncoderModel`, expected \
                    one of `BertModel`, `RobertaModel`, `XLMRobertaModel`, `CamembertModel`, \
                    `MPNetModel`, `DistilBertModel`, `ModernBertModel`, `NomicBertModel`, \
                    `Qwen3Model`\n";
    assert_eq!(said, expected);

    let said = with_damaged_model(|dir| replace(&dir.join("config.json"), "\"gelu\"", "\"mish\""));
    assert!(
        said.contains("unsupported hidden_act `mish`, expected "),
        "{said}"
    );
}

#[test]
fn a_model_that_cannot_be_found_says_where_it_was_looked_for() {
    let desk = Desk::new();
    desk.write("papers.jsonl", &papers(0..3));
    let said = desk.fails(&[
        "add",
        "--library",
        "L",
        "--model",
        "nobody/nothing",
        "papers.jsonl",
    ]);
    assert!(said.starts_with("error: the model `nobody/nothing` was not found: cache: not in "));
    assert!(
        said.ends_with("; Hub: the network is switched off\n"),
        "{said}"
    );
}

#[test]
fn a_library_of_another_model_is_left_as_it_is() {
    let desk = Desk::with_library(4);
    copy_model(&desk.path("other"));
    // Pooling is part of what makes an embedding.
    let pooling = desk.path("other").join("1_Pooling/config.json");
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
    desk.write("more.jsonl", &papers(4..9));
    for command in [
        &["add", "--library", "L", "--model", "other", "more.jsonl"][..],
        &["search", "--library", "L", "--model", "other", "graph"],
    ] {
        let said = desk.fails(command);
        assert!(
            said.starts_with("error: `L` was made by the model `"),
            "{said}"
        );
        assert!(
            said.ends_with("; use that model, or add the papers to a new library\n"),
            "{said}"
        );
    }
    assert_eq!(desk.count("L"), 4);
    // The same model in another place is the same model.
    copy_model(&desk.path("moved"));
    desk.ok(&["search", "--library", "L", "--model", "moved", "graph"]);
}

#[cfg(unix)]
#[test]
fn a_library_that_may_not_be_written_can_be_read_and_says_so() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let desk = Desk::with_library(5);
    desk.write("more.jsonl", &papers(5..9));
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    // All may look, nobody may write. Root may write all the same, so it runs as nobody.
    copy_model(&desk.path("model"));
    fs::copy(
        assert_cmd::cargo::cargo_bin!("cognate"),
        desk.path("cognate"),
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
        let mut command = Command::new(desk.path("cognate"));
        command
            .current_dir(desk.path(""))
            .env("HF_HUB_OFFLINE", "1")
            .env("HOME", desk.path(""));
        if fs::metadata("/proc/self").is_ok_and(|own| {
            use std::os::unix::fs::MetadataExt;
            own.uid() == 0
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
        let said = stderr(&output);
        assert_eq!(
            said,
            "error: cannot write `L/lock`: Permission denied (os error 13)\n"
        );
    }
    mode("L", 0o755);
    assert_eq!(desk.count("L"), 5);
}

/// Runs the command where no file may grow beyond `blocks` of 512 or 1024 bytes: writing fails
/// as it does on a full disk.
#[cfg(unix)]
fn with_small_disk(desk: &Desk, blocks: u32, arguments: &[&str]) -> std::process::Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let cognate = desk.command(arguments);
    let mut command = Command::new("sh");
    command
        .current_dir(desk.path(""))
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
fn a_full_disk_is_an_error_and_what_was_committed_stays() {
    let desk = Desk::with_library(20);
    let before = desk.ok(&["related", "--library", "L", "-k", "20", "paper-1"]);
    desk.write("more.jsonl", &papers(20..4000));
    // At some sizes the vectors fail, at others the table or its journal.
    for blocks in [1, 4, 8, 16, 64] {
        let output = with_small_disk(&desk, blocks, &["add", "--library", "L", "more.jsonl"]);
        assert_eq!(output.status.code(), Some(1), "{blocks}");
        let said = stderr(&output);
        assert!(
            said.starts_with("error: ") && !said.contains("panicked"),
            "{said}"
        );
        assert!(said.contains("`L"), "it names the place: {said}");
        let count = desk.count("L");
        let k = count.to_string();
        let hits = desk.json(&["related", "--library", "L", "--json", "-k", &k, "paper-1"]);
        assert_eq!(hits["hits"].as_array().unwrap().len() as u64, count - 1);
        if count == 20 {
            assert_eq!(
                desk.ok(&["related", "--library", "L", "-k", "20", "paper-1"]),
                before
            );
        }
    }
    // With room again, the same command finishes the work.
    desk.ok(&["add", "--library", "L", "more.jsonl"]);
    assert_eq!(desk.count("L"), 4000);
}

#[test]
fn a_model_that_was_moved_away_is_named() {
    let desk = Desk::new();
    desk.write("papers.jsonl", &papers(0..3));
    copy_model(&desk.path("model"));
    desk.ok(&["add", "--library", "L", "--model", "model", "papers.jsonl"]);
    let dir = desk.path("model").canonicalize().unwrap();
    fs::rename(desk.path("model"), desk.path("elsewhere")).unwrap();
    let said = desk.fails(&["search", "--library", "L", "graph"]);
    assert!(
        said.contains(&format!("the model `{}` was not found", dir.display())),
        "{said}"
    );
    desk.ok(&[
        "search",
        "--library",
        "L",
        "--model",
        "elsewhere",
        "-k",
        "1",
        "graph",
    ]);
    // What needs no model goes on without.
    desk.ok(&["related", "--library", "L", "-k", "1", "paper-1"]);
}
