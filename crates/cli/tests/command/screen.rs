//! What a person sees at a terminal, which `--color always` prints to a pipe too.

use std::fs;
use std::path::Path;
use std::process::Command;

use unicode_width::UnicodeWidthStr as _;

use crate::sandbox::{Sandbox, stderr, tiny_model};

/// Removes the sequences of styles and links that the command may print.
fn without_sequences(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        let sequence = &rest[at + 1..];
        let length = if let Some(style) = sequence.strip_prefix('[') {
            let end = style.find('m').expect("a style ends with m");
            assert!(style[..end].chars().all(|c| c.is_ascii_digit() || c == ';'));
            end + 2
        } else {
            let link = sequence.strip_prefix("]8;;").expect("a link");
            let end = link.find("\u{1b}\\").expect("a link ends");
            assert!(link[..end].chars().all(|c| c.is_ascii_graphic()));
            "]8;;".len() + end + 2
        };
        rest = &sequence[length..];
    }
    out.push_str(rest);
    out
}

/// Returns what a command prints on a terminal of `width` columns, with its sequences.
#[track_caller]
fn on_screen(sandbox: &Sandbox, width: usize, arguments: &[&str]) -> String {
    let mut command = sandbox.command(arguments);
    command.args(["--color", "always"]);
    let output = command.env("COLUMNS", width.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the same without sequences, after checking that no line is too wide.
#[track_caller]
fn lines_on_screen(sandbox: &Sandbox, width: usize, arguments: &[&str]) -> Vec<String> {
    let text = without_sequences(&on_screen(sandbox, width, arguments));
    for line in text.lines() {
        assert!(line.width() <= width, "{width} columns: {line:?}");
        assert_eq!(line.trim_end(), line);
    }
    text.lines().map(str::to_owned).collect()
}

/// Returns a sandbox with a library `L` of real papers.
fn with_real_papers() -> Sandbox {
    let sandbox = Sandbox::new();
    let papers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/papers.jsonl");
    fs::copy(papers, sandbox.path("papers.jsonl")).unwrap();
    sandbox.add("L", "papers.jsonl");
    sandbox
}

#[test]
fn ten_hits_fit_on_a_screen_and_say_nothing_twice() {
    let sandbox = with_real_papers();
    for width in [50, 80, 120] {
        for search in [
            ["search", "--library", "L", "attention in neural networks"],
            ["related", "--library", "L", "vaswani2017attention"],
        ] {
            let lines = lines_on_screen(&sandbox, width, &search);
            let starts = lines.iter().filter(|line| !line.starts_with("     "));
            assert_eq!(starts.count(), 10, "{lines:#?}");
            if width == 80 {
                assert!(lines.len() <= 40, "{lines:#?}");
            }
        }
    }
    let hits = sandbox.json(&["search", "--library", "L", "--json", "attention"]);
    let text = lines_on_screen(&sandbox, 80, &["search", "--library", "L", "attention"]);
    let text = text.join("\n");
    for hit in hits["hits"].as_array().unwrap() {
        assert_eq!(
            text.matches(hit["id"].as_str().unwrap()).count(),
            1,
            "{text}"
        );
        let score = format!("     {:.3} (> ", hit["score"].as_f64().unwrap());
        assert!(text.contains(&score), "{score} {text}");
    }
    let found_by = |line: &str| {
        [" · words", " · meaning", " · both"]
            .iter()
            .any(|by| line.contains(by))
    };
    assert_eq!(
        text.lines().filter(|line| found_by(line)).count(),
        10,
        "{text}"
    );
}

#[test]
fn a_title_is_bold_and_a_link_where_the_terminal_has_links() {
    let sandbox = with_real_papers();
    let search = [
        "search",
        "--library",
        "L",
        "-k",
        "1",
        "Attention Is All You Need",
    ];
    let text = on_screen(&sandbox, 80, &search);
    assert!(
        text.starts_with("  1  \u{1b}[1mAttention Is All You Need\u{1b}[0m\n"),
        "{text:?}"
    );
    assert!(
        text.contains(" · https://arxiv.org/abs/1706.03762"),
        "{text:?}"
    );
    let mut command = sandbox.command(&search);
    command
        .args(["--color", "always"])
        .env("FORCE_HYPERLINK", "1");
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let link = "\u{1b}]8;;https://arxiv.org/abs/1706.03762\u{1b}\\\u{1b}[1mAttention";
    assert!(text.contains(link), "{text:?}");
    assert_eq!(text.matches("https://").count(), 1);
}

#[test]
fn a_pipe_gets_what_it_got_before() {
    let sandbox = with_real_papers();
    let search = ["search", "--library", "L", "-k", "3", "attention"];
    let text = sandbox.ok(&search);
    assert!(
        text.starts_with("  1  0.") && !text.contains('\u{1b}'),
        "{text}"
    );
    let never = [&search[..], &["--color", "never"]].concat();
    assert_eq!(sandbox.ok(&never), text);
    let output = |variable: &str| {
        let mut command = sandbox.command(&search);
        String::from_utf8(command.env(variable, "1").output().unwrap().stdout).unwrap()
    };
    assert_eq!(output("NO_COLOR"), text);
    assert_eq!(output("FORCE_HYPERLINK"), text);
    assert!(output("CLICOLOR_FORCE").contains('\u{1b}'));
    let mut forced = sandbox.command(&never);
    assert_eq!(
        forced.env("CLICOLOR_FORCE", "1").output().unwrap().stdout,
        text.as_bytes()
    );
}

#[test]
fn nothing_that_a_command_prints_is_wider_than_the_screen() {
    let sandbox = with_real_papers();
    let model = tiny_model();
    sandbox.write(
        "draft.tex",
        "Attention replaces recurrence in translation \\cite{unknown2020key}. Graphs have communities.",
    );
    for width in [50, 80, 120] {
        for arguments in [
            &["search", "--explain", "attention in networks"][..],
            &["related", "--explain", "vaswani2017attention"],
            &["missed", "-k", "5", "draft.tex"],
            &["duplicates", "--threshold", "0.9", "-k", "10"],
            &["topics"],
            &["map"],
            &["show", "vaswani2017attention", "watts1998collective"],
            &["list", "--year", "2017"],
            &["info"],
            &["check"],
            &["compact"],
            &["add", "papers.jsonl"],
            &["eval", "--self", "--sample", "20"],
        ] {
            let library = ["--library", "L"];
            let arguments = [&arguments[..1], &library, &arguments[1..]].concat();
            let lines = lines_on_screen(&sandbox, width, &arguments);
            assert!(!lines.is_empty(), "{arguments:?}");
        }
        // A path that no line has room for is broken.
        lines_on_screen(&sandbox, width, &["model", &model]);
    }
}

#[test]
fn a_paper_cannot_bring_sequences_of_its_own() {
    let sandbox = Sandbox::new();
    let hostile = r#"{"id": "e\u001b[2J", "title": "graph \u001b[31mRED\u001b]8;;http://x\u0007link \u009b31m \u202eabc \r OVER\u007f", "abstract": "graph \u001b[1m proof \u0007 bell.", "authors": ["A\u001b[1mB\u2066"], "venue": "V\u001b[5m", "url": "http://x/\u001b[31m\u0007", "year": 2000}"#;
    sandbox.write("papers.jsonl", hostile);
    sandbox.add("L", "papers.jsonl");
    for arguments in [
        &[
            "search",
            "--library",
            "L",
            "--explain",
            "graph \u{1b}[2J proof",
        ][..],
        &["topics", "--library", "L"],
        &["map", "--library", "L"],
    ] {
        for links in ["0", "1"] {
            let mut command = sandbox.command(arguments);
            command
                .args(["--color", "always"])
                .env("FORCE_HYPERLINK", links);
            let output = command.output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(!text.contains("\u{1b}[31m") && !text.contains("\u{1b}[2J"));
            let text = without_sequences(&text);
            let is_active = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2066}".contains(c);
            assert!(!text.contains(is_active), "{text:?}");
        }
    }
}

#[test]
fn errors_are_red_and_their_text_is_not_broken() {
    let sandbox = Sandbox::new();
    let failure = |arguments: &[&str]| stderr(&sandbox.command(arguments).output().unwrap());
    let message = failure(&["search", "--library", "nowhere", "--color", "always", "x"]);
    assert!(
        message.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m "),
        "{message:?}"
    );
    assert_eq!(message.lines().count(), 1);
    let plain = failure(&["search", "--library", "nowhere", "x"]);
    assert_eq!(without_sequences(&message), plain);
    // Errors of the command line have colors too.
    let message = failure(&["search", "--nonsense", "--color", "always"]);
    assert!(
        message.starts_with("\u{1b}[1m\u{1b}[31merror:"),
        "{message:?}"
    );
    let message = failure(&["search", "--nonsense", "--color", "never"]);
    assert!(message.starts_with("error:"), "{message:?}");
}

#[test]
#[ignore = "needs `script` of util-linux, which runs a command in a pseudo terminal"]
fn a_terminal_gets_styles_and_the_layout_without_being_asked() {
    let sandbox = with_real_papers();
    let on_terminal = |variables: &[(&str, &str)]| {
        let search = sandbox.command(&["search", "--library", "L", "-k", "3", "attention"]);
        let program = search.get_program().to_str().unwrap();
        let line = format!("stty rows 24 cols 50; {program} search --library L -k 3 attention");
        let mut command = Command::new("script");
        command
            .args(["-qec", &line, "/dev/null"])
            .current_dir(sandbox.path(""));
        for (name, value) in search.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .env("TERM", "xterm-256color")
            .envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout)
            .unwrap()
            .replace("\r\n", "\n")
    };
    let text = on_terminal(&[]);
    assert!(text.starts_with("  1  \u{1b}[1m"), "{text:?}");
    assert!(
        without_sequences(&text)
            .lines()
            .all(|line| line.width() <= 50),
        "{text}"
    );
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert_eq!(on_terminal(&[variable]), without_sequences(&text));
    }
}
