//! The description by which an export format registers itself.

use std::fmt::Debug;
use std::io::{self, Write};

use crate::Paper;

/// Everything that the rest of the crate needs to know about an export format.
///
/// Each format's file has one as a constant, and `write.rs` lists the constants.
#[derive(Debug)]
pub(super) struct ExportSpec {
    /// The name on the command line, in lower case.
    pub(super) name: &'static str,
    /// The extensions of file names that suggest the format, in lower case, the usual one first.
    pub(super) extensions: &'static [&'static str],
    /// Creates the state of one output.
    pub(super) start: fn(ExportOptions) -> Box<dyn Export>,
}

/// The choices for one output that concern some formats only.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExportOptions {
    /// Whether items may have a rank.
    pub(super) has_ranks: bool,
    /// Whether cells that a spreadsheet would read as formulas are marked as text.
    pub(super) guards_cells: bool,
}

/// Writes the items of one output and keeps what the format must remember between them.
pub(super) trait Export: Debug + Send + Sync {
    /// Writes one item.
    fn write(&mut self, out: &mut dyn Write, item: &Item<'_>) -> io::Result<()>;

    /// Writes the end of the output after `written` items.
    fn finish(&mut self, out: &mut dyn Write, written: usize) -> io::Result<()> {
        let _ = (out, written);
        Ok(())
    }
}

/// A paper to write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) paper: &'a Paper,
    /// The number of items written before this one.
    pub(super) index: usize,
    pub(super) rank: Option<Rank>,
}

/// The position of a paper in a list of search results, and its score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rank {
    /// The position, counted from 1.
    pub(super) rank: usize,
    /// The score, or `None` if it is not known.
    pub(super) score: Option<f32>,
}

#[cfg(test)]
impl<'a> Item<'a> {
    /// Returns the first item of an output.
    pub(super) fn first(paper: &'a Paper, rank: Option<Rank>) -> Self {
        Self {
            paper,
            index: 0,
            rank,
        }
    }
}

/// Returns what a format writes for one paper, without the end of the output.
#[cfg(test)]
pub(super) fn written(spec: &ExportSpec, item: &Item<'_>) -> String {
    let mut out = Vec::new();
    let options = ExportOptions {
        has_ranks: item.rank.is_some(),
        guards_cells: true,
    };
    (spec.start)(options).write(&mut out, item).unwrap();
    String::from_utf8(out).unwrap()
}
