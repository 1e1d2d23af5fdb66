//! Drafts of papers: their prose and their citations.

mod citation;
mod docx;
mod files;
mod format;
mod format_spec;
mod latex;
mod markdown;
mod mentions;
mod options;
mod org;
mod parts;
mod plain;
mod references_heading;
mod rst;
mod shield;
mod text_file;
mod tidy;
mod typst;
mod window;

use std::path::{Path, PathBuf};

use unicode_segmentation::UnicodeSegmentation;

pub use self::citation::Citation;
use self::files::Files;
pub use self::format::DraftFormat;
use self::format_spec::Reader;
pub use self::options::DraftOptions;
use self::parts::Parts;
use self::text_file::read_text;
use crate::text::sentences;
use crate::{Error, Result};

/// A paper that is being written: its prose and its citations.
///
/// # Examples
///
/// ```
/// use cognate_papers::{Draft, DraftFormat};
///
/// let draft = Draft::parse(
///     r"\title{On graphs} \begin{document}
///       Graphs are old~\citep{euler1736}. % really
///       They are \emph{everywhere}.
///       \end{document}",
///     DraftFormat::Latex,
/// );
/// assert_eq!(draft.title(), Some("On graphs"));
/// assert_eq!(
///     draft.sentences().collect::<Vec<_>>(),
///     ["Graphs are old.", "They are everywhere."]
/// );
/// assert_eq!(draft.citations()[0].key.as_deref(), Some("euler1736"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    title: Option<String>,
    abstract_text: Option<String>,
    paragraphs: Vec<Vec<String>>,
    citations: Vec<Citation>,
    bibliographies: Vec<PathBuf>,
    notes: Vec<String>,
}

impl Draft {
    /// Reads a draft from a file whose extension determines the [`DraftFormat`].
    ///
    /// The files that the draft includes, as with `\input` or `\import` in LaTeX, are read too, from the
    /// folder of the including file or else from the folder of the main file. They must be in the folder of the
    /// main file or below it; [`read_with`](Self::read_with) has an option for others. A missing file is
    /// one of the [`notes`](Self::notes).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if a file cannot be read, and [`Error::Draft`] if the extension is
    /// unknown, a file is not UTF-8 or not a document of Word, an included file includes itself or is
    /// outside the folder, or the draft with its files is longer than 64 MiB.
    ///
    /// # Complexity
    ///
    /// Linear in the size of the files.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_with(path, DraftOptions::default())
    }

    /// Reads a draft from a file, as [`read`](Self::read) does, with options.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`read`](Self::read).
    pub fn read_with(path: impl AsRef<Path>, options: DraftOptions) -> Result<Self> {
        let path = path.as_ref();
        let Some(format) = DraftFormat::of_path(path) else {
            return Err(Error::Draft {
                origin: path.display().to_string(),
                line: None,
                reason: "expected a draft in a file named .tex, .md, .qmd, .Rmd, .typ, .org, .rst, .docx \
                         or .txt"
                    .to_owned(),
            });
        };
        let mut files = Files::of(path, options)?;
        let parts = match format.spec().reader {
            Reader::Text(parse) => {
                let text = read_text(path)?;
                files.add_bytes(text.len(), None)?;
                parse(without_byte_order_mark(&text), &mut files)?
            }
            Reader::File { file, .. } => file(path, &mut files)?,
        };
        Ok(Self::from_parts(parts, files))
    }

    /// Reads a draft from memory, without the files that it includes.
    ///
    /// The text of a document of Word is the text of its part `word/document.xml`. Malformed source, such as an
    /// unmatched brace, is read as far as possible.
    pub fn parse(text: &str, format: DraftFormat) -> Self {
        let text = without_byte_order_mark(text);
        let mut files = Files::none();
        let (Reader::Text(parse) | Reader::File { text: parse, .. }) = format.spec().reader;
        // Only files cause errors.
        let parts = parse(text, &mut files).unwrap_or_default();
        Self::from_parts(parts, files)
    }

    fn from_parts(parts: Parts, files: Files) -> Self {
        let (notes, bibliographies) = files.into_findings();
        let owned = |paragraph: &String| {
            let found = sentences(paragraph);
            let found = found.into_iter().filter(|sentence| has_a_word(sentence));
            found.map(str::to_owned).collect::<Vec<_>>()
        };
        let mut paragraphs: Vec<_> = parts.paragraphs.iter().map(owned).collect();
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        let non_blank = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            title: non_blank(parts.title),
            abstract_text: non_blank(parts.abstract_text),
            paragraphs,
            citations: parts.citations.into_list(),
            bibliographies,
            notes,
        }
    }

    /// Returns the title if the draft marks it: by `\title`, in the front matter, as the first
    /// heading or after `Title:`.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Returns the abstract if the draft marks it.
    pub fn abstract_text(&self) -> Option<&str> {
        self.abstract_text.as_deref()
    }

    /// Returns the sentences of the prose in order, without the title and the abstract.
    pub fn sentences(&self) -> impl Iterator<Item = &str> {
        self.paragraphs.iter().flatten().map(String::as_str)
    }

    /// Returns the paragraphs of the prose in order, each as a non-empty list of sentences.
    pub fn paragraphs(&self) -> &[Vec<String>] {
        &self.paragraphs
    }

    /// Returns the citations in order of first appearance, without repetitions.
    pub fn citations(&self) -> &[Citation] {
        &self.citations
    }

    /// Returns the paths of the files of references that the draft names, as with `\bibliography` in LaTeX
    /// or `bibliography` in the front matter of Markdown, and that are in its folder.
    ///
    /// A [`PaperReader`](crate::PaperReader) reads most of them, with the citation keys as ids. The list is
    /// empty if the draft was read from memory.
    pub fn bibliographies(&self) -> &[PathBuf] {
        &self.bibliographies
    }

    /// Returns what could not be followed, each with its file and line: files that are missing, and names
    /// of files with a macro that the draft does not define.
    ///
    /// The list is empty if the draft was read from memory.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Returns whether a text has a word of at least two letters, as a formula alone has not.
