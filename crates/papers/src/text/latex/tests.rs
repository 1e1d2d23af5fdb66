use super::*;

#[test]
fn composes_accents_in_every_notation() {
    for (latex, expected) in [
        (r#"{\"o}"#, "ö"),
        (r#"\"{o}"#, "ö"),
        (r#"\"o"#, "ö"),
        (r"Erd{\H o}s", "Erdős"),
        (r"Erd\H{o}s", "Erdős"),
        (r"\'{e}t\'e", "été"),
        (r#"na{\"\i}ve"#, "naïve"),
        (r"\'{\i}", "í"),
        (r"Fran\c{c}ois", "François"),
        (r"Nov{\'a}\v{c}ek", "Nováček"),
        (r"S\o ren {\AA}s", "Søren Ås"),
        (r"Stra{\ss}e, \L{}ukasz", "Straße, Łukasz"),
        (r"Nguy{\~{\^e}}n", "Nguyễn"),
        (r"\~n, \=a, \.z, \k{a}, \r{u}", "ñ, ā, ż, ą, ů"),
    ] {
        assert_eq!(plain(latex), expected, "{latex}");
    }
}

#[test]
fn removes_braces_and_formatting_and_keeps_the_words() {
    for (latex, expected) in [
        ("{NeurIPS} and {{BERT}}", "NeurIPS and BERT"),
        (r"\emph{very} \textbf{deep {nets}}", "very deep nets"),
        (r"{\em in vivo} study", "in vivo study"),
        (r"R\&D at 5\% for \$3", "R&D at 5% for $3"),
        (r"Fig.~3 of ~10 lines", "Fig. 3 of ~10 lines"),
        ("pages 1--5 --- ``so''", "pages 1–5 — “so”"),
        (r"?`Qu\'e es? !`{\'E}l!", "¿Qué es? ¡Él!"),
        (
            r"A\ddag B {\fontencoding{T5}\selectfont Nguy\~\ecircumflex{}n}",
            "A‡ B Nguyễn",
        ),
        (r"Growth\footnote{Funded.} of x\thanks{All}", "Growth of x"),
        (r"$a \not\in B \not= C \not\subseteq D$", "a ∉ B ≠ C ⊈ D"),
        (
            r"as in \cite{knuth84} by \href{http://x}{us}",
            "as in by us",
        ),
        (r"with \LaTeX{} and \BibTeX", "with LaTeX and BibTeX"),
        ("two\n  lines", "two lines"),
        (r"a\_b \{c\}", "a_b {c}"),
        ("one } two {", "one two"),
    ] {
        assert_eq!(plain(latex), expected, "{latex}");
    }
}

#[test]
fn keeps_mathematics_readable() {
    for (latex, expected) in [
        (r"$\alpha$-stable", "α-stable"),
        (r"$O(n\log n)$ time", "O(n log n) time"),
        (r"$x^2 + y_{ij}^{n+1}$", "x^2 + y_ij^(n+1)"),
        (r"$\frac{a+b}{2}$", "(a+b)/2"),
        (r"$\mathbb{R}^d \to \mathcal{H}$", "R^d → H"),
        (r"$\sqrt{n}$ and $$E = mc^2$$", "√n and E = mc^2"),
        (r"$\hat{f} \leq 10\,\mathrm{GeV}$", "f̂ ≤ 10 GeV"),
        (r"\(\ell_1\) norm", "ℓ_1 norm"),
        ("costs $5 and $6", "costs $5 and $6"),
        ("a snake_case ^ word", "a snake_case ^ word"),
    ] {
        assert_eq!(plain(latex), expected, "{latex}");
    }
}

#[test]
fn accepts_any_text() {
    let deep = "{\\frac".repeat(50_000);
    assert_eq!(plain(&deep), "");
    for text in [
        "\\",
        "$",
        "$$",
        "\\'",
        "{",
        "\\cite{",
        "\\frac{}{}",
        "é\\é",
        "\\cite[a",
        "\\ifmmode",
        "\\else é",
        "\\vphantom\\",
        "\\phantom{",
        "\\SI{1}{",
        "\\qty{é}{\\é}",
        "^{\\circ",
        "\\texorpdfstring{a",
        "\\ensuremath{$",
    ] {
        plain(text);
    }
    assert_eq!(plain("plain  text "), "plain text");
    assert_eq!(plain(r"so \cite{open"), "so open");
    let powers = format!("${}", "^{a b".repeat(200_000));
    assert!(plain(&format!("{powers}{}$", "}".repeat(200_000))).len() > 600_000);
}

#[test]
fn converts_the_commands_that_exporters_write() {
    for (latex, expected) in [
        (
            r"Hearing{\ifmmode---\else\textemdash\fi}a survey",
            "Hearing—a survey",
        ),
        (r"$\ifmmode\mu\else\textmu\fi{}m$", "μm"),
        (r"\ifmmode \beta \else \fi decay", "β decay"),
        (r"\ifmmode open", "open"),
        (r"{\textquotesingle}s Hertogenbosch", "'s Hertogenbosch"),
        (r"\texorpdfstring{$\beta$}{beta} decay", "β decay"),
        (r"\guillemotleft word\guillemotright\ here", "«word» here"),
        (
            r"30\,$^\circ$C, 30$^{\circ}$ N, 5^\circ W",
            "30 °C, 30° N, 5° W",
        ),
        (r"37{\textdegree}C, 4\textcelsius", "37°C, 4°C"),
        (r"$f^\prime$ and $f^{\prime}$", "f′ and f′"),
        (r"{\textalpha}-synuclein, \textmu m", "α-synuclein, µm"),
        (
            r"at \SI{20}{\celsius} and \qty[x=y]{1.5e3}{\kilo\meter\per\second}",
            "at 20 °C and 1.5×10^3 km/s",
        ),
        (
            r"\SI{45}{\degree}, \ang{12;3;}, \num{3 +- 1}, \SIrange{1}{2}{\metre}",
            "45°, 12°3′, 3 ± 1, 1–2 m",
        ),
        (r"\SI{2}", "2"),
        (
            r"the 19\textsuperscript{th} $10\,\mathrm{GeV}$ and $\mathrm x$",
            "the 19th 10 GeV and x",
        ),
        (
            r"\ensuremath{\alpha_{ij k}^2} in text--mode",
            "α_(ij k)^2 in text–mode",
        ),
        (r"$x \text{ if -- } y$", "x if – y"),
        (r"\enquote{so} it is", "“so” it is"),
        (r"a\vphantom\} b \phantom{x}c", "a b c"),
        (r"{\noopsort{b}}1973", "1973"),
        (r"by \foreignlanguage{german}{uns}", "by uns"),
        (
            r"see \url{https://example.org/~a_b}",
            "see https://example.org/~a_b",
        ),
        (r"\textcommabelow{S}tefan", "Ștefan"),
        (r"\isotope[13]{C} et al.\@ now", "C et al. now"),
        (r"\section*{Aims} first", "Aims first"),
    ] {
        assert_eq!(plain(latex), expected, "{latex}");
    }
}
