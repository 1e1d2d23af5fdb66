//! Files that `--output` names: what they are stays, and what they hold is complete.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use crate::sandbox::{Sandbox, stderr};

/// Exports the library to `path` and returns what was printed on stderr.
#[track_caller]
fn export(sandbox: &Sandbox, path: &str) -> String {
    let arguments = [
        "export",
        "--library",
        "L",
        "--format",
        "jsonl",
        "--force",
        "--output",
        path,
    ];
    let output = sandbox.command(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    stderr(&output)
}

/// Returns the names of the files in a folder of the sandbox, without those of the library.
fn names(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(sandbox.path(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let own = ["L", "papers.jsonl", "huggingface", "cache"];
    let mut names: Vec<String> = names.filter(|name| !own.contains(&name.as_str())).collect();
    names.sort();
    names
}

#[test]
fn a_file_called_part_survives_and_no_temporary_file_is_left() {
    let sandbox = Sandbox::with_library(3);
    let lines = sandbox.ok(&["export", "--library", "L"]);
    sandbox.write("out.jsonl.part", "precious");
    sandbox.write("victim", "secret");
    symlink("victim", sandbox.path("other.jsonl.part")).unwrap();
    export(&sandbox, "out.jsonl");
    export(&sandbox, "other.jsonl");
    let read = |name: &str| fs::read_to_string(sandbox.path(name)).unwrap();
    assert_eq!(read("out.jsonl"), lines);
    assert_eq!(read("other.jsonl"), lines);
    assert_eq!(read("out.jsonl.part"), "precious");
    assert_eq!(read("victim"), "secret");
    let left = [
        "other.jsonl",
        "other.jsonl.part",
        "out.jsonl",
        "out.jsonl.part",
        "victim",
    ];
    assert_eq!(names(&sandbox, "."), left);
}

#[test]
fn a_file_that_is_replaced_keeps_its_permissions_and_a_new_one_has_the_usual_ones() {
    let sandbox = Sandbox::with_library(3);
    let mode = |name: &str| {
        let metadata = fs::metadata(sandbox.path(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    sandbox.write("usual", "");
    export(&sandbox, "new.jsonl");
    assert_eq!(mode("new.jsonl"), mode("usual"));
    for permissions in [0o640, 0o600, 0o755] {
        let old = fs::Permissions::from_mode(permissions);
        fs::set_permissions(sandbox.path("new.jsonl"), old).unwrap();
        export(&sandbox, "new.jsonl");
        assert_eq!(mode("new.jsonl"), permissions);
    }
}

#[test]
fn the_file_behind_a_link_is_written_and_the_link_stays() {
    let sandbox = Sandbox::with_library(3);
    let lines = sandbox.ok(&["export", "--library", "L"]);
    fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.write("folder/old", "old");
    symlink("folder/old", sandbox.path("to-old")).unwrap();
    symlink("to-old", sandbox.path("to-link")).unwrap();
    symlink("folder/new", sandbox.path("to-nothing")).unwrap();
    for (link, file) in [("to-link", "folder/old"), ("to-nothing", "folder/new")] {
        export(&sandbox, link);
        let metadata = fs::symlink_metadata(sandbox.path(link)).unwrap();
        assert!(metadata.is_symlink(), "{link}");
        assert_eq!(fs::read_to_string(sandbox.path(file)).unwrap(), lines);
    }
    assert_eq!(names(&sandbox, "folder"), ["new", "old"]);
}

#[test]
fn a_pipe_is_written_as_it_is() {
    let sandbox = Sandbox::with_library(3);
    let lines = sandbox.ok(&["export", "--library", "L"]);
    let pipe = sandbox.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let mut reader = Command::new("cat");
    let reader = reader.arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
    export(&sandbox, "pipe");
    assert_eq!(reader.wait_with_output().unwrap().stdout, lines.as_bytes());
    let metadata = fs::symlink_metadata(&pipe).unwrap();
    assert!(metadata.file_type().is_fifo());
    // The standard output of a process is a pipe under a name.
    let arguments = ["export", "--library", "L", "--output", "/dev/stdout"];
    assert_eq!(sandbox.ok(&arguments), lines);
}

#[test]
#[ignore = "needs root, to make a device"]
fn a_device_is_written_as_it_is() {
    let sandbox = Sandbox::with_library(3);
    // A copy of the null device.
    let device = sandbox.path("null");
    let mut make = Command::new("mknod");
    let made = make.arg(&device).args(["c", "1", "3"]).status().unwrap();
    assert!(made.success());
    export(&sandbox, "null");
    let metadata = fs::symlink_metadata(&device).unwrap();
    assert!(metadata.file_type().is_char_device());
    let arguments = ["embed", "--model", &crate::sandbox::tiny_model()];
    sandbox.write("texts.txt", "one\n");
    let files = ["--input", "texts.txt", "--output", "null"];
    sandbox.ok(&[&arguments[..], &files].concat());
    assert!(
        fs::symlink_metadata(&device)
            .unwrap()
            .file_type()
            .is_char_device()
    );
}

#[test]
fn a_folder_is_an_error() {
    let sandbox = Sandbox::with_library(3);
    fs::create_dir(sandbox.path("folder")).unwrap();
    let message = sandbox.fails(&[
        "export",
        "--library",
        "L",
        "--output",
        "folder",
        "--format",
        "csv",
    ]);
    assert_eq!(
        message,
        "error: cannot write `folder`: it is a folder, expected a file\n"
    );
}
