//! Papers and hits, written for other programs and for readers.

mod bibtex;
mod csv;
mod entry_type;
mod json;
mod markdown;
mod ris;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use self::bibtex::CitationKeys;
use self::csv::Table;
use crate::{Error, Paper, Result};

/// A format that papers and hits can be written in.
///
/// | name | what it carries |
/// |---|---|
/// | `json` | every field, in one array; of hits also `rank` and `score` |
/// | `jsonl` | the same, one object a line, as [`PaperReader`](crate::PaperReader) reads it |
/// | `csv` | the same in columns; lists are joined by `; `, and a semicolon in an item becomes a comma |
/// | `bibtex` | every field but `references`; the id as citation key |
/// | `ris` | every field but `references` |
/// | `markdown` | a numbered list of titles with a link, authors, year and venue; of hits also the score |
///
/// In the last three, white space and control characters are one space each, since a field is one line.
/// `BibTeX` prints a text as it stands, but for what LaTeX makes of two hyphens, two apostrophes and two
/// grave accents: dashes and quotation marks. RIS wants family names first: a name without a comma is
/// taken to end with it.
///
/// ```
/// use cognate_papers::ExportFormat;
///
/// let format: ExportFormat = "bibtex".parse()?;
/// assert_eq!(format, ExportFormat::Bibtex);
/// # Ok::<(), cognate_papers::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFormat {
    /// One JSON array.
    Json,
    /// JSON lines.
    JsonLines,
    /// Comma-separated values with a header, RFC 4180 but for line feeds alone between lines.
    Csv,
    /// `BibTeX`, in UTF-8, for `BibTeX` with a LaTeX of 2018 or later, and for `BibLaTeX` with Biber.
    Bibtex,
    /// RIS, as reference managers read it.
    Ris,
    /// Markdown for a reader.
    Markdown,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 6] = [
        Self::Json,
        Self::JsonLines,
        Self::Csv,
        Self::Bibtex,
        Self::Ris,
        Self::Markdown,
    ];

    /// The name, as a command line has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Bibtex => "bibtex",
            Self::Ris => "ris",
            Self::Markdown => "markdown",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ExportFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| Error::InvalidOption {
                option: "format",
                found: format!("`{name}`"),
                expected: "`json`, `jsonl`, `csv`, `bibtex`, `ris` or `markdown`".to_owned(),
            })
    }
}

/// Writes papers or hits, one at a time, in an [`ExportFormat`].
///
/// Nothing is kept of what was written, but for the citation keys of `BibTeX`. Output that is not
/// buffered should be given in a [`BufWriter`](std::io::BufWriter).
///
/// ```
/// use cognate_papers::{ExportFormat, Paper, PaperWriter};
///
/// let mut writer = PaperWriter::new(Vec::new(), ExportFormat::Bibtex);
/// writer.write(&Paper::new("knuth 84").title("Literate Programming & More").year(1984))?;
/// let text = String::from_utf8(writer.finish()?)?;
/// assert_eq!(
///     text,
///     "@misc{knuth_84,\n  title = {{Literate Programming \\& More}},\n  year = {1984},\n}\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PaperWriter<W: Write> {
    out: Out<W>,
    hits: bool,
    written: usize,
}

#[derive(Debug)]
enum Out<W: Write> {
    Json(W),
    JsonLines(W),
    Csv(Box<Table<W>>),
    Bibtex(W, CitationKeys),
    Ris(W),
    Markdown(W),
}

/// The place of a hit, and its cosine.
#[derive(Clone, Copy, Debug)]
struct Rank {
    rank: usize,
    score: f32,
}

impl<W: Write> PaperWriter<W> {
    /// Starts to write papers.
    pub fn new(writer: W, format: ExportFormat) -> Self {
        Self::start(writer, format, false)
    }

    /// Starts to write hits: where the format has room for it, each with its rank and score.
    pub fn for_hits(writer: W, format: ExportFormat) -> Self {
        Self::start(writer, format, true)
    }

