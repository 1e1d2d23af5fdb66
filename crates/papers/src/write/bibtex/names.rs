//! Lists of names.

use super::latex::escape;
use crate::Name;
use crate::write::field::non_blank;
use crate::write::publication::parts;

/// Joins names by `and`.
pub(super) fn list(names: &[Name]) -> Option<String> {
    let names: Vec<String> = names.iter().filter_map(name).collect();
    (!names.is_empty()).then(|| names.join(" and "))
}

/// Returns a name in spoken form if BibTeX infers its parts, else in the order `Family, Suffix, Given`. Braces
/// protect a name, or a part of one, that BibTeX would split.
fn name(name: &Name) -> Option<String> {
    let full = non_blank(Some(name.full()))?;
    let [given, particle, family, suffix] = parts(name);
    if name.is_single() || family.is_empty() {
        return Some(if is_plain_word(&full) {
            full
        } else {
            braced(&full)
        });
    }
    let is_whole = [&given, &particle, &family]
        .into_iter()
        .all(|part| !is_split(part));
    if suffix.is_empty() && is_whole && is_inferred(&full, &given, &particle, &family) {
        return Some(escape(&full));
    }
    let part = |part: &str| {
        if is_split(part) {
            braced(part)
        } else {
            escape(part)
        }
    };
    // Everything before the last word in lower case would be the particle.
    let words: Vec<&str> = family.split(' ').collect();
    let has_particle = words[..words.len() - 1].iter().any(|word| is_lower(word));
    let family = if has_particle {
        braced(&family)
    } else {
        part(&family)
    };
    let space = if particle.is_empty() || particle.ends_with(['\'', '’', '-']) {
        ""
    } else {
        " "
    };
    let mut inverted = format!("{}{space}{family}", part(&particle));
    if !suffix.is_empty() {
        inverted.push_str(", ");
        inverted.push_str(&part(&suffix));
    }
    if !given.is_empty() {
        inverted.push_str(", ");
        inverted.push_str(&part(&given));
    } else if !suffix.is_empty() {
        inverted.push(',');
    }
    Some(inverted)
}

/// Returns whether BibTeX infers these parts from the spoken form of a name: given names in upper case, a
/// particle in lower case and a family name of one word.
///
/// BibTeX ignores letters outside of ASCII when it decides on the case of a word, and splits words at hyphens.
fn is_inferred(full: &str, given: &str, particle: &str, family: &str) -> bool {
    let starts_in_upper_case = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
    let starts_in_lower_case = |word: &str| word.starts_with(|c: char| c.is_ascii_lowercase());
    let particle_and_space = if particle.is_empty() {
        String::new()
    } else {
        format!("{particle} ")
    };
    given.split([' ', '-']).all(starts_in_upper_case)
        && particle.split_whitespace().all(starts_in_lower_case)
        && !family.contains(' ')
        && full == format!("{given} {particle_and_space}{family}")
}

/// Returns whether BibTeX, or biber, would split a part of a name, or read it as something else.
fn is_split(part: &str) -> bool {
    part.contains([',', ';', '=']) || part.split(' ').any(|word| word.eq_ignore_ascii_case("and"))
}

/// Returns whether a name is one word without meaning in a list of names.
fn is_plain_word(name: &str) -> bool {
    let has_meaning = ["and", "others"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word));
    !has_meaning && name.chars().all(char::is_alphanumeric)
}

fn is_lower(word: &str) -> bool {
    let first = word.chars().find(|c| c.is_alphabetic());
    first.is_some_and(char::is_lowercase)
}

fn braced(text: &str) -> String {
    format!("{{{}}}", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_form_from_which_bibtex_infers_their_parts() {
        for (name, expected) in [
            (Name::new("Ann Ada"), "Ann Ada"),
            (Name::new("J.-P. van der Berken"), "J.-P. van der Berken"),
            (Name::new("Plato"), "Plato"),
            (Name::parse("García Molina, Ana"), "García Molina, Ana"),
            (Name::parse("Roe, Jr., Max L."), "Roe, Jr., Max L."),
            (Name::new("Max Roe Jr."), "Roe, Jr., Max"),
            (Name::from_parts("", "", "Roe", "Jr."), "Roe, Jr.,"),
            (Name::new("Øyvind Ada"), "Ada, Øyvind"),
            (Name::new("Min-jun Kim"), "Kim, Min-jun"),
            (Name::from_parts("Jeanne", "d'", "Arc", ""), "d'Arc, Jeanne"),
            (Name::from_parts("bell", "", "hooks", ""), "hooks, bell"),
            (Name::from_parts("Jan", "Van", "Dyk", ""), "Van Dyk, Jan"),
            (
                Name::from_parts("Ana", "", "de la Cruz", ""),
                "{de la Cruz}, Ana",
            ),
            (
                Name::parse("García de la Torre, Ana"),
                "{García de la Torre}, Ana",
            ),
            (
                Name::parse("de García de Mesa, Ana"),
                "de {García de Mesa}, Ana",
            ),
            (Name::from_parts("Cut and", "", "Dry", ""), "Dry, {Cut and}"),
            (Name::new("The Wheel Team"), "{The Wheel Team}"),
            (Name::new("Cut and Dry"), "{Cut and Dry}"),
            (
                Name::new("Barrow & Nettle, Inc."),
                r"{Barrow \& Nettle, Inc.}",
            ),
            (Name::organization("others"), "{others}"),
            (Name::organization("family=x"), "{family=x}"),
            (Name::organization("Ann Ada"), "{Ann Ada}"),
        ] {
            assert_eq!(list(&[name]).unwrap(), expected);
        }
        assert_eq!(list(&[Name::new(" ")]), None);
        let two = [Name::new("Ann Ada"), Name::new(""), Name::new("Bo Øre")];
        assert_eq!(list(&two).unwrap(), "Ann Ada and Bo Øre");
    }
}
