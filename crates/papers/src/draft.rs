use std::fmt;
use std::fs;
use std::path::Path;

use unicode_segmentation::UnicodeSegmentation;

use crate::text::sentences::sentences;
use crate::{Error, Result};

mod citation;
mod latex;
mod latex_files;
mod markdown;
mod mentions;
mod plain;
mod tidy;

pub use citation::Citation;
use citation::Citations;

/// A paper that is being written: its prose, and what it cites.
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

/// How a draft is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DraftFormat {
    /// LaTeX, with `BibTeX`, natbib or biblatex: `.tex`.
    Latex,
    /// Markdown, with Pandoc's citations (`[@key]`) and front matter: `.md`.
    Markdown,
    /// Plain text: `.txt`.
    Plain,
}

/// What a reader of one format found, before it is cut into sentences.
#[derive(Debug, Default)]
struct Parts {
    title: Option<String>,
    abstract_text: Option<String>,
    /// Prose without markup.
    paragraphs: Vec<String>,
    citations: Citations,
}

impl DraftFormat {
    /// The formats, with the extensions of their files.
    const EXTENSIONS: [(&'static str, Self); 7] = [
        ("tex", Self::Latex),
        ("ltx", Self::Latex),
        ("latex", Self::Latex),
        ("md", Self::Markdown),
        ("markdown", Self::Markdown),
        ("txt", Self::Plain),
        ("text", Self::Plain),
    ];

    /// The format of a file by its extension; nothing when that tells none.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_lowercase();
        Self::EXTENSIONS
            .iter()
            .find_map(|(known, format)| (*known == extension).then_some(*format))
    }
}

impl fmt::Display for DraftFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Latex => "LaTeX",
            Self::Markdown => "Markdown",
            Self::Plain => "plain text",
        })
    }
}

impl Draft {
    /// Reads a draft, whose format its extension tells. The files that a LaTeX draft asks for
    /// with `\input`, `\include` or `\subfile` are read too; they are looked for beside the file
    /// that names them, then beside the first one.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the file cannot be read; [`Error::Draft`] when the extension is not
    /// known, when a file is not UTF-8, and when one that is asked for is missing or asks for
    /// itself.
    ///
    /// # Complexity
    ///
    /// Linear in the size of the files.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let Some(format) = DraftFormat::of_path(path) else {
            return Err(Error::Draft {
                origin: path.display().to_string(),
                line: None,
                reason: "expected a draft in a file named .tex, .md or .txt".to_owned(),
            });
        };
        let text = if format == DraftFormat::Latex {
            latex_files::read(path)?
        } else {
            read_text(path)?
        };
        Ok(Self::parse(&text, format))
    }

    /// Reads a draft from memory. Files that a LaTeX draft asks for are not read.
    ///
    /// What is broken, such as a brace without its partner, is read as far as it makes sense.
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
        let some = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            title: some(parts.title),
            abstract_text: some(parts.abstract_text),
            paragraphs,
            citations: parts.citations.into_list(),
        }
    }

    /// The title, where it is marked: by `\title`, by the front matter or as the first heading.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The abstract, where it is marked; [`sentences`](Self::sentences) does not repeat it.
    pub fn abstract_text(&self) -> Option<&str> {
        self.abstract_text.as_deref()
    }

    /// The sentences of the prose in order, without title and abstract.
    pub fn sentences(&self) -> impl Iterator<Item = &str> {
        self.paragraphs.iter().flatten().map(String::as_str)
    }

    /// The paragraphs of the prose in order, in sentences; none is empty.
    pub fn paragraphs(&self) -> &[Vec<String>] {
        &self.paragraphs
    }

    /// What it cites, in order, each once.
    pub fn citations(&self) -> &[Citation] {
        &self.citations
    }
}

/// Whether a text has a word of two letters: a formula may be left alone in its paragraph.
fn has_a_word(text: &str) -> bool {
    let is_word = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    text.unicode_words().any(is_word)
}

/// A file that must be UTF-8.
fn read_text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes[..at].split(|&byte| byte == b'\n').count();
        Error::Draft {
            origin: path.display().to_string(),
            line: Some(line),
            reason: format!("found the byte 0x{:02x}, expected UTF-8", bytes[at]),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tells_the_format_by_the_extension() {
        let of = |name: &str| DraftFormat::of_path(Path::new(name));
        assert_eq!(of("a/paper.TEX"), Some(DraftFormat::Latex));
        assert_eq!(of("paper.md"), Some(DraftFormat::Markdown));
        assert_eq!(of("paper.txt"), Some(DraftFormat::Plain));
        assert_eq!(of("paper.docx"), None);
        let error = Draft::read("paper.docx").unwrap_err();
        assert_eq!(
            error.to_string(),
            "paper.docx: expected a draft in a file named .tex, .md or .txt"
        );
    }

    #[test]
    fn names_the_line_that_is_not_utf_8() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.txt");
        fs::write(&path, b"One line.\nCaf\xe9 is Latin-1.\n").unwrap();
        let error = Draft::read(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("old.txt:2: found the byte 0xe9, expected UTF-8"),
            "{error}"
        );
    }

    /// Texts made of what has a meaning in a draft.
    fn broken() -> impl Strategy<Value = String> {
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
        fn reads_whatever_comes(broken in broken(), any in "\\PC{0,80}") {
            for text in [broken, any] {
                for format in [DraftFormat::Latex, DraftFormat::Markdown, DraftFormat::Plain] {
                    let draft = Draft::parse(&text, format);
                    prop_assert!(draft.sentences().all(|sentence| !sentence.trim().is_empty()));
                    prop_assert!(draft.paragraphs().iter().all(|paragraph| !paragraph.is_empty()));
                }
            }
        }
    }
}
