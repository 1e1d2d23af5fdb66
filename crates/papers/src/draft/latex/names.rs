//! What the commands and environments of LaTeX mean for prose.

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It and its arguments are no prose.
    Dropped,
    /// It and its first argument are no prose; the others are.
    FirstDropped,
    /// It defines something: its arguments, a bare name among them, are no prose.
    Definition,
    /// Its argument is prose apart from the sentence it stands in.
    Aside,
    /// A heading: it ends a paragraph, and is no prose.
    Heading,
    /// It ends a paragraph.
    Break,
    /// It says nothing.
    Nothing,
    Title,
    Abstract,
    /// It is left to the reader of LaTeX in titles, which knows accents, signs and formatting.
    Kept,
}

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
        | "pgfplotsset"
        | "tikzset"
        | "lstset"
        | "DeclarePairedDelimiter" => Meaning::Definition,
        "label" | "ref" | "eqref" | "cref" | "Cref" | "crefrange" | "autoref" | "pageref"
        | "nameref" | "vref" | "subref" | "bibliography" | "bibliographystyle"
        | "addbibresource" | "printbibliography" | "includegraphics" | "vspace" | "hspace"
        | "input" | "include" | "subfile" | "includeonly" | "usepackage" | "documentclass"
        | "RequirePackage" | "thanks" | "footnotemark" | "pagestyle" | "thispagestyle" | "url"
        | "doi" | "path" | "index" | "author" | "affiliation" | "affil" | "institute" | "email"
        | "address" | "date" | "orcid" | "ORCID" | "keywords" | "caption" | "captionof"
        | "graphicspath" | "hypersetup" | "todo" | "phantom" | "hphantom" | "vphantom" | "rule"
        | "citestyle" | "setcitestyle" | "bibitem" | "lstinputlisting" | "inputminted"
        | "numberwithin" | "theoremstyle" | "linespread" | "geometry" | "pdfinfo"
        | "acmConference" | "acmYear" | "acmDOI" | "ccsdesc" | "received" | "shorttitle"
        | "runningtitle" | "titlerunning" | "authorrunning" | "enlargethispage" | "hyphenation"
        | "pagenumbering" | "fontfamily" | "selectlanguage" | "PACS" | "pacs" | "subjclass"
        | "markboth" | "glsresetall" => Meaning::Dropped,
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
        | "balance" => Meaning::Nothing,
        _ => Meaning::Kept,
    }
}

/// Whether a command is of the family of `\cite`: of LaTeX itself, natbib, biblatex, or one named
/// after them.
pub(super) fn is_cite(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_setting = lower.contains("style")
        || lower.starts_with("citetext")
        || lower.starts_with("citeindex")
        || lower.starts_with("citereset")
        || lower.starts_with("citename")
        || lower.starts_with("citesetup");
    let is_family = lower.starts_with("cite")
        || lower.ends_with("cite")
        || lower.ends_with("cites")
        || lower.ends_with("citetext")
        || lower.ends_with("citetexts");
    is_family && !is_setting
}

/// Whether what stands in an environment is no prose.
pub(super) fn is_no_prose(environment: &str) -> bool {
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
