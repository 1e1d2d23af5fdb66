use std::io::{self, Write};

use super::ExportFormat;
use super::export::{Export, ExportOptions, Item, Rank};
use crate::Paper;

/// Writes papers or search results, one at a time, in an [`ExportFormat`].
///
/// The writer keeps nothing of the papers in memory, except their citation keys in BibTeX. It
/// writes in small pieces: wrap a file or a socket in a [`BufWriter`](std::io::BufWriter).
///
/// # Examples
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
    out: W,
    export: Box<dyn Export>,
    format: ExportFormat,
    options: ExportOptions,
    written: usize,
}

impl<W: Write> PaperWriter<W> {
    /// Creates a writer of papers.
    pub fn new(writer: W, format: ExportFormat) -> Self {
        Self::start(writer, format, false)
    }

    /// Creates a writer of search results, which have a rank and a score in the formats that
    /// provide for them.
    pub fn for_hits(writer: W, format: ExportFormat) -> Self {
        Self::start(writer, format, true)
    }

    fn start(out: W, format: ExportFormat, has_ranks: bool) -> Self {
        let options = ExportOptions {
            has_ranks,
            guards_cells: true,
        };
        Self {
            out,
            export: format.start(options),
            format,
            options,
            written: 0,
        }
    }

    /// Sets whether an apostrophe is written before each cell of [`ExportFormat::Csv`] that begins with
    /// `=`, `+`, `-`, `@`, a tab or a carriage return, which a spreadsheet would read as a formula. The
    /// default is `true`.
    ///
    /// The setting applies to papers written after the call. [`PaperReader`](crate::PaperReader) removes
    /// the apostrophes of tables that a writer has written, with either setting.
    ///
    /// ```
    /// use cognate_papers::{ExportFormat, Paper, PaperWriter};
    ///
    /// let mut writer = PaperWriter::new(Vec::new(), ExportFormat::Csv);
    /// writer.write(&Paper::new("a").title("=1+1"))?;
    /// let table = String::from_utf8(writer.finish()?)?;
    /// assert!(table.contains("\na,'=1+1,,"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn guard_cells(mut self, guard: bool) -> Self {
        self.options.guards_cells = guard;
        // A table has no state but its options.
        if self.format == ExportFormat::Csv {
            self.export = self.format.start(self.options);
        }
        self
    }

    /// Writes a paper without rank and score.
    ///
    /// # Errors
    ///
    /// Returns the errors of the underlying writer.
    pub fn write(&mut self, paper: &Paper) -> io::Result<()> {
        self.write_item(paper, None)
    }

    /// Writes a search result with its rank, counted from 1, and its score, if it has one.
    ///
    /// A writer that [`new`](Self::new) created writes the paper alone.
    ///
    /// # Errors
    ///
    /// Returns the errors of the underlying writer.
    pub fn write_ranked(
        &mut self,
        paper: &Paper,
        rank: usize,
        score: impl Into<Option<f32>>,
    ) -> io::Result<()> {
        let score = score.into();
        self.write_item(
            paper,
            self.options.has_ranks.then_some(Rank { rank, score }),
        )
    }

    fn write_item(&mut self, paper: &Paper, rank: Option<Rank>) -> io::Result<()> {
        let item = Item {
            paper,
            index: self.written,
            rank,
        };
        self.export.write(&mut self.out, &item)?;
        self.written += 1;
        Ok(())
    }

    /// Writes the end of the output, flushes the underlying writer and returns it.
    ///
    /// Without this call a JSON array is not closed.
    ///
    /// # Errors
    ///
    /// Returns the errors of the underlying writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.export.finish(&mut self.out, self.written)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_without_papers_is_valid() {
        let empty = |format| {
            let bytes = PaperWriter::new(Vec::new(), format).finish().unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(empty(ExportFormat::Json), "[]\n");
        assert_eq!(
            empty(ExportFormat::Csv),
            "id,title,abstract,authors,year,venue,url,categories,doi,arxiv,references,type,genre,published,\
             updated,volume,number,pages,publisher,place,series,edition,editors,isbn,issn,pmid,pmcid,language,\
             author_names,added,lists\n"
        );
        assert_eq!(empty(ExportFormat::CslJson), "[]\n");
        for format in ["jsonl", "bibtex", "ris", "markdown"] {
            assert_eq!(empty(format.parse().unwrap()), "");
        }
    }

    #[test]
    fn an_error_of_the_underlying_writer_is_returned_at_the_end_at_the_latest() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for &format in ExportFormat::ALL {
            let mut writer = PaperWriter::new(Full, format);
            let outcome = writer.write(&Paper::new("a").title("A"));
            let outcome = outcome.and_then(|()| writer.finish().map(drop));
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{format}");
        }
    }
}
