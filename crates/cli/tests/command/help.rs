//! Help, examples, completions, man pages, and how much is printed.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::sandbox::{Sandbox, stderr, tiny_model};

/// The commands, as the main help lists them.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.ok(&["--help"]);
    let command = |line: &str| {
        let line = line.strip_prefix("  ")?;
        let is_name = line.starts_with(|c: char| c.is_ascii_lowercase());
        is_name.then(|| line.split(' ').next().unwrap_or_default().to_owned())
    };
    let names = help.lines().take_while(|line| *line != "Global options:");
    names
        .filter_map(command)
        .filter(|name| name != "help")
        .collect()
}

/// The examples in the help of a command.
fn examples(sandbox: &Sandbox, command: &str) -> Vec<String> {
    let help = sandbox.ok(&[command, "--help"]);
    let (_, examples) = help.split_once("\nExamples:\n").unwrap();
    let lines = examples.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .filter(|line| line.contains("cognate"))
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Runs a line of bash in the sandbox, where `cognate` is the command.
fn bash(sandbox: &Sandbox, line: &str) -> Output {
    shell(sandbox, "bash", &["-c", line])
}

fn shell(sandbox: &Sandbox, shell: &str, arguments: &[&str]) -> Output {
    let cognate = sandbox.command(&[]);
    let folder = Path::new(cognate.get_program()).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(shell);
    for (name, value) in cognate.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .current_dir(sandbox.path(""))
        .env("PATH", format!("{}:{path}", folder.display()))
        .args(arguments)
        .output()
        .unwrap()
}

/// Examples that need a model which a test cannot download, or a program that may be missing.
const NOT_RUN: &[&str] = &[
    "--model",
    "--save",
    "cognate model",
    "cognate embed",
    "--corpus",
    "man -l",
    "cognate open",
    "cognate serve",
    "claude mcp",
];

#[test]
fn every_example_works() {
    let sandbox = Sandbox::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/papers.jsonl");
    sandbox.write("papers.jsonl", &fs::read_to_string(data).unwrap());
    sandbox.write(
        "references.bib",
        "@article{a, title = {Weak ties}, year = {2001}}\n",
    );
    sandbox.write(
        "draft.tex",
        "\\begin{document}Networks are small \\cite{a}.\\end{document}\n",
    );
    sandbox.write("notes.md", "Networks are small.\n");
    sandbox.write("qrels.tsv", "q1\twatts1998collective\t1\n");
    sandbox.write("q.jsonl", "{\"id\": \"q1\", \"text\": \"small worlds\"}\n");
    sandbox.write("run", "q1 Q0 watts1998collective 1 0.5 theirs\n");
    sandbox.write("theirs.run", "q1 Q0 watts1998collective 1 0.5 theirs\n");
    let model = tiny_model();
    for library in ["papers", "more"] {
        sandbox.ok(&[
            "add",
            "--library",
            library,
            "--model",
            &model,
            "papers.jsonl",
        ]);
    }
    assert!(bash(&sandbox, "gzip --keep papers.jsonl").status.success());
    sandbox.ok(&["config", "set", "default-library", "papers"]);
    let mut commands = commands(&sandbox);
    assert!(commands.len() > 15);
    // What removes papers comes last.
    commands.sort_by_key(|name| name == "remove");
    for command in commands {
        let examples = examples(&sandbox, &command);
        assert!((3..=5).contains(&examples.len()), "{command}: {examples:?}");
        for line in examples {
            if !NOT_RUN.iter().any(|part| line.contains(part)) {
                let output = bash(&sandbox, &line);
                assert!(output.status.success(), "{line}: {}", stderr(&output));
            }
        }
    }
    assert!(sandbox.path("share/man/man1/cognate-search.1").exists());
}

#[test]
fn the_short_help_fits_a_screen() {
    let sandbox = Sandbox::new();
    for command in commands(&sandbox).iter().map(String::as_str).chain([""]) {
        let arguments = [command, "-h"];
        let arguments = &arguments[usize::from(command.is_empty())..];
        let output = sandbox
            .command(arguments)
            .env("COLUMNS", "80")
            .output()
            .unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        let lines = help.lines().count();
        // The list of all commands is longer than the help of any.
        let limit = if command.is_empty() { 47 } else { 42 };
        assert!(
            lines <= limit,
            "{command}: {lines}
{help}"
        );
        assert!(
            help.lines().all(|line| line.chars().count() <= 80),
            "{help}"
        );
    }
}

#[test]
fn help_has_headings_values_environment_and_exit_status() {
    let sandbox = Sandbox::new();
    let help = sandbox.ok(&["search", "--help"]);
    for part in [
        "\nFilters:\n",
        "\nRanking:\n",
        "\nOutput:\n",
        "\nModel:\n",
        "\nLibrary:\n",
        "[possible values: vector, keyword, hybrid]",
        "[possible values: z-score, rrf]",
        "[possible values: json, jsonl, csv, bibtex, ris, csl-json, markdown]",
    ] {
        assert!(help.contains(part), "{part}");
    }
    let help = sandbox.ok(&["--help"]);
    for part in [
        "\nEnvironment:\n",
        "COGNATE_LIBRARY",
        "\nExit status:\n",
        "\nFind papers:\n",
    ] {
        assert!(help.contains(part), "{part}");
    }
    let help = sandbox.ok(&["related", "--help"]);
    assert!(help.contains("[possible values: rocchio, nearest-example, svm]"));
}

#[test]
fn the_command_alone_prints_first_steps() {
    let text = Sandbox::new().ok(&[]);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    for part in [
        "cognate add",
        "cognate search",
        "cognate related",
        "cognate --help",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn a_typing_error_gets_a_suggestion() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["serch", "text"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("'search'"), "{}", stderr(&output));
}

#[test]
fn the_long_version_names_build_and_folders() {
    let sandbox = Sandbox::new();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(sandbox.ok(&["-V"]), format!("cognate {version}\n"));
    let text = sandbox.ok(&["--version"]);
    assert!(text.starts_with(&format!("cognate {version}\n")), "{text}");
    for line in [
        "\nfeatures   ",
        "\nprocessor  ",
        "\nmodels     ",
        "\ncache      ",
        "\nconfig     ",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains(&sandbox.path("cache").display().to_string()));
}

#[test]
fn verbose_prints_steps_and_quiet_prints_errors_only() {
    let sandbox = Sandbox::with_library(5);
    let run = |arguments: &[&str]| {
        let output = sandbox.command(arguments).output().unwrap();
        (output.stdout.clone(), stderr(&output))
    };
    let search = ["search", "--library", "L", "--format", "jsonl", "graph"];
    let normal = run(&search);
    assert_eq!(normal.1, "");
    let verbose = run(&[&search[..], &["-v"]].concat());
    assert_eq!(verbose.0, normal.0);
    for step in [
        "opened the library `L`",
        "loaded the model",
        "embedded",
        "searched",
        "in all",
    ] {
        assert!(verbose.1.contains(step), "{}", verbose.1);
    }
    let nothing = ["search", "--library", "L", "--year", "1800", "graph"];
    assert!(!run(&nothing).1.is_empty());
    assert_eq!(run(&[&["-q"], &nothing[..]].concat()).1, "");
    assert!(
        run(&["-q", "info", "--library", "N"])
            .1
            .starts_with("error: ")
    );
}

#[test]
fn completions_are_sourced_in_bash_and_complete_commands() {
    let sandbox = Sandbox::new();
    let line = "set -e; source <(cognate completions bash); COMP_WORDS=(cognate sea); COMP_CWORD=1; \
                _cognate cognate sea cognate; echo \"${COMPREPLY[@]}\"; \
                COMP_WORDS=(cognate search --libr); COMP_CWORD=2; \
                _cognate cognate --libr search; echo \"${COMPREPLY[@]}\"; \
                COMP_WORDS=(cognate search --mode ''); COMP_CWORD=3; \
                _cognate cognate '' --mode; echo \"${COMPREPLY[@]}\"";
    let output = bash(&sandbox, line);
    assert_eq!(stderr(&output), "");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "search\n--library\nvector keyword hybrid\n"
    );
}

#[test]
#[ignore = "needs zsh and fish"]
fn completions_are_sourced_in_zsh_and_fish() {
    let sandbox = Sandbox::new();
    sandbox.write("_cognate", &sandbox.ok(&["completions", "zsh"]));
    sandbox.write("cognate.fish", &sandbox.ok(&["completions", "fish"]));
    let zsh =
        "autoload -U compinit; compinit -u -D; source ./_cognate; print ${+functions[_cognate]}";
    let output = shell(&sandbox, "zsh", &["-f", "-c", zsh]);
    assert_eq!(stderr(&output), "");
    assert_eq!(output.stdout, b"1\n");
    let fish = "source cognate.fish; complete --do-complete 'cognate sea'";
    let output = shell(&sandbox, "fish", &["--no-config", "-c", fish]);
    assert_eq!(stderr(&output), "");
    assert!(output.stdout.starts_with(b"search\t"));
}

#[test]
fn man_pages_have_examples_and_one_file_for_each_command() {
    let sandbox = Sandbox::new();
    let page = sandbox.ok(&["man"]);
    assert!(page.contains(".TH cognate 1"), "{page}");
    assert!(page.contains("\n.SH ENVIRONMENT\n") && page.contains("\n.SH \"EXIT STATUS\"\n"));
    let page = sandbox.ok(&["man", "search"]);
    assert!(page.contains("\n.SH EXAMPLES\n"));
    assert!(page.contains("Number of hits that the cross\\-encoder reranks"));
    sandbox.ok(&["man", "--output", "man1"]);
    for command in commands(&sandbox) {
        let page = fs::read_to_string(sandbox.path(&format!("man1/cognate-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
    }
    assert!(
        sandbox
            .fails(&["man", "nothing"])
            .contains("there is no command `nothing`")
    );
}
