//! Hits, printed for a person or written for another program.

mod document;
mod page;
mod text;

use std::fmt::Write as _;
use std::slice;

use anyhow::Result;
use cognate::{Explanation, ExportFormat, MergedHit, PaperHit, PaperWriter};
use serde::Serialize;

use crate::arguments::HitArguments;
use crate::hits::document::SearchDocument;
use crate::hits::page::add_hits;
pub(crate) use crate::hits::page::{add_hit, add_remark};
use crate::hits::text::explained_hits_text;
pub(crate) use crate::hits::text::hit_text;
use crate::json::Header;
use crate::located_library::LocatedLibrary;
use crate::output::{self, hit_output, one_line};
use crate::styled::Styled;

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

/// Prints the hits of several libraries, each with the libraries that have it, in the format of
/// `arguments`. Formats other than JSON and text have no field for the libraries.
pub(crate) fn print_merged<Q: Serialize>(
    merged: &[MergedHit],
    explanations: &[Explanation],
    libraries: &[LocatedLibrary],
    arguments: &HitArguments,
    query: &Q,
    header: &Header,
) -> Result<()> {
    let hits: Vec<PaperHit> = merged.iter().map(|merged| merged.hit.clone()).collect();
    let of_hits = |text: fn(&LocatedLibrary) -> String| -> Vec<Vec<String>> {
        let of_hit = |merged: &MergedHit| {
            let positions = std::iter::once(&merged.library).chain(&merged.also_in);
            positions.map(|at| text(&libraries[*at])).collect()
        };
        merged.iter().map(of_hit).collect()
    };
    match arguments.format() {
        Some(ExportFormat::Json) => {
            let document = SearchDocument::new(query, &hits, explanations);
            let folders = of_hits(|library| library.dir.display().to_string());
            header.print(&document.with_libraries(&folders))?;
        }
        Some(format) => {
            let raw_cells = arguments.raw_cells();
            write(&hits, &[], format, raw_cells, query, header)?;
        }
        None => {
            let names = of_hits(|library| library.name.clone());
            let each = || {
                let hits = hits.iter().zip(&names).enumerate();
                hits.map(|(at, (hit, names))| {
                    let explanation = explanations.get(at..=at).unwrap_or_default();
                    let libraries = format!("in {}", one_line(&names.join(", ")));
                    (slice::from_ref(hit), explanation, libraries)
                })
            };
            let text = || {
                let mut text = String::new();
                for (hit, explanation, libraries) in each() {
                    text.push_str(&explained_hits_text(hit, explanation));
                    // Writing to a string does not fail.
                    let _ = writeln!(text, "            {libraries}");
                }
                text
            };
            output::present(text, |page| {
                for (hit, explanation, libraries) in each() {
                    add_hits(page, hit, explanation);
                    add_remark(page, &Styled::new().dim(&libraries));
                }
            })?;
        }
    }
    arguments.check_found(&hits)
}
