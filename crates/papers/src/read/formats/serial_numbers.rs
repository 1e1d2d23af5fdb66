//! ISSNs and ISBNs in one field.

use crate::Details;

/// Sets the ISSN and the ISBN from a text that has numbers of either kind, such as `1234-567X (Print)`, if they have
/// no value yet. Returns whether the text has one.
pub(super) fn set_serial_numbers(details: &mut Details, text: &str) -> bool {
    let mut is_found = false;
    for part in text
        .split([' ', '\n', ';', ',', '(', ')', ':', '/', '[', ']'])
        .take(256)
    {
        if let Some(issn) = issn(part) {
            details.issn.get_or_insert(issn);
            is_found = true;
        } else if is_isbn(part) {
            details.isbn.get_or_insert_with(|| part.to_owned());
            is_found = true;
        }
    }
    // `978 3 16 148410 0`
    if !is_found && is_isbn(&text.replace(' ', "")) {
        details
            .isbn
            .get_or_insert_with(|| text.trim().replace(' ', "-"));
        is_found = true;
    }
    is_found
}

/// Returns an ISSN with its hyphen.
fn issn(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let (number, check) = digits.split_at_checked(7)?;
    let is_issn = number.bytes().all(|byte| byte.is_ascii_digit())
        && check.len() == 1
        && check.starts_with(|c: char| c.is_ascii_digit() || c.eq_ignore_ascii_case(&'x'))
        && (text.len() == 8 || text.as_bytes().get(4) == Some(&b'-'));
    is_issn.then(|| {
        format!(
            "{}-{}{}",
            &number[..4],
            &number[4..],
            check.to_ascii_uppercase()
        )
    })
}

fn is_isbn(text: &str) -> bool {
    let mut digits = text.chars().filter(|c| *c != '-');
    let length = digits.clone().count();
    let last_is_check = length == 10 && text.ends_with(['x', 'X']);
    let numbers = if last_is_check { 9 } else { length };
    (length == 10 || length == 13 && (text.starts_with("978") || text.starts_with("979")))
        && digits.by_ref().take(numbers).all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_an_issn_or_an_isbn_by_its_form() {
        for (text, issn, isbn) in [
            ("1234-567X", Some("1234-567X"), None),
            ("1234567x", Some("1234-567X"), None),
            (
                "1234-5678 (Print) 2345-6789 (Linking)",
                Some("1234-5678"),
                None,
            ),
            ("978-3-16-148410-0", None, Some("978-3-16-148410-0")),
            ("9783161484100", None, Some("9783161484100")),
            ("978 3 16 148410 0", None, Some("978-3-16-148410-0")),
            ("316148410X", None, Some("316148410X")),
            (
                "1234-5678; 9783161484100",
                Some("1234-5678"),
                Some("9783161484100"),
            ),
            ("TR-12", None, None),
            ("", None, None),
        ] {
            let mut details = Details::default();
            let found = set_serial_numbers(&mut details, text);
            assert_eq!(found, issn.is_some() || isbn.is_some(), "{text}");
            assert_eq!(
                (details.issn.as_deref(), details.isbn.as_deref()),
                (issn, isbn),
                "{text}"
            );
        }
    }
}
