/// Returns whether `name` can be a file name that comes from a server: letters, digits and `-_.`,
/// not beginning with a dot, and not too long for a file system with an ending added.
pub(super) fn is_plain_name(name: &str) -> bool {
    const MAX_BYTES: usize = 200;
    !name.is_empty()
        && name.len() <= MAX_BYTES
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Refuses text of a server that is to become a file name, unless it is a plain name.
#[cfg(feature = "hub")]
pub(super) fn plain(what: &str, name: &str) -> Result<String, String> {
    if is_plain_name(name) {
        return Ok(name.to_owned());
    }
    let start: String = name.chars().take(100).collect();
    Err(format!(
        "the Hub's {what} is {start:?}, expected letters, digits and `-_.`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_no_plain_names() {
        for name in ["c9745ed1", "config.json", "abc-1", "1_Pooling"] {
            assert!(is_plain_name(name), "{name}");
        }
        for name in [
            "", ".", "..", ".hidden", "/etc/x", "a/b", "a\\b", "C:x", "a b", "ä", "a\n",
        ] {
            assert!(!is_plain_name(name), "{name}");
        }
        assert!(!is_plain_name(&"a".repeat(201)));
    }
}
