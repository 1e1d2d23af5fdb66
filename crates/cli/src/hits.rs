//! Hits, printed for a person or written for another program.

mod document;
mod text;

use std::io::{self, BufWriter};

use anyhow::Result;
use cognate::{Explanation, ExportFormat, PaperHit, PaperWriter};
use serde::Serialize;

pub(crate) use crate::hits::document::HitDocument;
use crate::hits::document::SearchDocument;
pub(crate) use crate::hits::text::{explained_hits_text, hit_text};
use crate::output::print_json;

/// Writes hits to stdout in `format`. Only JSON has a field for the explanations.
pub(crate) fn write<Q: Serialize>(
    hits: &[PaperHit],
    explanations: &[Explanation],
    format: ExportFormat,
    query: &Q,
    took_ms: f64,
) -> Result<()> {
    if format == ExportFormat::Json {
        return print_json(&SearchDocument::new(query, took_ms, hits, explanations));
    }
    let stdout = BufWriter::new(io::stdout().lock());
    let mut writer = PaperWriter::for_hits(stdout, format);
    for hit in hits {
        writer.write_ranked(&hit.paper, hit.rank, hit.score)?;
    }
    writer.finish()?;
    Ok(())
}
