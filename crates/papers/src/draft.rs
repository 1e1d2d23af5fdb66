//! Drafts of papers: their prose and their citations.

mod citation;
mod format;
mod latex;
mod latex_files;
mod markdown;
mod mentions;
mod options;
mod parts;
mod plain;
mod references_heading;
mod text_file;
mod tidy;

use std::path::Path;

use unicode_segmentation::UnicodeSegmentation;

pub use self::citation::Citation;
pub use self::format::DraftFormat;
pub use self::options::DraftOptions;
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
}

impl Draft {
    /// Reads a draft from a file whose extension determines the [`DraftFormat`].
    ///
    /// The files that a LaTeX draft includes with `\input`, `\include` or `\subfile` are read too,
    /// from the folder of the including file or else from that of the main file. They must be in the
    /// folder of the main file or below it; [`read_with`](Self::read_with) has an option for others.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if a file cannot be read, and [`Error::Draft`] if the extension is
    /// unknown, a file is not UTF-8, an included file is missing, includes itself or is outside the
    /// folder, or the draft with its files is longer than 64 MiB.
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
                reason: "expected a draft in a file named .tex, .md or .txt".to_owned(),
            });
        };
        let text = if format == DraftFormat::Latex {
            latex_files::read(path, options)?
        } else {
            read_text(path)?
        };
        Ok(Self::parse(&text, format))
    }

    /// Reads a draft from memory, without the files that a LaTeX draft includes.
    ///
    /// Malformed source, such as an unmatched brace, is read as far as possible.
    pub fn parse(text: &str, format: DraftFormat) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let parts = match format {
            DraftFormat::Latex => latex::parse(text),
            DraftFormat::Markdown => markdown::parse(text),
            DraftFormat::Plain => plain::parse(text),
        };
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
        let error = Draft::read("paper.docx").unwrap_err();
        assert_eq!(
            error.to_string(),
            "paper.docx: expected a draft in a file named .tex, .md or .txt"
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
        let part = prop_oneof![
            Just(r"\cite{a,b}"),
            Just(r"\citep[see][p. 3]{"),
            Just(r"\begin{figure}"),
            Just(r"\end{figure}"),
            Just(r"\begin{abstract}"),
            Just(r"\end{abstract}"),
            Just(r"\title{"),
            Just(r"\bibitem[x]{k} A title."),
            Just("}"),
            Just("{"),
            Just("$"),
            Just("$$"),
            Just(r"\["),
            Just(r"\]"),
            Just(r"\("),
            Just("%"),
            Just("\n"),
            Just("\n\n"),
            Just("\\"),
            Just("\\\""),
            Just("[@key; @"),
            Just("]"),
            Just("](http://x/10.1234/y)"),
            Just("---\n"),
            Just("title: x\n"),
            Just("```\n"),
            Just("# References\n"),
            Just("| a | b |\n"),
            Just("arXiv:1706.03762"),
            Just("10.1234/ab(c)"),
            Just("é… A word. "),
            Just("@"),
            Just("<b>"),
            Just("[^1]"),
            Just(r"\footnote{"),
            Just(r"\verb|"),
            Just(r"\iffalse"),
        ];
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
