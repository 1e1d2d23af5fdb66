use std::fs;

use serde_json::json;

use crate::paper_reference::sandbox;
use crate::sandbox::stderr;

#[test]
fn papers_are_shown_with_all_that_is_known() {
    let sandbox = sandbox();
    let attention = "Attention Is All You Need\n\
                     Ashish Vaswani, Noam Shazeer\n\
                     2017\n\
                     \n\
                     id           vaswani2017attention\n\
                     arXiv        1706.03762\n\
                     URL          https://arxiv.org/abs/1706.03762\n\
                     categories   cs.CL\n\
                     references   1\n\
                     \n\
                     We study graphs.\n";
    // The day on which the papers were added is today.
    let show = |names: &[&str]| -> String {
        let shown = sandbox.ok(&[&["show", "--library", "L"], names].concat());
        let lines = shown.split_inclusive('\n');
        lines.filter(|line| !line.starts_with("added  ")).collect()
    };
    assert_eq!(show(&["arXiv:1706.03762"]), attention);
    let wheels = "Sorting by rotating wheels\n\
                  Ann Ada\n\
                  2019\n\
                  \n\
                  id           wheels2019\n\
                  DOI          10.1234/wheels\n\
                  versions     wheels2020 (arXiv, 2020)\n\
                  \n\
                  We study wheels and [2J.\n";
    assert_eq!(
        show(&["vaswani", "10.1234/wheels"]),
        format!("{attention}\n\n{wheels}")
    );
    let message = sandbox.fails(&["show", "--library", "L", "wheels2019", "wheel"]);
    assert!(message.starts_with("error: no paper `wheel` "), "{message}");
}

#[test]
fn a_document_has_all_fields_and_the_other_versions() {
    let sandbox = sandbox();
    let document = sandbox.json(&["show", "--library", "L", "--json", "wheels2019"]);
    assert_eq!(document["version"], 1);
    assert_eq!(document["command"], "show");
    let papers = document["papers"].as_array().unwrap();
    assert_eq!(papers.len(), 1);
    assert_eq!(papers[0]["abstract"], "We study wheels and \u{1b}[2J.");
    assert_eq!(papers[0]["doi"], "10.1234/wheels");
    assert_eq!(papers[0]["versions"][0]["id"], "wheels2020");
    assert_eq!(papers[0]["versions"][0]["arxiv"], json!("hep-th/9901001"));
}

#[test]
fn a_library_that_lost_its_vectors_still_shows_papers() {
    let sandbox = sandbox();
    let before = sandbox.ok(&["show", "--library", "L", "1706.03762"]);
    fs::remove_dir_all(sandbox.path("L/vectors")).unwrap();
    assert_eq!(
        sandbox.ok(&["show", "--library", "L", "1706.03762"]),
        before
    );
    let message = sandbox.fails(&["show", "--library", "L", "wheel2020"]);
    assert!(
        message.contains("nearest by spelling: `wheels2020`"),
        "{message}"
    );
}

#[test]
fn the_address_of_a_paper_is_printed() {
    let sandbox = sandbox();
    for (id, address) in [
        ("vaswani2017attention", "https://arxiv.org/abs/1706.03762"),
        ("wheels2019", "https://doi.org/10.1234/wheels"),
        ("wheels2020", "https://arxiv.org/abs/hep-th/9901001"),
    ] {
        let printed = sandbox.ok(&["open", "--library", "L", "--print", id]);
        assert_eq!(printed, format!("{address}\n"));
    }
    assert_eq!(
        sandbox.fails(&["open", "--library", "L", "file"]),
        "error: the URL of the paper `file` is `file:///etc/passwd`, expected one that begins with \
         `https://` or `http://`\n"
    );
    assert_eq!(
        sandbox.fails(&["open", "--library", "L", "--print", "nowhere"]),
        "error: the paper `nowhere` has no URL, no DOI and no arXiv identifier, so that there is nothing to open\n"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn an_address_is_one_argument_of_the_program_that_opens_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = sandbox();
    let paper = json!({ "id": "shell", "title": "A title", "url": "https://example.org/?a=$(id)&b='x' y;z" });
    sandbox.write("more.jsonl", &paper.to_string());
    sandbox.ok(&["add", "--library", "L", "more.jsonl"]);
    let open = || {
        let mut command = sandbox.command(&["open", "--library", "L", "shell"]);
        command.env("PATH", sandbox.path("bin")).output().unwrap()
    };
    fs::create_dir(sandbox.path("bin")).unwrap();
    let output = open();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("`cognate open --print` prints the address"),
        "{}",
        stderr(&output)
    );

    let opened = sandbox.path("opened");
    let script = format!(
        "#!/bin/sh\nfor a in \"$@\"; do echo \"$a\"; done > {}.new\n",
        opened.display()
    );
    let script = script + &format!("/bin/mv {0}.new {0}\n", opened.display());
    sandbox.write("bin/xdg-open", &script);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.path("bin/xdg-open"), executable).unwrap();
    let output = open();
    let address = "https://example.org/?a=$(id)&b='x'%20y;z";
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), format!("opening {address}\n"));
    for _ in 0..100 {
        if opened.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(fs::read_to_string(opened).unwrap(), format!("{address}\n"));
}
