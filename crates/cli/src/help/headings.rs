/// The headings under which the help lists arguments, with the ids of these arguments. An argument is
/// under the same heading in each command that has it; all others are under `Options`.
const HEADINGS: &[(&str, &[&str])] = &[
    ("Library", &["library"]),
    (
        "Filters",
        &[
            "year",
            "since",
            "venue",
            "author",
            "category",
            "list",
            "not_list",
            "added_since",
            "min_score",
        ],
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
            "limit",
            "sort",
            "reverse",
            "every_version",
            "explain",
            "json",
            "format",
            "raw_cells",
            "output",
            "report",
            "fail_empty",
            "force",
            "save",
            "write_run",
            "per_query",
        ],
    ),
    (
        "Access",
        &["allow_write", "token_file", "allow_host", "allow_origin"],
    ),
    (
        "Model",
        &["model", "precision", "device", "fetch", "rerank_model"],
    ),
    (GLOBAL, &["color", "quiet", "verbose", "help", "version"]),
];

/// The heading of the arguments that each command has.
pub(crate) const GLOBAL: &str = "Global options";

/// Arguments that the short help of a command, or of each command, leaves out, because few people need
/// them.
const ADVANCED: &[(Option<&str>, &[&str])] = &[
    (
        None,
        &[
            "added_since",
            "device",
            "every_version",
            "fail_empty",
            "feedback",
            "fetch",
            "fusion",
            "min_score",
            "no_smooth",
            "not_list",
            "raw_cells",
            "rerank_depth",
            "rerank_precision",
            "smooth",
            "version",
        ],
    ),
    (
        Some("search"),
        &[
            "diversity",
            "list",
            "model",
            "rerank",
            "since",
            "sort",
            "venue",
        ],
    ),
    (
        Some("related"),
        &["diversity", "list", "model", "since", "sort", "venue"],
    ),
    (Some("missed"), &["allow_outside", "model", "skip_bad"]),
    (Some("check"), &["model"]),
    (Some("upgrade"), &["sample"]),
    (
        Some("eval"),
        &[
            "author",
            "category",
            "diversity",
            "gain",
            "model",
            "per_query",
            "precision",
            "rerank",
            "sample",
            "strategy",
            "venue",
            "year",
        ],
    ),
];

/// Returns the heading of the argument `id`, or `None` if it is under `Options`.
pub(crate) fn heading(id: &str) -> Option<&'static str> {
    let has = |(_, ids): &&(&str, &[&str])| ids.contains(&id);
    HEADINGS.iter().find(has).map(|(heading, _)| *heading)
}

/// Returns whether the short help of `command` leaves out the argument `id`.
pub(crate) fn is_advanced(command: &str, id: &str) -> bool {
    ADVANCED.iter().any(|(of, ids)| {
        let is_here = of.is_none_or(|of| of == command);
        is_here && ids.contains(&id)
    })
}
