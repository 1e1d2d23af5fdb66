pub use cognate_model::Progress;

/// Returns the progress of a library whose index reports this progress.
pub(crate) fn of_index(progress: cognate_index::Progress) -> Progress {
    Progress::new(progress.done, progress.total)
}