    fn start(writer: W, format: ExportFormat, hits: bool) -> Self {
        let out = match format {
            ExportFormat::Json => Out::Json(writer),
            ExportFormat::JsonLines => Out::JsonLines(writer),
            ExportFormat::Csv => Out::Csv(Box::new(Table::new(writer, hits))),
            ExportFormat::Bibtex => Out::Bibtex(writer, CitationKeys::default()),
            ExportFormat::Ris => Out::Ris(writer),
            ExportFormat::Markdown => Out::Markdown(writer),
        };
        Self {
            out,
            hits,
            written: 0,
        }
    }

    /// Writes a paper; among hits, one without rank and score.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write(&mut self, paper: &Paper) -> io::Result<()> {
        self.put(paper, None)
    }

    /// Writes a hit; its paper alone if the writer was started for papers.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_ranked(&mut self, paper: &Paper, rank: usize, score: f32) -> io::Result<()> {
        self.put(paper, self.hits.then_some(Rank { rank, score }))
    }

    fn put(&mut self, paper: &Paper, place: Option<Rank>) -> io::Result<()> {
        let first = self.written == 0;
        match &mut self.out {
            Out::Json(out) => {
                out.write_all(if first { b"[\n" } else { b",\n" })?;
                json::write(out, paper, place)?;
            }
            Out::JsonLines(out) => {
                json::write(out, paper, place)?;
                out.write_all(b"\n")?;
            }
            Out::Csv(table) => table.write(paper, place)?,
            Out::Bibtex(out, keys) => {
                if !first {
                    out.write_all(b"\n")?;
                }
                bibtex::write(out, keys, paper)?;
            }
            Out::Ris(out) => ris::write(out, paper)?,
            Out::Markdown(out) => markdown::write(out, self.written + 1, paper, place)?,
        }
        self.written += 1;
        Ok(())
    }

    /// Writes what belongs at the end, and gives the writer back, flushed. Without it a JSON array stays
    /// open.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn finish(self) -> io::Result<W> {
        let mut out = match self.out {
            Out::Csv(table) => table.finish()?,
            Out::Json(mut out) => {
                out.write_all(if self.written == 0 { b"[]\n" } else { b"\n]\n" })?;
                out
            }
            Out::JsonLines(out) | Out::Bibtex(out, _) | Out::Ris(out) | Out::Markdown(out) => out,
        };
        out.flush()?;
        Ok(out)
    }
}

/// A text with single spaces for white space and control characters, and none around it.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

/// A field that has something in it, as one line.
fn known(text: Option<&str>) -> Option<String> {
    text.map(one_line).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_names_alone() {
        for format in ExportFormat::ALL {
            assert_eq!(format.to_string().parse::<ExportFormat>().unwrap(), format);
        }
        assert_eq!(
            "xlsx".parse::<ExportFormat>().unwrap_err().to_string(),
            "`format` is `xlsx`, expected `json`, `jsonl`, `csv`, `bibtex`, `ris` or `markdown`"
        );
    }

    #[test]
    fn nothing_is_a_document_too() {
        let nothing = |format| {
            let bytes = PaperWriter::new(Vec::new(), format).finish().unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(nothing(ExportFormat::Json), "[]\n");
        assert_eq!(
            nothing(ExportFormat::Csv),
            "id,title,abstract,authors,year,venue,url,categories,doi,arxiv,references\n"
        );
        for format in ["jsonl", "bibtex", "ris", "markdown"] {
            assert_eq!(nothing(format.parse().unwrap()), "");
        }
    }

    #[test]
    fn a_writer_that_fails_is_an_error_at_the_end_at_the_latest() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for format in ExportFormat::ALL {
            let mut writer = PaperWriter::new(Full, format);
            let outcome = writer.write(&Paper::new("a").title("A"));
            let outcome = outcome.and_then(|()| writer.finish().map(drop));
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{format}");
        }
    }
}
