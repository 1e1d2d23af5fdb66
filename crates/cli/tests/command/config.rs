use std::fs;

use crate::sandbox::{Sandbox, stderr};

#[test]
fn keys_are_set_listed_and_removed_and_comments_stay() {
    let sandbox = Sandbox::with_library(3);
    assert_eq!(sandbox.ok(&["config", "list"]), "");
    sandbox.write(
        "config.toml",
        "# Mine.\ndefault-library = \"old\" # for now\n",
    );
    sandbox.ok(&["config", "set", "libraries.work", "L"]);
    sandbox.ok(&["config", "set", "default-library", "work"]);
    let folder = sandbox.path("L").display().to_string();
    let text = fs::read_to_string(sandbox.path("config.toml")).unwrap();
    assert_eq!(
        text,
        format!(
            "# Mine.\ndefault-library = \"work\" # for now\n\n[libraries]\nwork = \"{folder}\"\n"
        )
    );
    assert_eq!(
        sandbox.ok(&["config", "list"]),
        format!("default-library = work\nlibraries.work = {folder}\n")
    );
    assert_eq!(
        sandbox.ok(&["config", "get", "libraries.work"]),
        format!("{folder}\n")
    );
    sandbox.ok(&["config", "unset", "default-library"]);
    let missing = "error: `default-library` is not set\n";
    assert_eq!(
        sandbox.fails(&["config", "get", "default-library"]),
        missing
    );
    assert_eq!(
        sandbox.fails(&["config", "unset", "default-library"]),
        missing
    );
}

#[test]
fn a_new_file_is_made_with_its_folder() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .command(&["config", "set", "default-library", "papers"])
        .env("COGNATE_CONFIG", sandbox.path("a/b/config.toml"))
        .output()
        .unwrap();
    assert!(output.status.success());
    let folder = sandbox.path("papers");
    let folder = folder.display();
    assert_eq!(
        stderr(&output),
        format!("`{folder}` is not a library yet; `cognate add` makes one there\n")
    );
    let text = fs::read_to_string(sandbox.path("a/b/config.toml")).unwrap();
    assert_eq!(text, format!("default-library = \"{folder}\"\n"));
}

#[test]
fn the_default_place_is_the_folder_of_configurations() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["config", "path"]);
    command.env_remove("COGNATE_CONFIG");
    command.env("XDG_CONFIG_HOME", sandbox.path("xdg"));
    let output = command.output().unwrap();
    let path = sandbox.path("xdg/cognate/config.toml");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("{}\n", path.display())
    );
}

#[test]
fn wrong_keys_and_values_exit_with_status_2() {
    let sandbox = Sandbox::new();
    for (arguments, message) in [
        (
            ["set", "library", "L"],
            "expected `default-library` or `libraries.NAME`",
        ),
        (["set", "libraries.a/b", "L"], "`a/b` is not a name"),
        (
            ["set", "default-library", ""],
            "`default-library` is empty, expected a folder",
        ),
        (
            ["set", "default-library", "~ada/L"],
            "only `~/` stands for one",
        ),
    ] {
        let arguments = [&["config"], &arguments[..]].concat();
        let output = sandbox.command(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
    assert!(!sandbox.path("config.toml").exists());
}
