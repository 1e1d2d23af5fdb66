//! Hits, printed for a person or written for another program.

mod document;
mod page;
mod text;

use anyhow::Result;
use cognate::{Explanation, ExportFormat, PaperHit, PaperWriter};
use serde::Serialize;

use crate::hits::document::SearchDocument;
use crate::hits::page::add_hits;
pub(crate) use crate::hits::page::{add_hit, add_remark};
use crate::hits::text::explained_hits_text;
pub(crate) use crate::hits::text::hit_text;
use crate::json::Header;
use crate::output::{self, hit_output};

/// Prints hits for a person, each followed by its explanation. `explanations` may be empty.
pub(crate) fn present(hits: &[PaperHit], explanations: &[Explanation]) -> Result<()> {
    output::present(
        || explained_hits_text(hits, explanations),
        |page| add_hits(page, hits, explanations),
    )
}

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
