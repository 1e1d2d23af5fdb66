use std::fs;

use crate::{Citation, Draft, DraftFormat};

fn labels(draft: &Draft) -> Vec<&str> {
    draft.citations().iter().map(Citation::label).collect()
}

const TEXT: &str = r"#+TITLE: On /moss/
#+BIBLIOGRAPHY: refs.bib
# A comment cites nothing: [cite:@hidden1]
#+begin_abstract
Moss grows every year.
#+end_abstract
* Introduction :draft:
:PROPERTIES:
:CUSTOM_ID: [cite:@hidden2]
:END:
Moss is old [cite:@oak2019; see @elm2020 p. 3]. As [cite/t:@ash2021] says, it has
=[cite:@hidden3]= and ~cite:hidden4~ in it, with $x_{@hidden5}$ too.
It is green cite:yew2001,fir2002. So are citep:&pine2003;&larch2004 and [[cite:birch2005][text]].
See [[https://doi.org/10.1000/linked][the page]][fn:1] and \citep{texkey}.

#+begin_src python
[cite:@hidden6]
#+end_src
: [cite:@hidden7]
#+CAPTION: Seen by [cite:@caption2006]
| a | [cite:@table2007] |
- The first point is short.

[cite/n:@*]
* Notes :noexport:
** Deeper
Nothing here [cite:@hidden8].
* COMMENT Old
Nor here [cite:@hidden9].
* References
1. C. Oak. Moss of the north. 2019. https://doi.org/10.1000/moss
";

#[test]
fn separates_prose_from_citations() {
    let draft = Draft::parse(TEXT, DraftFormat::Org);
    assert_eq!(draft.title(), Some("On /moss/"));
    assert_eq!(draft.abstract_text(), Some("Moss grows every year."));
    assert_eq!(
        labels(&draft),
        [
            "oak2019",
            "elm2020",
            "ash2021",
            "yew2001",
            "fir2002",
            "pine2003",
            "larch2004",
            "birch2005",
            "10.1000/linked",
            "texkey",
            "caption2006",
            "table2007",
            "*",
            "C. Oak. Moss of the north. 2019. https://doi.org/10.1000/moss",
        ]
        .map(|label| if label.starts_with("C. Oak") {
            "10.1000/moss"
        } else {
            label
        })
    );
    let sentences: Vec<_> = draft.sentences().collect();
    assert_eq!(sentences[0], "Moss is old.");
    assert!(sentences[1].contains("[cite:@hidden3]"), "{sentences:?}");
    assert!(
        sentences.contains(&"The first point is short."),
        "{sentences:?}"
    );
}

#[test]
fn follows_included_files_and_references() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("parts")).unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "main.org",
        "#+INCLUDE: \"parts/one.org\"\n#+INCLUDE: \"code.py\" src python\n#+INCLUDE: lost.org\n\
         #+LATEX_HEADER: \\addbibresource{b.bib}\nSee cite:main.\n\nbibliography:a.bib,lost.bib\n",
    );
    write(
        "parts/one.org",
        "The part cites [cite:@part].\n#+INCLUDE: \"two.org\" :lines \"1-\"\n",
    );
    write("parts/two.org", "So does [cite:@deep].\n");
    write("a.bib", "");
    write("b.bib", "");
    let draft = Draft::read(dir.path().join("main.org")).unwrap();
    assert_eq!(labels(&draft), ["part", "deep", "main"]);
    let names: Vec<_> = draft
        .bibliographies()
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["b.bib", "a.bib"]);
    assert_eq!(draft.notes().len(), 2, "{:?}", draft.notes());
    assert!(draft.notes()[0].ends_with(
        "main.org:3: found no file `lost.org` in the folder of the draft, so its text is not read"
    ));
}

#[test]
fn marks_without_an_end_take_linear_time() {
    for repeated in [
        "[[",
        "[cite:@a ",
        "@@",
        "=a",
        "$",
        "\\[",
        "src_a{",
        "[fn:",
        "* ",
    ] {
        Draft::parse(&repeated.repeat(20_000), DraftFormat::Org);
    }
}
