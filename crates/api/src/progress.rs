pub use cognate_model::Progress;

/// Returns the progress of work on an index as that of a library.
pub(crate) fn of_index(progress: cognate_index::Progress) -> Progress {
    Progress::new(progress.done, progress.total)
}
