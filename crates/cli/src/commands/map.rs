use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use cognate::{Error, ExportFormat, Library, MapOptions, MapStage, PaperMap};

use crate::arguments::{CellArguments, LibraryArguments};
use crate::atomic_file::{self, Existing};
use crate::failure::wrong_usage;
use crate::interrupt;
use crate::invocation::Invocation;
use crate::json::Header;
use crate::output::{count, note, one_line, paper_output, present_fields, thousands};
use crate::progress::Progress;

/// Lay out the papers of a library as points of a plane
///
/// Papers with near vectors are near each other on the map, and the same papers always have the same map. It is
/// stored in the library, for the page of `cognate serve`. If the library has a map of its present papers, that one
/// is used.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    library: LibraryArguments,
    /// File to write the points to: .csv or .json; - writes CSV to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output file if it exists
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    cells: CellArguments,
    /// Do not store the map in the library
    #[arg(long)]
    no_store: bool,
    /// Print one JSON document, with the points of all papers
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

/// The largest number of topics that are shown.
const TOPICS: usize = 10;

/// The forms of a file of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PointFormat {
    Csv,
    Json,
}

pub(crate) fn run(arguments: &Arguments, invocation: &Invocation) -> Result<()> {
    let output = arguments.output.as_deref();
    let format = output.map(PointFormat::of).transpose()?;
    let library = invocation.open_library(&arguments.library)?;
    let start = Instant::now();
    let (map, is_new) = match current(&library)? {
        Some(map) => (map, false),
        None => (lay_out(&library, !arguments.no_store)?, true),
    };
    let took = start.elapsed();
    if arguments.json {
        let header = Header::new("map", took).library(library.dir());
        return header.print(&map);
    }
    let (Some(path), Some(format)) = (output, format) else {
        return present_fields(&summary(&map, is_new.then_some(took)));
    };
    if path == Path::new("-") {
        return format.write(&map, &arguments.cells, paper_output(ExportFormat::Csv));
    }
    let existing = Existing::with_force(arguments.force);
    atomic_file::write_if(path, existing, |file| {
        format.write(&map, &arguments.cells, BufWriter::new(file))
    })?;
    let points = count(map.points.len(), "point");
    note(&format!("wrote {points} to `{}`", path.display()));
    Ok(())
}

/// Returns the stored map if it has the present papers.
fn current(library: &Library) -> Result<Option<PaperMap>> {
    match library.stored_map() {
        Ok(map) => Ok(map.filter(PaperMap::is_current)),
        // Another layout replaces it.
        Err(error @ (Error::Damaged { .. } | Error::Version { .. })) => {
            note(&format!("note: {error}; the papers are laid out again"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn lay_out(library: &Library, store: bool) -> Result<PaperMap> {
    interrupt::watch()?;
    let mut shown: Option<(MapStage, Progress)> = None;
    let options = MapOptions::default().store(store);
    let outcome = library.map_with(&options, &mut |state| {
        let noun = match state.stage {
            MapStage::Neighbors => "papers",
            MapStage::Layout => "epochs",
            _ => "steps",
        };
        if shown
            .as_ref()
            .is_none_or(|(stage, _)| *stage != state.stage)
        {
            // The progress of one stage is cleared before the progress of the next one begins.
            drop(shown.take());
            shown = Some((state.stage, Progress::new(state.total, noun)));
        }
        if let Some((_, progress)) = &mut shown {
            progress.update(state.done);
        }
        interrupt::check()
    });
    drop(shown);
    match outcome {
        Err(Error::Cancelled { .. }) => bail!("interrupted: no map was stored"),
        outcome => Ok(outcome?),
    }
}

/// Returns what a map has, with the time that the layout took if it is new.
fn summary(map: &PaperMap, took: Option<Duration>) -> Vec<(&'static str, String)> {
    let layout = match took {
        Some(took) => format!("new, took {:.1} s", took.as_secs_f64()),
        None => "stored before, and current".to_owned(),
    };
    let mut fields = vec![
        ("papers", thousands(map.points.len())),
        ("layout", layout),
        (
            "neighbors",
            format!(
                "{:.0}% of the nearest are near on the map",
                100.0 * map.neighbors_kept
            ),
        ),
        ("topics", thousands(map.labels.len())),
    ];
    for label in map.labels.iter().take(TOPICS) {
        let words = one_line(&label.words.join(", "));
        fields.push(("", format!("{:>7}  {words}", thousands(label.papers))));
    }
    fields
}

impl PointFormat {
    /// Returns the format that the name of a file says.
    fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().unwrap_or_default();
        if extension.eq_ignore_ascii_case("json") {
            return Ok(Self::Json);
        }
        let is_stream = path == Path::new("-") || atomic_file::is_stream(path);
        if is_stream || extension.eq_ignore_ascii_case("csv") {
            return Ok(Self::Csv);
        }
        Err(wrong_usage(&format!(
            "the name `{}` does not say the format, expected one that ends in .csv or .json",
            path.display()
        )))
    }

    fn write(self, map: &PaperMap, cells: &CellArguments, mut to: impl Write) -> Result<()> {
        match self {
            Self::Json => {
                serde_json::to_writer(&mut to, map)?;
                writeln!(to)?;
            }
            Self::Csv => write_csv(map, !cells.raw_cells, &mut to)?,
        }
        to.flush()?;
        Ok(())
    }
}

/// Writes the points as CSV. The topic of a point is its number, from 1 for the largest one, with its words.
fn write_csv(map: &PaperMap, guard_cells: bool, to: &mut impl Write) -> Result<()> {
    writeln!(to, "id,x,y,year,topic,words")?;
    for point in &map.points {
        let id = cell(&point.id, guard_cells);
        let year = point.year.map(|year| year.to_string()).unwrap_or_default();
        let topic = point.topic.map(|topic| (topic + 1).to_string());
        let words = point.topic.and_then(|topic| map.labels.get(topic));
        let words = words
            .map(|label| label.words.join(" · "))
            .unwrap_or_default();
        writeln!(
            to,
            "{id},{},{},{year},{},{}",
            point.x,
            point.y,
            topic.unwrap_or_default(),
            cell(&words, guard_cells)
        )?;
    }
    Ok(())
}

/// Returns a text as a cell of CSV, with an apostrophe before what a spreadsheet would read as a formula if that is
/// wanted.
fn cell(text: &str, guard: bool) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded = if guard && is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if guarded.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", guarded.replace('"', "\"\""));
    }
    guarded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_guarded() {
        assert_eq!(cell("a b", true), "a b");
        assert_eq!(cell("a, \"b\"", true), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("=1", true), "'=1");
        assert_eq!(cell("=1,2", true), "\"'=1,2\"");
        assert_eq!(cell("=1", false), "=1");
    }
}
