use std::fs;

use crate::{Citation, Draft, DraftFormat};

fn labels(draft: &Draft) -> Vec<&str> {
    draft.citations().iter().map(Citation::label).collect()
}

const TEXT: &str = r#"#import "@preview/x:0.1.0": article
#show: article.with(
  title: [On _moss_],
  authors: (("A", "B"),),
  abstract: [Moss grows every year @abstract1999.],
)
#set text(size: 11pt)
// @hidden1
/* @hidden2 /* #cite(<hidden3>) */ */
#let code = "@hidden4"

= Introduction <intro>
Moss is old @oak2019. As #cite(<elm2020>, form: "prose", supplement: [p. 3]) says in @intro,
it has `@hidden5` and $x_"@hidden6"$ in it @ash-2021[p. 7], see @fig:one.
Write to a\@b.org or c@d.org. See https://doi.org/10.1000/linked // for more

```py
@hidden7
```
#figure(
  image("one.png"), // @hidden8
  caption: [Seen by @caption2006.],
) <fig:one>
- The *first* point is #emph[short] [and bracketed].
#cite(label("key with space")) #cite("old2003", "older2002")

#bibliography(("a.bib", "b.bib"), style: "ieee", title: [References])
"#;

#[test]
fn separates_prose_from_citations() {
    let draft = Draft::parse(TEXT, DraftFormat::Typst);
    assert_eq!(draft.title(), Some("On moss"));
    assert_eq!(draft.abstract_text(), Some("Moss grows every year."));
    assert_eq!(
        labels(&draft),
        [
            "abstract1999",
            "oak2019",
            "elm2020",
            "ash-2021",
            "10.1000/linked",
            "caption2006",
            "key with space",
            "old2003",
            "older2002",
        ]
    );
    let sentences: Vec<_> = draft.sentences().collect();
    assert_eq!(sentences[0], "Moss is old.");
    assert!(
        sentences[1].starts_with("As says in, it has @hidden5 and"),
        "{sentences:?}"
    );
    assert!(
        sentences
            .iter()
            .any(|s| s.contains("Write to a@b.org or c@d.org.")),
        "{sentences:?}"
    );
    assert!(
        sentences.contains(&"The first point is short [and bracketed]."),
        "{sentences:?}"
    );
}

#[test]
fn a_full_bibliography_cites_everything() {
    let draft = Draft::parse(
        "Some moss.\n#bibliography(\"a.bib\", full: true)",
        DraftFormat::Typst,
    );
    assert_eq!(labels(&draft), ["*"]);
}

#[test]
fn follows_included_files_and_references() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("parts")).unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "main.typ",
        "See @main and @sec:x.\n#include \"parts/one.typ\"\n#include \"lost.typ\"\n\n#bibliography(\"a.bib\")\n",
    );
    write(
        "parts/one.typ",
        "= Part <sec:x>\nIt cites @part.\n#include \"two.typ\"\n",
    );
    write("parts/two.typ", "So does @deep.\n#bibliography(\"/b.bib\")");
    write("a.bib", "");
    write("b.bib", "");
    let draft = Draft::read(dir.path().join("main.typ")).unwrap();
    assert_eq!(labels(&draft), ["main", "part", "deep"]);
    let names: Vec<_> = draft
        .bibliographies()
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["b.bib", "a.bib"]);
    assert_eq!(draft.notes().len(), 1);
    assert!(
        draft.notes()[0].contains("main.typ:3: found no file `lost.typ`"),
        "{:?}",
        draft.notes()
    );
}

#[test]
fn brackets_without_an_end_take_linear_time() {
    for repeated in [
        "#cite(",
        "[",
        "#f(",
        "$",
        "`",
        "/*",
        "\"",
        "#let x = [",
        "<a",
        "@",
    ] {
        Draft::parse(&repeated.repeat(5_000), DraftFormat::Typst);
    }
}
