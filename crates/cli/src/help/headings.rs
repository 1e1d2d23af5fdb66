/// The headings under which the help lists arguments, with the ids of these arguments. An argument is
/// under the same heading in each command that has it; all others are under `Options`.
const HEADINGS: &[(&str, &[&str])] = &[
    ("Library", &["library"]),
    (
        "Filters",
        &["year", "venue", "author", "category", "min_score"],
    ),
    (
        "Ranking",
        &[
            "mode",
            "fusion",
            "smooth",
            "no_smooth",
            "feedback",
            "diversity",
            "strategy",
            "not",
            "rerank",
            "rerank_depth",
            "rerank_precision",
        ],
    ),
    (
        "Output",
        &[
            "k",
            "sort",
            "reverse",
            "limit",
            "every_version",
            "explain",
            "json",
            "format",
            "raw_cells",
            "output",
            "report",
            "fail_empty",
            "force",
        ],
    ),
    ("Model", &["model", "precision", "device", "fetch"]),
    (GLOBAL, &["color", "quiet", "verbose", "help", "version"]),
];

/// The heading of the arguments that each command has.
pub(crate) const GLOBAL: &str = "Global options";

/// Arguments that the short help leaves out, because few people need them.
const ADVANCED: &[&str] = &[
    "raw_cells",
    "rerank_depth",
    "rerank_precision",
    "fusion",
    "smooth",
    "no_smooth",
    "feedback",
    "every_version",
    "device",
    "fetch",
    "sample",
];

/// Returns the heading of the argument `id`, or `None` if it is under `Options`.
pub(crate) fn heading(id: &str) -> Option<&'static str> {
    let has = |(_, ids): &&(&str, &[&str])| ids.contains(&id);
    HEADINGS.iter().find(has).map(|(heading, _)| *heading)
}

/// Returns whether the short help leaves out the argument `id`.
pub(crate) fn is_advanced(id: &str) -> bool {
    ADVANCED.contains(&id)
}
