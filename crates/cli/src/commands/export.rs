use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result};
use cognate::{Explanation, ExportFormat, Library, PaperHit, PaperWriter};
use serde::Serialize;

use crate::arguments::ExportArguments;
use crate::output::{self, SearchDocument, count, note, print_json};

pub(crate) fn run(arguments: &ExportArguments) -> Result<()> {
    let library = Library::open(&arguments.library.library)?;
    let Some(path) = &arguments.output else {
        return write(&library, arguments.format, io::stdout().lock()).map(drop);
    };
    // Under another name first, so that a file of this name is always whole.
    let part = path.with_added_extension("part");
    let papers = write_file(&library, arguments.format, &part, path);
    if papers.is_err() {
        // What could not be written whole is of no use; that it stays is not worse.
        let _ = fs::remove_file(&part);
    }
    let papers = count(papers?, "paper");
    note(&format!("wrote {papers} to `{}`", path.display()));
    Ok(())
}

fn write_file(library: &Library, format: ExportFormat, part: &Path, path: &Path) -> Result<usize> {
    let name = path.display();
    let cannot = || format!("cannot write `{name}`");
    let file = File::create(part).with_context(cannot)?;
    let papers = write(library, format, &file)?;
    file.sync_all().with_context(cannot)?;
    fs::rename(part, path).with_context(cannot)?;
    Ok(papers)
}

/// Writes all papers, and counts them.
fn write(library: &Library, format: ExportFormat, to: impl Write) -> Result<usize> {
    let mut writer = PaperWriter::new(BufWriter::new(to), format);
    let mut written = 0;
    let mut outcome = Ok(());
    library.for_each(|paper| {
        outcome = writer.write(&paper);
        written += usize::from(outcome.is_ok());
        if outcome.is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    outcome.and_then(|()| writer.finish().map(drop))?;
    Ok(written)
}

/// Prints hits for another program; JSON alone has a place for explanations.
pub(crate) fn print_hits<Q: Serialize>(
    hits: &[PaperHit],
    why: &[Explanation],
    format: ExportFormat,
    query: &Q,
    took_ms: f64,
) -> Result<()> {
    if format == ExportFormat::Json {
        return print_json(&SearchDocument {
            query,
            took_ms,
            hits: output::documents(hits, why),
        });
    }
    let stdout = BufWriter::new(io::stdout().lock());
    let mut writer = PaperWriter::for_hits(stdout, format);
    for hit in hits {
        writer.write_ranked(&hit.paper, hit.rank, hit.score)?;
    }
    writer.finish()?;
    Ok(())
}
