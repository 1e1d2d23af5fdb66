use std::fs;

use crate::{Citation, Draft, DraftFormat};

fn labels(draft: &Draft) -> Vec<&str> {
    draft.citations().iter().map(Citation::label).collect()
}

const TEXT: &str = r"=======
On moss
=======

:Author: A. Oak

.. topic:: Abstract

   Moss grows every year.

Introduction
============

.. A comment cites nothing :cite:`hidden1`.
   Nor does its next line [Hidden2]_.

Moss is old :cite:`oak2019,elm2020`. As :cite:t:`ash2021` says, it *has*
``:cite:`hidden3``` and :math:`x_{[Hidden4]_}` in it [Yew2001]_, see [1]_ and [#note]_.
It is :cite:p:`{see}fir2002{p. 3}` green. See `the page <https://doi.org/10.1000/linked>`_
and :footcite:`pine2003`. Write \:cite:\`hidden5\`.

.. code-block:: python

   cite = ':cite:`hidden6`'

   more = '[Hidden7]_'

A literal block follows::

   [Hidden8]_

.. note:: A note cites :cite:`larch2004`.

.. figure:: one.png

   Seen by :cite:`caption2006`.

+----+-----------------+
| a  | :cite:`table07` |
+----+-----------------+

- The first point is short.

.. [1] A footnote is prose too.
.. [Yew2001] Y. Yew. Moss of the east. 2001.
   https://doi.org/10.1000/yew

.. bibliography:: refs.bib
   :all:
";

#[test]
fn separates_prose_from_citations() {
    let draft = Draft::parse(TEXT, DraftFormat::Rst);
    assert_eq!(draft.title(), Some("On moss"));
    assert_eq!(draft.abstract_text(), Some("Moss grows every year."));
    assert_eq!(
        labels(&draft),
        [
            "oak2019",
            "elm2020",
            "ash2021",
            "Yew2001",
            "fir2002",
            "pine2003",
            "10.1000/linked",
            "larch2004",
            "caption2006",
            "table07",
            "*",
        ]
    );
    assert_eq!(draft.citations()[3].doi.as_deref(), Some("10.1000/yew"));
    let sentences: Vec<_> = draft.sentences().collect();
    assert_eq!(sentences[0], "Moss is old.");
    assert!(
        sentences.contains(&"A literal block follows:"),
        "{sentences:?}"
    );
    assert!(
        sentences.contains(&"The first point is short."),
        "{sentences:?}"
    );
    assert!(
        sentences.contains(&"A footnote is prose too."),
        "{sentences:?}"
    );
}

#[test]
fn follows_included_files_and_references() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("parts")).unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "main.rst",
        ".. include:: parts/one.rst\n.. include:: lost.rst\n\nSee :cite:`main`.\n\n.. bibliography:: a.bib b.bib\n",
    );
    write(
        "parts/one.rst",
        "The part cites :cite:`part`.\n\n.. include:: two.rst\n",
    );
    write("parts/two.rst", "So does :cite:`deep`.\n");
    write("a.bib", "");
    write("b.bib", "");
    let draft = Draft::read(dir.path().join("main.rst")).unwrap();
    assert_eq!(labels(&draft), ["part", "deep", "main"]);
    assert_eq!(draft.bibliographies().len(), 2);
    assert_eq!(draft.notes().len(), 1);
    assert!(
        draft.notes()[0].contains("main.rst:2: found no file `lost.rst`"),
        "{:?}",
        draft.notes()
    );

    write("bare.rst", "See :cite:`main`.\n\n.. bibliography::\n");
    write("conf.py", "bibtex_bibfiles = ['b.bib']\n");
    let draft = Draft::read(dir.path().join("bare.rst")).unwrap();
    assert_eq!(draft.bibliographies().len(), 1);
}

#[test]
fn marks_without_an_end_take_linear_time() {
    for repeated in [
        "`",
        "``",
        ":cite:`a",
        "[a",
        "*",
        "\\",
        ".. note:: ",
        "a::\n\n",
    ] {
        Draft::parse(&repeated.repeat(20_000), DraftFormat::Rst);
    }
}
