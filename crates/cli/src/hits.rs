//! Hits, printed for a person or written for another program.

mod document;
mod text;

use anyhow::Result;
use cognate::{Explanation, ExportFormat, PaperHit, PaperWriter};
use serde::Serialize;

use crate::hits::document::SearchDocument;
pub(crate) use crate::hits::text::{explained_hits_text, hit_text};
use crate::json::Header;
use crate::output::hit_output;

/// Writes hits to stdout in `format`. Only JSON has a field for the explanations, and `raw_cells`
/// concerns CSV only; `header` is the header of the JSON document.
pub(crate) fn write<Q: Serialize>(
    hits: &[PaperHit],
    explanations: &[Explanation],
    format: ExportFormat,
    raw_cells: bool,
    query: &Q,
    header: &Header,
) -> Result<()> {
    if format == ExportFormat::Json {
        return header.print(&SearchDocument::new(query, hits, explanations));
    }
    let writer = PaperWriter::for_hits(hit_output(format), format);
    let mut writer = writer.guard_cells(!raw_cells);
    for hit in hits {
        writer.write_ranked(&hit.paper, hit.rank, hit.score)?;
    }
    writer.finish()?;
    Ok(())
}
