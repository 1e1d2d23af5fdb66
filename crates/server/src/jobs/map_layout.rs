//! Laying out the map of a library, as `cognate map` does.

use std::ops::ControlFlow;

use cognate::MapOptions;

use super::document::JobProgress;
use super::job::Job;
use super::map_report::MapReport;
use super::stop::Stop;
use crate::served::ServedLibrary;
use crate::server::Server;

/// Lays out the map of a library, unless it has a map of its present papers, which would come out the same.
///
/// # Errors
///
/// Returns an error if the job is cancelled, if the library cannot be read, and if the map cannot be stored.
pub(super) fn run(server: &Server, served: &ServedLibrary, job: &Job) -> Result<MapReport, Stop> {
    let is_stored = server.options().allow_write;
    if let Some(report) = of_current(server, served, is_stored) {
        return Ok(report);
    }
    let options = MapOptions::default().store(is_stored);
    let map = served.library.map_with(&options, &mut |state| {
        job.set_progress(JobProgress {
            stage: Some(state.stage),
            share: Some(state.share()),
            ..JobProgress::default()
        });
        if job.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    let report = MapReport::new(&map, is_stored);
    if !is_stored {
        server.maps().keep(served, map)?;
    }
    Ok(report)
}

/// Returns a report of the map of the present papers of a library, if there is one, and if it is stored or need not be.
fn of_current(server: &Server, served: &ServedLibrary, must_be_stored: bool) -> Option<MapReport> {
    let generation = served.library.generation().ok()?;
    // A map that cannot be read is laid out again.
    let found = server.maps().current(served, generation).ok()??;
    let is_enough = found.map.is_current() && (found.is_stored || !must_be_stored);
    is_enough.then(|| MapReport::new(&found.map, found.is_stored))
}
