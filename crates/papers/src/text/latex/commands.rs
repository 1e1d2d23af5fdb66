//! What the commands of LaTeX do with the text after them.

use super::units::Part;

/// What a command that stands for no character does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    /// The command is not known.
    Unknown,
    /// The arguments, of this number, are not text.
    Skip(usize),
    /// White space.
    Space,
    /// A change of fonts or layout up to the end of the group.
    Declaration,
    /// The argument is text in some font.
    Format,
    /// The argument is mathematics.
    Mathematics,
    /// The argument is text, also within mathematics.
    Text,
    /// The argument is a quotation.
    Quotation,
    /// The arguments are two forms of one text.
    FirstForm,
    /// The argument is not LaTeX, such as an address.
    Verbatim,
    /// The argument is not visible.
    Phantom,
    /// A size of the delimiter that follows.
    Delimiter,
    Fraction,
    Root,
    /// The start of text that depends on whether mathematics surrounds it.
    IfMath,
    Else,
    EndIf,
    /// Numbers and units of the package siunitx.
    Quantity(&'static [Part]),
}

/// Returns what a command does.
pub(super) fn of_name(name: &str) -> Command {
    match name {
        "frac" | "dfrac" | "tfrac" | "cfrac" | "nicefrac" | "sfrac" => Command::Fraction,
        "sqrt" => Command::Root,
        "cite" | "citep" | "citet" | "citealp" | "citealt" | "citeauthor" | "citeyear"
        | "parencite" | "textcite" | "autocite" | "footcite" | "fullcite" | "nocite" | "ref"
        | "eqref" | "autoref" | "cref" | "Cref" | "label" | "begin" | "end" | "vspace"
        | "hspace" | "textcolor" | "color" | "href" | "foreignlanguage" | "selectlanguage"
        | "bibinfo" | "index" | "thanks" | "footnote" | "footnotemark" | "footnotetext"
        | "marginpar" | "todo" | "noopsort" | "SortNoop" | "sortnoop" | "rlap" | "fontsize"
        | "fontencoding" | "fontfamily" | "fontseries" | "fontshape" | "hyphenation" => {
            Command::Skip(1)
        }
        "quad" | "qquad" | "newline" | "par" | "linebreak" | "space" | "enspace" | "thinspace"
        | "medspace" | "thickspace" | "hfill" | "hskip" | "item" | "newblock" | "break"
        | "nobreakspace" | "textvisiblespace" => Command::Space,
        "left" | "right" | "middle" | "big" | "Big" | "bigg" | "Bigg" | "bigl" | "bigr"
        | "Bigl" | "Bigr" | "biggl" | "biggr" | "Biggl" | "Biggr" => Command::Delimiter,
        "em" | "bf" | "it" | "rm" | "tt" | "sc" | "sf" | "sl" | "cal" | "mit" | "bfseries"
        | "mdseries" | "itshape" | "scshape" | "upshape" | "slshape" | "rmfamily" | "sffamily"
        | "ttfamily" | "normalfont" | "tiny" | "scriptsize" | "footnotesize" | "small"
        | "normalsize" | "large" | "Large" | "LARGE" | "huge" | "Huge" | "boldmath"
        | "selectfont" | "unboldmath" | "displaystyle" | "textstyle" | "scriptstyle"
        | "scriptscriptstyle" | "limits" | "nolimits" | "protect" | "relax" | "centering"
        | "raggedright" | "noindent" | "sloppy" | "leavevmode" | "ignorespaces" | "unskip"
        | "allowbreak" | "nobreak" | "nolinebreak" | "negthinspace" | "xspace" | "string"
        | "null" | "strut" | "smallskip" | "medskip" | "bigskip" => Command::Declaration,
        "mathrm" | "mathbf" | "mathit" | "mathcal" | "mathbb" | "mathfrak" | "mathsf"
        | "mathtt" | "mathscr" | "mathnormal" | "mathop" | "mathord" | "mathbin" | "mathrel"
        | "boldsymbol" | "bm" | "pmb" | "operatorname" | "underline" | "overline" | "emph"
        | "uppercase" | "lowercase" | "mathds" | "mathbbm" | "textsuperscript"
        | "textsubscript" | "bibnamefont" | "bibfnamefont" => Command::Format,
        "ensuremath" => Command::Mathematics,
        "text" | "textrm" | "textbf" | "textit" | "textsf" | "texttt" | "textsc" | "textup"
        | "textsl" | "textmd" | "textnormal" | "mbox" | "hbox" | "fbox" | "makebox" => {
            Command::Text
        }
        "enquote" | "mkbibquote" | "textquote" => Command::Quotation,
        "texorpdfstring" | "printfirst" => Command::FirstForm,
        "url" | "nolinkurl" | "path" => Command::Verbatim,
        "phantom" | "vphantom" | "hphantom" => Command::Phantom,
        "ifmmode" => Command::IfMath,
        "else" => Command::Else,
        "fi" => Command::EndIf,
        "SI" | "qty" => Command::Quantity(&[Part::Number, Part::Unit]),
        "si" | "unit" => Command::Quantity(&[Part::Unit]),
        "num" => Command::Quantity(&[Part::Number]),
        "ang" => Command::Quantity(&[Part::Angle]),
        "numrange" => Command::Quantity(&[Part::Number, Part::RangeEnd]),
        "SIrange" | "qtyrange" => Command::Quantity(&[Part::Number, Part::RangeEnd, Part::Unit]),
        _ => Command::Unknown,
    }
}
