use crate::{Citation, Draft, DraftFormat};

fn read(text: &str) -> Draft {
    Draft::parse(text, DraftFormat::Latex)
}

fn sentences(text: &str) -> Vec<String> {
    read(text).sentences().map(str::to_owned).collect()
}

fn keys(text: &str) -> Vec<String> {
    let draft = read(text);
    let keys = draft
        .citations()
        .iter()
        .filter_map(|citation| citation.key.clone());
    keys.collect()
}

#[test]
fn removes_everything_but_prose() {
    let text = r"\documentclass[a4paper]{article}
\usepackage{graphicx} % for the figure
\newcommand{\R}[1]{\mathbb{R}^{#1}} \def\x#1{word #1}
\title[Short]{On {G}raphs\thanks{Funded by no one.} and \emph{Trees}}
\author{Nobody \and Someone}
\begin{document}
\maketitle
\begin{abstract}
We study trees. They grow.
\end{abstract}
\section{Introduction}\label{sec:intro}
Graphs are everywhere~\citep[see][p.~3]{a,b}, as Erd{\H o}s
knew. % a comment
  A tree\footnote{It is a graph \cite{c} without cycles, too.} has $n - 1$ edges, and
\begin{equation}
  E = mc^2
\end{equation}
holds for it (Fig.~\ref{fig:one}).

\begin{figure}[t]
  \includegraphics[width=\linewidth]{one.pdf}
  \caption{A caption is no prose.}
\end{figure}
\begin{itemize}
  \item The first point is short.
  \item The second \textbf{point} costs \$5 at 10\% interest.
\end{itemize}
\begin{theorem}[Main] Every tree is a graph. \end{theorem}
Some maths, \[ a + b \] is removed, \verb|code here| too.
\begin{thebibliography}{9}
\bibitem{a} A. Author. Not prose.
\end{thebibliography}
\end{document}
This is behind the end.";
    let draft = read(text);
    assert_eq!(draft.title(), Some("On Graphs and Trees"));
    assert_eq!(draft.abstract_text(), Some("We study trees. They grow."));
    assert_eq!(
        draft.sentences().collect::<Vec<_>>(),
        [
            "Graphs are everywhere, as Erdős knew.",
            "A tree has n - 1 edges, and holds for it (Fig.).",
            "It is a graph without cycles, too.",
            "The first point is short.",
            "The second point costs $5 at 10% interest.",
            "Every tree is a graph.",
            "Some maths, is removed, too.",
        ]
    );
}

#[test]
fn finds_the_keys_of_all_citation_commands() {
    for (text, expected) in [
        (r"\cite{a, b}", vec!["a", "b"]),
        (r"\citep*[see][12]{a}", vec!["a"]),
        (
            r"\Citet{a} and \citeauthor{b}, \citeyearpar{c}",
            vec!["a", "b", "c"],
        ),
        (
            r"\parencite[1]{a} \textcite{b} \autocite{c} \footcite{d}",
            vec!["a", "b", "c", "d"],
        ),
        (r"\parencites(see)()[1]{a}[2]{b,c}", vec!["a", "b", "c"]),
        (r"\nocite{*}", vec!["*"]),
        (r"\volcite{2}[3]{a}", vec!["a"]),
        (r"\cite{a}{\bf b}", vec!["a"]),
        ("\\cite{a,%\n  b}", vec!["a", "b"]),
        (r"% \cite{a}", vec![]),
        (r"10\% \cite{a}", vec!["a"]),
        (r"\setcitestyle{round} \citestyle{nature}", vec![]),
        (
            r"\begin{figure}\caption{By \cite{a}.}\end{figure}",
            vec!["a"],
        ),
        (r"\cite{a} \cite{a} \cite{b}", vec!["a", "b"]),
    ] {
        assert_eq!(keys(text), expected, "{text}");
    }
}

#[test]
fn reads_the_entries_of_a_bibliography() {
    let text = r"\cite{one} and arXiv:2001.00002.
\begin{thebibliography}{99}
\bibitem[Vogt(2019)]{one} C.~Vogt. \newblock {\em On the growth of tr{\'e}es}.
  \newblock \href{https://doi.org/10.1234/TREES}{J. Trees}, 2019.
\bibitem{two} \bibinfo{title}{Another title}, \url{https://arxiv.org/abs/2001.00001v2}.
\end{thebibliography}";
    let draft = read(text);
    let entry = |key: &str, doi: Option<&str>, arxiv: Option<&str>, text: &str| Citation {
        key: Some(key.to_owned()),
        doi: doi.map(str::to_owned),
        arxiv: arxiv.map(str::to_owned),
        text: Some(text.to_owned()),
        url: None,
    };
    let mention = Citation {
        arxiv: Some("2001.00002".to_owned()),
        ..Citation::default()
    };
    assert_eq!(
        draft.citations(),
        [
            entry(
                "one",
                Some("10.1234/trees"),
                None,
                "C. Vogt. On the growth of trées. J. Trees, 2019."
            ),
            entry("two", None, Some("2001.00001"), "Another title,."),
            mention,
        ]
    );
}

#[test]
fn reads_a_file_without_a_document_environment() {
    assert_eq!(
        sentences(
            "\\section{One}\nA part of a thesis, no more.\n\n\\iffalse Hidden. \\fi\nSeen by all of us."
        ),
        ["A part of a thesis, no more.", "Seen by all of us."]
    );
}

#[test]
fn reads_malformed_source_as_far_as_possible() {
    assert_eq!(
        sentences("An open \\emph{brace is no harm.\n\nNor is } a closed one."),
        ["An open brace is no harm.", "Nor is a closed one."]
    );
    assert_eq!(
        sentences("A key \\cite{a without end.\n\nThe next paragraph is read."),
        ["A key", "The next paragraph is read."]
    );
    assert_eq!(
        sentences("\\begin{figure} No end of it.\n\nThe next paragraph is read. It costs $5."),
        ["The next paragraph is read.", "It costs $5."]
    );
    // Repetition costs neither quadratic time nor stack space.
    for repeated in [
        "\\cite{",
        "\\title{",
        "\\footnote{",
        "\\begin{figure}",
        "$",
        "\\[",
        "[",
    ] {
        read(&repeated.repeat(20_000));
    }
}

#[test]
fn a_key_that_contains_an_identifier_is_one_citation() {
    assert_eq!(
        read(r"\cite{arXiv:2001.00001} is cited.").citations().len(),
        1
    );
}
