//! What to do about a damaged library.

use cognate::Error;

const REBUILD: &str = "to rebuild it, run `cognate check --repair`";
const EMBED: &str = "to embed these papers again, run `cognate check --repair`";

/// Returns what to do about a fault of a library.
pub(crate) fn advice(is_repairable: bool, is_in_vectors: bool) -> &'static str {
    if is_repairable {
        REBUILD
    } else if is_in_vectors {
        EMBED
    } else {
        "restore it from a copy, or export the papers and add them to a new library"
    }
}

/// Returns what to do about an error, or `None` if it is not damage of a library.
pub(crate) fn advice_on_error(error: &Error) -> Option<&'static str> {
    if error.is_repairable() {
        Some(REBUILD)
    } else if error.is_in_vectors() {
        Some(EMBED)
    } else if error.is_damage() {
        Some(
            "`cognate check` says what is damaged, and `cognate check --repair` rebuilds what it can",
        )
    } else {
        None
    }
}
