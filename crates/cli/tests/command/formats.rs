use crate::sandbox::{Sandbox, stderr, tiny_model};

const REFERENCES: &str = "@article{reed, title = {Reeds in {R}ivers}, year = 2001}\n\
                          @article{rush, title = {R{\\\"u}shes}, author = {Pond, Noa}}\n";

#[test]
fn a_bibliography_is_detected_and_added() {
    let sandbox = Sandbox::new();
    sandbox.write("refs.bib", REFERENCES);
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "refs.bib",
    ];
    let output = sandbox.command(&add).output().unwrap();
    assert_eq!(
        stderr(&output),
        "refs.bib: read as bibtex\nmade library `L`\n"
    );
    assert!(output.status.success());
    assert_eq!(sandbox.count("L"), 2);
    let found = sandbox.json(&["search", "--library", "L", "--json", "Rüshes"]);
    let titles: Vec<_> = found["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| &hit["title"])
        .collect();
    assert!(titles.contains(&&"Rüshes".into()), "{titles:?}");
}

#[test]
fn an_invalid_entry_is_named_by_its_first_line() {
    let sandbox = Sandbox::with_library(3);
    sandbox.write(
        "refs.bib",
        &format!("{REFERENCES}@misc{{open, title = {{x}}\n{REFERENCES}"),
    );
    let output = sandbox
        .command(&["add", "--library", "L", "refs.bib"])
        .output()
        .unwrap();
    let message = stderr(&output);
    // The fields before the place where the closing brace is missing are read.
    let remark = "refs.bib:3: the entry is not closed, line 4 begins the next\n";
    assert!(
        output.status.success() && message.contains(remark),
        "{message}"
    );
    sandbox.write(
        "refs.bib",
        &format!("@misc{{empty, year = 2000}}\n{REFERENCES}"),
    );
    let message = sandbox.fails(&["add", "--library", "L", "refs.bib"]);
    let fault = "refs.bib:1: `title` and `abstract` are both missing, expected one at least; nothing was \
                 added; use --skip-bad to skip it\n";
    assert!(message.ends_with(fault), "{message}");
}

#[test]
fn a_format_that_cannot_be_detected_is_given_by_an_option() {
    let sandbox = Sandbox::with_library(3);
    sandbox.write("table.txt", "name;words\n");
    let message = sandbox.fails(&["add", "--library", "L", "table.txt"]);
    assert!(
        message
            .starts_with("error: `table.txt` is in no format that can be told by its first bytes")
            && message.ends_with("parquet; nothing was added; use --format to name it\n"),
        "{message}"
    );
    let message = sandbox.fails(&["add", "--library", "L", "--format", "csv", "table.txt"]);
    let header = "error: table.txt:1: the header has no `title` and no `abstract`, found `name`, \
                  `words`; write the names of the columns into the first line, such as `title`, `abstract`, \
                  `authors` and `year`; the rest of the file was not read; nothing was added\n";
    assert_eq!(message, header);
    sandbox.write("refs", REFERENCES);
    sandbox.ok(&["add", "--library", "L", "--format", "bibtex", "refs"]);
    assert_eq!(sandbox.count("L"), 5);
}

#[test]
fn the_help_and_the_documents_name_every_format() {
    let sandbox = Sandbox::new();
    let help = sandbox.ok(&["add", "--help"]);
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats.md");
    let page = std::fs::read_to_string(page).unwrap();
    for format in cognate::Format::ALL {
        let name = format.name();
        let words = help.split(|c: char| !c.is_alphanumeric() && c != '-');
        assert!(words.into_iter().any(|word| word == name), "{name}");
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
