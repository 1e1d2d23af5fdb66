/// Returns whether a heading is that of the list of references, ignoring its number.
pub(super) fn is_references_heading(heading: &str) -> bool {
    let bare = heading.trim_matches(|c: char| !c.is_alphabetic());
    let bare = bare.to_lowercase();
    matches!(
        bare.as_str(),
        "references"
            | "reference list"
            | "list of references"
            | "bibliography"
            | "works cited"
            | "literature"
            | "literature cited"
    )
}
