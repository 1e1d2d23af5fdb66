//! The meaning of LaTeX commands and environments for the extraction of prose.

/// The treatment of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The command and its arguments are not prose.
    Dropped,
    /// The command and its first argument are not prose; the other arguments are.
    FirstDropped,
    /// The command defines something: its arguments are not prose, and the first may be a name
    /// without braces.
    Definition,
    /// The argument is prose outside the sentence that contains the command.
    Aside,
    /// The argument is a heading: it ends a paragraph and is not prose.
    Heading,
    /// The command ends a paragraph.
    Break,
    /// The command produces no text.
    NoText,
    /// The argument is the title.
    Title,
    /// The argument is the abstract.
    Abstract,
    /// The command is kept for [`plain`](crate::text::latex::plain), which converts accents,
    /// symbols and formatting.
    Kept,
}

/// Returns the treatment of a command.
pub(super) fn meaning(name: &str) -> Meaning {
    match name {
        "title" => Meaning::Title,
        "abstract" => Meaning::Abstract,
        "footnote" | "footnotetext" | "marginpar" => Meaning::Aside,
        "part" | "chapter" | "section" | "subsection" | "subsubsection" | "paragraph"
        | "subparagraph" | "addchap" | "addsec" => Meaning::Heading,
        "item" | "par" | "bigskip" | "medskip" | "smallskip" | "newpage" | "clearpage"
        | "maketitle" => Meaning::Break,
        "href" | "textcolor" | "color" | "colorbox" | "fontsize" | "raisebox" | "parbox"
        | "resizebox" | "scalebox" | "hyperref" | "texorpdfstring" | "bibinfo" | "bibfield"
        | "foreignlanguage" | "Hy@raisedlink" => Meaning::FirstDropped,
        "newcommand"
        | "renewcommand"
        | "providecommand"
        | "DeclareRobustCommand"
        | "def"
        | "gdef"
        | "edef"
        | "let"
        | "newenvironment"
        | "renewenvironment"
        | "newtheorem"
        | "DeclareMathOperator"
        | "NewDocumentCommand"
        | "newacronym"
        | "DeclareAcronym"
        | "newglossaryentry"
        | "newif"
        | "newlength"
        | "newcounter"
        | "setlength"
        | "addtolength"
        | "setcounter"
        | "addtocounter"
        | "definecolor"
        | "defcitealias"
        | "pgfplotsset"
        | "tikzset"
        | "lstset"
        | "DeclarePairedDelimiter" => Meaning::Definition,
        "label" | "ref" | "eqref" | "cref" | "Cref" | "crefrange" | "autoref" | "pageref"
        | "nameref" | "vref" | "subref" | "bibliography" | "bibliographystyle"
        | "addbibresource" | "newcites" | "printbibliography" | "includegraphics" | "vspace"
        | "hspace" | "input" | "include" | "subfile" | "includeonly" | "usepackage"
        | "documentclass" | "RequirePackage" | "thanks" | "footnotemark" | "pagestyle"
        | "thispagestyle" | "url" | "doi" | "path" | "index" | "author" | "affiliation"
        | "affil" | "institute" | "email" | "address" | "date" | "orcid" | "ORCID" | "keywords"
        | "caption" | "captionof" | "graphicspath" | "hypersetup" | "todo" | "phantom"
        | "hphantom" | "vphantom" | "rule" | "citestyle" | "setcitestyle" | "bibitem"
        | "lstinputlisting" | "inputminted" | "numberwithin" | "theoremstyle" | "linespread"
        | "geometry" | "pdfinfo" | "acmConference" | "acmYear" | "acmDOI" | "ccsdesc"
        | "received" | "shorttitle" | "runningtitle" | "titlerunning" | "authorrunning"
        | "enlargethispage" | "hyphenation" | "pagenumbering" | "fontfamily" | "selectlanguage"
        | "PACS" | "pacs" | "subjclass" | "markboth" | "glsresetall" => Meaning::Dropped,
        "tableofcontents"
        | "listoffigures"
        | "listoftables"
        | "appendix"
        | "centering"
        | "noindent"
        | "indent"
        | "xspace"
        | "hfill"
        | "vfill"
        | "hline"
        | "toprule"
        | "midrule"
        | "bottomrule"
        | "frontmatter"
        | "mainmatter"
        | "backmatter"
        | "sloppy"
        | "raggedright"
        | "newblock"
        | "allowbreak"
        | "pagebreak"
        | "nopagebreak"
        | "onecolumn"
        | "twocolumn"
        | "makeatletter"
        | "makeatother"
        | "else"
        | "fi"
        | "singlespacing"
        | "doublespacing"
        | "nonumber"
        | "notag"
        | "IEEEpeerreviewmaketitle"
        | "balance" => Meaning::NoText,
        _ => Meaning::Kept,
    }
}

/// Returns whether a command cites: `\cite`, a variant of natbib or BibLaTeX, or a command with a
/// similar name.
pub(super) fn is_cite(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_setting = lower.contains("style")
        || lower.starts_with("citetext")
        || lower.starts_with("citeindex")
        || lower.starts_with("citereset")
        || lower.starts_with("citename")
        || lower.starts_with("citesetup");
    let is_cite = lower.starts_with("cite")
        || lower.starts_with("nocite")
        || lower == "bibentry"
        || lower.ends_with("cite")
        || lower.ends_with("cites")
        || lower.ends_with("citetext")
        || lower.ends_with("citetexts");
    is_cite && !is_setting
}

/// Returns whether the content of an environment is not prose.
pub(super) fn is_not_prose(environment: &str) -> bool {
    matches!(
        environment.trim_end_matches('*'),
        "equation"
            | "align"
            | "alignat"
            | "flalign"
            | "gather"
            | "multline"
            | "eqnarray"
            | "displaymath"
            | "math"
            | "subequations"
            | "dmath"
            | "IEEEeqnarray"
            | "array"
            | "figure"
            | "wrapfigure"
            | "subfigure"
            | "SCfigure"
            | "sidewaysfigure"
            | "teaserfigure"
            | "table"
            | "wraptable"
            | "sidewaystable"
            | "tabular"
            | "tabularx"
            | "tabulary"
            | "longtable"
            | "supertabular"
            | "threeparttable"
            | "thebibliography"
            | "verbatim"
            | "Verbatim"
            | "lstlisting"
            | "minted"
            | "alltt"
            | "tikzpicture"
            | "pgfpicture"
            | "picture"
            | "algorithm"
            | "algorithmic"
            | "algorithm2e"
            | "pseudocode"
            | "comment"
            | "filecontents"
            | "CCSXML"
            | "keywords"
            | "IEEEkeywords"
            | "keyword"
            | "titlepage"
            | "forest"
    )
}
