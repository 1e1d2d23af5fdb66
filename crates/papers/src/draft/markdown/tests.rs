use crate::{Draft, DraftFormat};

const TEXT: &str = r#"---
title: "On *trees*"
author: Nobody
---

# Abstract

Trees **grow** every year.

# Introduction {#sec:intro}

Trees are old [@vogt2019; see also @marlow2020, p. 3]. As @verne2021 says,
they have $n - 1$ edges, see [a page](https://doi.org/10.1234/TREES) and
[Roots of all trees](https://example.org/roots). \citep{texkey}

```rust
let code = "is no prose";
```

| a | b |
|---|---|
| no | prose |

- The first point is short.
- ![no prose](x.png) The second `point` is not.

$$ E = mc^2 $$

## References

1. C. Vogt. *On the growth of trees*. [arXiv](https://arxiv.org/abs/2001.00001v3).
2. D. Marlow. Roots. 2020.

# Appendix

Back to prose again.
"#;

#[test]
fn separates_prose_from_citations() {
    let draft = Draft::parse(TEXT, DraftFormat::Markdown);
    assert_eq!(draft.title(), Some("On *trees*"));
    assert_eq!(draft.abstract_text(), Some("Trees grow every year."));
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        [
            "Trees are old.",
            "As says, they have n - 1 edges, see a page and Roots of all trees.",
            "The first point is short.",
            "The second point is not.",
            "Back to prose again.",
        ]
    );
    let labels: Vec<_> = draft
        .citations()
        .iter()
        .map(crate::Citation::label)
        .collect();
    assert_eq!(
        labels,
        [
            "Roots of all trees",
            "10.1234/trees",
            "vogt2019",
            "marlow2020",
            "verne2021",
            "texkey",
            "2001.00001",
            "D. Marlow. Roots. 2020.",
        ]
    );
}

#[test]
fn the_first_heading_is_the_title() {
    let draft = Draft::parse(
        "# On trees\n\nThey grow all day.\n\n# Roots\n\nSo do they all.",
        DraftFormat::Markdown,
    );
    assert_eq!(draft.title(), Some("On trees"));
    assert_eq!(draft.sentences().count(), 2);
    let draft = Draft::parse("## Part\n\nThey grow all day.", DraftFormat::Markdown);
    assert_eq!(draft.title(), None);
}

fn labels(text: &str) -> Vec<String> {
    let draft = Draft::parse(text, DraftFormat::Markdown);
    draft
        .citations()
        .iter()
        .map(|citation| citation.label().to_owned())
        .collect()
}

#[test]
fn code_comments_formulas_and_labels_cite_nothing() {
    for hidden in [
        "`@x`",
        "``[@x] \\cite{x}``",
        "\n\n```r\n[@x]\n```\n\n",
        "\n\n~~~\n[@x]\n~~~\n\n",
        "\n\n```{r, fig.cap=\"a\"}\ncat('@x')\n```\n\n",
        "<!-- [@x] -->",
        "\n\n<!--\n[@x]\n\n@x\n-->\n\n",
        "\n\n<pre>\n@x\n</pre>\n\n",
        "$a_{@x}$",
        "\n\n$$\n@x\n$$\n\n",
        "@fig-one and @Fig-one [@tbl-two, @sec-three] @eq:four",
        "Figure \\@ref(fig:x)",
        "\\@x",
        "me@x.example",
        "https://social.example/@x",
        "\n\n    [@x]\n\n",
    ] {
        assert_eq!(
            labels(&format!("Seen [@a].\n\nMore {hidden} follows.")),
            ["a"],
            "{hidden}"
        );
    }
    for shown in [
        "\n\n<!-- note --> Seen [@x].\n\n",
        "\n\n| a | b |\n|---|---|\n| c | [@x] |\n\n",
        "\n\n![A caption [@x]](one.png)\n\n",
        "\n\n# A heading [@x]\n\n",
        "\n\n::: {.note}\nSeen by @x.\n:::\n\n",
        "\n\n<div>\nSeen by @x.\n</div>\n\n",
        "[^1]\n\n[^1]: Seen by @x.\n\n",
        "^[see @x]",
    ] {
        assert_eq!(
            labels(&format!("Seen [@a].\n\nMore {shown} follows.")),
            ["a", "x"],
            "{shown}"
        );
    }
}

#[test]
fn code_and_fences_of_divs_leave_the_prose_as_it_is() {
    let text = "We call `f(@x)` and \\*stars\\* here.\n\n::: {.note}\nA note is prose.\n:::\n\n{{< pagebreak >}}\n";
    let draft = Draft::parse(text, DraftFormat::Markdown);
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        ["We call f(@x) and *stars* here.", "A note is prose."]
    );
}

#[test]
fn the_front_matter_cites_and_names_references() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write(
        "main.qmd",
        "---\ntitle: On moss\nbibliography:\n  - a.bib\n  - lost.bib\nnocite: |\n  @b, @c\n---\n\nSeen [@a].\n\n\
         {{< include parts/_one.qmd >}}\n\n```{r child=\"child.Rmd\"}\n```\n\n{{< include lost.qmd >}}\n",
    );
    std::fs::create_dir(dir.path().join("parts")).unwrap();
    write(
        "parts/_one.qmd",
        "---\ntitle: Part\n---\nSeen [@d].\n\n{{< include two.md >}}\n",
    );
    write("parts/two.md", "Seen [@e].\n");
    write("child.Rmd", "Seen [@f].\n");
    write("a.bib", "");
    let draft = Draft::read(dir.path().join("main.qmd")).unwrap();
    let labels: Vec<_> = draft
        .citations()
        .iter()
        .map(crate::Citation::label)
        .collect();
    assert_eq!(labels, ["b", "c", "a", "d", "e", "f"]);
    assert_eq!(draft.title(), Some("On moss"));
    assert_eq!(draft.bibliographies().len(), 1);
    let notes: Vec<_> = draft
        .notes()
        .iter()
        .map(|note| note.rsplit_once('/').unwrap().1)
        .collect();
    assert_eq!(
        notes,
        [
            "main.qmd:17: found no file `lost.qmd` in the folder of the draft, so its text is not read",
            "main.qmd:1: found no file `lost.bib` of references in the folder of the draft",
        ]
    );

    write("bare.qmd", "Seen [@a].\n");
    write(
        "_quarto.yml",
        "project:\n  type: book\nbibliography: a.bib\n",
    );
    assert_eq!(
        Draft::read(dir.path().join("bare.qmd"))
            .unwrap()
            .bibliographies()
            .len(),
        1
    );
    let draft = Draft::parse("---\nnocite: '@*'\n---\nSeen.", DraftFormat::Markdown);
    assert_eq!(draft.citations()[0].label(), "*");
}
