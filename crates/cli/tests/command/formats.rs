use crate::setup::{Desk, stderr, tiny_model};

const REFERENCES: &str = "@article{reed, title = {Reeds in {R}ivers}, year = 2001}\n\
                          @article{rush, title = {R{\\\"u}shes}, author = {Pond, Noa}}\n";

#[test]
fn a_bibliography_is_added_and_said_to_be_one() {
    let desk = Desk::new();
    desk.write("refs.bib", REFERENCES);
    let add = [
        "add",
        "--library",
        "L",
        "--model",
        &tiny_model(),
        "refs.bib",
    ];
    let output = desk.command(&add).output().unwrap();
    assert_eq!(stderr(&output), "refs.bib: read as bibtex\n");
    assert!(output.status.success());
    assert_eq!(desk.count("L"), 2);
    let found = desk.json(&["search", "--library", "L", "--json", "Rüshes"]);
    let titles: Vec<_> = found["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| &hit["title"])
        .collect();
    assert!(titles.contains(&&"Rüshes".into()), "{titles:?}");
}

#[test]
fn a_bad_entry_is_named_by_its_first_line() {
    let desk = Desk::with_library(3);
    desk.write(
        "refs.bib",
        &format!("{REFERENCES}@misc{{open, title = {{x}}\n{REFERENCES}"),
    );
    let output = desk
        .command(&["add", "--library", "L", "refs.bib"])
        .output()
        .unwrap();
    let said = stderr(&output);
    let fault = "error: refs.bib:3: `@misc{open, title = {x}` is not closed, line 4 begins the next; \
                 nothing was added; --skip-bad leaves it out\n";
    assert!(said.ends_with(fault), "{said}");
    // The same ids again: the later ones are meant, and it is said.
    assert!(
        said.contains("refs.bib:4: `reed` was there already, this one replaces refs.bib:1\n"),
        "{said}"
    );
    assert_eq!(desk.count("L"), 3);
}

#[test]
fn a_format_is_told_where_it_cannot_be_found_out() {
    let desk = Desk::with_library(3);
    desk.write("table.txt", "name;words\n");
    let said = desk.fails(&["add", "--library", "L", "table.txt"]);
    assert!(
        said.starts_with("error: `table.txt` is in no format that can be told by its first bytes")
            && said.ends_with("parquet; nothing was added; --format says which it is\n"),
        "{said}"
    );
    let said = desk.fails(&["add", "--library", "L", "--format", "csv", "table.txt"]);
    let header = "error: table.txt:1: the header has no `title` and no `abstract`, found `name`, \
                  `words`; nothing was added; --skip-bad leaves it out\n";
    assert_eq!(said, header);
    desk.write("refs", REFERENCES);
    desk.ok(&["add", "--library", "L", "--format", "bibtex", "refs"]);
    assert_eq!(desk.count("L"), 5);
}
