/// Returns the full name of a model on the Hugging Face Hub, or `None` if `name` cannot be one.
///
/// A name without an owner belongs to `sentence-transformers`.
pub(super) fn hub_name(name: &str) -> Option<String> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    match name.split('/').collect::<Vec<_>>()[..] {
        [model] if is_part(model) => Some(format!("sentence-transformers/{model}")),
        [owner, model] if is_part(owner) && is_part(model) => Some(name.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinguishes_names_from_paths() {
        let full = Some("sentence-transformers/all-MiniLM-L6-v2".to_owned());
        assert_eq!(hub_name("all-MiniLM-L6-v2"), full);
        assert_eq!(
            hub_name("BAAI/bge-small-en-v1.5"),
            Some("BAAI/bge-small-en-v1.5".to_owned())
        );
        for path in [
            "",
            "./model",
            "../model",
            "/models/a",
            "a/b/c",
            "models/",
            "a b/c",
        ] {
            assert_eq!(hub_name(path), None, "{path}");
        }
    }
}
