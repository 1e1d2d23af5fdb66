//! Names in the cells of a table.

use crate::Name;

/// Returns a name as the item of a list from which [`parse`] restores it: in spoken form, as `Family, Given` or
/// `Family, Suffix, Given` if the parts cannot be inferred from it, in braces if it is an organization that could be
/// a person, or else in JSON, as a string or as an object with the parts.
pub(crate) fn item(name: &Name) -> String {
    let forms = [
        name.full().to_owned(),
        name.inverted(),
        format!("{{{}}}", name.full()),
    ];
    let is_exact =
        |form: &String| !is_separated(form) && form.trim() == form && parse(form) == *name;
    let found = forms.into_iter().find(is_exact);
    // A semicolon would separate the items of a list.
    found.unwrap_or_else(|| name.to_json().replace(';', "\\u003b"))
}

/// Parses an item that [`item`] returned.
pub(crate) fn parse(item: &str) -> Name {
    if item.starts_with(['{', '"'])
        && let Ok(name) = serde_json::from_str(item)
    {
        return name;
    }
    let inside = item
        .strip_prefix('{')
        .and_then(|item| item.strip_suffix('}'));
    match inside {
        Some(organization) => Name::organization(organization),
        None if item.contains(',') => Name::parse(item),
        None => Name::new(item),
    }
}

/// Returns whether the spoken form is enough to restore these names from a list.
pub(crate) fn are_spoken(names: &[Name]) -> bool {
    names
        .iter()
        .all(|name| name.is_unambiguous() && !is_separated(name.full()))
}

/// Returns whether an item contains the separator of items.
fn is_separated(item: &str) -> bool {
    let mut after = item.split(';').skip(1);
    after.any(|text| text.starts_with(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_have_the_shortest_form_that_keeps_their_parts() {
        for (name, expected) in [
            (Name::new("Ann Ada"), "Ann Ada"),
            (Name::parse("García Molina, Ana"), "García Molina, Ana"),
            (Name::parse("Roe, Jr., Max"), "Max Roe Jr."),
            (Name::new("Barrow & Nettle, Inc."), "Barrow & Nettle, Inc."),
            (Name::new("Team (Alpha)"), "Team (Alpha)"),
            (Name::new("Ada, Ann"), "{Ada, Ann}"),
            (Name::organization("Ann Ada"), "{Ann Ada}"),
            (
                Name::from_parts("Jan", "Van", "Dyk", ""),
                r#"{"given":"Jan","particle":"Van","family":"Dyk"}"#,
            ),
            (Name::new("A; B"), "B, A;"),
            (Name::new("A; B C"), r#""A\u003b B C""#),
            (
                Name::from_parts("A; B", "", "C D", ""),
                r#"{"given":"A\u003b B","family":"C D"}"#,
            ),
        ] {
            let item = item(&name);
            assert_eq!(item, expected);
            assert_eq!(parse(&item), name);
        }
    }

    proptest! {
        #[test]
        fn any_name_is_restored(
            given in "[A-Za-z,;{}\" ]{0,6}",
            particle in "[a-zA-Z' ]{0,4}",
            family in "[A-Za-z,;{}\"& ]{0,8}",
            suffix in "(Jr\\.|III|x)?",
        ) {
            let names = [
                Name::from_parts(&given, &particle, &family, &suffix),
                Name::organization(family.trim()),
            ];
            for name in names {
                let item = item(&name);
                prop_assert!(!is_separated(&item));
                prop_assert_eq!(parse(item.trim()), name);
            }
        }
    }
}
