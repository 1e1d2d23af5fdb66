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