fn has_a_word(text: &str) -> bool {
    let is_word = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    text.unicode_words().any(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_unknown_extension_is_an_error() {
        let error = Draft::read("paper.pdf").unwrap_err();
        assert_eq!(
            error.to_string(),
            "paper.pdf: expected a draft in a file named .tex, .md, .qmd, .Rmd, .typ, .org, .rst, .docx \
             or .txt"
        );
    }

    #[test]
    fn a_citation_without_a_key_or_an_address_has_another_label_or_is_none() {
        let entry = "\\begin{document}\\bibitem{} A. Author. A title. \\bibitem{b} B.";
        let draft = Draft::parse(entry, DraftFormat::Latex);
        let labels: Vec<&str> = draft.citations().iter().map(Citation::label).collect();
        assert_eq!(labels, ["A. Author. A title.", "b"]);
        let draft = Draft::parse("A [link]() and [](x).", DraftFormat::Markdown);
        let labels: Vec<&str> = draft.citations().iter().map(Citation::label).collect();
        assert_eq!(labels, ["x"]);
    }

    /// Generates texts of fragments that have a meaning in some format, unbalanced.
    fn malformed() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec![
            r"\cite{a,b}",
            r"\citep[see][p. 3]{",
            r"\begin{figure}",
            r"\end{figure}",
            r"\begin{abstract}",
            r"\end{abstract}",
            r"\title{",
            r"\bibitem[x]{k} A title.",
            "}",
            "{",
            "$",
            "$$",
            r"\[",
            r"\]",
            r"\(",
            "%",
            "\n",
            "\n\n",
            "\\",
            "\\\"",
            "[@key; @",
            "]",
            "](http://x/10.1234/y)",
            "---\n",
            "title: x\n",
            "```\n",
            "# References\n",
            "| a | b |\n",
            "arXiv:1706.03762",
            "10.1234/ab(c)",
            "é… A word. ",
            "@",
            "<b>",
            "[^1]",
            r"\footnote{",
            r"\verb|",
            r"\iffalse",
            r"\fi ",
            r"\else ",
            r"\ifx",
            r"\newcommand{\a}[1]{",
            r"\def\b{\cite{#1}\a}",
            r"\a",
            r"\let\b\cite",
            r"\begin{comment}",
            r"\end{comment}",
            r"\begin{document}",
            r"\input{x}",
            "#cite(<a>, ",
            "#figure(",
            "caption: [",
            "#let x = ",
            "/*",
            "<x>",
            "= ",
            "[cite:@k",
            "[[",
            "#+begin_src\n",
            "#+end_src\n",
            "* ",
            "=x",
            ":cite:`",
            "``",
            "::\n\n   ",
            ".. note:: ",
            ".. [k] ",
            "=====\n",
            "[k]_",
            "<w:p>",
            "</w:p>",
            "<w:t>",
            "<w:fldChar w:fldCharType=\"begin\"/>",
            "<w:fldChar w:fldCharType=\"end\"/>",
            "<w:instrText>CITATION x",
            "<w:del>",
        ]);
        prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn reads_any_text(malformed in malformed(), any in "\\PC{0,80}") {
            for text in [malformed, any] {
                for &format in DraftFormat::ALL {
                    let draft = Draft::parse(&text, format);
                    prop_assert!(draft.sentences().all(|sentence| !sentence.trim().is_empty()));
                    prop_assert!(draft.paragraphs().iter().all(|paragraph| !paragraph.is_empty()));
                }
            }
        }
    }
}
