//! The identifiers of works in OpenAlex.

use super::notation::{address, is_host_of, strip_prefix_ignoring_case, unwrapped};

/// Returns the identifier of a work in OpenAlex, such as `W2741809807`, or `None` if the text is not one.
///
/// The text may be a bare identifier, one after `openalex:`, or an address at openalex.org.
///
/// # Examples
///
/// ```
/// use cognate_papers::identifiers::openalex;
///
/// assert_eq!(openalex("https://openalex.org/W2741809807").as_deref(), Some("W2741809807"));
/// assert_eq!(openalex("https://openalex.org/A5023888391"), None);
/// ```
pub fn openalex(text: &str) -> Option<String> {
    let text = unwrapped(text);
    let identifier = match address(&text) {
        Some((host, path)) if is_host_of(host, "openalex.org") => {
            let path = path.split(['?', '#']).next().unwrap_or(path);
            path.trim_end_matches('/').rsplit('/').next()?
        }
        Some(_) => return None,
        None => {
            let labeled = strip_prefix_ignoring_case(&text, "openalex");
            labeled.map_or(&*text, |identifier| {
                identifier.trim_start_matches([':', ' '])
            })
        }
    };
    let digits = strip_prefix_ignoring_case(identifier, "w")?;
    let digits = digits.trim_end_matches(['.', ',', ';', '>', ')']);
    let is_number =
        (1..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("W{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_identifier_of_a_work_in_every_notation() {
        for text in [
            "W2741809807",
            "w2741809807",
            "openalex:W2741809807",
            "https://openalex.org/W2741809807",
            "https://openalex.org/works/w2741809807",
            "https://api.openalex.org/works/W2741809807?select=id",
        ] {
            assert_eq!(openalex(text).as_deref(), Some("W2741809807"), "{text}");
        }
        for text in ["", "W", "A123", "Wolf", "https://example.org/W1"] {
            assert_eq!(openalex(text), None, "{text}");
        }
    }
}
