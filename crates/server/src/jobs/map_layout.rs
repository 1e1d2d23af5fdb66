//! Laying out the map of a library, as `cognate map` does.

use std::ops::ControlFlow;

use cognate::MapOptions;

use super::document::JobProgress;
use super::job::Job;
use super::map_report::MapReport;
use super::stop::Stop;
use crate::served::ServedLibrary;
use crate::server::Server;

/// Lays out the map of a library.
///
/// # Errors
///
/// Returns an error if the job is cancelled, if the library cannot be read, and if the map cannot be stored.
pub(super) fn run(server: &Server, served: &ServedLibrary, job: &Job) -> Result<MapReport, Stop> {
    let is_stored = server.options().allow_write;
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
    let report = MapReport {
        papers: map.points.len(),
        topics: map.labels.len(),
        is_stored,
    };
    if !is_stored {
        server.maps().keep(served, map)?;
    }
    Ok(report)
}
